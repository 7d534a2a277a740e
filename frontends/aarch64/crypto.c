/*
 * The cryptographic instructions (Arm ARM C4.1): AES, SHA-1 and SHA-256 map to rows of the IR; SHA-512,
 * SHA3 and the XORs around the hashes are plain operations, the rounds of SM3 and SM4 are helpers.
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

/* --- SHA-1 and SHA-256: the IR has the rounds, with the words in another order --- */

/* Words w0..w3 of the pair: 0..3 from a, 4..7 from b. */
static ref words(struct tr *t, ref a, ref b, unsigned w0, unsigned w1, unsigned w2, unsigned w3)
{
	const unsigned from[4] = { w0, w1, w2, w3 };
	vec p;

	for (unsigned k = 0; k < 16; k++)
		p.b[k] = from[k / 4] * 4 + k % 4;
	return vshuf(t, a, b, p);
}

static ref reversed(struct tr *t, ref v)
{
	return words(t, v, v, 3, 2, 1, 0);
}

/* SHA1C, SHA1P, SHA1M: d is {a, b, c, d}, lane 0 of n is e. */
static ref sha1_rounds(struct tr *t, unsigned function, ref d, ref n, ref m)
{
	ref e = ir3(t, IR_VEXT, T_V128, vconst(t, T_V128, 3, 0), n, 4);
	ref w = irx(t, IR_VADD, T_V128, 2, reversed(t, m), e, 0);

	return reversed(t, irx(t, IR_SHA1R, T_V128, function, reversed(t, d), w, 0));
}

/* SHA256hash(): abcd, or efgh, after four rounds. */
static ref sha256_rounds(struct tr *t, bool first, ref abcd, ref efgh, ref w)
{
	ref abef = words(t, efgh, abcd, 1, 0, 5, 4), cdgh = words(t, efgh, abcd, 3, 2, 7, 6);
	ref two = ir3(t, IR_SHA256R, T_V128, cdgh, abef, w);
	ref four = ir3(t, IR_SHA256R, T_V128, abef, two, ir3(t, IR_VEXT, T_V128, w, w, 8));

	return first ? words(t, four, two, 3, 2, 7, 6) : words(t, four, two, 1, 0, 5, 4);
}

static ref sha256_schedule1(struct tr *t, ref d, ref n, ref m)
{
	ref sum = irx(t, IR_VADD, T_V128, 2, d, ir3(t, IR_VEXT, T_V128, n, m, 4), 0);

	return ir2(t, IR_SHA256S1, T_V128, sum, m);
}

/* --- SHA-512: rounds in general registers, the schedule in lanes --- */

static ref quad(struct tr *t, ref v, unsigned lane)
{
	return irx(t, IR_VGET, T_I64, 3, v, lane, 0);
}

static ref sum(struct tr *t, ref a, ref b)
{
	return ir2(t, IR_ADD, T_I64, a, b);
}

/* Sigma0, Sigma1 of FIPS 180-4, 4.1.3 */
static ref sigma512(struct tr *t, ref v, unsigned a, unsigned b, unsigned c)
{
	ref x = ir2(t, IR_ROR, T_I64, v, ir_const(t, T_I32, a)), y = ir2(t, IR_ROR, T_I64, v, ir_const(t, T_I32, b));

	return ir2(t, IR_XOR, T_I64, ir2(t, IR_XOR, T_I64, x, y), ir2(t, IR_ROR, T_I64, v, ir_const(t, T_I32, c)));
}

/* Ch(x, y, z) + Sigma1(x) + w */
static ref choose512(struct tr *t, ref x, ref y, ref z, ref w)
{
	ref ch = ir2(t, IR_XOR, T_I64, ir2(t, IR_AND, T_I64, x, ir2(t, IR_XOR, T_I64, y, z)), z);

	return sum(t, sum(t, ch, sigma512(t, x, 14, 18, 41)), w);
}

/* Maj(x, y, z) + Sigma0(x) + w */
static ref majority512(struct tr *t, ref x, ref y, ref z, ref w)
{
	ref either = ir2(t, IR_AND, T_I64, x, ir2(t, IR_OR, T_I64, y, z));

	return sum(t, sum(t, ir2(t, IR_OR, T_I64, either, ir2(t, IR_AND, T_I64, y, z)), sigma512(t, x, 28, 34, 39)), w);
}

static ref sha512h(struct tr *t, ref d, ref n, ref m)
{
	ref n0 = quad(t, n, 0), n1 = quad(t, n, 1), m0 = quad(t, m, 0), m1 = quad(t, m, 1);
	ref high = choose512(t, m1, n0, n1, quad(t, d, 1));

	return ir2(t, IR_VPAIR, T_V128, choose512(t, sum(t, m0, high), m1, n0, quad(t, d, 0)), high);
}

static ref sha512h2(struct tr *t, ref d, ref n, ref m)
{
	ref n0 = quad(t, n, 0), m0 = quad(t, m, 0), m1 = quad(t, m, 1);
	ref high = majority512(t, m0, m1, n0, quad(t, d, 1));

	return ir2(t, IR_VPAIR, T_V128, majority512(t, high, m0, m1, quad(t, d, 0)), high);
}

bool a64_tr_crypto_sha3reg(struct tr *t, const struct a64_crypto_sha3reg *a)
{
	ref d = v_get(t, a->rd), n = v_get(t, a->rn), m = v_get(t, a->rm), v;

	switch (a->id) {
	case a64_SHA1C:
		v = sha1_rounds(t, 0, d, n, m);
		break;
	case a64_SHA1P:
		v = sha1_rounds(t, 1, d, n, m);
		break;
	case a64_SHA1M:
		v = sha1_rounds(t, 2, d, n, m);
		break;
	case a64_SHA1SU0:
		v = xor(t, xor(t, ir3(t, IR_VEXT, T_V128, d, n, 8), d), m);
		break;
	case a64_SHA256H:
		v = sha256_rounds(t, true, d, n, m);
		break;
	case a64_SHA256H2:
		v = sha256_rounds(t, false, n, d, m);
		break;
	default:
		v = sha256_schedule1(t, d, n, m);
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

/* sigma0, sigma1 of SHA-512: rotations to the right by a and b, a shift by c. */
static ref schedule512(struct tr *t, ref v, unsigned a, unsigned b, unsigned c)
{
	return xor(t, xor(t, rotate(t, 3, v, 64 - a), rotate(t, 3, v, 64 - b)), irx(t, IR_VSHRI, T_V128, 3, v, c, 0));
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
		v = ir2(t, IR_SHA256S0, T_V128, d, n);
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
		v = sha512h(t, d, n, m);
		break;
	case a64_SHA512H2:
		v = sha512h2(t, d, n, m);
		break;
	case a64_SHA512SU1:
		v = irx(t, IR_VADD, T_V128, 3, d, m, 0);
		v = irx(t, IR_VADD, T_V128, 3, v, schedule512(t, n, 19, 61, 6), 0);
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
	ref d = v_get(t, a->rd), n = v_get(t, a->rn), next;

	if (a->id == a64_SHA512SU0) {
		next = schedule512(t, ir3(t, IR_VEXT, T_V128, d, n, 8), 1, 8, 7);
		v_put(t, a->rd, irx(t, IR_VADD, T_V128, 3, d, next, 0));
		return true;
	}
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
