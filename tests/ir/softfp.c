/*
 * Holds translator/softfp.c against the host's floating-point unit: values and exceptions of random
 * operands in every rounding mode, flushing or not.
 *
 * The unit agrees with IEEE 754 and so must softfp, except where softfp follows the Arm manual
 * instead: which NaN comes out (checked in cases.txt), tininess before rounding (the unit: after),
 * and what a flushed result raises.  Those differences are taken out below, each by name.
 */
#include <immintrin.h>
#include <stdio.h>

#include "tests/ir/test.h"
#include "translator/softfp.h"

enum { MASKS = 0x1f80, FLUSH = 1 << 15 | 1 << 6 };
enum { ALL = FPEXC_INVALID | FPEXC_DIVZERO | FPEXC_OVERFLOW | FPEXC_UNDERFLOW | FPEXC_INEXACT };

static u64 seed = 88172645463325252ull;
static unsigned failures, checks;

static u64 rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* Random bits with exponents and fractions drawn towards the edges. */
static u64 operand(enum fp_format f)
{
	unsigned eb = f == FP16 ? 5 : f == FP32 ? 8 : 11, fb = f == FP16 ? 10 : f == FP32 ? 23 : 52;
	u64 r = rnd(), max = (1ull << eb) - 1, bias = max >> 1, e, frac, m = (1ull << fb) - 1;

	switch (r & 7) {
	case 0: e = r >> 8 & 1 ? 0 : max; break;
	case 1: e = 1 + (r >> 8 & 3); break;
	case 2: e = max - 1 - (r >> 8 & 3); break;
	case 3: case 4: case 5: e = bias + (r >> 8 & 63) - 32; break;
	default: e = r >> 8; break;
	}
	switch (r >> 3 & 7) {
	case 0: frac = 0; break;
	case 1: frac = m; break;
	case 2: frac = 1ull << (r >> 16) % fb; break;
	case 3: frac = m & ~(1ull << (r >> 16) % fb); break;
	case 4: frac = m << (r >> 16) % fb; break;
	default: frac = rnd(); break;
	}
	return (frac & m) | (e & max) << fb | (r >> 63) << (eb + fb);
}

enum op {
	ADD, SUB, MUL, DIV, SQRT, FMA, RINT,
	TO_OTHER, FROM_S64, TO_S64, TO_S32, TO_HALF, FROM_HALF, COMPARE, OPS
};
static const char *const op_name[] = {
	"add", "sub", "mul", "div", "sqrt", "fma", "rint",
	"to_other", "from_s64", "to_s64", "to_s32", "to_half", "from_half", "compare"
};

/* The same operation by the host; flags through *exc. */
__attribute__((target("fma,sse4.1,f16c"), noinline))
static u64 host32(enum op op, u32 control, u64 a, u64 b, u64 c, u32 *exc)
{
	__m128 x = _mm_castsi128_ps(_mm_cvtsi32_si128((int)a)),
	       y = _mm_castsi128_ps(_mm_cvtsi32_si128((int)b));
	__m128 z = _mm_castsi128_ps(_mm_cvtsi32_si128((int)c)), r = x;
	__m128i i = _mm_setzero_si128();
	u32 old = _mm_getcsr();
	u64 out = 0;
	bool is_int = true;

	_mm_setcsr(control);
	__asm__ volatile("" : "+x"(x), "+x"(y), "+x"(z), "+r"(a));
	switch (op) {
	case ADD: r = _mm_add_ss(x, y); is_int = false; break;
	case SUB: r = _mm_sub_ss(x, y); is_int = false; break;
	case MUL: r = _mm_mul_ss(x, y); is_int = false; break;
	case DIV: r = _mm_div_ss(x, y); is_int = false; break;
	case SQRT: r = _mm_sqrt_ss(x); is_int = false; break;
	case FMA: r = _mm_fmadd_ss(x, y, z); is_int = false; break;
	case RINT: r = _mm_round_ss(x, x, 4); is_int = false; break;
	case FROM_S64: r = _mm_cvtsi64_ss(_mm_setzero_ps(), (s64)a); is_int = false; break;
	case FROM_HALF:
		r = _mm_cvtph_ps(_mm_cvtsi32_si128((int)(a & 0xffff)));
		is_int = false;
		break;
	case TO_OTHER:
		out = (u64)_mm_cvtsi128_si64(_mm_castpd_si128(_mm_cvtss_sd(_mm_setzero_pd(), x)));
		break;
	case TO_S64: out = (u64)_mm_cvtss_si64(x); break;
	case TO_S32: out = (u32)_mm_cvtss_si32(x); break;
	case TO_HALF: i = _mm_cvtps_ph(x, 4); out = (u16)_mm_cvtsi128_si32(i); break;
	default:
		out = _mm_ucomilt_ss(x, y) ? FP_LESS : _mm_ucomigt_ss(x, y) ? FP_GREATER : FP_EQUAL;
		break;
	}
	__asm__ volatile("" : "+x"(r), "+r"(out));
	*exc = _mm_getcsr() & 63;
	_mm_setcsr(old);
	return is_int ? out : (u32)_mm_cvtsi128_si32(_mm_castps_si128(r));
}

