/* Vector operations between element sizes, sums across lanes, and counts of bits. */
#include "translator/host/x64/vec.h"

static const u32 unpack_high[] = { PUNPCKHBW, PUNPCKHWD, PUNPCKHDQ },
		 unpack_low[] = { PUNPCKLBW, PUNPCKLWD, PUNPCKLDQ };

/* Half `half` of s, each element of size e extended to twice its size; zero: a cleared register. */
static void extend(struct gen *g, unsigned e, bool is_signed, unsigned half, int d, int s, int zero)
{
	/* byte to word, word to doubleword, doubleword to quadword are two opcodes apart but for
	 * the last */
	u32 opc = (is_signed ? PMOVSXBW : PMOVZXBW) + (e == 0 ? 0 : e == 1 ? 3 : 5);

	if (half && !is_signed) {
		x_rrr(g, unpack_high[e], d, s, zero);
	} else if (half) {
		x_rri(g, PSHUFD, d, s, 0xee);
		x_rr(g, opc, d, d);
	} else {
		x_rr(g, opc, d, s);
	}
}

static void lower_widen(struct gen *g, const struct ir_node *n)
{
	bool is_signed = n->op == IR_VWIDENS;
	int a = use_xmm(g, n->a), d = def_xmm(g);

	if (n->b && !is_signed)
		x_zero(g, XMM_SCRATCH);
	extend(g, n->aux, is_signed, n->b, d, a, XMM_SCRATCH);
}

static void lower_narrow(struct gen *g, const struct ir_node *n)
{
	unsigned size = 1u << n->aux;
	int a = use_xmm(g, n->a);
	vec from = splat(0, 0x80);

	for (unsigned k = 0; k < 8; k++)
		from.b[k] = k / size * 2 * size + k % size;
	x_rrc(g, PSHUFB, def_xmm(g), a, from);
}

static void lower_long_product(struct gen *g, const struct ir_node *n)
{
	bool is_signed = n->op == IR_VMULLS;
	int a, b, d, zero = XMM_SCRATCH2;

	use_xmm2(g, n, &a, &b, &d);
	switch (n->aux) {
	case 0:
		if (n->c && !is_signed)
			x_zero(g, zero);
		extend(g, 0, is_signed, n->c, d, a, zero);
		extend(g, 0, is_signed, n->c, XMM_SCRATCH, b, zero);
		x_rrr(g, PMULLW, d, d, XMM_SCRATCH);
		break;
	case 1:
		x_rrr(g, PMULLW, d, a, b);
		x_rrr(g, is_signed ? PMULHW : PMULHUW, XMM_SCRATCH, a, b);
		x_rrr(g, n->c ? unpack_high[1] : unpack_low[1], d, d, XMM_SCRATCH);
		break;
	default:
		/* the product takes the even lanes */
		x_rri(g, PSHUFD, d, a, n->c ? 0xfa : 0x50);
		x_rri(g, PSHUFD, XMM_SCRATCH, b, n->c ? 0xfa : 0x50);
		x_rrr(g, is_signed ? PMULDQ : PMULUDQ, d, d, XMM_SCRATCH);
		break;
	}
}

static void lower_sum(struct gen *g, const struct ir_node *n)
{
	bool half = is_v64(g, n->a);
	int a = use_xmm(g, n->a), d = def_gpr(g), s = XMM_SCRATCH;

	if (half && n->aux) {
		x_rr(g, MOVQ, XMM_SCRATCH2, a);
		a = XMM_SCRATCH2;
	}
	switch (n->aux) {
	case 0:
		x_zero(g, s);
		x_rrr(g, PSADBW, s, s, a);
		break;
	case 1:
		/* to doublewords, and those to quadwords: no sum of eight words needs more than 19
		 * bits */
		x_shift(g, VSH_RL, 1, s, a, 16);
		x_rrc(g, PAND, XMM_SCRATCH2, a, splat(2, 0xffff));
		x_rrr(g, PADDD, s, s, XMM_SCRATCH2);
		x_shift(g, VSH_RL, 2, XMM_SCRATCH2, s, 32);
		x_rrr(g, PADDD, s, s, XMM_SCRATCH2);
		break;
	case 2:
		x_shift(g, VSH_RL, 2, s, a, 32);
		x_rrc(g, PAND, XMM_SCRATCH2, a, splat(3, 0xffffffff));
		x_rrr(g, PADDQ, s, s, XMM_SCRATCH2);
		break;
	default:
		move_xmm(g, s, a);
		break;
	}
	if (!half) {
		x_rri(g, PSHUFD, XMM_SCRATCH2, s, 0xee);
		x_rrr(g, n->aux == 1 ? PADDD : PADDQ, s, s, XMM_SCRATCH2);
	}
	x_rr(g, MOVD_FROM_XMM | (n->aux == 1 ? 0 : OPC_W), s, d);
}

