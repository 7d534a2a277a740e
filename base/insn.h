/*
 * One row of an instruction table as tools need it: what the generated decoder of every guest
 * exports besides its functions, so that tests and messages can be written once for all guests.
 */
#ifndef BASE_INSN_H
#define BASE_INSN_H

#include <stdbool.h>
#include <stdint.h>

/* The set of words w with (w & mask) == value. */
struct insn_pattern {
	uint64_t mask, value;
};

/*
 * A named run of bits, or a piece of one: where it is in the word, and in the field.  Fixed ones are
 * listed too.
 */
struct insn_field {
	const char *name;
	unsigned char lsb, width, to;
};

/*
 * A word belongs to the row when it matches `mask` and `value` and none of the `except` patterns:
 * the row's own `where` and the rows declared `over` it.
 */
struct insn_row {
	const char *name;
	const char *group;
	const char *feature;	/* NULL: part of the base architecture */
	const char *handler;	/* NULL: known, not translated */
	uint64_t mask, value;
	const struct insn_pattern *except;
	const struct insn_field *fields;
	unsigned attrs;
	unsigned char width;	/* bits */
	unsigned char nexcept, nfields;
	unsigned char variants;	/* bit k: it exists in variant k of the table */
};

/* Is `word` an instruction of `row`? */
bool insn_matches(const struct insn_row *row, uint64_t word);

/*
 * A random word of `row`; `rnd` returns 64 fresh random bits.  Ends since no row of a table is
 * empty.
 */
uint64_t insn_random(const struct insn_row *row, uint64_t (*rnd)(void));

#endif
