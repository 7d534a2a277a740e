/*
 * What makes a table unambiguous: no word may belong to two rows, no row may be out of reach, and
 * rows of one handler must give it the same arguments.
 *
 * The set of a row is "these bits are so, and none of those patterns matches", hence a question
 * about rows is a small satisfiability problem: a cube (fixed bits) and clauses, each of which
 * wants one of its cubes.  A depth-first search answers it and returns a word to show.  Enumerating
 * the free bits instead would be simpler, and hopeless with 26 of them; looking at masks alone
 * would refuse tables which `where` makes disjoint.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/mkdecode.h"

enum { MAX_CUBES = 64 + MAX_EXCEPT, MAX_CLAUSES = 2 * MAX_EXCEPT + MAX_OVER };

struct clause {
	struct pattern cubes[MAX_CUBES];
	unsigned n;
};

struct problem {
	struct pattern fixed;
	struct clause clauses[MAX_CLAUSES];
	unsigned n;
};

static bool compatible(struct pattern a, struct pattern b)
{
	return !((a.value ^ b.value) & a.mask & b.mask);
}

static bool solve(const struct problem *p, unsigned i, struct pattern word, uint64_t *witness)
{
	const struct clause *c;

	if (i == p->n) {
		*witness = word.value;
		return true;
	}
	c = &p->clauses[i];
	for (unsigned k = 0; k < c->n; k++) {
		struct pattern q = c->cubes[k];

		/* Already so: other choices of this clause could only fix more bits. */
		if (!(q.mask & ~word.mask) && compatible(q, word))
			return solve(p, i + 1, word, witness);
	}
	for (unsigned k = 0; k < c->n; k++) {
		struct pattern q = c->cubes[k];

		if (!compatible(q, word))
			continue;
		q.mask |= word.mask;
		q.value |= word.value;
		if (solve(p, i + 1, q, witness))
			return true;
	}
	return false;
}

/* Want the word not to match `e`, or else to match one of e's exceptions. */
static void want_not(struct problem *p, struct pattern e, const struct pattern *except,
		     unsigned nexcept)
{
	struct clause *c = &p->clauses[p->n++];

	c->n = 0;
	for (uint64_t m = e.mask; m; m &= m - 1) {
		uint64_t bit = m & -m;

		c->cubes[c->n++] = (struct pattern){ bit, ~e.value & bit };
	}
	for (unsigned i = 0; i < nexcept; i++)
		c->cubes[c->n++] = except[i];
}

static void want_row(struct problem *p, const struct row *r)
{
	for (unsigned i = 0; i < r->nexcept; i++)
		want_not(p, r->except[i], NULL, 0);
}

static struct problem problem;	/* large */

static bool reachable(const struct row *r)
{
	struct problem *p = &problem;
	uint64_t witness;

	p->n = 0;
	want_row(p, r);
	for (unsigned i = 0; i < r->nabove; i++)
		want_not(p, r->above[i]->pat, r->above[i]->except, r->above[i]->nexcept);
	return solve(p, 0, r->pat, &witness);
}

static bool overlap(const struct row *a, const struct row *b, uint64_t *witness)
{
	struct problem *p = &problem;
	struct pattern both = { a->pat.mask | b->pat.mask, a->pat.value | b->pat.value };

	if (!compatible(a->pat, b->pat))
		return false;
	p->n = 0;
	want_row(p, a);
	want_row(p, b);
	return solve(p, 0, both, witness);
}

/* May a word of `r` begin with something that its width does not have? */
static bool starts_wrong(const struct row *r, const struct width *w, uint64_t *witness)
{
	struct problem *p = &problem;

	p->n = 0;
	want_row(p, r);
	for (unsigned i = 0; i < w->nstarts; i++)
		want_not(p, w->starts[i], NULL, 0);
	return solve(p, 0, r->pat, witness);
}

/* The first unit of an instruction tells its width, and every row keeps to that. */
static void check_widths(const struct table *t)
{
	uint64_t word;

	for (unsigned i = 0; i < t->nwidths; i++) {
		const struct width *a = &t->widths[i];

		for (unsigned j = 0; j < i; j++) {
			const struct width *b = &t->widths[j];

			for (unsigned k = 0; k < a->nstarts * b->nstarts; k++)
				if (compatible(a->starts[k / b->nstarts], b->starts[k % b->nstarts]))
					error(t, a->line, "starts of widths %u and %u (%s:%u) overlap",
					      a->bits, b->bits, t->file, b->line);
		}
		for (unsigned j = 0; a->nstarts && j < t->nrows; j++)
			if (t->rows[j]->width == a->bits && starts_wrong(t->rows[j], a, &word))
				error(t, t->rows[j]->line,
				      "'%s' does not keep to the starts of its width, for example in %0*llx",
				      t->rows[j]->name, (int)a->bits / 4, (unsigned long long)word);
	}
}

static void check_pair(const struct table *t, const struct row *a, const struct row *b)
{
	uint64_t witness;
	bool both = overlap(a, b, &witness);

	if (b->over == a) {
		if (!both)
			error(t, b->line,
			      "'%s' is declared over '%s' (%s:%u), but they share no word", b->name,
			      a->name, t->file, a->line);
	} else if (both) {
		error(t, b->line, "'%s' overlaps '%s' (%s:%u), for example in %0*llx",
		      b->name, a->name, t->file, a->line, (int)t->width / 4,
		      (unsigned long long)witness);
	}
}

static const struct arg *find(const struct row *r, const char *name)
{
	for (unsigned i = 0; i < r->nargs; i++)
		if (!strcmp(r->args[i].name, name))
			return &r->args[i];
	return NULL;
}

static void check_args(const struct table *t, const struct row *first, const struct row *r)
{
	for (unsigned i = 0; i < first->nargs; i++)
		if (!find(r, first->args[i].name))
			error(t, r->line,
			      "row '%s' does not give handler '%s' the field '%s' (%s:%u)", r->name,
			      r->handler, first->args[i].name, t->file, first->line);
	for (unsigned i = 0; i < r->nargs; i++)
		if (!find(first, r->args[i].name))
			error(t, r->line,
			      "row '%s' gives handler '%s' the field '%s', '%s' (%s:%u) does not",
			      r->name, r->handler, r->args[i].name, first->name, t->file,
			      first->line);
}

void check_table(const struct table *t)
{
	check_widths(t);
	for (unsigned i = 0; i < t->nrows; i++) {
		const struct row *r = t->rows[i];

		if (!reachable(r))
			error(t, r->line, "'%s' is unreachable%s", r->name,
			      r->nabove ? ": the rows over it leave no word" :
					  ": its conditions leave no word");
		for (unsigned j = 0; j < i; j++)
			if (t->rows[j]->width == r->width && t->rows[j]->variants & r->variants)
				check_pair(t, t->rows[j], r);
		for (unsigned j = 0; r->handler && j < i; j++) {
			if (t->rows[j]->handler && !strcmp(t->rows[j]->handler, r->handler)) {
				check_args(t, t->rows[j], r);
				break;
			}
		}
	}
}
