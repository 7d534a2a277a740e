/* The card of the riscv64 guest: what common code may know of it (base/guest.h). */
#include "frontends/riscv/riscv.h"
#include "frontends/riscv/vdso_image.h"

static const struct slot slots[SLOT_COUNT] = {
#define X(name, off, type, cls, boundary) { #name, off, T_##type, CLASS_##cls, boundary },
#include "frontends/riscv/slots.def"
#undef X
};

enum { EM_RISCV = 243, ELFCLASS64 = 2, ELFDATA2LSB = 1 };

/* The capstone that we link (4.0) has no RISC-V. */
enum { DISAS_NONE = ~0u };

static void reset(struct vcpu *c, gaddr entry, gaddr sp)
{
	memset(c->state, 0, sizeof c->state);
	c->pc = entry;
	*vcpu_u64(c, OFF_X2) = sp;
	*vcpu_u64(c, OFF_RESADDR) = RES_NONE;
	rv_fp_reset(c);
}

static void clone_child(struct vcpu *c, gaddr sp, bool set_tls, gaddr tls)
{
	*vcpu_u64(c, OFF_X10) = 0;
	*vcpu_u64(c, OFF_RESADDR) = RES_NONE;
	if (sp)
		*vcpu_u64(c, OFF_X2) = sp;
	if (set_tls)
		*vcpu_u64(c, OFF_X4) = tls;
}

static void dump(const struct vcpu *c, void (*line)(const char *fmt, ...))
{
	static const char name[32][4] = {
		"zr", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0",
		"a1", "a2", "a3", "a4", "a5", "a6", "a7", "s2", "s3", "s4", "s5",
		"s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6"
	};
	const u64 *x = (const u64 *)(const void *)c->state;

	line("pc  %016llx fcsr %02x", (unsigned long long)c->pc, *(const u32 *)(const void *)(c->state + OFF_FCSR));
	for (unsigned i = 0; i < 32; i += 4)
		line("%-3s %016llx %-3s %016llx %-3s %016llx %-3s %016llx", name[i],
		     (unsigned long long)x[i], name[i + 1], (unsigned long long)x[i + 1],
		     name[i + 2], (unsigned long long)x[i + 2], name[i + 3],
		     (unsigned long long)x[i + 3]);
}

const struct guest the_guest = {
	.name = "riscv64",
	.machine = "riscv64",
	.triplet = "riscv64-linux-gnu",
	.elf_machine = EM_RISCV,
	.elf_class = ELFCLASS64,
	.elf_data = ELFDATA2LSB,
	.word = 8,
	.u64_align = 8,
	.va_bits = 47,             /* the user half of Sv48 */
	.page_size = 4096,
	.insn_unit = 2,

	.slots = slots,
	.nslots = SLOT_COUNT,
	.sp_off = OFF_X2,
	.tls_off = OFF_X4,
	.reset = reset,
	.slots_fill = rv_slots_fill,
	.slot_changed = rv_slot_changed,
	.clone_child = clone_child,

	.translate = rv_translate_insn,
	.disas_arch = DISAS_NONE,

	.sysno_off = OFF_X17,
	.arg_off = { OFF_X10, OFF_X11, OFF_X12, OFF_X13, OFF_X14, OFF_X15 },
	.ret_off = OFF_X10,
	.arch_syscalls = rv_syscalls,
	.models = rv_models,
	.select_cpu = rv_select_cpu,
	.hwcap = rv_hwcap,
	.cpuinfo = rv_cpuinfo,
	.push_frame = rv_push_frame,
	.pop_frame = rv_pop_frame,
	.trap = rv_trap_signal,
	.syscall_insn_size = 4,
	.vdso = rv_vdso,
	.vdso_size = VDSO_SIZE,
	.min_sigstack = RV_MINSIGSTKSZ,
	.vdso_sigreturn = VDSO_SIGRETURN,

	.insn_row = rv_insn_row,
	.dump = dump,
};
