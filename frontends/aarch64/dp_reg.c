/*
 * Data processing -- register (DDI 0487, C4.1.5).
 *
 * An operation that sets flags is emitted as a value and a flags node on the same operands, next to
 * each other: the backend makes one host instruction of both, and either may die alone (CMP is SUBS
 * into the zero register; a SUBS whose flags are overwritten is SUB).
 */
#include "frontends/aarch64/a64.h"
#include "frontends/aarch64/decode.h"

/* Value shifted by a constant; type as in the encoding: LSL LSR ASR ROR. */
static ref shifted(struct tr *t, enum ir_type ty, ref v, unsigned shift, unsigned amount)
{
	static const u16 op[4] = { IR_SHL, IR_SHR, IR_SAR, IR_ROR };

	return amount ? ir2(t, op[shift], ty, v, ir_const(t, T_I32, amount)) : v;
}

static ref extended(struct tr *t, unsigned sf, unsigned n, unsigned option)
{
	enum ir_type ty = x_type(sf);

	switch (option & 3) {
	case 0:
		return ir2(t, option & 4 ? IR_SEXT : IR_ZEXT, ty, x_get(t, n, 0), 8);
	case 1:
		return ir2(t, option & 4 ? IR_SEXT : IR_ZEXT, ty, x_get(t, n, 0), 16);
	case 2:
		if (!sf)
			return x_get(t, n, 0);
		return ir2(t, option & 4 ? IR_SEXT : IR_ZEXT, ty, x_get(t, n, 0), 32);
	default:
		return x_get(t, n, sf);
	}
}

/* n +- (m << lsl) into rd, where 31 is the stack pointer if `sp` (never with flags). */
static void addsub(struct tr *t, unsigned sf, unsigned op, unsigned S, bool sp, unsigned rd, ref n,
		   ref m, unsigned lsl)
{
	enum ir_type ty = x_type(sf);
	u64 zero;
	ref r;

	if (!S && !op && sf && lsl >= 1 && lsl <= 3) {
		r = irx(t, IR_LEA, T_I64, lsl, n, m, 0);
	} else {
		m = shifted(t, ty, m, 0, lsl);
		if (!S && op && ir_is_const(t, n, &zero) && !zero)
			r = ir1(t, IR_NEG, ty, m);
		else if (S && rd == 31)
			r = 0;
		else
			r = ir2(t, op ? IR_SUB : IR_ADD, ty, n, m);
	}
	if (S)
		nzcv_put(t, ir2(t, op ? IR_SUBF : IR_ADDF, T_FLAGS, n, m));
	if (sp)
		xsp_put(t, rd, r);
	else if (r)
		x_put(t, rd, r);
}

bool a64_tr_addsub_reg(struct tr *t, const struct a64_addsub_reg *a)
{
	ref n = x_get(t, a->rn, a->sf);
	ref m = x_get(t, a->rm, a->sf);

	if (a->shift)
		m = shifted(t, x_type(a->sf), m, a->shift, a->imm6);
	addsub(t, a->sf, a->op, a->S, false, a->rd, n, m, a->shift ? 0 : a->imm6);
	return true;
}

bool a64_tr_addsub_ext(struct tr *t, const struct a64_addsub_ext *a)
{
	ref n = xsp_get(t, a->rn, a->sf);
	ref m = extended(t, a->sf, a->rm, a->option);

	addsub(t, a->sf, a->op, a->S, !a->S, a->rd, n, m, a->imm3);
	return true;
}

bool a64_tr_adc(struct tr *t, const struct a64_adc *a)
{
	enum ir_type ty = x_type(a->sf);
	ref n = x_get(t, a->rn, a->sf), m = x_get(t, a->rm, a->sf);
	ref f = nzcv_get(t);
	ref r = a->S && a->rd == 31 ? 0 : ir3(t, a->op ? IR_SBC : IR_ADC, ty, n, m, f);

	if (a->S)
		nzcv_put(t, ir3(t, a->op ? IR_SBCF : IR_ADCF, T_FLAGS, n, m, f));
	if (r)
		x_put(t, a->rd, r);
	return true;
}

