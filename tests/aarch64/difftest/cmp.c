/*
 * Compares the results of two runs of one file of sequences.
 *
 * 	cmp cut SEQS WANT GOT PARTS
 * 	cmp judge PARTS WANT GOT REST [MAX]
 * 	cmp unknown SEQS WANT GOT
 *
 * The first writes to PARTS, for each sequence whose results differ, all its beginnings: one unit, two
 * units, and so on; exit status 1 if there are any.  When these have been run too, the second finds the
 * first unit that makes a difference, for which the states before and behind are known.  It
 * prints the step unless known.c explains it (then only "known: NAME"), at most MAX (10) of them,
 * and writes to REST the sequences of what came behind those units. Exit status 1 if anything was not
 * explained.
 *
 * The third lists the rows of optional features that the oracle does not have: all of the row's
 * instructions are undefined there, and none here.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/aarch64/difftest/cmp.h"

struct results {
	struct dt_seq *seqs;
	struct dt_state *want, *got;
	size_t count;
};

static void *slurp(const char *name, size_t size, size_t *count)
{
	FILE *f = fopen(name, "r");
	char *p;
	long n;

	if (!f) {
		perror(name);
		exit(2);
	}
	fseek(f, 0, SEEK_END);
	n = ftell(f);
	rewind(f);
	p = malloc(n + 1);
	if (!p || fread(p, 1, n, f) != (size_t)n)
		exit(2);
	fclose(f);
	*count = n / size;
	return p;
}

static void read_results(struct results *r, char **names)
{
	size_t nwant, ngot;

	r->seqs = slurp(names[0], sizeof *r->seqs, &r->count);
	r->want = slurp(names[1], sizeof *r->want, &nwant);
	r->got = slurp(names[2], sizeof *r->got, &ngot);
	if (nwant != r->count || ngot != r->count) {
		fprintf(stderr, "cmp: %zu and %zu results for %zu sequences\n", nwant, ngot, r->count);
		exit(2);
	}
}

static FILE *create(const char *name)
{
	FILE *f = fopen(name, "w");

	if (!f) {
		perror(name);
		exit(2);
	}
	return f;
}

static bool differ(const struct results *r, size_t i)
{
	return memcmp(&r->want[i], &r->got[i], sizeof *r->want) != 0;
}

/* The index in q->code of the last word of unit n, of the word it is about with `of` q->tested. */
static unsigned nth(uint64_t bits, unsigned n)
{
	while (n--)
		bits &= bits - 1;
	return __builtin_ctzll(bits);
}

static const struct insn_row *row_of(uint32_t w)
{
	static const struct insn_row none = { .name = "?" };
	enum a64_insn id = a64_decode(w);

	return id == a64_NONE ? &none : &a64_rows[id];
}

/* --- cut --- */

static int cut(char **names)
{
	struct results r;
	size_t n = 0;
	FILE *f = create(names[3]);

	read_results(&r, names);
	for (size_t i = 0; i < r.count; i++) {
		for (unsigned units = 1; differ(&r, i) && units <= r.seqs[i].nunits; units++) {
			struct dt_seq q = r.seqs[i];

			q.code[nth(q.ends, units - 1) + 1] = (uint32_t)DT_RET;
			q.nunits = units;
			q.origin = i;
			q.part = units;
			q.only_flags = dt_only_flags(&r.want[i], &r.got[i]);
			fwrite(&q, sizeof q, 1, f);
			n++;
		}
	}
	return fclose(f) || n;
}

/* --- judge --- */

static void show_vec(const char *what, unsigned n, const uint8_t *v)
{
	printf("  %s v%-2u ", what, n);
	for (int i = 15; i >= 0; i--)
		printf("%02x%s", v[i], i && i % 4 == 0 ? "_" : "");
	printf("\n");
}

/* The registers that the word names, as they were before. */
static void show_inputs(const struct dt_step *s)
{
	uint32_t named = 0;

	for (unsigned k = 0; k < s->row->nfields; k++) {
		const struct insn_field *f = &s->row->fields[k];

		if (f->name[0] == 'r' && f->width == 5)
			named |= 1u << (s->word >> f->lsb & 31);
	}
	for (unsigned i = 0; i < 32; i++)
		if (named >> i & 1)
			show_vec("in  ", i, s->before->v[i]);
	for (unsigned i = 0; i < 28; i++)
		if (named >> i & 1)
			printf("  in   x%-2u %016llx\n", i, (unsigned long long)s->before->x[i]);
	printf("  in   nzcv %x fpcr %x fpsr %x\n", s->before->nzcv >> 28, s->before->fpcr, s->before->fpsr);
}

