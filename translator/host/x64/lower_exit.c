/*
 * Leaving a translation: links, calls and returns, indirect jumps, and what lies out of line.
 *
 * A direct exit is one jump whose displacement is patched when its target gets translated; until then it
 * leads to a few bytes that ask the run-time to do so.  Displacements are 4-byte aligned, so a patch is one
 * atomic store.
 *
 * A guest call pushes the guest return address and does a host call; a guest return compares the top of
 * the return stack with where it wants to go and does a host return, which the host predicts.  An indirect
 * jump probes the vcpu's table inline and jumps from its own site.
 *
 * After the floating-point mode was written, direct exits go through the table, too: a link would lead to a
 * translation for the old one.
 *
 * Backward exits check vcpu.poll, so that a loop can be interrupted; indirect ones are stopped by emptying
 * the table.
 */
#include "translator/host/x64/gen.h"

static gaddr pc_of(const struct gen *g, ref v)
{
	return ir_pc_of(g->t, v);
}

static void align_field(struct gen *g, unsigned opcode_bytes)
{
	unsigned off = (code_pc(&g->e) + opcode_bytes) & 3;

	if (off)
		nops(&g->e, 4 - off);
}

/* The rel32 that ends at w is to be linked to `target`. */
static void add_exit(struct gen *g, gaddr target, u8 *w, enum exit_kind kind)
{
	struct host_out *o = g->out;

	if (o->nexits == HOST_MAX_EXITS) {
		g->overflow = true;
		return;
	}
	o->exit[o->nexits++] = (struct host_exit){ .target = target, .patch = w - 4 - g->start, .kind = kind };
}

void link_jmp(struct gen *g, gaddr target, enum exit_kind kind)
{
	align_field(g, 1);
	e8(&g->e, 0xe9);
	e32(&g->e, 0);
	add_exit(g, target, g->e.w, kind);
}

static void link_jcc(struct gen *g, int cc, gaddr target)
{
	align_field(g, 2);
	e8(&g->e, 0x0f);
	e8(&g->e, 0x80 | cc);
	e32(&g->e, 0);
	add_exit(g, target, g->e.w, XK_COND);
}

struct stub *new_stub(struct gen *g, enum stub_kind kind)
{
	if (g->nstubs == ARRAY_LEN(g->stub)) {
		g->overflow = true;
		g->nstubs--;
	}
	g->stub[g->nstubs] = (struct stub){ .kind = kind, .first = g->nstub_slots };
	return &g->stub[g->nstubs++];
}

static void jump_to_runtime(struct gen *g, enum runtime_entry entry)
{
	op_rm(&g->e, OPC(0, 0, 0xff), 0, 4, vcpu_mem(offsetof(struct vcpu, rt) + 8 * entry));
}

static void set_pc(struct gen *g, gaddr pc)
{
	load_pc(g, RAX, pc);
	store_r(&g->e, 1, RAX, vcpu_mem(offsetof(struct vcpu, pc)));
}

static bool backward(const struct gen *g, gaddr target)
{
	return target <= g->insn_pc;
}

void emit_poll_cmp(struct gen *g)
{
	op_rm(&g->e, OPC(0, 0, 0x83), 0, ALU_CMP, vcpu_mem(offsetof(struct vcpu, poll)));
	e8(&g->e, 0);
}

/* On the main path, with everything written back. */
static void poll(struct gen *g, gaddr target)
{
	struct stub *s;

	if (!backward(g, target))
		return;
	emit_poll_cmp(g);
	s = new_stub(g, STUB_POLL);
	s->from[0] = jcc_long(&g->e, X_NE);
	s->target = target;
}

static void write_back(struct gen *g)
{
	flush_slots(g, g->flags_dead[g->i] ? CLASS_ALL & ~CLASS_FLAGS : CLASS_ALL);
	g->flags = 0;
}

/* --- conditional side exits --- */

void note_place(struct gen *g, struct stub *s, unsigned slot, ref v)
{
	const struct value *x = &g->v[v];

	if (g->nstub_slots == ARRAY_LEN(g->stub_slot)) {
		g->overflow = true;
		g->nstub_slots = s->first;
	}
	g->stub_slot[g->nstub_slots++] = (struct stub_slot){ slot, v ? x->reg : NOREG, x->spill, x->home, v };
}

