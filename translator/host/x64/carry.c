/*
 * Regions: what passes from line to line.
 *
 * Within a line (from a label to the exit that ends it) values are allocated as in a block.  Between lines
 * travels only guest state, and the same at every label: the slots that the region uses most have a register
 * each, all others are in memory.  A way to a label (an edge) writes back and moves what is elsewhere.
 * Values are made in the register that they will be wanted in (value.hint), so most edges cost nothing.
 *
 * Rejected: a state of its own for each label.  It spares moves where pressure is high, but needs a search for
 * a good state; and allocating whole live ranges over the region (linear scan), which a loop of more
 * slots than registers defeats just there where it matters.
 *
 * Which carried slots have their register at a label is found by two passes over the region (flow()): those whose
 * memory may be stale, and those that are read later.  So a region that does little loads and stores little.
 *
 * A vector slot of which only the low part is used is carried as that part.  Then the rest is zero; a check
 * where the region is entered makes that true.  A slot of a double that holds singles in boxes and nothing else is
 * carried as a single, which needs no box and no look until it leaves.
 */
#include "translator/eval.h"
#include "translator/host/x64/gen.h"

static const s8 carried_gpr[] = { RBX, RBP, R12, R13, R14, RSI, RDI, R8, R9, NOREG };
static const s8 carried_xmm[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, NOREG };

static ref param(const struct gen *g, u32 label, u32 k)
{
	return g->param + label * g->ncarried + k;
}

/* --- choosing --- */

/* Uses that pay for loading a slot where the region is entered and storing it where it is left; in a loop they count more. */
enum { MIN_WEIGHT = 4 };

struct use {
	u32 weight;
	bool put;
	u8 put_type;      /* of what is put, T_NONE: several; without widening */
	u8 get_type;      /* the widest that is read */
};

/* Bytes of a value. */
static unsigned width(u8 type)
{
	return ir_width(type) / 8;
}

static gaddr target_of(const struct tr *t, const struct ir_node *n)
{
	ref r = n->op == IR_EXITCC ? n->b : n->op == IR_EXIT && n->aux == EXIT_JUMP && !n->c ? n->a : 0;

	return t->node[r].op == IR_PC ? ir_pc_of(t, r) : 1;
}

/*
 * Which exits are edges, and which labels are heads of loops; how often each label's line runs, roughly.  A label
 * that a branch goes back to counts as a head wherever it is laid out: the loop may be larger than the region, and
 * the exits of which the rest of it consists all go forward.
 */
static void find_edges(struct gen *g, u32 weight[TR_MAX_LABELS])
{
	const struct tr *t = g->t;
	u32 last[TR_MAX_LABELS] = { 0 }, line = 0;
	gaddr pc = t->start;
	bool mode = false;

	g->nedges = 0;
	for (u32 k = 0; k < t->nlabels; k++) {
		g->loop[k] = false;
		weight[k] = 1;
	}
	for (u32 i = 1; i < t->n; i++) {
		const struct ir_node *n = &t->node[i];
		u32 to;

		if (n->op == IR_LABEL) {
			line = n->a;
			mode = false;
		}
		if (n->op == IR_INSN)
			pc = n->b | (u64)n->c << 32;
		/* what follows a change of the floating-point mode may be for another one */
		mode |= n->op == IR_FPCTL;
		g->edge_of[i] = 0;
		if (n->op != IR_EXIT && n->op != IR_EXITCC)
			continue;
		to = ir_label_at(t, target_of(t, n));
		if (!to || mode)
			continue;
		g->edge[g->nedges].label = to - 1;
		g->edge_of[i] = ++g->nedges;
		if (to - 1 <= line || target_of(t, n) <= pc) {
			g->loop[to - 1] = true;
			last[to - 1] = MAX(last[to - 1], line);
		}
	}
	for (u32 k = 0; k < t->nlabels; k++)
		for (u32 j = k; g->loop[k] && j <= last[k]; j++)
			weight[j] = MIN(weight[j] * 8, 4096u);
}

static u8 floats(u8 type)
{
	return type == T_V64 ? T_F64 : type;
}

