/*
 * Atomic memory operations (chapters "A", "Zacas" and "Zabha").
 *
 * A reservation is emulated by value: LR records address and value, and SC is a compare-and-swap
 * against that value.  It cannot see a location that was changed and changed back, which a real
 * reservation does; but it is lock-free, needs no knowledge of other threads' stores, and the code
 * that compilers emit does not depend on the difference.  It keeps the guarantee of forward progress
 * ("Eventual Success of Store-Conditional Instructions"): an SC whose LR is the last one before it
 * fails only if another hart has changed the memory, and so got on itself.
 *
 * What goes from LR to SC at once is translated at once: llsc.c.
 *
 * The SC has no branch inside: if there is no reservation of the address, it swaps the recorded
 * value for itself, which changes nothing whatever memory holds, and reports failure.
 *
 * All of these fault when misaligned (no Zam).  aq and rl need no distinction where the operation is
 * a locked one of the host.
 */
#include "frontends/riscv/riscv.h"
#include "frontends/riscv/decode.h"

static enum ir_type size_type(unsigned size)
{
	return size == MEM_64 ? T_I64 : T_I32;
}

/* v's low `size` bytes as an integer of the size's type, zero-extended. */
static ref to_size(struct tr *t, unsigned size, ref v)
{
	if (size != MEM_64 && ir_type_of(t, v) == T_I64)
		v = ir1(t, IR_TRUNC, T_I32, v);
	return size < MEM_32 ? ir2(t, IR_ZEXT, T_I32, v, 8u << size) : v;
}

/* rd := the old value in memory, sign-extended from `size`. */
static void put_old(struct tr *t, unsigned rd, unsigned size, ref old)
{
	x_put(t, rd, size < MEM_32 ? ir2(t, IR_SEXT, T_XLEN, old, 8u << size) : old);
}

/* --- load-reserved, store-conditional --- */

void rv_reservation_clear(struct tr *t)
{
	ir_put(t, SLOT_RESADDR, ir_const(t, T_XLEN, RES_NONE));
}

void rv_load_reserved(struct tr *t, const struct rv_lr *a)
{
	unsigned order = a->rl ? MEM_SEQ : a->aq ? MEM_ACQ : 0;
	ref addr = x_get(t, a->rs1);
	ref v = irx(t, IR_LOAD, T_XLEN, a->f | MEM_SIGNED | MEM_ALIGN | order, addr, 0, 0);

	ir_put(t, SLOT_RESADDR, addr);
	ir_put(t, SLOT_RESVAL, v);
	x_put(t, a->rd, v);
}

/*
 * Is there no reservation of addr?  0 if that is known at translation time (the LR is in the same
 * translation), else an I32: 1 if there is none.
 */
static ref reservation_missed(struct tr *t, ref addr)
{
	ref reserved = ir_get(t, SLOT_RESADDR, T_XLEN);

	if (reserved == addr)
		return 0;
	return irx(t, IR_SETCC, T_I32, CC_NE, ir2(t, IR_SUBF, T_FLAGS, reserved, addr), 0, 0);
}

bool rv_tr_sc(struct tr *t, const struct rv_sc *a)
{
	enum ir_type ty = size_type(a->f);
	ref addr = x_get(t, a->rs1), value = x_get_as(t, a->rs2, ty);
	ref missed = reservation_missed(t, addr);
	ref seen = ir_get(t, SLOT_RESVAL, ty), old, failed;

	if (missed)
		value = irx(t, IR_SELCC, ty, CC_NE, ir2(t, IR_ANDF, T_FLAGS, missed, missed), seen,
			    value);
	old = irx(t, IR_CAS, ty, a->f | MEM_ALIGN | MEM_SEQ, addr, seen, value);
	failed = irx(t, IR_SETCC, T_I32, CC_NE, ir2(t, IR_SUBF, T_FLAGS, seen, old), 0, 0);
	if (missed)
		failed = ir2(t, IR_OR, T_I32, failed, missed);
	rv_reservation_clear(t);
	x_put(t, a->rd, ir2(t, IR_ZEXT, T_I64, failed, 32));
	return true;
}

/* --- read-modify-write --- */

/* The operations by funct5's upper three bits; AMOSWAP (00001) is told by its lowest. */
bool rv_tr_amo(struct tr *t, const struct rv_amo *a)
{
	static const u16 op[8] = {
		IR_AADD, IR_AXOR, IR_AOR, IR_AAND, IR_ASMIN, IR_ASMAX, IR_AUMIN, IR_AUMAX
	};
	enum ir_type ty = size_type(a->f);

	put_old(t, a->rd, a->f,
		irx(t, a->op & 1 ? IR_XCHG : op[a->op >> 2], ty, a->f | MEM_ALIGN | MEM_SEQ,
		    x_get(t, a->rs1), x_get_as(t, a->rs2, ty), 0));
	return true;
}

/* --- compare and swap --- */

bool rv_tr_amocas(struct tr *t, const struct rv_amocas *a)
{
	enum ir_type ty = size_type(a->f);
	ref expect = to_size(t, a->f, x_get_as(t, a->rd, ty));

	put_old(t, a->rd, a->f,
		irx(t, IR_CAS, ty, a->f | MEM_ALIGN | MEM_SEQ, x_get(t, a->rs1), expect,
		    x_get_as(t, a->rs2, ty)));
	return true;
}

/* --- of two registers: xn (low) and xn+1, n even; the pair of x0 is zero --- */

static ref pair(struct tr *t, unsigned n)
{
	return ir2(t, IR_VPAIR, T_V128, x_get(t, n), x_get(t, n ? n + 1 : 0));
}

/* Of 32-bit registers: an I64. */
static ref x_join(struct tr *t, unsigned n)
{
	ref high = ir2(t, IR_ZEXT, T_I64, x_get(t, n ? n + 1 : 0), 32);

	return ir2(t, IR_OR, T_I64, ir2(t, IR_ZEXT, T_I64, x_get(t, n), 32),
		   ir2(t, IR_SHL, T_I64, high, ir_const(t, T_I32, 32)));
}

bool rv_tr_amocas_q(struct tr *t, const struct rv_amocas_q *a)
{
	ref old = irx(t, IR_CAS, T_V128, MEM_128 | MEM_ALIGN | MEM_SEQ, x_get(t, a->rs1),
		      pair(t, a->rd), pair(t, a->rs2));

	if (!a->rd)
		return true;
	x_put(t, a->rd, irx(t, IR_VGET, T_I64, 3, old, 0, 0));
	x_put(t, a->rd + 1, irx(t, IR_VGET, T_I64, 3, old, 1, 0));
	return true;
}

bool rv_tr_amocas_d(struct tr *t, const struct rv_amocas_d *a)
{
	ref old = irx(t, IR_CAS, T_I64, MEM_64 | MEM_ALIGN | MEM_SEQ, x_get(t, a->rs1), x_join(t, a->rd), x_join(t, a->rs2));

	if (!a->rd)
		return true;
	x_put(t, a->rd, old);
	x_put(t, a->rd + 1, ir2(t, IR_SHR, T_I64, old, ir_const(t, T_I32, 32)));
	return true;
}
