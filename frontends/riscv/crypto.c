/*
 * The scalar cryptography instructions (chapters Zknd, Zkne, Zknh, Zksed, Zksh).
 *
 * The AES instructions take a state of 128 bits in two registers and give half of the round's
 * result: the state is put together in a vector register, where the host has the whole round.
 */
#include "frontends/riscv/riscv.h"
#include "frontends/riscv/decode.h"
#include "base/sm4.h"

static ref low_lane(struct tr *t, ref v)
{
	return irx(t, IR_VGET, T_I64, 3, v, 0, 0);
}

/* --- AES --- */

bool rv_tr_aes64(struct tr *t, const struct rv_aes64 *a)
{
	ref v = ir2(t, IR_VPAIR, T_V128, x_get(t, a->rs1), x_get(t, a->rs2));

	switch (a->id) {
	case rv_AES64ES:
		v = ir1(t, IR_AESENC, T_V128, v);
		break;
	case rv_AES64ESM:
		v = ir1(t, IR_AESMC, T_V128, ir1(t, IR_AESENC, T_V128, v));
		break;
	case rv_AES64DS:
		v = ir1(t, IR_AESDEC, T_V128, v);
		break;
	default:
		v = ir1(t, IR_AESIMC, T_V128, ir1(t, IR_AESDEC, T_V128, v));
		break;
	}
	x_put(t, a->rd, low_lane(t, v));
	return true;
}

bool rv_tr_aes64im(struct tr *t, const struct rv_aes64im *a)
{
	ref v = ir1(t, IR_I2V, T_V128, x_get(t, a->rs1));

	x_put(t, a->rd, low_lane(t, ir1(t, IR_AESIMC, T_V128, v)));
	return true;
}

/*
 * SubWord of the upper word, rotated (but in the last round of a 256-bit key), with the round
 * constant; in both halves.  A state of four equal columns comes out of ShiftRows unchanged.
 */
bool rv_tr_aes64ks1i(struct tr *t, const struct rv_aes64ks1i *a)
{
	static const u8 rcon[11] = {
		0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0x1b, 0x36, 0x00
	};
	ref w = ir2(t, IR_SHR, T_I64, x_get(t, a->rs1), ir_const(t, T_I32, 32));
	ref v = irx(t, IR_VDUP, T_V128, 2, ir1(t, IR_TRUNC, T_I32, w), 0, 0);

	v = ir1(t, IR_AESENC, T_V128, v);
	w = irx(t, IR_VGET, T_I32, 2, v, 0, 0);
	if (a->rnum != 10)
		w = ir2(t, IR_ROR, T_I32, w, ir_const(t, T_I32, 8));
	w = ir2(t, IR_XOR, T_I32, w, ir_const(t, T_I32, rcon[a->rnum]));
	w = ir2(t, IR_ZEXT, T_I64, w, 32);
	x_put(t, a->rd, ir3(t, IR_BFI, T_I64, w, w, 32 << 8 | 32));
	return true;
}

bool rv_tr_aes64ks2(struct tr *t, const struct rv_aes64ks2 *a)
{
	ref x = x_get(t, a->rs1), y = x_get(t, a->rs2);
	ref low = ir2(t, IR_XOR, T_I64, ir2(t, IR_SHR, T_I64, x, ir_const(t, T_I32, 32)), y);
	ref high = ir2(t, IR_XOR, T_I64, low, ir2(t, IR_SHR, T_I64, y, ir_const(t, T_I32, 32)));

	x_put(t, a->rd, ir3(t, IR_BFI, T_I64, low, high, 32 << 8 | 32));
	return true;
}

/*
 * One byte of rs2 through the box, in column 0 of the round's matrix or alone, at its place and added to rs1.  A state
 * whose bytes are all equal comes out of ShiftRows unchanged.
 */
bool rv_tr_aes32(struct tr *t, const struct rv_aes32 *a)
{
	bool decrypt = a->id == rv_AES32DSI || a->id == rv_AES32DSMI;
	ref byte = ir3(t, IR_UBFX, T_I32, x_get(t, a->rs2), 8 * a->bs, 8), v;

	v = irx(t, IR_VDUP, T_V128, 0, byte, 0, 0);
	v = ir1(t, decrypt ? IR_AESDEC : IR_AESENC, T_V128, v);
	v = irx(t, IR_VGET, T_I32, 0, v, 0, 0);
	if (a->id == rv_AES32DSMI || a->id == rv_AES32ESMI) {
		v = ir1(t, decrypt ? IR_AESIMC : IR_AESMC, T_V128, ir1(t, IR_I2V, T_V128, v));
		v = irx(t, IR_VGET, T_I32, 2, v, 0, 0);
	}
	if (a->bs)
		v = ir2(t, IR_ROR, T_I32, v, ir_const(t, T_I32, 32 - 8 * a->bs));
	x_put(t, a->rd, ir2(t, IR_XOR, T_I32, v, x_get(t, a->rs1)));
	return true;
}

/* --- SHA2, SM3: sums of rotations --- */

