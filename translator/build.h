/* From guest code to one verified translation in IR. */
#ifndef TRANSLATOR_BUILD_H
#define TRANSLATOR_BUILD_H

#include "translator/ir.h"
#include "translator/translator.h"

/*
 * For translate() of a guest with instructions longer than its insn_unit: may [a, a + len), a later
 * part of the instruction at t->pc, be fetched?  If not, translate() returns TR_NOEXEC.
 */
bool tr_fetchable(struct tr *t, gaddr a, u64 len);

/*
 * Fills t with the translation of the block at pc: up to cfg->max_insns instructions (0:
 * TR_MAX_INSNS), ended by the guest's own exit, at a page that is not executable, or when t is
 * full; an instruction that does not exist becomes TRAP EXIT_UNDEF.  The caller sets t->fpctl
 * before.  The result is verified (debug builds) and logged; nodes that nothing uses stay, the
 * backend's backward pass sees them.
 *
 * False when the instruction at pc is not executable (EXIT_NOEXEC), from t->noexec on.  Reads guest memory
 * directly: a page whose backing went away faults on the host.
 */
bool tr_build(struct tr *t, const struct guest *g, gaddr pc, const struct translator_config *cfg,
	      bool (*executable)(gaddr a, u64 len));

/*
 * The same for a region: plan has its n labels (1..TR_MAX_LABELS), the first being its start, as region_plan()
 * makes them.  Labels that found no room get no node.
 */
bool tr_build_region(struct tr *t, const struct guest *g, const struct tr_label *plan, u32 n,
		     bool (*executable)(gaddr a, u64 len));

#endif
