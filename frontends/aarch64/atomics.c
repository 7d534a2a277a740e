/*
 * Ordered, exclusive and atomic accesses (DDI 0487, C4.1.3; memory model in B2).
 *
 * The exclusive monitor is emulated by value: a load-exclusive records address and value, and the
 * store-exclusive is a compare-and-swap against that value.  It cannot see a location that was
 * changed and changed back (ABA), which real monitors do; but it is lock-free, needs no knowledge
 * of other threads' stores, and the code that compilers emit does not depend on the difference.
 * Rejected: a global lock or a table of reservations, which tax every plain store or every atomic
 * operation.
 *
 * The store-exclusive has no branch inside: if the monitor is not open for the address, it swaps
 * the recorded value for itself, which changes nothing whatever memory holds, and reports failure.
 *
 * Alignment: exclusives, atomics and ordered accesses fault when misaligned; with FEAT_LSE2 when their bytes do not
 * lie in one aligned block of 16 (AArch64.UnalignedAccessFaults(); Linux leaves SCTLR_EL1.nAA clear).
 */
#include "frontends/aarch64/a64.h"
#include "frontends/aarch64/decode.h"

static enum ir_type size_type(unsigned size)
{
	return size == MEM_64 ? T_I64 : T_I32;
}

/* --- ordered --- */

static void ordered_load(struct tr *t, unsigned size, unsigned order, unsigned rn, unsigned rt)
{
	x_put(t, rt, irx(t, IR_LOAD, T_I64, size | order | MEM_ALIGN, xsp_get(t, rn, 1), 0, 0));
}

/*
 * LDAR, LDLAR: the limited-ordering regions of the latter need less; there is one region, all
 * memory.
 */
bool a64_tr_ldar(struct tr *t, const struct a64_ldar *a)
{
	ordered_load(t, a->size, MEM_SEQ, a->rn, a->rt);
	return true;
}

bool a64_tr_ldapr(struct tr *t, const struct a64_ldapr *a)
{
	ordered_load(t, a->size, MEM_ACQ, a->rn, a->rt);
	return true;
}

bool a64_tr_stlr(struct tr *t, const struct a64_stlr *a)
{
	enum ir_type ty = size_type(a->size);

	irx(t, IR_STORE, ty, a->size | MEM_SEQ | MEM_ALIGN, xsp_get(t, a->rn, 1),
	    x_get(t, a->rt, a->size == MEM_64), 0);
	return true;
}

/* LDAPUR*, STLUR*.  STLUR is a store-release like STLR. */
bool a64_tr_ldapur(struct tr *t, const struct a64_ldapur *a)
{
	ref base = xsp_get(t, a->rn, 1);
	u32 disp = (u32)sext(a->imm9, 9);

	if (a->opc == 0)
		irx(t, IR_STORE, size_type(a->size), a->size | MEM_SEQ | MEM_ALIGN, base,
		    x_get(t, a->rt, a->size == MEM_64), disp);
	else
		x_put(t, a->rt,
		      irx(t, IR_LOAD, a->opc == 3 ? T_I32 : T_I64,
			  a->size | MEM_ACQ | MEM_ALIGN | (a->opc & 2 ? MEM_SIGNED : 0), base, 0,
			  disp));
	return true;
}

/* --- exclusive --- */

static void monitor_open(struct tr *t, ref addr, ref lo, ref hi)
{
	ir_put(t, SLOT_EXADDR, addr);
	ir_put(t, SLOT_EXLO, lo);
	if (hi)
		ir_put(t, SLOT_EXHI, hi);
}

void a64_monitor_clear(struct tr *t)
{
	ir_put(t, SLOT_EXADDR, ir_const(t, T_I64, EX_NONE));
}

bool a64_tr_ldxr(struct tr *t, const struct a64_ldxr *a)
{
	ref addr = xsp_get(t, a->rn, 1);
	ref v = irx(t, IR_LOAD, T_I64, a->size | MEM_ALIGN | (a->o0 ? MEM_SEQ : 0), addr, 0, 0);

	monitor_open(t, addr, v, 0);
	x_put(t, a->rt, v);
	return true;
}

