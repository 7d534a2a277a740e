/* What tests/cases/cases.c has to know of RISC-V. */
#include "tests/cases/cases.h"

#include <stdio.h>

#include "frontends/riscv/riscv.h"
#include "frontends/riscv/decode.h"

static const u16 c_ebreak = 0x9002;

/* FRM and FFLAGS are parts of fcsr, which cases give as a debugger would. */
static const char *const hidden[] = {
	"X0", "FRM", "RESADDR", "RESVAL", "FFLAGS", "FCSR", "CYCLE", "TIME", "INSTRET", NULL
};

static u32 *word_slot(struct vcpu *c, enum rv_offset off)
{
	return (u32 *)(void *)(c->state + off);
}

static u64 get_fcsr(struct vcpu *c)
{
	the_guest.slots_fill(c);
	return *word_slot(c, OFF_FRM) << FCSR_FRM_SHIFT | *word_slot(c, OFF_FFLAGS);
}

static void set_fcsr(struct vcpu *c, u64 v)
{
	*word_slot(c, OFF_FCSR) = (u32)v;
	the_guest.slot_changed(c, SLOT_FCSR);
}

static const struct case_special special[] = { { "fcsr", get_fcsr, set_fcsr }, { 0 } };

static void set_default(struct vcpu *c)
{
	for (unsigned i = 1; i < 32; i++)
		*vcpu_u64(c, OFF_X0 + 8 * i) = guest_word(&the_guest, 0xdead0000beef0000 + i);
	for (unsigned i = 0; i < 32; i++)
		*vcpu_u64(c, OFF_F0 + 8 * i) = 0xcafe000000000000 + i;
	*vcpu_u64(c, OFF_X2) = CASE_DATA + 256;
	*vcpu_u64(c, OFF_X8) = CASE_DATA + 128;
}

static bool covered[rv_COUNT];

static void cover(const u8 *code, unsigned size)
{
	for (unsigned i = 0; i + 2 <= size; ) {
		u32 word = code[i] | code[i + 1] << 8;
		enum rv_insn id;

		if (rv_width(word) == 32 && i + 4 <= size)
			word |= (u32)code[i + 2] << 16 | (u32)code[i + 3] << 24;
		id = rv_base.decode(word);
		if (id != rv_NONE)
			covered[id] = true;
		i += rv_width(word) == 32 ? 4 : 2;
	}
}

static unsigned list_uncovered(void)
{
	const unsigned variant = rv_base.xlen == 64 ? rv_VARIANT_rv64 : rv_VARIANT_rv32;
	unsigned n = 0;

	for (unsigned i = 0; i < rv_COUNT; i++) {
		if (covered[i] || !rv_rows[i].handler || !(rv_rows[i].variants & variant))
			continue;
		printf("no case: %s (%s)\n", rv_rows[i].name, rv_rows[i].group);
		n++;
	}
	return n;
}

const struct case_guest case_guest = {
	.stop = &c_ebreak,
	.stop_size = sizeof c_ebreak,
	.hidden = hidden,
	.special = special,
	.set_default = set_default,
	.cover = cover,
	.list_uncovered = list_uncovered,
};