/* The type of a put value before it was widened to the slot's. */
static u8 narrow_type(const struct tr *t, ref v)
{
	const struct ir_node *n = &t->node[v];

	if (ir_boxed(t, v))
		return T_F32;
	return n->op == IR_F2V || n->op == IR_ZEXTV ? floats(t->node[n->a].type) : n->type;
}

/* A double that is read for anything else than the single in its box. */
static void count_wide(const struct gen *g, const struct ir_node *n, struct use use[TR_MAX_SLOTS])
{
	const struct tr *t = g->t;
	const struct ir_row *row = &ir_rows[n->op];
	u8 kind[3] = { row->a, row->b, row->c };
	u32 field[3] = { n->a, n->b, n->c };

	if (n->op == IR_FUNBOX && !n->aux)
		return;
	for (int k = 0; k < 3; k++) {
		const struct ir_node *v;

		if (kind[k] != K_T && kind[k] != K_S && kind[k] != K_A)
			continue;
		v = &t->node[field[k]];
		if (v->op == IR_GET && g->g->slots[v->a].type == T_F64)
			use[v->a].get_type = T_F64;
	}
}

static void count_uses(const struct gen *g, const u32 weight[TR_MAX_LABELS], struct use use[TR_MAX_SLOTS])
{
	const struct tr *t = g->t;
	u32 w = 1;

	for (u32 i = 1; i < t->n; i++) {
		const struct ir_node *n = &t->node[i];
		struct use *u = n->op == IR_GET || n->op == IR_PUT ? &use[n->a] : NULL;
		u8 type;

		count_wide(g, n, use);
		if (n->op == IR_LABEL)
			w = weight[n->a];
		if (n->op == IR_GET) {
			u->weight += w;
			type = g->g->slots[n->a].type == T_F64 ? T_F32 : floats(n->type);
			if (width(type) > width(u->get_type))
				u->get_type = type;
		} else if (n->op == IR_PUT) {
			u->weight += w;
			type = narrow_type(t, n->b);
			u->put_type = !u->put || u->put_type == type ? type : T_NONE;
			u->put = true;
		} else if (n->op == IR_CALL) {
			/* whatever the helper writes is as wide as the slot */
			for (u32 s = 0; s < g->g->nslots; s++)
				if (g->g->slots[s].cls & helper_of(n)->writes) {
					use[s].put = true;
					use[s].put_type = T_NONE;
				}
		}
	}
}

/* Carried as the single in a box. */
static bool is_unboxed(const struct gen *g, const struct carried *c)
{
	return c->type == T_F32 && g->g->slots[c->slot].type == T_F64;
}

static u8 carried_type(const struct slot *s, const struct use *u)
{
	if (s->type == T_F64)
		return u->get_type != T_F64 && (u->put ? u->put_type == T_F32 : u->get_type == T_F32) ? T_F32 : T_F64;
	if (s->type != T_V128)
		return s->type;
	if (!u->put)
		return u->get_type;
	return u->put_type != T_NONE && width(u->get_type) <= width(u->put_type) ? u->put_type : T_V128;
}

/* The flags are read before they are written where the line of this label begins, as far as is known so far. */
static bool flags_read(const struct gen *g, const struct tr_label *l, const bool live[TR_MAX_LABELS])
{
	for (u32 i = l->node + 1; i < g->t->n; i++) {
		const struct ir_node *n = &g->t->node[i];

		switch (n->op) {
		case IR_GET:
		case IR_PUT:
			if (g->g->slots[n->a].type == T_FLAGS)
				return n->op == IR_GET;
			break;
		case IR_CALL:
			if (helper_of(n)->reads & CLASS_FLAGS || helper_of(n)->flags & H_FAULT)
				return true;
			break;
		case IR_TRAP:
		case IR_TRAPCC:
			return true;
		case IR_EXIT:
		case IR_EXITCC:
			if (g->edge_of[i] ? live[g->edge[g->edge_of[i] - 1].label] : !g->flags_dead[i])
				return true;
			if (n->op == IR_EXIT)
				return false;
			break;
		}
	}
	return true;
}

