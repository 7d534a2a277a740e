/*
 * Advanced SIMD floating point: three same and two-register miscellaneous, vector, scalar and half
 * precision, complex numbers (Arm ARM C4.1).
 *
 * The tables of the manual repeat themselves for vector, scalar and half precision with the same
 * opcodes, so each operation is named once, by its bits a, U and opcode.
 */
#include "frontends/aarch64/simd_fp.h"
#include "frontends/aarch64/simd_int.h"

static ref as_v128(struct tr *t, ref v)
{
	return ir_type_of(t, v) == T_V64 ? ir1(t, IR_ZEXTV, T_V128, v) : v;
}

static unsigned lanes_of(enum ir_type type, unsigned e)
{
	return (type == T_V128 ? 16 : 8) >> e;
}

ref simd_fp_call(struct tr *t, unsigned op, unsigned e, unsigned lanes, ref d, ref n, ref m)
{
	ref ctl = ir_const(t, T_I32, op | e << FPC_SIZE | lanes << FPC_LANES);

	return ir_call(t, &a64_h_fp, ctl, ir_get(t, SLOT_FPCR, T_I32), as_v128(t, d), as_v128(t, n),
		       as_v128(t, m));
}

/* What the IR does with singles. */
static bool has_row(enum fp_op op)
{
	return op <= FP_ABD || (op >= FP_CMPEQ && op <= FP_ACGT);
}

/* The helper's result, of as many lanes as type has. */
static ref call_lanes(struct tr *t, unsigned op, enum ir_type type, unsigned e, ref d, ref n, ref m)
{
	ref v = simd_fp_call(t, op, e, lanes_of(type, e), d, n, m);

	return type == T_V64 ? ir1(t, IR_LOWV, T_V64, v) : v;
}

ref simd_float(struct tr *t, enum fp_op op, enum ir_type type, unsigned e, ref d, ref n, ref m)
{
	if (e == 1 && has_row(op) && simd_half_inline(t))
		return simd_half(t, op, type, d, n, m);
	if (e == 1)
		return call_lanes(t, op, type, e, d, n, m);
	switch (op) {
	case FP_ADD: return irx(t, IR_VFADD, type, e, n, m, 0);
	case FP_SUB: return irx(t, IR_VFSUB, type, e, n, m, 0);
	case FP_MUL: return irx(t, IR_VFMUL, type, e, n, m, 0);
	case FP_DIV: return irx(t, IR_VFDIV, type, e, n, m, 0);
	case FP_SQRT: return irx(t, IR_VFSQRT, type, e, n, 0, 0);
	case FP_MLA: return irx(t, IR_VFMA, type, e, n, m, d);
	case FP_MLS: return irx(t, IR_VFMS, type, e, n, m, d);
	case FP_MIN: return irx(t, IR_VFMIN, type, e, n, m, 0);
	case FP_MAX: return irx(t, IR_VFMAX, type, e, n, m, 0);
	case FP_MINNM: return irx(t, IR_VFMINNM, type, e, n, m, 0);
	case FP_MAXNM: return irx(t, IR_VFMAXNM, type, e, n, m, 0);
	case FP_ABD: return irx(t, IR_VFABS, type, e, irx(t, IR_VFSUB, type, e, n, m, 0), 0, 0);
	case FP_CMPEQ: return irx(t, IR_VFCMPEQ, type, e, n, m, 0);
	case FP_CMPGE: return irx(t, IR_VFCMPGE, type, e, n, m, 0);
	case FP_CMPGT: return irx(t, IR_VFCMPGT, type, e, n, m, 0);
	case FP_ACGE:
	case FP_ACGT:
		n = irx(t, IR_VFABS, type, e, n, 0, 0);
		m = irx(t, IR_VFABS, type, e, m, 0, 0);
		return irx(t, op == FP_ACGE ? IR_VFCMPGE : IR_VFCMPGT, type, e, n, m, 0);
	default: return call_lanes(t, op, type, e, d, n, m);
	}
}

