/* A bytecode interpreter of the plain kind: a loop around a switch (one indirect jump). */
#include "interp.h"

static uint64_t run(uint64_t *r)
{
	unsigned pc = 0;

	for (;;) {
		struct step s = program[pc++];

		switch (s.op) {
		case OP_SET:		r[s.a] = s.b; break;
		case OP_ADD:		r[s.a] = r[s.b] + r[s.c]; break;
		case OP_SUB:		r[s.a] = r[s.b] - r[s.c]; break;
		case OP_XOR:		r[s.a] = r[s.b] ^ r[s.c]; break;
		case OP_MUL:		r[s.a] = r[s.b] * r[s.c]; break;
		case OP_SHIFT:		r[s.a] = r[s.b] >> s.c; break;
		case OP_LOAD:		r[s.a] = cells[r[s.b] & 255]; break;
		case OP_STORE:		cells[r[s.b] & 255] = r[s.a]; break;
		case OP_JUMP_LESS:
			if (r[s.a] < r[s.b])
				pc = s.c;
			break;
		case OP_END:		return r[s.a];
		}
	}
}

int main(int argc, char **argv)
{
	uint64_t r[8] = { [0] = work(argc, argv), [6] = 1000, [7] = 1 };

	return report(run(r));
}