/* flags_dead of every exit: of edges by looking at all lines until nothing changes. */
static void find_dead_flags(struct gen *g)
{
	const struct tr *t = g->t;
	bool live[TR_MAX_LABELS] = { false }, again = true;

	for (u32 i = 1; i < t->n; i++)
		if (ir_rows[t->node[i].op].effect == E_EXIT && !edge_at(g, i))
			g->flags_dead[i] = flags_dead_after(g, i);
	while (again) {
		again = false;
		for (u32 k = 0; k < t->nlabels; k++)
			if (t->label[k].node && !live[k] && flags_read(g, &t->label[k], live))
				live[k] = again = true;
	}
	for (u32 i = 1; i < t->n; i++)
		if (ir_rows[t->node[i].op].effect == E_EXIT && edge_at(g, i))
			g->flags_dead[i] = !live[edge_at(g, i)->label];
}

/* --- which of them a label needs --- */

static u32 bit_of(const struct gen *g, const struct ir_node *n)
{
	s8 k = g->carried_of[n->a];

	return k < 0 ? 0 : 1u << k;
}

static u32 bits_of_classes(const struct gen *g, unsigned classes)
{
	u32 bits = 0;

	for (u32 k = 0; k < g->ncarried; k++)
		if (g->g->slots[g->carried[k].slot].cls & classes)
			bits |= 1u << k;
	return bits;
}

/* Adds to g->stale of all labels that label k's line leads to; true if that changed any. */
static bool flow_stale(struct gen *g, u32 k)
{
	u32 stale = g->stale[k];
	bool changed = false;

	for (u32 i = g->t->label[k].node + 1; i < g->t->n; i++) {
		const struct ir_node *n = &g->t->node[i];
		const struct edge *e = edge_at(g, i);

		if (n->op == IR_PUT) {
			stale |= bit_of(g, n);
		} else if (n->op == IR_CALL) {
			const struct ir_helper *h = helper_of(n);

			stale &= ~bits_of_classes(g, h->flags & H_FAULT ? CLASS_ALL : h->reads | h->writes);
		} else if (e) {
			changed |= stale & ~g->stale[e->label];
			g->stale[e->label] |= stale;
		}
		if (n->op == IR_EXIT || n->op == IR_TRAP)
			break;
	}
	return changed;
}

/* What label k's line reads before it writes, and what the labels need that it leads to. */
static u32 flow_need(const struct gen *g, u32 k)
{
	u32 need = g->need[k], written = 0;

	for (u32 i = g->t->label[k].node + 1; i < g->t->n; i++) {
		const struct ir_node *n = &g->t->node[i];

		if (n->op == IR_GET)
			need |= bit_of(g, n) & ~written;
		else if (n->op == IR_PUT)
			written |= bit_of(g, n);
		else if (n->op == IR_CALL)
			written |= bits_of_classes(g, helper_of(n)->writes);
		else if (ir_rows[n->op].effect == E_EXIT && g->edge_of[i])
			need |= g->need[g->edge[g->edge_of[i] - 1].label] & ~written;
		if (n->op == IR_EXIT || n->op == IR_TRAP)
			break;
	}
	return need;
}

static void flow(struct gen *g)
{
	const struct tr *t = g->t;
	u32 always = 0;
	bool again;

	for (u32 j = 0; j < g->ncarried; j++)
		always |= g->carried[j].guarded ? 1u << j : 0;
	memset(g->stale, 0, sizeof g->stale);
	do {
		again = false;
		for (u32 k = 0; k < t->nlabels; k++)
			if (t->label[k].node)
				again |= flow_stale(g, k);
	} while (again);
	for (u32 k = 0; k < t->nlabels; k++)
		g->need[k] = g->stale[k] | always;
	do {
		again = false;
		for (u32 k = t->nlabels; k-- > 0;) {
			u32 need = t->label[k].node ? flow_need(g, k) : 0;

			again |= need != g->need[k];
			g->need[k] = need;
		}
	} while (again);
}

