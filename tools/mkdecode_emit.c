/*
 * The generated files.  Handlers get a pointer to a struct of raw fields rather than the word, so
 * that a handler never shifts and masks, and rows which lay the same field out differently can
 * share one.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "tools/mkdecode.h"

/* Is `r` the first row of its handler? */
static bool first_of_handler(const struct table *t, const struct row *r)
{
	if (!r->handler)
		return false;
	for (unsigned i = 0; i < r->index; i++)
		if (t->rows[i]->handler && !strcmp(t->rows[i]->handler, r->handler))
			return false;
	return true;
}

static void emit_guard(FILE *f, const struct table *t, const char *format)
{
	fprintf(f, format, t->name);
	fputc('\n', f);
}

/* The members of a handler's struct which are signed, or those which are not. */
static void emit_members(FILE *f, const struct row *r, bool sign)
{
	const char *join = sign ? "\tint " : "\tunsigned ";
	bool any = false;

	for (unsigned k = 0; k < r->nargs; k++) {
		if (r->args[k].sign != sign)
			continue;
		fprintf(f, "%s%s", any ? ", " : join, r->args[k].name);
		any = true;
	}
	if (any)
		fprintf(f, ";\n");
}

/* The type that holds any instruction. */
static unsigned word_bits(const struct table *t)
{
	return t->width > 32 ? 64 : t->width;
}

/* The prefix of variant k's functions. */
static const char *prefix(const struct table *t, unsigned k)
{
	return t->nvariants ? t->variants[k] : t->name;
}

static unsigned decoders(const struct table *t)
{
	return t->nvariants ? t->nvariants : 1;
}

static void emit_variants(FILE *f, const struct table *t)
{
	if (!t->nvariants)
		return;
	fprintf(f, "enum %s_variant {\n", t->name);
	for (unsigned i = 0; i < t->nvariants; i++)
		fprintf(f, "\t%s_VARIANT_%s = 1u << %u,\n", t->name, t->variants[i], i);
	fprintf(f, "};\n\n");
}

void emit_header(FILE *f, const struct table *t)
{
	const char *g = t->name;

	fprintf(f, "/* Made by mkdecode from %s; do not edit. */\n", t->file);
	emit_guard(f, t, "#ifndef %s_DECODE_H");
	emit_guard(f, t, "#define %s_DECODE_H");
	fprintf(f, "\n#include <stdbool.h>\n#include <stdint.h>\n\n#include \"base/insn.h\"\n\nstruct tr;\n\n");

	fprintf(f, "enum %s_insn {\n", g);
	for (unsigned i = 0; i < t->nrows; i++)
		fprintf(f, "\t%s_%s,\n", g, t->rows[i]->name);
	fprintf(f, "\t%s_COUNT,\n\t%s_NONE = -1\n};\n\n", g, g);

	fprintf(f, "enum %s_attr {\n", g);
	for (unsigned i = 0; i < t->nattrs; i++)
		fprintf(f, "\t%s_ATTR_%s = 1u << %u,\n", g, t->attrs[i], i);
	fprintf(f, "\t%s_ATTR_none = 0\n};\n\n", g);
	emit_variants(f, t);

	for (unsigned i = 0; i < t->nrows; i++) {
		const struct row *r = t->rows[i];

		if (!first_of_handler(t, r))
			continue;
		fprintf(f, "struct %s_%s {\n\tenum %s_insn id;\n", g, r->handler, g);
		emit_members(f, r, false);
		emit_members(f, r, true);
		fprintf(f, "};\n");
	}

	fprintf(f, "\n/* Handlers: written by the front-end; false means the instruction is undefined after all. */\n");
	for (unsigned i = 0; i < t->nrows; i++) {
		const struct row *r = t->rows[i];

		if (first_of_handler(t, r))
			fprintf(f, "bool %s_tr_%s(struct tr *t, const struct %s_%s *a);\n", g,
				r->handler, g, r->handler);
	}

	fprintf(f, "\nextern const struct insn_row %s_rows[%s_COUNT];\n\n", g, g);
	if (t->nwidths > 1) {
		fprintf(f, "/* The width in bits of the instruction that begins with `first`; 0: reserved. */\n");
		fprintf(f, "unsigned %s_width(uint%u_t first);\n\n", g, t->unit);
	}
	fprintf(f, "/* The row of a word, %s_NONE if there is none. */\n", g);
	for (unsigned k = 0; k < decoders(t); k++)
		fprintf(f, "enum %s_insn %s_decode(uint%u_t word);\n", g, prefix(t, k), word_bits(t));
	fprintf(f, "\n/* Decode and call the handler; false: undefined, or known and not translated. */\n");
	for (unsigned k = 0; k < decoders(t); k++)
		fprintf(f, "bool %s_translate(struct tr *t, uint%u_t word);\n", prefix(t, k), word_bits(t));
	fputc('\n', f);
	fprintf(f, "/* A mask of enum %s_attr; `insn` is not %s_NONE. */\n", g, g);
	fprintf(f, "unsigned %s_attrs(enum %s_insn insn);\n\n#endif\n", g, g);
}

