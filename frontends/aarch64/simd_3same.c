/*
 * Advanced SIMD three same, integer, vector and scalar, and the three same extra (Arm ARM C4.1).
 *
 * Saturation is compared with the plain result instead of being looked for: QC accumulates as a
 * vector.
 */
#include "frontends/aarch64/simd_int.h"

static ref op2(struct tr *t, enum ir_op op, enum ir_type type, unsigned e, ref a, ref b)
{
	return irx(t, op, type, e, a, b, 0);
}

/* The constant with only the top bit of each lane set. */
static ref tops(struct tr *t, enum ir_type type, unsigned e)
{
	return vconst(t, type, e, 1ull << ((8 << e) - 1));
}

static ref xor(struct tr *t, enum ir_type type, ref a, ref b)
{
	return ir2(t, IR_VXOR, type, a, b);
}

/*
 * Halving operations that have no row.  With a' = a + 2^(w-1), which makes signed lanes unsigned:
 * SRHADD(a, b) = avg(a', b') - 2^(w-1), where avg(x, y) = (x + y + 1) >> 1; UHSUB(a, b) = (a - b)
 * >> 1 = (a + ~b + 1 - 2^w) >> 1 = avg(a, ~b) - 2^(w-1), SHSUB on a' and b' likewise.
 */
static ref halving(struct tr *t, enum same_op op, enum ir_type type, unsigned e, ref n, ref m)
{
	ref top = tops(t, type, e);

	if (op == S_SRHADD || op == S_SHSUB) {
		n = xor(t, type, n, top);
		m = xor(t, type, m, top);
	}
	if (op != S_SRHADD)
		m = ir1(t, IR_VNOT, type, m);
	return xor(t, type, op2(t, IR_VAVGU, type, e, n, m), top);
}

/* op on the pairs of neighbours in n:m. */
static ref pairwise(struct tr *t, enum ir_op op, enum ir_type type, unsigned e, ref n, ref m)
{
	bool q = type == T_V128;
	ref even, odd;

	if (!q) {
		n = ir1(t, IR_ZEXTV, T_V128, n);
		m = ir1(t, IR_ZEXTV, T_V128, m);
	}
	even = vshuf(t, n, m, pattern_uzp(e, 0, q));
	odd = vshuf(t, n, m, pattern_uzp(e, 1, q));
	return op2(t, op, T_V128, e, even, odd);
}

/*
 * SQDMULH, SQRDMULH: the high half of the doubled product.  Only the square of the most negative
 * number saturates; it comes out as that number, whose complement is the right result.
 */
static ref doubling_high(struct tr *t, enum ir_type type, unsigned e, bool round, ref n, ref m)
{
	unsigned width = 8 << e;
	ref top = tops(t, type, e), part[2], v, over;

	for (unsigned half = 0; half < (type == T_V128 ? 2 : 1); half++) {
		v = irx(t, IR_VMULLS, T_V128, e, n, m, half);
		if (round)
			v = op2(t, IR_VADD, T_V128, e + 1, v,
				vconst(t, T_V128, e + 1, 1ull << (width - 2)));
		part[half] = irx(t, IR_VSHRI, T_V128, e + 1, v, width - 1, 0);
	}
	if (type == T_V128)
		v = vshuf(t, part[0], part[1], pattern_uzp(e, 0, 1));
	else
		v = ir1(t, IR_LOWV, T_V64, irx(t, IR_VNARROW, T_V128, e, part[0], 0, 0));
	over = ir2(t, IR_VAND, type, op2(t, IR_VCMPEQ, type, e, n, top),
		   op2(t, IR_VCMPEQ, type, e, m, top));
	qc_mask(t, over);
	return xor(t, type, v, over);
}

static ref saturating(struct tr *t, enum ir_op op, enum ir_op plain, enum ir_type type, unsigned e, ref n, ref m)
{
	ref v = op2(t, op, type, e, n, m);

	qc_differ(t, v, op2(t, plain, type, e, n, m));
	return v;
}

