/*
 * Default NaNs and NaN boxes: one look at a value in line, what is rarely needed out of line.
 *
 * Where every NaN result is the default one, an invalid operation gives it by its trap (fault.c), but a
 * quiet NaN operand goes through the host's unit without any exception.  So a result that is a NaN is
 * replaced.  The look is left out where no operand can be another NaN than the default one: results of
 * this mode's own operations, for which the host then chooses between equal NaNs.
 *
 * Rejected: a blend in place of the branch, which is no longer but lies on the way to the next operation;
 * and looking only where a result leaves the translation, which keeps it in a register for longer, and
 * nearly every result does leave.
 */
#include "translator/host/x64/vec.h"

enum { ORPS = OPC(0, 1, 0x56), PEXTRD = OPC(1, 3, 0x16) };
enum { UCOMIS = 0x2e, MOVMSKP = 0x50, MULP = 0x59, CMPP = 0xc2, UNORDERED = 3 };

static u64 nan_of(unsigned e)
{
	return e == 3 ? 0x7ff8000000000000 : e == 2 ? 0x7fc00000 : 0x7e00;
}

/* log2 of the bytes of an element of the result of n, a vector operation. */
static unsigned result_size(const struct ir_node *n)
{
	return n->aux + (n->op == IR_VFWIDEN);
}

/* No NaN, or the default one; v is a scalar, or a vector of elements of 1 << e bytes. */
static bool no_other_nan(const struct gen *g, ref v, unsigned e)
{
	const struct ir_node *n = &g->t->node[v];

	if (n->op == IR_CONSTV && n->type == T_F32)
		return (g->t->pool[n->a].s[0] & 0x7fffffff) <= 0x7f800000;
	if (n->op == IR_CONSTV && n->type == T_F64)
		return (g->t->pool[n->a].d[0] & ~0ull >> 1) <= 0x7ff0000000000000;
	if ((n->op == IR_FCVTH && n->aux & 3) || (n->op == IR_VFWIDEN && n->b & 2))
		return false;
	if ((n->op >= IR_FADD && n->op <= IR_FMAXNM) || n->op == IR_FRINT || n->op == IR_FCVT || n->op == IR_I2F ||
	    n->op == IR_FCVTH)
		return true;
	return ((n->op >= IR_VFADD && n->op <= IR_VFMAXNM) || n->op == IR_VFPADD || n->op == IR_VFRINT ||
		n->op == IR_VI2F || n->op == IR_VFWIDEN || n->op == IR_VFNARROW) && result_size(n) == e;
}

bool needs_settling(const struct gen *g, const struct ir_node *n)
{
	if (!(g->t->fpctl & FPCTL_DEFAULT_NAN))
		return false;
	switch (n->op) {
	case IR_FMINNM: case IR_FMAXNM: case IR_VFMINNM: case IR_VFMAXNM:
		/* elsewhere every NaN traps */
		if (!x64.avx512)
			return false;
		/* fall through */
	case IR_FADD: case IR_FSUB: case IR_FMUL: case IR_FDIV:
	case IR_VFADD: case IR_VFSUB: case IR_VFMUL: case IR_VFDIV: case IR_VFPADD:
		return !no_other_nan(g, n->a, n->aux) || !no_other_nan(g, n->b, n->aux);
	case IR_FCVTH:   /* a half is part of its operand */
		return n->aux & 1 ? !no_other_nan(g, n->a, 0) : !(n->aux & 2);
	case IR_VFWIDEN:
		return !(n->b & 2) && !no_other_nan(g, n->a, n->aux);
	case IR_VFNARROW:
		return !no_other_nan(g, n->a, n->aux + 1);
	case IR_FSQRT: case IR_FRINT: case IR_FCVT:
	case IR_VFSQRT: case IR_VFRINT:
		return !no_other_nan(g, n->a, n->aux);
	default:
		return false;
	}
}

static struct stub *nan_stub(struct gen *g, unsigned e, bool scalar, int d, int temp, int cc)
{
	struct stub *s = new_stub(g, STUB_NAN);

	s->from[0] = jcc_long(&g->e, cc);
	s->back = g->e.w;
	s->exact.d = d;
	s->elem = e;
	s->scalar = scalar;
	s->temp = temp;
	return s;
}

struct stub *x_settle(struct gen *g, unsigned e, bool scalar, int d, int temp)
{
	bool wide = e == 3;

	if (scalar) {
		x_rr(g, OPC(wide, 1, UCOMIS), d, d);
		return nan_stub(g, e, true, d, temp, X_P);
	}
	x_rrri(g, OPC(wide, 1, CMPP), temp, d, d, UNORDERED);
	x_rr(g, OPC(wide, 1, MOVMSKP), RAX, temp);
	op_rr(&g->e, OPC(0, 0, 0x85), 0, RAX, RAX);
	return nan_stub(g, e, false, d, temp, X_NE);
}