__attribute__((target("fma,sse4.1"), noinline))
static u64 host64(enum op op, u32 control, u64 a, u64 b, u64 c, u32 *exc)
{
	__m128d x = _mm_castsi128_pd(_mm_cvtsi64_si128((s64)a)),
		y = _mm_castsi128_pd(_mm_cvtsi64_si128((s64)b));
	__m128d z = _mm_castsi128_pd(_mm_cvtsi64_si128((s64)c)), r = x;
	u32 old = _mm_getcsr();
	u64 out = 0;
	bool is_int = true;

	_mm_setcsr(control);
	__asm__ volatile("" : "+x"(x), "+x"(y), "+x"(z), "+r"(a));
	switch (op) {
	case ADD: r = _mm_add_sd(x, y); is_int = false; break;
	case SUB: r = _mm_sub_sd(x, y); is_int = false; break;
	case MUL: r = _mm_mul_sd(x, y); is_int = false; break;
	case DIV: r = _mm_div_sd(x, y); is_int = false; break;
	case SQRT: r = _mm_sqrt_sd(x, x); is_int = false; break;
	case FMA: r = _mm_fmadd_sd(x, y, z); is_int = false; break;
	case RINT: r = _mm_round_sd(x, x, 4); is_int = false; break;
	case FROM_S64: r = _mm_cvtsi64_sd(_mm_setzero_pd(), (s64)a); is_int = false; break;
	case TO_OTHER:
		out = (u32)_mm_cvtsi128_si32(_mm_castps_si128(_mm_cvtsd_ss(_mm_setzero_ps(), x)));
		break;
	case TO_S64: out = (u64)_mm_cvtsd_si64(x); break;
	case TO_S32: out = (u32)_mm_cvtsd_si32(x); break;
	default:
		out = _mm_ucomilt_sd(x, y) ? FP_LESS : _mm_ucomigt_sd(x, y) ? FP_GREATER : FP_EQUAL;
		break;
	}
	__asm__ volatile("" : "+x"(r), "+r"(out));
	*exc = _mm_getcsr() & 63;
	_mm_setcsr(old);
	return is_int ? out : (u64)_mm_cvtsi128_si64(_mm_castpd_si128(r));
}

static u64 soft(enum op op, struct fpsem *s, enum fp_format f, u64 a, u64 b, u64 c)
{
	switch (op) {
	case ADD: return fp_add(s, f, a, b);
	case SUB: return fp_sub(s, f, a, b);
	case MUL: return fp_mul(s, f, a, b);
	case DIV: return fp_div(s, f, a, b);
	case SQRT: return fp_sqrt(s, f, a);
	case FMA: return fp_fma(s, f, a, b, c);
	case RINT: return fp_rint(s, f, a, RND_CURRENT, true);
	case TO_OTHER: return fp_convert(s, f == FP32 ? FP64 : FP32, f, a);
	case FROM_S64: return fp_from_int(s, f, a, false, 0);
	case TO_S64: return fp_to_int(s, f, a, RND_CURRENT, false, 64, 0);
	case TO_S32: return fp_to_int(s, f, a, RND_CURRENT, false, 32, 0);
	case TO_HALF: return fp_convert(s, FP16, f, a);
	case FROM_HALF: return fp_convert(s, f, FP16, a);
	default: return fp_compare(s, f, a, b, false);
	}
}