ref simd_float_scalar(struct tr *t, enum fp_op op, unsigned e, ref d, ref n, ref m)
{
	enum ir_type type = e == 3 ? T_F64 : T_F32;
	ref fd, fn, fm;

	if (e == 1 && (!has_row(op) || !simd_half_inline(t)))
		return simd_fp_call(t, op, e, 1, d, n, m);
	if (op >= FP_CMPEQ && op <= FP_ACGT)
		return vlane0(t, simd_float(t, op, e == 1 ? T_V64 : T_V128, e, d, vlane0(t, n, e), vlane0(t, m, e)),
			      e);
	if (e == 1)
		return simd_half_scalar(t, op, d, n, m);
	fd = ir1(t, IR_V2F, type, d);
	fn = ir1(t, IR_V2F, type, n);
	fm = ir1(t, IR_V2F, type, m);
	switch (op) {
	case FP_ADD: return ir2(t, IR_FADD, type, fn, fm);
	case FP_MUL: return ir2(t, IR_FMUL, type, fn, fm);
	case FP_MLA: return irx(t, IR_FMA, type, 0, fn, fm, fd);
	case FP_MLS: return irx(t, IR_FMA, type, 1, fn, fm, fd);
	case FP_MIN: return ir2(t, IR_FMIN, type, fn, fm);
	case FP_MAX: return ir2(t, IR_FMAX, type, fn, fm);
	case FP_MINNM: return ir2(t, IR_FMINNM, type, fn, fm);
	case FP_MAXNM: return ir2(t, IR_FMAXNM, type, fn, fm);
	case FP_ABD: return ir1(t, IR_FABS, type, ir2(t, IR_FSUB, type, fn, fm));
	default: return simd_fp_call(t, op, e, 1, d, n, m);
	}
}

/* --- conversions to and from integers of the same size --- */

ref simd_to_int(struct tr *t, enum ir_type type, unsigned e, ref n, unsigned rnd, unsigned uns, unsigned fraction)
{
	if (e == 1 && simd_half_inline(t) && !(uns && fraction))
		return simd_half_to_int(t, type, n, rnd, uns, fraction);
	if (e == 1)
		return call_lanes(t,
				  FP_TO_INT | rnd << FPC_RND | (uns ? FPC_UNSIGNED : 0) |
					  fraction << FPC_FRACTION,
				  type, e, n, n, n);
	return irx(t, IR_VF2I, type, e, n, rnd | uns << 7 | fraction << 8, 0);
}

ref simd_from_int(struct tr *t, enum ir_type type, unsigned e, ref n, unsigned uns, unsigned fraction)
{
	if (e == 1 && simd_half_inline(t))
		return simd_half_from_int(t, type, n, uns, fraction);
	if (e == 1)
		return call_lanes(t, FP_FROM_INT | (uns ? FPC_UNSIGNED : 0) | fraction << FPC_FRACTION, type,
				  e, n, n, n);
	return irx(t, IR_VI2F, type, e, n, fraction << 1 | uns, 0);
}

ref simd_to_int_scalar(struct tr *t, unsigned e, ref n, unsigned rnd, unsigned uns,
		       unsigned fraction)
{
	if (e == 1)
		return vlane0(t, simd_to_int(t, T_V64, e, vlane0(t, n, e), rnd, uns, fraction), e);
	n = ir1(t, IR_V2F, e == 3 ? T_F64 : T_F32, n);
	return ir1(t, IR_I2V, T_V128,
		   irx(t, IR_F2I, e == 3 ? T_I64 : T_I32, rnd | uns << 7, n, fraction, 0));
}

ref simd_from_int_scalar(struct tr *t, unsigned e, ref n, unsigned uns, unsigned fraction)
{
	if (e == 1)
		return vlane0(t, simd_from_int(t, T_V64, e, vlane0(t, n, e), uns, fraction), e);
	n = irx(t, IR_VGET, e == 3 ? T_I64 : T_I32, e, n, 0, 0);
	return irx(t, IR_I2F, e == 3 ? T_F64 : T_F32, uns, n, fraction, 0);
}

/* --- three same --- */

