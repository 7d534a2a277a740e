/*
 * Private header of the A64 frontend: slots, features, and the accessors that handlers are written
 * in.
 *
 * A handler (`a64_tr_NAME`, called by the decoder that mkdecode makes from insn.tbl) emits the IR
 * of one instruction and returns true, or emits nothing and returns false: undefined instruction.
 * One that ends the translation emits EXIT or TRAP last; translate.c looks at the last node.
 *
 * Register number 31 is the zero register for x_get and x_put, the stack pointer for xsp_get and
 * xsp_put: the handler knows which its instruction means, as in the manual's pseudocode.
 */
#ifndef FRONTENDS_AARCH64_A64_H
#define FRONTENDS_AARCH64_A64_H

#include "base/guest.h"
#include "base/vcpu.h"
#include "translator/ir.h"

enum a64_slot {
#define X(name, off, type, cls, boundary) SLOT_##name,
#include "frontends/aarch64/slots.def"
#undef X
	SLOT_COUNT
};

/* Byte offsets in vcpu.state. */
enum a64_offset {
#define X(name, off, type, cls, boundary) OFF_##name = off,
#include "frontends/aarch64/slots.def"
#undef X
};

/*
 * EXADDR while no exclusive access is open: no access can be at the last byte of the address space.
 */
#define EX_NONE (~0ull)

/* --- features (features.c) --- */

/* What we implement and a CPU model may have: the manual's FEAT_ names. */
enum a64_feature {
#define X(name, done, word, bit, cpuinfo) FEAT_##name,
#include "frontends/aarch64/features.def"
#undef X
	FEAT_COUNT
};

/* Of the selected CPU model; read-only once the guest runs. */
extern u64 a64_features[4];
extern u64 a64_midr;
extern u32 a64_atomic_block;       /* card: atomic_block */

static inline bool a64_has(enum a64_feature f)
{
	return a64_features[f / 64] >> (f % 64) & 1;
}

/* The model lacks something that we implement: instructions must be checked. */
extern bool a64_features_limited;
bool a64_insn_enabled(int insn);   /* enum a64_insn */

u64 a64_hwcap(unsigned n);
/* Op0 3, op1 0, CRn 0 as Linux shows it to EL0; false if it does not. */
bool a64_id_register(unsigned crm, unsigned op2, u64 *v);
void a64_select_cpu(const struct cpu_model *m);
int a64_cpuinfo(char *buf, size_t size, unsigned cpu);
extern const struct cpu_model a64_models[];

/* --- general registers --- */

static inline enum ir_type x_type(unsigned sf)
{
	return sf ? T_I64 : T_I32;
}

/* Xn or (sf = 0) Wn; 31 reads as zero. */
static inline ref x_get(struct tr *t, unsigned n, unsigned sf)
{
	return n == 31 ? ir_const(t, x_type(sf), 0) : ir_get(t, SLOT_X0 + n, x_type(sf));
}

/* A 32-bit value to the 64 bits of a register. */
static inline ref x_widen(struct tr *t, ref v)
{
	return ir_type_of(t, v) == T_I32 ? ir2(t, IR_ZEXT, T_I64, v, 32) : v;
}

/* Xn := v, zero-extended if v is an I32; 31: dropped. */
static inline void x_put(struct tr *t, unsigned n, ref v)
{
	if (n != 31)
		ir_put(t, SLOT_X0 + n, x_widen(t, v));
}

/* The same with 31 as the stack pointer. */
static inline ref xsp_get(struct tr *t, unsigned n, unsigned sf)
{
	return ir_get(t, n == 31 ? SLOT_SP : SLOT_X0 + n, x_type(sf));
}

static inline void xsp_put(struct tr *t, unsigned n, ref v)
{
	ir_put(t, n == 31 ? SLOT_SP : SLOT_X0 + n, x_widen(t, v));
}

static inline ref nzcv_get(struct tr *t)
{
	return ir_get(t, SLOT_NZCV, T_FLAGS);
}

static inline void nzcv_put(struct tr *t, ref f)
{
	ir_put(t, SLOT_NZCV, f);
}

/* The manual's cond is the IR's, but that NV (15) is AL as well. */
static inline enum ir_cc a64_cc(unsigned cond)
{
	return cond >= 14 ? CC_AL : (enum ir_cc)cond;
}

/* --- vector registers --- */

