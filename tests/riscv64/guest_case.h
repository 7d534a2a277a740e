/* A case as oracle_guest.c reads and writes it; oracle.py and difftest/ make them. */
#ifndef TESTS_RISCV64_GUEST_CASE_H
#define TESTS_RISCV64_GUEST_CASE_H

#include "../cases/cases.h"

/* Of the guest whose cases these are: tools are compiled for each. */
#ifndef XLEN
#define XLEN 64
#endif

struct guest_case {
	uint64_t x[32];             /* x[0] is pc, as in the context; XLEN bits count */
	uint64_t f[32];
	uint32_t fcsr;
	uint32_t signal;            /* that ended it, 0: the break point after it */
	uint8_t mem[CASE_MEM];
	uint64_t size;
	uint8_t code[CASE_MAX_CODE];
};

#endif
