/*
 * The floating-point operations that several encodings share.  Elements of size 2 and 3 have rows
 * in the IR; halves (size 1) and the few others go to the helper a64_h_fp.
 */
#ifndef FRONTENDS_AARCH64_SIMD_FP_H
#define FRONTENDS_AARCH64_SIMD_FP_H

#include "frontends/aarch64/simd.h"

/* The helper a64_h_fp on the first `lanes` lanes of V128 operands; op may carry FPC_ bits. */
ref simd_fp_call(struct tr *t, unsigned op, unsigned e, unsigned lanes, ref d, ref n, ref m);

/* FP_ADD .. FP_RECPX on every lane.  d is read by FP_MLA and FP_MLS alone. */
ref simd_float(struct tr *t, enum fp_op op, enum ir_type type, unsigned e, ref d, ref n, ref m);

/* The same on lane 0 of V128 operands; the rest of the result is zero (a V128, F32 or F64). */
ref simd_float_scalar(struct tr *t, enum fp_op op, unsigned e, ref d, ref n, ref m);

/*
 * simd_half.c: the same on halves, where the mode lets singles do it.  FP_ADD .. FP_ABD and comparisons; scalar ones
 * without comparisons, the result a V128.
 */
bool simd_half_inline(const struct tr *t);
ref simd_half(struct tr *t, enum fp_op op, enum ir_type type, ref d, ref n, ref m);
ref simd_half_scalar(struct tr *t, enum fp_op op, ref d, ref n, ref m);
ref simd_half_rint(struct tr *t, enum ir_type type, ref n, unsigned rnd);
/* Not: unsigned with a fraction. */
ref simd_half_to_int(struct tr *t, enum ir_type type, ref n, unsigned rnd, unsigned uns, unsigned fraction);
ref simd_half_from_int(struct tr *t, enum ir_type type, ref n, unsigned uns, unsigned fraction);

ref simd_to_int(struct tr *t, enum ir_type type, unsigned e, ref n, unsigned rnd, unsigned uns, unsigned fraction);
ref simd_from_int(struct tr *t, enum ir_type type, unsigned e, ref n, unsigned uns, unsigned fraction);
ref simd_to_int_scalar(struct tr *t, unsigned e, ref n, unsigned rnd, unsigned uns,
		       unsigned fraction);
ref simd_from_int_scalar(struct tr *t, unsigned e, ref n, unsigned uns, unsigned fraction);

/*
 * FMLAL (half 0), FMLAL2 (half 1), FMLSL: d +- products of halves; all V128.  For q 0 the result is
 * a V64.
 */
ref simd_fmlal(struct tr *t, unsigned half, bool subtract, unsigned q, ref d, ref n, ref m);

#endif
