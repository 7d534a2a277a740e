/*
 * Scalar floating point (Arm ARM C4.1, "Data Processing -- Scalar Floating-Point").
 *
 * Values are F32 and F64 of the IR, whose operations have the manual's NaN rules, so there is
 * nothing to do here but to name the operation.  Half precision (FEAT_FP16) has no type: arithmetic on
 * halves is that of the vector forms (simd_half.c), conversions and comparisons widen to singles, and what
 * only moves or changes the sign works on the bits.
 */
#include "frontends/aarch64/simd_fp.h"

enum { FT_S = 0, FT_D = 1, FT_H = 3 };

static bool ftype_ok(unsigned ftype)
{
	return ftype != FT_H || a64_has(FEAT_FP16);
}

/* The type in which values of an `ftype` are computed. */
static enum ir_type compute_type(unsigned ftype)
{
	return ftype == FT_D ? T_F64 : T_F32;
}

/* log2 of its bytes. */
static unsigned esize(unsigned ftype)
{
	return ftype == FT_H ? 1 : ftype == FT_S ? 2 : 3;
}

static ref get_half(struct tr *t, unsigned n, enum ir_type type)
{
	return irx(t, IR_FCVTH, type, 0, v_get_as(t, n, T_F32), 0, 0);
}

/*
 * A conversion knows the alternative format and does not flush; arithmetic is the other way round.
 * They are the same but in these modes.
 */
static bool half_special(const struct tr *t)
{
	return t->fpctl & (FPCTL_FLUSH16 | FPCTL_ALT_HALF);
}

/* A half, by its bits, as the operand of arithmetic that is done in single precision. */
static ref unpack_half(struct tr *t, ref bits)
{
	if (!half_special(t))
		return irx(t, IR_FCVTH, T_F32, 0, ir1(t, IR_I2FBITS, T_F32, bits), 0, 0);
	return ir1(t, IR_V2F, T_F32,
		   ir_call(t, &a64_h_cvt, ir_const(t, T_I32, CVT_HALF_UNPACK | 1 << 8),
			   ir_get(t, SLOT_FPCR, T_I32), ir1(t, IR_I2V, T_V128, bits)));
}

static void put_half(struct tr *t, unsigned d, ref v)
{
	v_put(t, d, irx(t, IR_FCVTH, T_F32, 1, v, 0, 0));
}

static void put_fp(struct tr *t, unsigned d, ref v, unsigned ftype)
{
	if (ftype == FT_H)
		put_half(t, d, v);
	else
		v_put(t, d, v);
}

/* The bits of a scalar as an integer, and back. */
static ref get_bits(struct tr *t, unsigned n, unsigned ftype)
{
	unsigned e = esize(ftype);

	return irx(t, IR_VGET, e == 3 ? T_I64 : T_I32, e, v_get(t, n), 0, 0);
}

static ref get_fp(struct tr *t, unsigned n, unsigned ftype)
{
	return ftype == FT_H ? unpack_half(t, get_bits(t, n, FT_H)) : v_get_as(t, n, compute_type(ftype));
}

static void put_bits(struct tr *t, unsigned d, ref v)
{
	v_put(t, d, ir1(t, IR_I2V, T_V128, v));
}

u64 a64_fp_imm(unsigned imm8, unsigned e)
{
	u64 sign = imm8 >> 7, b = imm8 >> 6 & 1, low = imm8 & 0x3f;

	switch (e) {
	case 1:
		return sign << 15 | (b ? 0x3000 : 0x4000) | low << 6;
	case 2:
		return sign << 31 | (b ? 0x3e000000 : 0x40000000) | low << 19;
	default:
		return sign << 63 | (b ? 0x3fc0000000000000 : 0x4000000000000000) | low << 48;
	}
}

bool a64_tr_fmov_imm(struct tr *t, const struct a64_fmov_imm *a)
{
	if (!ftype_ok(a->ftype))
		return false;
	v_put(t, a->rd,
	      ir_constv(t, T_V128, (vec){ .d = { a64_fp_imm(a->imm8, esize(a->ftype)) } }));
	return true;
}

