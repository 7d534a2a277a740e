/*
 * What the runner of cases.txt, the oracle of a guest and the part of a guest have in common.
 *
 * A case's code and data lie at these addresses in every guest.
 */
#ifndef TESTS_CASES_H
#define TESTS_CASES_H

#include <stdint.h>

enum {
	CASE_CODE = 0x30000000,     /* a page of instructions that stop; the case's begin at CASE_START */
	CASE_CODE_SIZE = 4096,
	CASE_START = 2048,
	CASE_DATA = 0x20000000,     /* the memory that a case may use */
	CASE_DATA_SIZE = 0x1000,
	CASE_MEM = 512,             /* bytes of it that have values, from its start */
	CASE_STACK = 0x28000000,
	CASE_MAX_CODE = 32,         /* bytes */
};

/* The 64-bit word at byte i of the data, before a case. */
static inline uint64_t case_memory(uint64_t i)
{
	return 0x8070605040302010 ^ i * 0x0103050709010305;
}

struct vcpu;

/* A register that is more, or other, than a slot. */
struct case_special {
	const char *name;
	uint64_t (*get)(struct vcpu *c);
	void (*set)(struct vcpu *c, uint64_t v);
};

/* What cases.c has to know of a guest besides its card. */
struct case_guest {
	const void *stop;                      /* the instruction that ends a case, with SIGTRAP at it */
	unsigned stop_size;
	const char *const *hidden;             /* slots that are not compared; ends with NULL */
	const struct case_special *special;    /* ends with a NULL name */
	void (*set_default)(struct vcpu *c);   /* registers, before the inputs: none is zero */
	/* Marks the rows of the instruction table that the code has. */
	void (*cover)(const uint8_t *code, unsigned size);
	/* Prints the rows without a case; how many these are. */
	unsigned (*list_uncovered)(void);
};
extern const struct case_guest case_guest;

#endif
