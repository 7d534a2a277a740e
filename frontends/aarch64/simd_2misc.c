/*
 * Advanced SIMD two-register miscellaneous (integers) and across lanes, vector and scalar (Arm ARM
 * C4.1).
 */
#include "frontends/aarch64/simd_int.h"
#include "frontends/aarch64/simd_fp.h"

/* U << 5 | opcode of the manual's table. */
enum misc_op {
	M_REV64 = 0x00, M_REV16, M_SADDLP, M_SUQADD, M_CLS, M_CNT, M_SADALP, M_SQABS, M_CMGT,
	M_CMEQ, M_CMLT, M_ABS,
	M_XTN = 0x12, M_SQXTN = 0x14,
	M_REV32 = 0x20, M_UADDLP = 0x22, M_USQADD, M_CLZ, M_NOT_RBIT, M_UADALP, M_SQNEG, M_CMGE,
	M_CMLE, M_NEG = 0x2b,
	M_SQXTUN = 0x32, M_SHLL, M_UQXTN
};

/* Sums of neighbours in elements of twice the size. */
static ref add_long_pairs(struct tr *t, enum ir_type type, unsigned e, bool uns, ref n)
{
	unsigned width = 8 << e;
	ref even, odd;

	if (uns) {
		even = ir2(t, IR_VAND, type, n, vconst(t, type, e + 1, (1ull << width) - 1));
		odd = irx(t, IR_VSHRI, type, e + 1, n, width, 0);
	} else {
		even = irx(t, IR_VSARI, type, e + 1, irx(t, IR_VSHLI, type, e + 1, n, width, 0),
			   width, 0);
		odd = irx(t, IR_VSARI, type, e + 1, n, width, 0);
	}
	return irx(t, IR_VADD, type, e + 1, even, odd, 0);
}

/* The bits of each byte reversed: a table of nibbles for each half. */
static ref reverse_bits(struct tr *t, ref n)
{
	vec high, low;

	for (unsigned i = 0; i < 16; i++) {
		unsigned r = (i & 1) << 3 | (i & 2) << 1 | (i & 4) >> 1 | i >> 3;

		high.b[i] = r << 4;
		low.b[i] = r;
	}
	return ir2(t, IR_VOR, T_V128,
		   ir2(t, IR_VTBL, T_V128, ir_constv(t, T_V128, high),
		       ir2(t, IR_VAND, T_V128, n, vconst(t, T_V128, 0, 15))),
		   ir2(t, IR_VTBL, T_V128, ir_constv(t, T_V128, low),
		       irx(t, IR_VSHRI, T_V128, 0, n, 4, 0)));
}

/* The absolute value of the most negative number comes out as itself: then all ones are added. */
static ref saturating_abs(struct tr *t, enum ir_type type, unsigned e, ref n)
{
	ref v = irx(t, IR_VABS, type, e, n, 0, 0);
	ref over = irx(t, IR_VCMPGT, type, e, vconst(t, type, e, 0), v, 0);

	qc_mask(t, over);
	return irx(t, IR_VADD, type, e, v, over, 0);
}

static ref compare_zero(struct tr *t, enum misc_op op, enum ir_type type, unsigned e, ref n)
{
	ref zero = vconst(t, type, e, 0);

	switch (op) {
	case M_CMGT: return irx(t, IR_VCMPGT, type, e, n, zero, 0);
	case M_CMEQ: return irx(t, IR_VCMPEQ, type, e, n, zero, 0);
	case M_CMLT: return irx(t, IR_VCMPGT, type, e, zero, n, 0);
	case M_CMGE: return irx(t, IR_VCMPGE, type, e, n, zero, 0);
	default: return irx(t, IR_VCMPGE, type, e, zero, n, 0);
	}
}

