/*
 * Bit manipulation (chapter "B", and Zbkb, Zbkx and Zbc of the cryptography chapters).
 *
 * What the host has no integer instruction for goes through a vector register: a table look-up, a
 * carry-less product, a comparison of all bytes.
 */
#include "frontends/riscv/riscv.h"
#include "frontends/riscv/decode.h"

static ref count(struct tr *t, unsigned n)
{
	return ir_const(t, T_I32, n);
}

/* --- Zba: addresses --- */

static ref zext_w(struct tr *t, unsigned n)
{
	return ir2(t, IR_ZEXT, T_XLEN, w_get(t, n), 32);
}

bool rv_tr_add_uw(struct tr *t, const struct rv_add_uw *a)
{
	x_put(t, a->rd, ir2(t, IR_ADD, T_XLEN, zext_w(t, a->rs1), x_get(t, a->rs2)));
	return true;
}

bool rv_tr_shadd(struct tr *t, const struct rv_shadd *a)
{
	x_put(t, a->rd, irx(t, IR_LEA, T_XLEN, a->n, x_get(t, a->rs2), x_get(t, a->rs1), 0));
	return true;
}

bool rv_tr_shadd_uw(struct tr *t, const struct rv_shadd_uw *a)
{
	x_put(t, a->rd, irx(t, IR_LEA, T_XLEN, a->n, x_get(t, a->rs2), zext_w(t, a->rs1), 0));
	return true;
}

bool rv_tr_slli_uw(struct tr *t, const struct rv_slli_uw *a)
{
	x_put(t, a->rd, ir2(t, IR_SHL, T_XLEN, zext_w(t, a->rs1), count(t, a->shamt)));
	return true;
}

/* --- Zbb: logic with complement --- */

bool rv_tr_andn(struct tr *t, const struct rv_andn *a)
{
	x_put(t, a->rd, ir2(t, IR_ANDN, T_XLEN, x_get(t, a->rs1), x_get(t, a->rs2)));
	return true;
}

bool rv_tr_orn(struct tr *t, const struct rv_orn *a)
{
	x_put(t, a->rd, ir2(t, IR_ORN, T_XLEN, x_get(t, a->rs1), x_get(t, a->rs2)));
	return true;
}

bool rv_tr_xnor(struct tr *t, const struct rv_xnor *a)
{
	x_put(t, a->rd, ir2(t, IR_XORN, T_XLEN, x_get(t, a->rs1), x_get(t, a->rs2)));
	return true;
}

/* --- Zbb: counting --- */

bool rv_tr_clz(struct tr *t, const struct rv_clz *a)
{
	x_put(t, a->rd, ir1(t, IR_CLZ, T_XLEN, x_get(t, a->rs1)));
	return true;
}

bool rv_tr_clzw(struct tr *t, const struct rv_clzw *a)
{
	x_put(t, a->rd, ir1(t, IR_CLZ, T_I32, w_get(t, a->rs1)));
	return true;
}

bool rv_tr_ctz(struct tr *t, const struct rv_ctz *a)
{
	x_put(t, a->rd, ir1(t, IR_CTZ, T_XLEN, x_get(t, a->rs1)));
	return true;
}

bool rv_tr_ctzw(struct tr *t, const struct rv_ctzw *a)
{
	x_put(t, a->rd, ir1(t, IR_CTZ, T_I32, w_get(t, a->rs1)));
	return true;
}

bool rv_tr_cpop(struct tr *t, const struct rv_cpop *a)
{
	x_put(t, a->rd, ir1(t, IR_POPCNT, T_XLEN, x_get(t, a->rs1)));
	return true;
}

bool rv_tr_cpopw(struct tr *t, const struct rv_cpopw *a)
{
	x_put(t, a->rd, ir1(t, IR_POPCNT, T_I32, w_get(t, a->rs1)));
	return true;
}

/* --- Zbb: minimum and maximum --- */

static void select_if(struct tr *t, enum ir_cc cc, unsigned rd, unsigned rs1, unsigned rs2)
{
	ref x = x_get(t, rs1), y = x_get(t, rs2);

	x_put(t, rd, irx(t, IR_SELCC, T_XLEN, cc, ir2(t, IR_SUBF, T_FLAGS, x, y), x, y));
}

bool rv_tr_max(struct tr *t, const struct rv_max *a)
{
	select_if(t, CC_GT, a->rd, a->rs1, a->rs2);
	return true;
}

bool rv_tr_maxu(struct tr *t, const struct rv_maxu *a)
{
	select_if(t, CC_HI, a->rd, a->rs1, a->rs2);
	return true;
}

bool rv_tr_min(struct tr *t, const struct rv_min *a)
{
	select_if(t, CC_LT, a->rd, a->rs1, a->rs2);
	return true;
}

bool rv_tr_minu(struct tr *t, const struct rv_minu *a)
{
	select_if(t, CC_CC, a->rd, a->rs1, a->rs2);
	return true;
}

/* --- Zbb: extension, rotation, bytes --- */

