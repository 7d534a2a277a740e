/*
 * Traps, fences, control and status registers, cache blocks, conditional operations and may-be
 * operations (chapters RV32I, Zifencei, Zicsr, Zicntr, CMO, Zicond, Zimop).
 *
 * FENCE.I has no address: all instruction fetches of this hart after it see all its stores before
 * it.  So it is the guest's only way to say that it has written code, and says nothing about which.
 * Linux programs that generate code call riscv_flush_icache instead, which reaches the other harts
 * and has a range; a lone FENCE.I is rare, and costs as much as it says: what was translated from
 * memory that can be written, or that may be written through another mapping, is thrown away.  Private
 * memory that is executable and not writable has not changed since it was mapped or protected, and
 * both of these have invalidated it.
 */
#include <time.h>

#include "base/space.h"
#include "frontends/riscv/riscv.h"
#include "frontends/riscv/decode.h"
#include "translator/translator.h"

/* --- traps --- */

bool rv_tr_ecall(struct tr *t, const struct rv_ecall *a)
{
	rv_reservation_clear(t);     /* as the kernel's way back does */
	irx(t, IR_TRAP, T_NONE, 0, ir_pc(t, t->next), EXIT_SYSCALL, 0);
	return true;
}

bool rv_tr_ebreak(struct tr *t, const struct rv_ebreak *a)
{
	irx(t, IR_TRAP, T_NONE, 0, ir_pc(t, t->pc), EXIT_TRAP, RV_TRAP_BREAKPOINT);
	return true;
}

/* --- hints and fences --- */

bool rv_tr_hint(struct tr *t, const struct rv_hint *a)
{
	return true;
}

/* PAUSE, and the waits of Zawrs, which may end at any time. */
bool rv_tr_pause(struct tr *t, const struct rv_pause *a)
{
	return true;
}

/* The predecessor and successor sets: device accesses count as accesses. */
bool rv_tr_fence(struct tr *t, const struct rv_fence *a)
{
	enum { TSO = 8 };
	unsigned pred = a->pred | a->pred >> 2, succ = a->succ | a->succ >> 2;
	enum { W = 1, R = 2 };

	if (pred & W && succ & R && a->fm != TSO) {
		irx(t, IR_FENCE, T_NONE, 0, 0, 0, 0);
		return true;
	}
	if (pred & R)
		irx(t, IR_FENCE, T_NONE, 1, 0, 0, 0);
	if (pred & W && succ & W)
		irx(t, IR_FENCE, T_NONE, 2, 0, 0, 0);
	return true;
}

void rv_code_written(gaddr start, gaddr end)
{
	struct mapping m;

	if (start < end) {
		space_code_written(start, end);
		return;
	}
	for (gaddr a = 0; space_find(a, &m); a = m.end)
		if (m.prot & G_PROT_EXEC && (m.prot & G_PROT_WRITE || m.flags & G_MAP_SHARED))
			space_code_written(m.start, m.end);
}

static u64 fence_i(void)
{
	rv_code_written(0, 0);
	return 0;
}

static const struct ir_helper helper_fence_i = { .name = "fence_i", .fn = fence_i, .type = T_I64 };

bool rv_tr_fence_i(struct tr *t, const struct rv_fence_i *a)
{
	ir_call(t, &helper_fence_i);
	rv_exit_next(t);
	return true;
}

/* --- Zicond, Zimop, Zcmop --- */

bool rv_tr_czero(struct tr *t, const struct rv_czero *a)
{
	ref x = x_get(t, a->rs1), y = x_get(t, a->rs2);

	x_put(t, a->rd, irx(t, IR_SELCC, T_XLEN, a->id == rv_CZERO_EQZ ? CC_EQ : CC_NE,
			    ir2(t, IR_ANDF, T_FLAGS, y, y), x_imm(t, 0), x));
	return true;
}

bool rv_tr_mop_r(struct tr *t, const struct rv_mop_r *a)
{
	x_put(t, a->rd, x_imm(t, 0));
	return true;
}

bool rv_tr_mop_rr(struct tr *t, const struct rv_mop_rr *a)
{
	x_put(t, a->rd, x_imm(t, 0));
	return true;
}

bool rv_tr_mop_c(struct tr *t, const struct rv_mop_c *a)
{
	return true;
}

/* --- cache blocks --- */

/*
 * Memory is coherent for all who look: nothing to clean or flush.  Linux lets user code do that
 * (envcfg.CBCFE), and not invalidate (CBIE).
 */
