/*
 * Register allocation: where each value is, and how it gets there.  See gen.h for the scheme.
 *
 * Evicting never touches rax and rcx (a lowering may hold something there), only xmm14 and xmm15.
 *
 * Invariant: the value of a dirty slot is in a register, in EFLAGS, in spill space or a constant, never
 * only in another slot's memory.  So the slots can be written back in any order.
 */
#include "translator/eval.h"
#include "translator/host/x64/gen.h"

enum { MOVAPS_LOAD = OPC(0, 1, 0x28), MOVAPS_STORE = OPC(0, 1, 0x29), MOVQ_LOAD = OPC(2, 1, 0x7e),
       MOVQ_STORE = OPC(1, 1, 0xd6), MOVSS_LOAD = OPC(2, 1, 0x10), MOVSS_STORE = OPC(2, 1, 0x11) };

struct mem slot_mem(const struct gen *g, unsigned slot)
{
	return mem_bd(R15, (s32)g->g->slots[slot].off - VCPU_BIAS);
}

struct mem vcpu_mem(size_t offset)
{
	return mem_bd(R15, (s32)offset - (s32)offsetof(struct vcpu, state) - VCPU_BIAS);
}

struct mem spill_mem(unsigned n)
{
	return vcpu_mem(offsetof(struct vcpu, spill) + n * sizeof(vec));
}

void bind_gpr(struct gen *g, ref v, int r)
{
	g->gpr[r] = v;
	g->v[v].reg = r;
	g->pin_gpr |= 1u << r;
}

void bind_xmm(struct gen *g, ref v, int r)
{
	g->xmm[r] = v;
	g->v[v].reg = r;
	g->pin_xmm |= 1u << r;
}

void unbind(struct gen *g, ref v)
{
	struct value *x = &g->v[v];

	if (x->reg == NOREG)
		return;
	if (x->kind == V_XMM)
		g->xmm[x->reg] = 0;
	else
		g->gpr[x->reg] = 0;
	x->reg = NOREG;
}

bool const_of(const struct gen *g, ref v, u64 *c)
{
	return ir_is_const(g->t, real(g, v), c);
}

static bool rematerialises(const struct gen *g, ref v)
{
	u16 op = g->t->node[v].op;

	return op == IR_CONST || op == IR_PC || op == IR_CONSTV;
}

static u64 imm64(const struct ir_node *n)
{
	return n->b | (u64)n->c << 32;
}

void load_const(struct gen *g, int r, u64 c)
{
	mov_ri(&g->e, r, c);
}

void load_pc(struct gen *g, int r, gaddr a)
{
	if (a > 0xffffffff && rel32_fits(&g->e, a)) {
		lea_rip(&g->e, r, a);
		g->out->nrelocs = HOST_MAX_RELOCS + 1;   /* of an address that near, no other place has the same code */
		return;
	}
	mov_ri(&g->e, r, a);
	relocate(g, a > 0xffffffff ? HR_PC64 : HR_PC32, a > 0xffffffff ? 8 : 4);
}

void move_xmm(struct gen *g, int d, int s)
{
	if (d == s)
		return;
	if (x64.avx) {
		vex_rrr(&g->e, MOVAPS_LOAD, d, 0, s);
	} else {
		op_rr(&g->e, MOVAPS_LOAD, 0, d, s);
	}
}

static void xmm_mem(struct gen *g, u32 opc, int r, struct mem m)
{
	if (x64.avx)
		vex_rrm(&g->e, opc, r, 0, m);
	else
		op_rm(&g->e, opc, 0, r, m);
}

void load_xmm(struct gen *g, enum ir_type type, int r, struct mem m)
{
	xmm_mem(g, type == T_V128 ? MOVAPS_LOAD : type == T_F32 ? MOVSS_LOAD : MOVQ_LOAD, r, m);
}

void store_xmm(struct gen *g, int r, struct mem m)
{
	xmm_mem(g, MOVAPS_STORE, r, m);
}

