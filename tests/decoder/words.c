/*
 * Prints words for another disassembler to be held against the decoder: first N random words of every
 * row, then M words of plain chance; `WORD ROW` a line, `-` for words which are nobody's.  On the way the
 * decoder is held against the rows themselves: a row's word must decode to that row.
 *
 *	words N M [SEED]
 */
#include <stdio.h>
#include <stdlib.h>

#include "frontends/aarch64/decode.h"

static uint64_t state;

/* splitmix64: any sequence will do, the same one everywhere. */
static uint64_t rnd(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static void print(uint32_t word)
{
	enum a64_insn id = a64_decode(word);

	printf("%08x %s\n", word, id == a64_NONE ? "-" : a64_rows[id].name);
}

int main(int argc, char **argv)
{
	unsigned long n = argc > 1 ? strtoul(argv[1], NULL, 0) : 16;
	unsigned long m = argc > 2 ? strtoul(argv[2], NULL, 0) : 0;

	state = argc > 3 ? strtoull(argv[3], NULL, 0) : 1;
	for (int i = 0; i < a64_COUNT; i++) {
		for (unsigned long k = 0; k < n; k++) {
			uint32_t word = insn_random(&a64_rows[i], rnd);

			if (a64_decode(word) != (enum a64_insn)i) {
				fprintf(stderr, "%08x of row %s decodes wrongly\n", word, a64_rows[i].name);
				return 1;
			}
			print(word);
		}
	}
	while (m--) {
		uint32_t word = rnd();
		enum a64_insn id = a64_decode(word);

		for (int i = 0; i < a64_COUNT; i++) {
			if (insn_matches(&a64_rows[i], word) != (id == (enum a64_insn)i)) {
				fprintf(stderr, "%08x: the tree and row %s disagree\n", word, a64_rows[i].name);
				return 1;
			}
		}
		print(word);
	}
	return 0;
}