bool rv_tr_cbo(struct tr *t, const struct rv_cbo *a)
{
	return a->id != rv_CBO_INVAL;
}

bool rv_tr_cbo_zero(struct tr *t, const struct rv_cbo_zero *a)
{
	ref base = ir2(t, IR_AND, T_XLEN, x_get(t, a->rs1), x_imm(t, -RV_CACHE_BLOCK));
	ref zero = ir_constv(t, T_V128, (vec){ .d = { 0, 0 } });

	for (unsigned i = 0; i < RV_CACHE_BLOCK; i += 16)
		irx(t, IR_STORE, T_V128, MEM_128, base, zero, i);
	return true;
}

/* --- control and status registers --- */

enum {
	CSR_FFLAGS = 0x001, CSR_FRM = 0x002, CSR_FCSR = 0x003,
	CSR_CYCLE = 0xc00, CSR_TIME = 0xc01, CSR_INSTRET = 0xc02,
	CSR_HIGH = 0x080   /* of a counter: its high half, where registers have 32 bits */
};

/* Nanoseconds.  We count neither cycles nor instructions; time goes on, which is all that is promised. */
u64 rv_counter(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (u64)ts.tv_sec * RV_TIME_FREQ + (u64)ts.tv_nsec;
}

static const struct ir_helper helper_counter = { .name = "counter", .fn = rv_counter, .type = T_I64 };

static bool is_float(unsigned csr)
{
	return csr >= CSR_FFLAGS && csr <= CSR_FCSR;
}

static bool is_counter(unsigned csr)
{
	if (rv_base.xlen == 32)
		csr &= ~(unsigned)CSR_HIGH;
	return csr >= CSR_CYCLE && csr <= CSR_INSTRET;
}

static ref csr_read(struct tr *t, unsigned csr)
{
	ref frm, v;

	switch (csr) {
	case CSR_FFLAGS:
		return rv_fflags_get(t);
	case CSR_FRM:
		return rv_frm_get(t);
	case CSR_FCSR:
		frm = ir2(t, IR_SHL, T_I32, rv_frm_get(t), ir_const(t, T_I32, FCSR_FRM_SHIFT));
		return ir2(t, IR_OR, T_I32, frm, rv_fflags_get(t));
	default:
		v = ir_call(t, &helper_counter);
		return csr & CSR_HIGH ? ir2(t, IR_SHR, T_I64, v, ir_const(t, T_I32, 32)) : v;
	}
}

static void csr_write(struct tr *t, unsigned csr, ref v)
{
	if (csr != CSR_FRM)
		rv_fflags_put(t, v);
	if (csr != CSR_FFLAGS)
		rv_frm_put(t, csr == CSR_FRM ? v
					     : ir2(t, IR_SHR, T_I32, v,
						   ir_const(t, T_I32, FCSR_FRM_SHIFT)));
}

enum { CSR_SWAP = 1, CSR_SET, CSR_CLEAR };

/* v: the operand, an I32; `writes`: whether the register is written (rs1 or uimm is not 0, or a swap). */
static bool access_csr(struct tr *t, unsigned csr, unsigned how, unsigned rd, ref v, bool writes)
{
	bool reads = how != CSR_SWAP || rd;
	ref old = 0, new = v;

	if (!is_float(csr) && (writes || !is_counter(csr) || !rv_has(EXT_Zicntr)))
		return false;
	if (reads)
		old = csr_read(t, csr);
	if (how != CSR_SWAP && writes)
		new = ir2(t, how == CSR_SET ? IR_OR : IR_ANDN, T_I32, old, v);
	if (reads && ir_type_of(t, old) == T_I32)
		old = ir2(t, IR_ZEXT, T_I64, old, 32);
	if (writes)
		csr_write(t, csr, new);
	if (reads)
		x_put(t, rd, old);
	if (writes && csr != CSR_FFLAGS)
		rv_exit_next(t);
	return true;
}

bool rv_tr_csr(struct tr *t, const struct rv_csr *a)
{
	return access_csr(t, a->csr, a->f, a->rd, w_get(t, a->rs1), a->f == CSR_SWAP || a->rs1);
}

bool rv_tr_csri(struct tr *t, const struct rv_csri *a)
{
	return access_csr(t, a->csr, a->f & 3, a->rd, ir_const(t, T_I32, a->uimm),
			  a->f == 4 + CSR_SWAP || a->uimm);
}
