/*
 * Private header of the RISC-V frontend: slots, features, and the accessors that handlers are
 * written in.
 *
 * A handler (`rv_tr_NAME`, called by the decoder that mkdecode makes from insn.tbl) emits the IR of
 * one instruction and returns true, or emits nothing and returns false: illegal instruction.  One
 * that ends the translation emits EXIT or TRAP last; translate.c looks at the last node.
 *
 * A handler sees the 32-bit form only: a compressed instruction arrives as its expansion.  What
 * follows it is at t->next, never at t->pc + 4.
 */
#ifndef FRONTENDS_RISCV_RISCV_H
#define FRONTENDS_RISCV_RISCV_H

#include "base/guest.h"
#include "base/vcpu.h"
#include "syscall/table.h"
#include "translator/ir.h"

enum rv_slot {
#define X(name, off, type, cls, boundary) SLOT_##name,
#include "frontends/riscv/slots.def"
#undef X
	SLOT_COUNT
};

/* Byte offsets in vcpu.state. */
enum rv_offset {
#define X(name, off, type, cls, boundary) OFF_##name = off,
#include "frontends/riscv/slots.def"
#undef X
};

/*
 * The guest of the family that this runner is for (card_GUEST.c).  All code is for any XLEN, the width of a general
 * register; what exists in one of them only, insn.tbl says.
 */
struct rv_base {
	u8 xlen;               /* bits */
	u8 type;               /* enum ir_type of a general register */
	int (*decode)(u32 word);                         /* enum rv_insn */
	bool (*translate)(struct tr *t, u32 word);
};
extern const struct rv_base rv_base;

/* The type of a general register. */
#define T_XLEN ((enum ir_type)rv_base.type)

/* Registers with a role in the calling convention, and where the kernel expects things. */
enum { REG_RA = 1, REG_SP = 2, REG_TP = 4, REG_T0 = 5, REG_A0 = 10, REG_A7 = 17 };

/* RESADDR while there is no reservation: no access can be at the last byte of the address space. */
#define RES_NONE (~0ull >> (64 - rv_base.xlen))

/* --- features (features.c) --- */

/* What we implement and a CPU model may have: the extensions' names. */
enum rv_feature {
#define X(name, ...) EXT_##name,
#include "frontends/riscv/features.def"
#undef X
	EXT_COUNT
};

/* Of the selected CPU model; read-only once the guest runs. */
extern u64 rv_features;

static inline bool rv_has(enum rv_feature f)
{
	return rv_features >> f & 1;
}

/* The model lacks something that we implement: instructions must be checked. */
extern bool rv_features_limited;
bool rv_insn_enabled(int insn);   /* enum rv_insn */

u64 rv_hwcap(unsigned n);
void rv_select_cpu(const struct cpu_model *m);
int rv_cpuinfo(char *buf, size_t size, unsigned cpu);
extern const struct cpu_model rv32_models[], rv64_models[];

/* --- general registers --- */

/* xn, or its low 32 bits if type is T_I32; x0 reads as zero. */
static inline ref x_get_as(struct tr *t, unsigned n, enum ir_type type)
{
	return n ? ir_get(t, SLOT_X0 + n, type) : ir_const(t, type, 0);
}

static inline ref x_get(struct tr *t, unsigned n)
{
	return x_get_as(t, n, T_XLEN);
}

/* The low 32 bits of xn, for the W forms. */
static inline ref w_get(struct tr *t, unsigned n)
{
	return x_get_as(t, n, T_I32);
}

/* xn := v, sign-extended from an I32, as every W form has it, or the low part of an I64; x0: dropped. */
static inline void x_put(struct tr *t, unsigned n, ref v)
{
	if (!n)
		return;
	if (ir_type_of(t, v) != T_XLEN)
		v = T_XLEN == T_I64 ? ir2(t, IR_SEXT, T_I64, v, 32) : ir1(t, IR_TRUNC, T_I32, v);
	ir_put(t, SLOT_X0 + n, v);
}

static inline ref x_imm(struct tr *t, s64 v)
{
	return ir_const(t, T_XLEN, (u64)v);
}

/* An address that is known: a PC node, an I64 as EXITs want it. */
static inline ref x_pc(struct tr *t, u64 a)
{
	return ir_pc(t, T_XLEN == T_I64 ? a : (u32)a);
}

/* v, of a general register's type, as an I64. */
static inline ref x_wide(struct tr *t, ref v)
{
	return ir2(t, IR_ZEXT, T_I64, v, rv_base.xlen == 64 ? 64 : 32);
}

/* --- floating-point control and status (fpcsr.c) --- */

/* The low byte of fcsr: frm << 5 | fflags. */
enum { FCSR_FFLAGS = 31, FCSR_FRM_SHIFT = 5 };

void rv_fp_reset(struct vcpu *c);
/* Outside translated code. */
u32 rv_get_fcsr(struct vcpu *c);
void rv_set_fcsr(struct vcpu *c, u32 fcsr);
/* The card's functions of these names. */
void rv_slots_fill(struct vcpu *c);
void rv_slot_changed(struct vcpu *c, unsigned slot);
/* In a translation: T_I32 values. */
ref rv_fflags_get(struct tr *t);
void rv_fflags_put(struct tr *t, ref v);
ref rv_frm_get(struct tr *t);
/* Must be the last of its instruction but for the EXIT that has to follow. */
void rv_frm_put(struct tr *t, ref v);

/* --- trap codes: vcpu.trap of EXIT_TRAP --- */
enum rv_trap { RV_TRAP_BREAKPOINT };

enum { RV_CACHE_BLOCK = 64, RV_TIME_FREQ = 1000000000 };

/* --- shared between files --- */

/* Ends the translation: go on with the next instruction (state that it depends on has changed). */
void rv_exit_next(struct tr *t);
/* atomics.c: drop the reservation; LR alone */
void rv_reservation_clear(struct tr *t);
struct rv_lr;
void rv_load_reserved(struct tr *t, const struct rv_lr *a);

/* translate.c */
int rv_translate_insn(struct tr *t);                /* the card's translate */
/*
 * The instruction at pc, which must be executable as far as the page goes that it begins in, and not cross it;
 * *next is what follows, pc if it is none of 16 or 32 bits.
 */
u32 rv_fetch(gaddr pc, gaddr *next);
const struct insn_row *rv_insn_row(const u8 *bytes); /* the card's insn_row */

extern const struct syscall_row rv_syscalls[];   /* syscalls.c */
/* system.c: code was written in [start, end); anywhere, if that is empty */
void rv_code_written(gaddr start, gaddr end);
u64 rv_counter(void);                               /* what the counters of Zicntr read as */
/* features.c: the value of RISCV_HWPROBE_KEY_IMA_EXT_0 */
u64 rv_hwprobe_extensions(void);

/* Bytes of struct rt_sigframe where a long has `word`. */
#define RV_SIGFRAME_SIZE(word) (128 + ALIGN_UP(5 * (word) + 128, 16) + 32 * (word) + 528)

void rv_reset(struct vcpu *c, gaddr entry, gaddr sp);           /* state.c: the card's functions of these names */
void rv_clone_child(struct vcpu *c, gaddr sp, bool set_tls, gaddr tls);
void rv_dump(const struct vcpu *c, void (*line)(const char *fmt, ...));

bool rv_push_frame(struct vcpu *c, const struct sigframe *f);   /* signal.c */
bool rv_pop_frame(struct vcpu *c, struct sigframe *f);
void rv_trap_signal(struct vcpu *c, s32 *signo, s32 *code);

#endif
