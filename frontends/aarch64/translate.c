/*
 * The card's translate() and flags_dead(): from guest memory to handlers.
 *
 * flags_dead() reads ahead in the guest's code to learn that the flags are overwritten before
 * anything reads them, which lets an exit drop a compare's flags instead of packing them into
 * memory.  What it reads becomes something the translation depends on (t->lo, t->end), so it only looks at
 * pages that the translation already covers: others might not be executable.
 */
#include "base/space.h"
#include "frontends/aarch64/a64.h"
#include "frontends/aarch64/decode.h"

enum { LOOK_AHEAD = 12 };

static u32 fetch(gaddr pc)
{
	u32 word;

	memcpy(&word, g2h(pc), sizeof word);   /* instructions are little-endian, and so is every host we have */
	return word;
}

const struct insn_row *a64_insn_row(const u8 *bytes)
{
	u32 word;
	int id;

	memcpy(&word, bytes, sizeof word);
	id = a64_decode(word);
	return id == a64_NONE ? NULL : &a64_rows[id];
}

int a64_translate_insn(struct tr *t)
{
	u32 word = fetch(t->pc);
	u16 last;

	t->next = t->pc + 4;
	if (UNLIKELY(a64_features_limited) && !a64_insn_enabled(a64_decode(word)))
		return TR_UNDEF;
	if (!a64_translate(t, word))
		return TR_UNDEF;
	last = t->node[t->n - 1].op;
	return last == IR_EXIT || last == IR_TRAP ? TR_END : TR_NEXT;
}

u32 a64_variant(gaddr pc)
{
	return space_arch_prot_used | a64_guarded(pc) << 1;
}

bool a64_flags_dead(struct tr *t, gaddr pc)
{
	gaddr page = t->g->page_size, from = ALIGN_DOWN(t->lo, page), to = ALIGN_UP(t->end, page);
	gaddr lo = t->lo, end = t->end, p = pc;

	if (t->single)
		return false;
	for (unsigned i = 0; i < LOOK_AHEAD; i++) {
		enum a64_insn id;
		unsigned attrs;
		u32 word;

		if (p < from || p >= to)
			return false;
		lo = MIN(lo, p);
		end = MAX(end, p + 4);
		word = fetch(p);
		id = a64_decode(word);
		if (id == a64_NONE)
			return false;
		if (id == a64_B) {
			p += sext(word, 26) * 4;
			continue;
		}
		attrs = a64_attrs(id);
		if (attrs & (a64_ATTR_rflags | a64_ATTR_branch))
			return false;
		if (attrs & a64_ATTR_wflags) {
			t->lo = lo;
			t->end = end;
			return true;
		}
		p += 4;
	}
	return false;
}
