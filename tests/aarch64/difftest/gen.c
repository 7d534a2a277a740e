/*
 * Makes random sequences of instructions and states for the differential test.
 *
 * 	gen [-s SEED] [-n COUNT] [-l LENGTH] [-a] [-i TEXT]... [-x TEXT]... [-X FILE] FILE
 * 	gen -L [-i TEXT]... [-x TEXT]... [-X FILE]	lists the rows instead
 *
 * COUNT instructions in all, in sequences of up to LENGTH.  A row of the instruction table takes part
 * if its name, group, handler or feature contains one of the -i texts (all rows if there is none)
 * and none of the -x texts, and if FILE does not list its name.  Rows take turns in an order that
 * is shuffled for each round, so that a rare form is met as often as a common one, next to any
 * other; with -a in the order of the table.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/aarch64/difftest/gen.h"

static uint64_t seed = 1;

/* splitmix64 */
uint64_t rnd(void)
{
	uint64_t z = seed += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static const char *with[32], *without[32];
static unsigned nwith, nwithout;
static bool excluded[a64_COUNT];
static const struct insn_row *rows[a64_COUNT];
static unsigned nrows;
static bool in_order;

static bool row_has(const struct insn_row *r, const char *text)
{
	return strstr(r->name, text) || strstr(r->group, text) || strstr(r->handler, text) ||
	       (r->feature && strstr(r->feature, text));
}

static bool wanted(const struct insn_row *r)
{
	bool yes = nwith == 0;

	if (!row_testable(r) || excluded[r - a64_rows])
		return false;
	for (unsigned i = 0; i < nwith; i++)
		yes |= row_has(r, with[i]);
	for (unsigned i = 0; i < nwithout; i++)
		yes &= !row_has(r, without[i]);
	return yes;
}

static bool read_excluded(const char *name)
{
	char line[100];
	FILE *f = fopen(name, "r");

	while (f && fscanf(f, "%99s%*[^\n]", line) == 1)
		for (unsigned i = 0; i < a64_COUNT; i++)
			excluded[i] |= !strcmp(a64_rows[i].name, line);
	return f && !fclose(f);
}

static const struct insn_row *next_row(void)
{
	static unsigned at;
	const struct insn_row *r;

	if (at == 0 && !in_order) {
		for (unsigned i = nrows - 1; i; i--) {
			unsigned k = rnd() % (i + 1);
			const struct insn_row *other = rows[i];

			rows[i] = rows[k];
			rows[k] = other;
		}
	}
	r = rows[at];
	at = (at + 1) % nrows;
	return r;
}

/* A sequence of at most `length` units; the number of them. */
static unsigned make_seq(struct dt_seq *q, unsigned length)
{
	static const struct insn_row *left;     /* that had no room before */

	memset(q, 0, sizeof *q);
	random_state(&q->in);
	while (q->nunits < length) {
		const struct insn_row *r = left ? left : next_row();

		if (!add_unit(q, r)) {
			left = r;
			break;
		}
		left = NULL;
	}
	return q->nunits;
}

static int make_file(const char *name, unsigned long count, unsigned length)
{
	FILE *f = fopen(name, "w");

	if (!f || !nrows) {
		fprintf(stderr, "gen: no row, or no file\n");
		return 1;
	}
	while (count) {
		unsigned most = rnd() % 4 ? 1 + rnd() % length : length;
		struct dt_seq q;

		count -= make_seq(&q, most < count ? most : count);
		fwrite(&q, sizeof q, 1, f);
	}
	return fclose(f) != 0;
}

int main(int argc, char **argv)
{
	unsigned long count = 1000;
	unsigned length = 1;
	bool list = false;
	int c;

	while ((c = getopt(argc, argv, "s:n:l:i:x:X:La")) != -1) {
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
		case 'X':
			if (!read_excluded(optarg))
				return 1;
			break;
		case 'a':
			in_order = true;
			break;
		case 'L':
			list = true;
			break;
		default:
			return 1;
		}
	}
	seed *= 0xd1342543de82ef95;     /* so that files of neighbouring seeds have nothing in common */
	for (unsigned i = 0; i < a64_COUNT; i++)
		if (wanted(&a64_rows[i]))
			rows[nrows++] = &a64_rows[i];
	if (!list)
		return optind < argc && length ? make_file(argv[optind], count, length) : 1;
	for (unsigned i = 0; i < nrows; i++)
		printf("%-20s %-20s %s\n", rows[i]->name, rows[i]->handler, rows[i]->group);
	return 0;
}
