/*
 * Compares the results of two runs of one file of cases: cmp CASES WANT GOT MAX [CUT]
 *
 * Prints, for each case that differs (at most MAX), its instructions and what differs; then the
 * number of instructions and of cases that differ.  With CUT, the cases that differ are written there
 * anew, once for each number of instructions: run again, the shortest that still differs, which alone
 * is then shown, tells which instruction it is. Exit status 1 if anything differs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frontends/riscv/decode.h"
#include "tests/riscv64/guest_case.h"

#if XLEN == 64
#define DECODE rv64_decode
#else
#define DECODE rv32_decode
#endif

static void *slurp(const char *name, size_t *n)
{
	FILE *f = fopen(name, "r");
	char *p;

	if (!f) {
		perror(name);
		exit(2);
	}
	fseek(f, 0, SEEK_END);
	*n = ftell(f) / sizeof(struct guest_case);
	rewind(f);
	p = malloc((*n + 1) * sizeof(struct guest_case));
	*n = fread(p, sizeof(struct guest_case), *n, f);
	fclose(f);
	return p;
}

/* The instruction at `at`; returns its size. */
static unsigned insn_at(const struct guest_case *q, unsigned at, uint32_t *word)
{
	*word = q->code[at] | q->code[at + 1] << 8;
	if (rv_width((uint16_t)*word) != 32)
		return 2;
	memcpy(word, q->code + at, 4);
	return 4;
}

static unsigned count_insns(const struct guest_case *q)
{
	unsigned n = 0;
	uint32_t w;

	for (unsigned at = 0; at < q->size; at += insn_at(q, at, &w))
		n++;
	return n;
}

static void differ(const char *name, unsigned i, uint64_t in, uint64_t want, uint64_t got)
{
	if (want != got)
		printf("  %s%u: %016llx, should be %016llx, was %016llx\n", name, i,
		       (unsigned long long)got, (unsigned long long)want, (unsigned long long)in);
}

static uint64_t word_at(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof v);
	return v;
}

static void show(const struct guest_case *q, const struct guest_case *a, const struct guest_case *b)
{
	uint32_t w;

	for (unsigned at = 0; at < q->size; ) {
		unsigned n = insn_at(q, at, &w);
		enum rv_insn id = DECODE(w);

		printf("%0*x %s", (int)n * 2, w, id == rv_NONE ? "?" : rv_rows[id].name);
		for (unsigned k = 0; id != rv_NONE && k < rv_rows[id].nfields; k++) {
			const struct insn_field *f = &rv_rows[id].fields[k];
			unsigned v = w >> f->lsb & ((1u << f->width) - 1);

			if (f->name[0] != 'r' || f->name[1] == 'm' || f->width < 3)
				continue;
			v += f->width == 3 ? 8 : 0;
			printf(" %s=%u (x %llx, f %llx)", f->name, v, v ? (unsigned long long)q->x[v] : 0,
			       (unsigned long long)q->f[v]);
		}
		printf("\n");
		at += n;
	}
	for (unsigned i = 0; i < 32; i++)
		differ(i ? "x" : "pc ", i, q->x[i], a->x[i], b->x[i]);
	for (unsigned i = 0; i < 32; i++)
		differ("f", i, q->f[i], a->f[i], b->f[i]);
	differ("fcsr ", 0, q->fcsr, a->fcsr, b->fcsr);
	differ("signal ", 0, 0, a->signal, b->signal);
	for (unsigned i = 0; i < CASE_MEM; i += 8)
		differ("m", i, word_at(q->mem + i), word_at(a->mem + i), word_at(b->mem + i));
}

/* The parts of case number i, told as one by `signal`, which is no input. */
static void write_cut(FILE *f, const struct guest_case *q, size_t i)
{
	struct guest_case part = *q;
	uint32_t w;

	part.signal = (uint32_t)i + 1;
	for (unsigned at = 0; at < q->size; ) {
		at += insn_at(q, at, &w);
		part.size = at;
		fwrite(&part, sizeof part, 1, f);
	}
}

int main(int argc, char **argv)
{
	size_t nq, na, nb, nbad = 0, insns = 0, max = argc > 4 ? strtoul(argv[4], 0, 0) : 10;
	struct guest_case *q = slurp(argv[1], &nq), *a = slurp(argv[2], &na), *b = slurp(argv[3], &nb);
	uint32_t shown = 0;
	FILE *cut = argc > 5 ? fopen(argv[5], "w") : NULL;

	if (na != nq || nb != nq)
		printf("only %zu and %zu results for %zu cases\n", na, nb, nq);
	for (size_t i = 0; i < nq && i < na && i < nb; i++) {
		insns += count_insns(&q[i]);
		if (!memcmp(&a[i], &b[i], sizeof *a))
			continue;
		/* Of the parts of one case, the first that differs is enough. */
		if (q[i].signal && q[i].signal == shown)
			continue;
		shown = q[i].signal;
		if (nbad++ < max) {
			printf("case %zu:\n", i);
			show(&q[i], &a[i], &b[i]);
		}
		if (cut)
			write_cut(cut, &q[i], i);
	}
	if (cut)
		fclose(cut);
	printf("%zu instructions in %zu cases, %zu differ\n", insns, nq, nbad);
	return nbad != 0 || na != nq || nb != nq;
}
