/*
 * Scalar floating point: one host instruction per operation.
 *
 * The host's results are the guest's except where a NaN is made or a conversion overflows, and each of
 * these begins with an invalid-operation exception, which is unmasked: fault.c then computes that one
 * result exactly.  So the common path carries no check at all.  Only fused multiply-adds differ without
 * an exception, which a NaN result shows: one look for a chain of them, and the same exact computation.
 *
 * While denormals are flushed, more exceptions are unmasked (enter.c).  What differs from the guest still
 * is that the host does not tell of a denormal operand beside a quiet NaN.
 *
 * Where every NaN is the default one there is a look at results (lower_nan.c).  Rounding is MXCSR's, which an operation
 * with a rounding of its own changes and changes back.  What the host cannot do (ties away from zero; halves that are
 * flushed or have the alternative format) is left to the interpreter's code.
 */
#include "translator/host/x64/vec.h"

/* The scalar form of a packed opcode for the node's type. */
static u32 scalar(enum ir_type type, u8 op)
{
	return OPC(type == T_F64 ? 3 : 2, 1, op);
}

void x_rrr(struct gen *g, u32 opc, int d, int a, int b)
{
	if (x64.avx) {
		vex_rrr(&g->e, opc, d, a, b);
		return;
	}
	if (d != a) {
		if (d == b) {
			move_xmm(g, XMM_SCRATCH, b);
			b = XMM_SCRATCH;
		}
		move_xmm(g, d, a);
	}
	op_rr(&g->e, opc, !!(opc & OPC_W), d, b);
}

void x_rr(struct gen *g, u32 opc, int d, int s)
{
	if (x64.avx)
		vex_rrr(&g->e, opc, d, 0, s);
	else
		op_rr(&g->e, opc, !!(opc & OPC_W), d, s);
}

/* Sums and roots that are as small are exact. */
bool flushes_rounded(const struct gen *g, const struct ir_node *n)
{
	if (!(g->t->fpctl & FPCTL_FLUSH))
		return false;
	switch (n->op) {
	case IR_FMUL: case IR_FDIV: case IR_FMA: case IR_VFMUL: case IR_VFDIV: case IR_VFMA: case IR_VFMS:
	case IR_VFNARROW:
		return true;
	case IR_FCVT:
		return n->type == T_F32;
	default:
		return false;
	}
}

void x_exact_if_least(struct gen *g, bool scalar, bool wide, const struct exact *x, int temp)
{
	u64 sign = wide ? 1ull << 63 : 1u << 31, least = wide ? 1ull << 52 : 1u << 23;
	unsigned e = wide ? 3 : 2;
	struct stub *s;

	x_rrc(g, PAND, temp, x->d, splat(e, sign - 1));
	x_rrc(g, wide ? PCMPEQQ : PCMPEQD, temp, temp, splat(e, least));
	x_rr(g, OPC(wide, 1, 0x50), RAX, temp);       /* movmskp */
	op_rr(&g->e, OPC(0, 0, 0xf7), 0, 0, RAX);     /* test */
	e32(&g->e, scalar ? 1 : 15);
	s = new_stub(g, STUB_EXACT);
	s->from[0] = jcc_long(&g->e, X_NE);
	s->back = g->e.w;
	s->exact = *x;
}

static void lower_binary(struct gen *g, const struct ir_node *n, u8 op)
{
	int a = use_xmm(g, n->a), b = use_xmm(g, n->b), d = def_xmm(g);
	struct exact exact = { .n = 1, .d = d, .addend = NOREG, .insn = { { scalar(n->type, op), a, b } } };

	x_rrr(g, scalar(n->type, op), d, a, b);
	if (flushes_rounded(g, n))
		x_exact_if_least(g, true, n->type == T_F64, &exact, XMM_SCRATCH);
}

static vec sign_bit(enum ir_type type)
{
	return (vec){ .d = { type == T_F64 ? 1ull << 63 : 1u << 31 } };
}