/* Vn as T_V128, T_V64 (low half), T_F64 or T_F32 (lane 0). */
static inline ref v_get_as(struct tr *t, unsigned n, enum ir_type type)
{
	return ir_get(t, SLOT_V0 + n, type);
}

static inline ref v_get(struct tr *t, unsigned n)
{
	return ir_get(t, SLOT_V0 + n, T_V128);
}

/* Vn := v, the rest of the register zero, whatever type v has (V128, V64, F32, F64). */
static inline void v_put(struct tr *t, unsigned n, ref v)
{
	switch (ir_type_of(t, v)) {
	case T_V64:
		v = ir1(t, IR_ZEXTV, T_V128, v);
		break;
	case T_F32:
	case T_F64:
		v = ir1(t, IR_F2V, T_V128, v);
		break;
	default:
		break;
	}
	ir_put(t, SLOT_V0 + n, v);
}

/* T_V128 if q, else T_V64: the type of an AdvSIMD operation with this Q bit. */
static inline enum ir_type v_type(unsigned q)
{
	return q ? T_V128 : T_V64;
}

/* --- floating-point control (system.c) --- */

/* FPCR bits that we implement. */
enum {
	FPCR_FZ16 = 1 << 19, FPCR_RMODE = 3 << 22, FPCR_FZ = 1 << 24, FPCR_DN = 1 << 25,
	FPCR_AHP = 1 << 26,
	FPCR_MASK = FPCR_FZ16 | FPCR_RMODE | FPCR_FZ | FPCR_DN | FPCR_AHP
};
/* FPSR bits */
enum {
	FPSR_IOC = 1 << 0, FPSR_DZC = 1 << 1, FPSR_OFC = 1 << 2, FPSR_UFC = 1 << 3,
	FPSR_IXC = 1 << 4,
	FPSR_IDC = 1 << 7, FPSR_QC = 1 << 27
};
/* FPSR while outside translated code. */
u32 a64_get_fpsr(struct vcpu *c);
void a64_set_fpsr(struct vcpu *c, u32 fpsr);
u32 a64_fpctl_of_fpcr(u32 fpcr);           /* FPCR to enum ir_fpctl bits */

/* --- trap codes: vcpu.trap of EXIT_TRAP --- */
enum a64_trap { A64_TRAP_BRK, A64_TRAP_HLT, A64_TRAP_PAC };

/* --- shared between files --- */


/*
 * branch.c: branch targets (FEAT_BTI).  The class of a branch is PSTATE.BTYPE behind it.
 */
enum { A64_PROT_BTI = 0x10, A64_BTYPE_LSB = 10 /* in SPSR */, A64_BTYPE_CALL = 2 };
bool a64_may_land(gaddr pc, u32 btype);   /* the card's */
/* BTYPE of BLR (call), or BR by Xn. */
u32 a64_btype(const struct tr *t, bool call, unsigned rn);

void a64_monitor_clear(struct tr *t);        /* atomics.c: as CLREX */

/* system.c: the fields of PSTATE that the model has, as bits of SPSR, and those a program starts with. */
u32 a64_pstate_mask(void);
u32 a64_pstate_exec(void);

/* pauth.c: new keys, all enabled, as for a new program. */
void a64_pauth_exec(struct vcpu *c);
s64 a64_prctl(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS]);   /* pauth.c: the card's prctl */

/* Logical immediate (manual: DecodeBitMasks, immediate form).  False: reserved. */
bool a64_bitmask(unsigned n, unsigned imms, unsigned immr, unsigned sf, u64 *mask);

int a64_translate_insn(struct tr *t);               /* translate.c: the card's translate, insn_row and variant */
const struct insn_row *a64_insn_row(const u8 *bytes);
u32 a64_variant(gaddr pc);
bool a64_guarded(gaddr pc);                         /* branch.c: PROT_BTI */
bool a64_flags_dead(struct tr *t, gaddr pc);        /* translate.c: the card's flags_dead */
/* A whole frame, the record that links it and 16 bytes of alignment. */
enum { A64_MINSIGSTKSZ = 4720 };

bool a64_push_frame(struct vcpu *c, const struct sigframe *f);   /* signal.c */
bool a64_pop_frame(struct vcpu *c, struct sigframe *f);
void a64_trap_signal(struct vcpu *c, s32 *signo, s32 *code);
extern const u8 a64_vdso[];

#endif