bool rv_tr_sext_b(struct tr *t, const struct rv_sext_b *a)
{
	x_put(t, a->rd, ir2(t, IR_SEXT, T_XLEN, x_get(t, a->rs1), 8));
	return true;
}

bool rv_tr_sext_h(struct tr *t, const struct rv_sext_h *a)
{
	x_put(t, a->rd, ir2(t, IR_SEXT, T_XLEN, x_get(t, a->rs1), 16));
	return true;
}

bool rv_tr_zext_h(struct tr *t, const struct rv_zext_h *a)
{
	x_put(t, a->rd, ir2(t, IR_ZEXT, T_XLEN, x_get(t, a->rs1), 16));
	return true;
}

/* Counts are taken modulo the width, so left by n is right by -n. */
static ref rotate_left(struct tr *t, ref v, ref n)
{
	return ir2(t, IR_ROR, ir_type_of(t, v), v, ir1(t, IR_NEG, T_I32, n));
}

bool rv_tr_rol(struct tr *t, const struct rv_rol *a)
{
	x_put(t, a->rd, rotate_left(t, x_get(t, a->rs1), w_get(t, a->rs2)));
	return true;
}

bool rv_tr_rolw(struct tr *t, const struct rv_rolw *a)
{
	x_put(t, a->rd, rotate_left(t, w_get(t, a->rs1), w_get(t, a->rs2)));
	return true;
}

bool rv_tr_ror(struct tr *t, const struct rv_ror *a)
{
	x_put(t, a->rd, ir2(t, IR_ROR, T_XLEN, x_get(t, a->rs1), x_get(t, a->rs2)));
	return true;
}

bool rv_tr_rori(struct tr *t, const struct rv_rori *a)
{
	x_put(t, a->rd, ir2(t, IR_ROR, T_XLEN, x_get(t, a->rs1), count(t, a->shamt)));
	return true;
}

bool rv_tr_roriw(struct tr *t, const struct rv_roriw *a)
{
	x_put(t, a->rd, ir2(t, IR_ROR, T_I32, w_get(t, a->rs1), count(t, a->shamt)));
	return true;
}

bool rv_tr_rorw(struct tr *t, const struct rv_rorw *a)
{
	x_put(t, a->rd, ir2(t, IR_ROR, T_I32, w_get(t, a->rs1), w_get(t, a->rs2)));
	return true;
}

/* A register's value in a vector register, and its part i of that. */
static ref to_vector(struct tr *t, ref v)
{
	return ir1(t, IR_I2V, T_V128, v);
}

static ref lane(struct tr *t, ref v, unsigned i)
{
	return irx(t, IR_VGET, T_XLEN, rv_base.xlen == 64 ? 3 : 2, v, i, 0);
}

bool rv_tr_orc_b(struct tr *t, const struct rv_orc_b *a)
{
	ref v = to_vector(t, x_get(t, a->rs1));

	x_put(t, a->rd, lane(t, irx(t, IR_VTST, T_V128, 0, v, v, 0), 0));
	return true;
}

bool rv_tr_rev8(struct tr *t, const struct rv_rev8 *a)
{
	x_put(t, a->rd, ir1(t, IR_BSWAP, T_XLEN, x_get(t, a->rs1)));
	return true;
}

/* --- Zbc --- */

bool rv_tr_clmul(struct tr *t, const struct rv_clmul *a)
{
	ref p = ir3(t, IR_CLMUL, T_V128, to_vector(t, x_get(t, a->rs1)),
		    to_vector(t, x_get(t, a->rs2)), 0);
	ref v;

	switch (a->id) {
	case rv_CLMUL:
		v = lane(t, p, 0);
		break;
	case rv_CLMULH:
		v = lane(t, p, 1);
		break;
	default:     /* CLMULR: bits 2 * XLEN - 2 to XLEN - 1 */
		v = ir3(t, IR_EXTR, T_XLEN, lane(t, p, 1), lane(t, p, 0), rv_base.xlen - 1u);
		break;
	}
	x_put(t, a->rd, v);
	return true;
}

/* --- Zbs: single bits --- */

static ref bit(struct tr *t, unsigned n)
{
	return ir2(t, IR_SHL, T_XLEN, x_imm(t, 1), x_get(t, n));
}

static ref bit_imm(struct tr *t, unsigned n)
{
	return ir_const(t, T_XLEN, 1ull << n);
}

bool rv_tr_bclr(struct tr *t, const struct rv_bclr *a)
{
	x_put(t, a->rd, ir2(t, IR_ANDN, T_XLEN, x_get(t, a->rs1), bit(t, a->rs2)));
	return true;
}

bool rv_tr_bclri(struct tr *t, const struct rv_bclri *a)
{
	x_put(t, a->rd, ir2(t, IR_ANDN, T_XLEN, x_get(t, a->rs1), bit_imm(t, a->shamt)));
	return true;
}

bool rv_tr_bext(struct tr *t, const struct rv_bext *a)
{
	ref v = ir2(t, IR_SHR, T_XLEN, x_get(t, a->rs1), x_get(t, a->rs2));

	x_put(t, a->rd, ir2(t, IR_AND, T_XLEN, v, x_imm(t, 1)));
	return true;
}