void choose_carried(struct gen *g)
{
	const struct tr *t = g->t;
	u32 weight[TR_MAX_LABELS], labels = 0;
	struct use use[TR_MAX_SLOTS] = { { 0 } };
	const s8 *gpr = carried_gpr, *xmm = carried_xmm;

	find_edges(g, weight);
	find_dead_flags(g);
	count_uses(g, weight, use);
	g->ncarried = 0;
	memset(g->carried_of, -1, sizeof g->carried_of);
	for (u32 k = 0; k < t->nlabels; k++)
		labels = t->label[k].node ? k + 1 : labels;
	g->param = t->n;
	while (!(x64_off & OPT_CARRY) && g->ncarried < MAX_CARRIED && t->n + labels * (g->ncarried + 1) < TR_MAX_NODES) {
		struct carried *c = &g->carried[g->ncarried];
		u32 best = 0, most = MIN_WEIGHT - 1;
		bool vector;

		for (u32 s = 0; s < g->g->nslots; s++) {
			u8 type = g->g->slots[s].type;

			vector = type == T_F32 || type == T_F64 || type == T_V64 || type == T_V128;
			if (type == T_FLAGS || use[s].weight <= most || *(vector ? xmm : gpr) == NOREG)
				continue;
			best = s;
			most = use[s].weight;
		}
		if (most < MIN_WEIGHT)
			break;
		c->slot = best;
		c->type = carried_type(&g->g->slots[best], &use[best]);
		c->guarded = use[best].put && g->g->slots[best].type == T_V128 && c->type != T_V128;
		c->guarded |= is_unboxed(g, c);
		vector = c->type != T_I32 && c->type != T_I64;
		c->kind = vector ? V_XMM : V_GPR;
		c->reg = vector ? *xmm++ : *gpr++;
		*(vector ? &g->wanted_xmm : &g->wanted_gpr) |= 1u << c->reg;
		g->carried_of[best] = g->ncarried++;
		use[best].weight = 0;
	}
	flow(g);
	for (u32 k = 0; k < labels; k++)
		for (u32 j = 0; j < g->ncarried; j++) {
			ref p = param(g, k, j);

			g->t->node[p] = (struct ir_node){ IR_GET, g->carried[j].type, 0, g->carried[j].slot, 0, 0 };
			g->alias[p] = 0;
			g->folded[p] = 0;
			blank_value(g, p, g->carried[j].type);
			g->v[p].hint = g->carried[j].reg;
		}
}

/* --- the forward pass --- */

/* Of what is carried as a single in a box, a GET is an alias: nothing but FUNBOX uses it (count_wide). */
static void carry_get(struct gen *g, u32 i, u32 k)
{
	if (is_unboxed(g, &g->carried[k]))
		g->alias[i] = g->cur[k];
	else if (g->cur[k] && width(g->t->node[g->cur[k]].type) >= width(g->t->node[i].type))
		g->alias[i] = g->cur[k];
	else
		g->cur[k] = i;
}

void carry(struct gen *g, u32 i)
{
	const struct ir_node *n = &g->t->node[i];
	struct edge *e;
	s8 k;

	switch (n->op) {
	case IR_LABEL:
		for (u32 j = 0; j < g->ncarried; j++)
			g->cur[j] = g->need[n->a] >> j & 1 ? param(g, n->a, j) : 0;
		break;
	case IR_GET:
		k = g->carried_of[n->a];
		if (k >= 0)
			carry_get(g, i, k);
		break;
	case IR_PUT:
		k = g->carried_of[n->a];
		if (k < 0)
			break;
		g->cur[k] = put_value(g, i);
		if (g->v[g->cur[k]].hint == NOREG)
			g->v[g->cur[k]].hint = g->carried[k].reg;
		break;
	case IR_CALL:
		for (u32 j = 0; j < g->ncarried; j++)
			if (g->g->slots[g->carried[j].slot].cls & helper_of(n)->writes)
				g->cur[j] = 0;
		break;
	case IR_EXIT:
	case IR_EXITCC:
		e = edge_at(g, i);
		for (u32 j = 0; e && j < g->ncarried; j++)
			e->arg[j] = g->need[e->label] >> j & 1 ? g->cur[j] : 0;
		break;
	}
}

/* --- labels --- */