static void lower_sign(struct gen *g, const struct ir_node *n)
{
	vec m = sign_bit(n->type);
	int a = use_xmm(g, n->a), d = def_xmm(g);

	if (n->op == IR_FNEG) {
		x_rrc(g, PXOR, d, a, m);
	} else {
		m.d[0]--;
		x_rrc(g, PAND, d, a, m);
	}
}

/*
 * True if the next instruction is one more multiply-add that takes the current one's result for its addend, and
 * needs nothing but registers as they are.  A NaN goes on into that one's result, so one look does for both.
 */
static bool fused_goes_on(const struct gen *g)
{
	const struct ir_node *n = &g->t->node[g->i], *m = n + 1;

	while (m->op == IR_INSN || m->op == IR_NONE || m->op == IR_GET || (m->op == IR_PUT && g->folded[m - g->t->node]))
		m++;
	return !flushes_rounded(g, n) && m < g->t->node + g->t->n && m->type == n->type && n->type != T_V64 && g->fused.n < MAX_EXACT &&
	       (n->op == IR_FMA ? m->op == IR_FMA : (m->op == IR_VFMA || m->op == IR_VFMS) && m->aux == n->aux) &&
	       m->c == g->i && real(g, m->a) != g->i && real(g, m->b) != g->i && next_after(g, g->i) == m - g->t->node &&
	       g->nu[m - g->t->node][2] == NEVER && g->v[real(g, m->a)].reg != NOREG &&
	       g->v[real(g, m->b)].reg != NOREG;
}

/* Whether a NaN is the default one, whatever it comes from, and nothing but a multiplication's trap is lost. */
static bool factors_tell(const struct gen *g)
{
	return (g->t->fpctl & (FPCTL_DEFAULT_NAN | FPCTL_FLUSH)) == FPCTL_DEFAULT_NAN;
}

/* Jumps out of line if a lane of the last result is a NaN. */
static void look_at_fused(struct gen *g, u32 opc, bool scalar, int temp)
{
	struct exact *x = &g->fused;
	bool wide = opc & OPC_W;
	struct stub *s;

	if (factors_tell(g)) {
		s = x_settle(g, wide ? 3 : 2, scalar, x->d, temp);
		s->exact = *x;
		x->n = 0;
		return;
	}
	if (scalar) {
		vex_rrr(&g->e, OPC(wide, 1, 0x2e), x->d, 0, x->d);         /* ucomis */
	} else {
		x_rrri(g, OPC(wide, 1, 0xc2), temp, x->d, x->d, 3);        /* cmpunordp */
		vex_rrr(&g->e, OPC(wide, 1, 0x50), RAX, 0, temp);          /* movmskp */
		op_rr(&g->e, OPC(0, 0, 0x85), 0, RAX, RAX);                /* test */
	}
	s = new_stub(g, STUB_EXACT);
	s->from[0] = jcc_long(&g->e, scalar ? X_P : X_NE);
	s->back = g->e.w;
	s->exact = *x;
	if (flushes_rounded(g, &g->t->node[g->i]))
		x_exact_if_least(g, scalar, wide, x, temp);
	x->n = 0;
}

void x_fused(struct gen *g, u32 opc, bool scalar, int d, int a, int b, struct addend c)
{
	struct exact *x = &g->fused;

	if (!x->n) {
		*x = (struct exact){ .twice = c.twice, .d = d, .addend = c.reg };
		if (c.reg == d && !factors_tell(g)) {
			move_xmm(g, XMM_SCRATCH, d);
			x->addend = XMM_SCRATCH;
		}
	}
	vex_rrr(&g->e, opc, d, a, b);
	x->insn[x->n].opc = opc;
	x->insn[x->n].a = a;
	x->insn[x->n++].b = b;
	if (!fused_goes_on(g))
		look_at_fused(g, opc, scalar, c.temp);
}