/* A half made of a, which is looked at instead. */
void x_settle_half(struct gen *g, bool wide, int d, int a)
{
	x_rr(g, OPC(wide, 1, UCOMIS), a, a);
	nan_stub(g, 1, true, d, NOREG, X_P);
}

/*
 * What the factors of fused products raise by themselves: infinity * 0, which the host does not tell of where the
 * addend is a NaN.  It traps; all else that these multiplications raise is forgotten, here what sticks, and by fault.c,
 * which the W bit tells.
 */
static void multiply_again(struct gen *g, const struct stub *s)
{
	unsigned pp = s->scalar ? s->elem == 3 ? 3 : 2 : s->elem == 3;
	struct mem control = vcpu_mem(offsetof(struct vcpu, exit_arg));

	op_rm(&g->e, OPC(0, 1, 0xae), 0, 3, control);   /* stmxcsr */
	for (unsigned k = 0; k < s->exact.n; k++)
		x_rrr(g, OPC(pp, 1, MULP) | OPC_W, s->temp, s->exact.insn[k].a, s->exact.insn[k].b);
	op_rm(&g->e, OPC(0, 1, 0xae), 0, 2, control);   /* ldmxcsr */
}

void lower_nan_stub(struct gen *g, const struct stub *s)
{
	int d = s->exact.d;
	vec nan = splat(3, 0);

	if (s->exact.n)
		multiply_again(g, s);
	if (s->scalar) {
		nan.d[0] = nan_of(s->elem);
		load_constv(g, d, nan);
	} else {
		/* all ones, then the default NaN, where there is one */
		x_rrri(g, OPC(s->elem == 3, 1, CMPP), s->temp, d, d, UNORDERED);
		x_rrr(g, POR, d, d, s->temp);
		x_rrc(g, PAND, s->temp, s->temp, splat(s->elem, ~nan_of(s->elem)));
		x_rrr(g, PXOR, d, d, s->temp);
	}
	jmp_to(&g->e, (u64)s->back + g->e.delta);
}

/* --- boxes --- */

void x_box(struct gen *g, int d, int s, bool half)
{
	x_rrc(g, ORPS, d, s, (vec){ .d = { ~0ull << (half ? 16 : 32) } });
}

static void lower_box(struct gen *g, const struct ir_node *n)
{
	bool same;
	int a = use_xmm(g, n->a), d = last_use(g, real(g, n->a)) ? def_xmm_from(g, n->a, &same) : def_xmm(g);

	x_box(g, d, a, n->aux & 1);
}

/* rax := -1 if there is a box of a half. */
static void look_for_half(struct gen *g)
{
	alu_ri(&g->e, ALU_OR, 1, RAX, 0xffff);
	alu_ri(&g->e, ALU_CMP, 1, RAX, -1);
}

/* Out of memory only what is needed comes into a register. */
static int unbox_from(struct gen *g, struct mem m, bool half)
{
	int d = def_xmm(g);
	struct mem above = m;

	if (half) {
		load_r(&g->e, 1, RAX, m);
		look_for_half(g);
	} else {
		above.disp += 4;
		op_rm(&g->e, OPC(0, 0, 0x83), 0, ALU_CMP, above);
		e8(&g->e, 0xff);
	}
	load_xmm(g, T_F32, d, m);
	return d;
}

static void lower_unbox(struct gen *g, const struct ir_node *n)
{
	bool half = n->aux & 1, same;
	struct mem m;
	int a, d;

	if (n->aux & 2) {
		def_xmm_from(g, n->a, &same);
		return;
	}
	clobber_flags(g);
	if (use_mem(g, n->a, &m)) {
		d = unbox_from(g, m, half);
	} else {
		a = use_xmm(g, n->a);
		if (half) {
			x_rr(g, MOVD_FROM_XMM | OPC_W, a, RAX);
			look_for_half(g);
		} else {
			x_rri(g, PEXTRD, a, RAX, 1);
			alu_ri(&g->e, ALU_CMP, 0, RAX, -1);
		}
		d = def_xmm_from(g, n->a, &same);
	}
	nan_stub(g, half ? 1 : 2, true, d, NOREG, X_NE);
}

bool lower_nan(struct gen *g, const struct ir_node *n)
{
	switch (n->op) {
	case IR_FBOX: lower_box(g, n); return true;
	case IR_FUNBOX: lower_unbox(g, n); return true;
	default: return false;
	}
}