bool a64_tr_ldxp(struct tr *t, const struct a64_ldxp *a)
{
	unsigned order = MEM_ALIGN | (a->o0 ? MEM_SEQ : 0);
	ref addr = xsp_get(t, a->rn, 1), v, lo, hi;

	if (a->size == 2) {
		v = irx(t, IR_LOAD, T_I64, MEM_64 | order, addr, 0, 0);
		monitor_open(t, addr, v, 0);
		lo = ir2(t, IR_ZEXT, T_I64, v, 32);
		hi = ir2(t, IR_SHR, T_I64, v, ir_const(t, T_I32, 32));
	} else {
		v = irx(t, IR_LOAD, T_V128, MEM_128 | order, addr, 0, 0);
		lo = irx(t, IR_VGET, T_I64, 3, v, 0, 0);
		hi = irx(t, IR_VGET, T_I64, 3, v, 1, 0);
		monitor_open(t, addr, lo, hi);
	}
	x_put(t, a->rt, lo);
	x_put(t, a->rt2, hi);
	return true;
}

/*
 * Common part of the store-exclusives: is the monitor open for addr?  0 if that is known at
 * translation time (the load-exclusive is in the same translation), else an I32: 1 if it is not.
 */
static ref monitor_missed(struct tr *t, ref addr)
{
	ref open = ir_get(t, SLOT_EXADDR, T_I64);

	if (open == addr)
		return 0;
	return irx(t, IR_SETCC, T_I32, CC_NE, ir2(t, IR_SUBF, T_FLAGS, open, addr), 0, 0);
}

static ref if_missed(struct tr *t, ref missed, enum ir_type ty, ref yes, ref no)
{
	if (!missed)
		return no;
	return irx(t, IR_SELCC, ty, CC_NE, ir2(t, IR_ANDF, T_FLAGS, missed, missed), yes, no);
}

static void store_status(struct tr *t, unsigned rs, ref missed, ref differs_flags)
{
	ref status = irx(t, IR_SETCC, T_I32, CC_NE, differs_flags, 0, 0);

	if (missed)
		status = ir2(t, IR_OR, T_I32, status, missed);
	a64_monitor_clear(t);
	x_put(t, rs, status);
}

/* v's low `size` bytes as an integer of type ty, zero-extended. */
static ref to_size(struct tr *t, enum ir_type ty, unsigned size, ref v)
{
	if (ty == T_I32 && ir_type_of(t, v) == T_I64)
		v = ir1(t, IR_TRUNC, T_I32, v);
	return size < MEM_32 ? ir2(t, IR_ZEXT, ty, v, 8u << size) : v;
}

static void store_exclusive(struct tr *t, unsigned size, unsigned rs, ref addr, ref value)
{
	enum ir_type ty = size_type(size);
	ref missed = monitor_missed(t, addr);
	ref seen = to_size(t, ty, size, ir_get(t, SLOT_EXLO, T_I64));
	ref old;

	value = if_missed(t, missed, ty, seen, value);
	old = irx(t, IR_CAS, ty, size | MEM_ALIGN | MEM_SEQ, addr, seen, value);
	store_status(t, rs, missed, ir2(t, IR_SUBF, T_FLAGS, old, seen));
}

bool a64_tr_stxr(struct tr *t, const struct a64_stxr *a)
{
	store_exclusive(t, a->size, a->rs, xsp_get(t, a->rn, 1),
			x_get(t, a->rt, a->size == MEM_64));
	return true;
}