static bool lower_fma(struct gen *g, const struct ir_node *n)
{
	static const u8 op231[] = { 0xb9, 0xbd, 0xbb, 0xbf };   /* aux: madd, nmadd, msub, nmsub */
	struct addend c = { NOREG, false, XMM_SCRATCH2 };
	int a, b, d;
	bool same;

	if (!x64.fma)
		return false;
	clobber_flags(g);
	a = use_xmm(g, n->a);
	b = use_xmm(g, n->b);
	c.reg = use_xmm(g, n->c);
	if (c.reg == a || c.reg == b) {
		d = def_xmm(g);
		move_xmm(g, d, c.reg);
	} else {
		d = def_xmm_from(g, n->c, &same);
	}
	x_fused(g, OPC(1, 2, op231[n->aux & 3]) | (n->type == T_F64 ? OPC_W : 0), true, d, a, b, c);
	return true;
}

/* roundss, roundsd, roundps, roundpd; mode as enum ir_round, not RND_AWAY. */
void x_round(struct gen *g, u32 opc, int d, int s, unsigned mode, bool inexact)
{
	static const u8 imm[] = { [RND_NEAREST] = 0, [RND_UP] = 2, [RND_DOWN] = 1, [RND_ZERO] = 3, [RND_CURRENT] = 4 };

	if ((opc & 0xff) >= 0x0a && x64.avx)
		x_rrr(g, opc, d, s, s);
	else
		x_rr(g, opc, d, s);
	e8(&g->e, imm[mode] | (inexact ? 0 : 8));
}

void x_round_away(struct gen *g, unsigned e, bool scalar, int d, int s)
{
	bool wide = e == 3;
	unsigned pp = scalar ? wide ? 3 : 2 : wide;
	/* from here on every number is integral */
	u64 integral = wide ? 0x4330000000000000 : 0x4b000000, one = wide ? 0x3ff0000000000000 : 0x3f800000;
	u64 below_half = wide ? 0x3fdfffffffffffff : 0x3effffff, sign = 1ull << ((8u << e) - 1);

	x_round(g, OPC(1, 3, 0x08 + 2 * scalar + wide), d, s, RND_ZERO, false);
	/* the magnitude of what that took away; infinity less infinity must not happen */
	x_rrc(g, PAND, XMM_SCRATCH, s, splat(e, sign - 1));
	x_rrc(g, PAND, XMM_SCRATCH2, d, splat(e, sign - 1));
	x_rrc(g, OPC(pp, 1, 0x5d), XMM_SCRATCH, XMM_SCRATCH, splat(e, integral));
	x_rrc(g, OPC(pp, 1, 0x5d), XMM_SCRATCH2, XMM_SCRATCH2, splat(e, integral));
	x_rrr(g, OPC(pp, 1, 0x5c), XMM_SCRATCH, XMM_SCRATCH, XMM_SCRATCH2);
	x_rrc(g, wide ? PCMPGTQ : PCMPGTD, XMM_SCRATCH, XMM_SCRATCH, splat(e, below_half));
	/* plus 1 or 0 with the sign of s, so that zeros keep theirs */
	x_rrc(g, PAND, XMM_SCRATCH, XMM_SCRATCH, splat(e, one));
	x_rrc(g, PAND, XMM_SCRATCH2, s, splat(e, sign));
	x_rrr(g, POR, XMM_SCRATCH, XMM_SCRATCH, XMM_SCRATCH2);
	x_rrr(g, OPC(pp, 1, 0x58), d, d, XMM_SCRATCH);
}

/* Scalars of this type; d and s differ, and from xmm14 and xmm15 where ties go away from zero. */
static void round_scalar(struct gen *g, enum ir_type type, int d, int s, unsigned mode, bool inexact)
{
	u32 round = OPC(1, 3, type == T_F64 ? 0x0b : 0x0a);

	if (mode != RND_AWAY) {
		x_round(g, round, d, s, mode, inexact);
		return;
	}
	x_round_away(g, type == T_F64 ? 3 : 2, true, d, s);
	if (inexact)
		x_round(g, round, XMM_SCRATCH, s, RND_ZERO, true);
}

