/*
 * Advanced SIMD three different, and vector by indexed element (Arm ARM C4.1).
 *
 * By-element forms repeat the element and go on as the forms without it.
 */
#include "frontends/aarch64/simd_int.h"
#include "frontends/aarch64/simd_fp.h"

static ref wide2(struct tr *t, enum ir_op op, unsigned e, ref a, ref b)
{
	return irx(t, op, T_V128, e + 1, a, b, 0);
}

/* 2 * product, saturating: only of two most negative numbers. */
static ref doubled(struct tr *t, unsigned e, ref product)
{
	ref v = wide2(t, IR_VSADDS, e, product, product);

	qc_differ(t, v, wide2(t, IR_VADD, e, product, product));
	return v;
}

static ref accumulate(struct tr *t, enum ir_op op, enum ir_op plain, unsigned e, ref d, ref v)
{
	ref sum = wide2(t, op, e, d, v);

	qc_differ(t, sum, wide2(t, plain, e, d, v));
	return sum;
}

ref simd_widening(struct tr *t, enum diff_op op, unsigned e, unsigned half, ref d, ref n, ref m)
{
	bool uns = op & 0x10;
	enum ir_op widen = uns ? IR_VWIDENU : IR_VWIDENS;
	ref v;

	switch (op & 15) {
	case D_SADDL:
	case D_SSUBL:
		n = irx(t, widen, T_V128, e, n, half, 0);
		/* fall through */
	case D_SADDW:
	case D_SSUBW:
		return wide2(t, op & 2 ? IR_VSUB : IR_VADD, e, n,
			     irx(t, widen, T_V128, e, m, half, 0));
	case D_SABAL:
	case D_SABDL:
		/* The difference of narrow lanes fits the lane as an unsigned number. */
		v = irx(t, uns ? IR_VABDU : IR_VABDS, T_V128, e, n, m, 0);
		v = irx(t, IR_VWIDENU, T_V128, e, v, half, 0);
		return (op & 15) == D_SABAL ? wide2(t, IR_VADD, e, d, v) : v;
	case D_PMULL:
		if (e == 3)
			return ir3(t, IR_CLMUL, T_V128, n, m, half | half << 4);
		return simd_poly_mul(t, T_V128, 1, irx(t, IR_VWIDENU, T_V128, 0, n, half, 0),
				     irx(t, IR_VWIDENU, T_V128, 0, m, half, 0));
	default:
		break;
	}
	v = irx(t, uns ? IR_VMULLU : IR_VMULLS, T_V128, e, n, m, half);
	switch (op & 15) {
	case D_SMLAL: return wide2(t, IR_VADD, e, d, v);
	case D_SMLSL: return wide2(t, IR_VSUB, e, d, v);
	case D_SQDMULL: return doubled(t, e, v);
	case D_SQDMLAL: return accumulate(t, IR_VSADDS, IR_VADD, e, d, doubled(t, e, v));
	case D_SQDMLSL: return accumulate(t, IR_VSSUBS, IR_VSUB, e, d, doubled(t, e, v));
	default: return v;
	}
}

/* ADDHN, SUBHN and the rounding ones: the high halves of sums or differences of wide lanes. */
static ref high_narrow(struct tr *t, enum diff_op op, unsigned e, ref n, ref m)
{
	ref v = wide2(t, (op & 15) == D_ADDHN ? IR_VADD : IR_VSUB, e, n, m);

	if (op & 0x10)
		v = wide2(t, IR_VADD, e, v, vconst(t, T_V128, e + 1, 1ull << ((8 << e) - 1)));
	return irx(t, IR_VNARROW, T_V128, e, wide2(t, IR_VSHRI, e, v, 8 << e), 0, 0);
}

bool a64_tr_simd_3diff(struct tr *t, const struct a64_simd_3diff *a)
{
	enum diff_op op = a->U << 4 | a->opcode;
	ref n = v_get(t, a->rn), m = v_get(t, a->rm);

	if (a->opcode == D_ADDHN || a->opcode == D_SUBHN)
		v_put_narrow(t, a->rd, high_narrow(t, op, a->size, n, m), a->Q);
	else
		v_put(t, a->rd, simd_widening(t, op, a->size, a->Q, v_get(t, a->rd), n, m));
	return true;
}

bool a64_tr_simd_scalar_3diff(struct tr *t, const struct a64_simd_scalar_3diff *a)
{
	ref d = vlane0(t, v_get(t, a->rd), a->size + 1);

	v_put(t, a->rd,
	      simd_widening(t, a->opcode, a->size, 0, d, scalar_operand(t, a->rn, a->size),
			    scalar_operand(t, a->rm, a->size)));
	return true;
}

/* --- by element --- */

/* What the by-element opcodes, U << 4 | opcode, are without the element. */
static int same_of(unsigned key)
{
	switch (key) {
	case 0x08: return S_MUL;
	case 0x10: return S_MLA;
	case 0x14: return S_MLS;
	case 0x0c: return S_SQDMULH;
	case 0x0d: return S_SQRDMULH;
	default: return -1;
	}
}

static int diff_of(unsigned key)
{
	unsigned u = key & 0x10;

	switch (key & 15) {
	case 0x2: return D_SMLAL | u;
	case 0x3: return D_SQDMLAL;
	case 0x6: return D_SMLSL | u;
	case 0x7: return D_SQDMLSL;
	case 0xa: return D_SMULL | u;
	case 0xb: return D_SQDMULL;
	default: return -1;
	}
}

