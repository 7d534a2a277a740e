/*
 * The reader of instruction tables.  A line is cut into words first; a row is then read from left
 * to right with one function per clause, so that every message can name the word it stumbles over.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools/mkdecode.h"

enum { MAX_WORDS = 128, MAX_LINE = 4096, MAX_DEFINES = 32 };

struct define {
	char *name;
	char *words[MAX_EXCEPT];
	unsigned nwords;
};

struct parser {
	struct table *t;
	unsigned line;
	char *words[MAX_WORDS];
	unsigned nwords, pos;
	struct define defines[MAX_DEFINES];
	unsigned ndefines;
	/* of the present group */
	char *group, *feature;
	unsigned attrs, variants;
	char *signeds[MAX_ARGS];
	unsigned nsigneds;
	unsigned capacity;
};

static bool is_name(const char *s)
{
	if (!isalpha((unsigned char)*s) && *s != '_')
		return false;
	while (isalnum((unsigned char)*s) || *s == '_')
		s++;
	return !*s;
}

static char *next(struct parser *p)
{
	return p->pos < p->nwords ? p->words[p->pos++] : NULL;
}

static char *peek(struct parser *p)
{
	return p->pos < p->nwords ? p->words[p->pos] : NULL;
}

/*
 * Cut a line in place; braces stand alone, a quoted string is one word, which keeps its first
 * quote.
 */
static void split(struct parser *p, char *s)
{
	p->nwords = p->pos = 0;
	for (;;) {
		while (isspace((unsigned char)*s))
			*s++ = 0;
		if (!*s || *s == '#') {
			*s = 0;
			return;
		}
		if (p->nwords == MAX_WORDS)
			fatal(p->t, p->line, "too many words");
		if (*s == '{' || *s == '}') {
			p->words[p->nwords++] = *s == '{' ? "{" : "}";
			*s++ = 0;
			continue;
		}
		p->words[p->nwords++] = s;
		if (*s == '"') {
			s = strchr(s + 1, '"');
			if (!s)
				fatal(p->t, p->line, "no closing quote");
			*s++ = 0;
			continue;
		}
		while (*s && !isspace((unsigned char)*s) && *s != '{' && *s != '}' && *s != '#')
			s++;
	}
}

static uint64_t number(struct parser *p, const char *s)
{
	char *end;
	uint64_t v;

	errno = 0;
	v = strtoull(s, &end, 0);
	if (!isdigit((unsigned char)*s) || *end || errno)
		fatal(p->t, p->line, "bad number '%s'", s);
	return v;
}

static struct arg *find_arg(struct row *r, const char *name, size_t len)
{
	for (unsigned i = 0; i < r->nargs; i++)
		if (strlen(r->args[i].name) == len && !memcmp(r->args[i].name, name, len))
			return &r->args[i];
	return NULL;
}

static struct arg *add_arg(struct parser *p, struct row *r, const char *name)
{
	struct arg *a;

	if (!is_name(name) || !strcmp(name, "id"))
		fatal(p->t, p->line, "bad field name '%s'", name);
	if (find_arg(r, name, strlen(name)))
		fatal(p->t, p->line, "field '%s' is given twice", name);
	if (r->nargs == MAX_ARGS)
		fatal(p->t, p->line, "too many fields");
	a = &r->args[r->nargs++];
	a->name = xstrdup(name);
	for (unsigned i = 0; i < p->nsigneds; i++)
		a->sign |= !strcmp(p->signeds[i], name);
	return a;
}

/*
 * Append the bits of `s` to the row's pattern, which is `used` bits long; returns how many there
 * were.
 */
static unsigned add_bits(struct parser *p, struct row *r, const char *s)
{
	unsigned n = 0;

	for (; s[n]; n++) {
		if (!strchr("01x", s[n]))
			fatal(p->t, p->line, "bad bits '%s'", s);
		r->pat.mask = r->pat.mask << 1 | (s[n] != 'x');
		r->pat.value = r->pat.value << 1 | (s[n] == '1');
	}
	return n;
}

static bool is_clause(const char *s)
{
	return !strcmp(s, "->") || !strcmp(s, "where") || !strcmp(s, "over") || *s == '+' ||
	       *s == '@' || *s == '{';
}