static bool lower_round(struct gen *g, const struct ir_node *n)
{
	int a = use_xmm(g, n->a), d = def_xmm(g);

	round_scalar(g, n->type, d, a, n->aux & RND_MASK, n->aux & 0x80);
	return true;
}

/* 2^n */
static vec power(enum ir_type type, int n)
{
	return (vec){ .d = { type == T_F64 ? (u64)(1023 + n) << 52 : (u64)(127 + n) << 23 } };
}

/*
 * Unsigned 64 bits without AVX-512: what the signed conversion takes for negative is halved, the lost bit pressed
 * into the lowest, where it is far below what rounding looks at; doubling is exact.
 */
static void from_unsigned64(struct gen *g, enum ir_type type, int d, int a)
{
	u32 convert = scalar(type, 0x2a) | OPC_W;
	u8 *large, *end;

	op_rr(&g->e, OPC(0, 0, 0x85), 1, a, a);       /* test */
	large = jcc_short(&g->e, X_S);
	x_rrr(g, convert, d, d, a);
	end = jmp_short(&g->e);
	short_here(&g->e, large);
	mov_rr(&g->e, 1, RAX, a);
	mov_rr(&g->e, 0, RCX, a);
	shift_ri(&g->e, SH_SHR, 1, RAX, 1);
	alu_ri(&g->e, ALU_AND, 0, RCX, 1);
	alu_rr(&g->e, ALU_OR, 1, RAX, RCX);
	x_rrr(g, convert, d, d, RAX);
	x_rrr(g, scalar(type, 0x58), d, d, d);
	short_here(&g->e, end);
}

static bool lower_from_int(struct gen *g, const struct ir_node *n)
{
	bool w = g->t->node[n->a].type == T_I64, is_unsigned = n->aux & 1;
	u32 opc = scalar(n->type, 0x2a);
	int a, d;

	if (is_unsigned && w && !x64.avx512)
		clobber_flags(g);
	a = use_gpr(g, n->a);
	d = def_xmm(g);
	/* the conversion merges into d: a cleared register breaks the dependence */
	x_rrr(g, OPC(0, 1, 0x57), d, d, d);
	if (is_unsigned && w && !x64.avx512) {
		from_unsigned64(g, n->type, d, a);
	} else if (is_unsigned && w) {
		evex_rrr(&g->e, scalar(n->type, 0x7b) | OPC_W, d, d, a, 0);
	} else {
		if (is_unsigned && g->t->node[real(g, n->a)].type != T_I32) {
			mov_rr(&g->e, 0, RAX, a);
			a = RAX;
		}
		x_rrr(g, opc | (w || is_unsigned ? OPC_W : 0), d, d, a);
	}
	/* a power of two changes no bit of what was rounded */
	if (n->b)
		x_rrc(g, scalar(n->type, 0x59), d, d, power(n->type, -(int)n->b));
	return true;
}

/* ucomis with a constant */
static void compare_with(struct gen *g, bool wide, int s, vec c)
{
	struct mem m = const_mem(g, c, 0);

	if (x64.avx)
		vex_rrm(&g->e, OPC(wide, 1, 0x2e), s, 0, m);
	else
		op_rm(&g->e, OPC(wide, 1, 0x2e), 0, s, m);
}

/*
 * Without AVX-512, s being integral.  32 bits: signed and twice as wide, then a look at the upper half.  64 bits: signed,
 * if it is between 0 and 2^63 (NaN is not).
 */