ref simd_same(struct tr *t, enum same_op op, enum ir_type type, unsigned e, ref d, ref n, ref m)
{
	switch (op) {
	case S_SHADD: return op2(t, IR_VHADDS, type, e, n, m);
	case S_UHADD: return op2(t, IR_VHADDU, type, e, n, m);
	case S_URHADD: return op2(t, IR_VAVGU, type, e, n, m);
	case S_SRHADD:
	case S_SHSUB:
	case S_UHSUB: return halving(t, op, type, e, n, m);
	case S_SQADD: return saturating(t, IR_VSADDS, IR_VADD, type, e, n, m);
	case S_UQADD: return saturating(t, IR_VUADDS, IR_VADD, type, e, n, m);
	case S_SQSUB: return saturating(t, IR_VSSUBS, IR_VSUB, type, e, n, m);
	case S_UQSUB: return saturating(t, IR_VUSUBS, IR_VSUB, type, e, n, m);
	case S_CMGT: return op2(t, IR_VCMPGT, type, e, n, m);
	case S_CMGE: return op2(t, IR_VCMPGE, type, e, n, m);
	case S_CMHI: return op2(t, IR_VCMPGTU, type, e, n, m);
	case S_CMHS: return op2(t, IR_VCMPGEU, type, e, n, m);
	case S_CMTST: return op2(t, IR_VTST, type, e, n, m);
	case S_CMEQ: return op2(t, IR_VCMPEQ, type, e, n, m);
	case S_SSHL: return op2(t, IR_VSALV, type, e, n, m);
	case S_USHL: return op2(t, IR_VSHLV, type, e, n, m);
	case S_SQSHL: return simd_shift_by(t, SHIFT_SATURATE, type, e, n, m);
	case S_UQSHL: return simd_shift_by(t, SHIFT_SATURATE | SHIFT_UNSIGNED, type, e, n, m);
	case S_SRSHL: return simd_shift_by(t, SHIFT_ROUND, type, e, n, m);
	case S_URSHL: return simd_shift_by(t, SHIFT_ROUND | SHIFT_UNSIGNED, type, e, n, m);
	case S_SQRSHL: return simd_shift_by(t, SHIFT_SATURATE | SHIFT_ROUND, type, e, n, m);
	case S_UQRSHL: return simd_shift_by(t, SHIFT_SATURATE | SHIFT_ROUND | SHIFT_UNSIGNED, type, e, n, m);
	case S_SMAX: return op2(t, IR_VSMAX, type, e, n, m);
	case S_SMIN: return op2(t, IR_VSMIN, type, e, n, m);
	case S_UMAX: return op2(t, IR_VUMAX, type, e, n, m);
	case S_UMIN: return op2(t, IR_VUMIN, type, e, n, m);
	case S_SABD: return op2(t, IR_VABDS, type, e, n, m);
	case S_UABD: return op2(t, IR_VABDU, type, e, n, m);
	case S_SABA: return op2(t, IR_VADD, type, e, d, op2(t, IR_VABDS, type, e, n, m));
	case S_UABA: return op2(t, IR_VADD, type, e, d, op2(t, IR_VABDU, type, e, n, m));
	case S_ADD: return op2(t, IR_VADD, type, e, n, m);
	case S_SUB: return op2(t, IR_VSUB, type, e, n, m);
	case S_MLA: return op2(t, IR_VADD, type, e, d, op2(t, IR_VMUL, type, e, n, m));
	case S_MLS: return op2(t, IR_VSUB, type, e, d, op2(t, IR_VMUL, type, e, n, m));
	case S_MUL: return op2(t, IR_VMUL, type, e, n, m);
	case S_PMUL: return simd_poly_mul(t, type, 0, n, m);
	case S_SMAXP: return pairwise(t, IR_VSMAX, type, e, n, m);
	case S_UMAXP: return pairwise(t, IR_VUMAX, type, e, n, m);
	case S_SMINP: return pairwise(t, IR_VSMIN, type, e, n, m);
	case S_UMINP: return pairwise(t, IR_VUMIN, type, e, n, m);
	case S_SQDMULH: return doubling_high(t, type, e, false, n, m);
	case S_SQRDMULH: return doubling_high(t, type, e, true, n, m);
	case S_ADDP: return op2(t, IR_VPADD, type, e, n, m);
	default: return 0;
	}
}

bool a64_tr_simd_3same(struct tr *t, const struct a64_simd_3same *a)
{
	enum ir_type type = v_type(a->Q);

	v_put(t, a->rd, simd_same(t, a->U << 5 | a->opcode, type, a->size, v_get_as(t, a->rd, type),
				  v_get_as(t, a->rn, type), v_get_as(t, a->rm, type)));
	return true;
}

