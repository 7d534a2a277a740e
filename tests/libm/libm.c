/*
 * A C library's mathematical functions on many arguments: libm COUNT [FUNCTION]
 *
 * Prints, for each function and type, a hash of all results' bits and of the exceptions raised; with
 * FUNCTION (expf, say) one hash for each thousand arguments, to find the first that differs.  The same
 * binary is run under the emulator and under an oracle.
 *
 * Functions of libraries are long chains of multiplications and additions in every rounding mode they ask
 * for, so each result depends on hundreds of exact ones.  Half of the arguments are random bits, the
 * others of moderate size, where functions have most of their cases.
 */
#define _GNU_SOURCE
#include <fenv.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state;

/* splitmix64 */
static uint64_t rnd(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static double random_double(void)
{
	uint64_t v = rnd();
	double d;

	if (rnd() % 2)
		v = (v & 0x800fffffffffffff) | (uint64_t)(1023 - 12 + rnd() % 24) << 52;
	memcpy(&d, &v, sizeof d);
	return d;
}

static float random_float(void)
{
	uint32_t v = rnd();
	float f;

	if (rnd() % 2)
		v = (v & 0x807fffff) | (uint32_t)(127 - 12 + rnd() % 20) << 23;
	memcpy(&f, &v, sizeof f);
	return f;
}

/* One result: its bits. */
#define DOUBLE(name, ...) \
	static uint64_t do_##name(void) \
	{ \
		double a = random_double(), b = random_double(), c = random_double(), r; \
		uint64_t v; \
		(void)b, (void)c; \
		r = name(__VA_ARGS__); \
		memcpy(&v, &r, sizeof v); \
		return v; \
	}
#define FLOAT(name, ...) \
	static uint64_t do_##name(void) \
	{ \
		float a = random_float(), b = random_float(), c = random_float(), r; \
		uint32_t v; \
		(void)b, (void)c; \
		r = name(__VA_ARGS__); \
		memcpy(&v, &r, sizeof v); \
		return v; \
	}
#define BOTH(name, ...) DOUBLE(name, __VA_ARGS__) FLOAT(name##f, __VA_ARGS__)

BOTH(exp, a)
BOTH(log, a)
BOTH(sin, a)
BOTH(cos, a)
BOTH(tan, a)
BOTH(pow, a, b)
BOTH(atan2, a, b)
BOTH(cbrt, a)
BOTH(fma, a, b, c)
BOTH(sqrt, a)

static const struct {
	const char *name;
	uint64_t (*call)(void);
} functions[] = {
#define ROWS(name) { #name, do_##name }, { #name "f", do_##name##f },
	ROWS(exp) ROWS(log) ROWS(sin) ROWS(cos) ROWS(tan) ROWS(pow) ROWS(atan2) ROWS(cbrt) ROWS(fma) ROWS(sqrt)
};

int main(int argc, char **argv)
{
	unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 0) : 1000;
	const char *only = argc > 2 ? argv[2] : NULL;

	for (unsigned f = 0; f < sizeof functions / sizeof *functions; f++) {
		uint64_t hash = 0;

		if (only && strcmp(only, functions[f].name))
			continue;
		state = f;
		for (unsigned long i = 1; i <= count; i++) {
			hash = (hash ^ functions[f].call()) * 0x100000001b3 + (hash >> 29);
			if (i % 1000 && i != count)
				continue;
			hash = (hash ^ (unsigned)fetestexcept(FE_ALL_EXCEPT)) * 0x100000001b3;
			feclearexcept(FE_ALL_EXCEPT);
			if (only)
				printf("%s %lu %016llx\n", only, i, (unsigned long long)hash);
		}
		printf("%s %016llx\n", functions[f].name, (unsigned long long)hash);
	}
	return 0;
}