static void to_unsigned(struct gen *g, bool wide, bool w, int d, int s)
{
	u32 trunc = OPC(wide ? 3 : 2, 1, 0x2c) | OPC_W;
	struct stub *x = new_stub(g, STUB_EXACT);

	if (w) {
		enum ir_type type = wide ? T_F64 : T_F32;

		compare_with(g, wide, s, power(type, 63));
		x->from[0] = jcc_long(&g->e, X_AE);
		compare_with(g, wide, s, (vec){ .d = { 0 } });
		x->from[1] = jcc_long(&g->e, X_B);
		x_rr(g, trunc, d, s);
	} else {
		x_rr(g, trunc, d, s);
		mov_rr(&g->e, 0, RAX, d);
		alu_rr(&g->e, ALU_CMP, 1, RAX, d);
		x->from[0] = jcc_long(&g->e, X_NE);
	}
	x->exact = (struct exact){ .n = 1, .d = d, .addend = NOREG };
	x->exact.insn[0].opc = OPC(wide ? 3 : 2, 1, 0x78) | OPC_EVEX | (w ? OPC_W : 0);   /* vcvttss2usi, vcvttsd2usi */
	x->exact.insn[0].b = s;
}

/*
 * A value out of range that is clamped before it is scaled stays out of range, and nothing overflows.
 *
 * With rounding, the integral value is converted, and the inexact exception raised after it by rounding once
 * more, into xmm15: if the conversion traps, fault.c takes operand and mode from that instruction and skips
 * it.  There, rounding as MXCSR says stands for ties away.
 */
static bool lower_to_int(struct gen *g, const struct ir_node *n)
{
	enum ir_type from = g->t->node[n->a].type;
	unsigned mode = n->aux & RND_MASK, width = n->type == T_I64 ? 64 : 32;
	bool is_unsigned = n->aux & 0x80, w = n->type == T_I64, wide, narrow, current;
	int a, d, scaled = XMM_SCRATCH, integral = XMM_SCRATCH2;

	wide = from == T_F64;
	narrow = is_unsigned && !x64.avx512;
	current = mode == RND_CURRENT && !narrow;
	if (narrow)
		clobber_flags(g);
	a = use_xmm(g, n->a);
	d = def_gpr(g);
	if (mode == RND_AWAY) {
		scaled = temp_xmm(g);
		integral = temp_xmm(g);
	}
	if (n->b) {
		vec limit = power(from, (int)(width - n->b)), minus = limit;

		minus.d[0] |= sign_bit(from).d[0];
		x_rrc(g, scalar(from, 0x5d), scaled, a, limit);
		x_rrc(g, scalar(from, 0x5f), scaled, scaled, minus);
		x_rrc(g, scalar(from, 0x59), scaled, scaled, power(from, (int)n->b));
		a = scaled;
	}
	if ((mode == RND_ZERO && !narrow) || current)
		integral = a;
	else
		round_scalar(g, from, integral, a, mode, false);
	if (narrow)
		to_unsigned(g, wide, w, d, integral);
	else if (is_unsigned)
		evex_rrr(&g->e, scalar(from, current ? 0x79 : 0x78) | (w ? OPC_W : 0), d, 0, integral, 0);
	else
		x_rr(g, scalar(from, current ? 0x2d : 0x2c) | (w ? OPC_W : 0), d, integral);
	if (integral != a)
		x_round(g, OPC(1, 3, wide ? 0x0b : 0x0a), XMM_SCRATCH, a, mode == RND_AWAY ? RND_CURRENT : mode, true);
	if (narrow)
		g->stub[g->nstubs - 1].back = g->e.w;
	return true;
}

static void lower_convert(struct gen *g, const struct ir_node *n)
{
	enum ir_type from = g->t->node[n->a].type;
	int a = use_xmm(g, n->a), d = def_xmm(g);

	if (from == n->type)
		move_xmm(g, d, a);
	else
		x_rrr(g, scalar(from, 0x5a), d, a, a);
	if (flushes_rounded(g, n)) {
		struct exact exact = { .n = 1, .d = d, .addend = NOREG, .insn = { { scalar(from, 0x5a), a, a } } };

		x_exact_if_least(g, true, false, &exact, XMM_SCRATCH);
	}
}