static void emit_patterns(FILE *f, const struct table *t)
{
	for (unsigned i = 0; i < t->nrows; i++) {
		const struct row *r = t->rows[i];

		if (!r->nexcept && !r->nabove)
			continue;
		fprintf(f, "static const struct insn_pattern except_%s[] = {", r->name);
		for (unsigned k = 0; k < r->nexcept; k++)
			fprintf(f, " { %#llx, %#llx },", (unsigned long long)r->except[k].mask,
				(unsigned long long)r->except[k].value);
		for (unsigned k = 0; k < r->nabove; k++)
			fprintf(f, " { %#llx, %#llx },", (unsigned long long)r->above[k]->pat.mask,
				(unsigned long long)r->above[k]->pat.value);
		fprintf(f, " };\n");
	}
}

/* Do `a` and `b` lay out the same fields? */
static bool same_layout(const struct row *a, const struct row *b)
{
	if (a->nargs != b->nargs)
		return false;
	for (unsigned i = 0; i < a->nargs; i++) {
		const struct arg *x = &a->args[i], *y = &b->args[i];

		if (strcmp(x->name, y->name) || x->npieces != y->npieces ||
		    memcmp(x->pieces, y->pieces, sizeof x->pieces) || x->value != y->value)
			return false;
	}
	return true;
}

/* The first row with the layout of `r`. */
static const struct row *layout_of(const struct table *t, const struct row *r)
{
	for (unsigned i = 0; i < r->index; i++)
		if (same_layout(t->rows[i], r))
			return t->rows[i];
	return r;
}

static unsigned fields_of(const struct row *r)
{
	unsigned n = 0;

	for (unsigned i = 0; i < r->nargs; i++)
		n += r->args[i].copy ? 0 : r->args[i].npieces;
	return n;
}

static void emit_fields(FILE *f, const struct table *t)
{
	for (unsigned i = 0; i < t->nrows; i++) {
		const struct row *r = t->rows[i];

		if (layout_of(t, r) != r || !fields_of(r))
			continue;
		fprintf(f, "static const struct insn_field fields_%s[] = {", r->name);
		for (unsigned k = 0; k < r->nargs; k++)
			for (unsigned j = 0; !r->args[k].copy && j < r->args[k].npieces; j++)
				fprintf(f, " { \"%s\", %u, %u, %u },", r->args[k].name,
					r->args[k].pieces[j].lsb, r->args[k].pieces[j].width,
					r->args[k].pieces[j].to);
		fprintf(f, " };\n");
	}
}

static void emit_string(FILE *f, const char *s)
{
	if (s)
		fprintf(f, "\"%s\", ", s);
	else
		fprintf(f, "0, ");
}

static void emit_rows(FILE *f, const struct table *t)
{
	fprintf(f, "\nconst struct insn_row %s_rows[%s_COUNT] = {\n", t->name, t->name);
	for (unsigned i = 0; i < t->nrows; i++) {
		const struct row *r = t->rows[i];
		unsigned nexcept = r->nexcept + r->nabove, nfields = fields_of(r);

		fprintf(f, "\t{ ");
		emit_string(f, r->name);
		emit_string(f, r->group);
		emit_string(f, r->feature);
		emit_string(f, r->handler);
		fprintf(f, "%#llx, %#llx, ", (unsigned long long)r->pat.mask,
			(unsigned long long)r->pat.value);
		fprintf(f, nexcept ? "except_%s, " : "0, ", r->name);
		fprintf(f, nfields ? "fields_%s, " : "0, ", layout_of(t, r)->name);
		fprintf(f, "%#x, %u, %u, %u, %#x },\n", r->attrs, r->width, nexcept, nfields, r->variants);
	}
	fprintf(f, "};\n");
}