/* The next `width` bits of the word, to bit `to` of the field.  `used` counts from the top. */
static void add_piece(struct parser *p, struct arg *a, unsigned used, unsigned width, unsigned to)
{
	if (!width || to + width > 32)
		fatal(p->t, p->line, "field '%s' is %u bits wide, not 1 to 32", a->name, to + width);
	if (a->npieces == MAX_PIECES)
		fatal(p->t, p->line, "field '%s' is in too many pieces", a->name);
	for (unsigned i = 0; i < a->npieces; i++) {
		const struct piece *q = &a->pieces[i];

		if (to < q->to + q->width && q->to < to + width)
			fatal(p->t, p->line, "a bit of field '%s' is given twice", a->name);
	}
	/* from the top; parse_bits turns it round */
	a->pieces[a->npieces++] = (struct piece){ used + width, width, to };
	if (to + width > a->width)
		a->width = to + width;
}

/* NAME:WIDTH[+NUMBER] */
static unsigned add_field(struct parser *p, struct row *r, char *name, char *s, unsigned used)
{
	struct arg *a = add_arg(p, r, name);
	char *plus = strchr(s, '+');
	unsigned width;

	if (plus) {
		*plus++ = 0;
		a->value = number(p, plus);
	}
	width = number(p, s);
	add_piece(p, a, used, width, 0);
	return width;
}

/* NAME=BITS */
static unsigned add_fixed(struct parser *p, struct row *r, char *name, char *s, unsigned used)
{
	struct arg *a = add_arg(p, r, name);
	unsigned n = add_bits(p, r, s);

	add_piece(p, a, used, n, 0);
	return n;
}

/* NAME[HIGH:LOW|BIT...][u]: pieces of a field, which may be given in several such words. */
static unsigned add_pieces(struct parser *p, struct row *r, char *name, char *s, unsigned used)
{
	struct arg *a = find_arg(r, name, strlen(name));
	unsigned total = 0;
	char *end = strchr(s, ']'), *bar;

	if (!end || (end[1] && strcmp(end + 1, "u")))
		fatal(p->t, p->line, "no ']' at the end of the pieces of '%s'", name);
	if (!a)
		a = add_arg(p, r, name);
	a->zero |= end[1];
	*end = 0;
	for (; s; s = bar) {
		char *colon;
		unsigned high, low;

		bar = strchr(s, '|');
		if (bar)
			*bar++ = 0;
		colon = strchr(s, ':');
		if (colon)
			*colon++ = 0;
		high = number(p, s);
		low = colon ? number(p, colon) : high;
		if (high < low || high > 31)
			fatal(p->t, p->line, "bad piece %u:%u of field '%s'", high, low, name);
		add_piece(p, a, used + total, high - low + 1, low);
		total += high - low + 1;
	}
	return total;
}

static void parse_bits(struct parser *p, struct row *r)
{
	unsigned width = r->width, used = 0;
	char *s;

	for (; (s = peek(p)) && !is_clause(s); next(p)) {
		char *sep = strpbrk(s, "[:=");
		unsigned n;

		if (!sep) {
			used += add_bits(p, r, s);
		} else if (*sep == '=') {
			*sep++ = 0;
			used += add_fixed(p, r, s, sep, used);
		} else {
			bool pieces = *sep == '[';

			*sep++ = 0;
			n = (pieces ? add_pieces : add_field)(p, r, s, sep, used);
			r->pat.mask <<= n;
			r->pat.value <<= n;
			used += n;
		}
		if (used > width)
			break;
	}
	if (used != width)
		fatal(p->t, r->line, "row '%s' has %s%u bits, not %u", r->name,
		      used > width ? "at least " : "", used, width);
	for (unsigned i = 0; i < r->nargs; i++)
		for (unsigned k = 0; k < r->args[i].npieces; k++)
			r->args[i].pieces[k].lsb = width - r->args[i].pieces[k].lsb;
}