static void lower_bits(struct gen *g, const struct ir_node *n)
{
	if (n->op == IR_I2FBITS) {
		int a = use_gpr(g, n->a), d = def_xmm(g);

		x_rr(g, OPC(1, 1, 0x6e) | (n->type == T_F64 ? OPC_W : 0), d, a);
	} else {
		int a = use_xmm(g, n->a), d = def_gpr(g);

		x_rr(g, OPC(1, 1, 0x7e) | (n->type == T_I64 ? OPC_W : 0), a, d);
	}
}

void x_minmax(struct gen *g, unsigned e, bool scalar_form, bool max, int d, int a, int b)
{
	u32 opc = OPC((scalar_form ? 2 : 0) + (e == 3), 1, max ? 0x5f : 0x5d);

	x_rrr(g, opc, d, a, b);
	x_rrr(g, opc, XMM_SCRATCH2, d, a);
	x_rrr(g, OPC(0, 1, max ? 0x54 : 0x56), d, d, XMM_SCRATCH2);
}

void x_minmax_number(struct gen *g, unsigned e, bool scalar_form, bool max, int d, int a, int b)
{
	unsigned pp = (scalar_form ? 2 : 0) + (e == 3);

	if (x64.avx512 && !(g->t->fpctl & FPCTL_FLUSH)) {
		evex_rrr(&g->e, OPC(1, 3, scalar_form ? 0x51 : 0x50) | (e == 3 ? OPC_W : 0), d, a, b, 0);
		e8(&g->e, 4 | max);
		return;
	}
	x_rrr(g, OPC(pp, 1, max ? 0x5f : 0x5d) | OPC_W, d, a, b);
	x_rrri(g, OPC(pp, 1, 0xc2), XMM_SCRATCH2, b, a, 0);
	if (max) {
		x_rrr(g, PANDN, XMM_SCRATCH, a, XMM_SCRATCH2);
		x_rrr(g, PANDN, XMM_SCRATCH, XMM_SCRATCH, d);
		move_xmm(g, d, XMM_SCRATCH);
	} else {
		/* the sign alone: where denormals are flushed they equal zero, too */
		x_rrr(g, PAND, XMM_SCRATCH2, XMM_SCRATCH2, a);
		x_rrc(g, PAND, XMM_SCRATCH2, XMM_SCRATCH2, splat(e, 1ull << ((8u << e) - 1)));
		x_rrr(g, POR, d, d, XMM_SCRATCH2);
	}
}

static void lower_minmax(struct gen *g, const struct ir_node *n)
{
	int a = use_xmm(g, n->a), b = use_xmm(g, n->b), d = def_xmm(g);
	unsigned e = n->type == T_F64 ? 3 : 2;

	if (n->op == IR_FMIN || n->op == IR_FMAX)
		x_minmax(g, e, true, n->op == IR_FMAX, d, a, b);
	else
		x_minmax_number(g, e, true, n->op == IR_FMAXNM, d, a, b);
}

/*
 * d := a, F32 (xmm15, perhaps), as a half.  F16C always converts four: the others are zeros.  With a rounding of its
 * own the narrowing needs no other MXCSR.
 */
static void narrow_to_half(struct gen *g, int d, int a, unsigned own_round)
{
	static const u8 imm[] = { [RND_NEAREST] = 0, [RND_UP] = 2, [RND_DOWN] = 1, [RND_ZERO] = 3 };

	x_rrri(g, INSERTPS, XMM_SCRATCH, a, a, 0x0e);
	x_rri(g, VCVTPS2PH, XMM_SCRATCH, d, own_round ? imm[own_round - 1] : 4);
}

/*
 * xmm15 := F64 a as a single that rounds on to a half as a itself would: the bits that a single has no place for
 * become its last one (von Neumann's rounding, which a second one cannot be misled by).  What is out of a single's
 * range is out of a half's as well.
 */