/* To where the label's line begins; forward ones are fixed at the end. */
static void jump_to_label(struct gen *g, int cc, u32 label)
{
	u8 *at = g->label_code[label];
	u64 to = (u64)at + g->e.delta;

	if (at && cc < 0) {
		jmp_to(&g->e, to);
	} else if (at) {
		jcc_to(&g->e, cc, to);
	} else {
		if (cc < 0)
			jmp_to(&g->e, 0);
		else
			jcc_to(&g->e, cc, 0);
		if (g->nfixes == ARRAY_LEN(g->fix)) {
			g->overflow = true;
			return;
		}
		g->fix[g->nfixes].from = g->e.w;
		g->fix[g->nfixes++].label = label;
	}
}

static void load_slot(struct gen *g, const struct carried *c)
{
	if (c->kind == V_XMM)
		load_xmm(g, c->type, c->reg, slot_mem(g, c->slot));
	else
		load_r(&g->e, c->type == T_I64, c->reg, slot_mem(g, c->slot));
}

/* Loads what the label needs, or jumps away where a slot is not as it is carried.  Returns the number of jumps. */
static unsigned load_carried(struct gen *g, u32 label, u8 *away[2 * MAX_CARRIED])
{
	unsigned n = 0;

	for (u32 k = 0; k < g->ncarried; k++) {
		const struct carried *c = &g->carried[k];
		struct mem m = slot_mem(g, c->slot);

		if (!c->guarded)
			continue;
		if (is_unboxed(g, c)) {
			m.disp += 4;
			op_rm(&g->e, OPC(0, 0, 0x83), 0, ALU_CMP, m);
			e8(&g->e, 0xff);
			away[n++] = jcc_long(&g->e, X_NE);
			continue;
		}
		for (unsigned off = width(c->type); off < 16; off += off) {
			m.disp = slot_mem(g, c->slot).disp + (s32)off;
			op_rm(&g->e, OPC(0, 0, 0x83), off == 8, ALU_CMP, m);
			e8(&g->e, 0);
			away[n++] = jcc_long(&g->e, X_NE);
		}
	}
	for (u32 k = 0; k < g->ncarried; k++)
		if (g->need[label] >> k & 1)
			load_slot(g, &g->carried[k]);
	return n;
}

void enter_region(struct gen *g)
{
	u8 *away[2 * MAX_CARRIED];
	unsigned n = load_carried(g, 0, away);

	for (unsigned k = 0; k < n; k++) {
		s32 d = g->out->fallback - ((u64)away[k] + g->e.delta);

		memcpy(away[k] - 4, &d, 4);
		relocate(g, HR_FALLBACK, g->e.w - (away[k] - 4));
	}
}

void lower_label(struct gen *g, const struct ir_node *n)
{
	memset(g->gpr, 0, sizeof g->gpr);
	memset(g->xmm, 0, sizeof g->xmm);
	memset(g->slot_dirty, 0, sizeof g->slot_dirty);
	memset(g->slot_val, 0, sizeof g->slot_val);
	memset(g->home_owner, 0, sizeof g->home_owner);
	memset(g->dirty_mask, 0, sizeof g->dirty_mask);
	g->spill_used = 0;
	g->flags = 0;
	g->new_mode = false;
	if (g->loop[n->a])
		while (code_pc(&g->e) & 15)
			nops(&g->e, MIN(8u, 16 - (unsigned)(code_pc(&g->e) & 15)));
	g->label_code[n->a] = g->e.w;
	for (u32 k = 0; k < g->ncarried; k++) {
		const struct carried *c = &g->carried[k];
		ref p = param(g, n->a, k);

		if (!(g->need[n->a] >> k & 1))
			continue;
		if (c->kind == V_XMM)
			bind_xmm(g, p, c->reg);
		else
			bind_gpr(g, p, c->reg);
		g->slot_val[c->slot] = p;
		if (g->stale[n->a] >> k & 1) {
			g->slot_dirty[c->slot] = true;
			g->dirty_mask[c->slot / 64] |= 1ull << c->slot % 64;
			g->v[p].dirty = 1;
		} else {
			g->v[p].home = c->slot;
			g->home_owner[c->slot] = p;
		}
	}
	if (g->loop[n->a]) {
		struct stub *s = new_stub(g, STUB_POLL);

		for (u32 k = 0; k < g->ncarried; k++)
			if (g->stale[n->a] >> k & 1) {
				note_place(g, s, g->carried[k].slot, param(g, n->a, k));
				s->ndirty++;
			}
		emit_poll_cmp(g);
		s->from[0] = jcc_long(&g->e, X_NE);
		s->target = g->t->label[n->a].pc;
	}
	g->pin_gpr = g->pin_xmm = 0;
}

