/*
 * Software floating point.
 *
 * A finite number is unpacked to sign, exponent and a 64-bit significand with its top bit set;
 * exact intermediate results are 128 bits wide, with everything below pressed into a sticky bit;
 * one function rounds and packs for all formats and operations.
 *
 * Flushing and underflow follow the Arm manual (shared/functions/float: FPUnpack, FPRound):
 * tininess is detected before rounding, a flushed operand raises FPEXC_DENORMAL, a flushed result
 * FPEXC_UNDERFLOW alone.  Half precision has a flush bit of its own, for arithmetic: conversions
 * to and from it never flush it, and are called without.
 */
#include "translator/softfp.h"

#include "base/die.h"

struct format {
	int exp_bits, frac_bits, bias;
};

static const struct format formats[] = {
	[FP16] = { 5, 10, 15 },
	[FP32] = { 8, 23, 127 },
	[FP64] = { 11, 52, 1023 },
};

enum kind { ZERO, FINITE, INF, QNAN, SNAN };

/* FINITE: (-1)^sign * sig * 2^(exp - 63), bit 63 of sig set */
struct num {
	enum kind kind;
	bool sign;
	int exp;
	u64 sig;
	u64 raw;
};

static u64 exp_mask(const struct format *f)
{
	return ((1ull << f->exp_bits) - 1) << f->frac_bits;
}

static u64 frac_mask(const struct format *f)
{
	return (1ull << f->frac_bits) - 1;
}

static u64 sign_bit(const struct format *f)
{
	return 1ull << (f->exp_bits + f->frac_bits);
}

static u64 quiet_bit(const struct format *f)
{
	return 1ull << (f->frac_bits - 1);
}

static u64 zero_of(const struct format *f, bool sign)
{
	return sign ? sign_bit(f) : 0;
}

static u64 inf_of(const struct format *f, bool sign)
{
	return zero_of(f, sign) | exp_mask(f);
}

static u64 default_nan(const struct fpsem *s, const struct format *f)
{
	return inf_of(f, s->default_nan_negative) | quiet_bit(f);
}

static u64 invalid(struct fpsem *s, const struct format *f)
{
	s->flags |= FPEXC_INVALID;
	return default_nan(s, f);
}

struct fpsem fp_sem(u32 fpctl)
{
	return (struct fpsem){
		.round = fpctl & FPCTL_AWAY ? RND_AWAY : fpctl & FPCTL_ROUND,
		.flush = fpctl & FPCTL_FLUSH,
		.default_nan = fpctl & FPCTL_DEFAULT_NAN,
		.alt_half = fpctl & FPCTL_ALT_HALF,
		.nan_to_max = fpctl & FPCTL_NAN_TO_MAX,
		.prefer_number = fpctl & FPCTL_PREFER_NUMBER,
		.tiny_after = fpctl & FPCTL_TINY_AFTER,
	};
}

static struct num unpack(struct fpsem *s, enum fp_format fmt, u64 v)
{
	const struct format *f = &formats[fmt];
	int e = (int)((v & exp_mask(f)) >> f->frac_bits), lz;
	u64 frac = v & frac_mask(f);
	struct num n = { .sign = v & sign_bit(f), .raw = v };

	if (e == (1 << f->exp_bits) - 1 && !(fmt == FP16 && s->alt_half)) {
		n.kind = !frac ? INF : frac & quiet_bit(f) ? QNAN : SNAN;
		return n;
	}
	if (e == 0) {
		if (fmt == FP16) {
			frac = s->flush_half ? 0 : frac;
		} else if (frac && s->flush) {
			s->flags |= FPEXC_DENORMAL;
			frac = 0;
		}
		if (!frac) {
			n.kind = ZERO;
			return n;
		}
		e = 1;
	} else {
		frac |= 1ull << f->frac_bits;
	}
	lz = __builtin_clzll(frac);
	n.kind = FINITE;
	n.sig = frac << lz;
	n.exp = e - f->bias - f->frac_bits + 63 - lz;
	return n;
}

/*
 * Whether to add one to a truncated magnitude whose lost part is half (its top bit) and lower (any
 * other bit).
 */