static void parse_handler(struct parser *p, struct row *r)
{
	char *s = next(p);

	if (!s)
		fatal(p->t, p->line, "no handler after '->'");
	if (!strcmp(s, "-")) {
		r->handler = NULL;
		return;
	}
	if (!is_name(s))
		fatal(p->t, p->line, "bad handler name '%s'", s);
	r->handler = xstrdup(s);
	for (; (s = peek(p)) && !is_clause(s); next(p)) {
		char *eq = strchr(s, '=');
		struct arg *a, *from;

		if (!eq)
			fatal(p->t, p->line, "expected NAME=NUMBER or NAME=FIELD, not '%s'", s);
		*eq++ = 0;
		a = add_arg(p, r, s);
		if (!is_name(eq)) {
			a->value = number(p, eq);
			continue;
		}
		from = find_arg(r, eq, strlen(eq));
		if (!from || from == a)
			fatal(p->t, p->line, "unknown field '%s'", eq);
		memcpy(a->pieces, from->pieces, sizeof a->pieces);
		a->npieces = from->npieces;
		a->width = from->width;
		a->value = from->value;
		a->zero = from->zero;
		a->copy = true;
	}
}

/* The value of a condition on `width` bits, as a pattern. */
static struct pattern condition_value(struct parser *p, const char *s, unsigned width)
{
	struct pattern v = { 0, 0 };

	if (s[0] == '0' && s[1] == 'b') {
		unsigned n = 0;

		for (s += 2; s[n]; n++) {
			if (!strchr("01x", s[n]))
				fatal(p->t, p->line, "bad binary value '0b%s'", s);
			v.mask = v.mask << 1 | (s[n] != 'x');
			v.value = v.value << 1 | (s[n] == '1');
		}
		if (n != width)
			fatal(p->t, p->line, "value '0b%s' has %u bits, its fields %u", s, n,
			      width);
	} else {
		v.value = number(p, s);
		v.mask = (width == 64 ? 0 : 1ull << width) - 1;
		if (v.value & ~v.mask)
			fatal(p->t, p->line, "value '%s' does not fit %u bits", s, width);
	}
	return v;
}

static void add_condition(struct parser *p, struct row *r, const char *s)
{
	const char *ne = strstr(s, "!="), *f, *end;
	struct arg *parts[8];
	unsigned nparts = 0, width = 0;
	struct pattern v, e = { 0, 0 };

	if (!ne)
		fatal(p->t, p->line, "'%s' is neither FIELD!=VALUE nor defined", s);
	for (f = s; f < ne; f = end + 1) {
		end = memchr(f, '.', ne - f);
		if (!end)
			end = ne;
		if (nparts == 8)
			fatal(p->t, p->line, "too many fields in '%s'", s);
		parts[nparts] = find_arg(r, f, end - f);
		if (!parts[nparts] || !parts[nparts]->npieces)
			fatal(p->t, p->line, "unknown field '%.*s' in where", (int)(end - f), f);
		width += parts[nparts++]->width;
	}
	if (!nparts || width > 64)
		fatal(p->t, p->line, "bad condition '%s'", s);
	v = condition_value(p, ne + 2, width);
	while (nparts--) {
		struct arg *a = parts[nparts];

		for (unsigned i = 0; i < a->npieces; i++) {
			struct piece q = a->pieces[i];
			uint64_t bits = (1ull << q.width) - 1;

			e.mask |= (v.mask >> q.to & bits) << q.lsb;
			e.value |= (v.value >> q.to & bits) << q.lsb;
		}
		v.mask >>= a->width;
		v.value >>= a->width;
	}
	if (r->nexcept == MAX_EXCEPT)
		fatal(p->t, p->line, "too many conditions");
	r->except[r->nexcept++] = e;
}

static void parse_where(struct parser *p, struct row *r)
{
	char *s = peek(p);

	if (!s || is_clause(s))
		fatal(p->t, p->line, "no condition after 'where'");
	for (; (s = peek(p)) && !is_clause(s); next(p)) {
		struct define *d = p->defines + p->ndefines;

		while (d-- > p->defines && strcmp(d->name, s))
			;
		if (d < p->defines) {
			add_condition(p, r, s);
			continue;
		}
		for (unsigned i = 0; i < d->nwords; i++)
			add_condition(p, r, d->words[i]);
	}
}

static unsigned parse_attrs(struct parser *p)
{
	unsigned attrs = 0;
	char *s;

	for (;;) {
		unsigned i;

		s = next(p);
		if (!s)
			fatal(p->t, p->line, "no '}'");
		if (!strcmp(s, "}"))
			return attrs;
		for (i = 0; i < p->t->nattrs && strcmp(p->t->attrs[i], s); i++)
			;
		if (i == p->t->nattrs)
			fatal(p->t, p->line, "unknown attribute '%s'", s);
		attrs |= 1u << i;
	}
}