/* --- edges --- */

/* What is to be written back and moved on the way to the label, as things are now. */
static struct stub edge_state(struct gen *g, const struct edge *e)
{
	struct stub s = { .kind = STUB_EDGE, .label = e->label, .first = g->nstub_slots, .flags = g->flags,
			  .flags_form = g->flags_form };

	for (unsigned w = 0; w < ARRAY_LEN(g->dirty_mask); w++)
		for (u64 m = g->dirty_mask[w]; m; m &= m - 1) {
			unsigned slot = w * 64 + __builtin_ctzll(m);

			s8 k = g->carried_of[slot];

			if ((k >= 0 && g->stale[e->label] >> k & 1) || (g->flags_dead[g->i] && g->g->slots[slot].type == T_FLAGS))
				continue;
			save_owner(g, slot);
			note_place(g, &s, slot, g->slot_val[slot]);
			s.ndirty++;
		}
	for (u32 k = 0; k < g->ncarried; k++)
		note_place(g, &s, g->carried[k].slot, e->arg[k]);
	return s;
}

static bool is_narrow(const struct gen *g, const struct carried *c, ref v)
{
	return v && c->kind == V_XMM && width(g->t->node[v].type) < width(c->type);
}

static bool nothing_to_do(const struct gen *g, const struct stub *s)
{
	const struct stub_slot *p = &g->stub_slot[s->first];

	if (s->ndirty)
		return false;
	for (u32 k = 0; k < g->ncarried; k++)
		if (g->need[s->label] >> k & 1 && (p[k].reg != g->carried[k].reg || is_narrow(g, &g->carried[k], p[k].val)))
			return false;
	return true;
}

/* The register's content as all of its slot: zero above what the value has, or the box around it. */
static void widen(struct gen *g, const struct carried *c, ref v)
{
	if (g->g->slots[c->slot].type == T_F64)
		x_box(g, c->reg, c->reg, false);
	else if (width(g->t->node[v].type) == 8) {
		if (x64.avx)
			vex_rrr(&g->e, OPC(2, 1, 0x7e), c->reg, 0, c->reg);        /* movq */
		else
			op_rr(&g->e, OPC(2, 1, 0x7e), 0, c->reg, c->reg);
	} else {
		if (x64.avx)
			vex_rrr(&g->e, OPC(1, 3, 0x21), c->reg, c->reg, c->reg);   /* insertps, clearing lanes 1 to 3 */
		else
			op_rr(&g->e, OPC(1, 3, 0x21), 0, c->reg, c->reg);
		e8(&g->e, 0x0e);
	}
}

static void shuffle(struct gen *g, const struct stub *s)
{
	const struct stub_slot *p = &g->stub_slot[s->first + s->ndirty];
	struct move gpr[MAX_CARRIED], xmm[MAX_CARRIED];
	unsigned ngpr = 0, nxmm = 0;

	for (u32 k = 0; k < g->ncarried; k++) {
		const struct carried *c = &g->carried[k];
		struct move m = { c->reg, p[k].reg, p[k].val, false, 0 };

		if (!p[k].val)
			continue;
		if (c->kind == V_XMM)
			xmm[nxmm++] = m;
		else
			gpr[ngpr++] = m;
	}
	move_all(g, false, gpr, ngpr);
	move_all(g, true, xmm, nxmm);
	for (u32 k = 0; k < g->ncarried; k++) {
		const struct carried *c = &g->carried[k];

		if (!p[k].val && g->need[s->label] >> k & 1)
			load_slot(g, c);
		else if (is_narrow(g, c, p[k].val))
			widen(g, c, p[k].val);
	}
}

