/*
 * The program that both interpreters run: nested counting with a little arithmetic, in a
 * register machine of eight registers.  Each step is {operation, a, b, c}.
 */
#ifndef INTERP_H
#define INTERP_H

#include "bench.h"

enum { OP_SET, OP_ADD, OP_SUB, OP_XOR, OP_MUL, OP_SHIFT, OP_LOAD, OP_STORE, OP_JUMP_LESS, OP_END };

struct step {
	uint8_t op, a, b, c;
};

static const struct step program[] = {
	{ OP_SET, 1, 0, 0 },		/* 0: outer counter */
	{ OP_SET, 2, 0, 0 },		/* 1: inner counter */
	{ OP_ADD, 3, 3, 2 },		/* 2 */
	{ OP_XOR, 3, 3, 1 },		/* 3 */
	{ OP_MUL, 4, 3, 6 },		/* 4 */
	{ OP_SHIFT, 5, 4, 3 },		/* 5 */
	{ OP_STORE, 5, 2, 0 },		/* 6 */
	{ OP_LOAD, 5, 1, 0 },		/* 7 */
	{ OP_SUB, 3, 3, 5 },		/* 8 */
	{ OP_ADD, 2, 2, 7 },		/* 9 */
	{ OP_JUMP_LESS, 2, 6, 2 },	/* 10 */
	{ OP_ADD, 1, 1, 7 },		/* 11 */
	{ OP_JUMP_LESS, 1, 0, 1 },	/* 12 */
	{ OP_END, 3, 0, 0 },		/* 13 */
};

static uint64_t cells[256];

#endif