struct mem const_mem(struct gen *g, vec v, unsigned tail)
{
	unsigned k;

	for (k = 0; k < g->nconsts; k++)
		if (!memcmp(&g->consts[k], &v, sizeof v))
			break;
	if (k == g->nconsts) {
		if (k == MAX_CONSTS) {
			g->overflow = true;
			k = 0;
		} else {
			g->consts[g->nconsts++] = v;
		}
	}
	return (struct mem){ RIPREL, NOREG, tail, false, k, false };
}

void place_consts(struct gen *g)
{
	u8 *table;

	if (!gen_room(g, 16 * (g->nconsts + 1)))
		return;
	if (g->refs.n > MAX_CONST_REFS) {
		g->overflow = true;
		return;
	}
	if (!g->nconsts)
		return;
	while (code_pc(&g->e) & 15)
		e8(&g->e, 0xcc);
	table = g->e.w;
	memcpy(table, g->consts, 16 * g->nconsts);
	g->e.w += 16 * g->nconsts;
	for (u32 k = 0; k < g->refs.n; k++) {
		u8 *at = g->refs.ref[k].at;
		s32 d = table + 16 * g->refs.ref[k].constant - (at + 4 + g->refs.ref[k].tail);

		memcpy(at, &d, 4);
	}
}

void load_constv(struct gen *g, int r, vec v)
{
	u32 opc = v.d[0] == 0 && v.d[1] == 0 ? OPC(0, 1, 0x57) : OPC(1, 1, 0x76);   /* xorps, pcmpeqd */

	if (v.d[0] != v.d[1] || (v.d[0] + 1 > 1))
		xmm_mem(g, MOVAPS_LOAD, r, const_mem(g, v, 0));
	else if (x64.avx)
		vex_rrr(&g->e, opc, r, r, r);
	else
		op_rr(&g->e, opc, 0, r, r);
}

static void load_value(struct gen *g, ref v, int r)
{
	const struct ir_node *n = &g->t->node[v];
	struct value *x = &g->v[v];

	if (x->kind == V_XMM) {
		if (n->op == IR_CONSTV)
			load_constv(g, r, g->t->pool[n->a]);
		else if (x->spill >= 0)
			xmm_mem(g, MOVAPS_LOAD, r, spill_mem(x->spill));
		else if (x->home >= 0)
			load_xmm(g, n->type, r, slot_mem(g, x->home));
		else
			die("value %%%u (%s) is nowhere", v, ir_rows[n->op].name);
	} else if (n->op == IR_CONST) {
		load_const(g, r, n->type == T_I32 ? (u32)imm64(n) : imm64(n));
	} else if (n->op == IR_PC) {
		load_pc(g, r, imm64(n));
	} else if (x->spill >= 0) {
		load_r(&g->e, n->type == T_I64, r, spill_mem(x->spill));
	} else if (x->home >= 0) {
		load_r(&g->e, n->type == T_I64 && g->g->slots[x->home].type == T_I64, r, slot_mem(g, x->home));
	} else {
		die("value %%%u (%s) is nowhere", v, ir_rows[n->op].name);
	}
}

static unsigned new_spill(struct gen *g)
{
	for (unsigned n = 0; n < VCPU_SPILLS; n++)
		if (!(g->spill_used >> n & 1)) {
			g->spill_used |= 1ull << n;
			return n;
		}
	g->overflow = true;
	return 0;
}

static void to_spill(struct gen *g, ref v)
{
	struct value *x = &g->v[v];

	x->spill = new_spill(g);
	if (x->kind == V_XMM)
		xmm_mem(g, MOVAPS_STORE, x->reg, spill_mem(x->spill));
	else
		store_r(&g->e, 1, x->reg, spill_mem(x->spill));
}

