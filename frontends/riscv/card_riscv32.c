/* The card of the riscv32 guest: what common code may know of it (base/guest.h). */
#include "frontends/riscv/riscv.h"
#include "frontends/riscv/decode.h"
#include "frontends/riscv/vdso_image_riscv32.h"

static const struct slot slots[SLOT_COUNT] = {
#define X(name, off, type, cls, boundary) { #name, off, T_##type, CLASS_##cls, boundary },
#define T_XREG T_I32
#include "frontends/riscv/slots.def"
#undef T_XREG
#undef X
};

enum { EM_RISCV = 243, ELFCLASS32 = 1, ELFDATA2LSB = 1 };

/* The capstone that we link (4.0) has no RISC-V. */
enum { DISAS_NONE = ~0u };

/* The image that the loader maps. */
static const u8 vdso[VDSO_SIZE] = { VDSO_BYTES };

const struct rv_base rv_base = {
	.xlen = 32, .type = T_I32, .decode = rv32_decode, .translate = rv32_translate,
};

const struct guest the_guest = {
	.name = "riscv32",
	.machine = "riscv32",
	.triplet = "riscv32-linux-gnu",
	.elf_machine = EM_RISCV,
	.elf_class = ELFCLASS32,
	.elf_data = ELFDATA2LSB,
	.word = 4,
	.u64_align = 8,
	.va_bits = 32,             /* Sv32; what a kernel keeps for itself of it is the guest's here */
	.page_size = 4096,
	.insn_unit = 2,

	.slots = slots,
	.nslots = SLOT_COUNT,
	.sp_off = OFF_X2,
	.tls_off = OFF_X4,
	.reset = rv_reset,
	.slots_fill = rv_slots_fill,
	.slot_changed = rv_slot_changed,
	.clone_child = rv_clone_child,

	.translate = rv_translate_insn,
	.disas_arch = DISAS_NONE,

	.sysno_off = OFF_X17,
	.arg_off = { OFF_X10, OFF_X11, OFF_X12, OFF_X13, OFF_X14, OFF_X15 },
	.ret_off = OFF_X10,
	.arch_syscalls = rv_syscalls,
	.models = rv32_models,
	.select_cpu = rv_select_cpu,
	.hwcap = rv_hwcap,
	.cpuinfo = rv_cpuinfo,
	.push_frame = rv_push_frame,
	.pop_frame = rv_pop_frame,
	.trap = rv_trap_signal,
	.syscall_insn_size = 4,
	.vdso = vdso,
	.vdso_size = VDSO_SIZE,
	.min_sigstack = RV_SIGFRAME_SIZE(4),
	.vdso_sigreturn = VDSO_SIGRETURN,

	.insn_row = rv_insn_row,
	.dump = rv_dump,
};