/* [a][U][opcode & 7] */
static const struct {
	u8 op, pairs;
} same_ops[2][2][8] = {
	{ { { FP_MAXNM, 0 }, { FP_MLA, 0 }, { FP_ADD, 0 }, { FP_MULX, 0 }, { FP_CMPEQ, 0 }, { 0, 0 }, { FP_MAX, 0 },
	    { FP_RECPS, 0 } },
	  { { FP_MAXNM, 1 }, { 0, 0 }, { FP_ADD, 1 }, { FP_MUL, 0 }, { FP_CMPGE, 0 }, { FP_ACGE, 0 }, { FP_MAX, 1 },
	    { FP_DIV, 0 } } },
	{ { { FP_MINNM, 0 }, { FP_MLS, 0 }, { FP_SUB, 0 }, { 0, 0 }, { 0, 0 }, { 0, 0 }, { FP_MIN, 0 },
	    { FP_RSQRTS, 0 } },
	  { { FP_MINNM, 1 }, { 0, 0 }, { FP_ABD, 0 }, { 0, 0 }, { FP_CMPGT, 0 }, { FP_ACGT, 0 }, { FP_MIN, 1 },
	    { 0, 0 } } },
};

static void three_same(struct tr *t, unsigned a, unsigned U, unsigned opcode, unsigned q,
		       unsigned e, unsigned rd, unsigned rn, unsigned rm)
{
	enum fp_op op = same_ops[a][U][opcode & 7].op;
	enum ir_type type = v_type(q);
	ref n = v_get_as(t, rn, type), m = v_get_as(t, rm, type), even;

	if (!same_ops[a][U][opcode & 7].pairs) {
		v_put(t, rd, simd_float(t, op, type, e, v_get_as(t, rd, type), n, m));
		return;
	}
	if (op == FP_ADD && e > 1) {
		v_put(t, rd, irx(t, IR_VFPADD, type, e, n, m, 0));
		return;
	}
	n = v_get(t, rn);
	m = v_get(t, rm);
	even = vshuf(t, n, m, pattern_uzp(e, 0, q));
	m = vshuf(t, n, m, pattern_uzp(e, 1, q));
	v_put(t, rd, simd_float(t, op, T_V128, e, even, even, m));
}

bool a64_tr_simd_3same_fp(struct tr *t, const struct a64_simd_3same_fp *a)
{
	three_same(t, a->a, a->U, a->opcode, a->Q, 2 + a->sz, a->rd, a->rn, a->rm);
	return true;
}

bool a64_tr_simd_3same_fp16(struct tr *t, const struct a64_simd_3same_fp16 *a)
{
	three_same(t, a->a, a->U, a->opcode, a->Q, 1, a->rd, a->rn, a->rm);
	return true;
}

bool a64_tr_simd_scalar_3same_fp(struct tr *t, const struct a64_simd_scalar_3same_fp *a)
{
	v_put(t, a->rd,
	      simd_float_scalar(t, same_ops[a->a][a->U][a->opcode & 7].op, 2 + a->sz,
				v_get(t, a->rn), v_get(t, a->rn), v_get(t, a->rm)));
	return true;
}

bool a64_tr_simd_scalar_3same_fp16(struct tr *t, const struct a64_simd_scalar_3same_fp16 *a)
{
	v_put(t, a->rd,
	      simd_float_scalar(t, same_ops[a->a][a->U][a->opcode & 7].op, 1, v_get(t, a->rn),
				v_get(t, a->rn), v_get(t, a->rm)));
	return true;
}

/* --- two-register miscellaneous --- */

/* a << 6 | U << 5 | opcode */
enum fmisc_op {
	F_FCVTN = 0x16, F_FCVTL, F_FRINTN, F_FRINTM, F_FCVTNS, F_FCVTMS, F_FCVTAS, F_SCVTF,
	F_FRINT32Z, F_FRINT64Z,
	F_FCVTXN = 0x36, F_FRINTA = 0x38, F_FRINTX, F_FCVTNU, F_FCVTMU, F_FCVTAU, F_UCVTF,
	F_FRINT32X, F_FRINT64X,
	F_FCMGT = 0x4c, F_FCMEQ, F_FCMLT, F_FABS, F_BFCVTN = 0x56, F_FRINTP = 0x58, F_FRINTZ,
	F_FCVTPS, F_FCVTZS,
	F_URECPE, F_FRECPE, F_FRECPX = 0x5f,
	F_FCMGE = 0x6c, F_FCMLE, F_FNEG = 0x6f, F_FRINTI = 0x79, F_FCVTPU, F_FCVTZU, F_URSQRTE,
	F_FRSQRTE,
	F_FSQRT = 0x7f
};

