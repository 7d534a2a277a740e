/*
 * Multiplication and division (chapter "M").
 *
 * Nothing traps: division by zero gives all ones and the dividend as remainder; the most negative
 * number by -1 gives itself and 0.  The IR's divisions give 0 for x / 0, so a quotient needs a
 * selection, and a remainder, as dividend - quotient * divisor, needs nothing.
 */
#include "frontends/riscv/riscv.h"
#include "frontends/riscv/decode.h"

bool rv_tr_mul(struct tr *t, const struct rv_mul *a)
{
	x_put(t, a->rd, ir2(t, IR_MUL, T_XLEN, x_get(t, a->rs1), x_get(t, a->rs2)));
	return true;
}

/* The high half of the product; `op` is that of 64-bit registers, `extend` makes their product of narrower ones. */
static ref high(struct tr *t, enum ir_op op, enum ir_op extend_x, enum ir_op extend_y, ref x, ref y)
{
	if (T_XLEN == T_I64)
		return ir2(t, op, T_I64, x, y);
	x = ir2(t, IR_MUL, T_I64, ir2(t, extend_x, T_I64, x, 32), ir2(t, extend_y, T_I64, y, 32));
	return ir1(t, IR_TRUNC, T_I32, ir2(t, IR_SHR, T_I64, x, ir_const(t, T_I32, 32)));
}

bool rv_tr_mulh(struct tr *t, const struct rv_mulh *a)
{
	x_put(t, a->rd, high(t, IR_MULHS, IR_SEXT, IR_SEXT, x_get(t, a->rs1), x_get(t, a->rs2)));
	return true;
}

/* A negative rs1 counts 2^64 too much in the unsigned product of 64-bit registers. */
bool rv_tr_mulhsu(struct tr *t, const struct rv_mulhsu *a)
{
	ref x = x_get(t, a->rs1), y = x_get(t, a->rs2), sign, v;

	v = high(t, IR_MULHU, IR_SEXT, IR_ZEXT, x, y);
	if (T_XLEN == T_I64) {
		sign = ir2(t, IR_SAR, T_I64, x, ir_const(t, T_I32, 63));
		v = ir2(t, IR_SUB, T_I64, v, ir2(t, IR_AND, T_I64, sign, y));
	}
	x_put(t, a->rd, v);
	return true;
}

bool rv_tr_mulhu(struct tr *t, const struct rv_mulhu *a)
{
	x_put(t, a->rd, high(t, IR_MULHU, IR_ZEXT, IR_ZEXT, x_get(t, a->rs1), x_get(t, a->rs2)));
	return true;
}

bool rv_tr_mulw(struct tr *t, const struct rv_mulw *a)
{
	x_put(t, a->rd, ir2(t, IR_MUL, T_I32, w_get(t, a->rs1), w_get(t, a->rs2)));
	return true;
}

static void quotient(struct tr *t, enum ir_op op, enum ir_type ty, unsigned rd, unsigned rs1,
		     unsigned rs2)
{
	ref x = x_get_as(t, rs1, ty), y = x_get_as(t, rs2, ty);
	ref q = ir2(t, op, ty, x, y);
	u64 k;

	if (!ir_is_const(t, y, &k) || !k)
		q = irx(t, IR_SELCC, ty, CC_EQ, ir2(t, IR_ANDF, T_FLAGS, y, y),
			ir_const(t, ty, ~0ull), q);
	x_put(t, rd, q);
}

static void rest(struct tr *t, enum ir_op op, enum ir_type ty, unsigned rd, unsigned rs1,
		 unsigned rs2)
{
	ref x = x_get_as(t, rs1, ty), y = x_get_as(t, rs2, ty);
	ref q = ir2(t, op, ty, x, y);

	x_put(t, rd, ir2(t, IR_SUB, ty, x, ir2(t, IR_MUL, ty, q, y)));
}

bool rv_tr_div(struct tr *t, const struct rv_div *a)
{
	quotient(t, IR_SDIV, T_XLEN, a->rd, a->rs1, a->rs2);
	return true;
}

bool rv_tr_divu(struct tr *t, const struct rv_divu *a)
{
	quotient(t, IR_UDIV, T_XLEN, a->rd, a->rs1, a->rs2);
	return true;
}

bool rv_tr_rem(struct tr *t, const struct rv_rem *a)
{
	rest(t, IR_SDIV, T_XLEN, a->rd, a->rs1, a->rs2);
	return true;
}

bool rv_tr_remu(struct tr *t, const struct rv_remu *a)
{
	rest(t, IR_UDIV, T_XLEN, a->rd, a->rs1, a->rs2);
	return true;
}

bool rv_tr_divw(struct tr *t, const struct rv_divw *a)
{
	quotient(t, IR_SDIV, T_I32, a->rd, a->rs1, a->rs2);
	return true;
}

bool rv_tr_divuw(struct tr *t, const struct rv_divuw *a)
{
	quotient(t, IR_UDIV, T_I32, a->rd, a->rs1, a->rs2);
	return true;
}

bool rv_tr_remw(struct tr *t, const struct rv_remw *a)
{
	rest(t, IR_SDIV, T_I32, a->rd, a->rs1, a->rs2);
	return true;
}

bool rv_tr_remuw(struct tr *t, const struct rv_remuw *a)
{
	rest(t, IR_UDIV, T_I32, a->rd, a->rs1, a->rs2);
	return true;
}
