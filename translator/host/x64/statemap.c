/* Writing state maps.  fault.c reads them. */
#include "translator/host/x64/statemap.h"
#include "translator/host/x64/gen.h"

static void put8(struct gen *g, u8 v)
{
	if (g->out->map_len == HOST_MAX_MAP) {
		g->overflow = true;
		return;
	}
	g->out->map[g->out->map_len++] = v;
}

static void put_varint(struct gen *g, u64 v)
{
	for (; v >= 128; v >>= 7)
		put8(g, v | 128);
	put8(g, v);
}

static void put_signed(struct gen *g, s64 v)
{
	put_varint(g, (u64)v << 1 ^ (u64)(v >> 63));
}

static u8 location_of(struct gen *g, ref v)
{
	const struct value *x = &g->v[v];
	enum ir_type type = g->t->node[v].type;
	int narrow = type == T_F32 ? 2 : type == T_F64 || type == T_V64 ? 1 : 0;

	if (x->kind == V_XMM) {
		if (x->reg != NOREG)
			return (narrow == 2 ? LOC_XMM_F32 : narrow ? LOC_XMM_F64 : LOC_XMM) + x->reg;
		if (x->spill >= 0)
			return narrow == 2 ? LOC_SPILL_F32 : narrow ? LOC_SPILL_F64 : LOC_SPILL;
		return LOC_CONSTV;
	}
	if (x->reg != NOREG)
		return LOC_GPR + x->reg;
	if (x->spill >= 0)
		return LOC_SPILL;
	if (x->kind == V_FLAGS)
		return g->flags_form == FORM_DIRECT ? LOC_EFLAGS :
		       g->flags_form == FORM_INV    ? LOC_EFLAGS_INV :
						      LOC_EFLAGS_FP;
	return g->t->node[v].op == IR_PC ? LOC_PC : LOC_CONST;
}

static void put_location(struct gen *g, unsigned slot, u8 loc, ref v)
{
	const struct ir_node *n = &g->t->node[v];
	u64 c = n->b | (u64)n->c << 32;

	put8(g, slot);
	put8(g, loc);
	switch (loc) {
	case LOC_SPILL: case LOC_SPILL_F64: case LOC_SPILL_F32:
		put8(g, g->v[v].spill);
		break;
	case LOC_CONST:
		for (int k = 0; k < 8; k++)
			put8(g, c >> 8 * k);
		break;
	case LOC_CONSTV:
		for (int k = 0; k < 16; k++)
			put8(g, g->t->pool[n->a].b[k]);
		break;
	case LOC_PC:
		put_signed(g, c - g->t->start);
		break;
	}
}

void map_point(struct gen *g)
{
	u32 code = g->e.w - g->start;
	u32 count_at;
	u8 count = 0;

	put_varint(g, code - g->map_code);
	put_signed(g, (s64)(g->insn_pc - g->t->start) - (s64)(s32)g->map_pc);
	g->map_code = code;
	g->map_pc = g->insn_pc - g->t->start;
	count_at = g->out->map_len;
	put8(g, 0);
	for (unsigned w = 0; w < ARRAY_LEN(g->dirty_mask); w++)
		for (u64 m = g->dirty_mask[w] | g->mapped_mask[w]; m; m &= m - 1) {
			unsigned slot = w * 64 + __builtin_ctzll(m);
			bool dirty = g->slot_dirty[slot];
			ref v = dirty ? g->slot_val[slot] : 0;
			u8 loc = dirty ? location_of(g, v) : LOC_HOME;

			if (loc == g->map_loc[slot] && (loc < LOC_SPILL || v == g->map_val[slot]))
				continue;
			put_location(g, slot, loc, v);
			count++;
			g->map_loc[slot] = loc;
			g->map_val[slot] = v;
			if (loc == LOC_HOME)
				g->mapped_mask[w] &= ~(1ull << slot % 64);
			else
				g->mapped_mask[w] |= 1ull << slot % 64;
		}
	if (count_at < HOST_MAX_MAP)
		g->out->map[count_at] = count;
}
