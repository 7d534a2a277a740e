/*
 * Half-precision arithmetic in lanes of singles, and of doubles where it is fused.
 *
 * A single has more than twice the bits of a half and two more, so that rounding a sum, product, quotient or root
 * to a single and then to a half is as one rounding (Figueroa), for denormal halves, too; in a single nothing
 * overflows or is denormal, so all exceptions but inexact come from the second.  The sum of a fused product may not
 * be rounded twice: it is made in doubles, where it is either exact or far from the middle between two halves, and
 * goes to a single by rounding to odd.
 *
 * Operands are widened for arithmetic (ir.def, FCVTH aux bit 1), so that a signalling NaN is still one for the
 * operation itself, which chooses among NaNs and raises what it should.
 *
 * What the singles' operations cannot know is left to the helper a64_h_fp: FZ16, and the modes in which the IR's
 * conversions of halves do what arithmetic does not (FZ, AHP).
 */
#include "frontends/aarch64/simd_fp.h"

enum { FOR_ARITHMETIC = 2 };

bool simd_half_inline(const struct tr *t)
{
	return !(t->fpctl & (FPCTL_FLUSH | FPCTL_FLUSH16 | FPCTL_ALT_HALF));
}

static ref widen(struct tr *t, unsigned e, ref v, unsigned half)
{
	return irx(t, IR_VFWIDEN, T_V128, e, v, half | FOR_ARITHMETIC, 0);
}

/* Two V128 whose low halves are the parts of the result; hi 0: a V64 is wanted. */
static ref join(struct tr *t, ref lo, ref hi)
{
	return hi ? irx(t, IR_VSETL, T_V128, 3, lo, hi, 1) : ir1(t, IR_LOWV, T_V64, lo);
}

/* Doubles to singles, rounded to odd; what a single has no room for must not be its exponent. */
static ref to_single_odd(struct tr *t, ref v)
{
	u64 lost = (1ull << 29) - 1;
	ref sum = irx(t, IR_VADD, T_V128, 3, ir2(t, IR_VAND, T_V128, v, vconst(t, T_V128, 3, lost)),
		      vconst(t, T_V128, 3, lost), 0);

	v = ir2(t, IR_VAND, T_V128, ir2(t, IR_VOR, T_V128, v, sum), vconst(t, T_V128, 3, ~lost));
	return irx(t, IR_VFNARROW, T_V128, 2, v, 0, 0);
}

/* Lanes of singles that hold halves: n * m + d, or d - n * m, as singles that round to the halves. */
static ref fused(struct tr *t, enum ir_op op, ref d, ref n, ref m)
{
	ref part[2];

	for (unsigned h = 0; h < 2; h++)
		part[h] = to_single_odd(t, irx(t, op, T_V128, 3, widen(t, 2, n, h), widen(t, 2, m, h),
					       widen(t, 2, d, h)));
	return join(t, part[0], part[1]);
}

static bool compares(enum fp_op op)
{
	return op >= FP_CMPEQ && op <= FP_ACGT;
}

ref simd_half(struct tr *t, enum fp_op op, enum ir_type type, ref d, ref n, ref m)
{
	ref part[2] = { 0, 0 }, v;

	if (op == FP_ABD)   /* the sign that rounding looks at is the difference's */
		return ir2(t, IR_VAND, type, simd_half(t, FP_SUB, type, d, n, m), vconst(t, type, 1, 0x7fff));
	for (unsigned h = 0; h < (type == T_V128 ? 2 : 1); h++) {
		ref wn = widen(t, 1, n, h), wm = widen(t, 1, m, h);

		if (op == FP_MLA || op == FP_MLS)
			v = fused(t, op == FP_MLA ? IR_VFMA : IR_VFMS, widen(t, 1, d, h), wn, wm);
		else
			v = simd_float(t, op, T_V128, 2, wn, wn, wm);
		part[h] = irx(t, compares(op) ? IR_VNARROW : IR_VFNARROW, T_V128, 1, v, 0, 0);
	}
	return join(t, part[0], part[1]);
}

ref simd_half_rint(struct tr *t, enum ir_type type, ref n, unsigned rnd)
{
	ref part[2] = { 0, 0 };

	for (unsigned h = 0; h < (type == T_V128 ? 2 : 1); h++) {
		ref v = irx(t, IR_VFRINT, T_V128, 2, widen(t, 1, n, h), rnd, 0);

		part[h] = irx(t, IR_VFNARROW, T_V128, 1, v, 0, 0);
	}
	return join(t, part[0], part[1]);
}

