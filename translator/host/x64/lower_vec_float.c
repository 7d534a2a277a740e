/*
 * Floating point in lanes, under the rules of lower_fp.c: what differs from the guest begins with an
 * invalid-operation exception, and fault.c computes the whole instruction exactly.
 *
 * The upper half of a V64's register is not the guest's: whatever it holds must not raise exceptions.
 * Operands of that type are copied into both halves first, which raises just what the lower half does.
 *
 * Left to the interpreter: fused products without FMA, and conversions to unsigned integers where only
 * AVX-512 has them: the signed ones and a correction would raise other exceptions.
 */
#include "translator/host/x64/vec.h"

enum { ADDP = 0x58, MULP = 0x59, SUBP = 0x5c, MINP = 0x5d, DIVP = 0x5e, MAXP = 0x5f, SQRTP = 0x51, CMPP = 0xc2 };

/* A packed instruction on elements of 4 (e 2) or 8 bytes (e 3). */
static u32 packed(unsigned e, u8 op)
{
	return OPC(e == 3, 1, op);
}

static u64 sign_bit(unsigned e)
{
	return 1ull << ((8u << e) - 1);
}

/* The register of operand v as an input that raises no exceptions of its own; copy: where to make one. */
static int input(struct gen *g, ref v, int r, int copy)
{
	if (!is_v64(g, v))
		return r;
	x_rr(g, MOVDDUP, copy, r);
	return copy;
}

static void inputs(struct gen *g, const struct ir_node *n, int *a, int *b, int *d)
{
	use_xmm2(g, n, a, b, d);
	*a = input(g, n->a, *a, XMM_SCRATCH);
	*b = input(g, n->b, *b, XMM_SCRATCH2);
}

static void lower_binary(struct gen *g, const struct ir_node *n, u8 op)
{
	int a, b, d, temp;

	temp = flushes_rounded(g, n) ? temp_xmm(g) : NOREG;
	inputs(g, n, &a, &b, &d);
	x_rrr(g, packed(n->aux, op), d, a, b);
	if (temp != NOREG) {
		struct exact exact = { .n = 1, .d = d, .addend = NOREG, .insn = { { packed(n->aux, op), a, b } } };

		x_exact_if_least(g, false, n->aux == 3, &exact, temp);
	}
}

static bool lower_fused(struct gen *g, const struct ir_node *n)
{
	u32 opc = OPC(1, 2, n->op == IR_VFMA ? 0xb8 : 0xbc) | (n->aux == 3 ? OPC_W : 0);   /* 231 forms */
	struct addend from = { NOREG, false, XMM_SCRATCH2 };
	int a, b, c, d;
	bool same;

	if (!x64.fma)
		return false;
	clobber_flags(g);
	a = use_xmm(g, n->a);
	b = use_xmm(g, n->b);
	from.reg = c = use_xmm(g, n->c);
	if (n->type == T_V64) {
		d = def_xmm(g);
		from.twice = true;
		from.temp = temp_xmm(g);
		a = input(g, n->a, a, XMM_SCRATCH);
		b = input(g, n->b, b, XMM_SCRATCH2);
		input(g, n->c, c, d);
	} else if (c == a || c == b) {
		d = def_xmm(g);
		move_xmm(g, d, c);
	} else {
		d = def_xmm_from(g, n->c, &same);
	}
	x_fused(g, opc, false, d, a, b, from);
	return true;
}

static void lower_minmax(struct gen *g, const struct ir_node *n)
{
	int a, b, d;

	inputs(g, n, &a, &b, &d);
	if (n->op == IR_VFMIN || n->op == IR_VFMAX)
		x_minmax(g, n->aux, false, n->op == IR_VFMAX, d, a, b);
	else
		x_minmax_number(g, n->aux, false, n->op == IR_VFMAXNM, d, a, b);
}

static void lower_sign(struct gen *g, const struct ir_node *n)
{
	u64 sign = sign_bit(n->aux);
	int a = use_xmm(g, n->a), d = def_xmm(g);

	if (n->op == IR_VFNEG)
		x_rrc(g, PXOR, d, a, splat(n->aux, sign));
	else
		x_rrc(g, PAND, d, a, splat(n->aux, sign - 1));
}

static void lower_compare(struct gen *g, const struct ir_node *n)
{
	int a, b, d;

	inputs(g, n, &a, &b, &d);
	if (n->op == IR_VFCMPEQ)
		x_rrri(g, packed(n->aux, CMPP), d, a, b, 0);
	else
		x_rrri(g, packed(n->aux, CMPP), d, b, a, n->op == IR_VFCMPGT ? 1 : 2);
}

