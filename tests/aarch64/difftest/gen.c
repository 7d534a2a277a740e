/*
 * Makes random sequences of instructions and states for the differential test.
 *
 * 	gen [-s SEED] [-n COUNT] [-l LENGTH] [-a] [-i TEXT]... [-x TEXT]... FILE
 * 	gen -L [-i TEXT]... [-x TEXT]...	lists the rows instead
 *
 * A row of the instruction table takes part if its name, group, handler or feature contains one of
 * the -i texts (all rows if there is none) and none of the -x texts.  Rows are drawn evenly, so
 * that a rare form is met as often as a common one; with -a they take turns.  Branches, system
 * instructions and pc-relative loads stay out. Memory operands are made to fall into the scratch
 * memory: the base is x28 and the index x27, both set before each such instruction.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "frontends/aarch64/decode.h"
#include "tests/aarch64/difftest/dt.h"

static uint64_t seed = 1;

static uint64_t rnd(void)
{
	uint64_t z = seed += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static const char *with[32], *without[32];
static unsigned nwith, nwithout;

static bool row_has(const struct insn_row *r, const char *text)
{
	return strstr(r->name, text) || strstr(r->group, text) || strstr(r->handler, text) ||
	       (r->feature && strstr(r->feature, text));
}

static bool wanted(const struct insn_row *r)
{
	bool yes = nwith == 0;

	if (!r->handler || r->attrs & a64_ATTR_branch || strstr(r->group, "Branches, Exception") ||
	    strstr(r->group, "literal") || strstr(r->group, "xclusive"))
		return false;
	for (unsigned i = 0; i < nwith; i++)
		yes |= row_has(r, with[i]);
	for (unsigned i = 0; i < nwithout; i++)
		yes &= !row_has(r, without[i]);
	return yes;
}

static uint64_t special(unsigned bits)
{
	static const uint64_t f16[] = { 0, 0x8000, 0x3c00, 0xbc00, 0x7c00, 0xfc00, 0x7e00, 0x7d01, 0xfe12, 0xfc34,
					1, 0x03ff, 0x0400, 0x7bff, 0x3800, 0xc000, 0x3e00, 0x0200 };
	static const uint64_t f32[] = { 0, 0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000, 0x7fc00000,
					0x7fa00001, 0xffc00012, 0xff800034, 1, 0x007fffff, 0x00800000, 0x7f7fffff,
					0x3f000000, 0xc0000000, 0x3fc00000, 0x4f000000, 0xcf000000, 0x5f000000,
					0xdf000000, 0x4f800000, 0x477fe000, 0x38800000, 0x33000000, 0x80000001 };
	static const uint64_t f64[] = { 0, 1ull << 63, 0x3ff0000000000000, 0xbff0000000000000, 0x7ff0000000000000,
					0xfff0000000000000, 0x7ff8000000000000, 0x7ff4000000000001,
					0xfff8000000000012, 0xfff0000000000034, 1, 0x000fffffffffffff,
					0x0010000000000000, 0x7fefffffffffffff, 0x3fe0000000000000,
					0xc000000000000000, 0x3ff8000000000000, 0x41e0000000000000,
					0xc1e0000000000000, 0x43e0000000000000, 0xc3e0000000000000,
					0x43f0000000000000, 0x47efffffe0000000, 0x3810000000000000,
					0x3690000000000000, 0x8000000000000001, 0x40effc0000000000 };
#define PICK(a) a[rnd() % (sizeof a / sizeof a[0])]
	uint64_t m = bits == 64 ? ~0ull : (1ull << bits) - 1;

	switch (rnd() % 6) {
	case 0:
		return rnd() & m;
	case 1:   /* next to a power of two */
		return ((1ull << rnd() % bits) + rnd() % 3 - 1) & m;
	case 2:
		return (rnd() % 2 ? m >> 1 : m / 2 + 1) + rnd() % 3 - 1;
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

/* A number of moderate size, so that arithmetic has something to do. */
static uint64_t number(unsigned bits)
{
	uint64_t sign = (rnd() & 1) << (bits - 1);
	unsigned range = rnd() % 2 ? 8 : 80;

	switch (bits) {
	case 16:
		return sign | (15 - 8 + rnd() % 16) << 10 | (rnd() & 0x3ff);
	case 32:
		return sign | (127 - range / 2 + rnd() % range) << 23 |
		       (rnd() & 0x7fffff & (rnd() % 2 ? ~0u : 0x7f0000));
	default:
		return sign | (1023 - range / 2 + rnd() % range) << 52 |
		       (rnd() & 0xfffffffffffff & (rnd() % 2 ? ~0ull : 0xff00000000000));
	}
}

