/* What the parts of mkdecode share: the table in memory.  See mkdecode.c for the plan. */
#ifndef TOOLS_MKDECODE_H
#define TOOLS_MKDECODE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum {
	MAX_ARGS = 24, MAX_PIECES = 10, MAX_EXCEPT = 24, MAX_OVER = 64, MAX_ATTRS = 31,
	MAX_WIDTHS = 3, MAX_STARTS = 8, MAX_VARIANTS = 8
};

struct pattern {
	uint64_t mask, value;
};

/* A run of the word's bits, and where in the field it belongs. */
struct piece {
	unsigned lsb, width, to;
};

/*
 * What a handler is given: bits of the word put together, plus `value`; or only that, a constant of
 * the row (no pieces).
 */
struct arg {
	char *name;
	struct piece pieces[MAX_PIECES];
	unsigned npieces;
	unsigned width;		/* one more than the highest bit of a piece */
	uint64_t value;
	bool sign;		/* an int, sign-extended from `width` ... */
	bool zero;		/* ... or not, all the same */
	bool copy;		/* of another field of the row */
};

struct row {
	char *name;
	unsigned line;
	unsigned width;			/* bits */
	const char *group;
	char *feature;			/* or NULL */
	char *handler;			/* or NULL: not translated */
	struct pattern pat;
	struct arg args[MAX_ARGS];	/* in the order of the bit string, constants last */
	unsigned nargs;
	struct pattern except[MAX_EXCEPT];	/* `where` */
	unsigned nexcept;
	struct row *over;		/* or NULL: the row this one wins over */
	struct row *above[MAX_OVER];	/* the rows that win over this one */
	unsigned nabove;
	unsigned attrs;
	unsigned variants;		/* bit k: it exists in variant k */
	unsigned index;
};

/* Instructions of one width, and how the first unit of these begins. */
struct width {
	unsigned bits, line;
	struct pattern starts[MAX_STARTS];
	unsigned nstarts;
};

struct table {
	const char *file;
	char *name;			/* of the guest: a64 */
	unsigned width;			/* of the widest instruction, bits */
	struct width widths[MAX_WIDTHS];
	unsigned nwidths;
	unsigned unit;			/* bits of a first unit; 0 if there is one width only */
	char *attrs[MAX_ATTRS];
	unsigned nattrs;
	char *variants[MAX_VARIANTS];
	unsigned nvariants;		/* 0: one, without a name */
	struct row **rows;
	unsigned nrows;
};

/* Say FILE:LINE: message; the run will fail.  `fatal` ends it at once. */
void error(const struct table *t, unsigned line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void fatal(const struct table *t, unsigned line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4), noreturn));
void *xalloc(size_t size);
char *xstrdup(const char *s);

/* mkdecode_parse.c: read FILE; ends the program on a syntax error. */
void parse_table(struct table *t, const char *file);

/* mkdecode_check.c: overlaps, unreachable rows, handlers' arguments. */
void check_table(const struct table *t);

/* mkdecode_tree.c: the body of the decode function of variant k. */
void emit_tree(FILE *f, const struct table *t, unsigned k);

/* mkdecode_emit.c: PREFIX.h and PREFIX.c. */
void emit_header(FILE *f, const struct table *t);
void emit_source(FILE *f, const struct table *t, const char *header);

#endif