/* FCVT[NMPZA][SU]: the rounding, or -1 for another operation. */
static int to_int_rounding(enum fmisc_op op)
{
	switch (op & ~0x20) {
	case F_FCVTNS: return RND_NEAREST;
	case F_FCVTMS: return RND_DOWN;
	case F_FCVTPS: return RND_UP;
	case F_FCVTZS: return RND_ZERO;
	case F_FCVTAS: return RND_AWAY;
	default: return -1;
	}
}

/* FRINT*: the rounding, with bit 7 for the one that raises inexact; or -1. */
static int rint_rounding(enum fmisc_op op)
{
	switch (op) {
	case F_FRINTN: return RND_NEAREST;
	case F_FRINTM: return RND_DOWN;
	case F_FRINTP: return RND_UP;
	case F_FRINTZ: return RND_ZERO;
	case F_FRINTA: return RND_AWAY;
	case F_FRINTI: return RND_CURRENT;
	case F_FRINTX: return RND_CURRENT | 0x80;
	default: return -1;
	}
}

/* Comparisons with zero, on V64 and V128: 0 if op is another. */
static ref compare_zero(struct tr *t, enum fmisc_op op, enum ir_type type, unsigned e, ref n)
{
	ref zero = vconst(t, type, 3, 0);

	switch (op) {
	case F_FCMGT: return simd_float(t, FP_CMPGT, type, e, n, n, zero);
	case F_FCMGE: return simd_float(t, FP_CMPGE, type, e, n, n, zero);
	case F_FCMEQ: return simd_float(t, FP_CMPEQ, type, e, n, n, zero);
	case F_FCMLT: return simd_float(t, FP_CMPGT, type, e, n, zero, n);
	case F_FCMLE: return simd_float(t, FP_CMPGE, type, e, n, zero, n);
	default: return 0;
	}
}

/* Operations of the helper alone, with their control bits; -1 if op is another. */
static int helper_op(enum fmisc_op op)
{
	switch (op) {
	case F_FRECPE: return FP_RECPE;
	case F_FRSQRTE: return FP_RSQRTE;
	case F_FRECPX: return FP_RECPX;
	case F_URECPE: return FP_URECPE;
	case F_URSQRTE: return FP_URSQRTE;
	case F_FRINT32Z: return FP_RINT_N | RND_ZERO << FPC_RND;
	case F_FRINT32X: return FP_RINT_N | RND_CURRENT << FPC_RND;
	case F_FRINT64Z: return FP_RINT_N | RND_ZERO << FPC_RND | FPC_WIDE;
	case F_FRINT64X: return FP_RINT_N | RND_CURRENT << FPC_RND | FPC_WIDE;
	default: return -1;
	}
}

static ref misc(struct tr *t, enum fmisc_op op, enum ir_type type, unsigned e, ref n)
{
	int rnd = to_int_rounding(op), helper;
	u64 top = 1ull << ((8 << e) - 1);

	if (rnd >= 0)
		return simd_to_int(t, type, e, n, rnd, op >> 5 & 1, 0);
	rnd = rint_rounding(op);
	if (rnd >= 0 && e > 1)
		return irx(t, IR_VFRINT, type, e, n, rnd, 0);
	if (rnd >= 0 && simd_half_inline(t))
		return simd_half_rint(t, type, n, rnd);
	if (rnd >= 0)
		return call_lanes(t, FP_RINT | (rnd & 15) << FPC_RND | (rnd & 0x80 ? FPC_EXACT : 0), type, e,
				  n, n, n);
	helper = helper_op(op);
	if (helper >= 0)
		return call_lanes(t, helper, type, e, n, n, n);
	switch (op) {
	case F_SCVTF:
	case F_UCVTF: return simd_from_int(t, type, e, n, op >> 5 & 1, 0);
	case F_FABS: return ir2(t, IR_VANDN, type, n, vconst(t, type, e, top));
	case F_FNEG: return ir2(t, IR_VXOR, type, n, vconst(t, type, e, top));
	case F_FSQRT: return simd_float(t, FP_SQRT, type, e, n, n, n);
	default: return compare_zero(t, op, type, e, n);
	}
}