static void single_for_half(struct gen *g, int a)
{
	u64 lost = (1ull << 29) - 1;

	x_rrc(g, PAND, XMM_SCRATCH, a, splat(3, lost));
	x_rrc(g, PADDQ, XMM_SCRATCH, XMM_SCRATCH, splat(3, lost));
	x_rrr(g, POR, XMM_SCRATCH, XMM_SCRATCH, a);
	x_rrc(g, PAND, XMM_SCRATCH, XMM_SCRATCH, splat(3, ~lost));
	x_rrr(g, scalar(T_F64, 0x5a), XMM_SCRATCH, XMM_SCRATCH, XMM_SCRATCH);
}

/*
 * Halves, by F16C.  A widening whose source is xmm15 is a conversion, any other is for arithmetic, as is the next to
 * double with the W bit: fault.c looks at that if the half is a signalling NaN.
 */
static bool lower_half(struct gen *g, const struct ir_node *n)
{
	bool for_arithmetic = !(n->aux & 1) && n->aux & 2, wide = g->t->node[n->a].type == T_F64;
	int a, d, source;

	if (!x64.f16c || (!for_arithmetic && g->t->fpctl & (FPCTL_FLUSH | FPCTL_ALT_HALF)) || (wide && n->aux >> 4))
		return false;
	a = use_xmm(g, n->a);
	d = def_xmm(g);
	if (n->aux & 1) {
		if (wide)
			single_for_half(g, a);
		narrow_to_half(g, d, wide ? XMM_SCRATCH : a, n->aux >> 4);
		if (needs_settling(g, n))
			x_settle_half(g, wide, d, a);
		return true;
	}
	source = for_arithmetic ? d : XMM_SCRATCH;
	x_rrc(g, PAND, source, a, (vec){ .d = { 0xffff } });
	x_rr(g, VCVTPH2PS, d, source);
	if (n->type == T_F64)
		x_rrr(g, scalar(T_F32, 0x5a) | (for_arithmetic ? OPC_W : 0), d, d, d);
	return true;
}

static void lower_copysign(struct gen *g, const struct ir_node *n)
{
	vec sign = sign_bit(n->type), rest = sign;
	int a = use_xmm(g, n->a), b = use_xmm(g, n->b), d = def_xmm(g);

	rest.d[0]--;
	x_rrc(g, PAND, XMM_SCRATCH, b, sign);
	x_rrc(g, PAND, d, a, rest);
	x_rrr(g, POR, d, d, XMM_SCRATCH);
}

enum { MXCSR = OPC(0, 1, 0xae), LOAD = 2, STORE = 3 };

/* MXCSR with the rounding of one operation, and with the guest's again; what is sticky stays.  Uses rax. */
static void set_round(struct gen *g, enum ir_round round)
{
	static const u8 rc[] = { [RND_NEAREST] = 0, [RND_DOWN] = 1, [RND_UP] = 2, [RND_ZERO] = 3 };
	struct mem guests = vcpu_mem(offsetof(struct vcpu, mxcsr)), own = vcpu_mem(offsetof(struct vcpu, exit_arg));

	op_rm(&g->e, MXCSR, 0, STORE, guests);
	load_r(&g->e, 0, RAX, guests);
	alu_ri(&g->e, ALU_AND, 0, RAX, ~(3 << 13));
	if (rc[round])
		alu_ri(&g->e, ALU_OR, 0, RAX, rc[round] << 13);
	store_r(&g->e, 0, RAX, own);
	op_rm(&g->e, MXCSR, 0, LOAD, own);
}

static void reset_round(struct gen *g)
{
	struct mem guests = vcpu_mem(offsetof(struct vcpu, mxcsr)), own = vcpu_mem(offsetof(struct vcpu, exit_arg));

	op_rm(&g->e, MXCSR, 0, STORE, own);
	load_r(&g->e, 0, RAX, own);
	alu_ri(&g->e, ALU_AND, 0, RAX, 63);
	alu_rm(&g->e, ALU_OR, 0, RAX, guests);
	store_r(&g->e, 0, RAX, own);
	op_rm(&g->e, MXCSR, 0, LOAD, own);
}