static void fill_vector(uint8_t *v)
{
	unsigned bytes = 1u << rnd() % 4, kind = rnd() % 4;

	for (unsigned i = 0; i < 16; i += bytes) {
		uint64_t x = kind == 0 || bytes == 1 ? rnd() : kind == 1 ? number(bytes * 8) : special(bytes * 8);

		memcpy(v + i, &x, bytes);
	}
}

static void fill_state(struct dt_state *s)
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
	if (rnd() % 4 == 0)
		s->fpcr = (rnd() & 3) << 22 | (rnd() % 4 == 0) << 24 | (rnd() % 4 == 0) << 25;
	for (unsigned i = 0; i < 32; i++) {
		if (i > 4 && rnd() % 8 == 0)
			memcpy(s->v[i], s->v[rnd() % i], 16);
		else
			fill_vector(s->v[i]);
	}
}

static uint32_t set(uint32_t w, const struct insn_field *f, unsigned v)
{
	uint32_t m = ((1u << f->width) - 1) << f->lsb;

	return (w & ~m) | (v << f->lsb & m);
}

/* A word of the row that keeps to the registers and memory that sequences own. */
static uint32_t make_word(const struct insn_row *r)
{
	uint32_t w = insn_random(r, rnd);
	bool memory = r->attrs & a64_ATTR_mem, simd = strstr(r->group, "SIMD");
	unsigned used = 0;

	for (unsigned i = 0; i < r->nfields; i++) {
		const struct insn_field *f = &r->fields[i];
		unsigned v = w >> f->lsb & ((1u << f->width) - 1);

		if (f->name[0] != 'r' || f->width != 5 || ((r->mask >> f->lsb & 31) == 31))
			continue;
		if (memory && !strcmp(f->name, "rn"))
			w = set(w, f, 28);
		else if (memory && !strcmp(f->name, "rm") && !simd)
			w = set(w, f, 27);
		else if (simd && memory)
			continue;
		else if (simd && !strstr(r->handler, "gpr") && !strstr(r->handler, "cvt") &&
			 !strstr(r->handler, "copy"))
			continue;
		else {
			v %= 27;
			if (!strcmp(f->name, "rt2") && v == used)
				v = (v + 1) % 27;
			if (!strcmp(f->name, "rt"))
				used = v;
			w = set(w, f, v);
		}
	}
	return insn_matches(r, w) && a64_decode(w) == (enum a64_insn)(r - a64_rows) ? w : make_word(r);
}

static void make_seq(struct dt_seq *q, unsigned length, const struct insn_row **rows,
		     unsigned nrows, const struct insn_row *row)
{
	unsigned n = 0;

	memset(q, 0, sizeof *q);
	fill_state(&q->in);
	q->ninsns = length;
	for (unsigned i = 0; i < length; i++) {
		const struct insn_row *r = row ? row : rows[rnd() % nrows];

		if (r->attrs & a64_ATTR_mem) {
			q->uses_memory = 1;
			q->code[n++] = 0xaa1d03fc;                              /* mov x28, x29 */
			q->code[n++] = 0x5280001b | (rnd() % 4096) << 5;        /* mov w27, #imm */
		}
		q->code[n++] = make_word(r);
	}
	q->code[n] = 0xd65f03c0;
}

int main(int argc, char **argv)
{
	unsigned count = 1000, length = 1, nrows = 0;
	const struct insn_row *rows[a64_COUNT];
	bool list = false, each = false;
	FILE *f;
	int c;

	while ((c = getopt(argc, argv, "s:n:l:i:x:La")) != -1) {
		switch (c) {
		case 's':
			seed = strtoull(optarg, 0, 0);
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
		case 'a':
			each = true;
			break;
		case 'L':
			list = true;
			break;
		default:
			return 1;
		}
	}
	for (unsigned i = 0; i < a64_COUNT; i++)
		if (wanted(&a64_rows[i]))
			rows[nrows++] = &a64_rows[i];
	if (list) {
		for (unsigned i = 0; i < nrows; i++)
			printf("%-20s %-20s %s\n", rows[i]->name, rows[i]->handler, rows[i]->group);
		return 0;
	}
	if (!nrows || length * 3 > DT_MAX_CODE || optind >= argc ||
	    !(f = fopen(argv[optind], "w"))) {
		fprintf(stderr, "gen: no row, sequence too long, or no file\n");
		return 1;
	}
	for (unsigned i = 0; i < count; i++) {
		struct dt_seq q;

		make_seq(&q, length, rows, nrows, each ? rows[i % nrows] : 0);
		fwrite(&q, sizeof q, 1, f);
	}
	return fclose(f) != 0;
}