static bool round_up(enum ir_round round, bool sign, bool odd, bool half, bool lower)
{
	switch (round) {
	case RND_NEAREST: return half && (lower || odd);
	case RND_AWAY: return half;
	case RND_UP: return !sign && (half || lower);
	case RND_DOWN: return sign && (half || lower);
	case RND_ZERO: return false;
	default: die("softfp: rounding mode %d", round);
	}
}

static u64 overflow(struct fpsem *s, enum fp_format fmt, bool sign)
{
	const struct format *f = &formats[fmt];
	bool to_inf = s->round == RND_NEAREST || s->round == RND_AWAY ||
		      s->round == (sign ? RND_DOWN : RND_UP);

	if (fmt == FP16 && s->alt_half) {
		s->flags |= FPEXC_INVALID;
		return zero_of(f, sign) | (sign_bit(f) - 1);
	}
	s->flags |= FPEXC_OVERFLOW | FPEXC_INEXACT;
	return to_inf ? inf_of(f, sign) : inf_of(f, sign) - 1;
}

/* Does sig become the next power of two when it is rounded to the format's precision? */
static bool rounds_to_power(const struct fpsem *s, const struct format *f, bool sign, u64 sig, bool sticky)
{
	int shift = 63 - f->frac_bits;
	u64 kept = sig >> shift, lost = sig << (64 - shift);

	kept += round_up(s->round, sign, kept & 1, lost >> 63, lost << 1 || sticky);
	return kept >> (f->frac_bits + 1);
}

/* Rounds sig * 2^(exp - 63) (bit 63 of sig set), plus a little more if sticky, and packs it. */
static u64 round_pack(struct fpsem *s, enum fp_format fmt, bool sign, int exp, u64 sig, bool sticky)
{
	const struct format *f = &formats[fmt];
	int max = (1 << f->exp_bits) - (fmt == FP16 && s->alt_half ? 0 : 1);
	int shift = 63 - f->frac_bits, biased = exp + f->bias;
	bool tiny = biased < 1, half, lower;
	u64 kept, lost, r;

	if (biased >= max)
		return overflow(s, fmt, sign);
	if (tiny) {
		if (fmt == FP16 ? s->flush_half : s->flush) {
			s->flags |= FPEXC_UNDERFLOW;
			return zero_of(f, sign);
		}
		shift += 1 - biased;
		biased = 0;
	}
	if (shift > 64) {
		kept = 0;
		half = false;
		lower = true;
	} else {
		kept = shift == 64 ? 0 : sig >> shift;
		lost = sig << (64 - shift);
		half = lost >> 63;
		lower = lost << 1 || sticky;
	}
	if (tiny && (half || lower) &&
	    !(s->tiny_after && exp == -f->bias && rounds_to_power(s, f, sign, sig, sticky)))
		s->flags |= FPEXC_UNDERFLOW;
	kept += round_up(s->round, sign, kept & 1, half, lower);
	/* A carry out of the fraction moves on into the exponent by itself. */
	r = tiny ? kept : ((u64)(biased - 1) << f->frac_bits) + kept;
	if (r >> f->frac_bits >= (u64)max)
		return overflow(s, fmt, sign);
	if (half || lower)
		s->flags |= FPEXC_INEXACT;
	return zero_of(f, sign) | r;
}

/* The same for v * 2^(exp - 127), v not 0. */
static u64 round_wide(struct fpsem *s, enum fp_format fmt, bool sign, int exp, u128 v)
{
	u64 high = (u64)(v >> 64);
	int lz = high ? __builtin_clzll(high) : 64 + __builtin_clzll((u64)v);

	v <<= lz;
	return round_pack(s, fmt, sign, exp - lz, (u64)(v >> 64), (u64)v != 0);
}

static bool is_nan(const struct num *n)
{
	return n->kind >= QNAN;
}

