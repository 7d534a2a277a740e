/*
 * Calls of C functions from translated code, by the System V convention.
 *
 * What lives on in a caller-saved register is written to its home first; arguments then move to
 * their registers in an order that overwrites nothing that is still needed.  rsp changes to the run
 * loop's stack for the call, since it is the return stack otherwise.
 */
#include "translator/host/x64/gen.h"

static void do_move(struct gen *g, bool xmm, const struct move *m)
{
	if (m->imm) {
		load_const(g, m->dst, m->c);
	} else if (m->src == NOREG) {
		if (xmm)
			copy_to_xmm(g, m->dst, m->val);
		else
			copy_to_gpr(g, m->dst, m->val);
	} else if (m->src != m->dst) {
		if (!xmm)
			mov_rr(&g->e, 1, m->dst, m->src);
		else if (x64.avx)
			vex_rrr(&g->e, OPC(0, 1, 0x28), m->dst, 0, m->src);
		else
			op_rr(&g->e, OPC(0, 1, 0x28), 0, m->dst, m->src);
	}
}

/* Register moves first, as if all at once; then what comes from memory or is constant. */
void move_all(struct gen *g, bool xmm, struct move *m, unsigned n)
{
	bool done[16] = { false };
	unsigned left = 0;

	for (unsigned k = 0; k < n; k++) {
		if (m[k].src == NOREG)
			continue;
		if (m[k].src == m[k].dst)
			done[k] = true;
		else
			left++;
	}
	while (left) {
		bool moved = false;

		for (unsigned k = 0; k < n; k++) {
			bool busy = false;

			if (done[k] || m[k].src == NOREG)
				continue;
			for (unsigned j = 0; j < n; j++)
				busy |= j != k && !done[j] && m[j].src == m[k].dst;
			if (busy)
				continue;
			do_move(g, xmm, &m[k]);
			done[k] = moved = true;
			left--;
		}
		if (moved)
			continue;
		/* a cycle: one of its registers steps aside */
		for (unsigned k = 0; k < n; k++)
			if (!done[k] && m[k].src != NOREG) {
				int aside = xmm ? XMM_SCRATCH : RAX, from = m[k].src;
				struct move x = { aside, from, 0, false, 0 };

				do_move(g, xmm, &x);
				for (unsigned j = 0; j < n; j++)
					if (!done[j] && m[j].src == from)
						m[j].src = aside;
				break;
			}
	}
	for (unsigned k = 0; k < n; k++)
		if (m[k].src == NOREG)
			do_move(g, xmm, &m[k]);
}

/* Arguments come into registers, where no write to their slots reaches them. */
static void hold(struct gen *g, const ref *args, unsigned n)
{
	for (unsigned k = 0; k < n; k++) {
		ref v = real(g, args[k]);

		if (g->v[v].reg == NOREG && g->v[v].home < 0 && g->v[v].spill < 0)
			continue;
		if (g->v[v].kind == V_XMM)
			use_xmm(g, v);
		else
			use_gpr(g, v);
	}
}

/*
 * Values that are needed later leave the caller-saved registers; dying arguments stay.  Their slots get them, but may
 * be narrower than they are, so they must not come back from there.
 */
static void save_live(struct gen *g)
{
	for (int r = 0; r < 16; r++) {
		ref v = g->gpr[r];

		if (v && !(GPR_CALLEE_SAVED >> r & 1) && next_after(g, v) != NEVER)
			spill_live(g, 1u << r, 0);
		else if (v && !(GPR_CALLEE_SAVED >> r & 1) && g->v[v].dirty)
			flush_value(g, v);
		v = g->xmm[r];
		if (v && next_after(g, v) != NEVER)
			spill_live(g, 0, 1u << r);
		else if (v && g->v[v].dirty)
			flush_value(g, v);
	}
}

/* Tests ask which instructions cost a call. */
static void note_call(struct gen *g)
{
	const struct ir_node *n = &g->t->node[g->i];

	if (g->out->ncalls < HOST_MAX_CALLS)
		g->out->call[g->out->ncalls++] = n->op == IR_CALL ? helper_of(n)->name : ir_rows[n->op].name;
}

