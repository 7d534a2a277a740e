/* Runs the decoder made from syntax.good: what every clause of a table must come to. */
#include <stdio.h>
#include <string.h>

#include "syntax.h"

struct tr {
	const char *handler;
	int fields[7];
};

bool g_tr_move(struct tr *t, const struct g_move *a)
{
	*t = (struct tr){ "move", { a->id, a->a, a->b, a->c, a->d, a->y, a->k } };
	return true;
}

bool g_tr_GENERAL(struct tr *t, const struct g_GENERAL *a)
{
	*t = (struct tr){ "GENERAL", { a->id, a->z } };
	return true;
}

bool g_tr_exact(struct tr *t, const struct g_exact *a)
{
	*t = (struct tr){ "exact", { a->id } };
	return false;
}

static const struct {
	uint16_t word;
	bool result;
	const char *handler;	/* NULL: none is called */
	int fields[7];
} expected[] = {
	/*  word  result handler    id        a  b  c  d  y  k */
	{ 0x0055, true, "move", { g_MOVE,     0, 0, 1, 1, 5, 5 } },
	{ 0x0e79, true, "move", { g_MOVE,     1, 6, 1, 3, 1, 5 } },
	{ 0x0655, false, NULL, { 0 } },		/* a.b is 0110 */
	{ 0x0f55, false, NULL, { 0 } },		/* b is 7 */
	{ 0x0015, false, NULL, { 0 } },		/* c is 00 */
	{ 0x1daa, true, "move", { g_MOVE2,    1, 5, 2, 2, 5, 16 } },
	{ 0x14aa, false, NULL, { 0 } },		/* b is 1x0 */
	{ 0x2123, false, NULL, { 0 } },
	{ 0x8000, true, "GENERAL", { g_GENERAL, 0 } },
	{ 0xffff, true, "GENERAL", { g_GENERAL, 0x7fff } },
	{ 0x8001, false, "exact", { g_EXACT } },
	{ 0xafff, false, "exact", { g_CLASS } },
};

static int failures;

static void want(bool ok, const char *what, unsigned i)
{
	if (!ok) {
		printf("%s of %u is wrong\n", what, i);
		failures++;
	}
}

int main(void)
{
	const struct insn_row *r = g_rows;

	for (unsigned i = 0; i < sizeof expected / sizeof *expected; i++) {
		struct tr t = { 0 };

		want(g_translate(&t, expected[i].word) == expected[i].result, "result", i);
		want(!t.handler == !expected[i].handler, "call", i);
		if (t.handler && expected[i].handler) {
			want(!strcmp(t.handler, expected[i].handler), "handler", i);
			want(!memcmp(t.fields, expected[i].fields, sizeof t.fields), "fields", i);
		}
	}

	/* Every word: the tree and the rows say the same, and at most one row has it. */
	for (unsigned word = 0; word < 0x10000; word++)
		for (int i = 0; i < g_COUNT; i++)
			want(insn_matches(&r[i], word) == ((int)g_decode(word) == i), "row", word);

	want(g_decode(0x2fff) == g_NEITHER && !r[g_NEITHER].handler, "no handler", 0);
	want(g_attrs(g_MOVE) == g_ATTR_mem, "attributes", g_MOVE);
	want(g_attrs(g_MOVE2) == (g_ATTR_mem | g_ATTR_wflags), "attributes", g_MOVE2);
	want(g_attrs(g_GENERAL) == g_ATTR_branch, "attributes", g_GENERAL);
	want(!strcmp(r[g_MOVE].feature, "BASE") && !strcmp(r[g_MOVE2].feature, "EXT"), "feature",
	     0);
	want(!r[g_GENERAL].feature && !strcmp(r[g_GENERAL].group, "Two"), "group", 0);
	want(r[g_MOVE].nfields == 5 && !strcmp(r[g_MOVE].fields[1].name, "b"), "field", 0);
	want(r[g_MOVE].fields[1].lsb == 8 && r[g_MOVE].fields[1].width == 3, "field", 1);
	return failures != 0;
}