/* The result for operands of which at least one is a NaN, in the order of precedence. */
static u64 pick_nan(struct fpsem *s, enum fp_format fmt, const struct num *const *n, unsigned count)
{
	const struct format *f = &formats[fmt];
	const struct num *pick = NULL;

	for (unsigned i = 0; i < count; i++) {
		if (n[i]->kind != SNAN)
			continue;
		s->flags |= FPEXC_INVALID;
		if (!pick)
			pick = n[i];
	}
	for (unsigned i = 0; i < count && !pick; i++)
		if (n[i]->kind == QNAN)
			pick = n[i];
	BUG_ON(!pick);
	return s->default_nan ? default_nan(s, f) : pick->raw | quiet_bit(f);
}

static u64 nan1(struct fpsem *s, enum fp_format fmt, const struct num *a)
{
	const struct num *n[] = { a };

	return pick_nan(s, fmt, n, 1);
}

static u64 nan2(struct fpsem *s, enum fp_format fmt, const struct num *a, const struct num *b)
{
	const struct num *n[] = { a, b };

	return pick_nan(s, fmt, n, 2);
}

/* v >> n with the lost bits pressed into bit 0 */
static u128 shift_right_jam(u128 v, int n)
{
	if (n == 0)
		return v;
	if (n > 127)
		return v != 0;
	return v >> n | (v << (128 - n) != 0);
}

/*
 * The sum of two non-zero numbers va * 2^(ea - 127) and vb * 2^(eb - 127).  Both have zeros in
 * their lowest bits (at least 22: twice the 11 of a double), so that making room for the carry
 * loses nothing; and when alignment does lose bits, the exponents differ by so much that at most
 * one leading bit cancels.
 */
static u64 sum(struct fpsem *s, enum fp_format fmt, bool sa, int ea, u128 va, bool sb, int eb,
	       u128 vb)
{
	int e;
	u128 v;

	va >>= 1;
	vb >>= 1;
	e = MAX(ea, eb);
	va = shift_right_jam(va, e - ea);
	vb = shift_right_jam(vb, e - eb);
	if (sa == sb) {
		v = va + vb;
	} else if (va >= vb) {
		v = va - vb;
	} else {
		v = vb - va;
		sa = sb;
	}
	if (!v)
		return zero_of(&formats[fmt], s->round == RND_DOWN);
	return round_wide(s, fmt, sa, e + 1, v);
}

static u64 add(struct fpsem *s, enum fp_format fmt, u64 x, u64 y, bool negate_y)
{
	const struct format *f = &formats[fmt];
	struct num a = unpack(s, fmt, x), b = unpack(s, fmt, y);

	if (is_nan(&a) || is_nan(&b))
		return nan2(s, fmt, &a, &b);
	b.sign ^= negate_y;
	if (a.kind == INF || b.kind == INF) {
		if (a.kind == b.kind && a.sign != b.sign)
			return invalid(s, f);
		return inf_of(f, a.kind == INF ? a.sign : b.sign);
	}
	if (a.kind == ZERO && b.kind == ZERO)
		return zero_of(f, a.sign == b.sign ? a.sign : s->round == RND_DOWN);
	if (a.kind == ZERO)
		return round_pack(s, fmt, b.sign, b.exp, b.sig, false);
	if (b.kind == ZERO)
		return round_pack(s, fmt, a.sign, a.exp, a.sig, false);
	return sum(s, fmt, a.sign, a.exp, (u128)a.sig << 64, b.sign, b.exp, (u128)b.sig << 64);
}

u64 fp_add(struct fpsem *s, enum fp_format f, u64 a, u64 b)
{
	return add(s, f, a, b, false);
}

u64 fp_sub(struct fpsem *s, enum fp_format f, u64 a, u64 b)
{
	return add(s, f, a, b, true);
}

u64 fp_mul(struct fpsem *s, enum fp_format fmt, u64 x, u64 y)
{
	const struct format *f = &formats[fmt];
	struct num a = unpack(s, fmt, x), b = unpack(s, fmt, y);
	bool sign = a.sign != b.sign;

	if (is_nan(&a) || is_nan(&b))
		return nan2(s, fmt, &a, &b);
	if (a.kind == INF || b.kind == INF) {
		if (a.kind == ZERO || b.kind == ZERO)
			return invalid(s, f);
		return inf_of(f, sign);
	}
	if (a.kind == ZERO || b.kind == ZERO)
		return zero_of(f, sign);
	return round_wide(s, fmt, sign, a.exp + b.exp + 1, (u128)a.sig * b.sig);
}

