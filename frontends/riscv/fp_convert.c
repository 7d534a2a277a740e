/*
 * Conversions, moves, classes and constants (chapters F, D, Zfh, Zfa).
 *
 * A conversion that is always exact has no rounding, whatever its rm says: assemblers write RNE there,
 * and a rounding other than frm's costs two changes of the host's mode.
 */
#include "frontends/riscv/fp.h"
#include "translator/softfp.h"
#include "translator/translator.h"

enum { INT_W, INT_WU, INT_L, INT_LU };

bool rv_tr_fp_to_int(struct tr *t, const struct rv_fp_to_int *a)
{
	enum ir_round round;
	unsigned aux;
	ref v;

	if (!fp_int_rounding(t, a->rm, &round))
		return false;
	aux = round | (a->to & 1 ? 0x80 : 0);
	v = irx(t, IR_F2I, a->to >= INT_L ? T_I64 : T_I32, aux, fp_get(t, a->rs1, a->fmt), 0, 0);
	x_put(t, a->rd, v);
	return true;
}

/* An integer that a single does not hold exactly is out of a half's range. */
bool rv_tr_fp_from_int(struct tr *t, const struct rv_fp_from_int *a)
{
	unsigned aux, uns = a->from & 1;
	ref n, v;

	if (!fp_rounding(t, a->rm, &aux))
		return false;
	if (a->fmt == FMT_D && a->from < INT_L)
		aux = 0;
	n = a->from < INT_L ? w_get(t, a->rs1) : x_get(t, a->rs1);
	v = irx(t, IR_I2F, fp_type(a->fmt), aux | uns, n, 0, 0);
	fp_put_rounded(t, a->rd, a->fmt, v, aux);
	return true;
}

/* To fmt. */
bool rv_tr_fp_convert(struct tr *t, const struct rv_fp_convert *a)
{
	unsigned aux;
	ref v;

	if (!fp_rounding(t, a->rm, &aux))
		return false;
	if (a->from == FMT_H) {
		v = irx(t, IR_FUNBOX, T_F32, 1, ir_get(t, SLOT_F0 + a->rs1, T_F64), 0, 0);
		fp_put(t, a->rd, a->fmt, irx(t, IR_FCVTH, fp_type(a->fmt), 0, v, 0, 0));
		return true;
	}
	v = fp_get(t, a->rs1, a->from);
	if (a->fmt != FMT_H)
		v = irx(t, IR_FCVT, fp_type(a->fmt), a->fmt == FMT_D ? 0 : aux, v, 0, 0);
	fp_put_rounded(t, a->rd, a->fmt, v, aux);
	return true;
}

bool rv_tr_fp_round(struct tr *t, const struct rv_fp_round *a)
{
	enum ir_round round;

	if (!fp_int_rounding(t, a->rm, &round))
		return false;
	fp_put(t, a->rd, a->fmt,
	       irx(t, IR_FRINT, fp_type(a->fmt), round | (a->nx ? 0x80 : 0), fp_get(t, a->rs1, a->fmt), 0, 0));
	return true;
}

/* --- moves: bits --- */

bool rv_tr_fp_to_x(struct tr *t, const struct rv_fp_to_x *a)
{
	ref v = ir_get(t, SLOT_F0 + a->rs1, T_F64);

	if (a->fmt == FMT_D) {
		v = ir1(t, IR_F2IBITS, T_I64, v);
	} else {
		v = ir1(t, IR_F2IBITS, T_I32, irx(t, IR_FUNBOX, T_F32, 2 | (a->fmt == FMT_H), v, 0, 0));
		if (a->fmt == FMT_H)
			v = ir2(t, IR_SEXT, T_XLEN, v, 16);
	}
	x_put(t, a->rd, v);
	return true;
}

bool rv_tr_fp_from_x(struct tr *t, const struct rv_fp_from_x *a)
{
	ref v;

	if (a->fmt == FMT_D) {
		v = ir1(t, IR_I2FBITS, T_F64, x_get(t, a->rs1));
	} else {
		v = ir1(t, IR_I2FBITS, T_F32, w_get(t, a->rs1));
		v = irx(t, IR_FBOX, T_F64, a->fmt == FMT_H, v, 0, 0);
	}
	ir_put(t, SLOT_F0 + a->rd, v);
	return true;
}

/* A double's high word. */
bool rv_tr_fmvh(struct tr *t, const struct rv_fmvh *a)
{
	ref v = ir1(t, IR_F2IBITS, T_I64, ir_get(t, SLOT_F0 + a->rs1, T_F64));

	x_put(t, a->rd, ir2(t, IR_SHR, T_I64, v, ir_const(t, T_I32, 32)));
	return true;
}

/* A double of two words, the low one first. */
bool rv_tr_fmvp(struct tr *t, const struct rv_fmvp *a)
{
	ref high = ir2(t, IR_SHL, T_I64, x_wide(t, x_get(t, a->rs2)), ir_const(t, T_I32, 32));
	ref v = ir2(t, IR_OR, T_I64, x_wide(t, x_get(t, a->rs1)), high);

	ir_put(t, SLOT_F0 + a->rd, ir1(t, IR_I2FBITS, T_F64, v));
	return true;
}

