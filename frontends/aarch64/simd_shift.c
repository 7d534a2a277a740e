/*
 * Advanced SIMD shift by immediate, vector and scalar, and the fixed-point conversions that share
 * the encoding (Arm ARM C4.1).
 */
#include "frontends/aarch64/simd_int.h"
#include "frontends/aarch64/simd_fp.h"

/* U << 5 | opcode of the manual's table. */
enum shift_op {
	SH_SSHR = 0x00, SH_SSRA = 0x02, SH_SRSHR = 0x04, SH_SRSRA = 0x06, SH_SHL = 0x0a,
	SH_SQSHL = 0x0e,
	SH_SHRN = 0x10, SH_RSHRN, SH_SQSHRN, SH_SQRSHRN, SH_SSHLL,
	SH_USHR = 0x20, SH_USRA = 0x22, SH_URSHR = 0x24, SH_URSRA = 0x26, SH_SRI = 0x28,
	SH_SLI = 0x2a,
	SH_SQSHLU = 0x2c, SH_UQSHL = 0x2e, SH_SQSHRUN = 0x30, SH_SQRSHRUN, SH_UQSHRN, SH_UQRSHRN,
	SH_USHLL
};

/*
 * (v + 2^(n-1)) >> n without overflow of the sum: v >> n plus the last bit shifted out.
 */
ref simd_round_shift(struct tr *t, enum ir_type type, unsigned e, bool is_signed, ref v, unsigned n)
{
	ref shifted = irx(t, is_signed ? IR_VSARI : IR_VSHRI, type, e, v, n, 0);
	ref last = irx(t, IR_VSHRI, type, e, v, n - 1, 0);

	last = ir2(t, IR_VAND, type, last, vconst(t, type, e, 1));
	return irx(t, IR_VADD, type, e, shifted, last, 0);
}

/*
 * a < b ? a : b or the other one, of signed lanes of any size: 64-bit minima have no instruction,
 * but comparisons have.
 */
static ref pick(struct tr *t, unsigned e, bool min, ref a, ref b)
{
	if (e < 3)
		return irx(t, min ? IR_VSMIN : IR_VSMAX, T_V128, e, a, b, 0);
	return ir3(t, IR_VBSL, T_V128, irx(t, IR_VCMPGT, T_V128, e, min ? b : a, min ? a : b, 0), a,
		   b);
}

ref simd_clamp(struct tr *t, enum clamp how, unsigned e, ref v)
{
	unsigned width = 8 << e, w = e + 1;
	u64 smax = (1ull << (width - 1)) - 1, umax = (1ull << width) - 1;
	ref c, max;

	switch (how) {
	case CLAMP_SIGNED:
		c = pick(t, w, true, v, vconst(t, T_V128, w, smax));
		c = pick(t, w, false, c, vconst(t, T_V128, w, ~smax));
		break;
	case CLAMP_SIGNED_TO_UNSIGNED:
		c = pick(t, w, true, v, vconst(t, T_V128, w, umax));
		c = pick(t, w, false, c, vconst(t, T_V128, w, 0));
		break;
	default:
		max = vconst(t, T_V128, w, umax);
		if (w < 3)
			c = irx(t, IR_VUMIN, T_V128, w, v, max, 0);
		else
			c = ir3(t, IR_VBSL, T_V128, irx(t, IR_VCMPGTU, T_V128, w, v, max, 0), max,
				v);
		break;
	}
	qc_differ(t, c, v);
	return c;
}

/* The narrowing ones: elements of twice size e to size e, in the low half. */
static ref shift_narrow(struct tr *t, enum shift_op op, unsigned e, ref v, unsigned n)
{
	unsigned w = e + 1;
	bool round = op & 1;

	switch (op) {
	case SH_SHRN:
		v = irx(t, IR_VSHRI, T_V128, w, v, n, 0);
		break;
	case SH_RSHRN:
		/* What overflows in the sum is not among the bits kept. */
		v = irx(t, IR_VADD, T_V128, w, v, vconst(t, T_V128, w, 1ull << (n - 1)), 0);
		v = irx(t, IR_VSHRI, T_V128, w, v, n, 0);
		break;
	case SH_UQSHRN:
	case SH_UQRSHRN:
		v = round ? simd_round_shift(t, T_V128, w, false, v, n) :
			    irx(t, IR_VSHRI, T_V128, w, v, n, 0);
		v = simd_clamp(t, CLAMP_UNSIGNED, e, v);
		break;
	default:
		v = round ? simd_round_shift(t, T_V128, w, true, v, n) :
			    irx(t, IR_VSARI, T_V128, w, v, n, 0);
		v = simd_clamp(t, op & 0x20 ? CLAMP_SIGNED_TO_UNSIGNED : CLAMP_SIGNED, e, v);
		break;
	}
	return irx(t, IR_VNARROW, T_V128, e, v, 0, 0);
}

/* Lanes of v with the bits of `mask` from ins and the others from d. */
static ref insert(struct tr *t, enum ir_type type, unsigned e, ref d, ref ins, u64 mask)
{
	return ir2(t, IR_VOR, type, ir2(t, IR_VAND, type, d, vconst(t, type, e, ~mask)), ins);
}