u64 fp_div(struct fpsem *s, enum fp_format fmt, u64 x, u64 y)
{
	const struct format *f = &formats[fmt];
	struct num a = unpack(s, fmt, x), b = unpack(s, fmt, y);
	bool sign = a.sign != b.sign;
	u128 n, q;

	if (is_nan(&a) || is_nan(&b))
		return nan2(s, fmt, &a, &b);
	if (a.kind == INF)
		return b.kind == INF ? invalid(s, f) : inf_of(f, sign);
	if (b.kind == INF)
		return zero_of(f, sign);
	if (b.kind == ZERO) {
		if (a.kind == ZERO)
			return invalid(s, f);
		s->flags |= FPEXC_DIVZERO;
		return inf_of(f, sign);
	}
	if (a.kind == ZERO)
		return zero_of(f, sign);
	n = (u128)a.sig << 63;
	q = n / b.sig;
	q = q << 1 | (n % b.sig != 0);
	return round_wide(s, fmt, sign, a.exp - b.exp + 63, q);
}

static u64 isqrt(u128 v)
{
	u64 root = 0;

	for (int i = 63; i >= 0; i--) {
		u64 try = root | 1ull << i;

		if ((u128)try * try <= v)
			root = try;
	}
	return root;
}

u64 fp_sqrt(struct fpsem *s, enum fp_format fmt, u64 x)
{
	const struct format *f = &formats[fmt];
	struct num a = unpack(s, fmt, x);
	u64 root;
	u128 v;
	int k;

	if (is_nan(&a))
		return nan1(s, fmt, &a);
	if (a.kind == ZERO)
		return zero_of(f, a.sign);
	if (a.sign)
		return invalid(s, f);
	if (a.kind == INF)
		return inf_of(f, false);
	/* a = v * 2^k with k even */
	v = (u128)a.sig << (a.exp & 1 ? 64 : 63);
	k = a.exp - (a.exp & 1 ? 127 : 126);
	root = isqrt(v);
	return round_wide(s, fmt, false, k / 2 + 126, (u128)root << 1 | ((u128)root * root != v));
}

u64 fp_fma(struct fpsem *s, enum fp_format fmt, u64 x, u64 y, u64 z)
{
	const struct format *f = &formats[fmt];
	struct num c = unpack(s, fmt, z), a = unpack(s, fmt, x), b = unpack(s, fmt, y);
	const struct num *const order[] = { &c, &a, &b };
	bool sign = a.sign != b.sign;
	bool inf_zero = (a.kind == INF && b.kind == ZERO) || (a.kind == ZERO && b.kind == INF);

	if (is_nan(&a) || is_nan(&b) || is_nan(&c)) {
		u64 r = pick_nan(s, fmt, order, 3);

		return c.kind == QNAN && inf_zero ? invalid(s, f) : r;
	}
	if (inf_zero)
		return invalid(s, f);
	if (a.kind == INF || b.kind == INF)
		return c.kind == INF && c.sign != sign ? invalid(s, f) : inf_of(f, sign);
	if (c.kind == INF)
		return inf_of(f, c.sign);
	if (a.kind == ZERO || b.kind == ZERO) {
		if (c.kind == ZERO)
			return zero_of(f, sign == c.sign ? sign : s->round == RND_DOWN);
		return round_pack(s, fmt, c.sign, c.exp, c.sig, false);
	}
	if (c.kind == ZERO)
		return round_wide(s, fmt, sign, a.exp + b.exp + 1, (u128)a.sig * b.sig);
	return sum(s, fmt, sign, a.exp + b.exp + 1, (u128)a.sig * b.sig, c.sign, c.exp,
		   (u128)c.sig << 64);
}

u64 fp_neg(enum fp_format fmt, u64 a)
{
	return a ^ sign_bit(&formats[fmt]);
}

u64 fp_abs(enum fp_format fmt, u64 a)
{
	return a & ~sign_bit(&formats[fmt]);
}

