/*
 * Exception generation, barriers, cache maintenance and system registers (DDI 0487, C4.1.4, chapter
 * D13).
 *
 * Which registers exist at EL0 is Linux's choice as much as the architecture's: the identification
 * registers trap and are emulated by the kernel (Documentation/arm64/cpu-feature-registers.rst),
 * the virtual counter is open, the physical one is not.
 */
#include <time.h>

#include "base/host.h"
#include "base/host_nr.h"
#include "base/space.h"
#include "frontends/aarch64/a64.h"
#include "frontends/aarch64/decode.h"
#include "syscall/vdso.h"
#include "translator/translator.h"

enum { CACHE_LINE = 64, CNTFRQ = 1000000000, A64_VDSO_CALL = 0x4d00 /* vdso.S */ };

static void exit_next(struct tr *t)
{
	irx(t, IR_EXIT, T_NONE, EXIT_SYNC, ir_pc(t, t->pc + 4), 0, 0);
}

/* --- exceptions --- */

bool a64_tr_svc(struct tr *t, const struct a64_svc *a)
{
	a64_monitor_clear(t);     /* as the kernel's ERET does */
	irx(t, IR_TRAP, T_NONE, 0, ir_pc(t, t->pc + 4), EXIT_SYSCALL, 0);
	return true;
}

bool a64_tr_brk(struct tr *t, const struct a64_brk *a)
{
	irx(t, IR_TRAP, T_NONE, 0, ir_pc(t, t->pc), EXIT_TRAP, A64_TRAP_BRK);
	return true;
}

bool a64_tr_hlt(struct tr *t, const struct a64_hlt *a)
{
	irx(t, IR_TRAP, T_NONE, 0, ir_pc(t, t->pc), EXIT_TRAP, A64_TRAP_HLT);
	return true;
}

/* In the vdso, UDF with one of these numbers is a function's body (syscall/vdso.h). */
static const struct ir_helper vdso_helpers[VDSO_COUNT] = {
#define X(call) { .name = #call, .fn = vdso_##call, .type = T_I64, .nargs = 2 },
	VDSO_CALLS(X)
#undef X
};

bool a64_tr_udf(struct tr *t, const struct a64_udf *a)
{
	unsigned n = a->imm16 - A64_VDSO_CALL;

	if (n >= VDSO_COUNT || !vdso_contains(t->pc))
		return false;
	x_put(t, 0, ir_call(t, &vdso_helpers[n], x_get(t, 0, 1), x_get(t, 1, 1)));
	return true;
}

/* --- hints and barriers --- */

bool a64_tr_hint(struct tr *t, const struct a64_hint *a)
{
	return true;
}

/* Waiting may end at any time, and ours ends at once, as that of WFE and WFI. */
bool a64_tr_wfxt(struct tr *t, const struct a64_wfxt *a)
{
	return true;
}

bool a64_tr_barrier(struct tr *t, const struct a64_barrier *a)
{
	switch (a->id) {
	case a64_CLREX:
		a64_monitor_clear(t);
		return true;
	case a64_DMB:
	case a64_DSB:
	case a64_DSB_nXS:
		/* CRm<1:0>: 1 loads, 2 stores, 3 both */
		irx(t, IR_FENCE, T_NONE, a->id == a64_DMB && (a->crm & 3) != 3 ? a->crm & 3 : 0, 0,
		    0, 0);
		return true;
	case a64_ISB:
		exit_next(t);
		return true;
	case a64_SB:
		return true;
	default:
		return false;
	}
}

/* --- cache maintenance --- */

static u64 ic_ivau(u64 addr)
{
	gaddr line = guest_untag(&the_guest, addr) & ~(u64)(CACHE_LINE - 1);

	space_code_written(line, line + CACHE_LINE);
	return 0;
}

static const struct ir_helper helper_ic_ivau = {
	.name = "ic_ivau", .fn = ic_ivau, .type = T_I64, .nargs = 1,
};

/* DC ZVA: the block of 64 bytes that holds the address. */
static void zero_block(struct tr *t, ref addr)
{
	ref base = ir2(t, IR_AND, T_I64, addr, ir_const(t, T_I64, ~(u64)(CACHE_LINE - 1)));
	ref zero = ir_constv(t, T_V128, (vec){ .d = { 0, 0 } });

	for (unsigned i = 0; i < CACHE_LINE; i += 16)
		irx(t, IR_STORE, T_V128, MEM_128, base, zero, i);
}

#define SYS_OP(op1, crn, crm, op2) ((op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))

