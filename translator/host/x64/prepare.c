/*
 * Before any code is emitted: names, uses, and what need not be done.
 *
 * One pass forward finds values that are others under another name; one pass backward finds the next use of every
 * operand, and PUTs and results that nothing can see.
 */
#include "translator/eval.h"
#include "translator/host/x64/gen.h"

static const u8 kind_of[T_COUNT] = {
	[T_I32] = V_GPR, [T_I64] = V_GPR, [T_F32] = V_XMM, [T_F64] = V_XMM, [T_V64] = V_XMM, [T_V128] = V_XMM,
	[T_FLAGS] = V_FLAGS,
};

/* What the passes want to know of an operation, from its row, at hand. */
static struct op_info {
	u8 values;     /* bit k: field k is a value */
	u8 effect;
	bool memory, folds_address, addresses;
} op_info[IR_COUNT];

static bool is_value(u8 kind)
{
	return kind != K_N && kind != K_U && kind != K_K && kind != K_P && kind != K_C;
}

void gen_init(void)
{
	for (unsigned op = 0; op < IR_COUNT; op++) {
		const struct ir_row *row = &ir_rows[op];
		struct op_info *o = &op_info[op];

		o->values = is_value(row->a) | is_value(row->b) << 1 | is_value(row->c) << 2;
		o->effect = row->effect;
		o->memory = row->effect == E_LOAD || row->effect == E_STORE;
		o->folds_address = o->memory && op != IR_CAS;
		o->addresses = (op == IR_LEA || op == IR_ADD) && !(x64_off & OPT_FOLD);
	}
}

/* The operands of node i that are values, through aliases; 0 where there is none. */
static inline void operands(const struct gen *g, u32 i, ref out[3])
{
	const struct ir_node *n = &g->t->node[i];
	const struct op_info *o = &op_info[n->op];

	out[0] = o->values & 1 ? real(g, n->a) : 0;
	out[1] = o->values & 2 ? real(g, n->b) : 0;
	out[2] = o->values & 4 ? real(g, n->c) : 0;
	if (o->memory && g->folded[out[0]]) {
		const struct ir_node *lea = &g->t->node[out[0]];

		out[0] = real(g, lea->a);
		out[2] = real(g, lea->b);
	}
}

/*
 * Values that are other values under another name: the low part of one that is in a register anyway, and a
 * 32-bit result, whose register has its upper half clear, widened.
 */
static ref alias_of(const struct gen *g, u32 i)
{
	const struct ir_node *n = &g->t->node[i], *a = &g->t->node[n->a];

	switch (n->op) {
	case IR_TRUNC: case IR_LOWV: case IR_V2F:
		return real(g, n->a);
	case IR_FUNBOX:
		/* of a slot that is carried as what it boxes */
		return g->t->node[real(g, n->a)].type == T_F32 ? real(g, n->a) : 0;
	case IR_ZEXT:
		if (n->b == 32 && n->type == T_I64 && a->type == T_I32 && !g->alias[n->a] && a->op != IR_CONST &&
		    a->op != IR_GET)
			return n->a;
	}
	return 0;
}

/* A PUT that widens or boxes is of the narrow value: writing back does that. */
static ref narrow_put(const struct gen *g, u32 i)
{
	const struct ir_node *n = &g->t->node[i], *b = &g->t->node[real(g, n->b)], *m;
	ref narrow;

	if (ir_boxed(g->t, real(g, n->b)))
		return real(g, b->a);
	if (b->op != IR_F2V && b->op != IR_ZEXTV)
		return 0;
	narrow = real(g, b->a);
	m = &g->t->node[narrow];
	/*
	 * The low part of the slot itself is there already, but what is above it must go; and a scalar may be
	 * another name of something wider.
	 */
	if (m->op == IR_GET && m->a == n->a)
		return 0;
	return g->v[narrow].kind == V_XMM && ir_width(m->type) == ir_width(g->t->node[b->a].type) &&
	       m->type != T_V128 ? narrow : 0;
}

void blank_value(struct gen *g, ref v, enum ir_type type)
{
	static const struct value blank = { .reg = NOREG, .hint = NOREG, .home = -1, .spill = -1, .next = NEVER };

	g->v[v] = blank;
	g->v[v].kind = kind_of[type];
}

ref put_value(const struct gen *g, u32 put)
{
	return g->alias[put] ? g->alias[put] : real(g, g->t->node[put].b);
}

/* A sum that an access can take the operands of. */
static bool may_address(const struct tr *t, const struct ir_node *n)
{
	u64 c;

	return op_info[n->op].addresses && (n->op == IR_LEA || !ir_is_const(t, n->b, &c));
}

/*
 * The forward pass: aliases, and which sums only address memory.  Those cost nothing: the access takes their
 * operands.
 */