/* Rounds as MXCSR cannot: ties away from zero. */
static bool beyond_host(const struct gen *g, const struct ir_node *n)
{
	bool away = g->t->fpctl & FPCTL_AWAY;

	switch (n->op) {
	case IR_FRINT: case IR_F2I: return away && (n->aux & RND_MASK) == RND_CURRENT;
	default: return ir_rounds(n->op) && (n->aux >> 4 ? n->aux >> 4 == 1 + RND_AWAY : away);
	}
}

static bool lower_operation(struct gen *g, const struct ir_node *n)
{
	switch (n->op) {
	case IR_FADD: lower_binary(g, n, 0x58); return true;
	case IR_FSUB: lower_binary(g, n, 0x5c); return true;
	case IR_FMUL: lower_binary(g, n, 0x59); return true;
	case IR_FDIV: lower_binary(g, n, 0x5e); return true;
	case IR_FSQRT: {
		int a = use_xmm(g, n->a);

		x_rrr(g, scalar(n->type, 0x51), def_xmm(g), a, a);
		return true;
	}
	case IR_FNEG: case IR_FABS: lower_sign(g, n); return true;
	case IR_FSIGN: lower_copysign(g, n); return true;
	case IR_FMIN: case IR_FMAX: case IR_FMINNM: case IR_FMAXNM: lower_minmax(g, n); return true;
	case IR_FMA: return lower_fma(g, n);
	case IR_FRINT: return lower_round(g, n);
	case IR_I2F: return lower_from_int(g, n);
	case IR_F2I: return lower_to_int(g, n);
	case IR_FCVT: lower_convert(g, n); return true;
	case IR_FCVTH: return lower_half(g, n);
	case IR_FBOX: case IR_FUNBOX: return lower_nan(g, n);
	case IR_I2FBITS: case IR_F2IBITS: lower_bits(g, n); return true;
	case IR_FPCTL:
		copy_to_gpr(g, RAX, n->a);
		store_r(&g->e, 0, RAX, vcpu_mem(offsetof(struct vcpu, exit_arg)));
		call_with_vcpu(g, (void *)x64_take_fpctl, 0, NULL);
		g->new_mode = true;
		return true;
	case IR_FPFLAGS:
		call_with_vcpu(g, (void *)x64_fpflags, 0, NULL);
		load_r(&g->e, 0, def_gpr(g), vcpu_mem(offsetof(struct vcpu, exit_arg)));
		return true;
	case IR_FPFLAGSW:
		copy_to_gpr(g, RAX, n->a);
		store_r(&g->e, 0, RAX, vcpu_mem(offsetof(struct vcpu, exit_arg)));
		call_with_vcpu(g, (void *)x64_set_fpflags, 0, NULL);
		return true;
	}
	return false;
}

bool lower_fp(struct gen *g, const struct ir_node *n)
{
	bool own_round = n->op != IR_FCVTH && ir_rounds(n->op) && n->aux >> 4, look = needs_settling(g, n), done;

	/* the host's rounding instructions know no denormal operand */
	if ((g->t->fpctl & FPCTL_FLUSH) && (n->op == IR_FRINT || n->op == IR_F2I))
		return false;
	if (beyond_host(g, n))
		return false;
	if (own_round || look || flushes_rounded(g, n))
		clobber_flags(g);
	if (own_round)
		set_round(g, (n->aux >> 4) - 1);
	done = lower_operation(g, n);
	if (own_round)
		reset_round(g);
	if (done && look && !(n->op == IR_FCVTH && n->aux & 1))
		x_settle(g, n->type == T_F64 ? 3 : 2, true, g->v[g->i].reg, NOREG);
	return done;
}