bool a64_tr_simd_scalar_3same(struct tr *t, const struct a64_simd_scalar_3same *a)
{
	enum ir_type type = a->size == 3 ? T_V64 : T_V128;
	ref n = scalar_operand(t, a->rn, a->size), m = scalar_operand(t, a->rm, a->size);

	v_put(t, a->rd, simd_same(t, a->U << 5 | a->opcode, type, a->size, n, n, m));
	return true;
}

bool a64_tr_simd_scalar_3same_extra(struct tr *t, const struct a64_simd_scalar_3same_extra *a)
{
	v_put(t, a->rd,
	      simd_mla_high_sat(t, a->id == a64_SQRDMLSH_scalar, T_V64, a->size, scalar_operand(t, a->rd, a->size),
				scalar_operand(t, a->rn, a->size), scalar_operand(t, a->rm, a->size)));
	return true;
}

/* --- dot products of bytes, by the sums of two products that the IR has --- */

/* Eight bytes, half 0 or 1 of v, as words. */
static ref bytes_to_words(struct tr *t, bool is_signed, ref v, unsigned half)
{
	return irx(t, is_signed ? IR_VWIDENS : IR_VWIDENU, T_V128, 0, v, half, 0);
}

static ref sums_of_two(struct tr *t, ref n, ref m)
{
	return ir2(t, IR_VMADD, T_V128, n, m);
}

static ref sums_of_pairs(struct tr *t, ref a, ref b)
{
	return irx(t, IR_VPADD, T_V128, 2, a, b, 0);
}

ref simd_dot(struct tr *t, bool n_signed, bool m_signed, ref d, ref n, ref m)
{
	ref part[2];

	for (unsigned h = 0; h < 2; h++)
		part[h] = sums_of_two(t, bytes_to_words(t, n_signed, n, h),
				      bytes_to_words(t, m_signed, m, h));
	return irx(t, IR_VADD, T_V128, 2, d, sums_of_pairs(t, part[0], part[1]), 0);
}

/* SMMLA and its kin: the 2x2 matrix d plus the product of n (2x8) and the transpose of m (2x8). */
static ref mmla(struct tr *t, bool n_signed, bool m_signed, ref d, ref n, ref m)
{
	ref row[2];

	for (unsigned i = 0; i < 2; i++) {
		ref x = bytes_to_words(t, n_signed, n, i);

		row[i] = sums_of_pairs(t, sums_of_two(t, x, bytes_to_words(t, m_signed, m, 0)),
				       sums_of_two(t, x, bytes_to_words(t, m_signed, m, 1)));
	}
	return irx(t, IR_VADD, T_V128, 2, d, sums_of_pairs(t, row[0], row[1]), 0);
}

bool a64_tr_simd_3same_extra(struct tr *t, const struct a64_simd_3same_extra *a)
{
	enum ir_type type = v_type(a->Q);
	ref d = v_get(t, a->rd), n = v_get(t, a->rn), m = v_get(t, a->rm), v;

	switch (a->id) {
	case a64_SQRDMLAH_vec:
	case a64_SQRDMLSH_vec:
		v_put(t, a->rd,
		      simd_mla_high_sat(t, a->id == a64_SQRDMLSH_vec, type, a->size, v_get_as(t, a->rd, type),
					v_get_as(t, a->rn, type), v_get_as(t, a->rm, type)));
		return true;
	case a64_SDOT_vec:
		v = simd_dot(t, true, true, d, n, m);
		break;
	case a64_UDOT_vec:
		v = simd_dot(t, false, false, d, n, m);
		break;
	case a64_USDOT_vec:
		v = simd_dot(t, false, true, d, n, m);
		break;
	case a64_SMMLA:
		v = mmla(t, true, true, d, n, m);
		break;
	case a64_UMMLA:
		v = mmla(t, false, false, d, n, m);
		break;
	case a64_USMMLA:
		v = mmla(t, false, true, d, n, m);
		break;
	case a64_BFDOT_vec:
		v = ir_call(t, &a64_h_bfdot, d, n, m);
		break;
	case a64_BFMMLA:
		v = ir_call(t, &a64_h_bfmmla, d, n, m);
		break;
	case a64_BFMLAL_vec:
		v_put(t, a->rd, simd_bfmlal(t, a->Q, d, n, m));
		return true;
	default:
		return false;
	}
	v_put(t, a->rd, a->Q ? v : ir1(t, IR_ZEXTV, T_V128, v));
	return true;
}
