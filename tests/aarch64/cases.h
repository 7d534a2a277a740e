/*
 * What the runner of cases.txt and the oracle have in common: addresses and a binary form of a
 * case.
 */
#ifndef TESTS_AARCH64_CASES_H
#define TESTS_AARCH64_CASES_H

#include <stdint.h>

enum {
	CASE_CODE = 0x30000000,     /* a page of BRK, the case's words at word CASE_START */
	CASE_CODE_WORDS = 1024,
	CASE_START = 512,
	CASE_DATA = 0x20000000,     /* the memory that a case may use; sp and x28 point into it */
	CASE_DATA_SIZE = 0x1000,
	CASE_MEM = 512,             /* bytes of it that have values, from its start */
	CASE_STACK = 0x28000000,
	CASE_MAX_WORDS = 8
};
#define CASE_BRK 0xd4200000u

struct case_state {
	uint64_t x[31];
	uint64_t sp, pc;
	uint32_t nzcv, fpcr, fpsr;
	uint32_t signal;            /* that ended it, 0: the BRK after it */
	uint8_t v[32][16] __attribute__((aligned(16)));
	uint8_t mem[CASE_MEM];
};

struct guest_case {
	struct case_state st;
	uint32_t nwords;
	uint32_t code[CASE_MAX_WORDS];
	uint32_t pad[3];
};

#endif
