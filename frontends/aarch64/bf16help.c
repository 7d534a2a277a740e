/*
 * BFDOT and BFMMLA.  Their arithmetic is their own (Arm ARM, BFDotAdd() and BFMatMulAdd() without
 * FEAT_EBF16): every step rounds to odd, denormals are zero on both sides, all NaNs are the default
 * NaN, FPCR is not looked at and nothing is raised.
 */
#include "frontends/aarch64/vechelp.h"
#include "translator/softfp.h"

enum { F32_INF = 0x7f800000, F32_NAN = 0x7fc00000 };

/*
 * A double that was rounded to odd (bit 0 set if inexact) to a single, rounded to odd, denormals
 * zero.
 */
static u32 round_odd(u64 a)
{
	struct fpsem s = { .round = RND_ZERO };
	u32 v = fp_convert(&s, FP32, FP64, a), mag = v & 0x7fffffff;

	if (mag > F32_INF)
		return F32_NAN;
	if (s.flags & FPEXC_OVERFLOW)
		return (v & 0x80000000) | F32_INF;
	if (mag < 0x00800000)
		return v & 0x80000000;
	return s.flags & FPEXC_INEXACT ? v | 1 : v;
}

static u64 to_double(u32 a)
{
	struct fpsem s = { .round = RND_ZERO };

	if (!(a & 0x7f800000))
		a &= 0x80000000;
	return fp_convert(&s, FP64, FP32, a);
}

static u32 add(u32 a, u32 b)
{
	struct fpsem s = { .round = RND_ZERO };
	u64 v = fp_add(&s, FP64, to_double(a), to_double(b));

	return round_odd(s.flags & FPEXC_INEXACT ? v | 1 : v);
}

/* The product of two bfloat16 is exact in a double. */
static u32 mul(u16 a, u16 b)
{
	struct fpsem s = { .round = RND_ZERO };

	return round_odd(fp_mul(&s, FP64, to_double((u32)a << 16), to_double((u32)b << 16)));
}

static u32 dot2(u32 d, const u16 *n, const u16 *m)
{
	return add(d, add(mul(n[0], m[0]), mul(n[1], m[1])));
}

static v128 bfdot(v128 d128, v128 n128, v128 m128)
{
	vec r = vec_of(d128), n = vec_of(n128), m = vec_of(m128);

	for (unsigned i = 0; i < 4; i++)
		r.s[i] = dot2(r.s[i], &n.h[2 * i], &m.h[2 * i]);
	return v128_of(r);
}

static v128 bfmmla(v128 d128, v128 n128, v128 m128)
{
	vec r = vec_of(d128), n = vec_of(n128), m = vec_of(m128);

	for (unsigned i = 0; i < 4; i++)
		for (unsigned k = 0; k < 4; k += 2)
			r.s[i] = dot2(r.s[i], &n.h[(i >> 1) * 4 + k], &m.h[(i & 1) * 4 + k]);
	return v128_of(r);
}

const struct ir_helper a64_h_bfdot = { "a64_bfdot", bfdot, T_V128, 3, H_PURE, 0, 0 };
const struct ir_helper a64_h_bfmmla = { "a64_bfmmla", bfmmla, T_V128, 3, H_PURE, 0, 0 };