static bool lower_pairwise(struct gen *g, const struct ir_node *n)
{
	int a, b, d;

	if (n->type == T_V64 && n->aux == 3)
		return false;
	use_xmm2(g, n, &a, &b, &d);
	if (n->aux == 3) {
		x_rrr(g, PUNPCKLQDQ, XMM_SCRATCH2, a, b);
		x_rrr(g, PUNPCKHQDQ, XMM_SCRATCH, a, b);
	} else if (n->type == T_V64) {
		x_rrr(g, PUNPCKLQDQ, d, a, b);
		x_rri(g, PSHUFD, XMM_SCRATCH2, d, 0x88);
		x_rri(g, PSHUFD, XMM_SCRATCH, d, 0xdd);
	} else {
		x_rrri(g, SHUFPS, XMM_SCRATCH2, a, b, 0x88);
		x_rrri(g, SHUFPS, XMM_SCRATCH, a, b, 0xdd);
	}
	x_rrr(g, packed(n->aux, ADDP), d, XMM_SCRATCH2, XMM_SCRATCH);
	return true;
}

/* d and s as for x_round_away() if that is the mode. */
static void round_lanes(struct gen *g, unsigned e, int d, int s, unsigned mode, bool inexact)
{
	u32 round = OPC(1, 3, e == 3 ? 0x09 : 0x08);

	if (mode != RND_AWAY) {
		x_round(g, round, d, s, mode, inexact);
		return;
	}
	x_round_away(g, e, false, d, s);
	if (inexact)
		x_round(g, round, XMM_SCRATCH, s, RND_ZERO, true);
}

static void lower_round(struct gen *g, const struct ir_node *n)
{
	unsigned mode = n->b & RND_MASK;
	int a = use_xmm(g, n->a), d = def_xmm(g), copy = mode == RND_AWAY && is_v64(g, n->a) ? temp_xmm(g) : XMM_SCRATCH;

	round_lanes(g, n->aux, d, input(g, n->a, a, copy), mode, n->b & 0x80);
}

/* --- conversions --- */

/* 2^n in each lane. */
static vec power(unsigned e, int n)
{
	return splat(e, e == 3 ? (u64)(1023 + n) << 52 : (u64)(127 + n) << 23);
}

/* Both halves exactly, one rounding in their sum. */
static void words_from_unsigned(struct gen *g, int d, int s)
{
	x_rrc(g, PAND, d, s, splat(2, 0xffff));
	x_rr(g, OPC(0, 1, 0x5b), d, d);
	x_shift(g, VSH_RL, 1, XMM_SCRATCH, s, 16);
	x_rr(g, OPC(0, 1, 0x5b), XMM_SCRATCH, XMM_SCRATCH);
	x_rrc(g, OPC(0, 1, MULP), XMM_SCRATCH, XMM_SCRATCH, power(2, 16));
	x_rrr(g, OPC(0, 1, ADDP), d, d, XMM_SCRATCH);
}

/*
 * The halves of 64 bits become fractions of doubles with known exponents by OR; what that adds is
 * subtracted from the upper one exactly, and the sum rounds once.  s may be xmm15.
 */
static void quads_from_int(struct gen *g, int d, int s, bool is_unsigned)
{
	u64 two52 = 0x4330000000000000, two84 = 0x4530000000000000;

	x_rrc(g, PAND, d, s, splat(3, 0xffffffff));
	x_rrc(g, POR, d, d, splat(3, two52));
	x_zero(g, XMM_SCRATCH2);
	x_rrr(g, PCMPEQQ, XMM_SCRATCH2, XMM_SCRATCH2, s);
	x_shift(g, VSH_RL, 2, XMM_SCRATCH, s, 32);
	x_rrc(g, PXOR, XMM_SCRATCH, XMM_SCRATCH, splat(3, is_unsigned ? two84 : two84 | 0x80000000));
	x_rrc(g, OPC(1, 1, SUBP), XMM_SCRATCH, XMM_SCRATCH,
	      splat(3, is_unsigned ? two84 | 0x00100000 : two84 | 0x80100000));
	x_rrr(g, OPC(1, 1, ADDP), d, d, XMM_SCRATCH);
	/* rounding down, the sum of opposite numbers is -0 */
	x_rrr(g, PANDN, XMM_SCRATCH2, XMM_SCRATCH2, d);
	move_xmm(g, d, XMM_SCRATCH2);
}

