/*
 * Binary floating point by integer arithmetic, IEEE 754-2008 with the choices that the standard
 * leaves open as parameters.
 *
 * It is the interpreter's arithmetic and the exact path of translated code: where the host's unit
 * and the guest's manual disagree (NaNs, tininess, flushing), this decides.  Values are bit
 * patterns, right justified in u64.
 */
#ifndef TRANSLATOR_SOFTFP_H
#define TRANSLATOR_SOFTFP_H

#include "translator/ir.h"

enum fp_format { FP16, FP32, FP64 };

/*
 * The choices.  Of several NaN operands the result is made from the first signalling one, else from
 * the first quiet one, unless default_nan; the addend of a fused multiply-add counts as first, and
 * infinity * 0 + quiet NaN is invalid and gives the default NaN.
 */
struct fpsem {
	u8 round;            /* enum ir_round, RND_NEAREST .. RND_AWAY */
	bool flush;          /* F32, F64: denormal operands are zero, raising FPEXC_DENORMAL, and */
			     /* tiny results are zero, raising FPEXC_UNDERFLOW */
	bool flush_half;     /* F16: the same, but operands raise nothing; not set by fp_sem() */
	bool default_nan;    /* every NaN result is the default NaN */
	bool default_nan_negative;
	bool alt_half;       /* FP16 has neither infinities nor NaNs */
	bool nan_to_max;     /* a NaN becomes the largest integer, not 0 */
	bool prefer_number;  /* minNum and maxNum of a number and a signalling NaN: the number */
	bool tiny_after;     /* underflow: tininess is detected after rounding */
	u32 flags;           /* out: enum ir_fpexc, accumulated */
};

/* The fields from FPCTL bits (enum ir_fpctl), flags clear. */
struct fpsem fp_sem(u32 fpctl);

u64 fp_add(struct fpsem *s, enum fp_format f, u64 a, u64 b);
u64 fp_sub(struct fpsem *s, enum fp_format f, u64 a, u64 b);
u64 fp_mul(struct fpsem *s, enum fp_format f, u64 a, u64 b);
u64 fp_div(struct fpsem *s, enum fp_format f, u64 a, u64 b);
u64 fp_sqrt(struct fpsem *s, enum fp_format f, u64 a);
/* a * b + c, rounded once */
u64 fp_fma(struct fpsem *s, enum fp_format f, u64 a, u64 b, u64 c);
u64 fp_neg(enum fp_format f, u64 a);
u64 fp_abs(enum fp_format f, u64 a);

/* With a NaN operand: a NaN.  -0 is below +0. */
u64 fp_min(struct fpsem *s, enum fp_format f, u64 a, u64 b);
u64 fp_max(struct fpsem *s, enum fp_format f, u64 a, u64 b);
/* minNum and maxNum: one quiet NaN operand (any: prefer_number) gives the other operand. */
u64 fp_minnm(struct fpsem *s, enum fp_format f, u64 a, u64 b);
u64 fp_maxnm(struct fpsem *s, enum fp_format f, u64 a, u64 b);

/* A comparison's outcome; quiet NaNs raise invalid only if signal_quiet. */
enum fp_order { FP_LESS, FP_EQUAL, FP_GREATER, FP_UNORDERED };
enum fp_order fp_compare(struct fpsem *s, enum fp_format f, u64 a, u64 b, bool signal_quiet);

/* To an integral value in the same format; exact: raises inexact when the value changes. */
u64 fp_rint(struct fpsem *s, enum fp_format f, u64 a, enum ir_round round, bool exact);

u64 fp_convert(struct fpsem *s, enum fp_format to, enum fp_format from, u64 a);
/*
 * A number as what arithmetic in a wider format takes it for: exact, a signalling NaN stays one, whatever mode
 * flushes or has the alternative format.
 */
u64 fp_unpack(enum fp_format to, enum fp_format from, u64 a);

/* The integer v (signed or unsigned, 64 bits) / 2^fraction, rounded once. */
u64 fp_from_int(struct fpsem *s, enum fp_format f, u64 v, bool is_unsigned, unsigned fraction);
/*
 * a * 2^fraction rounded to an integer of `width` bits, saturating; NaN gives 0, or the largest
 * (nan_to_max).  Zero-extended from width.
 */
u64 fp_to_int(struct fpsem *s, enum fp_format f, u64 a, enum ir_round round, bool is_unsigned,
	      unsigned width, unsigned fraction);

#endif