/* Slot memory is about to be overwritten: a value that has no other place moves to spill space. */
void save_owner(struct gen *g, unsigned slot)
{
	ref w = g->home_owner[slot];
	struct value *x = &g->v[w];

	if (!w)
		return;
	g->home_owner[slot] = 0;
	x->home = -1;
	if (x->reg != NOREG || x->spill >= 0 || (x->next == NEVER && !x->dirty) || rematerialises(g, w))
		return;
	/* Through a vector scratch register: lowerings may hold something in rax and rcx. */
	x->spill = new_spill(g);
	xmm_mem(g, g->g->slots[slot].type == T_V128 ? MOVAPS_LOAD : MOVQ_LOAD, XMM_SCRATCH, slot_mem(g, slot));
	xmm_mem(g, MOVAPS_STORE, XMM_SCRATCH, spill_mem(x->spill));
}

static void set_home(struct gen *g, unsigned slot, ref v)
{
	if (g->v[v].home >= 0 && g->home_owner[g->v[v].home] == v)
		g->home_owner[g->v[v].home] = 0;
	g->v[v].home = slot;
	g->home_owner[slot] = v;
}

static void clean(struct gen *g, unsigned slot)
{
	g->slot_dirty[slot] = false;
	g->dirty_mask[slot / 64] &= ~(1ull << slot % 64);
}

void store_value(struct gen *g, unsigned slot, ref v)
{
	const struct slot *s = &g->g->slots[slot];
	struct value *x = &g->v[v];
	struct mem m = slot_mem(g, slot);
	enum ir_type type = g->t->node[v].type;

	if (x->kind == V_FLAGS) {
		if (x->reg != NOREG) {
			store_r(&g->e, 0, x->reg, m);
		} else if (g->flags == v) {
			pack_flags(g, RAX);
			store_r(&g->e, 0, RAX, m);
		} else {
			load_r(&g->e, 0, RAX, spill_mem(x->spill));
			store_r(&g->e, 0, RAX, m);
		}
	} else if (x->kind == V_GPR) {
		u64 c;
		int w = s->type == T_I64;

		if (x->reg != NOREG) {
			store_r(&g->e, w, x->reg, m);
		} else if (const_of(g, v, &c) && (!w || (s64)c == (s32)c)) {
			op_rm(&g->e, OPC(0, 0, 0xc7), w, 0, m);
			e32(&g->e, c);
		} else {
			load_value(g, v, RAX);
			store_r(&g->e, w, RAX, m);
		}
	} else {
		int r = x->reg;

		if (r == NOREG) {
			r = XMM_SCRATCH;
			load_value(g, v, r);
		}
		if (s->type == T_F64 && type == T_F32) {
			/* the box around it */
			xmm_mem(g, MOVSS_STORE, r, m);
			m.disp += 4;
			op_rm(&g->e, OPC(0, 0, 0xc7), 0, 0, m);
			e32(&g->e, ~0u);
			return;
		}
		if (s->type == T_V128 && type != T_V128) {
			/* zero-extend to the whole slot */
			if (type == T_F32) {
				if (x64.avx) {
					vex_rrr(&g->e, OPC(0, 1, 0x57), XMM_SCRATCH2, XMM_SCRATCH2, XMM_SCRATCH2);
					vex_rrr(&g->e, OPC(2, 1, 0x10), XMM_SCRATCH2, XMM_SCRATCH2, r);
				} else {
					op_rr(&g->e, OPC(0, 1, 0x57), 0, XMM_SCRATCH2, XMM_SCRATCH2);
					op_rr(&g->e, OPC(2, 1, 0x10), 0, XMM_SCRATCH2, r);
				}
			} else if (x64.avx) {
				vex_rrr(&g->e, MOVQ_LOAD, XMM_SCRATCH2, 0, r);
			} else {
				op_rr(&g->e, MOVQ_LOAD, 0, XMM_SCRATCH2, r);
			}
			r = XMM_SCRATCH2;
		}
		xmm_mem(g, s->type == T_V128 ? MOVAPS_STORE : s->type == T_F32 ? MOVSS_STORE : MOVQ_STORE, r, m);
	}
}