/* Adds the variant NAME to a set; @NAME names it. */
static void add_variant(struct parser *p, unsigned *set, const char *name)
{
	unsigned i;

	for (i = 0; i < p->t->nvariants && strcmp(p->t->variants[i], name); i++)
		;
	if (i == p->t->nvariants)
		fatal(p->t, p->line, "unknown variant '%s'", name);
	*set |= 1u << i;
}

static unsigned all_variants(const struct table *t)
{
	return t->nvariants ? (1u << t->nvariants) - 1 : 1;
}

static struct row *find_row(struct table *t, const char *name)
{
	for (unsigned i = 0; i < t->nrows; i++)
		if (!strcmp(t->rows[i]->name, name))
			return t->rows[i];
	return NULL;
}

static void parse_over(struct parser *p, struct row *r)
{
	char *s = next(p);

	if (!s)
		fatal(p->t, p->line, "no row after 'over'");
	if (r->over)
		fatal(p->t, p->line, "a second 'over'");
	r->over = find_row(p->t, s);
	if (!r->over)
		fatal(p->t, p->line, "'over %s': no earlier row has that name", s);
	if (r->over->nabove == MAX_OVER)
		fatal(p->t, p->line, "too many rows over '%s'", s);
	r->over->above[r->over->nabove++] = r;
}

static void parse_row(struct parser *p, char *name)
{
	struct table *t = p->t;
	struct row *r = xalloc(sizeof *r), *old;
	char *s;

	if (!t->nwidths || !t->name)
		fatal(t, p->line, "'name' and 'insn' must come before the first row");
	if (!is_name(name))
		fatal(t, p->line, "bad row name '%s'", name);
	if (!p->group)
		fatal(t, p->line, "row '%s' is in no group", name);
	old = find_row(t, name);
	if (old)
		fatal(t, p->line, "duplicate row '%s', first at %s:%u", name, t->file, old->line);
	r->name = r->handler = xstrdup(name);
	r->line = p->line;
	r->width = t->widths[t->nwidths - 1].bits;
	r->group = p->group;
	r->feature = p->feature;
	r->attrs = p->attrs;
	parse_bits(p, r);
	while ((s = next(p))) {
		if (!strcmp(s, "->"))
			parse_handler(p, r);
		else if (!strcmp(s, "where"))
			parse_where(p, r);
		else if (!strcmp(s, "over"))
			parse_over(p, r);
		else if (*s == '+' && s[1])
			r->feature = xstrdup(s + 1);
		else if (*s == '@')
			add_variant(p, &r->variants, s + 1);
		else if (*s == '{')
			r->attrs |= parse_attrs(p);
		else
			fatal(t, p->line, "unexpected '%s'", s);
	}
	if (!r->variants)
		r->variants = p->variants ? p->variants : all_variants(t);
	if (r->over && r->nexcept)
		fatal(t, p->line, "row '%s' has both 'over' and 'where'", name);

	if (t->nrows == p->capacity) {
		p->capacity = p->capacity ? 2 * p->capacity : 64;
		t->rows = realloc(t->rows, p->capacity * sizeof *t->rows);
		if (!t->rows)
			fatal(t, p->line, "out of memory");
	}
	r->index = t->nrows;
	t->rows[t->nrows++] = r;
}

static void parse_group(struct parser *p)
{
	char *s = next(p);

	if (!s || *s != '"')
		fatal(p->t, p->line, "expected a quoted name after 'group'");
	p->group = xstrdup(s + 1);
	p->feature = NULL;
	p->attrs = p->variants = 0;
	while ((s = next(p))) {
		if (*s == '+' && s[1])
			p->feature = xstrdup(s + 1);
		else if (*s == '@')
			add_variant(p, &p->variants, s + 1);
		else if (*s == '{')
			p->attrs = parse_attrs(p);
		else
			fatal(p->t, p->line, "unexpected '%s'", s);
	}
}

static void parse_define(struct parser *p)
{
	struct define *d = &p->defines[p->ndefines];
	char *s = next(p);

	if (!s || !is_name(s))
		fatal(p->t, p->line, "expected a name after 'define'");
	if (p->ndefines++ == MAX_DEFINES)
		fatal(p->t, p->line, "too many definitions");
	d->name = xstrdup(s);
	while ((s = next(p))) {
		if (d->nwords == MAX_EXCEPT)
			fatal(p->t, p->line, "too many conditions");
		d->words[d->nwords++] = xstrdup(s);
	}
}

