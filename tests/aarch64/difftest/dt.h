/*
 * The file format between the parts of the random differential test.
 *
 * gen (host) writes a file of dt_seq; run (guest program, under any emulator or on real hardware)
 * executes each sequence from its state and writes one dt_state per sequence; cmp (host) compares
 * two such files.
 */
#ifndef DT_H
#define DT_H

#include <stdint.h>

enum {
	DT_CODE = 0x20000000,      /* guest address of the sequence file in memory */
	DT_SCRATCH = 0x10000000,   /* memory operands: 64 KiB and more on both sides of DT_BASE */
	DT_SCRATCH_SIZE = 0x28000,
	DT_BASE = DT_SCRATCH + 0x14000,
	DT_MAX_CODE = 31
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
	uint32_t ninsns;           /* instructions of interest */
	uint32_t uses_memory;
	uint32_t pad[6];
	uint32_t code[DT_MAX_CODE + 1];  /* ends with RET */
};

/* The scratch memory before a sequence that uses it. */
static inline void dt_fill(uint64_t *p)
{
	for (uint64_t i = 0; i < DT_SCRATCH_SIZE / 8; i++)
		p[i] = (i + 1) * 0x9e3779b97f4a7c15u ^ i << 40;
}

static inline uint64_t dt_hash(const uint64_t *p)
{
	uint64_t h = 0;

	for (uint64_t i = 0; i < DT_SCRATCH_SIZE / 8; i++)
		h = (h ^ p[i]) * 0x100000001b3u + (h >> 29);
	return h;
}

#endif