static ref convert(struct tr *t, enum fp_cvt how, unsigned lanes, ref n)
{
	return ir_call(t, &a64_h_cvt, ir_const(t, T_I32, how | lanes << 8),
		       ir_get(t, SLOT_FPCR, T_I32), n);
}

/* FCVTL, FCVTN, FCVTXN, BFCVTN. */
static bool change_format(struct tr *t, const struct a64_simd_2misc_fp *a)
{
	ref n = v_get(t, a->rn);

	switch (a->id) {
	case a64_FCVTL:
		v_put(t, a->rd, irx(t, IR_VFWIDEN, T_V128, 1 + a->sz, n, a->Q, 0));
		return true;
	case a64_FCVTN:
		n = irx(t, IR_VFNARROW, T_V128, 1 + a->sz, n, 0, 0);
		break;
	case a64_FCVTXN_vec:
		n = convert(t, CVT_DOUBLE_TO_SINGLE_ODD, 2, n);
		break;
	default:
		n = convert(t, CVT_SINGLE_TO_BF16, 4, n);
		break;
	}
	v_put_narrow(t, a->rd, n, a->Q);
	return true;
}

bool a64_tr_simd_2misc_fp(struct tr *t, const struct a64_simd_2misc_fp *a)
{
	if (a->opcode == F_FCVTN || a->opcode == F_FCVTL)
		return change_format(t, a);
	v_put(t, a->rd, misc(t, a->a << 6 | a->U << 5 | a->opcode, v_type(a->Q), 2 + a->sz,
			     v_get_as(t, a->rn, v_type(a->Q))));
	return true;
}

bool a64_tr_simd_2misc_fp16(struct tr *t, const struct a64_simd_2misc_fp16 *a)
{
	v_put(t, a->rd,
	      misc(t, a->a << 6 | a->U << 5 | a->opcode, v_type(a->Q), 1,
		   v_get_as(t, a->rn, v_type(a->Q))));
	return true;
}

static ref misc_scalar(struct tr *t, enum fmisc_op op, unsigned e, ref n)
{
	int rnd = to_int_rounding(op);

	if (rnd >= 0)
		return simd_to_int_scalar(t, e, n, rnd, op >> 5 & 1, 0);
	if (op == F_SCVTF || op == F_UCVTF)
		return simd_from_int_scalar(t, e, n, op >> 5 & 1, 0);
	if (op == F_FCVTXN)
		return convert(t, CVT_DOUBLE_TO_SINGLE_ODD, 1, n);
	if (helper_op(op) >= 0)
		return simd_fp_call(t, helper_op(op), e, 1, n, n, n);
	return vlane0(t, compare_zero(t, op, T_V128, e, vlane0(t, n, e)), e);
}

bool a64_tr_simd_scalar_2misc_fp(struct tr *t, const struct a64_simd_scalar_2misc_fp *a)
{
	v_put(t, a->rd,
	      misc_scalar(t, a->a << 6 | a->U << 5 | a->opcode, 2 + a->sz, v_get(t, a->rn)));
	return true;
}

bool a64_tr_simd_scalar_2misc_fp16(struct tr *t, const struct a64_simd_scalar_2misc_fp16 *a)
{
	v_put(t, a->rd, misc_scalar(t, a->a << 6 | a->U << 5 | a->opcode, 1, v_get(t, a->rn)));
	return true;
}

/* --- products of halves and bfloat16, complex numbers --- */

ref simd_fmlal(struct tr *t, unsigned half, bool subtract, unsigned q, ref d, ref n, ref m)
{
	unsigned lanes = q ? 4 : 2;

	if (half) {
		n = ir3(t, IR_VEXT, T_V128, n, n, q ? 8 : 4);
		m = ir3(t, IR_VEXT, T_V128, m, m, q ? 8 : 4);
	}
	if (t->fpctl & FPCTL_FLUSH16) {
		n = convert(t, CVT_HALF_UNPACK, lanes, n);
		m = convert(t, CVT_HALF_UNPACK, lanes, m);
	} else {
		n = irx(t, IR_VFWIDEN, T_V128, 1, n, 2, 0);
		m = irx(t, IR_VFWIDEN, T_V128, 1, m, 2, 0);
	}
	if (!q) {
		d = ir1(t, IR_LOWV, T_V64, d);
		n = ir1(t, IR_LOWV, T_V64, n);
		m = ir1(t, IR_LOWV, T_V64, m);
	}
	return irx(t, subtract ? IR_VFMS : IR_VFMA, v_type(q), 2, n, m, d);
}

