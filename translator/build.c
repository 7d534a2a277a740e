/*
 * The block builder.  A translation never assumes anything about bytes that were not executable
 * when it was made: each page that it enters is asked for, and it ends before one that is not, so
 * that the fault happens when the guest really gets there.
 */
#include "translator/build.h"

#include "base/log.h"
#include "translator/disas.h"

static void log_translation(const struct tr *t)
{
	if (log_on(LOG_IN_ASM)) {
		log_printf("IN: 0x%llx\n", (unsigned long long)t->start);
		disas_log(t->g, t->start, t->end - t->start);
	}
	if (log_on(LOG_OP)) {
		log_printf("OP: 0x%llx\n", (unsigned long long)t->start);
		ir_print(t, log_printf);
	}
}

/* Translates one instruction at t->pc; true if the translation has been ended. */
static bool one(struct tr *t)
{
	int status;

	ir_insn(t, t->pc);
	t->next = t->pc + t->g->insn_unit;
	status = t->g->translate(t);
	t->ninsns++;
	if (t->next > t->end)
		t->end = t->next;
	if (status == TR_UNDEF)
		ir_raw(t, IR_TRAP, T_NONE, 0, ir_pc(t, t->pc), EXIT_UNDEF, 0);
	return status != TR_NEXT;
}

/*
 * What follows a conditional exit is often translated again, as the target of another branch.  A
 * block that is long already gains less from going on than that costs.
 */
static bool long_enough(const struct tr *t)
{
	enum { ENOUGH = 20 };

	return t->ninsns >= ENOUGH && t->node[t->n - 1].op == IR_EXITCC;
}

bool tr_build(struct tr *t, const struct guest *g, gaddr pc, const struct translator_config *cfg,
	      bool (*executable)(gaddr a, u64 len))
{
	gaddr page_mask = ~(gaddr)(g->page_size - 1), page = pc & page_mask;

	ir_begin(t, g, pc);
	t->max_insns = cfg->max_insns ? cfg->max_insns : TR_MAX_INSNS;
	t->single = cfg->single;
	if (t->single)
		t->max_insns = 1;
	if (!executable(pc, g->insn_unit))
		return false;
	for (;;) {
		if (one(t))
			break;
		t->pc = t->next;
		if (t->ninsns < t->max_insns && !ir_full(t) && !long_enough(t)) {
			if ((t->pc & page_mask) == page)
				continue;
			page = t->pc & page_mask;
			if (executable(t->pc, g->insn_unit))
				continue;
		}
		ir_raw(t, IR_EXIT, T_NONE, EXIT_JUMP, ir_pc(t, t->pc), 0, 0);
		break;
	}
#ifdef DEBUG
	ir_verify(t, "building");
#endif
	log_translation(t);
	return true;
}
