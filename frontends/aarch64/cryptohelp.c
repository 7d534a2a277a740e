/*
 * Rounds of SHA-512 (FIPS 180-4), SM3 (GB/T 32905) and SM4 (GB/T 32907) as the Arm ARM cuts
 * them up.
 */
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

static u64 sigma512(u64 v, unsigned a, unsigned b, unsigned c)
{
	return ror64(v, a) ^ ror64(v, b) ^ ror64(v, c);
}

static vec sha512(enum sha_op op, vec d, vec n, vec m)
{
	vec r;

	switch (op) {
	case SHA512_H:
		r.d[1] = ((m.d[1] & n.d[0]) ^ (~m.d[1] & n.d[1])) + sigma512(m.d[1], 14, 18, 41) +
			 d.d[1];
		m.d[0] += r.d[1];
		r.d[0] = ((m.d[0] & m.d[1]) ^ (~m.d[0] & n.d[0])) + sigma512(m.d[0], 14, 18, 41) +
			 d.d[0];
		return r;
	case SHA512_H2:
		r.d[1] = ((n.d[0] & m.d[1]) ^ (n.d[0] & m.d[0]) ^ (m.d[1] & m.d[0])) +
			 sigma512(m.d[0], 28, 34, 39) + d.d[1];
		r.d[0] = ((r.d[1] & m.d[0]) ^ (r.d[1] & m.d[1]) ^ (m.d[1] & m.d[0])) +
			 sigma512(r.d[1], 28, 34, 39) + d.d[0];
		return r;
	case SHA512_SU0:
		r.d[0] = d.d[0] + (ror64(d.d[1], 1) ^ ror64(d.d[1], 8) ^ d.d[1] >> 7);
		r.d[1] = d.d[1] + (ror64(n.d[0], 1) ^ ror64(n.d[0], 8) ^ n.d[0] >> 7);
		return r;
	default:
		for (unsigned i = 0; i < 2; i++)
			r.d[i] = d.d[i] + m.d[i] +
				 (ror64(n.d[i], 19) ^ ror64(n.d[i], 61) ^ n.d[i] >> 6);
		return r;
	}
}

static v128 sha512_step(u32 op, v128 d, v128 n, v128 m)
{
	return v128_of(sha512(op, vec_of(d), vec_of(n), vec_of(m)));
}

const struct ir_helper a64_h_sha512 = { "a64_sha512", sha512_step, T_V128, 4, H_PURE, 0, 0 };

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

static const u8 sm4_sbox[256] = {
	0xd6, 0x90, 0xe9, 0xfe, 0xcc, 0xe1, 0x3d, 0xb7, 0x16, 0xb6, 0x14, 0xc2, 0x28, 0xfb, 0x2c, 0x05,
	0x2b, 0x67, 0x9a, 0x76, 0x2a, 0xbe, 0x04, 0xc3, 0xaa, 0x44, 0x13, 0x26, 0x49, 0x86, 0x06, 0x99,
	0x9c, 0x42, 0x50, 0xf4, 0x91, 0xef, 0x98, 0x7a, 0x33, 0x54, 0x0b, 0x43, 0xed, 0xcf, 0xac, 0x62,
	0xe4, 0xb3, 0x1c, 0xa9, 0xc9, 0x08, 0xe8, 0x95, 0x80, 0xdf, 0x94, 0xfa, 0x75, 0x8f, 0x3f, 0xa6,
	0x47, 0x07, 0xa7, 0xfc, 0xf3, 0x73, 0x17, 0xba, 0x83, 0x59, 0x3c, 0x19, 0xe6, 0x85, 0x4f, 0xa8,
	0x68, 0x6b, 0x81, 0xb2, 0x71, 0x64, 0xda, 0x8b, 0xf8, 0xeb, 0x0f, 0x4b, 0x70, 0x56, 0x9d, 0x35,
	0x1e, 0x24, 0x0e, 0x5e, 0x63, 0x58, 0xd1, 0xa2, 0x25, 0x22, 0x7c, 0x3b, 0x01, 0x21, 0x78, 0x87,
	0xd4, 0x00, 0x46, 0x57, 0x9f, 0xd3, 0x27, 0x52, 0x4c, 0x36, 0x02, 0xe7, 0xa0, 0xc4, 0xc8, 0x9e,
	0xea, 0xbf, 0x8a, 0xd2, 0x40, 0xc7, 0x38, 0xb5, 0xa3, 0xf7, 0xf2, 0xce, 0xf9, 0x61, 0x15, 0xa1,
	0xe0, 0xae, 0x5d, 0xa4, 0x9b, 0x34, 0x1a, 0x55, 0xad, 0x93, 0x32, 0x30, 0xf5, 0x8c, 0xb1, 0xe3,
	0x1d, 0xf6, 0xe2, 0x2e, 0x82, 0x66, 0xca, 0x60, 0xc0, 0x29, 0x23, 0xab, 0x0d, 0x53, 0x4e, 0x6f,
	0xd5, 0xdb, 0x37, 0x45, 0xde, 0xfd, 0x8e, 0x2f, 0x03, 0xff, 0x6a, 0x72, 0x6d, 0x6c, 0x5b, 0x51,
	0x8d, 0x1b, 0xaf, 0x92, 0xbb, 0xdd, 0xbc, 0x7f, 0x11, 0xd9, 0x5c, 0x41, 0x1f, 0x10, 0x5a, 0xd8,
	0x0a, 0xc1, 0x31, 0x88, 0xa5, 0xcd, 0x7b, 0xbd, 0x2d, 0x74, 0xd0, 0x12, 0xb8, 0xe5, 0xb4, 0xb0,
	0x89, 0x69, 0x97, 0x4a, 0x0c, 0x96, 0x77, 0x7e, 0x65, 0xb9, 0xf1, 0x09, 0xc5, 0x6e, 0xc6, 0x84,
	0x18, 0xf0, 0x7d, 0xec, 0x3a, 0xdc, 0x4d, 0x20, 0x79, 0xee, 0x5f, 0x3e, 0xd7, 0xcb, 0x39, 0x48
};

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
