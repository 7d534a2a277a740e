/* The card of the aarch64 guest: what common code may know of it (base/guest.h). */
#include "frontends/aarch64/a64.h"
#include "frontends/aarch64/vdso_image.h"

static const struct slot slots[SLOT_COUNT] = {
#define X(name, off, type, cls, boundary) { #name, off, T_##type, CLASS_##cls, boundary },
#include "frontends/aarch64/slots.def"
#undef X
};

enum { EM_AARCH64 = 183, ELFCLASS64 = 2, ELFDATA2LSB = 1 };

/* capstone.h: CS_ARCH_ARM64, CS_MODE_LITTLE_ENDIAN */
enum { DISAS_ARM64 = 1, DISAS_LITTLE = 0 };

/* arch/arm64/include/uapi/asm/fcntl.h */
static const struct open_flags open_flags = {
	.directory = 040000, .nofollow = 0100000, .direct = 0200000, .largefile = 0400000,
};

static void reset(struct vcpu *c, gaddr entry, gaddr sp)
{
	memset(c->state, 0, sizeof c->state);
	c->pc = entry;
	*vcpu_u64(c, OFF_SP) = sp;
	*vcpu_u64(c, OFF_EXADDR) = EX_NONE;
	*(u32 *)(void *)(c->state + OFF_PSTATE) = a64_pstate_exec();
	a64_pauth_exec(c);
}

static void clone_child(struct vcpu *c, gaddr sp, bool set_tls, gaddr tls)
{
	*vcpu_u64(c, OFF_X0) = 0;
	*vcpu_u64(c, OFF_EXADDR) = EX_NONE;
	if (sp)
		*vcpu_u64(c, OFF_SP) = sp;
	if (set_tls)
		*vcpu_u64(c, OFF_TPIDR) = tls;
}

static void dump(const struct vcpu *c, void (*line)(const char *fmt, ...))
{
	const u64 *x = (const u64 *)(const void *)c->state;
	u32 f = *(const u32 *)(const void *)(c->state + OFF_NZCV);

	line("pc  %016llx sp  %016llx tp  %016llx %c%c%c%c", (unsigned long long)c->pc,
	     (unsigned long long)x[OFF_SP / 8], (unsigned long long)x[OFF_TPIDR / 8],
	     f & FLAG_N ? 'N' : '-', f & FLAG_Z ? 'Z' : '-', f & FLAG_C ? 'C' : '-',
	     f & FLAG_V ? 'V' : '-');
	for (unsigned i = 0; i < 28; i += 4)
		line("x%-2u %016llx x%-2u %016llx x%-2u %016llx x%-2u %016llx", i,
		     (unsigned long long)x[i], i + 1, (unsigned long long)x[i + 1], i + 2,
		     (unsigned long long)x[i + 2], i + 3, (unsigned long long)x[i + 3]);
	line("x28 %016llx fp  %016llx lr  %016llx", (unsigned long long)x[28],
	     (unsigned long long)x[29], (unsigned long long)x[30]);
}

const struct guest the_guest = {
	.name = "aarch64",
	.machine = "aarch64",
	.platform = "aarch64",
	.triplet = "aarch64-linux-gnu",
	.elf_machine = EM_AARCH64,
	.elf_class = ELFCLASS64,
	.elf_data = ELFDATA2LSB,
	.word = 8,
	.u64_align = 8,
	.elf_property = 0xc0000000,   /* GNU_PROPERTY_AARCH64_FEATURE_1_AND, its bit for BTI */
	.elf_property_bit = 1,
	.va_bits = 48,
	.tag_bits = 8,   /* TCR_EL1.TBI0: Linux ignores the top byte for user mode */
	.atomic_block = &a64_atomic_block,
	.page_size = 4096,
	.insn_unit = 4,

	.slots = slots,
	.nslots = SLOT_COUNT,
	.sp_off = OFF_SP,
	.tls_off = OFF_TPIDR,
	.reset = reset,
	.clone_child = clone_child,

	.translate = a64_translate_insn,
	.flags_dead = a64_flags_dead,
	.variant = a64_variant,
	.may_land = a64_may_land,
	.disas_arch = DISAS_ARM64,
	.disas_mode = DISAS_LITTLE,

	.sysno_off = OFF_X8,
	.arg_off = { OFF_X0, OFF_X1, OFF_X2, OFF_X3, OFF_X4, OFF_X5 },
	.ret_off = OFF_X0,
	.models = a64_models,
	.select_cpu = a64_select_cpu,
	.hwcap = a64_hwcap,
	.cpuinfo = a64_cpuinfo,
	.push_frame = a64_push_frame,
	.sa_restorer = true,
	.pop_frame = a64_pop_frame,
	.trap = a64_trap_signal,
	.prctl = a64_prctl,
	.syscall_insn_size = 4,
	.open_flags = &open_flags,
	.vdso = a64_vdso,
	.vdso_size = VDSO_SIZE,
	.min_sigstack = A64_MINSIGSTKSZ,
	.vdso_sigreturn = VDSO_SIGRETURN,

	.insn_row = a64_insn_row,
	.dump = dump,
};
