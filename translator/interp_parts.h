/* The families of operations that interp_run hands on; private to translator/interp*.c. */
#ifndef TRANSLATOR_INTERP_PARTS_H
#define TRANSLATOR_INTERP_PARTS_H

#include "base/vcpu.h"
#include "translator/ir.h"

/*
 * Values are 16 bytes each: integers zero-extended in d[0], FLAGS packed in s[0], floats in the low
 * lane; unused bytes are zero.  Each sets val[i] of node i.
 */

/* V2F .. VANYNZ, AESENC .. SHA256S1 */
void interp_vector(const struct tr *t, u32 i, vec *val);
/* FADD .. FPFLAGSW */
void interp_float(struct vcpu *c, const struct tr *t, u32 i, vec *val);
/* VFADD .. VFNARROW */
void interp_vector_float(struct vcpu *c, const struct tr *t, u32 i, vec *val);

/* Any operation without control flow, memory access or call. */
void interp_node(struct vcpu *c, const struct tr *t, u32 i, vec *val);

/* Packed FLAGS of FCMPF on two values of `type`. */
u32 interp_fcmp(struct vcpu *c, enum ir_type type, u64 a, u64 b, bool signal_quiet);

#endif