bool a64_tr_sys(struct tr *t, const struct a64_sys *a)
{
	if (a->L)
		return false;
	switch (SYS_OP(a->op1, a->crn, a->crm, a->op2)) {
	case SYS_OP(3, 7, 5, 1):       /* IC IVAU */
		ir_call(t, &helper_ic_ivau, x_get(t, a->rt, 1));
		exit_next(t);
		return true;
	case SYS_OP(3, 7, 4, 1):       /* DC ZVA */
		zero_block(t, x_get(t, a->rt, 1));
		return true;
	case SYS_OP(3, 7, 10, 1):      /* DC CVAC */
	case SYS_OP(3, 7, 11, 1):      /* DC CVAU */
	case SYS_OP(3, 7, 14, 1):      /* DC CIVAC */
		return true;
	case SYS_OP(3, 7, 12, 1):      /* DC CVAP */
		return a64_has(FEAT_DPB);
	case SYS_OP(3, 7, 13, 1):      /* DC CVADP */
		return a64_has(FEAT_DPB2);
	default:
		return false;
	}
}

/* --- PSTATE fields --- */

/* Speculation and timing are not ours to change: the bits are kept and read back. */
enum { PSTATE_SSBS = 1 << 12, PSTATE_DIT = 1 << 24 };

u32 a64_pstate_mask(void)
{
	return (a64_has(FEAT_SSBS) ? PSTATE_SSBS : 0) | (a64_has(FEAT_DIT) ? PSTATE_DIT : 0);
}

/* As Linux starts a program that has asked for no mitigation: stores may be bypassed. */
u32 a64_pstate_exec(void)
{
	return a64_pstate_mask() & PSTATE_SSBS;
}

/* The field that is bit `bit` := the same bit of v. */
static bool pstate_write(struct tr *t, u32 bit, ref v)
{
	ref old;

	if (!(a64_pstate_mask() & bit))
		return false;
	old = ir2(t, IR_AND, T_I32, ir_get(t, SLOT_PSTATE, T_I32), ir_const(t, T_I32, ~bit));
	ir_put(t, SLOT_PSTATE,
	       ir2(t, IR_OR, T_I32, old, ir2(t, IR_AND, T_I32, v, ir_const(t, T_I32, bit))));
	return true;
}

/* The others are EL1's, or of features that no model has (TCO, the SM and ZA of SME). */
bool a64_tr_msr_imm(struct tr *t, const struct a64_msr_imm *a)
{
	ref v = ir_const(t, T_I32, a->crm & 1 ? ~0u : 0);

	switch (a->op1 << 3 | a->op2) {
	case 3 << 3 | 1:
		return a->crm <= 1 && pstate_write(t, PSTATE_SSBS, v);
	case 3 << 3 | 2:
		return a->crm <= 1 && pstate_write(t, PSTATE_DIT, v);
	default:
		return false;
	}
}

/* --- floating-point control and status --- */

/* RMode, FZ and DN are bits 22..25 in FPCR and 0..3 in FPCTL. */
u32 a64_fpctl_of_fpcr(u32 fpcr)
{
	return (fpcr >> 22 & 15) | (fpcr & FPCR_FZ16 ? FPCTL_FLUSH16 : 0) |
	       (fpcr & FPCR_AHP ? FPCTL_ALT_HALF : 0);
}

/* The exceptions but for IDC, which has a life of its own. */
static u32 fpsr_of_fpexc(u32 e)
{
	return (e & FPEXC_INVALID) | (e >> 1 & (FPSR_DZC | FPSR_OFC | FPSR_UFC | FPSR_IXC));
}

static u32 fpexc_of_fpsr(u32 f)
{
	return (f & FPSR_IOC) | (f & (FPSR_DZC | FPSR_OFC | FPSR_UFC | FPSR_IXC)) << 1;
}

static u32 *slot_u32(struct vcpu *c, unsigned off)
{
	return (u32 *)(void *)(c->state + off);
}

u32 a64_get_fpsr(struct vcpu *c)
{
	const vec *qc = (const vec *)(const void *)(c->state + OFF_QC);
	u32 e = translator_fpflags(c);
	bool flushed = e & FPEXC_DENORMAL && *slot_u32(c, OFF_FPCR) & FPCR_FZ;

	return fpsr_of_fpexc(e) | (flushed ? FPSR_IDC : 0) | *slot_u32(c, OFF_IDC) |
	       (qc->d[0] | qc->d[1] ? FPSR_QC : 0);
}

void a64_set_fpsr(struct vcpu *c, u32 fpsr)
{
	translator_set_fpflags(c, fpexc_of_fpsr(fpsr));
	*slot_u32(c, OFF_IDC) = fpsr & FPSR_IDC;
	*(vec *)(void *)(c->state + OFF_QC) = (vec){ .d = { fpsr & FPSR_QC ? 1 : 0, 0 } };
}

