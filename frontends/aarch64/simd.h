/*
 * What the floating-point and Advanced SIMD files share.
 *
 * The rule of the register file: a write of a part of a V register clears the rest.  So a 64-bit
 * form computes in T_V64, whose upper half is undefined, and v_put() clears that; a scalar form
 * computes in T_F32 or T_F64, or (integers) as a vector of which vlane0() keeps one lane before the
 * result, or the saturation flag, becomes visible.
 */
#ifndef FRONTENDS_AARCH64_SIMD_H
#define FRONTENDS_AARCH64_SIMD_H

#include "frontends/aarch64/a64.h"
#include "frontends/aarch64/decode.h"
#include "frontends/aarch64/vechelp.h"

/* Bits 127..64 of Vd := the low half of v: the result of XTN2 and its kin. */
static inline void v_put_high(struct tr *t, unsigned d, ref v)
{
	v_put(t, d, irx(t, IR_VSETL, T_V128, 3, v_get(t, d), v, 1));
}

/*
 * The result of a narrowing form, in the low half of v with zero above: to the half of Vd that Q
 * names.
 */
static inline void v_put_narrow(struct tr *t, unsigned d, ref v, unsigned q)
{
	if (q)
		v_put_high(t, d, v);
	else
		v_put(t, d, v);
}

/* The low (1 << e) bytes of v repeated through 64 bits. */
u64 a64_replicate(u64 v, unsigned e);

/* The constant with v in every lane of size e. */
ref vconst(struct tr *t, enum ir_type type, unsigned e, u64 v);

/* Lane 0 of size e of v, the rest zero; a V128. */
ref vlane0(struct tr *t, ref v, unsigned e);

/* VSHUF of two V128 by a pattern as ir.def describes it. */
ref vshuf(struct tr *t, ref a, ref b, vec pattern);

/*
 * The patterns of ZIP1/2, UZP1/2 and TRN1/2 on elements of size e; part 0 or 1; q 0: 64-bit form,
 * upper half of the result zero.
 */
vec pattern_zip(unsigned e, unsigned part, unsigned q);
vec pattern_uzp(unsigned e, unsigned part, unsigned q);
vec pattern_trn(unsigned e, unsigned part, unsigned q);

/* FPSR.QC becomes set if `got` and `want` differ in any bit; both V64 or both V128. */
void qc_differ(struct tr *t, ref got, ref want);
/* ... if any bit of the mask is set. */
void qc_mask(struct tr *t, ref mask);

/* VFPExpandImm(): an 8-bit immediate as a number of 2 << e ... 8 bytes, e = 1, 2, 3. */
u64 a64_fp_imm(unsigned imm8, unsigned e);

#endif