/* FMOV, FABS, FNEG: no arithmetic, NaNs included. */
static void fp_move(struct tr *t, const struct a64_fp_1src *a)
{
	enum ir_type type = compute_type(a->ftype);
	ref v;

	if (a->ftype == FT_H) {
		v = get_bits(t, a->rn, FT_H);
		if (a->id == a64_FABS)
			v = ir2(t, IR_AND, T_I32, v, ir_const(t, T_I32, 0x7fff));
		else if (a->id == a64_FNEG)
			v = ir2(t, IR_XOR, T_I32, v, ir_const(t, T_I32, 0x8000));
		put_bits(t, a->rd, v);
		return;
	}
	v = v_get_as(t, a->rn, type);
	if (a->id == a64_FABS)
		v = ir1(t, IR_FABS, type, v);
	else if (a->id == a64_FNEG)
		v = ir1(t, IR_FNEG, type, v);
	v_put(t, a->rd, v);
}

/*
 * FRINT32Z and its kin: to an integral value that fits, else the most negative integer
 * (FPRoundIntN).
 */
static ref frint_n(struct tr *t, const struct a64_fp_1src *a)
{
	bool wide = a->id == a64_FRINT64Z || a->id == a64_FRINT64X;
	bool zero = a->id == a64_FRINT32Z || a->id == a64_FRINT64Z;
	unsigned ctl = FP_RINT_N | (zero ? RND_ZERO : RND_CURRENT) << FPC_RND |
		       (wide ? FPC_WIDE : 0);
	ref n = v_get(t, a->rn);

	return simd_fp_call(t, ctl, esize(a->ftype), 1, n, n, n);
}

bool a64_tr_fp_1src(struct tr *t, const struct a64_fp_1src *a)
{
	enum ir_type type = compute_type(a->ftype);
	unsigned rnd;
	ref v;

	if (!ftype_ok(a->ftype))
		return false;
	switch (a->id) {
	case a64_FMOV_reg:
	case a64_FABS:
	case a64_FNEG:
		fp_move(t, a);
		return true;
	case a64_FSQRT:
		if (a->ftype == FT_H && half_special(t)) {
			v_put(t, a->rd, simd_float_scalar(t, FP_SQRT, 1, v_get(t, a->rn), v_get(t, a->rn),
							  v_get(t, a->rn)));
			return true;
		}
		v = ir1(t, IR_FSQRT, type, get_fp(t, a->rn, a->ftype));
		put_fp(t, a->rd, v, a->ftype);
		return true;
	case a64_FRINT32Z:
	case a64_FRINT32X:
	case a64_FRINT64Z:
	case a64_FRINT64X:
		v_put(t, a->rd, frint_n(t, a));
		return true;
	case a64_FRINTN:
		rnd = RND_NEAREST;
		break;
	case a64_FRINTP:
		rnd = RND_UP;
		break;
	case a64_FRINTM:
		rnd = RND_DOWN;
		break;
	case a64_FRINTZ:
		rnd = RND_ZERO;
		break;
	case a64_FRINTA:
		rnd = RND_AWAY;
		break;
	case a64_FRINTX:
		rnd = RND_CURRENT | 0x80;
		break;
	case a64_FRINTI:
		rnd = RND_CURRENT;
		break;
	default:
		return false;
	}
	if (a->ftype == FT_H && half_special(t)) {
		v = v_get(t, a->rn);
		rnd = FP_RINT | (rnd & RND_MASK) << FPC_RND | (rnd & 0x80 ? FPC_EXACT : 0);
		v_put(t, a->rd, simd_fp_call(t, rnd, 1, 1, v, v, v));
		return true;
	}
	v = irx(t, IR_FRINT, type, rnd, get_fp(t, a->rn, a->ftype), 0, 0);
	put_fp(t, a->rd, v, a->ftype);
	return true;
}

/* FCVT between precisions; opc is the destination's ftype. */
bool a64_tr_fcvt(struct tr *t, const struct a64_fcvt *a)
{
	ref v;

	if (a->ftype == FT_H) {
		v_put(t, a->rd, get_half(t, a->rn, compute_type(a->opc)));
		return true;
	}
	v = v_get_as(t, a->rn, compute_type(a->ftype));
	if (a->opc == FT_H)
		put_half(t, a->rd, v);
	else
		v_put(t, a->rd, ir1(t, IR_FCVT, compute_type(a->opc), v));
	return true;
}

