/*
 * The decision tree: nested switches on runs of bits, down to one row (or a few) whose remaining
 * bits and conditions are compared.
 *
 * At every node a run is chosen so that its values spread the rows best.  A row whose bits are not
 * all fixed in the run goes into several cases; values with the same rows share a case, and a run
 * that would multiply rows is refused, so the code stays about as long as the table.  Runs are
 * contiguous (bits which the nodes above have looked at count as holes) since those make dense
 * switches, i.e. one jump through a table; a tree of single bits would be three times as deep, and
 * hashing cannot do "don't care".
 */
#include <stdlib.h>
#include <string.h>

#include "tools/mkdecode.h"

enum { MAX_RUN = 8 };

struct rows {
	const struct row **r;
	unsigned n;
};

struct run {
	unsigned lsb;
	uint64_t bits;		/* shifted down by lsb */
};

static void indent(FILE *f, unsigned depth)
{
	while (depth--)
		fputc('\t', f);
}

static void emit_test(FILE *f, const struct table *t, const struct row *r, uint64_t known,
		      unsigned depth)
{
	uint64_t mask = r->pat.mask & ~known;
	const char *join = "";

	indent(f, depth);
	if (mask || r->nexcept)
		fprintf(f, "if (");
	if (mask) {
		fprintf(f, "(word & %#llx) == %#llx", (unsigned long long)mask,
			(unsigned long long)(r->pat.value & mask));
		join = " && ";
	}
	for (unsigned i = 0; i < r->nexcept; i++) {
		fprintf(f, "%s(word & %#llx) != %#llx", join, (unsigned long long)r->except[i].mask,
			(unsigned long long)r->except[i].value);
		join = " && ";
	}
	if (mask || r->nexcept) {
		fprintf(f, ")\n");
		indent(f, depth + 1);
	}
	fprintf(f, "return %s_%s;\n", t->name, r->name);
}

static bool in_case(const struct row *r, struct run run, uint64_t v)
{
	uint64_t mask = run.bits & r->pat.mask >> run.lsb;

	return !((r->pat.value >> run.lsb ^ v) & mask);
}

/* The rows of the run's value `v`, in `out`. */
static void select_rows(struct rows in, struct run run, uint64_t v, struct rows *out)
{
	out->n = 0;
	for (unsigned i = 0; i < in.n; i++)
		if (in_case(in.r[i], run, v))
			out->r[out->n++] = in.r[i];
}

static bool same(struct rows a, struct rows b)
{
	return a.n == b.n && !memcmp(a.r, b.r, a.n * sizeof *a.r);
}

static struct rows new_rows(unsigned n)
{
	return (struct rows){ xalloc(n * sizeof(struct row *)), 0 };
}

/*
 * How bad is it to split by `run`?  The mean number of rows left, were all rows met equally often.
 */
static bool score(struct rows in, struct run run, double *cost)
{
	uint64_t squares = 0, total = 0;
	uint64_t last = ~0ull;
	struct rows out = new_rows(in.n), before = new_rows(in.n);

	for (uint64_t v = 0; v <= run.bits; v++) {
		if (v & ~run.bits)
			continue;
		select_rows(in, run, v, &out);
		if (out.n == in.n && out.n) {
			total = ~0ull;
			break;
		}
		squares += (uint64_t)out.n * out.n;
		if (last == ~0ull || !same(out, before))
			total += out.n;
		last = v;
		before.n = out.n;
		memcpy(before.r, out.r, out.n * sizeof *out.r);
	}
	free(out.r);
	free(before.r);
	if (total > in.n + in.n / 2 + 2)
		return false;
	*cost = (double)squares / in.n;
	return true;
}

static bool choose(struct rows in, unsigned width, uint64_t known, struct run *best)
{
	double best_cost = 0, cost;
	bool found = false;
	uint64_t useful = 0;

	for (unsigned i = 0; i < in.n; i++)
		useful |= in.r[i]->pat.mask;
	useful &= ~known;
	for (unsigned lsb = 0; lsb < width; lsb++) {
		for (unsigned len = 1; len <= MAX_RUN && lsb + len <= width; len++) {
			uint64_t top = 1ull << (lsb + len - 1);
			struct run run = { lsb, ((1ull << len) - 1) & useful >> lsb };

			/* Both ends must be useful, else a shorter run is the same. */
			if (!(run.bits & 1) || !(top & useful))
				continue;
			if (score(in, run, &cost) && (!found || cost < best_cost)) {
				*best = run;
				best_cost = cost;
				found = true;
			}
		}
	}
	return found;
}

static void emit_node(FILE *f, const struct table *t, struct rows in, uint64_t known,
		      unsigned depth)
{
	struct run run = { 0, 0 };
	struct rows out, other;
	bool done[1 << MAX_RUN] = { false };

	if (in.n <= 1 || !choose(in, t->width, known, &run)) {
		/* Later rows first: only those can be over others. */
		for (unsigned i = in.n; i--; )
			emit_test(f, t, in.r[i], known, depth);
		return;
	}
	out = new_rows(in.n);
	other = new_rows(in.n);
	indent(f, depth);
	fprintf(f, "switch (word >> %u & %#llx) {\n", run.lsb, (unsigned long long)run.bits);
	for (uint64_t v = 0; v <= run.bits; v++) {
		if ((v & ~run.bits) || done[v])
			continue;
		select_rows(in, run, v, &out);
		if (!out.n)
			continue;
		for (uint64_t w = v; w <= run.bits; w++) {
			if (w & ~run.bits)
				continue;
			select_rows(in, run, w, &other);
			if (!same(out, other))
				continue;
			done[w] = true;
			indent(f, depth);
			fprintf(f, "case %#llx:\n", (unsigned long long)w);
		}
		emit_node(f, t, out, known | run.bits << run.lsb, depth + 1);
		indent(f, depth + 1);
		fprintf(f, "break;\n");
	}
	indent(f, depth);
	fprintf(f, "}\n");
	free(out.r);
	free(other.r);
}

void emit_tree(FILE *f, const struct table *t, unsigned k)
{
	struct rows all = new_rows(t->nrows);

	for (unsigned i = 0; i < t->nrows; i++)
		if (t->rows[i]->variants >> k & 1)
			all.r[all.n++] = t->rows[i];
	emit_node(f, t, all, 0, 1);
}