/* The manual's table: 2^exponent * (1 + quarters / 4).  Entries 1 and 30, 31 are no such numbers. */
bool rv_tr_fp_li(struct tr *t, const struct rv_fp_li *a)
{
	enum { LEAST_NORMAL = 1, INFINITE = 30, NOT_A_NUMBER = 31 };
	static const struct { s8 exponent, quarters; } number[] = {
		{ 0, 0 }, { 0, 0 }, { -16, 0 }, { -15, 0 }, { -8, 0 }, { -7, 0 }, { -4, 0 }, { -3, 0 },
		{ -2, 0 }, { -2, 1 }, { -2, 2 }, { -2, 3 }, { -1, 0 }, { -1, 1 }, { -1, 2 }, { -1, 3 },
		{ 0, 0 }, { 0, 1 }, { 0, 2 }, { 0, 3 }, { 1, 0 }, { 1, 1 }, { 1, 2 }, { 2, 0 },
		{ 3, 0 }, { 4, 0 }, { 7, 0 }, { 8, 0 }, { 15, 0 }, { 16, 0 },
	};
	static const enum fp_format format[] = { [FMT_S] = FP32, [FMT_D] = FP64, [FMT_H] = FP16 };
	static const s16 least[] = { [FMT_S] = -126, [FMT_D] = -1022, [FMT_H] = -14 };
	struct fpsem s = { .round = RND_NEAREST };
	unsigned i = a->index;
	u64 v;

	if (i >= INFINITE)
		v = i == NOT_A_NUMBER ? 0x7ff8000000000000 : 0x7ff0000000000000;
	else if (i == LEAST_NORMAL)
		v = (u64)(1023 + least[a->fmt]) << 52;
	else
		v = (i == 0 ? 1ull << 63 : 0) | (u64)(1023 + number[i].exponent) << 52 | (u64)number[i].quarters << 50;
	v = fp_convert(&s, format[a->fmt], FP64, v);
	if (a->fmt != FMT_D)
		v |= ~0ull << (a->fmt == FMT_H ? 16 : 32);
	ir_put(t, SLOT_F0 + a->rd, ir_constv(t, T_F64, (vec){ .d = { v } }));
	return true;
}

/* --- helpers --- */

/* Classes by number: -inf -normal -subnormal -0 +0 +subnormal +normal +inf, signalling NaN, quiet NaN. */
static u64 classify(u64 bits, u32 fmt)
{
	static const struct { u8 width, fraction; } layout[] = {
		[FMT_S] = { 32, 23 }, [FMT_D] = { 64, 52 }, [FMT_H] = { 16, 10 },
	};
	unsigned width = layout[fmt].width, fraction = layout[fmt].fraction, class;
	bool sign = bits >> (width - 1) & 1;
	u64 magnitude = bits & ((1ull << (width - 1)) - 1);
	u64 infinity = ((1ull << (width - 1)) - 1) >> fraction << fraction;

	if (magnitude > infinity)
		return 1 << (magnitude >> (fraction - 1) & 1 ? 9 : 8);
	class = magnitude == infinity ? 7 : magnitude >> fraction ? 6 : magnitude ? 5 : 4;
	return 1 << (sign ? 7 - class : class);
}

static const struct ir_helper helper_class = { "rv_fclass", classify, T_I64, 2, H_PURE, 0, 0 };

bool rv_tr_fp_class(struct tr *t, const struct rv_fp_class *a)
{
	ref v = ir_get(t, SLOT_F0 + a->rs1, T_F64);

	if (a->fmt != FMT_D) {
		v = irx(t, IR_FUNBOX, T_F32, a->fmt == FMT_H, v, 0, 0);
		v = ir2(t, IR_ZEXT, T_I64, ir1(t, IR_F2IBITS, T_I32, v), 32);
	} else {
		v = ir1(t, IR_F2IBITS, T_I64, v);
	}
	x_put(t, a->rd, ir_call(t, &helper_class, v, ir_const(t, T_I32, a->fmt)));
	return true;
}

/* FCVTMOD.W.D: truncated, modulo 2^32; what does not fit is invalid all the same. */
static u64 convert_modulo(struct vcpu *c, u64 bits)
{
	int exponent = (int)(bits >> 52 & 2047) - 1023;
	u64 fraction = bits & ((1ull << 52) - 1), significand = fraction | 1ull << 52, v;
	bool sign = bits >> 63, exact, fits;

	if (exponent < 0) {
		if (bits << 1)
			translator_raise_fpflags(c, FPEXC_INEXACT);
		return 0;
	}
	if (exponent == 1024) {
		translator_raise_fpflags(c, FPEXC_INVALID);
		return 0;
	}
	exact = exponent >= 52 || !(significand << (12 + exponent));
	v = exponent > 52 + 31 ? 0 : exponent > 52 ? significand << (exponent - 52) : significand >> (52 - exponent);
	fits = exponent < 31 || (sign && exponent == 31 && v == 1ull << 31);
	if (!fits)
		translator_raise_fpflags(c, FPEXC_INVALID);
	else if (!exact)
		translator_raise_fpflags(c, FPEXC_INEXACT);
	return (u64)sext(sign ? -v : v, 32);
}

static const struct ir_helper helper_modulo = { "rv_fcvtmod", convert_modulo, T_I64, 1, H_VCPU, 0, 0 };

bool rv_tr_fcvtmod(struct tr *t, const struct rv_fcvtmod *a)
{
	ref v = ir_call(t, &helper_modulo, ir1(t, IR_F2IBITS, T_I64, ir_get(t, SLOT_F0 + a->rs1, T_F64)));

	x_put(t, a->rd, v);
	return true;
}
