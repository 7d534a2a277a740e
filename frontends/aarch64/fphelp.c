/*
 * Floating-point helpers: estimates, steps, half precision, changes of format
 * (Arm ARM, shared pseudocode under "functions/float").
 *
 * All arithmetic is the translator's software floating point, so a helper gives the same bits under
 * any host; what it raises is added to the guest's sticky flags at the end.
 */
#include "frontends/aarch64/a64.h"
#include "frontends/aarch64/vechelp.h"
#include "translator/softfp.h"
#include "translator/translator.h"

/* Fraction bits and the exponent's bias of a format. */
static const struct {
	u8 frac, width;
	u16 bias;
} layout[] = { [FP16] = { 10, 16, 15 }, [FP32] = { 23, 32, 127 }, [FP64] = { 52, 64, 1023 } };

static u64 exp_ones(enum fp_format f)
{
	return ((1ull << (layout[f].width - layout[f].frac - 1)) - 1) << layout[f].frac;
}

static u64 top_bit(enum fp_format f)
{
	return 1ull << (layout[f].width - 1);
}

static u64 magnitude(enum fp_format f, u64 a)
{
	return a & (top_bit(f) - 1);
}

static bool is_nan(enum fp_format f, u64 a)
{
	return magnitude(f, a) > exp_ones(f);
}

static bool is_inf(enum fp_format f, u64 a)
{
	return magnitude(f, a) == exp_ones(f);
}

static struct fpsem begin(u32 fpcr, enum fp_format f)
{
	struct fpsem s = fp_sem(a64_fpctl_of_fpcr(fpcr));

	/* Half precision arithmetic has its own flush bit and knows no alternative format. */
	if (f == FP16)
		s.flush = s.flush_half = fpcr & FPCR_FZ16;
	s.alt_half = false;
	return s;
}

/* A denormal operand is zero under FZ; of halves without a flag. */
static u64 flush_in(struct fpsem *s, enum fp_format f, u64 a)
{
	if (!s->flush || !magnitude(f, a) || magnitude(f, a) >> layout[f].frac)
		return a;
	if (f != FP16)
		s->flags |= FPEXC_DENORMAL;
	return a & top_bit(f);
}

/* FPProcessNaN(): a is one. */
static u64 process_nan(struct fpsem *s, enum fp_format f, u64 a)
{
	return fp_add(s, f, a, a);
}

static u64 default_nan(enum fp_format f)
{
	return exp_ones(f) | 1ull << (layout[f].frac - 1);
}

/* --- estimates --- */

/* RecipEstimate(): 256 <= a < 512, in units of 1/512; the result in units of 1/256. */
static unsigned recip_estimate(unsigned a)
{
	a = a * 2 + 1;
	return ((1u << 19) / a + 1) / 2;
}

/* RecipSqrtEstimate(): 128 <= a < 512. */
static unsigned recip_sqrt_estimate(unsigned a)
{
	unsigned b = 512;

	a = a < 256 ? a * 2 + 1 : ((a >> 1 << 1) + 1) * 2;
	while (a * (b + 1) * (b + 1) < 1u << 28)
		b++;
	return (b + 1) / 2;
}

/* Does an overflow of this sign round to infinity? */
static bool overflow_to_inf(const struct fpsem *s, bool negative)
{
	switch (s->round) {
	case RND_UP: return !negative;
	case RND_DOWN: return negative;
	case RND_ZERO: return false;
	default: return true;
	}
}

/* Estimates of a NaN and of zero; *a is flushed if need be. */
static bool no_estimate(struct fpsem *s, enum fp_format f, u64 *a, u64 *result)
{
	*a = flush_in(s, f, *a);
	if (is_nan(f, *a)) {
		*result = process_nan(s, f, *a);
		return true;
	}
	if (magnitude(f, *a))
		return false;
	s->flags |= FPEXC_DIVZERO;
	*result = *a | exp_ones(f);
	return true;
}

static u64 recpe(struct fpsem *s, enum fp_format f, u64 a)
{
	unsigned fbits = layout[f].frac, bias = layout[f].bias;
	u64 sign, frac, mag, r;
	int e;

	if (no_estimate(s, f, &a, &r))
		return r;
	sign = a & top_bit(f);
	mag = magnitude(f, a);
	if (is_inf(f, a))
		return sign;
	if (mag < 1ull << (fbits - 2)) {
		s->flags |= FPEXC_OVERFLOW | FPEXC_INEXACT;
		return sign | (exp_ones(f) - !overflow_to_inf(s, sign));
	}
	e = mag >> fbits;
	if (s->flush && e >= (int)(2 * bias - 1)) {
		s->flags |= FPEXC_UNDERFLOW;
		return sign;
	}
	frac = (mag & ((1ull << fbits) - 1)) << (52 - fbits);
	if (!e) {
		frac <<= 1;
		if (!(frac >> 52)) {
			e = -1;
			frac <<= 1;
		}
		frac &= (1ull << 52) - 1;
	}
	e = 2 * bias - 1 - e;
	frac = (u64)(recip_estimate(256 | frac >> 44) & 255) << 44;
	if (e == 0) {
		frac = 1ull << 51 | frac >> 1;
	} else if (e == -1) {
		frac = 1ull << 50 | frac >> 2;
		e = 0;
	}
	return sign | (u64)e << fbits | frac >> (52 - fbits);
}