bool a64_tr_stxp(struct tr *t, const struct a64_stxp *a)
{
	ref addr = xsp_get(t, a->rn, 1);
	ref lo, hi, missed, seen_lo, seen_hi, seen, value, old, differs;

	if (a->size == 2) {
		lo = ir2(t, IR_ZEXT, T_I64, x_get(t, a->rt, 0), 32);
		hi = ir2(t, IR_SHL, T_I64, x_get(t, a->rt2, 1), ir_const(t, T_I32, 32));
		store_exclusive(t, MEM_64, a->rs, addr, ir2(t, IR_OR, T_I64, lo, hi));
		return true;
	}
	lo = x_get(t, a->rt, 1);
	hi = x_get(t, a->rt2, 1);
	missed = monitor_missed(t, addr);
	seen_lo = ir_get(t, SLOT_EXLO, T_I64);
	seen_hi = ir_get(t, SLOT_EXHI, T_I64);
	seen = ir2(t, IR_VPAIR, T_V128, seen_lo, seen_hi);
	value = ir2(t, IR_VPAIR, T_V128, if_missed(t, missed, T_I64, seen_lo, lo),
		    if_missed(t, missed, T_I64, seen_hi, hi));
	old = irx(t, IR_CAS, T_V128, MEM_128 | MEM_ALIGN | MEM_SEQ, addr, seen, value);
	differs = ir2(t, IR_VXOR, T_V128, old, seen);
	store_status(t, a->rs, missed, ir1(t, IR_VANYNZ, T_FLAGS, differs));
	return true;
}

/* --- compare and swap --- */

bool a64_tr_cas(struct tr *t, const struct a64_cas *a)
{
	enum ir_type ty = size_type(a->size);
	unsigned sf = a->size == MEM_64;
	ref expect = to_size(t, ty, a->size, x_get(t, a->rs, sf));

	x_put(t, a->rs,
	      irx(t, IR_CAS, ty, a->size | MEM_ALIGN | MEM_SEQ, xsp_get(t, a->rn, 1), expect,
		  x_get(t, a->rt, sf)));
	return true;
}

/* A pair of W registers as one 64-bit value, the first one low. */
static ref w_pair(struct tr *t, unsigned n)
{
	ref lo = ir2(t, IR_ZEXT, T_I64, x_get(t, n, 0), 32);

	return ir2(t, IR_OR, T_I64, lo,
		   ir2(t, IR_SHL, T_I64, x_get(t, n + 1, 1), ir_const(t, T_I32, 32)));
}

bool a64_tr_casp(struct tr *t, const struct a64_casp *a)
{
	ref addr = xsp_get(t, a->rn, 1), old;

	if (!a->sz) {
		old = irx(t, IR_CAS, T_I64, MEM_64 | MEM_ALIGN | MEM_SEQ, addr, w_pair(t, a->rs),
			  w_pair(t, a->rt));
		x_put(t, a->rs, ir2(t, IR_ZEXT, T_I64, old, 32));
		x_put(t, a->rs + 1, ir2(t, IR_SHR, T_I64, old, ir_const(t, T_I32, 32)));
		return true;
	}
	old = irx(t, IR_CAS, T_V128, MEM_128 | MEM_ALIGN | MEM_SEQ, addr,
		  ir2(t, IR_VPAIR, T_V128, x_get(t, a->rs, 1), x_get(t, a->rs + 1, 1)),
		  ir2(t, IR_VPAIR, T_V128, x_get(t, a->rt, 1), x_get(t, a->rt + 1, 1)));
	x_put(t, a->rs, irx(t, IR_VGET, T_I64, 3, old, 0, 0));
	x_put(t, a->rs + 1, irx(t, IR_VGET, T_I64, 3, old, 1, 0));
	return true;
}

/* --- read-modify-write: LD<op>, ST<op> (rt = 31), SWP --- */

bool a64_tr_atomic(struct tr *t, const struct a64_atomic *a)
{
	static const u16 op[8] = {
		IR_AADD, IR_AAND, IR_AXOR, IR_AOR, IR_ASMAX, IR_ASMIN, IR_AUMAX, IR_AUMIN
	};
	enum ir_type ty = size_type(a->size);
	ref v = x_get(t, a->rs, a->size == MEM_64);

	if (!a->o3 && a->opc == 1)
		v = ir1(t, IR_NOT, ty, v);    /* LDCLR clears the bits of Rs */
	v = irx(t, a->o3 ? IR_XCHG : op[a->opc], ty, a->size | MEM_ALIGN | MEM_SEQ,
		xsp_get(t, a->rn, 1), v, 0);
	x_put(t, a->rt, v);
	return true;
}
