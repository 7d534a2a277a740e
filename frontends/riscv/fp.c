/*
 * Floating-point loads, arithmetic, comparisons and signs (chapters F, D, Zfh, Zfa).
 *
 * The IR's operations have the manual's results in the mode that fpcsr.c sets: every NaN result is
 * the canonical one, minimum and maximum prefer numbers, tininess is detected after rounding.
 */
#include "frontends/riscv/fp.h"

/* rm and frm: RNE RTZ RDN RUP RMM */
static const u8 round_of[] = { RND_NEAREST, RND_ZERO, RND_DOWN, RND_UP, RND_AWAY };
enum { RM_DYN = 7 };

bool fp_rounding(const struct tr *t, unsigned rm, unsigned *aux)
{
	*aux = rm == RM_DYN ? 0 : FP_STATIC(round_of[rm]);
	return rm != RM_DYN || !(t->fpctl & FPCTL_NO_ROUND);
}

bool fp_int_rounding(const struct tr *t, unsigned rm, enum ir_round *round)
{
	if (rm == RM_DYN)
		*round = t->fpctl & FPCTL_AWAY ? RND_AWAY : RND_CURRENT;
	else
		*round = round_of[rm];
	return rm != RM_DYN || !(t->fpctl & FPCTL_NO_ROUND);
}

ref fp_get(struct tr *t, unsigned n, unsigned fmt)
{
	ref v = ir_get(t, SLOT_F0 + n, T_F64);

	if (fmt == FMT_D)
		return v;
	v = irx(t, IR_FUNBOX, T_F32, fmt == FMT_H, v, 0, 0);
	return fmt == FMT_H ? irx(t, IR_FCVTH, T_F32, 0, v, 0, 0) : v;
}

void fp_put_rounded(struct tr *t, unsigned n, unsigned fmt, ref v, unsigned aux)
{
	if (fmt == FMT_H)
		v = irx(t, IR_FCVTH, T_F32, 1 | aux, v, 0, 0);
	if (fmt != FMT_D)
		v = irx(t, IR_FBOX, T_F64, fmt == FMT_H, v, 0, 0);
	ir_put(t, SLOT_F0 + n, v);
}

void fp_put(struct tr *t, unsigned n, unsigned fmt, ref v)
{
	fp_put_rounded(t, n, fmt, v, 0);
}

/* --- loads and stores: bits, whatever they mean --- */

bool rv_tr_fp_load(struct tr *t, const struct rv_fp_load *a)
{
	enum ir_type type = a->f == MEM_64 ? T_F64 : a->f == MEM_32 ? T_F32 : T_I32;
	ref v = irx(t, IR_LOAD, type, a->f, x_get(t, a->rs1), 0, (u32)a->imm);

	if (type == T_I32)
		v = ir1(t, IR_I2FBITS, T_F32, v);
	if (type != T_F64)
		v = irx(t, IR_FBOX, T_F64, a->f == MEM_16, v, 0, 0);
	ir_put(t, SLOT_F0 + a->rd, v);
	return true;
}

bool rv_tr_fp_store(struct tr *t, const struct rv_fp_store *a)
{
	ref v = ir_get(t, SLOT_F0 + a->rs2, T_F64);

	if (a->f != MEM_64)
		v = irx(t, IR_FUNBOX, T_F32, 2 | (a->f == MEM_16), v, 0, 0);
	irx(t, IR_STORE, T_NONE, a->f, x_get(t, a->rs1), v, (u32)a->imm);
	return true;
}

/* --- arithmetic --- */

bool rv_tr_fp_arith(struct tr *t, const struct rv_fp_arith *a)
{
	static const u16 op[] = { IR_FADD, IR_FSUB, IR_FMUL, IR_FDIV };
	unsigned aux;
	ref v;

	if (!fp_rounding(t, a->rm, &aux))
		return false;
	v = irx(t, op[a->op], fp_type(a->fmt), aux, fp_get(t, a->rs1, a->fmt), fp_get(t, a->rs2, a->fmt), 0);
	fp_put_rounded(t, a->rd, a->fmt, v, aux);
	return true;
}

bool rv_tr_fp_sqrt(struct tr *t, const struct rv_fp_sqrt *a)
{
	unsigned aux;

	if (!fp_rounding(t, a->rm, &aux))
		return false;
	fp_put_rounded(t, a->rd, a->fmt,
		       irx(t, IR_FSQRT, fp_type(a->fmt), aux, fp_get(t, a->rs1, a->fmt), 0, 0), aux);
	return true;
}

/* A factor or addend: a half as a double. */
static ref fused_operand(struct tr *t, unsigned n, unsigned fmt)
{
	if (fmt != FMT_H)
		return fp_get(t, n, fmt);
	return irx(t, IR_FCVTH, T_F64, 0, irx(t, IR_FUNBOX, T_F32, 1, ir_get(t, SLOT_F0 + n, T_F64), 0, 0), 0, 0);
}

