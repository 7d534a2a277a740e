/*
 * Saturating and rounding shifts by a register, saturating sums of mixed signs, doubling multiply-accumulate (Arm ARM
 * C4.1, Advanced SIMD three same, two-register miscellaneous, shift by immediate), and products of polynomials over
 * {0, 1}.
 *
 * A left shift saturates where shifting back does not give the operand again. So the shift is made three times: left
 * by what is positive of the count, back, and by the count as it is. All of it is lane operations of any size, which
 * costs about 25 host instructions; a C function for it has to take lanes apart.
 */
#include "frontends/aarch64/simd_int.h"

static ref op2(struct tr *t, enum ir_op op, enum ir_type type, unsigned e, ref a, ref b)
{
	return irx(t, op, type, e, a, b, 0);
}

static ref tops(struct tr *t, enum ir_type type, unsigned e)
{
	return vconst(t, type, e, 1ull << ((8 << e) - 1));
}

/* All ones in lanes below zero. */
static ref below_zero(struct tr *t, enum ir_type type, unsigned e, ref v)
{
	return irx(t, IR_VSARI, type, e, v, (8 << e) - 1, 0);
}

/* v where `kept` is all ones, else what the operand n saturates to. */
static ref saturate(struct tr *t, enum ir_type type, unsigned e, bool is_signed, ref kept, ref v, ref n)
{
	qc_mask(t, ir1(t, IR_VNOT, type, kept));
	if (!is_signed)
		return ir2(t, IR_VORN, type, v, kept);
	n = ir2(t, IR_VXOR, type, below_zero(t, type, e, n), vconst(t, type, e, (1ull << ((8 << e) - 1)) - 1));
	return ir3(t, IR_VBSL, type, kept, v, n);
}

ref simd_shift_left_sat(struct tr *t, enum clamp how, enum ir_type type, unsigned e, ref n, unsigned count)
{
	bool is_signed = how == CLAMP_SIGNED;
	ref v = irx(t, IR_VSHLI, type, e, n, count, 0);
	ref back = irx(t, is_signed ? IR_VSARI : IR_VSHRI, type, e, v, count, 0);
	ref kept = op2(t, IR_VCMPEQ, type, e, back, n), minus;

	if (how != CLAMP_SIGNED_TO_UNSIGNED)
		return saturate(t, type, e, is_signed, kept, v, n);
	minus = below_zero(t, type, e, n);
	v = saturate(t, type, e, false, ir2(t, IR_VANDN, type, kept, minus), v, n);
	return ir2(t, IR_VANDN, type, v, minus);
}

/* v shifted by `count`; round: plus the last bit that a shift to the right moves out. */
static ref shift(struct tr *t, enum ir_op op, enum ir_type type, unsigned e, bool round, ref v, ref count)
{
	ref one = vconst(t, type, e, 1), last, r = op2(t, op, type, e, v, count);

	if (!round)
		return r;
	last = op2(t, op, type, e, v, op2(t, IR_VADD, type, e, count, one));
	last = ir2(t, IR_VAND, type, ir2(t, IR_VAND, type, last, one), below_zero(t, type, e, count));
	return op2(t, IR_VADD, type, e, r, last);
}

ref simd_shift_by(struct tr *t, unsigned how, enum ir_type type, unsigned e, ref n, ref m)
{
	unsigned above = (8 << e) - 8;
	bool is_signed = !(how & SHIFT_UNSIGNED);
	enum ir_op op = is_signed ? IR_VSALV : IR_VSHLV;
	ref count = above ? irx(t, IR_VSARI, type, e, irx(t, IR_VSHLI, type, e, m, above, 0), above, 0) : m;
	ref v = shift(t, op, type, e, how & SHIFT_ROUND, n, count), left, back;

	if (!(how & SHIFT_SATURATE))
		return v;
	left = ir2(t, IR_VANDN, type, count, below_zero(t, type, e, count));
	back = op2(t, op, type, e, op2(t, op, type, e, n, left), irx(t, IR_VNEG, type, e, left, 0, 0));
	return saturate(t, type, e, is_signed, op2(t, IR_VCMPEQ, type, e, back, n), v, n);
}

/* With the top bit turned round, numbers of one sign become those of the other less 2^(w-1), limits included. */
ref simd_add_mixed_sat(struct tr *t, bool is_signed, enum ir_type type, unsigned e, ref d, ref n)
{
	enum ir_op op = is_signed ? IR_VUADDS : IR_VSADDS;
	ref top = tops(t, type, e), v;

	d = ir2(t, IR_VXOR, type, d, top);
	v = op2(t, op, type, e, d, n);
	qc_differ(t, v, op2(t, IR_VADD, type, e, d, n));
	return ir2(t, IR_VXOR, type, v, top);
}

/*
 * (d * 2^w +- 2 n m + 2^(w-1)) / 2^w: all of it halved fits lanes of twice the size, whatever n, m and d are.
 */
ref simd_mla_high_sat(struct tr *t, bool subtract, enum ir_type type, unsigned e, ref d, ref n, ref m)
{
	unsigned width = 8 << e;
	ref part[2] = { 0, 0 }, v;

	for (unsigned h = 0; h < (type == T_V128 ? 2 : 1); h++) {
		v = irx(t, IR_VSHLI, T_V128, e + 1, irx(t, IR_VWIDENS, T_V128, e, d, h, 0), width - 1, 0);
		v = op2(t, subtract ? IR_VSUB : IR_VADD, T_V128, e + 1, v, irx(t, IR_VMULLS, T_V128, e, n, m, h));
		v = op2(t, IR_VADD, T_V128, e + 1, v, vconst(t, T_V128, e + 1, 1ull << (width - 2)));
		v = irx(t, IR_VSARI, T_V128, e + 1, v, width - 1, 0);
		part[h] = irx(t, IR_VNARROW, T_V128, e, simd_clamp(t, CLAMP_SIGNED, e, v), 0, 0);
	}
	return type == T_V128 ? irx(t, IR_VSETL, T_V128, 3, part[0], part[1], 1) : ir1(t, IR_LOWV, T_V64, part[0]);
}

/* Bit by bit from the top of the factor m, of which lanes of size e hold a byte. */
ref simd_poly_mul(struct tr *t, enum ir_type type, unsigned e, ref n, ref m)
{
	ref v = 0;

	for (int bit = 7; bit >= 0; bit--) {
		ref one = vconst(t, type, e, 1ull << bit);
		ref has = op2(t, IR_VCMPEQ, type, e, ir2(t, IR_VAND, type, m, one), one);
		ref term = ir2(t, IR_VAND, type, n, has);

		v = v ? ir2(t, IR_VXOR, type, op2(t, IR_VADD, type, e, v, v), term) : term;
	}
	return v;
}