/* False where the slot takes only the low part of a value, which it was given through an alias. */
static bool holds_whole(const struct gen *g, unsigned slot, ref v)
{
	return ir_width(g->g->slots[slot].type) >= ir_width(g->t->node[v].type);
}

static void flush_slot(struct gen *g, unsigned slot)
{
	ref v = g->slot_val[slot];

	if (!g->slot_dirty[slot])
		return;
	save_owner(g, slot);
	store_value(g, slot, v);
	clean(g, slot);
	g->v[v].dirty--;
	if (holds_whole(g, slot, v))
		set_home(g, slot, v);
}

void flush_value(struct gen *g, ref v)
{
	for (unsigned w = 0; w < ARRAY_LEN(g->dirty_mask) && g->v[v].dirty; w++)
		for (u64 m = g->dirty_mask[w]; m; m &= m - 1) {
			unsigned slot = w * 64 + __builtin_ctzll(m);

			if (g->slot_val[slot] == v)
				flush_slot(g, slot);
		}
}

static void evict(struct gen *g, ref v)
{
	struct value *x = &g->v[v];

	if (!rematerialises(g, v)) {
		if (x->dirty && x->spill < 0)
			flush_value(g, v);
		if (x->next != NEVER && x->home < 0 && x->spill < 0)
			to_spill(g, v);
	}
	unbind(g, v);
}

/*
 * The hint if it is free, else a register that nobody wants (`wanted`: those that travel through the region),
 * else any free one, else that of the value needed furthest away, of several one that need not be stored.
 */
static int alloc(struct gen *g, ref *file, u32 allowed, u32 wanted, int hint)
{
	u32 best_next = 0;
	int best = -1, spare = -1;

	if (hint != NOREG && allowed >> hint & 1 && !file[hint])
		return hint;
	for (u32 m = allowed; m; m &= m - 1) {
		int r = __builtin_ctz(m);
		u32 next;

		if (!file[r]) {
			if (!(wanted >> r & 1))
				return r;
			spare = r;
			continue;
		}
		next = g->v[file[r]].next;
		if (best < 0 || next > best_next ||
		    (next == best_next && g->v[file[best]].dirty && !g->v[file[r]].dirty)) {
			best = r;
			best_next = next;
		}
	}
	if (spare >= 0)
		return spare;
	BUG_ON(best < 0);
	evict(g, file[best]);
	return best;
}

static int alloc_gpr(struct gen *g, int hint)
{
	return alloc(g, g->gpr, GPR_ALLOC & ~g->pin_gpr, g->wanted_gpr, hint);
}

static int alloc_xmm(struct gen *g, int hint)
{
	return alloc(g, g->xmm, ((1u << XMM_COUNT) - 1) & ~g->pin_xmm, g->wanted_xmm, hint);
}

int temp_gpr(struct gen *g)
{
	int r = alloc_gpr(g, NOREG);

	g->pin_gpr |= 1u << r;
	return r;
}

int temp_xmm(struct gen *g)
{
	int r = alloc_xmm(g, NOREG);

	g->pin_xmm |= 1u << r;
	return r;
}

int use_gpr(struct gen *g, ref v)
{
	v = real(g, v);
	if (g->v[v].reg == NOREG) {
		int r = alloc_gpr(g, g->v[v].hint);

		load_value(g, v, r);
		bind_gpr(g, v, r);
	}
	g->pin_gpr |= 1u << g->v[v].reg;
	return g->v[v].reg;
}

int use_xmm(struct gen *g, ref v)
{
	v = real(g, v);
	if (g->v[v].reg == NOREG) {
		int r = alloc_xmm(g, g->v[v].hint);

		load_value(g, v, r);
		bind_xmm(g, v, r);
	}
	g->pin_xmm |= 1u << g->v[v].reg;
	return g->v[v].reg;
}

void copy_to_gpr(struct gen *g, int r, ref v)
{
	v = real(g, v);
	if (g->v[v].reg == NOREG)
		load_value(g, v, r);
	else if (g->v[v].reg != r)
		mov_rr(&g->e, 1, r, g->v[v].reg);
}

