/*
 * Which instructions cost a call of a C function in translated code: a helper of the frontend, or
 * an operation that the host's backend leaves to the interpreter's code.
 *
 * 	helpers [-n] [HIDE...]
 *
 * Every row of the instruction table is compiled with random fields, for a host without the given
 * features (as -hide of cases.txt; `all` is the baseline that every host has), with FPCR as a
 * program finds it or, -n, with FPCR.DN set.  Prints, for each function, the rows that call it; a
 * row where only some fields do has an asterisk.  docs/helpers.md says why for each, and is held
 * against this output.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/insn.h"
#include "frontends/aarch64/a64.h"
#include "frontends/aarch64/decode.h"
#include "tests/aarch64/cases.h"
#include "translator/host.h"
#include "translator/translator.h"

enum { SAMPLES = 128, MAX_NAMES = 64, CODE_SIZE = 1 << 16 };

struct name {
	const char *name;
	unsigned char count[a64_COUNT];
};

/* System registers and operations that random fields do not meet. */
static const u32 system_words[] = {
	0xd53be040,   /* mrs x0, cntvct_el0 */
	0xd53be0c0,   /* mrs x0, cntvctss_el0 */
	0xd53b2400,   /* mrs x0, rndr */
	0xd53b2420,   /* mrs x0, rndrrs */
	0xd53b4400,   /* mrs x0, fpcr */
	0xd53b4420,   /* mrs x0, fpsr */
	0xd51b4400,   /* msr fpcr, x0 */
	0xd51b4420,   /* msr fpsr, x0 */
	0xd50b7520,   /* ic ivau, x0 */
	0xd50b7420,   /* dc zva, x0 */
};

static struct name names[MAX_NAMES];
static unsigned nnames;
static unsigned samples[a64_COUNT];
static struct tr tr;
static struct host_out out;

static u64 random_bits(void)
{
	static u64 x = 0x9e3779b97f4a7c15;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x * 0x2545f4914f6cdd1d;
}

static bool executable(gaddr a, u64 len)
{
	return true;
}

static void count(const char *name, unsigned row)
{
	unsigned k;

	for (k = 0; k < nnames && strcmp(names[k].name, name); k++)
		;
	if (k == MAX_NAMES) {
		fprintf(stderr, "too many names\n");
		exit(2);
	}
	if (k == nnames)
		names[nnames++].name = name;
	names[k].count[row]++;
}

static void compile(unsigned row, u32 word, u64 fpctl)
{
	static u8 code[CODE_SIZE];
	struct tr *t = &tr;
	int status;

	memcpy((void *)CASE_CODE, &word, sizeof word);
	t->fpctl = fpctl;
	t->max_insns = 1;
	ir_begin(t, &the_guest, CASE_CODE);
	ir_insn(t, CASE_CODE);
	status = the_guest.translate(t);
	if (status == TR_UNDEF)
		return;
	if (status == TR_NEXT)
		ir_raw(t, IR_EXIT, T_NONE, EXIT_JUMP, ir_pc(t, t->pc + 4), 0, 0);
	if (!host_compile(t, code, (u64)code, sizeof code, &out)) {
		fprintf(stderr, "%s %08x: cannot compile\n", a64_rows[row].name, word);
		exit(2);
	}
	samples[row]++;
	for (unsigned i = 0; i < out.ncalls; i++) {
		unsigned j;

		for (j = 0; j < i && out.call[j] != out.call[i]; j++)
			;
		if (j == i)
			count(out.call[i], row);
	}
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct name *)a)->name, ((const struct name *)b)->name);
}

static void print(const struct name *n)
{
	unsigned column = printf("%s:", n->name);

	for (unsigned i = 0; i < a64_COUNT; i++) {
		const char *mark = n->count[i] < samples[i] ? "*" : "";

		if (!n->count[i])
			continue;
		if (column + strlen(a64_rows[i].name) > 100)
			column = printf("\n ") - 1;
		column += printf(" %s%s", a64_rows[i].name, mark);
	}
	printf("\n");
}

int main(int argc, char **argv)
{
	struct translator_config cfg = { .engine = ENGINE_JIT };
	u64 fpctl = 0;

	for (int i = 1; i < argc; i++) {
		const struct host_item *f = host_features;

		if (!strcmp(argv[i], "-n")) {
			fpctl = FPCTL_DEFAULT_NAN;
			continue;
		}
		while (f->name && strcmp(f->name, argv[i]))
			f++;
		if (!f->name)
			return 2;
		cfg.hide |= f->bit;
	}
	if (mmap((void *)CASE_CODE, 4096, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		return 2;
	the_guest.select_cpu(the_guest.models);
	translator_init(&the_guest, &cfg, executable);
	for (unsigned row = 0; row < a64_COUNT; row++)
		for (unsigned k = 0; a64_rows[row].handler && k < SAMPLES; k++)
			compile(row, (u32)insn_random(&a64_rows[row], random_bits), fpctl);
	for (unsigned k = 0; k < ARRAY_LEN(system_words); k++)
		compile(a64_decode(system_words[k]), system_words[k], fpctl);
	qsort(names, nnames, sizeof *names, by_name);
	for (unsigned i = 0; i < nnames; i++)
		print(&names[i]);
	return 0;
}