static void snapshot(struct gen *g, struct stub *s)
{
	for (unsigned w = 0; w < ARRAY_LEN(g->dirty_mask); w++)
		for (u64 m = g->dirty_mask[w]; m; m &= m - 1) {
			unsigned slot = w * 64 + __builtin_ctzll(m);
			ref v = g->slot_val[slot];

			if (g->flags_dead[g->i] && g->g->slots[slot].type == T_FLAGS)
				continue;
			note_place(g, s, slot, v);
			s->ndirty++;
		}
}

/*
 * The exit at the end of a block that only a jump follows: what is dirty is written back once for both.  EFLAGS
 * survives that.
 */
static void write_back_for_both(struct gen *g)
{
	const struct ir_node *n = &g->t->node[g->i + 1];
	u32 exit = g->i + 1;

	while (n->op == IR_PC)
		n++, exit++;
	if (n->op != IR_EXIT || n->aux != EXIT_JUMP || n->c || g->t->node[n->a].op != IR_PC || edge_at(g, exit))
		return;
	flush_slots(g, g->flags_dead[g->i] && g->flags_dead[exit] ? CLASS_ALL & ~CLASS_FLAGS : CLASS_ALL);
}

/* A stub that starts with the state as it is here. */
static struct stub *side_stub(struct gen *g, enum stub_kind kind, gaddr target)
{
	struct stub *s = new_stub(g, kind);

	s->target = target;
	s->flags = g->flags;
	s->flags_form = g->flags_form;
	snapshot(g, s);
	return s;
}

/* To the stub if c holds. */
static void branch_to_stub(struct gen *g, struct stub *s, struct cond c)
{
	u8 *skip;

	if (c.all) {
		skip = jcc_short(&g->e, c.c1 ^ 1);
		s->from[0] = jcc_long(&g->e, c.c2);
		short_here(&g->e, skip);
	} else {
		s->from[0] = jcc_long(&g->e, c.c1);
		if (c.c2 >= 0)
			s->from[1] = jcc_long(&g->e, c.c2);
	}
}

static void lower_exitcc(struct gen *g, const struct ir_node *n)
{
	gaddr target = pc_of(g, n->b);
	const struct edge *e = edge_at(g, g->i);
	struct cond c;
	struct stub *s;

	if (e) {
		c = need_cond(g, n->a, n->aux);
		take_edge_if(g, e, c);
		return;
	}
	write_back_for_both(g);
	c = need_cond(g, n->a, n->aux);
	s = side_stub(g, STUB_EXIT, target);
	s->poll = backward(g, target);
	if (!s->ndirty && !s->poll && !c.all && !g->new_mode) {
		g->nstubs--;
		link_jcc(g, c.c1, target);
		if (c.c2 >= 0)
			link_jcc(g, c.c2, target);
		return;
	}
	branch_to_stub(g, s, c);
}

static void lower_trapcc(struct gen *g, const struct ir_node *n)
{
	struct cond c = need_cond(g, n->a, n->aux);
	struct stub *s = side_stub(g, STUB_TRAP, g->insn_pc);

	s->reason = n->b;
	s->trap = n->c;
	branch_to_stub(g, s, c);
}

/* Puts the allocator's view back to what it was at the side exit and writes the slots. */
void stub_write_back(struct gen *g, const struct stub *s)
{
	g->flags = s->flags;
	g->flags_form = s->flags_form;
	/* flags first: their packing wants EFLAGS, the rest are moves */
	for (int pass = 0; pass < 2; pass++)
		for (unsigned k = 0; k < s->ndirty; k++) {
			const struct stub_slot *d = &g->stub_slot[s->first + k];
			bool flags = g->g->slots[d->slot].type == T_FLAGS;

			if (flags != (pass == 0))
				continue;
			g->v[d->val].reg = d->reg;
			g->v[d->val].spill = d->spill;
			store_value(g, d->slot, d->val);
		}
}

/* --- indirect --- */

/* rax := byte offset of the table entry for the guest pc in r, to be scaled by *scale. */
static void hash_pc(struct gen *g, int r, unsigned *scale)
{
	unsigned unit = __builtin_ctz(g->g->insn_unit);

	mov_rr(&g->e, 0, RAX, r);
	alu_ri(&g->e, ALU_AND, 0, RAX, (VCPU_TABLE - 1) << unit);
	*scale = 4 - unit;
	BUG_ON(*scale > 3);
}

static struct mem table_mem(unsigned scale, size_t field)
{
	struct mem m = vcpu_mem(offsetof(struct vcpu, table) + field);