bool rv_tr_bexti(struct tr *t, const struct rv_bexti *a)
{
	x_put(t, a->rd, ir3(t, IR_UBFX, T_XLEN, x_get(t, a->rs1), a->shamt, 1));
	return true;
}

bool rv_tr_binv(struct tr *t, const struct rv_binv *a)
{
	x_put(t, a->rd, ir2(t, IR_XOR, T_XLEN, x_get(t, a->rs1), bit(t, a->rs2)));
	return true;
}

bool rv_tr_binvi(struct tr *t, const struct rv_binvi *a)
{
	x_put(t, a->rd, ir2(t, IR_XOR, T_XLEN, x_get(t, a->rs1), bit_imm(t, a->shamt)));
	return true;
}

bool rv_tr_bset(struct tr *t, const struct rv_bset *a)
{
	x_put(t, a->rd, ir2(t, IR_OR, T_XLEN, x_get(t, a->rs1), bit(t, a->rs2)));
	return true;
}

bool rv_tr_bseti(struct tr *t, const struct rv_bseti *a)
{
	x_put(t, a->rd, ir2(t, IR_OR, T_XLEN, x_get(t, a->rs1), bit_imm(t, a->shamt)));
	return true;
}

/* --- Zbkb, Zbkx --- */

bool rv_tr_pack(struct tr *t, const struct rv_pack *a)
{
	unsigned half = rv_base.xlen / 2;

	x_put(t, a->rd, ir3(t, IR_BFI, T_XLEN, x_get(t, a->rs1), x_get(t, a->rs2), half << 8 | half));
	return true;
}

bool rv_tr_packh(struct tr *t, const struct rv_packh *a)
{
	ref low = ir2(t, IR_ZEXT, T_XLEN, x_get(t, a->rs1), 8);
	ref high = ir2(t, IR_ZEXT, T_XLEN, x_get(t, a->rs2), 8);

	x_put(t, a->rd, ir2(t, IR_OR, T_XLEN, low, ir2(t, IR_SHL, T_XLEN, high, count(t, 8))));
	return true;
}

bool rv_tr_packw(struct tr *t, const struct rv_packw *a)
{
	x_put(t, a->rd,
	      ir3(t, IR_BFI, T_I32, w_get(t, a->rs1), w_get(t, a->rs2), 16 << 8 | 16));
	return true;
}

/* The bits of each byte turned round: all bits, and the bytes back. */
bool rv_tr_brev8(struct tr *t, const struct rv_brev8 *a)
{
	ref v = ir1(t, IR_RBIT, T_XLEN, x_get(t, a->rs1));

	x_put(t, a->rd, ir1(t, IR_BSWAP, T_XLEN, v));
	return true;
}

/* The low half's bits become the even ones, the high half's the odd ones. */
static u32 zip(u32 v)
{
	u32 r = 0;

	for (unsigned i = 0; i < 16; i++)
		r |= (v >> i & 1) << 2 * i | (v >> (i + 16) & 1) << (2 * i + 1);
	return r;
}

static u32 unzip(u32 v)
{
	u32 r = 0;

	for (unsigned i = 0; i < 16; i++)
		r |= (v >> 2 * i & 1) << i | (v >> (2 * i + 1) & 1) << (i + 16);
	return r;
}

static const struct ir_helper helper_zip = {
	.name = "zip", .fn = zip, .type = T_I32, .nargs = 1, .flags = H_PURE,
};
static const struct ir_helper helper_unzip = {
	.name = "unzip", .fn = unzip, .type = T_I32, .nargs = 1, .flags = H_PURE,
};

bool rv_tr_zip(struct tr *t, const struct rv_zip *a)
{
	x_put(t, a->rd, ir_call(t, a->id == rv_ZIP ? &helper_zip : &helper_unzip, w_get(t, a->rs1)));
	return true;
}

/* The table is a register's bytes; the look-up has sixteen, of which the upper ones are zero as wanted. */
bool rv_tr_xperm8(struct tr *t, const struct rv_xperm8 *a)
{
	x_put(t, a->rd,
	      lane(t, ir2(t, IR_VTBL, T_V128, to_vector(t, x_get(t, a->rs1)),
			  to_vector(t, x_get(t, a->rs2))), 0));
	return true;
}

static u64 xperm4(u64 table, u64 index)
{
	u64 v = 0;

	for (unsigned i = 0; i < 64; i += 4)
		v |= (table >> (index >> i & 15) * 4 & 15) << i;
	return v;
}

static const struct ir_helper helper_xperm4 = {
	.name = "xperm4", .fn = xperm4, .type = T_I64, .nargs = 2, .flags = H_PURE,
};

bool rv_tr_xperm4(struct tr *t, const struct rv_xperm4 *a)
{
	x_put(t, a->rd, ir_call(t, &helper_xperm4, x_wide(t, x_get(t, a->rs1)), x_wide(t, x_get(t, a->rs2))));
	return true;
}