static u64 rsqrte(struct fpsem *s, enum fp_format f, u64 a)
{
	unsigned fbits = layout[f].frac, bias = layout[f].bias;
	u64 frac, mag, r;
	int e;

	if (no_estimate(s, f, &a, &r))
		return r;
	mag = magnitude(f, a);
	if (a & top_bit(f)) {
		s->flags |= FPEXC_INVALID;
		return default_nan(f);
	}
	if (is_inf(f, a))
		return 0;
	e = mag >> fbits;
	frac = (mag & ((1ull << fbits) - 1)) << (52 - fbits);
	if (!e) {
		for (; !(frac >> 51 & 1); e--)
			frac <<= 1;
		frac = frac << 1 & ((1ull << 52) - 1);
	}
	frac = recip_sqrt_estimate(e & 1 ? 128 | frac >> 45 : 256 | frac >> 44) & 255;
	e = ((int)(3 * bias - 1) - e) / 2;
	return (u64)e << fbits | frac << (fbits - 8);
}

static u64 recpx(struct fpsem *s, enum fp_format f, u64 a)
{
	u64 e = a & exp_ones(f);

	if (is_nan(f, a))
		return process_nan(s, f, a);
	flush_in(s, f, a);
	return (a & top_bit(f)) | (e ? e ^ exp_ones(f) : exp_ones(f) - (1ull << layout[f].frac));
}

/* --- multiplication that knows infinity * 0 --- */

static bool inf_times_zero(enum fp_format f, u64 a, u64 b)
{
	return (is_inf(f, a) && !magnitude(f, b)) || (is_inf(f, b) && !magnitude(f, a));
}

/* 2^k, k small. */
static u64 power(enum fp_format f, int k)
{
	return (u64)(layout[f].bias + k) << layout[f].frac;
}

static u64 mulx(struct fpsem *s, enum fp_format f, u64 a, u64 b)
{
	if (inf_times_zero(f, flush_in(s, f, a), flush_in(s, f, b)))
		return ((a ^ b) & top_bit(f)) | power(f, 1);
	return fp_mul(s, f, a, b);
}

static u64 recps(struct fpsem *s, enum fp_format f, u64 a, u64 b)
{
	if (inf_times_zero(f, flush_in(s, f, a), flush_in(s, f, b)))
		return power(f, 1);
	return fp_fma(s, f, fp_neg(f, a), b, power(f, 1));
}

/* a / 2 if that is exact. */
static bool halve(enum fp_format f, u64 *a)
{
	if (magnitude(f, *a) >> layout[f].frac < 2 || magnitude(f, *a) >= exp_ones(f))
		return false;
	*a -= 1ull << layout[f].frac;
	return true;
}

/*
 * (3 - a b) / 2, rounded once: halve one factor and compute 1.5 - that.  Where neither can be
 * halved exactly the product is zero or too small to matter, or a factor is not finite.
 */
static u64 rsqrts(struct fpsem *s, enum fp_format f, u64 a, u64 b)
{
	u64 three_halves = power(f, 0) | 1ull << (layout[f].frac - 1);

	a = flush_in(s, f, a);
	b = flush_in(s, f, b);
	if (inf_times_zero(f, a, b))
		return three_halves;
	if (!is_nan(f, a) && !is_nan(f, b) && !halve(f, &a))
		halve(f, &b);
	return fp_fma(s, f, fp_neg(f, a), b, three_halves);
}

/* FPRoundIntN(): the most negative integer for what does not fit. */
static u64 rint_n(struct fpsem *s, enum fp_format f, u64 a, enum ir_round rnd, bool wide)
{
	u32 flags = s->flags;
	u64 limit = power(f, wide ? 63 : 31), v;

	a = flush_in(s, f, a);
	flags |= s->flags;
	if (!is_nan(f, a)) {
		v = fp_rint(s, f, a, rnd, true);
		if (magnitude(f, v) < limit || v == (limit | top_bit(f)))
			return v;
	}
	s->flags = flags | FPEXC_INVALID;
	return limit | top_bit(f);
}

