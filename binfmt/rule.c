/*
 * One rule of binfmt_misc, as text and back (Documentation/admin-guide/binfmt-misc.rst).
 *
 * Two texts exist: the line that is written to .../register, which is also a line of systemd's
 * binfmt.d, and what .../NAME reads.  The kernel takes the line apart at a delimiter of the
 * writer's choice, its first character; that is ':' unless the path holds one.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "binfmt/binfmt.h"

enum {
	MAX_REGISTER_LENGTH = 1920,  /* fs/binfmt_misc.c */
	MAX_INTERP = 127,            /* the documentation's limit */
};

void rule_escape(const u8 *bytes, unsigned n, char *buf, size_t size)
{
	size_t at = strlen(buf);

	/* Letters in the readable form that everyone greps for; "\x7fELF" is no exception to \x. */
	for (unsigned i = 0; i < n && at + 5 < size; i++)
		at += snprintf(buf + at, size - at, isupper(bytes[i]) ? "%c" : "\\x%02x", bytes[i]);
}

bool rule_line(const struct rule *r, char *buf, size_t size)
{
	static const char delimiters[] = ":|,;%";
	const char *del = delimiters;
	char *p = buf;

	while (*del && strchr(r->interp, *del))
		del++;
	if (!*del || strchr(r->interp, '\n'))
		return complain("%s: a path that binfmt_misc cannot take", r->interp);
	if (strlen(r->interp) > MAX_INTERP)
		return complain("%s: too long for binfmt_misc, which takes %d bytes", r->interp,
				MAX_INTERP);
	p += snprintf(buf, size, "%c%s%cM%c", *del, r->name, *del, *del);
	if (r->offset)
		p += snprintf(p, size - (p - buf), "%u", r->offset);
	p += snprintf(p, size - (p - buf), "%c", *del);
	rule_escape(r->magic, r->size, buf, size);
	p = buf + strlen(buf);
	p += snprintf(p, size - (p - buf), "%c", *del);
	rule_escape(r->mask, r->size, buf, size);
	p = buf + strlen(buf);
	p += snprintf(p, size - (p - buf), "%c%s%c%s", *del, r->interp, *del, r->flags);
	if ((size_t)(p - buf) >= MIN(size, (size_t)MAX_REGISTER_LENGTH))
		return complain("%s: a rule too long for binfmt_misc", r->name);
	return true;
}

const char *flags_wrong(const char *flags)
{
	for (const char *p = flags; *p; p++) {
		if (!strchr("POCF", *p))
			return "only P, O, C and F are flags";
		if (strchr(p + 1, *p))
			return "a letter stands there twice";
	}
	return NULL;
}

static unsigned parse_hex(const char *hex, u8 *to)
{
	unsigned n = 0, byte;

	for (; n < RULE_BYTES && sscanf(hex, "%2x", &byte) == 1 && hex[0] && hex[1]; hex += 2)
		to[n++] = byte;
	return n;
}

/* The value of a line "KEY value" of the text, or NULL. */
static const char *value(const char *line, const char *key)
{
	size_t n = strlen(key);

	return strncmp(line, key, n) ? NULL : line + n;
}

void rule_parse(struct rule *r, const char *name, char *text)
{
	char *save, *line;
	unsigned mask = 0;
	const char *v;

	memset(r, 0, sizeof *r);
	snprintf(r->name, sizeof r->name, "%s", name);
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (!strcmp(line, "enabled")) {
			r->enabled = true;
		} else if ((v = value(line, "interpreter "))) {
			snprintf(r->interp, sizeof r->interp, "%s", v);
		} else if ((v = value(line, "flags: "))) {
			for (const char *f = "POCF"; *f; f++)
				if (strchr(v, *f))
					r->flags[strlen(r->flags)] = *f;
		} else if ((v = value(line, "offset "))) {
			r->offset = strtoul(v, NULL, 10);
		} else if ((v = value(line, "magic "))) {
			r->size = parse_hex(v, r->magic);
		} else if ((v = value(line, "mask "))) {
			mask = parse_hex(v, r->mask);
		}
	}
	if (mask != r->size)
		memset(r->mask, 0xff, r->size);
}

/* Byte i of the file under the rule: which bits it looks at, and their value. */
static u8 bits_at(const struct rule *r, unsigned i, u8 *magic)
{
	if (i < r->offset || i >= r->offset + r->size)
		return 0;
	*magic = r->magic[i - r->offset];
	return r->mask[i - r->offset];
}

bool rules_overlap(const struct rule *a, const struct rule *b)
{
	u8 x = 0, y = 0;

	for (unsigned i = 0; i < RULE_BYTES; i++)
		if (bits_at(a, i, &x) & bits_at(b, i, &y) & (x ^ y))
			return false;
	return a->size && b->size;
}

bool rules_same_files(const struct rule *a, const struct rule *b)
{
	u8 x = 0, y = 0;

	for (unsigned i = 0; i < RULE_BYTES; i++) {
		u8 m = bits_at(a, i, &x);

		if (m != bits_at(b, i, &y) || ((x ^ y) & m))
			return false;
	}
	return a->size && b->size;
}
