/*
 * mkdecode: makes a guest's decoder from its instruction table.
 *
 * 	mkdecode -o PREFIX TABLE	writes PREFIX.h and PREFIX.c
 *
 * Why a generator: an instruction set is a table in its manual, and a decoder written by hand is
 * that table scattered over nested ifs, where a row too wide hides another in silence.  Here the
 * table is the source; two rows which could match one word, and a row that nothing can reach, are
 * errors which name both rows and a word, so a table that builds is unambiguous whatever the order
 * of its rows.  (First match wins, the usual alternative, makes the meaning of a row depend on all
 * the rows before it.)
 *
 * The table, a line at a time; `#` starts a comment:
 *
 * 	name a64			the prefix of every generated name
 * 	insn 32 [START...]		the width in bits of the rows that follow
 * 	signed NAME...			fields that handlers get sign-extended
 * 	attribute NAME...		declares attributes, which the generator knows nothing about
 * 	define NAME CONDITION...	a name for conditions used by many rows
 * 	variant NAME...			the table is of several machines, which these are the names of
 * 	group "NAME" [+FEATURE] [@VARIANT...] [{ATTRIBUTE...}]
 * 					the manual's table the next rows are from, and what they all have
 * 	ROW BITS... [-> HANDLER [NAME=VALUE...]] [where CONDITION...] [+FEATURE] [@VARIANT...] [{ATTRIBUTE...}] [over ROW]
 *
 * BITS, most significant first, spaces free: 0, 1, x (ignored), NAME:WIDTH (a field), NAME=BITS (a
 * fixed field, which the handler gets too), NAME:WIDTH+NUMBER (the handler gets the sum),
 * NAME[HIGH:LOW|BIT...] (pieces of a field, here or in more such words: `imm[12|10:5]` are seven
 * bits of the word; bits of the field that no piece gives are 0; with a `u` behind, a signed field
 * is not sign-extended from its highest bit).  Their sum must be the width of the row.  VALUE is a number, or the name of a field, which the handler then gets twice. The handler's
 * default is the name of the row; `-` says that there is none: the instruction is known and not
 * translated.  Rows of one handler must give it the same names, by fields and constants. CONDITION
 * is FIELD[.FIELD...]!=VALUE: the fields, joined with the first one highest, are not VALUE, in
 * decimal, hexadecimal (0x) or binary (0b), where x stands for both; or a defined name.  Defined
 * conditions on fields the row lacks are errors as well. `over ROW` names an earlier row which this
 * one is an exception of.
 *
 * Variants are machines that share most of a table (RV64 and RV32): a row exists in those that it or
 * its group names, and in all if neither names any.  Only rows that exist in one variant can overlap;
 * each variant gets a decoder of its own, VARIANT_decode and VARIANT_translate in place of NAME_decode
 * and NAME_translate, and all share rows, structures and handlers.
 *
 * A table of instructions of several widths (16 and 32 bits in one stream) says `insn` again before
 * the rows of the other width, and each `insn` says how the first unit of its instructions may
 * begin: bits of 0, 1 and x, as many as a unit has.  PREFIX.c then has NAME_width(first unit), and
 * the generator holds the rows against what that answers: starts of two widths must not overlap,
 * and a row must not leave those of its own. An instruction's first unit is the lowest bits of its
 * word, so one tree decodes all widths; a guest whose manual writes the first unit highest will have
 * to bring a word for that.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tools/mkdecode.h"

static unsigned errors;

static void report(const struct table *t, unsigned line, const char *fmt, va_list ap)
{
	fprintf(stderr, "%s:%u: ", t->file, line);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

void error(const struct table *t, unsigned line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report(t, line, fmt, ap);
	va_end(ap);
	errors++;
}

void fatal(const struct table *t, unsigned line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report(t, line, fmt, ap);
	va_end(ap);
	exit(1);
}

void *xalloc(size_t size)
{
	void *p = calloc(1, size);

	if (!p) {
		fprintf(stderr, "mkdecode: out of memory\n");
		exit(1);
	}
	return p;
}

char *xstrdup(const char *s)
{
	return strcpy(xalloc(strlen(s) + 1), s);
}

static FILE *create(const char *path)
{
	FILE *f = fopen(path, "w");

	if (!f) {
		fprintf(stderr, "mkdecode: ");
		perror(path);
		exit(1);
	}
	return f;
}

static void finish(FILE *f, const char *path)
{
	if (ferror(f) | fclose(f)) {
		fprintf(stderr, "mkdecode: ");
		perror(path);
		remove(path);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	struct table t = { 0 };
	char *header, *source, *base;
	FILE *f;

	if (argc != 4 || strcmp(argv[1], "-o")) {
		fprintf(stderr, "usage: mkdecode -o PREFIX TABLE\n");
		return 2;
	}
	parse_table(&t, argv[3]);
	check_table(&t);
	if (errors)
		return 1;

	header = xalloc(strlen(argv[2]) + 3);
	source = xalloc(strlen(argv[2]) + 3);
	sprintf(header, "%s.h", argv[2]);
	sprintf(source, "%s.c", argv[2]);
	base = strrchr(header, '/');

	f = create(header);
	emit_header(f, &t);
	finish(f, header);
	f = create(source);
	emit_source(f, &t, base ? base + 1 : header);
	finish(f, source);
	return 0;
}
