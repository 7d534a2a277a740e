/*
 * What the floating-point files share: values in f registers, and roundings.
 *
 * An f register is 64 bits wide, and a narrower value is NaN-boxed in it: what is not a box counts as
 * the canonical NaN.  FBOX and FUNBOX are operations of the IR, so that a value which one instruction
 * leaves and another takes is neither boxed nor looked at on the way.
 *
 * A half is computed with as a single, a fused product of halves as a double: these have more than
 * twice as many bits and two, so the second rounding cannot be seen, and a single underflows or
 * overflows in no operation of halves.  What is in an F32's low bits only is called "bits of a half".
 */
#ifndef FRONTENDS_RISCV_FP_H
#define FRONTENDS_RISCV_FP_H

#include "frontends/riscv/riscv.h"
#include "frontends/riscv/decode.h"

/* The field fmt. */
enum { FMT_S, FMT_D, FMT_H };

/* The type in which values of a format are computed. */
static inline enum ir_type fp_type(unsigned fmt)
{
	return fmt == FMT_D ? T_F64 : T_F32;
}

/* fn as a value of fp_type(fmt). */
ref fp_get(struct tr *t, unsigned n, unsigned fmt);
void fp_put(struct tr *t, unsigned n, unsigned fmt, ref v);
/* The same, narrowing a result to half with this rounding (as rounding() has it). */
void fp_put_rounded(struct tr *t, unsigned n, unsigned fmt, ref v, unsigned aux);

/*
 * The rounding of an instruction with this rm as aux of an operation that rounds (FP_STATIC, 0 for
 * frm's).  False: frm holds no rounding mode, and the instruction is illegal.
 */
bool fp_rounding(const struct tr *t, unsigned rm, unsigned *aux);
/* The same as enum ir_round, for operations that round to an integer. */
bool fp_int_rounding(const struct tr *t, unsigned rm, enum ir_round *round);

#endif
