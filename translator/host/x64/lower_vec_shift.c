/*
 * Shifts of lanes by immediates and by other lanes.
 *
 * The guest's count is a signed byte: positive to the left, negative to the right.  The host's
 * variable shifts take unsigned counts and give zero (or the sign) for large ones, so both ways are
 * computed, the count and its negation each cut to a byte: the wrong way's count is large.  Logical
 * results are then combined by OR; a count of zero gives the value both ways.
 */
#include "translator/host/x64/vec.h"

/* Variable shifts of elements of 16 << e bits.  AVX2, but words and arithmetic quadwords are
 * AVX-512's. */
static void variable(struct gen *g, enum vec_shift how, unsigned e, int d, int a, int count)
{
	u32 opc;

	if (e == 0) {
		opc = how == VSH_LL ? VPSLLVW : how == VSH_RL ? VPSRLVW : VPSRAVW;
		evex_rrr(&g->e, opc, d, a, count, 0);
		return;
	}
	opc = (how == VSH_LL ? VPSLLVD : how == VSH_RL ? VPSRLVD : VPSRAVD) | (e == 2 ? OPC_W : 0);
	if (e == 2 && how == VSH_RA)
		evex_rrr(&g->e, opc, d, a, count, 0);
	else
		vex_rrr(&g->e, opc, d, a, count);
}

/* d := a shifted by the counts in the low bytes of b, elements of 16 << e bits; a, b, d, xmm14,
 * xmm15 distinct. */
static void shift_both_ways(struct gen *g, unsigned e, bool arithmetic, int d, int a, int b)
{
	static const u32 sub[] = { PSUBW, PSUBD, PSUBQ };
	vec byte = splat(e + 1, 0xff);

	x_rrc(g, PAND, XMM_SCRATCH, b, byte);
	variable(g, VSH_LL, e, d, a, XMM_SCRATCH);
	x_zero(g, XMM_SCRATCH);
	x_rrr(g, sub[e], XMM_SCRATCH, XMM_SCRATCH, b);
	x_rrc(g, PAND, XMM_SCRATCH, XMM_SCRATCH, byte);
	variable(g, arithmetic ? VSH_RA : VSH_RL, e, XMM_SCRATCH, a, XMM_SCRATCH);
	if (!arithmetic) {
		x_rrr(g, POR, d, d, XMM_SCRATCH);
		return;
	}
	/* the sign of the count selects */
	x_shift(g, VSH_LL, e, XMM_SCRATCH2, b, (16u << e) - 8);
	if (e == 0)
		x_shift(g, VSH_RA, 0, XMM_SCRATCH2, XMM_SCRATCH2, 15);
	x_rrri(g,
	       e == 0	? VPBLENDVB
	       : e == 1 ? VBLENDVPS
			: VBLENDVPD,
	       d, d, XMM_SCRATCH, XMM_SCRATCH2 << 4);
}

/* Elements of 8 << e bits in pairs: the even one moved to the upper half and back, the odd one in
 * place. */
static void shift_halves(struct gen *g, unsigned e, bool arithmetic, int d, int a, int b, int value,
			 int count)
{
	int even = temp_xmm(g);
	unsigned w = 8u << e;
	vec upper = splat(e + 1, ((1ull << w) - 1) << w);

	x_shift(g, VSH_LL, e, value, a, w);
	shift_both_ways(g, e, arithmetic, even, value, b);
	x_shift(g, VSH_RL, e, even, even, w);
	x_rrc(g, PAND, value, a, upper);
	x_shift(g, VSH_RL, e, count, b, w);
	shift_both_ways(g, e, arithmetic, d, value, count);
	x_rrc(g, PAND, d, d, upper);
	x_rrr(g, POR, d, d, even);
}

/* Words need AVX-512 to be shifted as such, bytes at all; so do quadwords arithmetically. */
static bool lower_variable(struct gen *g, const struct ir_node *n)
{
	bool arithmetic = n->op == IR_VSALV;
	unsigned e = n->aux;
	int a, b, d;

	if (!x64.avx2 || (!x64.avx512 && (e == 0 || (e == 3 && arithmetic))))
		return false;
	if (e == 0 || (e == 1 && !x64.avx512)) {
		int value = temp_xmm(g), count = temp_xmm(g);

		use_xmm2(g, n, &a, &b, &d);
		shift_halves(g, e, arithmetic, d, a, b, value, count);
		return true;
	}
	use_xmm2(g, n, &a, &b, &d);
	shift_both_ways(g, e - 1, arithmetic, d, a, b);
	return true;
}

bool lower_vec_shift(struct gen *g, const struct ir_node *n)
{
	int a, d;

	switch (n->op) {
	case IR_VSHLI: case IR_VSHRI: case IR_VSARI:
		a = use_xmm(g, n->a);
		d = def_xmm(g);
		x_shift_lanes(g,
			      n->op == IR_VSHLI	  ? VSH_LL
			      : n->op == IR_VSHRI ? VSH_RL
						  : VSH_RA,
			      n->aux, d, a, n->b);
		return true;
	case IR_VSHLV: case IR_VSALV:
		return lower_variable(g, n);
	}
	return false;
}
