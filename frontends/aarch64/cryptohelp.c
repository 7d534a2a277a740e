/* Rounds of SM3 (GB/T 32905) and SM4 (GB/T 32907) as the Arm ARM cuts them up. */
#include "base/sm4.h"
#include "frontends/aarch64/vechelp.h"

static u32 rol(u32 v, unsigned n)
{
	return n & 31 ? v << (n & 31) | v >> (32 - (n & 31)) : v;
}

static u32 choose(u32 x, u32 y, u32 z)
{
	return ((y ^ z) & x) ^ z;
}

static u32 majority(u32 x, u32 y, u32 z)
{
	return (x & y) | ((x | y) & z);
}

/* --- SM3 --- */

static u32 sm3_p1(u32 v)
{
	return v ^ rol(v, 15) ^ rol(v, 23);
}

static vec sm3_schedule1(vec d, vec n, vec m)
{
	vec r;

	for (unsigned i = 0; i < 3; i++)
		r.s[i] = sm3_p1(d.s[i] ^ n.s[i] ^ rol(m.s[i + 1], 15));
	r.s[3] = sm3_p1(d.s[3] ^ n.s[3] ^ rol(r.s[0], 15));
	return r;
}

static vec sm3_schedule2(vec d, vec n, vec m)
{
	vec r;

	for (unsigned i = 0; i < 4; i++)
		r.s[i] = d.s[i] ^ n.s[i] ^ rol(m.s[i], 7);
	r.s[3] ^= sm3_p1(rol(n.s[0] ^ rol(m.s[0], 7), 15));
	return r;
}

static vec sm3_tt(enum sm_op op, unsigned index, vec d, vec n, vec m)
{
	u32 w = m.s[index], ss2, tt;

	if (op == SM3_TT1A || op == SM3_TT1B) {
		ss2 = n.s[3] ^ rol(d.s[3], 12);
		tt = op == SM3_TT1A ? d.s[1] ^ d.s[2] ^ d.s[3] : majority(d.s[1], d.s[2], d.s[3]);
		tt += d.s[0] + ss2 + w;
		return (vec){ .s = { d.s[1], rol(d.s[2], 9), d.s[3], tt } };
	}
	tt = op == SM3_TT2A ? d.s[1] ^ d.s[2] ^ d.s[3] : choose(d.s[3], d.s[2], d.s[1]);
	tt += d.s[0] + n.s[3] + w;
	return (vec){ .s = { d.s[1], rol(d.s[2], 19), d.s[3], tt ^ rol(tt, 9) ^ rol(tt, 17) } };
}

/* --- SM4 --- */

/* Four rounds on the state x with round keys (or key constants) k. */
static vec sm4_rounds(vec x, vec k, bool schedule)
{
	for (unsigned i = 0; i < 4; i++) {
		u32 v = x.s[1] ^ x.s[2] ^ x.s[3] ^ k.s[i], s = 0;

		for (unsigned b = 0; b < 32; b += 8)
			s |= (u32)sm4_sbox[v >> b & 0xff] << b;
		s ^= schedule ? rol(s, 13) ^ rol(s, 23) :
				rol(s, 2) ^ rol(s, 10) ^ rol(s, 18) ^ rol(s, 24);
		x = (vec){ .s = { x.s[1], x.s[2], x.s[3], x.s[0] ^ s } };
	}
	return x;
}

static v128 sm(u32 ctl, v128 d128, v128 n128, v128 m128)
{
	vec d = vec_of(d128), n = vec_of(n128), m = vec_of(m128);
	enum sm_op op = ctl & 0xff;

	switch (op) {
	case SM3_SS1:
		return v128_of(
			(vec){ .s = { 0, 0, 0, rol(rol(n.s[3], 12) + m.s[3] + d.s[3], 7) } });
	case SM3_PARTW1: return v128_of(sm3_schedule1(d, n, m));
	case SM3_PARTW2: return v128_of(sm3_schedule2(d, n, m));
	case SM4_E: return v128_of(sm4_rounds(d, n, false));
	case SM4_EKEY: return v128_of(sm4_rounds(n, m, true));
	default: return v128_of(sm3_tt(op, ctl >> 8, d, n, m));
	}
}

const struct ir_helper a64_h_sm = { "a64_sm", sm, T_V128, 4, H_PURE, 0, 0 };