static void find_names(struct gen *g)
{
	const struct tr *t = g->t;

	g->writes_flags = false;
	g->v[0].next = NEVER;
	for (u32 i = 1; i < t->n; i++) {
		const struct ir_node *n = &t->node[i];
		const struct op_info *o = &op_info[n->op];

		if (n->op == IR_INSN)
			continue;
		blank_value(g, i, n->type);
		g->alias[i] = 0;
		g->folded[i] = may_address(t, n);
		if (n->op == IR_PUT) {
			g->alias[i] = narrow_put(g, i);
			g->writes_flags |= g->g->slots[n->a].type == T_FLAGS;
		} else if (o->values) {
			g->alias[i] = alias_of(g, i);
		}
		if (t->nlabels)
			carry(g, i);
		if (!o->values)
			continue;
		if (o->values & 1) {
			const struct ir_node *a = &t->node[real(g, n->a)];
			s64 disp = (s64)(s32)n->c + (a->op == IR_LEA ? (s32)a->c : 0);

			if (!o->folds_address || disp != (s32)disp)
				g->folded[real(g, n->a)] = 0;
		}
		if (o->values & 2)
			g->folded[real(g, n->b)] = 0;
		if (o->values & 4)
			g->folded[real(g, n->c)] = 0;
	}
}

/* The backward pass: positions of what comes next, NEVER where nothing does. */
struct pass {
	u32 observer[2];                 /* a point that sees slots; that sees flags */
	u32 next_put[TR_MAX_SLOTS], next_get[TR_MAX_SLOTS];
	u32 dead_put[TR_MAX_SLOTS];      /* the next PUT even if it is dead */
};

/* True for an exit to a known address where the guest overwrites its flags before reading them. */
bool flags_dead_after(struct gen *g, u32 i)
{
	const struct ir_node *n = &g->t->node[i];
	ref target = n->op == IR_EXITCC ? n->b : n->op == IR_EXIT && n->aux <= EXIT_CALL ? n->a : 0;
	const struct ir_node *pc = &g->t->node[target];

	return !(x64_off & OPT_FLAGS) && target && pc->op == IR_PC && !g->t->single && g->g->flags_dead &&
	       g->g->flags_dead(g->t, pc->b | (u64)pc->c << 32);
}

/*
 * A PUT that is followed by another before anything can see the slot is dead.  Flags count as seen by
 * exits and calls only: a fault's handler may see older flags where they are dead on the path that
 * follows, which nothing but the handler can notice.
 */
static void note_observer(struct gen *g, u32 i, u32 observer[2])
{
	const struct ir_node *n = &g->t->node[i];

	switch (op_info[n->op].effect) {
	case E_LOAD:
	case E_STORE:
		observer[0] = i;
		break;
	case E_CALL:
		observer[0] = observer[1] = i;
		break;
	case E_EXIT:
		observer[0] = i;
		if (!g->flags_dead[i])
			observer[1] = i;
		break;
	}
}

/* A PUT that nothing sees is dead. */
static bool prepare_put(struct gen *g, u32 i, struct pass *p)
{
	const struct ir_node *n = &g->t->node[i];
	bool flags = g->g->slots[n->a].type == T_FLAGS;

	/* even if the next one overwrites it, what was before is dead (put_early) */
	g->v[put_value(g, i)].put = i;
	p->dead_put[n->a] = i;
	if (p->next_put[n->a] < p->observer[flags]) {
		g->folded[i] = 1;
		return false;
	}
	p->next_put[n->a] = i;
	return true;
}

/* Flags of a - k where n is a + (-k): subtraction by a constant is folded to that. */
static bool subtracts(const struct gen *g, const struct ir_node *n, const struct ir_node *f)
{
	u64 mask = n->type == T_I64 ? ~0ull : 0xffffffff, added, subtracted;

	return n->op == IR_ADD && f->op == IR_SUBF && ir_is_const(g->t, n->b, &added) &&
	       ir_is_const(g->t, f->b, &subtracted) && !((added + subtracted) & mask) && subtracted != 0 &&
	       (s64)subtracted == (s32)subtracted;
}

/* CMPXCHG compares what it expects with what it finds, as wide as it accesses. */
static bool exchanges(const struct ir_node *n, ref i, const struct ir_node *f)
{
	return n->op == IR_CAS && f->op == IR_SUBF && f->a == n->b && f->b == i &&
	       ((n->type == T_I64 && (n->aux & MEM_SIZE) == MEM_64) ||
		(n->type == T_I32 && (n->aux & MEM_SIZE) == MEM_32));
}

/*
 * The node shortly before the flags node j that computes what j computes, whose instruction then gives both; 0: none.
 */
