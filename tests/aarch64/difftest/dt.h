/*
 * The file format between the parts of the random differential test.
 *
 * gen (host) writes a file of dt_seq; run (guest program, under any emulator or on real hardware)
 * executes each sequence from its state and writes one dt_state per sequence; cmp (host) compares
 * two such files.
 *
 * A sequence is made of units: the instruction that is tested and the words it needs around it (a
 * base register, a branch's target).  Whatever a unit begins it ends, so that a sequence cut off
 * behind any unit is a sequence too: this is how cmp finds the unit that made a difference.
 */
#ifndef DT_H
#define DT_H

#include <stdint.h>

/* Where nothing else is: heaps of static programs begin up to 1 GiB above the image. */
#define DT_CODE     0x700000000    /* guest address of the sequence file in memory */
#define DT_SCRATCH  0x600000000    /* memory operands: 64 KiB and more on both sides of DT_BASE */
#define DT_BASE     (DT_SCRATCH + 0x14000)

enum {
	DT_SCRATCH_SIZE = 0x28000,
	DT_NEAR = 0x1800,          /* most sequences keep to so many bytes from DT_BASE - 0x800 on */
	DT_MAX_CODE = 63,
	DT_RET = (int)0xd65f03c0   /* the last word of every sequence */
};

enum dt_memory {
	DT_NONE,
	DT_ONLY_NEAR,
	DT_ALL
};

struct dt_state {
	uint64_t x[28];            /* x28 is the base of memory operands, x29 its copy, x30 the way back */
	uint32_t nzcv, fpcr, fpsr; /* nzcv in bits 31..28 as in the system register */
	uint32_t fault;            /* signal number, 0: none */
	uint64_t memory;           /* hash of the scratch memory */
	uint64_t x28;
	uint8_t v[32][16];
};

struct dt_seq {
	struct dt_state in;
	uint32_t nunits;
	uint32_t memory;           /* enum dt_memory */
	uint64_t ends;             /* bit i: a unit ends with code[i] */
	uint64_t tested;           /* bit i: code[i] is the instruction that a unit is about */
	uint32_t origin, part;     /* what cmp cut it from: sequence of the file before, units kept */
	uint64_t only_flags;       /* cmp: the whole sequence faults, and only NZCV is different then */
	uint32_t code[DT_MAX_CODE + 1];
};

/* The scratch memory that a sequence uses: words from *first on. */
static inline uint64_t dt_words(const struct dt_seq *q, uint64_t *first)
{
	*first = q->memory == DT_ALL ? 0 : (DT_BASE - 0x800 - DT_SCRATCH) / 8;
	return q->memory == DT_ALL ? DT_SCRATCH_SIZE / 8 : q->memory ? DT_NEAR / 8 : 0;
}

static inline void dt_fill(uint64_t *p, uint64_t first, uint64_t n)
{
	for (uint64_t i = first; i < first + n; i++)
		p[i] = (i + 1) * 0x9e3779b97f4a7c15u ^ i << 40;
}

static inline uint64_t dt_hash(const uint64_t *p, uint64_t first, uint64_t n)
{
	uint64_t h = 0;

	for (uint64_t i = first; i < first + n; i++)
		h = (h ^ p[i]) * 0x100000001b3u + (h >> 29);
	return h;
}

#endif
