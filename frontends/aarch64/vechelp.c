/* Integer helpers of Advanced SIMD: saturating shifts and sums, polynomials, dot products. */
#include "frontends/aarch64/vechelp.h"

static u64 get(const vec *v, unsigned e, unsigned i)
{
	switch (e) {
	case 0: return v->b[i];
	case 1: return v->h[i];
	case 2: return v->s[i];
	default: return v->d[i];
	}
}

static void set(vec *v, unsigned e, unsigned i, u64 x)
{
	switch (e) {
	case 0: v->b[i] = x; break;
	case 1: v->h[i] = x; break;
	case 2: v->s[i] = x; break;
	default: v->d[i] = x; break;
	}
}

/* v as a number of `width` bits, saturated; *sat says if it was not one. */
static u64 saturate(s128 v, unsigned width, bool is_signed, bool *sat)
{
	s128 max = is_signed ? ((s128)1 << (width - 1)) - 1 : ((s128)1 << width) - 1;
	s128 min = is_signed ? -((s128)1 << (width - 1)) : 0;

	*sat = v > max || v < min;
	return (u64)(v > max ? max : v < min ? min : v);
}

/*
 * v shifted left by n, or right by -n with or without rounding; what a left shift cannot hold in
 * 128 bits saturates anyway.
 */
static s128 shift(s128 v, int n, bool round)
{
	if (n >= 0) {
		if (n <= 63 || !v)
			return v ? (s128)((u128)v << n) : 0;
		return v < 0 ? -((s128)1 << 126) : (s128)1 << 126;
	}
	n = MIN(-n, 100);
	if (round)
		v += (s128)1 << (n - 1);
	return v >> n;
}

static u64 one(u32 ctl, unsigned width, u64 d, u64 n, u64 m, bool *sat)
{
	bool is_signed = !(ctl & SAT_UNSIGNED), round = ctl & SAT_ROUND;
	s128 sd = sext(d, width), sn = sext(n, width), sm = sext(m, width);
	int count = (s8)m;

	*sat = false;
	switch ((enum sat_op)(ctl & 0xff)) {
	case SAT_SHL:
		return saturate(shift(is_signed ? sn : (s128)n, count, round), width, is_signed,
				sat);
	case SAT_SHLU:
		return saturate(shift(sn, count, round), width, false, sat);
	case SAT_NONE_SHL:
		if (count >= (int)width)
			return 0;
		if (count >= 0)
			return n << count;
		return (u64)shift(is_signed ? sn : (s128)n, count, round);
	case SAT_SUQADD:
		return saturate(sd + (s128)n, width, true, sat);
	case SAT_USQADD:
		return saturate((s128)d + sn, width, false, sat);
	case SAT_MLAH:
	case SAT_MLSH:
		sn = 2 * sn * sm;
		sd = (sd << width) + ((ctl & 0xff) == SAT_MLAH ? sn : -sn) +
		     ((s128)1 << (width - 1));
		return saturate(sd >> width, width, true, sat);
	}
	return 0;
}

static v128 lanes(u32 ctl, v128 d128, v128 n128, v128 m128, bool mask)
{
	vec d = vec_of(d128), n = vec_of(n128), m = vec_of(m128), r;
	unsigned e = ctl >> SAT_SIZE & 3;

	for (unsigned i = 0; i < 16u >> e; i++) {
		bool sat;
		u64 v = one(ctl, 8 << e, get(&d, e, i), get(&n, e, i), get(&m, e, i), &sat);

		set(&r, e, i, mask ? (sat ? ~0ull : 0) : v);
	}
	return v128_of(r);
}

static v128 sat_lanes(u32 ctl, v128 d, v128 n, v128 m)
{
	return lanes(ctl, d, n, m, false);
}

static v128 sat_mask(u32 ctl, v128 d, v128 n, v128 m)
{
	return lanes(ctl, d, n, m, true);
}

const struct ir_helper a64_h_sat = { "a64_sat", sat_lanes, T_V128, 4, H_PURE, 0, 0 };
const struct ir_helper a64_h_sat_mask = { "a64_sat_mask", sat_mask, T_V128, 4, H_PURE, 0, 0 };

static u16 poly_mul(u8 a, u8 b)
{
	u16 r = 0;

	for (unsigned i = 0; i < 8; i++)
		if (b >> i & 1)
			r ^= (u16)a << i;
	return r;
}

static v128 pmul(v128 n128, v128 m128)
{
	vec n = vec_of(n128), m = vec_of(m128), r;

	for (unsigned i = 0; i < 16; i++)
		r.b[i] = poly_mul(n.b[i], m.b[i]);
	return v128_of(r);
}

static v128 pmull(u32 half, v128 n128, v128 m128)
{
	vec n = vec_of(n128), m = vec_of(m128), r;

	for (unsigned i = 0; i < 8; i++)
		r.h[i] = poly_mul(n.b[8 * half + i], m.b[8 * half + i]);
	return v128_of(r);
}

const struct ir_helper a64_h_pmul = { "a64_pmul", pmul, T_V128, 2, H_PURE, 0, 0 };
const struct ir_helper a64_h_pmull = { "a64_pmull", pmull, T_V128, 3, H_PURE, 0, 0 };