/* The others: right and left are the two readings of the shift count. */
static ref shift(struct tr *t, enum shift_op op, enum ir_type type, unsigned e, ref d, ref n, unsigned right,
		 unsigned left)
{
	bool is_signed = !(op & 0x20);
	u64 ones = e == 3 ? ~0ull : (1ull << (8 << e)) - 1;
	ref v;

	switch (op) {
	case SH_SSHR:
	case SH_USHR:
	case SH_SSRA:
	case SH_USRA:
		v = irx(t, is_signed ? IR_VSARI : IR_VSHRI, type, e, n, right, 0);
		return op & 2 ? irx(t, IR_VADD, type, e, d, v, 0) : v;
	case SH_SRSHR:
	case SH_URSHR:
	case SH_SRSRA:
	case SH_URSRA:
		v = simd_round_shift(t, type, e, is_signed, n, right);
		return op & 2 ? irx(t, IR_VADD, type, e, d, v, 0) : v;
	case SH_SRI:
		if (right == 8u << e)
			return d;
		return insert(t, type, e, d, irx(t, IR_VSHRI, type, e, n, right, 0), ones >> right);
	case SH_SHL:
		return irx(t, IR_VSHLI, type, e, n, left, 0);
	case SH_SLI:
		return insert(t, type, e, d, irx(t, IR_VSHLI, type, e, n, left, 0),
			      ones << left & ones);
	default:
		return simd_shift_left_sat(t, op == SH_SQSHLU ? CLAMP_SIGNED_TO_UNSIGNED :
					   op == SH_SQSHL ? CLAMP_SIGNED : CLAMP_UNSIGNED, type, e, n, left);
	}
}

/* The element size that immh names. */
static unsigned immh_size(unsigned immh)
{
	return 31 - __builtin_clz(immh);
}

bool a64_tr_simd_shift_imm(struct tr *t, const struct a64_simd_shift_imm *a)
{
	unsigned e = immh_size(a->immh), imm = a->immh << 3 | a->immb, width = 8 << e;
	enum shift_op op = a->U << 5 | a->opcode;
	enum ir_type type = v_type(a->Q);
	ref v;

	switch (a->opcode) {
	case SH_SHRN:
	case SH_RSHRN:
	case SH_SQSHRN:
	case SH_SQRSHRN:
		v_put_narrow(t, a->rd, shift_narrow(t, op, e, v_get(t, a->rn), 2 * width - imm),
			     a->Q);
		return true;
	case SH_SSHLL:
		v = irx(t, a->U ? IR_VWIDENU : IR_VWIDENS, T_V128, e, v_get(t, a->rn), a->Q, 0);
		v_put(t, a->rd, irx(t, IR_VSHLI, T_V128, e + 1, v, imm - width, 0));
		return true;
	default:
		v_put(t, a->rd,
		      shift(t, op, type, e, v_get_as(t, a->rd, type), v_get_as(t, a->rn, type),
			    2 * width - imm, imm - width));
		return true;
	}
}

bool a64_tr_simd_scalar_shift_imm(struct tr *t, const struct a64_simd_scalar_shift_imm *a)
{
	unsigned e = immh_size(a->immh), imm = a->immh << 3 | a->immb, width = 8 << e;
	enum shift_op op = a->U << 5 | a->opcode;

	if (a->opcode >= SH_SHRN && a->opcode <= SH_SQRSHRN)
		v_put(t, a->rd,
		      shift_narrow(t, op, e, vlane0(t, v_get(t, a->rn), e + 1), 2 * width - imm));
	else
		v_put(t, a->rd, shift(t, op, scalar_type(e), e, scalar_operand(t, a->rd, e),
				      scalar_operand(t, a->rn, e), 2 * width - imm, imm - width));
	return true;
}

bool a64_tr_simd_cvt_fixed(struct tr *t, const struct a64_simd_cvt_fixed *a)
{
	unsigned e = immh_size(a->immh), fraction = (16 << e) - (a->immh << 3 | a->immb);
	enum ir_type type = v_type(a->Q);
	ref n = v_get_as(t, a->rn, type);

	if (e == 1 && !a64_has(FEAT_FP16))
		return false;
	if (a->opcode & 2)
		v_put(t, a->rd, simd_to_int(t, type, e, n, RND_ZERO, a->U, fraction));
	else
		v_put(t, a->rd, simd_from_int(t, type, e, n, a->U, fraction));
	return true;
}

bool a64_tr_simd_scalar_cvt_fixed(struct tr *t, const struct a64_simd_scalar_cvt_fixed *a)
{
	unsigned e = immh_size(a->immh), fraction = (16 << e) - (a->immh << 3 | a->immb);

	if (e == 1 && !a64_has(FEAT_FP16))
		return false;
	if (a->opcode & 2)
		v_put(t, a->rd,
		      simd_to_int_scalar(t, e, v_get(t, a->rn), RND_ZERO, a->U, fraction));
	else
		v_put(t, a->rd, simd_from_int_scalar(t, e, v_get(t, a->rn), a->U, fraction));
	return true;
}