	m.index = RAX;
	m.scale = scale;
	return m;
}

static struct stub *probe(struct gen *g, int target, unsigned *scale)
{
	struct stub *s;

	hash_pc(g, target, scale);
	alu_rm(&g->e, ALU_CMP, 1, target, table_mem(*scale, 0));
	s = new_stub(g, STUB_MISS);
	s->from[0] = jcc_long(&g->e, X_NE);
	s->reg = target;
	s->ret_reg = NOREG;
	return s;
}

static void push(struct gen *g, int r)
{
	if (r > 7)
		e8(&g->e, 0x41);
	e8(&g->e, 0x50 | (r & 7));
}

static void landing(struct gen *g, gaddr ret)
{
	lea_rm(&g->e, 1, RSP, mem_bd(RSP, 8));
	link_jmp(g, ret, XK_LANDING);
}

/*
 * rcx := the guest address in r with the branch's class where addresses have their tag: entries of the table are for
 * branches of one class, so that only jit_lookup() has to ask where they may lead.
 */
static int with_class(struct gen *g, int r, u32 class)
{
	mov_rr(&g->e, 1, RCX, r);
	for (u32 k = 0; class >> k; k++)
		if (class >> k & 1) {
			op_rr(&g->e, OPC(0, 1, 0xba), 1, 5, RCX);   /* bts */
			e8(&g->e, 64 - g->g->tag_bits + k);
		}
	return RCX;
}

static void lower_exit_to(struct gen *g, const struct ir_node *n)
{
	/* A return to a known address (adr x30, next; ret) still pops the return stack. */
	bool direct = n->aux != EXIT_RET && g->t->node[n->a].op == IR_PC && !g->new_mode && !n->c;
	/* a call would leave a landing behind, which is linked */
	unsigned kind = n->aux == EXIT_CALL && g->new_mode ? EXIT_JUMP : n->aux;
	int target = direct ? NOREG : use_gpr(g, n->a);
	int ret = kind == EXIT_CALL ? use_gpr(g, n->b) : NOREG;
	struct stub *s;
	unsigned scale;

	if (edge_at(g, g->i)) {
		take_edge(g, edge_at(g, g->i));
		return;
	}
	write_back(g);
	if (n->c)
		target = with_class(g, target, n->c);
	switch (kind) {
	case EXIT_JUMP:
	case EXIT_SYNC:
		if (direct) {
			poll(g, pc_of(g, n->a));
			link_jmp(g, pc_of(g, n->a), XK_JUMP);
		} else {
			probe(g, target, &scale);
			op_rm(&g->e, OPC(0, 0, 0xff), 0, 4, table_mem(scale, 8));
		}
		break;
	case EXIT_CALL:
		if (direct) {
			poll(g, pc_of(g, n->a));
			push(g, ret);
			align_field(g, 1);
			e8(&g->e, 0xe8);
			e32(&g->e, 0);
			add_exit(g, pc_of(g, n->a), g->e.w, XK_CALL);
			landing(g, pc_of(g, n->b));
		} else {
			s = probe(g, target, &scale);
			push(g, ret);
			op_rm(&g->e, OPC(0, 0, 0xff), 0, 2, table_mem(scale, 8));
			s->back = g->e.w;
			s->ret_reg = ret;
			landing(g, pc_of(g, n->b));
		}
		break;
	case EXIT_RET:
		alu_rm(&g->e, ALU_CMP, 1, target, mem_bd(RSP, 8));
		s = new_stub(g, STUB_MISS);
		s->from[0] = jcc_long(&g->e, X_NE);
		s->reg = target;
		s->ret_reg = NOREG;
		s->is_return = true;
		e8(&g->e, 0xc3);
		break;
	}
}

static void leave_with(struct gen *g, enum exit_reason r)
{
	mov_ri(&g->e, RAX, r);
	jump_to_runtime(g, RT_EXIT);
}

static void leave_trap(struct gen *g, gaddr pc, enum exit_reason r, u32 trap)
{
	set_pc(g, pc);
	op_rm(&g->e, OPC(0, 0, 0xc7), 0, 0, vcpu_mem(offsetof(struct vcpu, trap)));
	e32(&g->e, trap);
	leave_with(g, r);
}

