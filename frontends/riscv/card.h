/*
 * The card of a RISC-V guest: what common code may know of it (base/guest.h).  card_riscv32.c and card_riscv64.c
 * include it, once each, with RV_XLEN and their vdso.
 */
#ifndef RISCV_CARD_H
#define RISCV_CARD_H

#include "frontends/riscv/riscv.h"
#include "frontends/riscv/decode.h"

#define RV_PASTE(a, b, c) a##b##c
#define RV_NAME(a, b, c) RV_PASTE(a, b, c)
#define RV_STRING(x) #x
#define RV_TEXT(x) RV_STRING(x)

static const struct slot slots[SLOT_COUNT] = {
#define X(name, off, type, cls, boundary) { #name, off, T_##type, CLASS_##cls, boundary },
#define T_XREG RV_NAME(T_I, RV_XLEN, )
#include "frontends/riscv/slots.def"
#undef T_XREG
#undef X
};

enum { EM_RISCV = 243, ELFCLASS32 = 1, ELFCLASS64 = 2, ELFDATA2LSB = 1 };

/* The capstone that we link (4.0) has no RISC-V. */
enum { DISAS_NONE = ~0u };

/* The image that the loader maps. */
static const u8 vdso[VDSO_SIZE] = { VDSO_BYTES };

const struct rv_base rv_base = {
	.xlen = RV_XLEN, .type = RV_NAME(T_I, RV_XLEN, ),
	.decode = RV_NAME(rv, RV_XLEN, _decode), .translate = RV_NAME(rv, RV_XLEN, _translate),
};

const struct guest the_guest = {
	.name = "riscv" RV_TEXT(RV_XLEN),
	.machine = "riscv" RV_TEXT(RV_XLEN),
	.triplet = "riscv" RV_TEXT(RV_XLEN) "-linux-gnu",
	.elf_machine = EM_RISCV,
	.elf_class = RV_NAME(ELFCLASS, RV_XLEN, ),
	.elf_data = ELFDATA2LSB,
	.word = RV_XLEN / 8,
	.u64_align = 8,
	/* The user half of Sv48; of Sv32 also what a kernel keeps for itself. */
	.va_bits = RV_XLEN == 64 ? 47 : 32,
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
	.models = RV_NAME(rv, RV_XLEN, _models),
	.select_cpu = rv_select_cpu,
	.hwcap = rv_hwcap,
	.cpuinfo = rv_cpuinfo,
	.push_frame = rv_push_frame,
	.pop_frame = rv_pop_frame,
	.trap = rv_trap_signal,
	.syscall_insn_size = 4,
	.vdso = vdso,
	.vdso_size = VDSO_SIZE,
	.min_sigstack = RV_SIGFRAME_SIZE(RV_XLEN / 8),
	.vdso_sigreturn = VDSO_SIGRETURN,

	.insn_row = rv_insn_row,
	.dump = rv_dump,
};

#endif