static bool same_call(const struct row *a, const struct row *b)
{
	return a->handler && b->handler && !strcmp(a->handler, b->handler) && same_layout(a, b);
}

static void emit_pieces(FILE *f, const struct arg *a)
{
	for (unsigned i = 0; i < a->npieces; i++) {
		const struct piece *p = &a->pieces[i];
		unsigned long long mask = (1ull << p->width) - 1;

		fprintf(f, "%s", i ? " | " : "");
		if (p->to)
			fprintf(f, "(word >> %u & %#llx) << %u", p->lsb, mask, p->to);
		else
			fprintf(f, "(word >> %u & %#llx)", p->lsb, mask);
	}
}

static void emit_arg(FILE *f, const struct arg *a)
{
	unsigned up = a->sign && !a->zero && a->npieces ? 32 - a->width : 0;

	fprintf(f, "\t\t\t.%s = %s", a->name, a->sign ? "(int32_t)((uint32_t)(" : "");
	emit_pieces(f, a);
	if (a->value || !a->npieces)
		fprintf(f, "%s%llu", a->npieces ? " + " : "", (unsigned long long)a->value);
	if (a->sign)
		fprintf(f, ") << %u) >> %u", up, up);
	fprintf(f, ",\n");
}

static void emit_case(FILE *f, const struct table *t, const struct row *r)
{
	const char *g = t->name;

	for (unsigned i = 0; i < r->index; i++)
		if (same_call(t->rows[i], r))
			return;
	for (unsigned i = r->index; i < t->nrows; i++)
		if (same_call(t->rows[i], r))
			fprintf(f, "\tcase %s_%s:\n", g, t->rows[i]->name);
	fprintf(f, "\t{\n\t\tstruct %s_%s a = {\n\t\t\t.id = id,\n", g, r->handler);
	for (unsigned i = 0; i < r->nargs; i++)
		emit_arg(f, &r->args[i]);
	fprintf(f, "\t\t};\n\n\t\treturn %s_tr_%s(t, &a);\n\t}\n", g, r->handler);
}

static void emit_width(FILE *f, const struct table *t)
{
	fprintf(f, "\nunsigned %s_width(uint%u_t first)\n{\n", t->name, t->unit);
	for (unsigned i = 0; i < t->nwidths; i++) {
		const struct width *w = &t->widths[i];

		for (unsigned k = 0; k < w->nstarts; k++)
			fprintf(f, "\tif ((first & %#llx) == %#llx)\n\t\treturn %u;\n",
				(unsigned long long)w->starts[k].mask,
				(unsigned long long)w->starts[k].value, w->bits);
	}
	fprintf(f, "\treturn 0;\n}\n");
}

void emit_source(FILE *f, const struct table *t, const char *header)
{
	const char *g = t->name;

	fprintf(f, "/* Made by mkdecode from %s; do not edit. */\n#include \"%s\"\n\n", t->file, header);
	emit_patterns(f, t);
	emit_fields(f, t);
	emit_rows(f, t);

	if (t->nwidths > 1)
		emit_width(f, t);
	for (unsigned k = 0; k < decoders(t); k++) {
		fprintf(f, "\nenum %s_insn %s_decode(uint%u_t word)\n{\n", g, prefix(t, k), word_bits(t));
		emit_tree(f, t, k);
		fprintf(f, "\treturn %s_NONE;\n}\n", g);
	}

	/* Tests and tools want the decoder without a front-end to link. */
	fprintf(f, "\n#ifndef DECODE_ONLY\nstatic bool call(struct tr *t, uint%u_t word, enum %s_insn id)\n{\n",
		word_bits(t), g);
	fprintf(f, "\tswitch (id) {\n");
	for (unsigned i = 0; i < t->nrows; i++)
		if (t->rows[i]->handler)
			emit_case(f, t, t->rows[i]);
	fprintf(f, "\tdefault:\n\t\treturn false;\n\t}\n}\n");
	for (unsigned k = 0; k < decoders(t); k++)
		fprintf(f, "\nbool %s_translate(struct tr *t, uint%u_t word)\n{\n\treturn call(t, word, %s_decode(word));\n}\n",
			prefix(t, k), word_bits(t), prefix(t, k));
	fprintf(f, "#endif\n");

	fprintf(f, "\nunsigned %s_attrs(enum %s_insn insn)\n{\n\treturn %s_rows[insn].attrs;\n}\n", g, g, g);
}