bool lower_exit(struct gen *g, const struct ir_node *n)
{
	switch (n->op) {
	case IR_EXIT:
		lower_exit_to(g, n);
		return true;
	case IR_EXITCC:
		lower_exitcc(g, n);
		return true;
	case IR_TRAPCC:
		lower_trapcc(g, n);
		return true;
	case IR_TRAP:
		write_back(g);
		if (n->b == EXIT_SYSCALL && !g->new_mode) {
			set_pc(g, pc_of(g, n->a));
			op_rm(&g->e, OPC(0, 0, 0xff), 0, 2,
			      vcpu_mem(offsetof(struct vcpu, rt) + 8 * RT_SYSCALL));
			link_jmp(g, pc_of(g, n->a), XK_LANDING);
			return true;
		}
		leave_trap(g, pc_of(g, n->a), n->b, n->c);
		return true;
	}
	return false;
}

/*
 * Where the result must be computed exactly and the instruction on the main path has not trapped.  UD1 tells
 * the demand from the UD2 of a misaligned address.
 */
static void exact_stub(struct gen *g, const struct stub *s)
{
	const struct exact *x = &s->exact;

	if (x->addend != NOREG && x->twice)
		x_rr(g, OPC(3, 1, 0x12), x->d, x->addend);   /* movddup */
	else if (x->addend != NOREG)
		move_xmm(g, x->d, x->addend);
	for (unsigned k = 0; k < x->n; k++) {
		u32 opc = x->insn[k].opc;

		e8(&g->e, 0x0f);
		e8(&g->e, 0xb9);
		e8(&g->e, 0xc0);
		if (opc & OPC_EVEX)
			evex_rrr(&g->e, opc, x->d, x->insn[k].a, x->insn[k].b, 0);
		else
			vex_rrr(&g->e, opc, x->d, x->insn[k].a, x->insn[k].b);
	}
	jmp_to(&g->e, (u64)s->back + g->e.delta);
}

void lower_stubs(struct gen *g)
{
	for (u32 k = 0; k < g->nstubs; k++) {
		struct stub *s = &g->stub[k];

		if (!gen_room(g, 4096))
			return;
		for (int j = 0; j < 2; j++)
			if (s->from[j])
				rel32_here(&g->e, s->from[j]);
		switch (s->kind) {
		case STUB_EXIT:
			stub_write_back(g, s);
			if (s->poll) {
				u8 *go;

				emit_poll_cmp(g);
				go = jcc_short(&g->e, X_E);
				set_pc(g, s->target);
				leave_with(g, EXIT_POLL);
				short_here(&g->e, go);
			}
			if (g->new_mode) {
				load_pc(g, RAX, s->target);
				jump_to_runtime(g, RT_INDIRECT);
			} else {
				link_jmp(g, s->target, XK_COND);
			}
			break;
		case STUB_TRAP:
			stub_write_back(g, s);
			leave_trap(g, s->target, s->reason, s->trap);
			break;
		case STUB_NAN:
			lower_nan_stub(g, s);
			break;
		case STUB_EXACT:
			exact_stub(g, s);
			break;
		case STUB_EDGE:
			edge_stub(g, s);
			break;
		case STUB_HOT:
			mov_ri(&g->e, RAX, g->out->block);
			relocate(g, HR_BLOCK, 4);
			jump_to_runtime(g, RT_HOT);
			break;
		case STUB_POLL:
			stub_write_back(g, s);
			set_pc(g, s->target);
			leave_with(g, EXIT_POLL);
			break;
		case STUB_MISS:
			mov_rr(&g->e, 1, RAX, s->reg);
			if (s->ret_reg == NOREG) {
				jump_to_runtime(g, s->is_return ? RT_RETURN : RT_INDIRECT);
			} else {
				push(g, s->ret_reg);
				op_rm(&g->e, OPC(0, 0, 0xff), 0, 2,
				      vcpu_mem(offsetof(struct vcpu, rt) + 8 * RT_INDIRECT));
				jmp_to(&g->e, (u64)s->back + g->e.delta);
			}
			break;
		}
	}
	for (u32 k = 0; k < g->out->nexits; k++) {
		struct host_exit *x = &g->out->exit[k];
		u8 *field = g->start + x->patch;

		if (!gen_room(g, 64))
			return;
		x->stub = g->e.w - g->start;
		rel32_here(&g->e, field + 4);
		mov_ri(&g->e, RAX, g->out->exit_id + k);
		relocate(g, HR_EXIT, 4);
		jump_to_runtime(g, RT_LINK);
	}
}