void copy_to_xmm(struct gen *g, int r, ref v)
{
	v = real(g, v);
	if (g->v[v].reg == NOREG)
		load_value(g, v, r);
	else
		move_xmm(g, r, g->v[v].reg);
}

int def_gpr(struct gen *g)
{
	int r = alloc_gpr(g, g->v[g->i].hint);

	bind_gpr(g, g->i, r);
	return r;
}

int def_xmm(struct gen *g)
{
	int r = alloc_xmm(g, g->v[g->i].hint);

	bind_xmm(g, g->i, r);
	return r;
}

u32 next_after(const struct gen *g, ref v)
{
	const ref *op = g->op[g->i];
	u32 next = g->v[v].next;

	for (int k = 0; k < 3; k++)
		if (op[k] == v && g->nu[g->i][k] != g->i)
			next = g->nu[g->i][k];
	return next;
}

bool last_use(const struct gen *g, ref v)
{
	v = real(g, v);
	return next_after(g, v) == NEVER && !g->v[v].dirty;
}

int def_gpr_from(struct gen *g, ref a, bool *same)
{
	int r;

	a = real(g, a);
	*same = g->v[a].reg != NOREG && last_use(g, a);
	if (*same) {
		r = g->v[a].reg;
		unbind(g, a);
		bind_gpr(g, g->i, r);
		return r;
	}
	r = def_gpr(g);
	copy_to_gpr(g, r, a);
	return r;
}

int def_xmm_from(struct gen *g, ref a, bool *same)
{
	int r;

	a = real(g, a);
	*same = g->v[a].reg != NOREG && last_use(g, a);
	if (*same) {
		r = g->v[a].reg;
		unbind(g, a);
		bind_xmm(g, g->i, r);
		return r;
	}
	r = def_xmm(g);
	copy_to_xmm(g, r, a);
	return r;
}

void take_gpr(struct gen *g, int r)
{
	ref v = g->gpr[r];

	if (v) {
		u32 room = GPR_ALLOC & ~g->pin_gpr & ~(1u << r);
		int to = -1;

		for (u32 m = room; m; m &= m - 1)
			if (!g->gpr[__builtin_ctz(m)]) {
				to = __builtin_ctz(m);
				break;
			}
		if (to >= 0 && g->v[v].next != NEVER) {
			bool pinned = g->pin_gpr >> r & 1;

			mov_rr(&g->e, 1, to, r);
			unbind(g, v);
			bind_gpr(g, v, to);
			if (!pinned)
				g->pin_gpr &= ~(1u << to);
		} else {
			evict(g, v);
		}
	}
	g->pin_gpr |= 1u << r;
}

bool use_mem(struct gen *g, ref v, struct mem *m)
{
	enum ir_type type = g->t->node[v].type;

	v = real(g, v);
	/* a 32-bit value taken as 64 bits has its upper half clear only in a register */
	if (type == T_I64 && g->t->node[v].type == T_I32)
		return false;
	if (g->v[v].reg != NOREG || rematerialises(g, v) || next_after(g, v) != NEVER)
		return false;
	if (g->v[v].spill >= 0)
		*m = spill_mem(g->v[v].spill);
	else if (g->v[v].home >= 0)
		*m = slot_mem(g, g->v[v].home);
	else
		return false;
	return true;
}

bool imm_of(const struct gen *g, ref v, int w, s32 *imm)
{
	u64 c;

	if (!const_of(g, v, &c))
		return false;
	*imm = c;
	return !w || (s64)c == (s32)c;
}

static void free_if_dead(struct gen *g, ref v)
{
	struct value *x = &g->v[v];

	if (x->next != NEVER || x->dirty)
		return;
	unbind(g, v);
	if (x->spill >= 0) {
		g->spill_used &= ~(1ull << x->spill);
		x->spill = -1;
	}
}