/*
 * To signed integers of 16 bits, singles in words.  The integral value is scaled to the top of the word, where what does
 * not fit is out of range for the conversion, too; what is too large for 16 bits was integral before.
 */
static ref to_signed(struct tr *t, ref v, unsigned rnd, unsigned fraction)
{
	if (fraction)
		v = irx(t, IR_VFMUL, T_V128, 2, v, vconst(t, T_V128, 2, (u64)(127 + fraction) << 23), 0);
	v = irx(t, IR_VFRINT, T_V128, 2, v, rnd | 0x80, 0);
	v = irx(t, IR_VF2I, T_V128, 2, v, RND_ZERO | 16 << 8, 0);
	return irx(t, IR_VSHRI, T_V128, 2, v, 16, 0);
}

ref simd_half_to_int(struct tr *t, enum ir_type type, ref n, unsigned rnd, unsigned uns, unsigned fraction)
{
	ref part[2] = { 0, 0 }, v;

	for (unsigned h = 0; h < (type == T_V128 ? 2 : 1); h++) {
		v = widen(t, 1, n, h);
		if (uns)   /* infinity alone is too large */
			v = irx(t, IR_VF2I, T_V128, 2, v, rnd | 0x80, 0);
		else
			v = to_signed(t, v, rnd, fraction);
		part[h] = irx(t, IR_VNARROW, T_V128, 1, v, 0, 0);
	}
	return join(t, part[0], part[1]);
}

/* A single holds every integer of 16 bits. */
ref simd_half_from_int(struct tr *t, enum ir_type type, ref n, unsigned uns, unsigned fraction)
{
	ref part[2] = { 0, 0 }, v;

	for (unsigned h = 0; h < (type == T_V128 ? 2 : 1); h++) {
		v = irx(t, uns ? IR_VWIDENU : IR_VWIDENS, T_V128, 1, n, h, 0);
		v = irx(t, IR_VI2F, T_V128, 2, v, fraction << 1, 0);
		part[h] = irx(t, IR_VFNARROW, T_V128, 1, v, 0, 0);
	}
	return join(t, part[0], part[1]);
}

/* The half in lane 0 as an operand of arithmetic in `type`. */
static ref scalar(struct tr *t, enum ir_type type, ref v)
{
	return irx(t, IR_FCVTH, type, FOR_ARITHMETIC, ir1(t, IR_V2F, T_F32, v), 0, 0);
}

ref simd_half_scalar(struct tr *t, enum fp_op op, ref d, ref n, ref m)
{
	enum ir_type type = op == FP_MLA || op == FP_MLS ? T_F64 : T_F32;
	ref fn = scalar(t, type, n), fm = scalar(t, type, m), v;

	switch (op) {
	case FP_ADD: v = ir2(t, IR_FADD, type, fn, fm); break;
	case FP_SUB: v = ir2(t, IR_FSUB, type, fn, fm); break;
	case FP_MUL: v = ir2(t, IR_FMUL, type, fn, fm); break;
	case FP_DIV: v = ir2(t, IR_FDIV, type, fn, fm); break;
	case FP_MLA:
	case FP_MLS: v = irx(t, IR_FMA, type, op == FP_MLS, fn, fm, scalar(t, type, d)); break;
	case FP_MIN: v = ir2(t, IR_FMIN, type, fn, fm); break;
	case FP_MAX: v = ir2(t, IR_FMAX, type, fn, fm); break;
	case FP_MINNM: v = ir2(t, IR_FMINNM, type, fn, fm); break;
	case FP_MAXNM: v = ir2(t, IR_FMAXNM, type, fn, fm); break;
	case FP_ABD: v = ir2(t, IR_FSUB, type, fn, fm); break;
	default: v = ir1(t, IR_FSQRT, type, fn); break;
	}
	v = ir1(t, IR_F2V, T_V128, irx(t, IR_FCVTH, T_F32, 1, v, 0, 0));
	return op == FP_ABD ? ir2(t, IR_VAND, T_V128, v, ir_constv(t, T_V128, (vec){ .d = { 0x7fff } })) : v;
}