static enum fp_order order_of(const struct num *a, const struct num *b)
{
	bool less;

	if (a->kind == ZERO && b->kind == ZERO)
		return FP_EQUAL;
	if (a->kind == ZERO)
		return b->sign ? FP_GREATER : FP_LESS;
	if (b->kind == ZERO || a->sign != b->sign)
		return a->sign ? FP_LESS : FP_GREATER;
	if (a->kind == INF || b->kind == INF) {
		if (a->kind == b->kind)
			return FP_EQUAL;
		less = b->kind == INF;
	} else {
		if (a->exp == b->exp && a->sig == b->sig)
			return FP_EQUAL;
		less = a->exp != b->exp ? a->exp < b->exp : a->sig < b->sig;
	}
	return less != a->sign ? FP_LESS : FP_GREATER;
}

enum fp_order fp_compare(struct fpsem *s, enum fp_format f, u64 x, u64 y, bool signal_quiet)
{
	struct num a = unpack(s, f, x), b = unpack(s, f, y);

	if (!is_nan(&a) && !is_nan(&b))
		return order_of(&a, &b);
	if (signal_quiet || a.kind == SNAN || b.kind == SNAN)
		s->flags |= FPEXC_INVALID;
	return FP_UNORDERED;
}

static u64 pick(struct fpsem *s, enum fp_format fmt, u64 x, u64 y, bool want_min)
{
	const struct format *f = &formats[fmt];
	struct num a = unpack(s, fmt, x), b = unpack(s, fmt, y);
	const struct num *r;

	if (is_nan(&a) || is_nan(&b))
		return nan2(s, fmt, &a, &b);
	if (a.kind == ZERO && b.kind == ZERO)
		return zero_of(f, want_min ? a.sign || b.sign : a.sign && b.sign);
	r = (order_of(&a, &b) == FP_LESS) == want_min ? &a : &b;
	return r->kind == ZERO ? zero_of(f, r->sign) : r->raw;
}

u64 fp_min(struct fpsem *s, enum fp_format f, u64 a, u64 b)
{
	return pick(s, f, a, b, true);
}

u64 fp_max(struct fpsem *s, enum fp_format f, u64 a, u64 b)
{
	return pick(s, f, a, b, false);
}

static u64 pick_number(struct fpsem *s, enum fp_format fmt, u64 x, u64 y, bool want_min)
{
	struct fpsem quiet = *s;
	enum kind a = unpack(&quiet, fmt, x).kind, b = unpack(&quiet, fmt, y).kind;
	u64 neutral = inf_of(&formats[fmt], !want_min);

	if (s->prefer_number && (a >= QNAN) != (b >= QNAN)) {
		if (a == SNAN || b == SNAN)
			s->flags |= FPEXC_INVALID;
		a = MIN(a, QNAN);
		b = MIN(b, QNAN);
	}
	if (a == QNAN && b != QNAN)
		x = neutral;
	else if (b == QNAN && a != QNAN)
		y = neutral;
	return pick(s, fmt, x, y, want_min);
}

u64 fp_minnm(struct fpsem *s, enum fp_format f, u64 a, u64 b)
{
	return pick_number(s, f, a, b, true);
}

u64 fp_maxnm(struct fpsem *s, enum fp_format f, u64 a, u64 b)
{
	return pick_number(s, f, a, b, false);
}

/*
 * The magnitude of sig * 2^(exp - 63), exp < 64, as an integer; *inexact if that changed it.  May
 * need 65 bits: then 0.
 */
static u64 to_integer(enum ir_round round, bool sign, int exp, u64 sig, bool *inexact)
{
	u64 kept = exp < 0 ? 0 : sig >> (63 - exp);
	u64 lost = exp == 63 ? 0 : exp >= 0 ? sig << (exp + 1) : exp == -1 ? sig : 1;

	*inexact = lost != 0;
	return kept + round_up(round, sign, kept & 1, lost >> 63, lost << 1 != 0);
}

