/*
 * The card's translate(): from guest memory to handlers.
 *
 * An instruction is one or two halfwords, the first of which says so.  The second may lie on the
 * next page, which may not be executable or not there at all, so it is read only when the builder
 * says that it may be.
 */
#include "base/space.h"
#include "frontends/riscv/riscv.h"
#include "frontends/riscv/decode.h"
#include "translator/build.h"

static u16 fetch(gaddr pc)
{
	u16 half;

	memcpy(&half, g2h(pc), sizeof half);   /* instructions are little-endian, and so is every host we have */
	return half;
}

u32 rv_fetch(gaddr pc, gaddr *next)
{
	u32 word = fetch(pc);
	unsigned width = rv_width(word);

	*next = pc + width / 8;
	return width == 32 ? word | (u32)fetch(pc + 2) << 16 : word;
}

void rv_exit_next(struct tr *t)
{
	irx(t, IR_EXIT, T_NONE, EXIT_JUMP, ir_pc(t, t->next), 0, 0);
}

const struct insn_row *rv_insn_row(const u8 *bytes)
{
	u32 word;
	int id;

	memcpy(&word, bytes, sizeof word);
	if (rv_width(word) == 16)
		word &= 0xffff;
	id = rv_width(word) ? rv_base.decode(word) : (int)rv_NONE;
	return id == rv_NONE ? NULL : &rv_rows[id];
}

int rv_translate_insn(struct tr *t)
{
	u32 word = fetch(t->pc);
	u16 last;

	t->next = t->pc + 2;
	if (!rv_width(word))
		return TR_UNDEF;
	if (rv_width(word) == 32) {
		if (!tr_fetchable(t, t->pc + 2, 2))
			return TR_NOEXEC;
		word |= (u32)fetch(t->pc + 2) << 16;
		t->next = t->pc + 4;
	}
	if (UNLIKELY(rv_features_limited) && !rv_insn_enabled(rv_base.decode(word)))
		return TR_UNDEF;
	if (!rv_base.translate(t, word))
		return TR_UNDEF;
	last = t->node[t->n - 1].op;
	return last == IR_EXIT || last == IR_TRAP ? TR_END : TR_NEXT;
}
