/*
 * The block builder.  A translation never assumes anything about bytes that were not executable
 * when it was made: each page that it enters is asked for, and it ends before one that is not, so
 * that the fault happens when the guest really gets there.
 */
#include "translator/build.h"

#include "base/log.h"
#include "translator/cache.h"
#include "translator/disas.h"

static void log_translation(const struct tr *t, const char *what)
{
	if (log_on(LOG_IN_ASM)) {
		log_printf("IN: 0x%llx %s\n", (unsigned long long)t->start, what);
		disas_log(t->g, t->lo, t->end - t->lo);
	}
	if (log_on(LOG_OP)) {
		log_printf("OP: 0x%llx %s\n", (unsigned long long)t->start, what);
		ir_print(t, log_printf);
	}
}

bool tr_fetchable(struct tr *t, gaddr a, u64 len)
{
	gaddr page_mask = ~(gaddr)(t->g->page_size - 1);

	if (((a ^ t->pc) & page_mask) == 0 || t->executable(a, len))
		return true;
	t->noexec = a;
	return false;
}

/* Translates one instruction at t->pc: TR_NEXT to go on. */
static enum tr_status one(struct tr *t)
{
	enum tr_status status;

	ir_insn(t, t->pc);
	t->next = t->pc + t->g->insn_unit;
	status = (enum tr_status)t->g->translate(t);
	if (status == TR_NOEXEC) {
		/* not followed: in a region it may lead to itself */
		if (t->ninsns)
			ir_raw(t, IR_EXIT, T_NONE, EXIT_SYNC, ir_pc(t, t->pc), 0, 0);
		return status;
	}
	t->ninsns++;
	if (t->next > t->end)
		t->end = t->next;
	if (status == TR_UNDEF)
		ir_raw(t, IR_TRAP, T_NONE, 0, ir_pc(t, t->pc), EXIT_UNDEF, 0);
	return status;
}

/* The page of t->pc is executable; `page` is the last one that was asked for. */
static bool may_fetch(const struct tr *t, gaddr *page, bool (*executable)(gaddr a, u64 len))
{
	gaddr here = t->pc & ~(gaddr)(t->g->page_size - 1);

	if (here == *page)
		return true;
	*page = here;
	return executable(t->pc, t->g->insn_unit);
}

static void exit_to(struct tr *t, gaddr pc)
{
	ir_raw(t, IR_EXIT, T_NONE, EXIT_JUMP, ir_pc(t, pc), 0, 0);
}

bool tr_build(struct tr *t, const struct guest *g, gaddr pc, const struct translator_config *cfg,
	      bool (*executable)(gaddr a, u64 len))
{
	gaddr page = ~(gaddr)0;

	ir_begin(t, g, pc);
	t->max_insns = cfg->max_insns ? cfg->max_insns : TR_MAX_INSNS;
	t->single = cfg->single;
	if (t->single)
		t->max_insns = 1;
	t->executable = executable;
	t->noexec = pc;
	if (!may_fetch(t, &page, executable))
		return false;
	for (;;) {
		enum tr_status status = one(t);

		if (status == TR_NOEXEC && !t->ninsns)
			return false;
		if (status != TR_NEXT)
			break;
		t->pc = t->next;
		if (t->ninsns == t->max_insns || ir_full(t) || t->node[t->n - 1].op == IR_EXITCC ||
		    !may_fetch(t, &page, executable)) {
			exit_to(t, t->pc);
			break;
		}
	}
#ifdef DEBUG
	ir_verify(t, "building");
#endif
	log_translation(t, "BLOCK");
	return true;
}

/* --- regions --- */

static struct tr_label *planned(struct tr *t, gaddr pc)
{
	for (u32 k = 0; k < t->nlabels; k++)
		if (t->label[k].pc == pc)
			return &t->label[k];
	return NULL;
}

/*
 * Where a straight line goes on after its last instruction: true with t->pc there, or false and it is ended.  A
 * place that only this line leads to needs no label.
 */
static bool goes_on(struct tr *t, bool ended)
{
	const struct ir_node *last = &t->node[t->n - 1];
	struct tr_label *to;

	if (!ended) {
		t->pc = t->next;
		to = planned(t, t->pc);
		if (to && to->single && !to->built) {
			to->built = true;
			return true;
		}
		if (to || last->op == IR_EXITCC) {
			exit_to(t, t->pc);
			return false;
		}
		return true;
	}
	if (last->op != IR_EXIT || last->aux != EXIT_JUMP || last->c || t->node[last->a].op != IR_PC)
		return false;
	to = planned(t, ir_pc_of(t, last->a));
	if (!to || !to->single || to->built || to->pc <= t->pc)
		return false;
	t->n--;
	to->built = true;
	t->pc = to->pc;
	return true;
}

/* However long the lines are, what the region depends on stays within REGION_SPAN (region_plan() keeps to it, too). */
static bool in_span(const struct tr *t)
{
	enum { LONGEST_INSN = 16 };

	return (s64)(t->pc - t->start) < REGION_SPAN / 2 - LONGEST_INSN;
}

/* From label k to the exit that ends its line; false: out of room. */
static bool line(struct tr *t, u32 k, bool (*executable)(gaddr a, u64 len))
{
	gaddr page = ~(gaddr)0;
	u32 first = t->ninsns;
	enum tr_status status;

	t->pc = t->label[k].pc;
	t->label[k].built = true;
	while (t->ninsns < t->max_insns && !ir_full(t) && in_span(t) && may_fetch(t, &page, executable)) {
		if (t->ninsns == first)
			ir_label(t, k);
		if (t->pc < t->lo)
			t->lo = t->pc;
		status = one(t);
		if (status == TR_NOEXEC && !t->ninsns)
			return false;
		if (!goes_on(t, status != TR_NEXT))
			return true;
	}
	if (t->ninsns > first)
		exit_to(t, t->pc);
	return !in_span(t);
}

bool tr_build_region(struct tr *t, const struct guest *g, const struct tr_label *plan, u32 n,
		     bool (*executable)(gaddr a, u64 len))
{
	ir_begin(t, g, plan[0].pc);
	t->executable = executable;
	t->max_insns = TR_REGION_INSNS;
	t->single = false;
	t->nlabels = n;
	memcpy(t->label, plan, n * sizeof *plan);
	for (u32 k = 0; k < n; k++)
		if (!t->label[k].built && !t->label[k].single && !line(t, k, executable))
			break;
	if (!t->ninsns)
		return false;
#ifdef DEBUG
	ir_verify(t, "building");
#endif
	log_translation(t, "REGION");
	return true;
}