bool a64_tr_logical_reg(struct tr *t, const struct a64_logical_reg *a)
{
	static const u16 op[4][2] = {
		{ IR_AND, IR_ANDN }, { IR_OR, IR_ORN }, { IR_XOR, IR_XORN }, { IR_AND, IR_ANDN }
	};
	enum ir_type ty = x_type(a->sf);
	ref n = x_get(t, a->rn, a->sf);
	ref m = shifted(t, ty, x_get(t, a->rm, a->sf), a->shift, a->imm6);
	ref r;

	if (a->opc == 1 && a->rn == 31) {        /* MOV, MVN */
		x_put(t, a->rd, a->N ? ir1(t, IR_NOT, ty, m) : m);
		return true;
	}
	if (a->opc == 3 && !a->N && a->rd == 31) {   /* TST */
		nzcv_put(t, ir2(t, IR_ANDF, T_FLAGS, n, m));
		return true;
	}
	r = ir2(t, op[a->opc][a->N], ty, n, m);
	if (a->opc == 3)
		nzcv_put(t, a->N ? ir2(t, IR_ANDF, T_FLAGS, r, r) : ir2(t, IR_ANDF, T_FLAGS, n, m));
	x_put(t, a->rd, r);
	return true;
}

/* --- flag manipulation (FEAT_FlagM, FEAT_FlagM2) --- */

enum { NZCV_N = 8, NZCV_Z = 4, NZCV_C = 2, NZCV_V = 1 };

static ref w_const(struct tr *t, u32 v)
{
	return ir_const(t, T_I32, v);
}

/* New flags: those of `mask` from v (bits as NZCV_*), the others from the old ones. */
static void flags_merge(struct tr *t, ref v, unsigned mask)
{
	ref old = ir2(t, IR_AND, T_I32, ir1(t, IR_NZCV, T_I32, nzcv_get(t)),
		      w_const(t, ~mask & 15));

	v = ir2(t, IR_AND, T_I32, v, w_const(t, mask));
	nzcv_put(t, ir1(t, IR_FLAGS, T_FLAGS, ir2(t, IR_OR, T_I32, old, v)));
}

/* Bit `from` of v as bit `to`, alone. */
static ref w_bit(struct tr *t, ref v, unsigned from, unsigned to)
{
	v = ir3(t, IR_UBFX, T_I32, v, from, 1);
	return to ? ir2(t, IR_SHL, T_I32, v, w_const(t, to)) : v;
}

bool a64_tr_rmif(struct tr *t, const struct a64_rmif *a)
{
	ref v = shifted(t, T_I64, x_get(t, a->rn, 1), 3, a->imm6);

	flags_merge(t, ir1(t, IR_TRUNC, T_I32, v), a->mask);
	return true;
}

bool a64_tr_setf(struct tr *t, const struct a64_setf *a)
{
	unsigned top = a->sz ? 15 : 7;
	ref v = x_get(t, a->rn, 0);
	ref low = ir2(t, IR_ZEXT, T_I32, v, top + 1);
	ref zero = irx(t, IR_SETCC, T_I32, CC_EQ, ir2(t, IR_ANDF, T_FLAGS, low, low), 0, 0);
	ref over = ir2(t, IR_XOR, T_I32, w_bit(t, v, top, 0), w_bit(t, v, top + 1, 0));
	ref r = ir2(t, IR_OR, T_I32, w_bit(t, v, top, 3),
		    ir2(t, IR_SHL, T_I32, zero, w_const(t, 2)));

	flags_merge(t, ir2(t, IR_OR, T_I32, r, over), NZCV_N | NZCV_Z | NZCV_V);
	return true;
}

bool a64_tr_cfinv(struct tr *t, const struct a64_cfinv *a)
{
	ref v = ir1(t, IR_NZCV, T_I32, nzcv_get(t));

	nzcv_put(t, ir1(t, IR_FLAGS, T_FLAGS, ir2(t, IR_XOR, T_I32, v, w_const(t, NZCV_C))));
	return true;
}

bool a64_tr_axflag(struct tr *t, const struct a64_axflag *a)
{
	ref v = ir1(t, IR_NZCV, T_I32, nzcv_get(t));
	ref z = ir2(t, IR_OR, T_I32, w_bit(t, v, 2, 2), w_bit(t, v, 0, 2));
	ref c = ir2(t, IR_ANDN, T_I32, w_bit(t, v, 1, 1), w_bit(t, v, 0, 1));

	nzcv_put(t, ir1(t, IR_FLAGS, T_FLAGS, ir2(t, IR_OR, T_I32, z, c)));
	return true;
}

