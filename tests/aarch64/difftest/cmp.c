/*
 * Compares the results of two runs of one file of sequences: cmp SEQS OUT1 OUT2 [MAX]
 *
 * Prints, for each sequence that differs (at most MAX, 10), its words and rows and what differs;
 * then a count per row of the last instruction.  Exit status 1 if anything differs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frontends/aarch64/decode.h"
#include "tests/aarch64/difftest/dt.h"

static void *slurp(const char *name, size_t *size)
{
	FILE *f = fopen(name, "r");
	char *p;

	if (!f) {
		perror(name);
		exit(2);
	}
	fseek(f, 0, SEEK_END);
	*size = ftell(f);
	rewind(f);
	p = malloc(*size + 1);
	*size = fread(p, 1, *size, f);
	fclose(f);
	return p;
}

static void show_vec(const char *what, unsigned n, const uint8_t *v)
{
	printf("  %s v%-2u ", what, n);
	for (int i = 15; i >= 0; i--)
		printf("%02x%s", v[i], i && i % 4 == 0 ? "_" : "");
	printf("\n");
}

static const char *row_name(uint32_t w)
{
	enum a64_insn id = a64_decode(w);

	return id == a64_NONE ? "?" : a64_rows[id].name;
}

/* The registers that the words name, as they were before. */
static void show_inputs(const struct dt_seq *q)
{
	uint32_t vecs = 0;

	for (unsigned i = 0; q->code[i] != 0xd65f03c0; i++) {
		enum a64_insn id = a64_decode(q->code[i]);

		if (id == a64_NONE)
			continue;
		for (unsigned k = 0; k < a64_rows[id].nfields; k++) {
			const struct insn_field *f = &a64_rows[id].fields[k];

			if (f->name[0] == 'r' && f->width == 5)
				vecs |= 1u << (q->code[i] >> f->lsb & 31);
		}
	}
	for (unsigned i = 0; i < 32; i++)
		if (vecs >> i & 1)
			show_vec("in   ", i, q->in.v[i]);
	for (unsigned i = 0; i < 28; i++)
		if (vecs >> i & 1)
			printf("  in    x%-2u %016llx\n", i, (unsigned long long)q->in.x[i]);
	printf("  in    nzcv %x fpcr %x\n", q->in.nzcv >> 28, q->in.fpcr);
}

static void show(const struct dt_seq *q, const struct dt_state *a, const struct dt_state *b)
{
	for (unsigned i = 0; q->code[i] != 0xd65f03c0; i++)
		printf("%08x %s\n", q->code[i], row_name(q->code[i]));
	show_inputs(q);
	for (unsigned i = 0; i < 32; i++) {
		if (memcmp(a->v[i], b->v[i], 16)) {
			show_vec("first", i, a->v[i]);
			show_vec("other", i, b->v[i]);
		}
	}
	for (unsigned i = 0; i < 28; i++)
		if (a->x[i] != b->x[i])
			printf("  first x%-2u %016llx\n  other x%-2u %016llx\n", i,
			       (unsigned long long)a->x[i], i, (unsigned long long)b->x[i]);
	if (a->nzcv != b->nzcv)
		printf("  nzcv %x %x\n", a->nzcv >> 28, b->nzcv >> 28);
	if (a->fpsr != b->fpsr)
		printf("  fpsr %x %x\n", a->fpsr, b->fpsr);
	if (a->fault != b->fault)
		printf("  signal %u %u\n", a->fault, b->fault);
	if (a->memory != b->memory)
		printf("  memory differs\n");
	if (a->x28 != b->x28)
		printf("  x28 %llx %llx\n", (unsigned long long)a->x28, (unsigned long long)b->x28);
}

int main(int argc, char **argv)
{
	static unsigned tested[a64_COUNT], bad[a64_COUNT];
	size_t nq, na, nb, nbad = 0, max = argc > 4 ? strtoul(argv[4], 0, 0) : 10;
	struct dt_seq *q = slurp(argv[1], &nq);
	struct dt_state *a = slurp(argv[2], &na), *b = slurp(argv[3], &nb);

	nq /= sizeof *q;
	if (na / sizeof *a != nq || nb / sizeof *b != nq)
		printf("only %zu and %zu results for %zu sequences\n", na / sizeof *a,
		       nb / sizeof *b, nq);
	for (size_t i = 0; i < nq && i < na / sizeof *a && i < nb / sizeof *b; i++) {
		unsigned last = 0;
		enum a64_insn id;

		while (q[i].code[last + 1] != 0xd65f03c0)
			last++;
		id = a64_decode(q[i].code[last]);
		tested[id]++;
		if (!memcmp(&a[i], &b[i], sizeof *a))
			continue;
		bad[id]++;
		if (nbad++ < max) {
			printf("sequence %zu:\n", i);
			show(&q[i], &a[i], &b[i]);
		}
	}
	for (unsigned i = 0; i < a64_COUNT; i++)
		if (bad[i])
			printf("%s: %u of %u differ\n", a64_rows[i].name, bad[i], tested[i]);
	printf("%zu sequences, %zu differ\n", nq, nbad);
	return nbad != 0 || na != nb || na / sizeof *a != nq;
}
