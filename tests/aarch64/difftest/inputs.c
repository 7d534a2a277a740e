/*
 * Random inputs for the differential test.
 *
 * Even random bits hardly ever make a zero, an infinity, a tie or an overflow, and those are where an
 * implementation goes wrong.  So a register is filled with elements of one size of one of three kinds:
 * random bits; numbers of moderate or extreme size, with mantissas that make ties; special values
 * of the three floating-point formats, and integers next to powers of two.
 */
#include <string.h>

#include "tests/aarch64/difftest/gen.h"

#define PICK(a) a[rnd() % (sizeof a / sizeof a[0])]

static uint64_t special(unsigned bits)
{
	static const uint64_t f16[] = {
		0, 0x8000, 0x3c00, 0xbc00, 0x7c00, 0xfc00, 0x7e00, 0x7d01, 0xfe12, 0xfc34, 1, 0x03ff, 0x0400,
		0x7bff, 0x3800, 0xc000, 0x3e00, 0x0200, 0x8001, 0x83ff, 0x7fff, 0x7c01, 0x1001
	};
	static const uint64_t f32[] = {
		0, 0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000, 0x7fc00000, 0x7fa00001,
		0xffc00012, 0xff800034, 1, 0x007fffff, 0x00800000, 0x7f7fffff, 0x3f000000, 0xc0000000,
		0x3fc00000, 0x4f000000, 0xcf000000, 0x5f000000, 0xdf000000, 0x4f800000, 0x477fe000,
		0x38800000, 0x33000000, 0x80000001, 0x477ff000, 0x47800000, 0x807fffff, 0x7f7f8000,
		0x00ffffff, 0x337fffff, 0x387fe000
	};
	static const uint64_t f64[] = {
		0, 1ull << 63, 0x3ff0000000000000, 0xbff0000000000000, 0x7ff0000000000000,
		0xfff0000000000000, 0x7ff8000000000000, 0x7ff4000000000001, 0xfff8000000000012,
		0xfff0000000000034, 1, 0x000fffffffffffff, 0x0010000000000000, 0x7fefffffffffffff,
		0x3fe0000000000000, 0xc000000000000000, 0x3ff8000000000000, 0x41e0000000000000,
		0xc1e0000000000000, 0x43e0000000000000, 0xc3e0000000000000, 0x43f0000000000000,
		0x47efffffe0000000, 0x3810000000000000, 0x3690000000000000, 0x8000000000000001,
		0x40effc0000000000, 0x800fffffffffffff, 0x47effffff0000000, 0x380fffffe0000000,
		0x3e60000000000000, 0x40effe0000000000
	};
	uint64_t m = bits == 64 ? ~0ull : (1ull << bits) - 1;

	switch (rnd() % 6) {
	case 0:
		return rnd() & m;
	case 1:   /* next to a power of two */
		return ((1ull << rnd() % bits) + rnd() % 3 - 1) & m;
	case 2:   /* next to the largest and the smallest signed number */
		return ((rnd() % 2 ? m >> 1 : m / 2 + 1) + rnd() % 3 - 1) & m;
	case 3:
		return (rnd() % 40 - 20) & m;
	default:
		if (bits == 16)
			return PICK(f16);
		if (bits == 32)
			return PICK(f32);
		return bits == 64 ? PICK(f64) : rnd() & m;
	}
}

/* `width` bits: random; few; or a run of ones and then one more bit, which is where roundings tie. */
static uint64_t mantissa(unsigned width)
{
	uint64_t m = (1ull << width) - 1;
	unsigned n = rnd() % width;

	switch (rnd() % 4) {
	case 0:
		return rnd() & m;
	case 1:
		return rnd() << n & m;
	case 2:
		return (m << n & m) ^ (rnd() % 2 && n ? 1ull << (n - 1) : 0);
	default:
		return (rnd() << n & m) ^ (n ? 1ull << (n - 1) : 0);
	}
}

/* A number whose exponent is moderate, next to one end of the range, or of the next smaller format's. */
static uint64_t number(unsigned bits)
{
	unsigned width = bits == 16 ? 10 : bits == 32 ? 23 : 52, ebits = bits - 1 - width;
	int bias = (1 << (ebits - 1)) - 1, e;

	switch (rnd() % 8) {
	case 0:
		e = rnd() % (width + 4);
		break;
	case 1:
		e = 2 * bias + 1 - rnd() % (width + 4);
		break;
	case 2:   /* where products and squares leave the range */
		e = bias + (rnd() % 2 ? bias : -bias) / 2 + (int)(rnd() % 32) - 16;
		break;
	case 3:
		e = bits == 64 ? bias + (rnd() % 2 ? 127 : -127) + (int)(rnd() % 60) - 30 :
				 bias + (rnd() % 2 ? 15 : -15) + (int)(rnd() % 30) - 15;
		break;
	case 4: case 5:
		e = bias + (int)(rnd() % 8) - 4;
		break;
	default:
		e = bias + (int)(rnd() % 80) - 40;
	}
	if (e < 0 || e > 2 * bias)
		e = rnd() % (2 * bias + 1);
	return (rnd() & 1) << (bits - 1) | (uint64_t)e << width | mantissa(width);
}

static void fill_vector(uint8_t *v)
{
	unsigned bytes = 1u << rnd() % 4, kind = rnd() % 4;

	for (unsigned i = 0; i < 16; i += bytes) {
		uint64_t x = kind == 0 ? rnd() :
			     kind == 1 && bytes > 1 ? number(bytes * 8) : special(bytes * 8);

		memcpy(v + i, &x, bytes);
	}
}

uint32_t random_fpcr(void)
{
	uint32_t v = (rnd() & 3) << 22;

	for (unsigned bit = 24; bit <= 26; bit++)    /* FZ, DN, AHP */
		v |= (uint32_t)(rnd() % 4 == 0) << bit;
	return v | (uint32_t)(rnd() % 4 == 0) << 19; /* FZ16 */
}

void random_state(struct dt_state *s)
{
	for (unsigned i = 0; i < 28; i++) {
		switch (rnd() % 4) {
		case 0:
			s->x[i] = rnd();
			break;
		case 1:
			s->x[i] = special(64);
			break;
		case 2:
			s->x[i] = special(32);
			break;
		default:
			s->x[i] = rnd() % 2 ? number(64) : number(32);
		}
	}
	s->x28 = DT_BASE;
	s->nzcv = rnd() & 0xf0000000;
	s->fpcr = rnd() % 3 == 0 ? 0 : random_fpcr();
	s->fpsr = rnd() % 2 ? 0 : rnd() & 0x0800009f;
	for (unsigned i = 0; i < 32; i++) {
		if (i > 4 && rnd() % 8 == 0)
			memcpy(s->v[i], s->v[rnd() % i], 16);
		else
			fill_vector(s->v[i]);
	}
}