/* The allocator's view as it was at the edge, and the way. */
void edge_stub(struct gen *g, const struct stub *s)
{
	const struct stub_slot *p = &g->stub_slot[s->first + s->ndirty];

	for (u32 k = 0; k < g->ncarried; k++)
		if (p[k].val) {
			g->v[p[k].val].reg = p[k].reg;
			g->v[p[k].val].spill = p[k].spill;
			g->v[p[k].val].home = p[k].home;
		}
	stub_write_back(g, s);
	shuffle(g, s);
	jump_to_label(g, -1, s->label);
}

static void way(struct gen *g, const struct stub *s)
{
	ref flags = g->flags;
	enum flags_form form = g->flags_form;

	stub_write_back(g, s);
	shuffle(g, s);
	g->flags = flags;
	g->flags_form = form;
}

void take_edge(struct gen *g, const struct edge *e)
{
	struct stub s = edge_state(g, e);
	const struct ir_node *next = &g->t->node[g->i + 1];

	way(g, &s);
	g->nstub_slots = s.first;
	if (!(next->op == IR_LABEL && next->a == e->label && g->i + 1 < g->t->n && !g->loop[e->label]))
		jump_to_label(g, -1, e->label);
}

void take_edge_if(struct gen *g, const struct edge *e, struct cond c)
{
	struct stub s = edge_state(g, e), *out;
	u8 *skip[2] = { NULL, NULL };

	if (nothing_to_do(g, &s)) {
		g->nstub_slots = s.first;
		if (c.all)
			skip[0] = jcc_long(&g->e, c.c1 ^ 1);
		else
			jump_to_label(g, c.c1, e->label);
		if (c.c2 >= 0)
			jump_to_label(g, c.c2, e->label);
		if (c.all)
			rel32_here(&g->e, skip[0]);
	} else if (g->label_code[e->label]) {
		/* backward and likely: in line */
		struct cond not = cond_not(c);
		u8 *yes;

		if (not.c2 >= 0 && not.all) {
			yes = jcc_short(&g->e, not.c1 ^ 1);
			skip[0] = jcc_long(&g->e, not.c2);
			short_here(&g->e, yes);
		} else {
			skip[0] = jcc_long(&g->e, not.c1);
			if (not.c2 >= 0)
				skip[1] = jcc_long(&g->e, not.c2);
		}
		way(g, &s);
		g->nstub_slots = s.first;
		jump_to_label(g, -1, e->label);
		for (int k = 0; k < 2; k++)
			if (skip[k])
				rel32_here(&g->e, skip[k]);
	} else {
		out = new_stub(g, STUB_EDGE);
		*out = s;
		if (c.all) {
			skip[0] = jcc_short(&g->e, c.c1 ^ 1);
			out->from[0] = jcc_long(&g->e, c.c2);
			short_here(&g->e, skip[0]);
		} else {
			out->from[0] = jcc_long(&g->e, c.c1);
			if (c.c2 >= 0)
				out->from[1] = jcc_long(&g->e, c.c2);
		}
	}
}

/* --- the end --- */

/* Calls return here, with everything in memory. */
static void landing_pad(struct gen *g, u32 label)
{
	u8 *away[2 * MAX_CARRIED];
	u32 at = g->e.w - g->start;
	unsigned n;

	for (u32 k = 0; k < g->out->nexits; k++)
		if (g->out->exit[k].kind == XK_LANDING && g->out->exit[k].target == g->t->label[label].pc)
			g->out->exit[k].reentry = at;
	n = load_carried(g, label, away);
	jump_to_label(g, -1, label);
	for (unsigned k = 0; k < n; k++)
		rel32_here(&g->e, away[k]);
	if (n)
		link_jmp(g, g->t->label[label].pc, XK_JUMP);
}

void finish_labels(struct gen *g)
{
	for (u32 k = 0; k < g->t->nlabels; k++)
		if (g->t->label[k].landing && g->label_code[k] && gen_room(g, 1024))
			landing_pad(g, k);
	for (u32 k = 0; k < g->nfixes; k++) {
		s32 d = g->label_code[g->fix[k].label] - g->fix[k].from;

		memcpy(g->fix[k].from - 4, &d, 4);
	}
}
