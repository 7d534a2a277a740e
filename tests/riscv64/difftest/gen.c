/*
 * Makes random sequences of instructions and states for the differential test.
 *
 * 	gen [-s SEED] [-n COUNT] [-l LENGTH] [-i TEXT]... [-x TEXT]... FILE
 * 	gen -L [-i TEXT]... [-x TEXT]...	lists the rows instead
 *
 * COUNT cases (struct guest_case) of up to LENGTH instructions.  A row of the instruction table takes
 * part if its name, group, handler or feature contains one of the -i texts (all rows if there is
 * none) and none of the -x texts.  Rows are drawn evenly, so that a rare form is met as often as a
 * common one.
 *
 * Memory operands fall into the case's data: the base is x8, or x2 where the instruction says so, and
 * no instruction of a sequence writes x8. What the oracle does otherwise for good reasons stays out,
 * see row_testable().
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "frontends/riscv/decode.h"
#include "tests/riscv64/guest_case.h"

#if XLEN == 64
#define DECODE rv64_decode
enum { VARIANT = rv_VARIANT_rv64 };
#else
#define DECODE rv32_decode
enum { VARIANT = rv_VARIANT_rv32 };
#endif

enum { SP = 2, BASE = 8, BASE_AT = 128, SP_AT = 256, C_EBREAK = 0x9002 };

static uint64_t seed = 1;
static const char *with[32], *without[32];
static unsigned nwith, nwithout;

static uint64_t rnd(void)
{
	uint64_t z = seed += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* --- rows --- */

static bool row_has(const struct insn_row *r, const char *text)
{
	return strstr(r->name, text) || strstr(r->group, text) || strstr(r->handler, text) ||
	       (r->feature && strstr(r->feature, text));
}

static bool row_testable(const struct insn_row *r)
{
	if (!r->handler || !(r->variants & VARIANT) || r->attrs & rv_ATTR_branch)
		return false;
	/* Cleaning and flushing are Linux's to allow, and the oracle's user mode does not. */
	if (!strncmp(r->name, "CBO_", 4))
		return false;
	/* A reservation outlives the case in the oracle: SC only follows its LR. */
	return strncmp(r->name, "SC_", 3) != 0;
}

static bool wanted(const struct insn_row *r)
{
	bool yes = nwith == 0;

	if (!row_testable(r))
		return false;
	for (unsigned i = 0; i < nwith; i++)
		yes |= row_has(r, with[i]);
	for (unsigned i = 0; i < nwithout; i++)
		yes &= !row_has(r, without[i]);
	return yes;
}

/* --- inputs --- */

static uint64_t integer(void)
{
	switch (rnd() % 6) {
	case 0:
		return rnd();
	case 1:   /* next to a power of two */
		return (1ull << rnd() % 64) + rnd() % 3 - 1;
	case 2:
		return (rnd() % 2 ? ~0ull >> 1 : 0x7fffffff) + rnd() % 3;
	case 3:
		return rnd() % 40 - 20;
	case 4:
		return rnd() | 0xffffffffull << 32;
	default:
		return rnd() >> rnd() % 64;
	}
}

/* A number in the format: mostly of moderate size, so that arithmetic has something to do. */
static uint64_t number(unsigned exponent, unsigned fraction)
{
	uint64_t bias = (1ull << (exponent - 1)) - 1, top = 2 * bias + 1, e = bias - 8 + rnd() % 17;
	uint64_t m = rnd() & ((1ull << fraction) - 1), quiet = 1ull << (fraction - 1);
	uint64_t sign = (rnd() & 1) << (exponent + fraction);

	if (rnd() % 2)
		m &= 7ull << (fraction - 3);
	switch (rnd() % 10) {
	case 0:    /* infinities and NaNs */
		return sign | top << fraction | (rnd() % 3 ? rnd() % 2 * quiet | rnd() % 3 : 0);
	case 1:    /* zeros and denormals */
		return sign | (rnd() % 2 ? m : rnd() % 2);
	case 2:    /* anything */
		return sign | rnd() % top << fraction | m;
	case 3:    /* the ends of the range, and where integers end */
		e = rnd() % 3 ? 1 + rnd() % 3 : top - 1;
		return sign | (rnd() % 2 ? e : bias + 14 + rnd() % 54) % top << fraction | m;
	default:
		return sign | e << fraction | m;
	}
}

/* An f register: one format, boxed (now and then badly). */
static uint64_t float_register(void)
{
	unsigned bad = rnd() % 16 == 0;

	switch (rnd() % 3) {
	case 0:
		return number(8, 23) | (bad ? rnd() << 32 : 0xffffffffull << 32);
	case 1:
		return number(5, 10) | (bad ? rnd() << 16 : ~0ull << 16);
	default:
		return number(11, 52);
	}
}