static ref w_field(struct tr *t, ref v, unsigned from, unsigned len, unsigned to)
{
	v = ir3(t, IR_UBFX, T_I32, v, from, len);
	return to ? ir2(t, IR_SHL, T_I32, v, ir_const(t, T_I32, to)) : v;
}

static ref w_or(struct tr *t, ref a, ref b)
{
	return ir2(t, IR_OR, T_I32, a, b);
}

/*
 * FPSR.IDC says that an operand was flushed to zero.  A host may report any denormal operand as
 * FPEXC_DENORMAL, so that counts only while FPCR.FZ is set; when FPCR is written, what has been
 * collected moves to the slot IDC.
 */
static ref idc_read(struct tr *t, ref fpexc)
{
	ref flush = w_field(t, ir_get(t, SLOT_FPCR, T_I32), 24, 1, 7);

	flush = ir2(t, IR_AND, T_I32, w_field(t, fpexc, 1, 1, 7), flush);
	return w_or(t, flush, ir_get(t, SLOT_IDC, T_I32));
}

static void fpcr_write(struct tr *t, ref v)
{
	ref ctl, e = ir1(t, IR_FPFLAGS, T_I32, 0);

	ir_put(t, SLOT_IDC, idc_read(t, e));
	ir1(t, IR_FPFLAGSW, T_NONE,
	    ir2(t, IR_AND, T_I32, e, ir_const(t, T_I32, ~(u32)FPEXC_DENORMAL)));
	v = ir2(t, IR_AND, T_I32, v, ir_const(t, T_I32, FPCR_MASK));
	ir_put(t, SLOT_FPCR, v);
	ctl = w_or(t, w_field(t, v, 22, 4, 0),
		   w_or(t, w_field(t, v, 19, 1, 4), w_field(t, v, 26, 1, 5)));
	ir1(t, IR_FPCTL, T_NONE, ctl);
	exit_next(t);
}

static ref fpsr_read(struct tr *t)
{
	ref e = ir1(t, IR_FPFLAGS, T_I32, 0);
	ref some = w_or(t, w_field(t, e, 0, 1, 0), w_field(t, e, 2, 4, 1));
	ref qc = irx(t, IR_SETCC, T_I32, CC_NE,
		     ir1(t, IR_VANYNZ, T_FLAGS, ir_get(t, SLOT_QC, T_V128)), 0, 0);

	some = w_or(t, some, idc_read(t, e));
	return w_or(t, some, ir2(t, IR_SHL, T_I32, qc, ir_const(t, T_I32, 27)));
}

static void fpsr_write(struct tr *t, ref v)
{
	ir1(t, IR_FPFLAGSW, T_NONE, w_or(t, w_field(t, v, 0, 1, 0), w_field(t, v, 1, 4, 2)));
	ir_put(t, SLOT_IDC, ir2(t, IR_AND, T_I32, v, ir_const(t, T_I32, FPSR_IDC)));
	ir_put(t, SLOT_QC, ir1(t, IR_I2V, T_V128, w_field(t, v, 27, 1, 0)));
}

/* --- the counter --- */

/* Nanoseconds: CNTFRQ_EL0 is 1 GHz, the rate that the architecture fixes from Armv8.6 on. */
static u64 cntvct(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (u64)ts.tv_sec * CNTFRQ + ts.tv_nsec;
}

static const struct ir_helper helper_cntvct = { .name = "cntvct", .fn = cntvct, .type = T_I64 };

/* --- random numbers --- */

/* RNDR and RNDRRS: the kernel's generator needs no reseeding, and does not fail once it is up. */
static u64 rndr(void)
{
	u64 v = 0;

	while (host_syscall3(HOST_NR_getrandom, (u64)&v, sizeof v, 0) != sizeof v)
		;
	return v;
}

static const struct ir_helper helper_rndr = { .name = "rndr", .fn = rndr, .type = T_I64 };

/* Success clears NZCV; failure, which would set Z, does not happen. */
static ref random_read(struct tr *t)
{
	nzcv_put(t, ir1(t, IR_FLAGS, T_FLAGS, ir_const(t, T_I32, 0)));
	return ir_call(t, &helper_rndr);
}

/* --- system registers --- */

#define SYS_REG(op0, op1, crn, crm, op2) \
	((op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))

