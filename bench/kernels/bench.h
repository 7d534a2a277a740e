/*
 * What every kernel of the benchmark shares.
 *
 * A kernel is one program: the time that counts is that of the process, since that is what a
 * user waits for.  It takes its amount of work as an argument, so that one list scales all of
 * them, and prints a checksum, so that a fast wrong answer is noticed: the driver compares it
 * with that of the native run.
 */
#ifndef BENCH_H
#define BENCH_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The amount of work: the first argument, or 1. */
static inline long work(int argc, char **argv)
{
	return argc > 1 ? atol(argv[1]) : 1;
}

static inline int report(uint64_t sum)
{
	printf("%016" PRIx64 "\n", sum);
	return 0;
}

/*
 * Six digits: compilers may contract a*b+c to one rounding on machines that have it, and the
 * native build of the same source does not.
 */
static inline int report_real(double value)
{
	printf("%.6g\n", value);
	return 0;
}

/* A generator that is the same everywhere (xorshift64). */
static inline uint64_t next_random(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return *state = x;
}

#endif
