/*
 * C helpers of the floating-point and Advanced SIMD files: what no row or two of the IR expresses.
 *
 * All are pure functions of their arguments: element size, operation and FPCR are arguments, and
 * saturation is reported by a second function that returns the mask of saturated lanes, so that the
 * translator may drop, merge and move them like any operation.
 */
#ifndef FRONTENDS_AARCH64_VECHELP_H
#define FRONTENDS_AARCH64_VECHELP_H

#include "translator/ir.h"

/* fphelp.c */
extern const struct ir_helper a64_h_frintn_s, a64_h_frintn_d;   /* (ctl, value): ctl bit 0: 64-bit, bit 1: toward zero */
extern const struct ir_helper a64_h_bfcvt;                      /* (fpcr, F32) to a bfloat16 in an F32's low half */
extern const struct ir_helper a64_h_fjcvtzs;                    /* F64 to the 32-bit result | Z << 32 */

#endif