enum {
	REG_NZCV = SYS_REG(3, 3, 4, 2, 0),
	REG_FPCR = SYS_REG(3, 3, 4, 4, 0),
	REG_FPSR = SYS_REG(3, 3, 4, 4, 1),
	REG_TPIDR_EL0 = SYS_REG(3, 3, 13, 0, 2),
	REG_TPIDRRO_EL0 = SYS_REG(3, 3, 13, 0, 3),
	REG_CTR_EL0 = SYS_REG(3, 3, 0, 0, 1),
	REG_DCZID_EL0 = SYS_REG(3, 3, 0, 0, 7),
	REG_CNTFRQ_EL0 = SYS_REG(3, 3, 14, 0, 0),
	REG_CNTVCT_EL0 = SYS_REG(3, 3, 14, 0, 2),
	REG_CNTVCTSS_EL0 = SYS_REG(3, 3, 14, 0, 6),
	REG_RNDR = SYS_REG(3, 3, 2, 4, 0),
	REG_RNDRRS = SYS_REG(3, 3, 2, 4, 1),
	REG_DIT = SYS_REG(3, 3, 4, 2, 5),
	REG_SSBS = SYS_REG(3, 3, 4, 2, 6),
};

/*
 * CTR_EL0: lines of 64 bytes, PIPT, IDC (no data-cache cleaning needed to make instructions
 * visible); not DIC: we must hear of new instructions.
 */
#define CTR_VALUE (1u << 31 | 1u << 28 | 4u << 24 | 4u << 20 | 4u << 16 | 3u << 14 | 4u)

static bool constant_register(unsigned reg, u64 *v)
{
	switch (reg) {
	case REG_TPIDRRO_EL0:
		*v = 0;
		return true;
	case REG_CTR_EL0:
		*v = CTR_VALUE;
		return true;
	case REG_DCZID_EL0:
		*v = 4;                /* log2 of the words of a DC ZVA block */
		return true;
	case REG_CNTFRQ_EL0:
		*v = CNTFRQ;
		return true;
	default:
		return reg >= SYS_REG(3, 0, 0, 0, 0) && reg <= SYS_REG(3, 0, 0, 7, 7) &&
		       a64_id_register(reg >> 3 & 15, reg & 7, v);
	}
}

bool a64_tr_mrs(struct tr *t, const struct a64_mrs *a)
{
	unsigned reg = SYS_REG(a->o0 + 2, a->op1, a->crn, a->crm, a->op2);
	u64 value;
	u32 bit;
	ref v;

	switch (reg) {
	case REG_NZCV:
		v = ir2(t, IR_SHL, T_I32, ir1(t, IR_NZCV, T_I32, nzcv_get(t)),
			ir_const(t, T_I32, 28));
		break;
	case REG_FPCR:
		v = ir_get(t, SLOT_FPCR, T_I32);
		break;
	case REG_FPSR:
		v = fpsr_read(t);
		break;
	case REG_TPIDR_EL0:
		v = ir_get(t, SLOT_TPIDR, T_I64);
		break;
	case REG_CNTVCT_EL0:
		v = ir_call(t, &helper_cntvct);
		break;
	case REG_CNTVCTSS_EL0:
		if (!a64_has(FEAT_ECV))
			return false;
		v = ir_call(t, &helper_cntvct);
		break;
	case REG_RNDR:
	case REG_RNDRRS:
		if (!a64_has(FEAT_RNG))
			return false;
		v = random_read(t);
		break;
	case REG_SSBS:
	case REG_DIT:
		bit = reg == REG_SSBS ? PSTATE_SSBS : PSTATE_DIT;
		if (!(a64_pstate_mask() & bit))
			return false;
		v = ir2(t, IR_AND, T_I32, ir_get(t, SLOT_PSTATE, T_I32), ir_const(t, T_I32, bit));
		break;
	default:
		if (!constant_register(reg, &value))
			return false;
		v = ir_const(t, T_I64, value);
	}
	x_put(t, a->rt, v);
	return true;
}

bool a64_tr_msr_reg(struct tr *t, const struct a64_msr_reg *a)
{
	unsigned reg = SYS_REG(a->o0 + 2, a->op1, a->crn, a->crm, a->op2);

	switch (reg) {
	case REG_NZCV:
		nzcv_put(t, ir1(t, IR_FLAGS, T_FLAGS, w_field(t, x_get(t, a->rt, 0), 28, 4, 0)));
		return true;
	case REG_FPCR:
		fpcr_write(t, x_get(t, a->rt, 0));
		return true;
	case REG_FPSR:
		fpsr_write(t, x_get(t, a->rt, 0));
		return true;
	case REG_TPIDR_EL0:
		ir_put(t, SLOT_TPIDR, x_get(t, a->rt, 1));
		return true;
	case REG_SSBS:
		return pstate_write(t, PSTATE_SSBS, x_get(t, a->rt, 0));
	case REG_DIT:
		return pstate_write(t, PSTATE_DIT, x_get(t, a->rt, 0));
	default:
		return false;
	}
}