static void random_state(struct guest_case *q)
{
	q->x[0] = CASE_CODE + CASE_START;
	for (unsigned i = 1; i < 32; i++)
		q->x[i] = i > 4 && rnd() % 8 == 0 ? q->x[1 + rnd() % (i - 1)] : integer();
	for (unsigned i = 1; i < 32; i++)
		q->x[i] &= ~0ull >> (64 - XLEN);
	q->x[SP] = CASE_DATA + SP_AT;
	q->x[BASE] = CASE_DATA + BASE_AT;
	for (unsigned i = 0; i < 32; i++)
		q->f[i] = i && rnd() % 8 == 0 ? q->f[rnd() % i] : float_register();
	q->fcsr = (uint32_t)(rnd() % 16 ? rnd() % 5 : rnd() % 8) << 5 | (rnd() % 4 ? 0 : rnd() & 31);
	for (uint64_t i = 0; i < CASE_MEM; i += 8) {
		uint64_t v = rnd() % 4 ? case_memory(i) : float_register();

		memcpy(q->mem + i, &v, sizeof v);
	}
}

/* --- words --- */

static uint32_t set(uint32_t w, const struct insn_field *f, unsigned v)
{
	uint32_t m = ((1u << f->width) - 1) << f->lsb;

	return (w & ~m) | (v << f->lsb & m);
}

static bool is(const struct insn_field *f, const char *name)
{
	return !strcmp(f->name, name);
}

/* A word of the row that keeps to the registers and the memory of a case. */
static uint32_t make_word(const struct insn_row *r)
{
	bool memory = r->attrs & rv_ATTR_mem, fp = r->attrs & rv_ATTR_fp;
	uint32_t w = insn_random(r, rnd);
	int disp = BASE_AT + (int)(rnd() % 256) - 128;

	if (rnd() % 4)
		disp &= ~7;
	for (unsigned i = 0; i < r->nfields; i++) {
		const struct insn_field *f = &r->fields[i];
		unsigned v = w >> f->lsb & ((1u << f->width) - 1);

		if (memory && is(f, "rs1"))
			w = set(w, f, f->width == 3 ? BASE - 8 : BASE);
		else if (memory && is(f, "imm") && r->width == 32)
			w = set(w, f, (unsigned)(disp - BASE_AT) >> f->to);
		else if (is(f, "rd") && f->width == 3 && v == BASE - 8 && !(memory && fp))
			w = set(w, f, 1 + rnd() % 7);
		else if (is(f, "rd") && f->width == 5 && (v == BASE || v == SP || v == BASE - 1))
			w = set(w, f, 9 + rnd() % 22);
		else if (is(f, "rd") && !v && !strncmp(r->name, "AMOCAS", 6))
			w = set(w, f, 10);   /* the oracle writes x0 */
		else if (is(f, "csr"))
			w = set(w, f, 1 + rnd() % 3);
	}
	return insn_matches(r, w) && DECODE(w) == (enum rv_insn)(r - rv_rows) ? w : make_word(r);
}

static bool append(struct guest_case *q, const struct insn_row *r)
{
	uint32_t w = make_word(r);

	if (q->size + r->width / 8 > CASE_MAX_CODE)
		return false;
	memcpy(q->code + q->size, &w, r->width / 8);
	q->size += r->width / 8;
	return true;
}

static void make_case(struct guest_case *q, unsigned length, const struct insn_row **rows,
		      unsigned nrows)
{
	memset(q, 0, sizeof *q);
	random_state(q);
	for (unsigned i = 0; i < length; i++) {
		const struct insn_row *r = rows[rnd() % nrows];
		unsigned before = q->size;

		/* The oracle dies of the least number by -1 when it knows both while it translates. */
		if (i && (strstr(r->handler, "div") || !strncmp(r->handler, "rem", 3)))
			continue;
		if (!append(q, r))
			break;
		/* Nor does it raise the exceptions of these when the result is not used. */
		if (!strncmp(r->name, "FROUND", 6))
			break;
		if (r - rv_rows == rv_LR_W || r - rv_rows == rv_LR_D) {
			if (!append(q, &rv_rows[r - rv_rows == rv_LR_W ? rv_SC_W : rv_SC_D])) {
				q->size = before;
				break;
			}
		}
	}
}

int main(int argc, char **argv)
{
	static const struct insn_row *rows[rv_COUNT];
	unsigned count = 1000, length = 1, nrows = 0;
	bool list = false;
	FILE *f;
	int c;

	while ((c = getopt(argc, argv, "s:n:l:i:x:L")) != -1) {
		switch (c) {
		case 's':
			seed = strtoull(optarg, 0, 0) << 32;
			break;
		case 'n':
			count = strtoul(optarg, 0, 0);
			break;
		case 'l':
			length = strtoul(optarg, 0, 0);
			break;
		case 'i':
			with[nwith++ % 32] = optarg;
			break;
		case 'x':
			without[nwithout++ % 32] = optarg;
			break;
		case 'L':
			list = true;
			break;
		default:
			return 1;
		}
	}
	for (unsigned i = 0; i < rv_COUNT; i++)
		if (wanted(&rv_rows[i]))
			rows[nrows++] = &rv_rows[i];
	if (list) {
		for (unsigned i = 0; i < nrows; i++)
			printf("%-20s %-20s %s\n", rows[i]->name, rows[i]->handler, rows[i]->group);
		return 0;
	}
	if (!nrows || optind >= argc || !(f = fopen(argv[optind], "w"))) {
		fprintf(stderr, "gen: no row, or no file\n");
		return 1;
	}
	for (unsigned i = 0; i < count; i++) {
		struct guest_case q;

		make_case(&q, length, rows, nrows);
		fwrite(&q, sizeof q, 1, f);
	}
	return fclose(f) != 0;
}