static void show(const struct dt_step *s)
{
	const struct dt_state *a = s->want, *b = s->got;

	printf("%08x %s\n", s->word, s->row->name);
	show_inputs(s);
	for (unsigned i = 0; i < 32; i++) {
		if (memcmp(a->v[i], b->v[i], 16)) {
			show_vec("want", i, a->v[i]);
			show_vec("got ", i, b->v[i]);
		}
	}
	for (unsigned i = 0; i < 28; i++)
		if (a->x[i] != b->x[i])
			printf("  want x%-2u %016llx\n  got  x%-2u %016llx\n", i,
			       (unsigned long long)a->x[i], i, (unsigned long long)b->x[i]);
	if (a->x28 != b->x28)
		printf("  want x28 %llx\n  got  x28 %llx\n", (unsigned long long)a->x28, (unsigned long long)b->x28);
	if (a->nzcv != b->nzcv)
		printf("  want nzcv %x\n  got  nzcv %x\n", a->nzcv >> 28, b->nzcv >> 28);
	if (a->fpcr != b->fpcr)
		printf("  want fpcr %x\n  got  fpcr %x\n", a->fpcr, b->fpcr);
	if (a->fpsr != b->fpsr)
		printf("  want fpsr %x\n  got  fpsr %x\n", a->fpsr, b->fpsr);
	if (a->fault != b->fault)
		printf("  want signal %u\n  got  signal %u\n", a->fault, b->fault);
	if (a->memory != b->memory)
		printf("  memory differs\n");
}

/* What follows the first `part` units of q, from state s on. */
static void write_rest(FILE *f, const struct dt_seq *q, const struct dt_state *s, const struct dt_seq *whole)
{
	unsigned from = nth(q->ends, q->part - 1) + 1;
	struct dt_seq rest = *whole;

	rest.in = *s;
	rest.in.x28 = DT_BASE;
	rest.nunits = whole->nunits - q->part;
	rest.ends >>= from;
	rest.tested >>= from;
	memmove(rest.code, rest.code + from, (DT_MAX_CODE + 1 - from) * sizeof *rest.code);
	if (rest.nunits && !s->fault)
		fwrite(&rest, sizeof rest, 1, f);
}

/* Judges parts i.. of one sequence, the last of which is `last`. */
static bool judge_one(const struct results *r, size_t i, size_t last, FILE *rest, bool quiet)
{
	const struct dt_seq *q = &r->seqs[i];
	const char *name;
	struct dt_step s;

	while (i <= last && !differ(r, i))
		i++;
	if (i > last && q->only_flags) {
		/* whether flags are dead is looked for within the page */
		printf("known: %s\n", dt_flags_of_fault);
		return true;
	}
	if (i > last) {
		printf("sequence %u: differs as a whole, but no part of it does\n", q->origin);
		return false;
	}
	s.before = q == &r->seqs[i] ? &q->in : &r->want[i - 1];
	s.word = r->seqs[i].code[nth(q->tested, r->seqs[i].part - 1)];
	s.row = row_of(s.word);
	s.want = &r->want[i];
	s.got = &r->got[i];
	name = dt_known(&s);
	write_rest(rest, &r->seqs[i], s.want, &r->seqs[last]);
	if (name)
		printf("known: %s\n", name);
	else if (quiet)
		printf("differs: %s\n", s.row->name);
	else
		show(&s);
	return name != NULL;
}

static int judge(char **names, unsigned long max)
{
	struct results r;
	size_t bad = 0;
	FILE *rest = create(names[3]);

	read_results(&r, names);
	for (size_t i = 0, last; i < r.count; i = last + 1) {
		for (last = i; last + 1 < r.count && r.seqs[last + 1].origin == r.seqs[i].origin; last++)
			;
		bad += !judge_one(&r, i, last, rest, bad >= max);
	}
	return fclose(rest) || bad;
}

/* --- unknown --- */

static int unknown(char **names)
{
	static unsigned tested[a64_COUNT], undefined[a64_COUNT];
	struct results r;

	read_results(&r, names);
	for (size_t i = 0; i < r.count; i++) {
		enum a64_insn id = a64_decode(r.seqs[i].code[nth(r.seqs[i].tested, 0)]);

		if (id == a64_NONE)
			continue;
		tested[id]++;
		undefined[id] += r.want[i].fault == SIGILL && r.got[i].fault != SIGILL;
	}
	for (unsigned i = 0; i < a64_COUNT; i++)
		if (tested[i] && tested[i] == undefined[i] && a64_rows[i].feature)
			printf("%s %s\n", a64_rows[i].name, a64_rows[i].feature);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc >= 6 && !strcmp(argv[1], "cut"))
		return cut(argv + 2);
	if (argc >= 6 && !strcmp(argv[1], "judge"))
		return judge(argv + 2, argc > 6 ? strtoul(argv[6], NULL, 0) : 10);
	if (argc >= 5 && !strcmp(argv[1], "unknown"))
		return unknown(argv + 2);
	fprintf(stderr, "cmp: see cmp.c\n");
	return 2;
}