/* x rotated right by p, by q, and by r (or shifted, if `shift`), added without carry. */
static ref sigma(struct tr *t, ref x, unsigned p, unsigned q, unsigned r, bool shift)
{
	enum ir_type ty = ir_type_of(t, x);
	ref v = ir2(t, IR_XOR, ty, ir2(t, IR_ROR, ty, x, ir_const(t, T_I32, p)),
		    ir2(t, IR_ROR, ty, x, ir_const(t, T_I32, q)));

	return ir2(t, IR_XOR, ty, v, ir2(t, shift ? IR_SHR : IR_ROR, ty, x, ir_const(t, T_I32, r)));
}

bool rv_tr_sha256(struct tr *t, const struct rv_sha256 *a)
{
	ref x = w_get(t, a->rs1), v;

	switch (a->id) {
	case rv_SHA256SUM0:
		v = sigma(t, x, 2, 13, 22, false);
		break;
	case rv_SHA256SUM1:
		v = sigma(t, x, 6, 11, 25, false);
		break;
	case rv_SHA256SIG0:
		v = sigma(t, x, 7, 18, 3, true);
		break;
	default:
		v = sigma(t, x, 17, 19, 10, true);
		break;
	}
	x_put(t, a->rd, v);
	return true;
}

bool rv_tr_sha512(struct tr *t, const struct rv_sha512 *a)
{
	ref x = x_get(t, a->rs1), v;

	switch (a->id) {
	case rv_SHA512SUM0:
		v = sigma(t, x, 28, 34, 39, false);
		break;
	case rv_SHA512SUM1:
		v = sigma(t, x, 14, 18, 41, false);
		break;
	case rv_SHA512SIG0:
		v = sigma(t, x, 1, 8, 7, true);
		break;
	default:
		v = sigma(t, x, 19, 61, 6, true);
		break;
	}
	x_put(t, a->rd, v);
	return true;
}

/* The same of 64 bits in two registers, a half of the result each: sums of shifts, to the left where positive. */
bool rv_tr_sha512_rv32(struct tr *t, const struct rv_sha512_rv32 *a)
{
	static const s8 shift[][6] = {
		[rv_SHA512SUM0R - rv_SHA512SUM0R] = { 25, 30, -28, /* rs2: */ -7, -2, 4 },
		[rv_SHA512SUM1R - rv_SHA512SUM0R] = { 23, -14, -18, -9, 18, 14 },
		[rv_SHA512SIG0L - rv_SHA512SUM0R] = { -1, -7, -8, 31, 25, 24 },
		[rv_SHA512SIG1L - rv_SHA512SUM0R] = { 3, -6, -19, -29, 26, 13 },
		[rv_SHA512SIG0H - rv_SHA512SUM0R] = { -1, -7, -8, 31, 24, 0 },
		[rv_SHA512SIG1H - rv_SHA512SUM0R] = { 3, -6, -19, -29, 13, 0 },
	};
	const s8 *k = shift[a->id - rv_SHA512SUM0R];
	ref v = 0, w;

	for (unsigned i = 0; i < 6; i++) {
		if (!k[i])
			continue;
		w = ir2(t, k[i] > 0 ? IR_SHL : IR_SHR, T_I32, x_get(t, i < 3 ? a->rs1 : a->rs2),
			ir_const(t, T_I32, k[i] > 0 ? (u32)k[i] : (u32)-k[i]));
		v = v ? ir2(t, IR_XOR, T_I32, v, w) : w;
	}
	x_put(t, a->rd, v);
	return true;
}

/* P0: x, x rotated left by 9 and by 17; P1: by 15 and by 23. */
bool rv_tr_sm3(struct tr *t, const struct rv_sm3 *a)
{
	ref x = w_get(t, a->rs1);

	x_put(t, a->rd, a->id == rv_SM3P0 ? sigma(t, x, 0, 23, 15, false)
					  : sigma(t, x, 0, 17, 9, false));
	return true;
}

/* --- SM4 --- */

/* One byte of a round: its box, the linear layer (L, or L' of the key schedule), and its place. */
static u32 sm4_byte(u32 x, u32 y, u32 how)
{
	unsigned shift = how & 24;
	u32 s = sm4_sbox[y >> shift & 0xff], v;

	if (how & 1)
		v = s ^ (s & 7) << 29 ^ (s & 0xfe) << 7 ^ (s & 1) << 23 ^ (s & 0xf8) << 13;
	else
		v = s ^ s << 8 ^ s << 2 ^ s << 18 ^ (s & 0x3f) << 26 ^ (s & 0xc0) << 10;
	return x ^ (v << shift | (shift ? v >> (32 - shift) : 0));
}

static const struct ir_helper helper_sm4 = {
	.name = "sm4", .fn = sm4_byte, .type = T_I32, .nargs = 3, .flags = H_PURE,
};

bool rv_tr_sm4(struct tr *t, const struct rv_sm4 *a)
{
	ref how = ir_const(t, T_I32, a->bs << 3 | (a->id == rv_SM4KS));

	x_put(t, a->rd, ir_call(t, &helper_sm4, w_get(t, a->rs1), w_get(t, a->rs2), how));
	return true;
}
