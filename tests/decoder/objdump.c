/*
 * Holds a decoder against binutils, or another disassembler that prints as objdump does: random words of
 * every row must be instructions for objdump too, of the row's name; words of plain chance must be
 * instructions for both or for neither.  On the way the decision tree is held against the rows it was
 * made from.
 *
 * 	objdump-check OBJDUMP KNOWN N M [SEED]
 *
 * OBJDUMP is the command with the options that the machine needs.  N words for each row, M of plain
 * chance, each in four bytes: behind an instruction of two, FILLER stands.  KNOWN lists the differences we stand by, a line each,
 * extended regular expressions which match whole names, then the reason:
 *
 * 	accept ROW			words which objdump does not know
 * 	feature FEATURE			rows of which it does not know any
 * 	name ROW MNEMONIC		objdump's mnemonic where it is not the row's name
 * 	refuse MNEMONIC MASK VALUE	words which we refuse, if (word & MASK) != VALUE
 *
 * A row's name in lower case, with dots for `_`, is the mnemonic that is expected (.aq and .rl may
 * follow); or the name up to
 * `_`, and a 2 may follow it (the forms for upper halves are not rows of their own).
 */
#include <ctype.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include DECODE_H

/* The decoder's names: DECODE_NAME is its prefix; of several variants, DECODE_VARIANT is the one that is looked at. */
#define PASTE(a, b) a##_##b
#define NAME2(a, b) PASTE(a, b)
#define N(name) NAME2(DECODE_NAME, name)
#ifdef DECODE_VARIANT
#define DECODE NAME2(DECODE_VARIANT, decode)
#define VARIANT_BIT(name) NAME2(N(VARIANT), name)
enum { VARIANT = VARIANT_BIT(DECODE_VARIANT) };
#else
#define DECODE N(decode)
enum { VARIANT = 1 };
#endif

enum { MAX_KNOWN = 100, MAX_REPORTS = 50 };

struct known {
	char kind;		/* a, f, n or r */
	regex_t first, second;
	uint32_t mask, value;
};

static struct known known[MAX_KNOWN];
static unsigned nknown;
static uint64_t state;
static unsigned reports;

/* splitmix64: any sequence will do, the same one everywhere. */
static uint64_t rnd(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "objdump-check: %s: %s\n", what, why);
	exit(2);
}

static void compile(regex_t *re, const char *s)
{
	char whole[300];

	snprintf(whole, sizeof whole, "^(%s)$", s);
	if (regcomp(re, whole, REG_EXTENDED | REG_NOSUB))
		fail(s, "bad regular expression");
}

static bool matches(const regex_t *re, const char *s)
{
	return !regexec(re, s, 0, NULL, 0);
}

static void read_known(const char *path)
{
	char line[500], kind[20], first[200], second[200];
	FILE *f = fopen(path, "r");

	if (!f)
		fail(path, "cannot open");
	while (fgets(line, sizeof line, f)) {
		struct known *k = &known[nknown];
		unsigned mask = 0, value = 0;
		int n = sscanf(line, "%19s %199s %199s %x", kind, first, second, &value);

		if (n < 1 || *kind == '#')
			continue;
		if (n < 3 || nknown++ == MAX_KNOWN)
			fail(path, "bad line");
		k->kind = *kind;
		compile(&k->first, first);
		if (k->kind == 'n')
			compile(&k->second, second);
		if (k->kind == 'r' && (n != 4 || sscanf(second, "%x", &mask) != 1))
			fail(path, "bad mask or value");
		k->mask = mask;
		k->value = value;
	}
	fclose(f);
}

static bool explained(char kind, const char *first, const char *second, uint32_t word)
{
	for (struct known *k = known; k < known + nknown; k++) {
		if (k->kind != kind || !matches(&k->first, first))
			continue;
		if (kind == 'n' && !matches(&k->second, second))
			continue;
		if (kind == 'r' && (word & k->mask) == k->value)
			continue;
		return true;
	}
	return false;
}

/* Which bits of order an atomic operation has is no part of its name. */
static bool is_order(const char *s)
{
	return !strcmp(s, ".aq") || !strcmp(s, ".rl") || !strcmp(s, ".aqrl");
}

/* Does the mnemonic say the same as the row's name? */
static bool same_name(const char *row, const char *mnemonic)
{
	size_t n = 0;

	while (row[n] && mnemonic[n] == (row[n] == '_' ? '.' : tolower((unsigned char)row[n])))
		n++;
	if (!row[n] && (!mnemonic[n] || is_order(mnemonic + n)))
		return true;
	while (*row && *row != '_' && tolower((unsigned char)*row) == *mnemonic) {
		row++;
		mnemonic++;
	}
	return (!*row || *row == '_') && (!*mnemonic || !strcmp(mnemonic, "2"));
}