bool a64_tr_bfcvt(struct tr *t, const struct a64_bfcvt *a)
{
	v_put(t, a->rd, ir_call(t, &a64_h_cvt, ir_const(t, T_I32, CVT_SINGLE_TO_BF16 | 1 << 8),
				ir_get(t, SLOT_FPCR, T_I32), v_get(t, a->rn)));
	return true;
}

static const struct {
	enum ir_op op;
	enum fp_op half;
} binary_op[] = {
	[a64_FMUL - a64_FMUL] = { IR_FMUL, FP_MUL }, [a64_FDIV - a64_FMUL] = { IR_FDIV, FP_DIV },
	[a64_FADD - a64_FMUL] = { IR_FADD, FP_ADD }, [a64_FSUB - a64_FMUL] = { IR_FSUB, FP_SUB },
	[a64_FMAX - a64_FMUL] = { IR_FMAX, FP_MAX }, [a64_FMIN - a64_FMUL] = { IR_FMIN, FP_MIN },
	[a64_FMAXNM - a64_FMUL] = { IR_FMAXNM, FP_MAXNM }, [a64_FMINNM - a64_FMUL] = { IR_FMINNM, FP_MINNM },
	[a64_FNMUL - a64_FMUL] = { IR_FMUL, FP_MUL },
};

/* The sign of a half in lane 0 turned round. */
static ref half_neg(struct tr *t, ref v)
{
	return ir2(t, IR_VXOR, T_V128, v, ir_constv(t, T_V128, (vec){ .d = { 0x8000 } }));
}

bool a64_tr_fp_2src(struct tr *t, const struct a64_fp_2src *a)
{
	enum ir_type type = compute_type(a->ftype);
	unsigned i = a->id - a64_FMUL;
	ref v;

	if (!ftype_ok(a->ftype))
		return false;
	if (a->ftype == FT_H) {
		v = simd_float_scalar(t, binary_op[i].half, 1, v_get(t, a->rn), v_get(t, a->rn),
				      v_get(t, a->rm));
		v_put(t, a->rd, a->id == a64_FNMUL ? half_neg(t, v) : v);
		return true;
	}
	v = ir2(t, binary_op[i].op, type, v_get_as(t, a->rn, type), v_get_as(t, a->rm, type));
	v_put(t, a->rd, a->id == a64_FNMUL ? ir1(t, IR_FNEG, type, v) : v);
	return true;
}

/* FMADD a + n*m, FMSUB a - n*m, FNMADD -a - n*m, FNMSUB -a + n*m. */
bool a64_tr_fp_3src(struct tr *t, const struct a64_fp_3src *a)
{
	enum ir_type type = compute_type(a->ftype);
	bool minus = a->o1 != a->o0;
	ref acc;

	if (!ftype_ok(a->ftype))
		return false;
	if (a->ftype == FT_H) {
		acc = v_get(t, a->ra);
		if (a->o1)
			acc = half_neg(t, acc);
		v_put(t, a->rd,
		      simd_float_scalar(t, minus ? FP_MLS : FP_MLA, 1, acc, v_get(t, a->rn),
					v_get(t, a->rm)));
		return true;
	}
	v_put(t, a->rd,
	      irx(t, IR_FMA, type, minus | a->o1 << 1, v_get_as(t, a->rn, type),
		  v_get_as(t, a->rm, type), v_get_as(t, a->ra, type)));
	return true;
}

static ref fp_zero(struct tr *t, enum ir_type type)
{
	return ir_constv(t, type, (vec){ .d = { 0 } });
}

bool a64_tr_fcmp(struct tr *t, const struct a64_fcmp *a)
{
	enum ir_type type = compute_type(a->ftype);
	ref m;

	if (!ftype_ok(a->ftype))
		return false;
	m = a->zero ? fp_zero(t, type) : get_fp(t, a->rm, a->ftype);
	ir_put(t, SLOT_NZCV, irx(t, IR_FCMPF, T_FLAGS, a->E, get_fp(t, a->rn, a->ftype), m, 0));
	return true;
}

