/*
 * Permutations of bytes, known and not.
 *
 * A known one is compared with what the host does in one instruction from registers, and is
 * otherwise a byte shuffle whose selectors are a constant in memory: two shuffles and an OR for two
 * sources.
 */
#include "translator/host/x64/vec.h"

enum { ZERO = 0x80 };

static void byte_mask(struct gen *g, int d, int s, vec sel)
{
	x_rrc(g, PSHUFB, d, s, sel);
}

/* True if sel[] is made of aligned runs of `size` bytes; out[k]: which run of a (0..) or b (16 /
 * size ..). */
static bool runs(const u8 *sel, unsigned size, u8 *out)
{
	for (unsigned k = 0; k < 16 / size; k++) {
		const u8 *p = sel + k * size;

		for (unsigned j = 0; j < size; j++)
			if (p[j] >= 32 || p[j] != p[0] + j || p[0] % size)
				return false;
		out[k] = p[0] / size;
	}
	return true;
}

/* Punpckl and punpckh of any size, sources in either order. */
static bool try_unpack(struct gen *g, const u8 *sel, int d, int a, int b)
{
	static const u32 opc[2][4] = {
		{ PUNPCKLBW, PUNPCKLWD, PUNPCKLDQ, PUNPCKLQDQ },
		{ PUNPCKHBW, PUNPCKHWD, PUNPCKHDQ, PUNPCKHQDQ },
	};

	for (unsigned e = 0; e < 4; e++)
		for (unsigned form = 0; form < 4; form++) {
			unsigned high = form & 1, swap = form >> 1, size = 1u << e, k;

			for (k = 0; k < 16; k++) {
				unsigned run = k / size, from = (run & 1) ^ swap;

				if (sel[k] != from * 16 + high * 8 + run / 2 * size + k % size)
					break;
			}
			if (k == 16) {
				x_rrr(g, opc[high][e], d, swap ? b : a, swap ? a : b);
				return true;
			}
		}
	return false;
}

/* Bytes n.. of one source after the other. */
static bool try_align(struct gen *g, const u8 *sel, int d, int a, int b)
{
	for (unsigned k = 1; k < 16; k++)
		if (sel[k] != ((sel[0] + k) & 31))
			return false;
	if (sel[0] < 16)
		x_rrri(g, PALIGNR, d, b, a, sel[0]);
	else
		x_rrri(g, PALIGNR, d, a, b, sel[0] - 16);
	return true;
}

/* Words in their places, from either source. */
static bool try_blend(struct gen *g, const u8 *sel, int d, int a, int b)
{
	unsigned imm = 0;

	for (unsigned k = 0; k < 16; k++)
		if ((sel[k] & 15) != k || sel[k] >= 32 || sel[k] >> 4 != sel[k & ~1u] >> 4)
			return false;
	for (unsigned k = 0; k < 8; k++)
		imm |= (unsigned)(sel[2 * k] >> 4) << k;
	x_rrri(g, PBLENDW, d, a, b, imm);
	return true;
}

/* Two doublewords from one source, then two from the other. */
static bool try_shufps(struct gen *g, const u8 *sel, int d, int a, int b)
{
	u8 w[4];

	if (!runs(sel, 4, w) || (w[0] ^ w[1]) & 4 || (w[2] ^ w[3]) & 4)
		return false;
	x_rrri(g, SHUFPS, d, w[0] & 4 ? b : a, w[2] & 4 ? b : a,
	       (w[0] & 3) | (w[1] & 3) << 2 | (w[2] & 3) << 4 | (w[3] & 3) << 6);
	return true;
}

