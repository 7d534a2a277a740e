/* What the parts of the comparison share: see cmp.c. */
#ifndef DT_CMP_H
#define DT_CMP_H

#include <stdbool.h>

#include "frontends/aarch64/decode.h"
#include "tests/aarch64/difftest/dt.h"

/* One instruction, the state before it, and the two states behind it. */
struct dt_step {
	const struct insn_row *row;
	uint32_t word;
	const struct dt_state *before, *want, *got;
};

/* known.c: the name of the exception that explains the difference, or NULL. */
const char *dt_known(const struct dt_step *s);

/* Do the states of a sequence that faulted differ in the flags alone? */
bool dt_only_flags(const struct dt_state *want, const struct dt_state *got);
extern const char dt_flags_of_fault[];

#endif