void end_node(struct gen *g)
{
	const ref *op = g->op[g->i];
	const u32 *nu = g->nu[g->i];
	const struct edge *e = ir_rows[g->t->node[g->i].op].effect == E_EXIT ? edge_at(g, g->i) : NULL;

	for (u32 k = 0; e && k < g->ncarried; k++)
		if (e->arg[k] && e->after[k] != g->i) {
			g->v[e->arg[k]].next = e->after[k];
			if (e->after[k] == NEVER)
				free_if_dead(g, e->arg[k]);
		}

	for (int k = 0; k < 3; k++)
		if (op[k] && nu[k] != g->i) {
			g->v[op[k]].next = nu[k];
			if (nu[k] == NEVER)
				free_if_dead(g, op[k]);
		}
	if (g->v[g->i].next == NEVER && g->v[g->i].kind != V_NONE)
		free_if_dead(g, g->i);
	g->pin_gpr = 0;
	g->pin_xmm = 0;
}

/* --- slots --- */

/* What the slot held is its content no longer, though the new content is still to come. */
static void leave_slot(struct gen *g, unsigned slot)
{
	ref old = g->slot_val[slot];

	if (!g->slot_dirty[slot])
		return;
	clean(g, slot);
	g->slot_val[slot] = 0;
	g->v[old].dirty--;
	free_if_dead(g, old);
}

void begin_put(struct gen *g)
{
	const struct value *x = &g->v[g->i];

	if (x->early)
		leave_slot(g, g->t->node[x->put].a);
}

void end_put(struct gen *g)
{
	const struct value *x = &g->v[g->i];

	if (!x->early)
		return;
	put_slot(g, g->t->node[x->put].a, g->i);
	g->folded[x->put] = 1;
}

void put_slot(struct gen *g, unsigned slot, ref v)
{
	ref old = g->slot_dirty[slot] ? g->slot_val[slot] : 0;
	struct value *x = &g->v[v];

	if (old == v)
		return;
	if (!rematerialises(g, v) && x->reg == NOREG && x->spill < 0 && !(x->kind == V_FLAGS && g->flags == v)) {
		if (x->home == (s16)slot) {
			/* the slot gets back what its memory holds */
			g->slot_val[slot] = v;
			clean(g, slot);
			if (old) {
				g->v[old].dirty--;
				free_if_dead(g, old);
			}
			return;
		}
		if (x->kind == V_XMM)
			use_xmm(g, v);
		else
			use_gpr(g, v);
	}
	g->slot_val[slot] = v;
	g->slot_dirty[slot] = true;
	g->dirty_mask[slot / 64] |= 1ull << slot % 64;
	x->dirty++;
	if (old) {
		g->v[old].dirty--;
		free_if_dead(g, old);
	}
}

void flush_slots(struct gen *g, unsigned classes)
{
	for (unsigned w = 0; w < ARRAY_LEN(g->dirty_mask); w++)
		for (u64 m = g->dirty_mask[w]; m; m &= m - 1) {
			unsigned slot = w * 64 + __builtin_ctzll(m);
			ref v = g->slot_val[slot];

			if (!(g->g->slots[slot].cls & classes))
				continue;
			flush_slot(g, slot);
			if (v != g->i)
				free_if_dead(g, v);
		}
}

void drop_slots(struct gen *g, unsigned classes)
{
	for (unsigned s = 0; s < g->g->nslots; s++) {
		if (!(g->g->slots[s].cls & classes))
			continue;
		if (g->slot_dirty[s]) {
			ref v = g->slot_val[s];

			clean(g, s);
			g->v[v].dirty--;
			free_if_dead(g, v);
		}
		save_owner(g, s);
		g->slot_val[s] = 0;
	}
}

void spill_live(struct gen *g, u32 gprs, u32 xmms)
{
	for (u32 m = gprs; m; m &= m - 1) {
		ref v = g->gpr[__builtin_ctz(m)];

		if (v && v != g->i)
			evict(g, v);
	}
	for (u32 m = xmms; m; m &= m - 1) {
		ref v = g->xmm[__builtin_ctz(m)];

		if (v && v != g->i)
			evict(g, v);
	}
}