bool a64_tr_xaflag(struct tr *t, const struct a64_xaflag *a)
{
	ref f = ir1(t, IR_NZCV, T_I32, nzcv_get(t));
	ref z = w_bit(t, f, 2, 0), c = w_bit(t, f, 1, 0);
	ref one = w_const(t, 1);
	ref r = ir2(t, IR_SHL, T_I32, ir2(t, IR_XOR, T_I32, ir2(t, IR_OR, T_I32, z, c), one),
		    w_const(t, 3));

	r = ir2(t, IR_OR, T_I32, r,
		ir2(t, IR_SHL, T_I32, ir2(t, IR_AND, T_I32, z, c), w_const(t, 2)));
	r = ir2(t, IR_OR, T_I32, r, ir2(t, IR_SHL, T_I32, ir2(t, IR_OR, T_I32, z, c), one));
	r = ir2(t, IR_OR, T_I32, r, ir2(t, IR_ANDN, T_I32, z, c));
	nzcv_put(t, ir1(t, IR_FLAGS, T_FLAGS, r));
	return true;
}

/* --- conditional compare and select --- */

static void ccmp(struct tr *t, unsigned sub, ref n, ref m, unsigned cond, unsigned nzcv)
{
	if (a64_cc(cond) == CC_AL)
		nzcv_put(t, ir2(t, sub ? IR_SUBF : IR_ADDF, T_FLAGS, n, m));
	else
		nzcv_put(t, irx(t, sub ? IR_CCMPF : IR_CCMNF, T_FLAGS, cond | nzcv << 4,
				nzcv_get(t), n, m));
}

bool a64_tr_ccmp_reg(struct tr *t, const struct a64_ccmp_reg *a)
{
	ccmp(t, a->op, x_get(t, a->rn, a->sf), x_get(t, a->rm, a->sf), a->cond, a->nzcv);
	return true;
}

bool a64_tr_ccmp_imm(struct tr *t, const struct a64_ccmp_imm *a)
{
	ccmp(t, a->op, x_get(t, a->rn, a->sf), ir_const(t, x_type(a->sf), a->imm5), a->cond,
	     a->nzcv);
	return true;
}

bool a64_tr_csel(struct tr *t, const struct a64_csel *a)
{
	enum ir_type ty = x_type(a->sf);
	enum ir_cc cc = a64_cc(a->cond);
	ref n, m;

	if (cc == CC_AL) {
		x_put(t, a->rd, x_get(t, a->rn, a->sf));
		return true;
	}
	if (a->rn == 31 && a->rm == 31 && a->op != a->o2) {   /* CSET, CSETM */
		ref one = irx(t, IR_SETCC, ty, cc ^ 1, nzcv_get(t), 0, 0);

		x_put(t, a->rd, a->op ? ir1(t, IR_NEG, ty, one) : one);
		return true;
	}
	n = x_get(t, a->rn, a->sf);
	m = x_get(t, a->rm, a->sf);
	if (a->op)
		m = ir1(t, a->o2 ? IR_NEG : IR_NOT, ty, m);
	else if (a->o2)
		m = ir2(t, IR_ADD, ty, m, ir_const(t, ty, 1));
	x_put(t, a->rd, irx(t, IR_SELCC, ty, cc, nzcv_get(t), n, m));
	return true;
}

/* --- three sources --- */

static void mul_add(struct tr *t, enum ir_type ty, unsigned rd, unsigned ra, unsigned o0, ref n, ref m)
{
	ref p = ir2(t, IR_MUL, ty, n, m);

	if (ra == 31)
		x_put(t, rd, o0 ? ir1(t, IR_NEG, ty, p) : p);
	else
		x_put(t, rd, ir2(t, o0 ? IR_SUB : IR_ADD, ty, x_get(t, ra, ty == T_I64), p));
}

bool a64_tr_madd(struct tr *t, const struct a64_madd *a)
{
	mul_add(t, x_type(a->sf), a->rd, a->ra, a->o0, x_get(t, a->rn, a->sf),
		x_get(t, a->rm, a->sf));
	return true;
}