static ref fused_with(const struct gen *g, u32 j)
{
	static const u16 arithmetic[IR_COUNT] = {
		[IR_ADDF] = IR_ADD, [IR_SUBF] = IR_SUB, [IR_ANDF] = IR_AND, [IR_ADCF] = IR_ADC, [IR_SBCF] = IR_SBC,
	};
	const struct ir_node *f = &g->t->node[j];
	bool carry = f->op == IR_ADCF || f->op == IR_SBCF;

	if (x64_off & OPT_FUSE)
		return 0;
	for (u32 i = j - 1; i > 0 && i + 6 >= j && arithmetic[f->op]; i--) {
		const struct ir_node *n = &g->t->node[i];

		if (exchanges(n, i, f))
			return i;
		if (f->a == n->a && n->type == g->t->node[f->a].type &&
		    ((n->op == arithmetic[f->op] && f->b == n->b && (!carry || f->c == n->c)) || subtracts(g, n, f)))
			return g->folded[i] || g->alias[i] ? 0 : i;
		if (!(n->op == IR_PUT || n->op == IR_NONE || n->op == IR_CONST || n->op == IR_PC ||
		      n->op == IR_INSN || (n->op == IR_ZEXT && g->alias[i])))
			return 0;
	}
	return 0;
}

/*
 * The value i may become its slot's content where it is computed, and not only at its PUT: nothing looks at the
 * slot in between.  So what the slot held before is dead already, and its register can be taken over.
 */
static bool put_early(const struct gen *g, u32 i, const struct pass *p)
{
	u32 put = g->v[i].put;

	unsigned slot = g->t->node[put].a;

	return !(x64_off & OPT_EARLY) && put && p->observer[0] > put && p->next_get[slot] > put && p->dead_put[slot] == put;
}

static void note_use(struct gen *g, u32 i, ref v, u32 *after)
{
	*after = g->v[v].next;
	g->v[v].next = i;
	g->v[v].uses++;
}

void gen_prepare(struct gen *g)
{
	const struct tr *t = g->t;
	struct pass p;
	unsigned dead_args = 0;

	p.observer[0] = p.observer[1] = NEVER;
	memset(p.next_put, 0xff, g->g->nslots * sizeof *p.next_put);
	memset(p.next_get, 0xff, g->g->nslots * sizeof *p.next_get);
	memset(p.dead_put, 0, g->g->nslots * sizeof *p.dead_put);
	if (t->nlabels)
		choose_carried(g);
	find_names(g);
	for (u32 i = t->n - 1; i > 0; i--) {
		const struct ir_node *n = &t->node[i];
		const struct op_info *o = &op_info[n->op];
		ref *op = g->op[i];

		if (n->op == IR_GET) {
			p.next_get[n->a] = i;
			continue;
		}
		/* What uses nothing; and a pure value without uses is not computed. */
		if (n->op < IR_GET || n->op == IR_INSN || (g->alias[i] && n->op != IR_PUT) || g->folded[i] ||
		    (o->effect == E_NONE && g->v[i].next == NEVER && !g->v[i].flags))
			continue;
		if (n->type == T_FLAGS && fused_with(g, i)) {
			g->v[fused_with(g, i)].flags = i;
			g->folded[i] = 1;
			continue;
		}
		if (n->op == IR_LABEL) {
			/* what lies before is another line, whose exit sees everything */
			memset(p.next_put, 0xff, g->g->nslots * sizeof *p.next_put);
			memset(p.next_get, 0xff, g->g->nslots * sizeof *p.next_get);
			op[0] = op[1] = op[2] = 0;
			continue;
		}
		if (n->op == IR_ARG && dead_args) {
			dead_args--;
			g->folded[i] = 1;
			continue;
		}
		if (n->op == IR_CALL && g->v[i].next == NEVER && helper_of(n)->flags & H_PURE) {
			dead_args = helper_of(n)->nargs;
			g->folded[i] = 1;
			continue;
		}
		if (o->effect == E_EXIT && !t->nlabels)
			g->flags_dead[i] = g->writes_flags && flags_dead_after(g, i);
		if (o->effect == E_NONE || o->effect == E_RAISE || n->op == IR_LOAD)
			g->v[i].early = put_early(g, i, &p);
		if (o->effect != E_NONE)
			note_observer(g, i, p.observer);
		if (n->op == IR_PUT && !prepare_put(g, i, &p))
			continue;
		if (o->effect == E_EXIT && edge_at(g, i)) {
			struct edge *e = edge_at(g, i);

			for (u32 k = 0; k < g->ncarried; k++)
				if (e->arg[k])
					note_use(g, i, e->arg[k], &e->after[k]);
		}
		operands(g, i, op);
		if (n->op == IR_PUT && g->alias[i])
			op[1] = g->alias[i];
		for (int k = 2; k >= 0; k--)
			if (op[k])
				note_use(g, i, op[k], &g->nu[i][k]);
	}
}