static u64 compare(struct fpsem *s, enum fp_op op, enum fp_format f, u64 a, u64 b)
{
	enum fp_order o;

	if (op == FP_ACGE || op == FP_ACGT) {
		a = fp_abs(f, a);
		b = fp_abs(f, b);
	}
	o = fp_compare(s, f, a, b, op != FP_CMPEQ);
	if (op == FP_CMPGT || op == FP_ACGT)
		return o == FP_GREATER ? ~0ull : 0;
	return o == FP_EQUAL || (o == FP_GREATER && op != FP_CMPEQ) ? ~0ull : 0;
}

static u64 one(struct fpsem *s, u32 ctl, enum fp_format f, u64 d, u64 n, u64 m)
{
	enum ir_round rnd = ctl >> FPC_RND & 7;
	enum fp_op op = ctl & 0xff;
	unsigned fraction = ctl >> FPC_FRACTION, width = layout[f].width;

	if (rnd == RND_CURRENT)
		rnd = s->round;
	switch (op) {
	case FP_ADD: return fp_add(s, f, n, m);
	case FP_SUB: return fp_sub(s, f, n, m);
	case FP_MUL: return fp_mul(s, f, n, m);
	case FP_DIV: return fp_div(s, f, n, m);
	case FP_SQRT: return fp_sqrt(s, f, n);
	case FP_MLA: return fp_fma(s, f, n, m, d);
	case FP_MLS: return fp_fma(s, f, fp_neg(f, n), m, d);
	case FP_MIN: return fp_min(s, f, n, m);
	case FP_MAX: return fp_max(s, f, n, m);
	case FP_MINNM: return fp_minnm(s, f, n, m);
	case FP_MAXNM: return fp_maxnm(s, f, n, m);
	case FP_ABD: return fp_abs(f, fp_sub(s, f, n, m));
	case FP_MULX: return mulx(s, f, n, m);
	case FP_RECPS: return recps(s, f, n, m);
	case FP_RSQRTS: return rsqrts(s, f, n, m);
	case FP_RECPE: return recpe(s, f, n);
	case FP_RSQRTE: return rsqrte(s, f, n);
	case FP_RECPX: return recpx(s, f, n);
	case FP_URECPE: return n >> 31 ? (u64)recip_estimate(n >> 23) << 23 : ~0ull;
	case FP_URSQRTE: return n >> 30 ? (u64)recip_sqrt_estimate(n >> 23) << 23 : ~0ull;
	case FP_RINT: return fp_rint(s, f, n, rnd, ctl & FPC_EXACT);
	case FP_TO_INT: return fp_to_int(s, f, n, rnd, ctl & FPC_UNSIGNED, width, fraction);
	case FP_FROM_INT:
		return fp_from_int(s, f, ctl & FPC_UNSIGNED ? n : (u64)sext(n, width),
				   ctl & FPC_UNSIGNED, fraction);
	case FP_RINT_N: return rint_n(s, f, n, rnd, ctl & FPC_WIDE);
	default: return compare(s, op, f, n, m);
	}
}

static u64 lane(vec v, unsigned e, unsigned i)
{
	return e == 1 ? v.h[i] : e == 2 ? v.s[i] : v.d[i];
}

static void set_lane(vec *v, unsigned e, unsigned i, u64 x)
{
	if (e == 1)
		v->h[i] = x;
	else if (e == 2)
		v->s[i] = x;
	else
		v->d[i] = x;
}

static v128 fp_lanes(struct vcpu *c, u32 ctl, u32 fpcr, v128 d128, v128 n128, v128 m128)
{
	unsigned e = ctl >> FPC_SIZE & 3, lanes = ctl >> FPC_LANES & 31;
	vec d = vec_of(d128), n = vec_of(n128), m = vec_of(m128), r = { .d = { 0, 0 } };
	enum fp_format f = e - 1;
	struct fpsem s = begin(fpcr, f);

	for (unsigned i = 0; i < lanes; i++)
		set_lane(&r, e, i, one(&s, ctl, f, lane(d, e, i), lane(n, e, i), lane(m, e, i)));
	translator_raise_fpflags(c, s.flags);
	return v128_of(r);
}

const struct ir_helper a64_h_fp = { "a64_fp", fp_lanes, T_V128, 5, H_VCPU, 0, 0 };

/* --- changes of format --- */

/*
 * To single by rounding to odd: toward zero, and the last bit set if anything was lost, so that a
 * second rounding to fewer bits comes out as one rounding would.
 */
static u32 to_single_odd(struct fpsem *s, u64 a)
{
	struct fpsem z = *s;
	u32 v;

	z.round = RND_ZERO;
	z.flags = 0;
	v = fp_convert(&z, FP32, FP64, a);
	if (z.flags & FPEXC_INEXACT && !(s->flush && !magnitude(FP32, v)))
		v |= 1;
	s->flags |= z.flags;
	return v;
}