/* Those whose result has the size of the operand; 0 if op is another. */
static ref misc(struct tr *t, enum misc_op op, enum ir_type type, unsigned e, ref d, ref n)
{
	ref v;

	switch (op) {
	case M_REV64: return irx(t, IR_VREV, type, e, n, 3, 0);
	case M_REV32: return irx(t, IR_VREV, type, e, n, 2, 0);
	case M_REV16: return irx(t, IR_VREV, type, e, n, 1, 0);
	case M_SADDLP: return add_long_pairs(t, type, e, false, n);
	case M_UADDLP: return add_long_pairs(t, type, e, true, n);
	case M_SADALP:
	case M_UADALP:
		v = add_long_pairs(t, type, e, op == M_UADALP, n);
		return irx(t, IR_VADD, type, e + 1, d, v, 0);
	case M_SUQADD: return simd_add_mixed_sat(t, true, type, e, d, n);
	case M_USQADD: return simd_add_mixed_sat(t, false, type, e, d, n);
	case M_CLS:
		/* Leading zeros of x ^ (x >> 1), whose top bit is always clear, less that one. */
		v = ir2(t, IR_VXOR, type, n, irx(t, IR_VSARI, type, e, n, 1, 0));
		return irx(t, IR_VSUB, type, e, irx(t, IR_VCLZ, type, e, v, 0, 0),
			   vconst(t, type, e, 1), 0);
	case M_CLZ: return irx(t, IR_VCLZ, type, e, n, 0, 0);
	case M_CNT: return ir1(t, IR_VPOPCNT, type, n);
	case M_NOT_RBIT:
		if (!e)
			return ir1(t, IR_VNOT, type, n);
		v = reverse_bits(t, type == T_V64 ? ir1(t, IR_ZEXTV, T_V128, n) : n);
		return type == T_V64 ? ir1(t, IR_LOWV, T_V64, v) : v;
	case M_SQABS: return saturating_abs(t, type, e, n);
	case M_SQNEG:
		v = irx(t, IR_VSSUBS, type, e, vconst(t, type, e, 0), n, 0);
		qc_differ(t, v, irx(t, IR_VNEG, type, e, n, 0, 0));
		return v;
	case M_ABS: return irx(t, IR_VABS, type, e, n, 0, 0);
	case M_NEG: return irx(t, IR_VNEG, type, e, n, 0, 0);
	default: return compare_zero(t, op, type, e, n);
	}
}

/* XTN and its kin; v is a V128 of elements of twice size e. */
static ref extract_narrow(struct tr *t, enum misc_op op, unsigned e, ref v)
{
	if (op == M_SQXTN)
		v = simd_clamp(t, CLAMP_SIGNED, e, v);
	else if (op == M_UQXTN)
		v = simd_clamp(t, CLAMP_UNSIGNED, e, v);
	else if (op == M_SQXTUN)
		v = simd_clamp(t, CLAMP_SIGNED_TO_UNSIGNED, e, v);
	return irx(t, IR_VNARROW, T_V128, e, v, 0, 0);
}

bool a64_tr_simd_2misc(struct tr *t, const struct a64_simd_2misc *a)
{
	enum misc_op op = a->U << 5 | a->opcode;
	enum ir_type type = v_type(a->Q);
	ref v;

	switch (op) {
	case M_XTN:
	case M_SQXTN:
	case M_SQXTUN:
	case M_UQXTN:
		v_put_narrow(t, a->rd, extract_narrow(t, op, a->size, v_get(t, a->rn)), a->Q);
		return true;
	case M_SHLL:
		v = irx(t, IR_VWIDENU, T_V128, a->size, v_get(t, a->rn), a->Q, 0);
		v_put(t, a->rd, irx(t, IR_VSHLI, T_V128, a->size + 1, v, 8 << a->size, 0));
		return true;
	default:
		v_put(t, a->rd,
		      misc(t, op, type, a->size, v_get_as(t, a->rd, type),
			   v_get_as(t, a->rn, type)));
		return true;
	}
}

bool a64_tr_simd_scalar_2misc(struct tr *t, const struct a64_simd_scalar_2misc *a)
{
	enum misc_op op = a->U << 5 | a->opcode;
	unsigned e = a->size;

	if (op == M_SQXTN || op == M_SQXTUN || op == M_UQXTN)
		v_put(t, a->rd, extract_narrow(t, op, e, vlane0(t, v_get(t, a->rn), e + 1)));
	else
		v_put(t, a->rd,
		      misc(t, op, scalar_type(e), e, scalar_operand(t, a->rd, e),
			   scalar_operand(t, a->rn, e)));
	return true;
}

/* --- across lanes --- */