/* Without the variant's name, which tells a row from that of another variant. */
static const char *plain_name(const char *name)
{
#ifdef DECODE_VARIANT
#define TEXT2(x) #x
#define TEXT(x) TEXT2(x)
	static char cut[80];
	size_t n = strlen(name), k = strlen("_" TEXT(DECODE_VARIANT));

	if (n > k && !strcasecmp(name + n - k, "_" TEXT(DECODE_VARIANT))) {
		snprintf(cut, sizeof cut, "%.*s", (int)(n - k), name);
		return cut;
	}
#endif
	return name;
}

static void check(uint32_t word, const char *text)
{
	enum N(insn) id = DECODE(word);
	const char *row = id == N(NONE) ? NULL : plain_name(N(rows)[id].name);
	char mnemonic[40] = "";
	bool theirs;

	sscanf(text, "%39s", mnemonic);
	theirs = *mnemonic != '.';
	if (!row && !theirs)
		return;
	if (row && !theirs && N(rows)[id].feature && explained('f', N(rows)[id].feature, NULL, word))
		return;
	if (row && !theirs ? explained('a', row, NULL, word) :
	    !row ? explained('r', mnemonic, NULL, word) :
	    same_name(row, mnemonic) || explained('n', row, mnemonic, word))
		return;
	if (reports++ < MAX_REPORTS)
		printf("%08x: we say %s, objdump says %s", word, row ? row : "undefined", text);
}

static void check_tree(uint32_t word)
{
	enum N(insn) id = DECODE(word);

	for (int i = 0; i < N(COUNT); i++)
		if (N(rows)[i].variants & VARIANT && insn_matches(&N(rows)[i], word) != ((int)id == i) && reports++ < MAX_REPORTS)
			printf("%08x: the tree and row %s disagree\n", word, N(rows)[i].name);
}

/* How many digits the instruction has in a line of objdump. */
static int used_digits(const char *line)
{
	int begin = 0, end = 0;

	sscanf(line, " %*x: %n%*[0-9a-f]%n", &begin, &end);
	return end - begin;
}

/* A word as it stands in the file; 0 if its instruction is none of those that fit. */
static uint32_t in_file(uint32_t word)
{
#ifdef FILLER
	switch (N(width)((uint16_t)word)) {
	case 16:
		return (word & 0xffff) | (uint32_t)FILLER << 16;
	case 32:
		return word;
	default:
		return 0;
	}
#else
	return word;
#endif
}

int main(int argc, char **argv)
{
	char path[] = "/tmp/decoder.XXXXXX", command[500], line[500];
	unsigned long n, m, total;
	uint32_t *words;
	int fd;
	FILE *f;

	if (argc < 5)
		fail("usage", "objdump-check OBJDUMP KNOWN N M [SEED]");
	read_known(argv[2]);
	n = strtoul(argv[3], NULL, 0);
	m = strtoul(argv[4], NULL, 0);
	state = argc > 5 ? strtoull(argv[5], NULL, 0) : 1;

	total = n * N(COUNT) + m;
	words = calloc(total + 1, sizeof *words);
	if (!words)
		fail("words", "out of memory");
	for (unsigned long i = 0; i < total; i++) {
		const struct insn_row *row = i < total - m ? &N(rows)[i / n] : NULL;

		words[i] = in_file(row && row->variants & VARIANT ? insn_random(row, rnd) : rnd());
	}
	for (unsigned long i = 0; i < total; i++)
		check_tree(words[i]);

	fd = mkstemp(path);
	if (fd < 0 || write(fd, words, total * sizeof *words) != (ssize_t)(total * sizeof *words))
		fail(path, "cannot write");
	snprintf(command, sizeof command, "%s -D -z -b binary %s", argv[1], path);
	f = popen(command, "r");
	if (!f)
		fail(argv[1], "cannot run");
	for (unsigned long i = 0; i < total && fgets(line, sizeof line, f); ) {
		unsigned long offset;
		unsigned word;
		int used = 0;

		if (sscanf(line, " %lx: %8x %n", &offset, &word, &used) != 2 || !used)
			continue;
		if (offset % 4)
			continue;
		if (offset != 4 * i || (word ^ words[i]) & (used_digits(line) == 4 ? 0xffff : ~0u))
			fail(line, "unexpected line of objdump");
		check(words[i++], line + used);
		if (i == total)
			total = 0;
	}
	pclose(f);
	remove(path);
	if (total)
		fail(argv[1], "output ends early");
	if (reports)
		printf("%u differences\n", reports);
	return reports != 0;
}