static void two_sources(struct gen *g, vec sel, bool zeros, int d, int a, int b)
{
	vec from_a = sel, from_b = sel;

	if (x64.vbmi && !zeros) {
		load_constv(g, d, sel);
		evex_rrr(&g->e, VPERMI2B, d, a, b, 0);
		return;
	}
	for (unsigned k = 0; k < 16; k++) {
		from_a.b[k] = sel.b[k] < 16 ? sel.b[k] : ZERO;
		from_b.b[k] = sel.b[k] >= 16 && sel.b[k] < 32 ? sel.b[k] - 16 : ZERO;
	}
	byte_mask(g, XMM_SCRATCH, a, from_a);
	byte_mask(g, d, b, from_b);
	x_rrr(g, POR, d, d, XMM_SCRATCH);
}

static void one_source(struct gen *g, vec sel, int d, int s)
{
	static const vec low_half = { .b = { 0, 1, 2, 3, 4, 5, 6, 7, ZERO, ZERO, ZERO, ZERO, ZERO,
					     ZERO, ZERO, ZERO } };
	u8 w[4];

	if (!memcmp(&sel, &low_half, sizeof sel)) {
		x_rr(g, MOVQ, d, s);
	} else if (runs(sel.b, 4, w)) {
		if (w[0] == 0 && w[1] == 1 && w[2] == 2 && w[3] == 3)
			move_xmm(g, d, s);
		else
			x_rri(g, PSHUFD, d, s, w[0] | w[1] << 2 | w[2] << 4 | w[3] << 6);
	} else {
		byte_mask(g, d, s, sel);
	}
}

static void lower_shuffle(struct gen *g, const struct ir_node *n)
{
	vec sel = g->t->pool[n->c];
	bool from_a = false, from_b = false, zeros = false, same = real(g, n->a) == real(g, n->b);
	int a, b, d;

	for (unsigned k = 0; k < 16; k++) {
		if (sel.b[k] >= 32)
			sel.b[k] = ZERO;
		else if (same)
			sel.b[k] &= 15;
		zeros |= sel.b[k] == ZERO;
		from_a |= sel.b[k] < 16;
		from_b |= sel.b[k] >= 16 && sel.b[k] < 32;
	}
	if (!from_a || !from_b) {
		a = from_a || from_b ? use_xmm(g, from_a ? n->a : n->b) : 0;
		d = def_xmm(g);
		if (!from_a && !from_b) {
			x_zero(g, d);
			return;
		}
		for (unsigned k = 0; k < 16; k++)
			if (sel.b[k] != ZERO)
				sel.b[k] &= 15;
		one_source(g, sel, d, a);
		return;
	}
	use_xmm2(g, n, &a, &b, &d);
	if (try_unpack(g, sel.b, d, a, b) || try_align(g, sel.b, d, a, b) ||
	    try_blend(g, sel.b, d, a, b) || try_shufps(g, sel.b, d, a, b))
		return;
	two_sources(g, sel, zeros, d, a, b);
}

static void lower_reverse(struct gen *g, const struct ir_node *n)
{
	unsigned e = n->aux, group = (1u << n->b >> e) - 1;
	int a = use_xmm(g, n->a), d = def_xmm(g);
	vec sel;

	for (unsigned k = 0; k < 16; k++)
		sel.b[k] = ((k >> e ^ group) << e) + (k & ((1u << e) - 1));
	one_source(g, sel, d, a);
}

bool lower_vec_shuffle(struct gen *g, const struct ir_node *n)
{
	int a, b, d;

	switch (n->op) {
	case IR_VREV:
		lower_reverse(g, n);
		return true;
	case IR_VSHUF:
		lower_shuffle(g, n);
		return true;
	case IR_VTBL:
		use_xmm2(g, n, &a, &b, &d);
		/* 16 and above get bit 7, which selects zero; below, bits 6..4 do not count */
		x_rrc(g, PADDUSB, XMM_SCRATCH, b, splat(0, 0x70));
		x_rrr(g, PSHUFB, d, a, XMM_SCRATCH);
		return true;
	case IR_VEXT:
		use_xmm2(g, n, &a, &b, &d);
		if (n->c == 0)
			move_xmm(g, d, a);
		else
			x_rrri(g, PALIGNR, d, b, a, n->c);
		return true;
	}
	return false;
}