bool a64_tr_simd_fmlal(struct tr *t, const struct a64_simd_fmlal *a)
{
	v_put(t, a->rd,
	      simd_fmlal(t, a->U, a->a, a->Q, v_get(t, a->rd), v_get(t, a->rn), v_get(t, a->rm)));
	return true;
}

/* Half of each pair of bfloat16 as F32. */
static ref bf16_widen(struct tr *t, unsigned half, ref v)
{
	return half ? ir2(t, IR_VAND, T_V128, v, vconst(t, T_V128, 2, 0xffff0000)) :
		      irx(t, IR_VSHLI, T_V128, 2, v, 16, 0);
}

ref simd_bfmlal(struct tr *t, unsigned half, ref d, ref n, ref m)
{
	return irx(t, IR_VFMA, T_V128, 2, bf16_widen(t, half, n), bf16_widen(t, half, m), d);
}

/* The signs of even and odd lanes turned round. */
static ref negate(struct tr *t, enum ir_type type, unsigned e, bool even, bool odd, ref v)
{
	u64 top = 1ull << ((8 << e) - 1), both = e == 3 ? 0 : (odd ? top << (8 << e) : 0) | (even ? top : 0);

	if (e < 3)
		return ir2(t, IR_VXOR, type, v, vconst(t, type, e + 1, both));
	return ir2(t, IR_VXOR, type, v, ir_constv(t, type, (vec){ .d = { even ? top : 0, odd ? top : 0 } }));
}

/* Complex numbers, real parts in even lanes: d + one part of n times m, m * i, -m or m * -i. */
static bool fcmla(struct tr *t, unsigned rot, unsigned e, unsigned q, unsigned rd, unsigned rn, ref m)
{
	enum ir_type type = v_type(q);
	ref n = v_get(t, rn);

	if (e == 1 && !a64_has(FEAT_FP16))
		return false;
	n = vshuf(t, n, n, pattern_trn(e, rot & 1, q));
	if (!q) {
		n = ir1(t, IR_LOWV, T_V64, n);
		m = ir1(t, IR_LOWV, T_V64, m);
	}
	if (rot & 1)
		m = irx(t, IR_VREV, type, e, m, e + 1, 0);
	m = negate(t, type, e, rot == 1 || rot == 2, rot & 2, m);
	v_put(t, rd, simd_float(t, FP_MLA, type, e, v_get_as(t, rd, type), n, m));
	return true;
}

bool a64_tr_simd_fcmla(struct tr *t, const struct a64_simd_fcmla *a)
{
	return fcmla(t, a->rot, a->size, a->Q, a->rd, a->rn, v_get(t, a->rm));
}

bool a64_tr_simd_fcadd(struct tr *t, const struct a64_simd_fcadd *a)
{
	enum ir_type type = v_type(a->Q);
	ref n = v_get_as(t, a->rn, type), m = v_get_as(t, a->rm, type);

	if (a->size == 1 && !a64_has(FEAT_FP16))
		return false;
	m = irx(t, IR_VREV, type, a->size, m, a->size + 1, 0);
	m = negate(t, type, a->size, !a->rot, a->rot, m);
	v_put(t, a->rd, simd_float(t, FP_ADD, type, a->size, n, n, m));
	return true;
}

bool a64_tr_simd_fcmla_elem(struct tr *t, const struct a64_simd_fcmla_elem *a)
{
	unsigned e = a->size, index = e == 1 ? a->H << 1 | a->L : a->H;

	return fcmla(t, a->rot, e, a->Q, a->rd, a->rn,
		     irx(t, IR_VDUPL, T_V128, e + 1, v_get(t, a->M << 4 | a->rm), index, 0));
}