/* op is FMADD, FMSUB, FNMSUB -(a * b) + c, FNMADD -(a * b) - c. */
bool rv_tr_fp_fma(struct tr *t, const struct rv_fp_fma *a)
{
	static const u8 negate[] = { 0, 2, 1, 3 };
	unsigned aux;
	ref v;

	if (!fp_rounding(t, a->rm, &aux))
		return false;
	v = irx(t, IR_FMA, a->fmt == FMT_S ? T_F32 : T_F64, aux | negate[a->op], fused_operand(t, a->rs1, a->fmt),
		fused_operand(t, a->rs2, a->fmt), fused_operand(t, a->rs3, a->fmt));
	fp_put_rounded(t, a->rd, a->fmt, v, aux);
	return true;
}

bool rv_tr_fp_minmax(struct tr *t, const struct rv_fp_minmax *a)
{
	static const u16 op[] = { IR_FMINNM, IR_FMAXNM, IR_FMIN, IR_FMAX };   /* FMIN FMAX FMINM FMAXM */

	fp_put(t, a->rd, a->fmt,
	       ir2(t, op[a->f], fp_type(a->fmt), fp_get(t, a->rs1, a->fmt), fp_get(t, a->rs2, a->fmt)));
	return true;
}

/* --- signs: bits again, of what is in the box --- */

enum { SIGN_COPY, SIGN_NEGATE, SIGN_XOR };

static ref half_bits(struct tr *t, unsigned n)
{
	ref v = irx(t, IR_FUNBOX, T_F32, 1, ir_get(t, SLOT_F0 + n, T_F64), 0, 0);

	return ir1(t, IR_F2IBITS, T_I32, v);
}

static void put_half_bits(struct tr *t, unsigned n, ref v)
{
	ir_put(t, SLOT_F0 + n, irx(t, IR_FBOX, T_F64, 1, ir1(t, IR_I2FBITS, T_F32, v), 0, 0));
}

/* a's bits with b's sign, its complement, or the product of both. */
static ref int_sign(struct tr *t, unsigned how, enum ir_type type, unsigned bits, ref a, ref b)
{
	ref sign = ir_const(t, type, 1ull << (bits - 1));

	b = ir2(t, IR_AND, type, how == SIGN_NEGATE ? ir1(t, IR_NOT, type, b) : b, sign);
	if (how == SIGN_XOR)
		return ir2(t, IR_XOR, type, a, b);
	return ir2(t, IR_OR, type, ir2(t, IR_ANDN, type, a, sign), b);
}

static ref fp_sign(struct tr *t, unsigned how, enum ir_type type, ref a, ref b)
{
	enum ir_type bits = type == T_F64 ? T_I64 : T_I32;

	if (a == b) {
		if (how == SIGN_COPY)
			return a;
		return ir1(t, how == SIGN_NEGATE ? IR_FNEG : IR_FABS, type, a);
	}
	if (how == SIGN_XOR) {
		a = ir1(t, IR_F2IBITS, bits, a);
		b = ir1(t, IR_F2IBITS, bits, b);
		return ir1(t, IR_I2FBITS, type, int_sign(t, how, bits, ir_type_of(t, a) == T_I64 ? 64 : 32, a, b));
	}
	return ir2(t, IR_FSIGN, type, a, how == SIGN_NEGATE ? ir1(t, IR_FNEG, type, b) : b);
}

bool rv_tr_fp_sign(struct tr *t, const struct rv_fp_sign *a)
{
	ref x, y;

	if (a->fmt == FMT_H) {
		x = half_bits(t, a->rs1);
		y = half_bits(t, a->rs2);
		put_half_bits(t, a->rd, int_sign(t, a->f, T_I32, 16, x, y));
		return true;
	}
	x = fp_get(t, a->rs1, a->fmt);
	y = fp_get(t, a->rs2, a->fmt);
	fp_put(t, a->rd, a->fmt, fp_sign(t, a->f, fp_type(a->fmt), x, y));
	return true;
}

/* --- comparisons --- */

/* Less is greater the other way round, which the host has one condition for. */
bool rv_tr_fp_compare(struct tr *t, const struct rv_fp_compare *a)
{
	enum { LE, LT, EQ, QUIET = 4 };
	ref x = fp_get(t, a->rs1, a->fmt), y = fp_get(t, a->rs2, a->fmt), f;
	unsigned how = a->f & 3;
	enum ir_cc cc = how == EQ ? CC_EQ : how == LT ? CC_GT : CC_GE;

	if (how == EQ)
		f = irx(t, IR_FCMPF, T_FLAGS, 0, x, y, 0);
	else
		f = irx(t, IR_FCMPF, T_FLAGS, !(a->f & QUIET), y, x, 0);
	x_put(t, a->rd, irx(t, IR_SETCC, T_XLEN, cc, f, 0, 0));
	return true;
}
