/*
 * C helpers of the floating-point and Advanced SIMD files: what no few rows of the IR express.
 *
 * All are pure functions of their arguments, so that the translator may drop, merge and move them
 * like any operation: element size and operation come in a control word, FPCR as an argument.
 * Floating-point exceptions go into the host's sticky flags, which are the guest's while translated code
 * runs.
 */
#ifndef FRONTENDS_AARCH64_VECHELP_H
#define FRONTENDS_AARCH64_VECHELP_H

#include "translator/ir.h"

/* --- fphelp.c --- */

enum fp_op {
	FP_ADD, FP_SUB, FP_MUL, FP_DIV, FP_SQRT, FP_MLA, FP_MLS, FP_MIN, FP_MAX, FP_MINNM, FP_MAXNM,
	FP_ABD, FP_MULX, FP_RECPS, FP_RSQRTS, FP_CMPEQ, FP_CMPGE, FP_CMPGT, FP_ACGE, FP_ACGT,
	FP_RECPE, FP_RSQRTE, FP_RECPX, FP_URECPE, FP_URSQRTE,
	FP_RINT,      /* FPC_RND, FPC_EXACT */
	FP_TO_INT,    /* FPC_RND, FPC_UNSIGNED, FPC_FRACTION */
	FP_FROM_INT,  /* FPC_UNSIGNED, FPC_FRACTION */
	FP_RINT_N     /* FPC_RND, FPC_WIDE: FRINT32Z and so on */
};
/*
 * Control word: fp_op in bits 7..0; e: log2 of the element's bytes; lanes: how many to compute, the
 * rest is zero.
 */
enum {
	FPC_SIZE = 8, FPC_LANES = 10, FPC_RND = 15, FPC_EXACT = 1 << 18, FPC_UNSIGNED = 1 << 18,
	FPC_WIDE = 1 << 18,
	FPC_FRACTION = 19
};
extern const struct ir_helper a64_h_fp;      /* (ctl, fpcr, d, n, m) */

/* Changes of format. */
enum fp_cvt {
	CVT_HALF_UNPACK,         /* four in the low half for an operation that comes after: FZ16, signalling NaNs stay so */
	CVT_DOUBLE_TO_SINGLE_ODD,/* two, FCVTXN */
	CVT_SINGLE_TO_BF16       /* four */
};
extern const struct ir_helper a64_h_cvt;     /* (fp_cvt | lanes << 8, fpcr, v) */

extern const struct ir_helper a64_h_fjcvtzs; /* (fpcr, F64) to the 32-bit result | Z << 32 */
extern const struct ir_helper a64_h_int_to_half; /* (fraction | unsigned << 8, fpcr, I64) to a half's bits */

/* bf16help.c: BFDOT, BFMMLA: (d, n, m) */
extern const struct ir_helper a64_h_bfdot, a64_h_bfmmla;

/* --- cryptohelp.c --- */

enum sm_op {
	SM3_SS1, SM3_PARTW1, SM3_PARTW2, SM3_TT1A, SM3_TT1B, SM3_TT2A, SM3_TT2B, SM4_E, SM4_EKEY
};
extern const struct ir_helper a64_h_sm;      /* (sm_op | index << 8, d, n, m); SM3_SS1: d is Va */

#endif