static enum fp_format result_format(enum op op, enum fp_format f)
{
	return op == TO_HALF ? FP16 : op == TO_OTHER ? (f == FP32 ? FP64 : FP32) : f;
}

static bool nan_bits(enum fp_format f, u64 v)
{
	return f == FP16 ? (v & 0x7fff) > 0x7c00 : f == FP32 ? (v & 0x7fffffff) > 0x7f800000 :
	       (v << 1) > 0xffe0000000000000ull;
}

static bool smallest_normal(enum fp_format f, u64 v)
{
	switch (f) {
	case FP16: return (v & 0x7fff) == 0x400;
	case FP32: return (v & 0x7fffffff) == 0x800000;
	default: return v << 1 == 1ull << 53;
	}
}

static void check(enum op op, enum fp_format f, enum ir_round round, bool flush, u64 a, u64 b,
		  u64 c)
{
	static const u8 rc[] = { [RND_NEAREST] = 0, [RND_DOWN] = 1, [RND_UP] = 2, [RND_ZERO] = 3 };
	u32 control = MASKS | (u32)rc[round] << 13 | (flush ? FLUSH : 0), exc = 0, mask = ALL;
	struct fpsem s = fp_sem(round | (flush ? FPCTL_FLUSH : 0));
	u64 want =
		f == FP32 ? host32(op, control, a, b, c, &exc) : host64(op, control, a, b, c, &exc);
	u64 got = soft(op, &s, f, a, b, c);
	enum fp_format rf = result_format(op, f);
	bool to_int = op == TO_S64 || op == TO_S32;

	checks++;
	if (op == COMPARE) {
		/* ucomis cannot tell unordered from equal by these intrinsics */
		if (got == FP_UNORDERED)
			got = want = 0;
	} else if (to_int) {
		if (exc & FPEXC_INVALID)  /* the unit gives its "indefinite", softfp saturates */
			got = want = 0;
	} else {
		if (nan_bits(rf, want) && nan_bits(rf, got))
			got = want;
		if (smallest_normal(rf, want) || smallest_normal(rf, got)) {
			mask &= ~(u32)FPEXC_UNDERFLOW;
			if (flush)  /* tiny before rounding, so flushed */
				return;
		}
		if (flush && s.flags & FPEXC_UNDERFLOW)
			mask &= ~(u32)FPEXC_INEXACT;
		/* The unit's flush does not reach halves, its flag does. */
		if (op == TO_HALF && flush)
			mask &= ~(u32)FPEXC_UNDERFLOW;
		if (op == FMA)  /* infinity * 0 + quiet NaN: the unit does not raise invalid */
			mask &= nan_bits(f, c) ? ~(u32)FPEXC_INVALID : ~0u;
	}
	if (got == want && (s.flags & mask) == (exc & mask))
		return;
	if (failures++ < 20)
		printf("softfp: %s %s round %d flush %d: %llx %llx %llx: got %llx flags %x, host "
		       "%llx flags %x\n",
		       op_name[op], f == FP32 ? "f32" : "f64", round, flush, (unsigned long long)a,
		       (unsigned long long)b, (unsigned long long)c, (unsigned long long)got,
		       s.flags & mask, (unsigned long long)want, exc & mask);
}

void test_softfp(unsigned rounds)
{
	if (!__builtin_cpu_supports("fma") || !__builtin_cpu_supports("f16c")) {
		printf("softfp: skipped, the host has no FMA or F16C\n");
		return;
	}
	for (unsigned n = 0; n < rounds; n++)
		for (int op = 0; op < OPS; op++)
			for (enum fp_format f = FP32; f <= FP64; f++)
				for (int mode = 0; mode < 8; mode++) {
					u64 a = operand(op == FROM_HALF ? FP16 : f);

					if (f == FP64 && (op == TO_HALF || op == FROM_HALF))
						continue;
					if (op == FROM_S64)
						a = (u64)((s64)rnd() >> (rnd() & 63));
					check((enum op)op, f, (enum ir_round)(mode & 3), mode & 4,
					      a, operand(f), operand(f));
				}
	result(failures == 0, "softfp: %u of %u comparisons differ", failures, checks);
}
