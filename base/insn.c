/* Rows of an instruction table, generically: what tests and messages do with them; see insn.h. */
#include "base/insn.h"

bool insn_matches(const struct insn_row *row, uint64_t word)
{
	if ((word & row->mask) != row->value)
		return false;
	for (unsigned i = 0; i < row->nexcept; i++)
		if ((word & row->except[i].mask) == row->except[i].value)
			return false;
	return true;
}

uint64_t insn_random(const struct insn_row *row, uint64_t (*rnd)(void))
{
	uint64_t all = row->width == 64 ? ~0ull : (1ull << row->width) - 1;
	uint64_t word;

	do
		word = (rnd() & all & ~row->mask) | row->value;
	while (!insn_matches(row, word));
	return word;
}