/* FPConvertBF() */
static u16 to_bf16(struct fpsem *s, u32 a)
{
	u32 rest, up;

	if (is_nan(FP32, a))
		return process_nan(s, FP32, a) >> 16;
	a = flush_in(s, FP32, a);
	rest = a & 0xffff;
	if (!rest || is_inf(FP32, a))
		return a >> 16;
	switch (s->round) {
	case RND_UP:
		up = !(a >> 31);
		break;
	case RND_DOWN:
		up = a >> 31;
		break;
	case RND_ZERO:
		up = 0;
		break;
	default:
		up = rest > 0x8000 || (rest == 0x8000 && a >> 16 & 1);
		break;
	}
	s->flags |= FPEXC_INEXACT;
	if (!(a & 0x7f800000))
		s->flags |= FPEXC_UNDERFLOW;
	a = (a >> 16) + up;
	if ((a & 0x7fff) == 0x7f80)
		s->flags |= FPEXC_OVERFLOW;
	return a;
}

/* What FPMulAddH() takes its half operands for. */
static u32 unpack_half(struct fpsem *s, u16 a)
{
	if (is_nan(FP16, a))
		return (u32)(a & 0x8000) << 16 | 0x7f800000 | (a & 0x3ff) << 13;
	return fp_convert(s, FP32, FP16, a);
}

static v128 convert_lanes(struct vcpu *c, u32 ctl, u32 fpcr, v128 v)
{
	unsigned lanes = ctl >> 8;
	struct fpsem s = (ctl & 0xff) == CVT_HALF_UNPACK ? begin(fpcr, FP16) :
							   fp_sem(a64_fpctl_of_fpcr(fpcr));
	vec a = vec_of(v), r = { .d = { 0, 0 } };

	for (unsigned i = 0; i < lanes; i++) {
		switch ((enum fp_cvt)(ctl & 0xff)) {
		case CVT_HALF_UNPACK:
			r.s[i] = unpack_half(&s, a.h[i]);
			break;
		case CVT_DOUBLE_TO_SINGLE_ODD:
			r.s[i] = to_single_odd(&s, a.d[i]);
			break;
		case CVT_SINGLE_TO_BF16:
			r.h[i] = to_bf16(&s, a.s[i]);
			break;
		}
	}
	translator_raise_fpflags(c, s.flags);
	return v128_of(r);
}

const struct ir_helper a64_h_cvt = { "a64_cvt", convert_lanes, T_V128, 3, H_VCPU, 0, 0 };

/*
 * An integer / 2^fraction as a half.  64 bits do not fit a double, from which a second rounding could
 * start; ctl: fraction, 1 << 8 if unsigned.
 */
static u64 int_to_half(struct vcpu *c, u32 ctl, u32 fpcr, u64 v)
{
	struct fpsem s = begin(fpcr, FP16);
	u64 r = fp_from_int(&s, FP16, v, ctl >> 8, ctl & 0xff);

	translator_raise_fpflags(c, s.flags);
	return r;
}

const struct ir_helper a64_h_int_to_half = {
	"a64_int_to_half", int_to_half, T_I64, 3, H_VCPU, 0, 0
};

/* FPToFixedJS(): modulo 2^32 as JavaScript has it; Z is set if the number was that integer. */
static u64 fjcvtzs(struct vcpu *c, u32 fpcr, double d)
{
	struct fpsem s = begin(fpcr, FP64);
	u64 a, m, v = 0, lost = 0;
	int e;

	memcpy(&a, &d, sizeof a);
	a = flush_in(&s, FP64, a);
	e = (int)(a >> 52 & 0x7ff) - 1075;
	m = (a & 0xfffffffffffff) | 1ull << 52;
	if (magnitude(FP64, a) >= exp_ones(FP64)) {
		translator_raise_fpflags(c, FPEXC_INVALID);
		return 0;
	}
	if (e >= 0) {
		v = e < 64 ? m << e : 0;
	} else {
		v = e > -53 ? m >> -e : 0;
		lost = e > -53 ? m & ((1ull << -e) - 1) : magnitude(FP64, a);
	}
	if (e > 10 || v > 0x7fffffffull + (a >> 63))
		s.flags |= FPEXC_INVALID;
	else if (lost)
		s.flags |= FPEXC_INEXACT;
	translator_raise_fpflags(c, s.flags);
	if (a >> 63)
		v = -v;
	/* neither is -0 that integer, nor a denormal taken for zero */
	return (u32)v | (u64)(!s.flags && a != 1ull << 63) << 32;
}

const struct ir_helper a64_h_fjcvtzs = { "a64_fjcvtzs", fjcvtzs, T_I64, 2, H_VCPU, 0, 0 };