static void parse_attribute(struct parser *p)
{
	struct table *t = p->t;
	char *s;

	while ((s = next(p))) {
		if (!is_name(s))
			fatal(t, p->line, "bad attribute name '%s'", s);
		if (t->nattrs == MAX_ATTRS)
			fatal(t, p->line, "too many attributes");
		t->attrs[t->nattrs++] = xstrdup(s);
	}
}

static void parse_variant(struct parser *p)
{
	struct table *t = p->t;
	char *s;

	if (t->nrows)
		fatal(t, p->line, "variants must come before the first row");
	while ((s = next(p))) {
		if (!is_name(s))
			fatal(t, p->line, "bad variant name '%s'", s);
		if (t->nvariants == MAX_VARIANTS)
			fatal(t, p->line, "too many variants");
		t->variants[t->nvariants++] = xstrdup(s);
	}
}

/* insn WIDTH [START...]: the width of the rows to come. */
static void parse_insn(struct parser *p)
{
	struct table *t = p->t;
	struct width *w = &t->widths[t->nwidths];
	char *s = next(p);

	if (t->nwidths == MAX_WIDTHS)
		fatal(t, p->line, "too many widths");
	w->line = p->line;
	w->bits = s ? number(p, s) : 0;
	if (w->bits != 16 && w->bits != 32 && w->bits != 48)
		fatal(t, p->line, "an instruction is 16, 32 or 48 bits wide");
	while ((s = next(p))) {
		struct row start = { 0 };
		unsigned n = add_bits(p, &start, s);

		if (t->unit && n != t->unit)
			fatal(t, p->line, "'%s' has %u bits, the start before it %u", s, n, t->unit);
		if (n > w->bits)
			fatal(t, p->line, "'%s' has more bits than the instructions", s);
		if (w->nstarts == MAX_STARTS)
			fatal(t, p->line, "too many starts");
		t->unit = n;
		w->starts[w->nstarts++] = start.pat;
	}
	for (unsigned i = 0; i < t->nwidths; i++)
		if (t->widths[i].bits == w->bits)
			fatal(t, p->line, "a second 'insn %u'", w->bits);
	if (t->nwidths++ && !(t->widths[0].nstarts && w->nstarts))
		fatal(t, p->line, "with several widths, each needs the starts of its first unit");
	if (w->bits > t->width)
		t->width = w->bits;
}

static void parse_signed(struct parser *p)
{
	char *s;

	while ((s = next(p))) {
		if (!is_name(s))
			fatal(p->t, p->line, "bad field name '%s'", s);
		if (p->nsigneds == MAX_ARGS)
			fatal(p->t, p->line, "too many signed fields");
		p->signeds[p->nsigneds++] = xstrdup(s);
	}
}

static void parse_line(struct parser *p)
{
	struct table *t = p->t;
	char *s = next(p);

	if (!s)
		return;
	if (!strcmp(s, "name")) {
		s = next(p);
		if (!s || !is_name(s))
			fatal(t, p->line, "expected a name after 'name'");
		t->name = xstrdup(s);
	} else if (!strcmp(s, "insn")) {
		parse_insn(p);
	} else if (!strcmp(s, "signed")) {
		parse_signed(p);
	} else if (!strcmp(s, "attribute")) {
		parse_attribute(p);
	} else if (!strcmp(s, "variant")) {
		parse_variant(p);
	} else if (!strcmp(s, "define")) {
		parse_define(p);
	} else if (!strcmp(s, "group")) {
		parse_group(p);
	} else {
		parse_row(p, s);
	}
	if (p->pos != p->nwords)
		fatal(t, p->line, "unexpected '%s'", p->words[p->pos]);
}

void parse_table(struct table *t, const char *file)
{
	struct parser p = { .t = t };
	char line[MAX_LINE];
	FILE *f;

	t->file = file;
	f = fopen(file, "r");
	if (!f)
		fatal(t, 0, "%s", strerror(errno));
	while (fgets(line, sizeof line, f)) {
		p.line++;
		if (!strchr(line, '\n') && !feof(f))
			fatal(t, p.line, "line too long");
		split(&p, line);
		parse_line(&p);
	}
	fclose(f);
	if (!t->nrows)
		fatal(t, p.line, "no rows");
}