static void call_c(struct gen *g, void *fn, bool vcpu, unsigned nargs, const ref *args,
		   unsigned nimm, const u64 *imm)
{
	static const s8 int_reg[6] = { RDI, RSI, RDX, RCX, R8, R9 };
	struct move ints[8], vecs[8];
	unsigned ni = vcpu, nv = 0, first = vcpu;

	note_call(g);
	clobber_flags(g);
	save_live(g);
	for (unsigned k = 0; k < nargs; k++) {
		ref v = real(g, args[k]);

		if (g->v[v].kind == V_XMM) {
			vecs[nv] = (struct move){ nv, g->v[v].reg, v, false, 0 };
			nv++;
		} else {
			ints[ni] = (struct move){ int_reg[ni], g->v[v].reg, v, false, 0 };
			ni++;
		}
	}
	for (unsigned k = 0; k < nimm; k++, ni++)
		ints[ni] = (struct move){ int_reg[ni], NOREG, 0, true, imm[k] };
	BUG_ON(ni > 6 || nv > 8);
	move_all(g, true, vecs, nv);
	move_all(g, false, ints + first, ni - first);
	if (vcpu)
		lea_rm(&g->e, 1, RDI, vcpu_mem(0));
	store_r(&g->e, 1, RSP, vcpu_mem(offsetof(struct vcpu, ret_rsp)));
	load_r(&g->e, 1, RSP, vcpu_mem(offsetof(struct vcpu, host_rsp)));
	if (rel32_fits(&g->e, (u64)fn)) {
		call_to(&g->e, (u64)fn);
		relocate(g, HR_HOST, 4);
	} else {
		load_const(g, RAX, (u64)fn);
		op_rr(&g->e, OPC(0, 0, 0xff), 0, 2, RAX);
	}
	load_r(&g->e, 1, RSP, vcpu_mem(offsetof(struct vcpu, ret_rsp)));
	/* dying arguments were in registers that are gone */
	for (int r = 0; r < 16; r++) {
		if (g->gpr[r] && !(GPR_CALLEE_SAVED >> r & 1))
			unbind(g, g->gpr[r]);
		if (g->xmm[r])
			unbind(g, g->xmm[r]);
	}
}

static void bind_result(struct gen *g, enum ir_type type)
{
	if (type == T_NONE)
		return;
	if (type == T_I32 || type == T_I64) {
		mov_rr(&g->e, type == T_I64, def_gpr(g), RAX);
	} else {
		int d = def_xmm(g);

		if (d == 0)
			return;
		if (x64.avx)
			vex_rrr(&g->e, OPC(0, 1, 0x28), d, 0, 0);
		else
			op_rr(&g->e, OPC(0, 1, 0x28), 0, d, 0);
	}
}

void call_helper(struct gen *g, void *fn, unsigned nargs, const ref *args, unsigned nimm,
		 const u64 *imm)
{
	call_c(g, fn, false, nargs, args, nimm, imm);
	bind_result(g, g->t->node[g->i].type);
}

void call_with_vcpu(struct gen *g, void *fn, unsigned nimm, const u64 *imm)
{
	call_c(g, fn, true, 0, NULL, nimm, imm);
}

bool lower_call(struct gen *g, const struct ir_node *n)
{
	const struct ir_helper *h;
	ref args[16];
	u32 j = g->i;

	if (n->op != IR_CALL)
		return false;
	h = helper_of(n);
	for (unsigned k = h->nargs; k > 0; k--) {
		do
			j--;
		while (g->t->node[j].op != IR_ARG);
		args[k - 1] = g->t->node[j].a;
	}
	hold(g, args, h->nargs);
	for (u32 k = j; h->nargs && k < g->i; k++)
		if (g->t->node[k].op == IR_ARG)
			g->v[real(g, g->t->node[k].a)].next = g->nu[k][0];
	flush_slots(g, h->flags & H_FAULT ? CLASS_ALL : h->reads | h->writes);
	drop_slots(g, h->writes);
	if (h->flags & H_FAULT) {
		load_pc(g, RAX, g->insn_pc);
		store_r(&g->e, 1, RAX, vcpu_mem(offsetof(struct vcpu, pc)));
	}
	call_c(g, h->fn, h->flags & H_VCPU, h->nargs, args, 0, NULL);
	bind_result(g, h->type);
	for (unsigned k = 0; k < h->nargs; k++) {
		struct value *x = &g->v[real(g, args[k])];

		if (x->next == NEVER && !x->dirty)
			unbind(g, real(g, args[k]));
	}
	return true;
}
