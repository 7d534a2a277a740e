/*
 * The cryptographic instructions (Arm ARM C4.1): AES maps to rows of the IR, SHA3 and the XORs
 * around the hashes are plain vector operations, the rounds of the hashes are helpers.
 */
#include "frontends/aarch64/simd.h"

static ref xor(struct tr *t, ref a, ref b)
{
	return ir2(t, IR_VXOR, T_V128, a, b);
}

bool a64_tr_crypto_aes(struct tr *t, const struct a64_crypto_aes *a)
{
	ref n = v_get(t, a->rn), v;

	switch (a->id) {
	case a64_AESE:
		v = ir1(t, IR_AESENC, T_V128, xor(t, v_get(t, a->rd), n));
		break;
	case a64_AESD:
		v = ir1(t, IR_AESDEC, T_V128, xor(t, v_get(t, a->rd), n));
		break;
	case a64_AESMC:
		v = ir1(t, IR_AESMC, T_V128, n);
		break;
	default:
		v = ir1(t, IR_AESIMC, T_V128, n);
		break;
	}
	v_put(t, a->rd, v);
	return true;
}

static ref sha(struct tr *t, enum sha_op op, ref d, ref n, ref m)
{
	return ir_call(t, &a64_h_sha, ir_const(t, T_I32, op), d, n, m);
}

bool a64_tr_crypto_sha3reg(struct tr *t, const struct a64_crypto_sha3reg *a)
{
	ref d = v_get(t, a->rd), n = v_get(t, a->rn), m = v_get(t, a->rm), v;

	switch (a->id) {
	case a64_SHA1C:
		v = sha(t, SHA1_C, d, n, m);
		break;
	case a64_SHA1P:
		v = sha(t, SHA1_P, d, n, m);
		break;
	case a64_SHA1M:
		v = sha(t, SHA1_M, d, n, m);
		break;
	case a64_SHA1SU0:
		v = xor(t, xor(t, ir3(t, IR_VEXT, T_V128, d, n, 8), d), m);
		break;
	case a64_SHA256H:
		v = sha(t, SHA256_H, d, n, m);
		break;
	case a64_SHA256H2:
		v = sha(t, SHA256_H2, d, n, m);
		break;
	default:
		v = sha(t, SHA256_SU1, d, n, m);
		break;
	}
	v_put(t, a->rd, v);
	return true;
}

/* Each lane of size e rotated left by n. */
static ref rotate(struct tr *t, unsigned e, ref v, unsigned n)
{
	return ir2(t, IR_VOR, T_V128, irx(t, IR_VSHLI, T_V128, e, v, n, 0),
		   irx(t, IR_VSHRI, T_V128, e, v, (8 << e) - n, 0));
}

/*
 * SHA1SU1: rotl(d ^ (n >> 32), 1), where the top lane also takes in rotl(lane 0 of d ^ n[1], 2): it
 * is the result's own lane 0 rotated once more.
 */
static ref sha1su1(struct tr *t, ref d, ref n)
{
	ref zero = vconst(t, T_V128, 3, 0), v;

	v = rotate(t, 2, xor(t, d, ir3(t, IR_VEXT, T_V128, n, zero, 4)), 1);
	return xor(t, v, ir3(t, IR_VEXT, T_V128, zero, rotate(t, 2, v, 1), 4));
}

bool a64_tr_crypto_sha2reg(struct tr *t, const struct a64_crypto_sha2reg *a)
{
	ref d = v_get(t, a->rd), n = v_get(t, a->rn), v;

	switch (a->id) {
	case a64_SHA1H:
		v = irx(t, IR_VGET, T_I32, 2, n, 0, 0);
		v = ir1(t, IR_I2V, T_V128, ir2(t, IR_ROR, T_I32, v, ir_const(t, T_I32, 2)));
		break;
	case a64_SHA1SU1:
		v = sha1su1(t, d, n);
		break;
	default:
		v = sha(t, SHA256_SU0, d, n, n);
		break;
	}
	v_put(t, a->rd, v);
	return true;
}

bool a64_tr_crypto_4reg(struct tr *t, const struct a64_crypto_4reg *a)
{
	ref n = v_get(t, a->rn), m = v_get(t, a->rm), x = v_get(t, a->ra), v;

	switch (a->id) {
	case a64_EOR3:
		v = xor(t, xor(t, n, m), x);
		break;
	case a64_BCAX:
		v = xor(t, n, ir2(t, IR_VANDN, T_V128, m, x));
		break;
	default:
		v = ir_call(t, &a64_h_sm, ir_const(t, T_I32, SM3_SS1), x, n, m);
		break;
	}
	v_put(t, a->rd, v);
	return true;
}

bool a64_tr_crypto_xar(struct tr *t, const struct a64_crypto_xar *a)
{
	ref v = xor(t, v_get(t, a->rn), v_get(t, a->rm));

	v_put(t, a->rd, a->imm6 ? rotate(t, 3, v, 64 - a->imm6) : v);
	return true;
}

bool a64_tr_crypto_3reg512(struct tr *t, const struct a64_crypto_3reg512 *a)
{
	ref d = v_get(t, a->rd), n = v_get(t, a->rn), m = v_get(t, a->rm), v;

	switch (a->id) {
	case a64_SHA512H:
		v = sha(t, SHA512_H, d, n, m);
		break;
	case a64_SHA512H2:
		v = sha(t, SHA512_H2, d, n, m);
		break;
	case a64_SHA512SU1:
		v = sha(t, SHA512_SU1, d, n, m);
		break;
	case a64_RAX1:
		v = xor(t, n, rotate(t, 3, m, 1));
		break;
	case a64_SM3PARTW1:
		v = ir_call(t, &a64_h_sm, ir_const(t, T_I32, SM3_PARTW1), d, n, m);
		break;
	case a64_SM3PARTW2:
		v = ir_call(t, &a64_h_sm, ir_const(t, T_I32, SM3_PARTW2), d, n, m);
		break;
	default:
		v = ir_call(t, &a64_h_sm, ir_const(t, T_I32, SM4_EKEY), d, n, m);
		break;
	}
	v_put(t, a->rd, v);
	return true;
}

bool a64_tr_crypto_2reg512(struct tr *t, const struct a64_crypto_2reg512 *a)
{
	ref d = v_get(t, a->rd), n = v_get(t, a->rn);

	if (a->id == a64_SHA512SU0)
		v_put(t, a->rd, sha(t, SHA512_SU0, d, n, n));
	else
		v_put(t, a->rd, ir_call(t, &a64_h_sm, ir_const(t, T_I32, SM4_E), d, n, n));
	return true;
}

bool a64_tr_crypto_sm3tt(struct tr *t, const struct a64_crypto_sm3tt *a)
{
	unsigned op = SM3_TT1A + (a->id - a64_SM3TT1A);

	v_put(t, a->rd,
	      ir_call(t, &a64_h_sm, ir_const(t, T_I32, op | a->imm2 << 8), v_get(t, a->rd),
		      v_get(t, a->rn), v_get(t, a->rm)));
	return true;
}