/* The operand if the condition holds, else zero. */
static ref select_fp(struct tr *t, unsigned cond, ref f, unsigned n, unsigned ftype)
{
	enum ir_type type = compute_type(ftype);

	if (ftype == FT_H)
		return unpack_half(t, irx(t, IR_SELCC, T_I32, cond, f, get_bits(t, n, FT_H), ir_const(t, T_I32, 0)));
	return irx(t, IR_SELCC, type, cond, f, v_get_as(t, n, type), fp_zero(t, type));
}

bool a64_tr_fccmp(struct tr *t, const struct a64_fccmp *a)
{
	enum ir_type type = compute_type(a->ftype);
	ref f = ir_get(t, SLOT_NZCV, T_FLAGS), n, m;
	unsigned cond = a->cond >= CC_AL ? CC_AL : a->cond;

	if (!ftype_ok(a->ftype))
		return false;
	if (!a->E && a->ftype != FT_H) {
		n = v_get_as(t, a->rn, type);
		f = irx(t, IR_FCCMPF, T_FLAGS, cond | a->nzcv << 4, f, n, v_get_as(t, a->rm, type));
	} else {
		/*
		 * No row: where the condition fails, compare zeros, which raises nothing.  Nor may
		 * widening a half then.
		 */
		ref cmp, flags;

		n = select_fp(t, cond, f, a->rn, a->ftype);
		m = select_fp(t, cond, f, a->rm, a->ftype);
		cmp = ir1(t, IR_NZCV, T_I32, irx(t, IR_FCMPF, T_FLAGS, a->E, n, m, 0));
		flags = irx(t, IR_SELCC, T_I32, cond, f, cmp, ir_const(t, T_I32, a->nzcv));
		f = ir1(t, IR_FLAGS, T_FLAGS, flags);
	}
	ir_put(t, SLOT_NZCV, f);
	return true;
}

bool a64_tr_fcsel(struct tr *t, const struct a64_fcsel *a)
{
	enum ir_type type = compute_type(a->ftype);
	unsigned cond = a->cond >= CC_AL ? CC_AL : a->cond;
	ref f;

	if (!ftype_ok(a->ftype))
		return false;
	f = ir_get(t, SLOT_NZCV, T_FLAGS);
	if (a->ftype == FT_H)
		put_bits(t, a->rd, irx(t, IR_SELCC, T_I32, cond, f, get_bits(t, a->rn, FT_H),
				       get_bits(t, a->rm, FT_H)));
	else
		v_put(t, a->rd,
		      irx(t, IR_SELCC, type, cond, f, v_get_as(t, a->rn, type),
			  v_get_as(t, a->rm, type)));
	return true;
}

bool a64_tr_fmov_gpr(struct tr *t, const struct a64_fmov_gpr *a)
{
	enum ir_type type = a->sf ? T_I64 : T_I32;
	ref v;

	if (a->ftype == FT_H && !a64_has(FEAT_FP16))
		return false;
	switch (a->id) {
	case a64_FMOV_to_gpr:
		v = irx(t, IR_VGET, type, a->ftype == FT_H ? 1 : a->sf ? 3 : 2, v_get(t, a->rn), 0, 0);
		x_put(t, a->rd, v);
		return true;
	case a64_FMOV_from_gpr:
		v = x_get(t, a->rn, a->sf);
		if (a->ftype == FT_H)
			v = irx(t, IR_ZEXT, T_I32, 0, v, 16, 0);
		put_bits(t, a->rd, v);
		return true;
	case a64_FMOV_top_to_gpr:
		x_put(t, a->rd, irx(t, IR_VGET, T_I64, 3, v_get(t, a->rn), 1, 0));
		return true;
	default:
		v = irx(t, IR_VSET, T_V128, 3, v_get(t, a->rd), x_get(t, a->rn, 1), 1);
		v_put(t, a->rd, v);
		return true;
	}
}

/*
 * A 64-bit integer that a double holds and that rounds to a half as n does: what lies above 53 bits leaves the lowest
 * of them set for the bits below it (rounding to odd).
 */