static void lower_from_int(struct gen *g, const struct ir_node *n)
{
	bool is_unsigned = n->b & 1;
	unsigned e = n->aux;
	int a = use_xmm(g, n->a), d = def_xmm(g);

	a = input(g, n->a, a, XMM_SCRATCH);
	if (x64.avx512 && e == 3)
		evex_rrr(&g->e, OPC(2, 1, is_unsigned ? 0x7a : 0xe6) | OPC_W, d, 0, a, 0);
	else if (e == 3)
		quads_from_int(g, d, a, is_unsigned);
	else if (x64.avx512 && is_unsigned)
		evex_rrr(&g->e, OPC(3, 1, 0x7a), d, 0, a, 0);
	else if (is_unsigned)
		words_from_unsigned(g, d, a);
	else
		x_rr(g, OPC(0, 1, 0x5b), d, a);
	if (n->b >> 1)
		x_rrc(g, packed(e, MULP), d, d, power(e, -(int)(n->b >> 1)));
}

/*
 * Two 64-bit lanes through the general registers.  s: integral; exact: the number that it was rounded from,
 * not xmm15, or NOREG (lower_to_int() in lower_fp.c); temp: for its upper half.
 */
static void quads_to_int(struct gen *g, int d, int s, bool both, int exact, int temp, unsigned mode)
{
	u32 cvttsd2si = OPC(3, 1, 0x2c) | OPC_W, roundsd = OPC(1, 3, 0x0b);

	x_rr(g, cvttsd2si, RAX, s);
	if (exact != NOREG)
		x_round(g, roundsd, XMM_SCRATCH, exact, mode, true);
	if (both) {
		x_rri(g, PSHUFD, d, s, 0xee);
		if (exact != NOREG)
			x_rri(g, PSHUFD, temp, exact, 0xee);
		x_rr(g, cvttsd2si, RCX, d);
		if (exact != NOREG)
			x_round(g, roundsd, XMM_SCRATCH, temp, mode, true);
	}
	x_rr(g, MOVD_TO_XMM | OPC_W, d, RAX);
	if (both) {
		x_rr(g, MOVD_TO_XMM | OPC_W, XMM_SCRATCH, RCX);
		x_rrr(g, PUNPCKLQDQ, d, d, XMM_SCRATCH);
	}
}

/* As the scalar one (lower_fp.c). */
static bool lower_to_int(struct gen *g, const struct ir_node *n)
{
	unsigned e = n->aux, mode = n->b & RND_MASK, fraction = n->b >> 8;
	bool is_unsigned = n->b & 0x80, apart = e == 3 && !x64.avx512, current = mode == RND_CURRENT && !apart;
	unsigned again = mode == RND_AWAY ? RND_CURRENT : mode;
	int a, d, copy = XMM_SCRATCH, integral = XMM_SCRATCH2, temp = NOREG;

	if (is_unsigned && !x64.avx512)
		return false;
	a = use_xmm(g, n->a);
	d = def_xmm(g);
	if (mode == RND_AWAY || apart)
		copy = temp_xmm(g);
	if (mode == RND_AWAY)
		integral = temp_xmm(g);
	if (apart)
		temp = temp_xmm(g);
	a = input(g, n->a, a, copy);
	if (fraction) {
		vec limit = power(e, (int)((8u << e) - fraction)), minus = limit;

		for (unsigned k = 0; k < 2; k++)
			minus.d[k] |= splat(e, sign_bit(e)).d[k];
		x_rrc(g, packed(e, MINP), copy, a, limit);
		x_rrc(g, packed(e, MAXP), copy, copy, minus);
		x_rrc(g, packed(e, MULP), copy, copy, power(e, (int)fraction));
		a = copy;
	}
	if (mode == RND_ZERO || current)
		integral = a;
	else
		round_lanes(g, e, integral, a, mode, false);
	if (is_unsigned)
		evex_rrr(&g->e, OPC(e == 3, 1, current ? 0x79 : 0x78) | (e == 3 ? OPC_W : 0), d, 0, integral, 0);
	else if (e == 2)
		x_rr(g, OPC(current ? 1 : 2, 1, 0x5b), d, integral);
	else if (x64.avx512)
		evex_rrr(&g->e, OPC(1, 1, current ? 0x7b : 0x7a) | OPC_W, d, 0, integral, 0);
	else
		quads_to_int(g, d, integral, n->type == T_V128, integral != a ? a : NOREG, temp, again);
	if (integral != a && !apart)
		x_round(g, OPC(1, 3, e == 3 ? 0x09 : 0x08), XMM_SCRATCH, a, again, true);
	return true;
}