bool a64_tr_maddl(struct tr *t, const struct a64_maddl *a)
{
	enum ir_op ext = a->U ? IR_ZEXT : IR_SEXT;
	ref n = ir2(t, ext, T_I64, x_get(t, a->rn, 0), 32);
	ref m = ir2(t, ext, T_I64, x_get(t, a->rm, 0), 32);

	mul_add(t, T_I64, a->rd, a->ra, a->o0, n, m);
	return true;
}

bool a64_tr_mulh(struct tr *t, const struct a64_mulh *a)
{
	x_put(t, a->rd,
	      ir2(t, a->U ? IR_MULHU : IR_MULHS, T_I64, x_get(t, a->rn, 1), x_get(t, a->rm, 1)));
	return true;
}

/* --- two sources --- */

bool a64_tr_div(struct tr *t, const struct a64_div *a)
{
	x_put(t, a->rd, ir2(t, a->o1 ? IR_SDIV : IR_UDIV, x_type(a->sf), x_get(t, a->rn, a->sf),
			    x_get(t, a->rm, a->sf)));
	return true;
}

bool a64_tr_shiftv(struct tr *t, const struct a64_shiftv *a)
{
	static const u16 op[4] = { IR_SHL, IR_SHR, IR_SAR, IR_ROR };

	x_put(t, a->rd,
	      ir2(t, op[a->op2], x_type(a->sf), x_get(t, a->rn, a->sf), x_get(t, a->rm, a->sf)));
	return true;
}

bool a64_tr_crc32(struct tr *t, const struct a64_crc32 *a)
{
	x_put(t, a->rd, irx(t, IR_CRC32, T_I32, a->sz | a->C << 2, x_get(t, a->rn, 0),
			    x_get(t, a->rm, a->sz == 3), 0));
	return true;
}

bool a64_tr_minmax_reg(struct tr *t, const struct a64_minmax_reg *a)
{
	static const u8 cc[4] = { CC_GT, CC_HI, CC_LT, CC_CC };
	ref n = x_get(t, a->rn, a->sf), m = x_get(t, a->rm, a->sf);

	x_put(t, a->rd,
	      irx(t, IR_SELCC, x_type(a->sf), cc[a->opc], ir2(t, IR_SUBF, T_FLAGS, n, m), n, m));
	return true;
}

/* --- one source --- */

/* Bytes swapped within every 16 bits. */
static ref rev16(struct tr *t, enum ir_type ty, ref n)
{
	ref mask, eight, high, low;

	if (ty == T_I32)
		return ir2(t, IR_ROR, ty, ir1(t, IR_BSWAP, ty, n), w_const(t, 16));
	mask = ir_const(t, ty, 0x00ff00ff00ff00ff);
	eight = w_const(t, 8);
	high = ir2(t, IR_AND, ty, ir2(t, IR_SHR, ty, n, eight), mask);
	low = ir2(t, IR_SHL, ty, ir2(t, IR_AND, ty, n, mask), eight);
	return ir2(t, IR_OR, ty, high, low);
}

bool a64_tr_dp_1src(struct tr *t, const struct a64_dp_1src *a)
{
	enum ir_type ty = x_type(a->sf);
	ref n = x_get(t, a->rn, a->sf), r;

	switch (a->opcode) {
	case 0:
		r = ir1(t, IR_RBIT, ty, n);
		break;
	case 1:
		r = rev16(t, ty, n);
		break;
	case 2:
		r = ir1(t, IR_BSWAP, ty, n);
		if (a->sf)
			r = ir2(t, IR_ROR, ty, r, w_const(t, 32));
		break;
	case 3:
		r = ir1(t, IR_BSWAP, ty, n);
		break;
	case 4:
		r = ir1(t, IR_CLZ, ty, n);
		break;
	case 5:
		r = ir2(t, IR_XOR, ty, n, ir2(t, IR_SAR, ty, n, w_const(t, 1)));
		r = ir2(t, IR_SUB, ty, ir1(t, IR_CLZ, ty, r), ir_const(t, ty, 1));
		break;
	case 6:
		r = ir1(t, IR_CTZ, ty, n);
		break;
	case 7:
		r = ir1(t, IR_POPCNT, ty, n);
		break;
	case 8:
		r = irx(t, IR_SELCC, ty, CC_PL, ir2(t, IR_ANDF, T_FLAGS, n, n), n,
			ir1(t, IR_NEG, ty, n));
		break;
	default:
		return false;
	}
	x_put(t, a->rd, r);
	return true;
}