static ref int_for_half(struct tr *t, ref n, bool uns)
{
	ref lost = ir2(t, IR_AND, T_I64, n, ir_const(t, T_I64, 0x7ff));
	ref odd = ir2(t, IR_ADD, T_I64, lost, ir_const(t, T_I64, 0x7ff)), range;

	odd = ir2(t, IR_AND, T_I64, ir2(t, IR_OR, T_I64, n, odd), ir_const(t, T_I64, ~0x7ffull));
	range = uns ? n : ir2(t, IR_ADD, T_I64, n, ir_const(t, T_I64, 1ull << 52));
	range = ir2(t, IR_SHR, T_I64, range, ir_const(t, T_I32, 53));
	return irx(t, IR_SELCC, T_I64, CC_EQ, ir2(t, IR_ANDF, T_FLAGS, range, range), n, odd);
}

/* An integer register / 2^fbits to floating point. */
static void int_to_fp(struct tr *t, unsigned rd, unsigned rn, unsigned sf, unsigned ftype,
		      unsigned fbits, bool uns)
{
	/* A half is reached through double, which holds every integer of 32 bits. */
	enum ir_type type = ftype == FT_S ? T_F32 : T_F64;
	ref n = x_get(t, rn, sf), ctl;

	if (ftype == FT_H && (half_special(t) || t->fpctl & FPCTL_FLUSH)) {
		ctl = ir_const(t, T_I32, fbits | uns << 8);
		if (!sf)
			n = irx(t, uns ? IR_ZEXT : IR_SEXT, T_I64, 0, n, 32, 0);
		put_bits(t, rd, ir_call(t, &a64_h_int_to_half, ctl, ir_get(t, SLOT_FPCR, T_I32), n));
		return;
	}
	if (ftype == FT_H && sf)
		n = int_for_half(t, n, uns);
	put_fp(t, rd, irx(t, IR_I2F, type, uns, n, fbits, 0), ftype);
}

static void fp_to_int(struct tr *t, unsigned rd, unsigned rn, unsigned sf, unsigned ftype,
		      unsigned fbits, unsigned rnd)
{
	ref v = irx(t, IR_F2I, sf ? T_I64 : T_I32, rnd, get_fp(t, rn, ftype), fbits, 0);

	x_put(t, rd, v);
}

bool a64_tr_fcvt_fixed(struct tr *t, const struct a64_fcvt_fixed *a)
{
	unsigned fbits = 64 - a->scale, uns = a->opcode & 1;

	if (!ftype_ok(a->ftype))
		return false;
	if (a->opcode & 2)
		int_to_fp(t, a->rd, a->rn, a->sf, a->ftype, fbits, uns);
	else
		fp_to_int(t, a->rd, a->rn, a->sf, a->ftype, fbits, RND_ZERO | uns << 7);
	return true;
}

bool a64_tr_fcvt_int(struct tr *t, const struct a64_fcvt_int *a)
{
	static const u8 rounding[] = { RND_NEAREST, RND_UP, RND_DOWN, RND_ZERO };
	unsigned uns = a->opcode & 1;

	if (!ftype_ok(a->ftype))
		return false;
	if (a->opcode == 2 || a->opcode == 3)
		int_to_fp(t, a->rd, a->rn, a->sf, a->ftype, 0, uns);
	else
		fp_to_int(t, a->rd, a->rn, a->sf, a->ftype, 0,
			  (a->opcode & 4 ? RND_AWAY : rounding[a->rmode]) | uns << 7);
	return true;
}

/* FJCVTZS: the helper returns Z above the 32-bit result. */
bool a64_tr_fjcvtzs(struct tr *t, const struct a64_fjcvtzs *a)
{
	ref v = ir_call(t, &a64_h_fjcvtzs, ir_get(t, SLOT_FPCR, T_I32), v_get_as(t, a->rn, T_F64));
	ref z = irx(t, IR_UBFX, T_I64, 0, v, 32, 1);

	x_put(t, a->rd, ir1(t, IR_TRUNC, T_I32, v));
	z = ir2(t, IR_SHL, T_I32, ir1(t, IR_TRUNC, T_I32, z), ir_const(t, T_I32, 2));
	ir_put(t, SLOT_NZCV, ir1(t, IR_FLAGS, T_FLAGS, z));
	return true;
}
