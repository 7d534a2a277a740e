/* A bytecode interpreter with computed goto: an indirect jump at the end of each operation. */
#include "interp.h"

static uint64_t run(uint64_t *r)
{
	static const void *const target[] = {
		[OP_SET] = &&set, [OP_ADD] = &&add, [OP_SUB] = &&sub, [OP_XOR] = &&xor,
		[OP_MUL] = &&mul, [OP_SHIFT] = &&shift, [OP_LOAD] = &&load,
		[OP_STORE] = &&store, [OP_JUMP_LESS] = &&jump_less, [OP_END] = &&end,
	};
	const struct step *pc = program;
	struct step s;

#define NEXT() do { s = *pc++; goto *target[s.op]; } while (0)
	NEXT();
set:	r[s.a] = s.b; NEXT();
add:	r[s.a] = r[s.b] + r[s.c]; NEXT();
sub:	r[s.a] = r[s.b] - r[s.c]; NEXT();
xor:	r[s.a] = r[s.b] ^ r[s.c]; NEXT();
mul:	r[s.a] = r[s.b] * r[s.c]; NEXT();
shift:	r[s.a] = r[s.b] >> s.c; NEXT();
load:	r[s.a] = cells[r[s.b] & 255]; NEXT();
store:	cells[r[s.b] & 255] = r[s.a]; NEXT();
jump_less:
	if (r[s.a] < r[s.b])
		pc = program + s.c;
	NEXT();
end:
	return r[s.a];
}

int main(int argc, char **argv)
{
	uint64_t r[8] = { [0] = work(argc, argv), [6] = 1000, [7] = 1 };

	return report(run(r));
}