/* ADDV, SADDLV, UADDLV; `width` is the result's. */
static ref sum_across(struct tr *t, enum ir_type type, unsigned e, bool is_signed, unsigned width, ref n)
{
	unsigned lanes = (type == T_V128 ? 16 : 8) >> e;
	u64 top = 1ull << ((8 << e) - 1);
	ref v;

	/*
	 * Signed lanes are made unsigned by adding 2^(w-1) to each, which is taken off the sum
	 * again.
	 */
	if (is_signed)
		n = ir2(t, IR_VXOR, type, n, vconst(t, type, e, top));
	v = irx(t, IR_VSUMU, T_I64, e, n, 0, 0);
	if (is_signed)
		v = ir2(t, IR_SUB, T_I64, v, ir_const(t, T_I64, lanes * top));
	if (width < 64)
		v = ir2(t, IR_ZEXT, T_I64, v, width);
	return ir1(t, IR_I2V, T_V128, v);
}

/* The maximum or minimum of all lanes: halves are folded onto each other until one lane is left. */
static ref fold_across(struct tr *t, enum ir_op op, unsigned q, unsigned e, ref v)
{
	for (unsigned n = q ? 8 : 4; n >= 1u << e; n /= 2)
		v = irx(t, op, T_V128, e, v, ir3(t, IR_VEXT, T_V128, v, v, n), 0);
	return vlane0(t, v, e);
}

static ref lane_bits(struct tr *t, unsigned e, ref v, unsigned lane)
{
	return ir1(t, IR_I2V, T_V128, irx(t, IR_VGET, T_I32, e, v, lane, 0));
}

/* FMAXV and so on, as the manual reduces: the lower half, the upper half, then the two. */
static ref float_across(struct tr *t, enum fp_op op, unsigned e, ref v, unsigned first, unsigned lanes)
{
	ref low, high;

	if (lanes == 1)
		return lane_bits(t, e, v, first);
	low = float_across(t, op, e, v, first, lanes / 2);
	high = float_across(t, op, e, v, first + lanes / 2, lanes / 2);
	v = simd_float_scalar(t, op, e, low, low, high);
	return ir_type_of(t, v) == T_V128 ? v : ir1(t, IR_F2V, T_V128, v);
}

bool a64_tr_simd_across(struct tr *t, const struct a64_simd_across *a)
{
	enum ir_type type = v_type(a->Q);
	unsigned e = a->size, width = 8 << e, min = a->size >> 1;
	ref n = v_get(t, a->rn);

	switch (a->opcode) {
	case 0x03:
		v_put(t, a->rd, sum_across(t, type, e, !a->U, 2 * width, v_get_as(t, a->rn, type)));
		return true;
	case 0x1b:
		v_put(t, a->rd, sum_across(t, type, e, false, width, v_get_as(t, a->rn, type)));
		return true;
	case 0x0a:
		v_put(t, a->rd, fold_across(t, a->U ? IR_VUMAX : IR_VSMAX, a->Q, e, n));
		return true;
	case 0x1a:
		v_put(t, a->rd, fold_across(t, a->U ? IR_VUMIN : IR_VSMIN, a->Q, e, n));
		return true;
	case 0x0c:
	case 0x0f:
		e = a->U ? 2 : 1;
		v_put(t, a->rd,
		      float_across(t,
				   a->opcode == 0x0c ? (min ? FP_MINNM : FP_MAXNM) :
						       (min ? FP_MIN : FP_MAX),
				   e, n, 0, (a->Q ? 16 : 8) >> e));
		return true;
	default:
		return false;
	}
}

bool a64_tr_simd_scalar_pairwise(struct tr *t, const struct a64_simd_scalar_pairwise *a)
{
	unsigned e = a->U ? 2 + a->sz : 1;
	ref n = v_get(t, a->rn), high;
	enum fp_op op;

	if (a->id == a64_ADDP_scalar) {
		high = ir1(t, IR_LOWV, T_V64, ir3(t, IR_VEXT, T_V128, n, n, 8));
		v_put(t, a->rd, irx(t, IR_VADD, T_V64, 3, v_get_as(t, a->rn, T_V64), high, 0));
		return true;
	}
	high = ir3(t, IR_VEXT, T_V128, n, n, 1 << e);
	op = a->opcode == 0x0d ? FP_ADD :
	     a->opcode == 0x0c ? (a->a ? FP_MINNM : FP_MAXNM) :
				 (a->a ? FP_MIN : FP_MAX);
	v_put(t, a->rd, simd_float_scalar(t, op, e, n, n, high));
	return true;
}