u64 fp_rint(struct fpsem *s, enum fp_format fmt, u64 x, enum ir_round round, bool exact)
{
	const struct format *f = &formats[fmt];
	struct num a = unpack(s, fmt, x);
	bool inexact;
	u64 v;
	int lz;

	if (is_nan(&a))
		return nan1(s, fmt, &a);
	if (a.kind == INF)
		return x;
	if (a.kind == ZERO)
		return zero_of(f, a.sign);
	if (a.exp >= f->frac_bits)
		return x;
	v = to_integer(round == RND_CURRENT ? s->round : round, a.sign, a.exp, a.sig, &inexact);
	if (inexact && exact)
		s->flags |= FPEXC_INEXACT;
	if (!v)
		return zero_of(f, a.sign);
	lz = __builtin_clzll(v);
	return round_pack(s, fmt, a.sign, 63 - lz, v << lz, false);
}

static u64 convert_nan(struct fpsem *s, enum fp_format to, enum fp_format from, const struct num *a)
{
	const struct format *t = &formats[to], *f = &formats[from];
	u64 payload = a->raw & frac_mask(f);

	if (a->kind == SNAN)
		s->flags |= FPEXC_INVALID;
	if (to == FP16 && s->alt_half) {
		s->flags |= FPEXC_INVALID;
		return zero_of(t, a->sign);
	}
	if (s->default_nan)
		return default_nan(s, t);
	if (t->frac_bits >= f->frac_bits)
		payload <<= t->frac_bits - f->frac_bits;
	else
		payload >>= f->frac_bits - t->frac_bits;
	return inf_of(t, a->sign) | quiet_bit(t) | payload;
}

u64 fp_convert(struct fpsem *s, enum fp_format to, enum fp_format from, u64 x)
{
	const struct format *t = &formats[to];
	struct num a = unpack(s, from, x);

	switch (a.kind) {
	case QNAN:
	case SNAN:
		return convert_nan(s, to, from, &a);
	case INF:
		return to == FP16 && s->alt_half ? overflow(s, to, a.sign) : inf_of(t, a.sign);
	case ZERO:
		return zero_of(t, a.sign);
	default:
		return round_pack(s, to, a.sign, a.exp, a.sig, false);
	}
}

u64 fp_unpack(enum fp_format to, enum fp_format from, u64 x)
{
	const struct format *t = &formats[to], *f = &formats[from];
	struct fpsem plain = { .round = RND_NEAREST };
	struct num a = unpack(&plain, from, x);

	if (is_nan(&a))
		return inf_of(t, a.sign) | (a.raw & frac_mask(f)) << (t->frac_bits - f->frac_bits);
	return fp_convert(&plain, to, from, x);
}

u64 fp_from_int(struct fpsem *s, enum fp_format f, u64 v, bool is_unsigned, unsigned fraction)
{
	bool sign = !is_unsigned && (s64)v < 0;
	int lz;

	if (!v)
		return 0;
	if (sign)
		v = -v;
	lz = __builtin_clzll(v);
	return round_pack(s, f, sign, 63 - lz - (int)fraction, v << lz, false);
}

u64 fp_to_int(struct fpsem *s, enum fp_format f, u64 x, enum ir_round round, bool is_unsigned,
	      unsigned width, unsigned fraction)
{
	struct num a = unpack(s, f, x);
	u64 mask = ~0ull >> (64 - width), limit, v = 0;
	bool inexact = false, too_big = a.kind == INF;

	if (is_nan(&a)) {
		s->flags |= FPEXC_INVALID;
		return !s->nan_to_max ? 0 : is_unsigned ? mask : mask >> 1;
	}
	if (a.kind == ZERO)
		return 0;
	if (is_unsigned)
		limit = a.sign ? 0 : mask;
	else
		limit = (mask >> 1) + a.sign;
	if (a.kind == FINITE) {
		a.exp += (int)fraction;
		too_big = a.exp > 63;
		if (!too_big)
			v = to_integer(round == RND_CURRENT ? s->round : round, a.sign, a.exp,
				       a.sig, &inexact);
	}
	if (too_big || v > limit) {
		s->flags |= FPEXC_INVALID;
		v = limit;
	} else if (inexact) {
		s->flags |= FPEXC_INEXACT;
	}
	return (a.sign ? -v : v) & mask;
}
