/* Runs the decoder made from widths.good: widths, and fields that are more than a run of bits. */
#include <stdio.h>
#include <string.h>

#include "widths.h"

struct tr {
	const char *handler;
	int fields[3];
};

bool w_tr_jump(struct tr *t, const struct w_jump *a)
{
	*t = (struct tr){ "jump", { a->imm, (int)a->rd } };
	return true;
}

bool w_tr_move(struct tr *t, const struct w_move *a)
{
	*t = (struct tr){ "move", { a->imm, (int)a->rd, (int)a->rs } };
	return true;
}

bool w_tr_load(struct tr *t, const struct w_load *a)
{
	*t = (struct tr){ "load", { a->imm, (int)a->rd, (int)a->x } };
	return true;
}

/* The words are RISC-V's, as its assembler makes them, where the table's rows are. */
static const struct {
	uint32_t word;
	unsigned width;
	const char *handler;	/* NULL: none is called */
	int fields[3];
} expected[] = {
	{ 0xffdff0ef, 32, "jump", { -4, 1 } },			/* jal ra, .-4 */
	{ 0x7ffff06f, 32, "jump", { 0xffffe, 0 } },		/* j .+0xffffe */
	{ 0x8000006f, 32, "jump", { -0x100000, 0 } },		/* j .-0x100000 */
	{ 0x80050593, 32, "move", { -2048, 11, 10 } },		/* addi a1, a0, -2048 */
	{ 0x7ff50593, 32, "move", { 2047, 11, 10 } },		/* addi a1, a0, 2047 */
	{ 0xfe0f8083, 32, "load", { -1, 1, 0 } },
	{ 0x00002581, 16, NULL, { 0 } },
	{ 0xffff1081, 16, "move", { -32, 1, 1 } },		/* c.addi ra, -32; what follows is not looked at */
	{ 0x0000007d, 16, "move", { 31, 0, 0 } },
	{ 0x00000081, 16, NULL, { 0 } },			/* imm is 0 */
	{ 0x00005f60, 16, "load", { 124, 8, 14 } },		/* c.lw s0, 124(a4) */
	{ 0x00004044, 16, "load", { 4, 9, 8 } },		/* c.lw s1, 4(s0) */
	{ 0x00009c02, 16, "move", { -1, 15, 15 } },
};

int main(void)
{
	int failures = 0;

	for (unsigned i = 0; i < sizeof expected / sizeof *expected; i++) {
		struct tr t = { 0 };
		bool done = w_translate(&t, expected[i].word);

		if (w_width((uint16_t)expected[i].word) != expected[i].width ||
		    done != !!expected[i].handler ||
		    (done && (strcmp(t.handler, expected[i].handler) ||
			      memcmp(t.fields, expected[i].fields, sizeof t.fields)))) {
			printf("%08x: %s %d %d %d\n", expected[i].word, done ? t.handler : "none",
			       t.fields[0], t.fields[1], t.fields[2]);
			failures++;
		}
	}
	return failures != 0;
}