/* For the source's register and the W bit see lower_half() in lower_fp.c. */
static bool lower_widen(struct gen *g, const struct ir_node *n)
{
	bool halves = n->aux == 1, for_arithmetic = n->b & 2;
	int a, d, copy = for_arithmetic ? XMM_SCRATCH2 : XMM_SCRATCH;

	if (halves && (!x64.f16c || (!for_arithmetic && g->t->fpctl & (FPCTL_FLUSH | FPCTL_ALT_HALF))))
		return false;
	if (!halves && for_arithmetic && (!x64.avx || g->t->fpctl & FPCTL_FLUSH))
		return false;
	a = use_xmm(g, n->a);
	d = def_xmm(g);
	if (n->b & 1) {
		x_rri(g, PSHUFD, copy, a, 0xee);
		a = copy;
	} else if (halves && !for_arithmetic) {
		move_xmm(g, copy, a);
		a = copy;
	}
	x_rr(g, halves ? VCVTPH2PS : OPC(0, 1, 0x5a) | (for_arithmetic ? OPC_W : 0), d, a);
	return true;
}

/* Four to halves, whose NaNs cannot be looked at: so the singles' are. */
static bool lower_to_halves(struct gen *g, const struct ir_node *n)
{
	int a, d;

	if (!x64.f16c || g->t->fpctl & (FPCTL_FLUSH | FPCTL_ALT_HALF))
		return false;
	a = use_xmm(g, n->a);
	d = def_xmm(g);
	if (needs_settling(g, n)) {
		int copy = temp_xmm(g);

		move_xmm(g, copy, a);
		x_settle(g, 2, false, copy, XMM_SCRATCH);
		a = copy;
	}
	x_rri(g, VCVTPS2PH, a, d, 4);
	return true;
}

static bool lower_narrow(struct gen *g, const struct ir_node *n)
{
	int a, d;

	if (n->aux == 1)
		return lower_to_halves(g, n);
	a = use_xmm(g, n->a);
	d = def_xmm(g);
	x_rr(g, OPC(1, 1, 0x5a), d, a);
	if (flushes_rounded(g, n)) {
		struct exact exact = { .n = 1, .d = d, .addend = NOREG, .insn = { { OPC(1, 1, 0x5a), 0, a } } };

		x_exact_if_least(g, false, false, &exact, XMM_SCRATCH2);
	}
	return true;
}

static bool lower_operation(struct gen *g, const struct ir_node *n)
{
	int a, d;

	switch (n->op) {
	case IR_VFADD: lower_binary(g, n, ADDP); return true;
	case IR_VFSUB: lower_binary(g, n, SUBP); return true;
	case IR_VFMUL: lower_binary(g, n, MULP); return true;
	case IR_VFDIV: lower_binary(g, n, DIVP); return true;
	case IR_VFSQRT:
		a = use_xmm(g, n->a);
		d = def_xmm(g);
		x_rr(g, packed(n->aux, SQRTP), d, input(g, n->a, a, XMM_SCRATCH));
		return true;
	case IR_VFMA: case IR_VFMS: return lower_fused(g, n);
	case IR_VFMIN: case IR_VFMAX: case IR_VFMINNM: case IR_VFMAXNM: lower_minmax(g, n); return true;
	case IR_VFNEG: case IR_VFABS: lower_sign(g, n); return true;
	case IR_VFCMPEQ: case IR_VFCMPGT: case IR_VFCMPGE: lower_compare(g, n); return true;
	case IR_VFPADD: return lower_pairwise(g, n);
	case IR_VFRINT: lower_round(g, n); return true;
	case IR_VI2F: lower_from_int(g, n); return true;
	case IR_VF2I: return lower_to_int(g, n);
	case IR_VFWIDEN: return lower_widen(g, n);
	case IR_VFNARROW: return lower_narrow(g, n);
	}
	return false;
}

/* Ties go away from zero, which MXCSR cannot say. */
static bool beyond_host(const struct ir_node *n)
{
	switch (n->op) {
	case IR_VFADD: case IR_VFSUB: case IR_VFMUL: case IR_VFDIV: case IR_VFSQRT: case IR_VFMA: case IR_VFMS:
	case IR_VFPADD: case IR_VI2F: case IR_VFNARROW:
		return true;
	case IR_VFRINT: case IR_VF2I:
		return (n->b & RND_MASK) == RND_CURRENT;
	default:
		return false;
	}
}

bool lower_vec_float(struct gen *g, const struct ir_node *n)
{
	bool look = needs_settling(g, n);

	if ((g->t->fpctl & FPCTL_FLUSH) && (n->op == IR_VFRINT || n->op == IR_VF2I))
		return false;   /* as in lower_fp.c */
	if ((g->t->fpctl & FPCTL_AWAY) && beyond_host(n))
		return false;
	if (look || flushes_rounded(g, n))
		clobber_flags(g);
	if (!lower_operation(g, n))
		return false;
	if (look && !(n->op == IR_VFNARROW && n->aux == 1))
		x_settle(g, n->aux + (n->op == IR_VFWIDEN), false, g->v[g->i].reg, XMM_SCRATCH);
	return true;
}