/* d := table[nibble of each byte of s], the high one if `high`; d is not s.  Uses tmp. */
static void look_up_nibbles(struct gen *g, int d, int s, bool high, vec table, int tmp)
{
	if (high) {
		x_shift(g, VSH_RL, 0, tmp, s, 4);
		s = tmp;
	}
	x_rrc(g, PAND, tmp, s, splat(0, 15));
	load_constv(g, d, table);
	x_rrr(g, PSHUFB, d, d, tmp);
}

static void lower_popcount(struct gen *g, const struct ir_node *n)
{
	static const vec ones = { .b = { 0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4 } };
	int a = use_xmm(g, n->a), d = def_xmm(g);

	if (x64.bitalg) {
		evex_rrr(&g->e, VPOPCNTB, d, 0, a, 0);
		return;
	}
	look_up_nibbles(g, d, a, false, ones, XMM_SCRATCH);
	look_up_nibbles(g, XMM_SCRATCH2, a, true, ones, XMM_SCRATCH);
	x_rrr(g, PADDB, d, d, XMM_SCRATCH2);
}

/* Leading zeros of elements of 16 << e bits from those of their halves, in place. */
static void join_counts(struct gen *g, unsigned e, int d)
{
	static const u32 eq[] = { PCMPEQW, PCMPEQD, PCMPEQQ }, add[] = { PADDW, PADDD, PADDQ };
	unsigned half = 8u << e;

	/* high half's count, and the low half's too where the high half is empty */
	x_shift(g, VSH_RL, e, XMM_SCRATCH, d, half);
	x_rrc(g, PAND, d, d, splat(e + 1, (1ull << half) - 1));
	x_rrc(g, eq[e], XMM_SCRATCH2, XMM_SCRATCH, splat(e + 1, half));
	x_rrr(g, PAND, d, d, XMM_SCRATCH2);
	x_rrr(g, add[e], d, d, XMM_SCRATCH);
}

static void lower_leading_zeros(struct gen *g, const struct ir_node *n)
{
	static const vec high = { .b = { 8, 3, 2, 2, 1, 1, 1, 1 } },
			 low = { .b = { 8, 7, 6, 6, 5, 5, 5, 5, 4, 4, 4, 4, 4, 4, 4, 4 } };
	int a = use_xmm(g, n->a), d = def_xmm(g);

	if (x64.avx512 && n->aux >= 2) {
		evex_rrr(&g->e, VPLZCNTD | (n->aux == 3 ? OPC_W : 0), d, 0, a, 0);
		return;
	}
	look_up_nibbles(g, d, a, false, low, XMM_SCRATCH);
	look_up_nibbles(g, XMM_SCRATCH2, a, true, high, XMM_SCRATCH);
	x_rrr(g, PMINUB, d, d, XMM_SCRATCH2);
	for (unsigned e = 0; e < n->aux; e++)
		join_counts(g, e, d);
}

bool lower_vec_width(struct gen *g, const struct ir_node *n)
{
	switch (n->op) {
	case IR_VWIDENU: case IR_VWIDENS:
		if (n->aux > 2)
			return false;
		lower_widen(g, n);
		return true;
	case IR_VMULLU: case IR_VMULLS:
		if (n->aux > 2)
			return false;
		lower_long_product(g, n);
		return true;
	case IR_VNARROW:
		if (n->aux > 2)
			return false;
		lower_narrow(g, n);
		return true;
	case IR_VSUMU: lower_sum(g, n); return true;
	case IR_VPOPCNT: lower_popcount(g, n); return true;
	case IR_VCLZ: lower_leading_zeros(g, n); return true;
	}
	return false;
}
