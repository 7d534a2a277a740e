/* What the parts of mkdecode share: the table in memory.  See mkdecode.c for the plan. */
#ifndef TOOLS_MKDECODE_H
#define TOOLS_MKDECODE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { MAX_ARGS = 24, MAX_EXCEPT = 24, MAX_OVER = 64, MAX_ATTRS = 31 };

struct pattern {
	uint64_t mask, value;
};

/* What a handler is given: bits of the word, or a constant of the row (width 0). */
struct arg {
	char *name;
	unsigned lsb, width;
	uint64_t value;
};

struct row {
	char *name;
	unsigned line;
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
	unsigned index;
};

struct table {
	const char *file;
	char *name;			/* of the guest: a64 */
	unsigned width;			/* of a unit, bits */
	char *attrs[MAX_ATTRS];
	unsigned nattrs;
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

/* mkdecode_tree.c: the body of the decode function. */
void emit_tree(FILE *f, const struct table *t);

/* mkdecode_emit.c: PREFIX.h and PREFIX.c. */
void emit_header(FILE *f, const struct table *t);
void emit_source(FILE *f, const struct table *t, const char *header);

#endif
