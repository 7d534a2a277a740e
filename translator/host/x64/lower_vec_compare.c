/*
 * Comparisons of integer lanes.
 *
 * The host has "equal" and "signed greater" as vectors of ones; AVX-512's mask registers have every
 * relation, but a round trip through one takes longer than two or three plain instructions, so they
 * are used only where those would be four.
 */
#include "translator/host/x64/vec.h"

static const u32 eq[] = { PCMPEQB, PCMPEQW, PCMPEQD, PCMPEQQ },
		 gt[] = { PCMPGTB, PCMPGTW, PCMPGTD, PCMPGTQ };
static const u32 maxs[] = { PMAXSB, PMAXSW, PMAXSD }, maxu[] = { PMAXUB, PMAXUW, PMAXUD };
static const u32 minu[] = { PMINUB, PMINUW, PMINUD };

static void invert(struct gen *g, int d, int s)
{
	x_rrc(g, PXOR, d, s, splat(3, ~0ull));
}

/* k1 to a vector. */
static void mask_to_vector(struct gen *g, unsigned e, int d)
{
	evex_rrr(&g->e, OPC(2, 2, e <= 1 ? 0x28 : 0x38) | (e & 1 ? OPC_W : 0), d, 0, 1, 0);
}

static void lower_test(struct gen *g, const struct ir_node *n)
{
	unsigned e = n->aux;
	int a, b, d;

	use_xmm2(g, n, &a, &b, &d);
	if (x64.avx512) {
		evex_rrr(&g->e, OPC(1, 2, e <= 1 ? 0x26 : 0x27) | (e & 1 ? OPC_W : 0), 1, a, b, 0);
		mask_to_vector(g, e, d);
		return;
	}
	x_rrr(g, PAND, XMM_SCRATCH, a, b);
	x_zero(g, d);
	x_rrr(g, eq[e], d, d, XMM_SCRATCH);
	invert(g, d, d);
}

/* Unsigned 64-bit a > b: signed after a shift of the range. */
static void greater_quads(struct gen *g, int d, int a, int b)
{
	vec bias = splat(3, 1ull << 63);

	x_rrc(g, PXOR, XMM_SCRATCH, b, bias);
	x_rrc(g, PXOR, d, a, bias);
	x_rrr(g, PCMPGTQ, d, d, XMM_SCRATCH);
}

bool lower_vec_compare(struct gen *g, const struct ir_node *n)
{
	unsigned e = n->aux;
	int a, b, d;

	switch (n->op) {
	case IR_VCMPEQ: case IR_VCMPGT: case IR_VCMPGE: case IR_VCMPGTU: case IR_VCMPGEU:
		use_xmm2(g, n, &a, &b, &d);
		break;
	case IR_VTST:
		lower_test(g, n);
		return true;
	default:
		return false;
	}
	switch (n->op) {
	case IR_VCMPEQ:
		x_rrr(g, eq[e], d, a, b);
		break;
	case IR_VCMPGT:
		x_rrr(g, gt[e], d, a, b);
		break;
	case IR_VCMPGE:
		if (e == 3) {
			x_rrr(g, PCMPGTQ, d, b, a);
			invert(g, d, d);
		} else {
			x_rrr(g, maxs[e], d, a, b);
			x_rrr(g, eq[e], d, d, a);
		}
		break;
	case IR_VCMPGTU:
		if (e == 3) {
			greater_quads(g, d, a, b);
		} else {
			x_rrr(g, minu[e], d, a, b);
			x_rrr(g, eq[e], d, d, a);
			invert(g, d, d);
		}
		break;
	case IR_VCMPGEU:
		if (e == 3) {
			greater_quads(g, d, b, a);
			invert(g, d, d);
		} else {
			x_rrr(g, maxu[e], d, a, b);
			x_rrr(g, eq[e], d, d, a);
		}
		break;
	}
	return true;
}
