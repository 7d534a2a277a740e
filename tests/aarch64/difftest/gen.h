/* What the parts of the generator share: see gen.c. */
#ifndef DT_GEN_H
#define DT_GEN_H

#include <stdbool.h>

#include "frontends/aarch64/decode.h"
#include "tests/aarch64/difftest/dt.h"

/* 64 random bits; the same ones for the same -s. */
uint64_t rnd(void);

/* inputs.c: a random state, weighted towards what is special for some instruction. */
void random_state(struct dt_state *s);
/* A random FPCR: every combination of the modes that user mode can set. */
uint32_t random_fpcr(void);

/* units.c: can units be made of this row?  If not, the reason stands there. */
bool row_testable(const struct insn_row *r);
/* Appends a unit of the row to q.  False: no room. */
bool add_unit(struct dt_seq *q, const struct insn_row *r);

#endif