/* The floating-point ones: the operation, or -1. */
static int float_of(unsigned key)
{
	switch (key) {
	case 0x01: return FP_MLA;
	case 0x05: return FP_MLS;
	case 0x09: return FP_MUL;
	case 0x19: return FP_MULX;
	default: return -1;
	}
}

/*
 * Index and register of the element: H:L:M, H:L or H by its size; halves have 16 registers to
 * choose from.
 */
static unsigned elem_index(unsigned e, unsigned H, unsigned L, unsigned M)
{
	return e == 1 ? H << 2 | L << 1 | M : e == 2 ? H << 1 | L : H;
}

static unsigned elem_reg(unsigned e, unsigned M, unsigned rm)
{
	return e == 1 ? rm : M << 4 | rm;
}

/* SDOT and its kin: an element is a group of four bytes, or a pair of bfloat16. */
static bool elem_dot(struct tr *t, const struct a64_simd_elem *a)
{
	unsigned pair = elem_index(2, a->H, a->L, a->M);
	ref d = v_get(t, a->rd), n = v_get(t, a->rn), m, v;

	if (a->id == a64_BFMLAL_elem) {
		m = irx(t, IR_VDUPL, T_V128, 1, v_get(t, a->rm), elem_index(1, a->H, a->L, a->M),
			0);
		v_put(t, a->rd, simd_bfmlal(t, a->Q, d, n, m));
		return true;
	}
	m = irx(t, IR_VDUPL, T_V128, 2, v_get(t, elem_reg(2, a->M, a->rm)), pair, 0);
	if (a->id == a64_BFDOT_elem)
		v = ir_call(t, &a64_h_bfdot, d, n, m);
	else
		v = simd_dot(t, a->id == a64_SDOT_elem || a->id == a64_SUDOT_elem,
			     a->id == a64_SDOT_elem || a->id == a64_USDOT_elem, d, n, m);
	v_put(t, a->rd, a->Q ? v : ir1(t, IR_ZEXTV, T_V128, v));
	return true;
}

bool a64_tr_simd_elem(struct tr *t, const struct a64_simd_elem *a)
{
	unsigned key = a->U << 4 | a->opcode, e = a->size;
	enum ir_type type = v_type(a->Q);
	int fp = float_of(key), diff = diff_of(key), same = same_of(key);
	ref d, n, m;

	switch (a->id) {
	case a64_SDOT_elem:
	case a64_UDOT_elem:
	case a64_SUDOT_elem:
	case a64_USDOT_elem:
	case a64_BFDOT_elem:
	case a64_BFMLAL_elem:
		return elem_dot(t, a);
	case a64_FMLAL_elem:
	case a64_FMLSL_elem:
	case a64_FMLAL2_elem:
	case a64_FMLSL2_elem:
		m = irx(t, IR_VDUPL, T_V128, 1, v_get(t, a->rm), elem_index(1, a->H, a->L, a->M),
			0);
		v_put(t, a->rd,
		      simd_fmlal(t, a->U, a->opcode & 4, a->Q, v_get(t, a->rd), v_get(t, a->rn),
				 m));
		return true;
	default:
		break;
	}
	if (fp >= 0 && e == 0)
		e = 1;
	m = v_get(t, elem_reg(e, a->M, a->rm));
	if (diff >= 0) {
		m = irx(t, IR_VDUPL, T_V128, e, m, elem_index(e, a->H, a->L, a->M), 0);
		v_put(t, a->rd,
		      simd_widening(t, diff, e, a->Q, v_get(t, a->rd), v_get(t, a->rn), m));
		return true;
	}
	m = irx(t, IR_VDUPL, type, e, m, elem_index(e, a->H, a->L, a->M), 0);
	n = v_get_as(t, a->rn, type);
	d = v_get_as(t, a->rd, type);
	if (fp >= 0)
		v_put(t, a->rd, simd_float(t, fp, type, e, d, n, m));
	else if (same >= 0)
		v_put(t, a->rd, simd_same(t, same, type, e, d, n, m));
	else
		v_put(t, a->rd,
		      simd_mla_high_sat(t, a->id == a64_SQRDMLSH_elem, type, e, d, n, m));
	return true;
}

bool a64_tr_simd_scalar_elem(struct tr *t, const struct a64_simd_scalar_elem *a)
{
	unsigned key = a->U << 4 | a->opcode, e = a->size;
	int fp = float_of(key), diff = diff_of(key), same = same_of(key);
	ref n, m;

	if (fp >= 0 && e == 0)
		e = 1;
	m = irx(t, IR_VDUPL, T_V128, e, v_get(t, elem_reg(e, a->M, a->rm)),
		elem_index(e, a->H, a->L, a->M), 0);
	if (fp >= 0) {
		v_put(t, a->rd, simd_float_scalar(t, fp, e, v_get(t, a->rd), v_get(t, a->rn), m));
		return true;
	}
	m = vlane0(t, m, e);
	n = scalar_operand(t, a->rn, e);
	if (diff >= 0)
		v_put(t, a->rd,
		      simd_widening(t, diff, e, 0, vlane0(t, v_get(t, a->rd), e + 1), n, m));
	else if (same >= 0)
		v_put(t, a->rd, simd_same(t, same, T_V128, e, n, n, m));
	else
		v_put(t, a->rd,
		      simd_mla_high_sat(t, a->id == a64_SQRDMLSH_elem_scalar, T_V64, e,
					scalar_operand(t, a->rd, e), n, m));
	return true;
}
