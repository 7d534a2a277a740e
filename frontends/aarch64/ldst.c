/*
 * Loads and stores of one or two registers (DDI 0487, C4.1.3), general and SIMD&FP alike.
 *
 * All addressing forms come down to a base value and a signed displacement, and all registers to
 * load_reg() and store_value(), so a form is one short function.  A fault must leave the base
 * register as it was: write-back and loaded registers are PUT after the last access of the
 * instruction.
 *
 * SIMD&FP registers are loaded as a V128 of which the access size is filled and the rest is zero
 * (what MOVSS, MOVSD and MOVD of the host do); they are stored as a scalar of the access size,
 * which lets the builder take the value out of a preceding floating-point operation.
 */
#include "frontends/aarch64/a64.h"
#include "frontends/aarch64/decode.h"
#include "syscall/syscall.h"

/* What an access moves: decoded once from size, V and opc. */
struct access {
	bool vec, store, sign;
	u8 size;             /* log2 of the bytes */
	enum ir_type type;   /* of a load's result */
};

/* The encoding shared by single-register forms. */
static struct access access_of(unsigned size, unsigned V, unsigned opc)
{
	struct access a = { .vec = V, .size = size };

	if (V) {
		a.size = opc & 2 ? MEM_128 : size;
		a.store = !(opc & 1);
		a.type = T_V128;
		return a;
	}
	a.store = opc == 0;
	a.sign = opc & 2;
	a.type = opc == 3 ? T_I32 : T_I64;
	return a;
}

static ref load(struct tr *t, struct access a, ref base, s32 disp)
{
	return irx(t, IR_LOAD, a.type, a.size | (a.sign ? MEM_SIGNED : 0), base, 0, (u32)disp);
}

static void put(struct tr *t, struct access a, unsigned rt, ref v)
{
	if (a.vec)
		v_put(t, rt, v);
	else
		x_put(t, rt, v);
}

static ref store_value(struct tr *t, struct access a, unsigned rt)
{
	if (!a.vec)
		return x_get(t, rt, a.size == MEM_64);
	return v_get_as(t, rt, a.size == MEM_64 ? T_F64 : a.size == MEM_32 ? T_F32 : T_V128);
}

static void store(struct tr *t, struct access a, unsigned rt, ref base, s32 disp)
{
	ref v = store_value(t, a, rt);

	irx(t, IR_STORE, ir_type_of(t, v), a.size, base, v, (u32)disp);
}

static void write_back(struct tr *t, unsigned rn, ref base, s32 imm)
{
	xsp_put(t, rn, ir2(t, IR_ADD, T_I64, base, ir_const(t, T_I64, (u64)(s64)imm)));
}

static void transfer(struct tr *t, struct access a, unsigned rt, ref base, s32 disp)
{
	if (a.store)
		store(t, a, rt, base, disp);
	else
		put(t, a, rt, load(t, a, base, disp));
}

bool a64_tr_ldst_uimm(struct tr *t, const struct a64_ldst_uimm *a)
{
	struct access m = access_of(a->size, a->V, a->opc);

	transfer(t, m, a->rt, xsp_get(t, a->rn, 1), (s32)(a->imm12 << m.size));
	return true;
}

/* idx 0: unscaled, 1: post-indexed, 2: unprivileged (as 0 at EL0), 3: pre-indexed */
bool a64_tr_ldst_imm9(struct tr *t, const struct a64_ldst_imm9 *a)
{
	struct access m = access_of(a->size, a->V, a->opc);
	s32 imm = (s32)sext(a->imm9, 9);
	s32 disp = a->idx == 1 ? 0 : imm;
	ref base = xsp_get(t, a->rn, 1), v = 0;

	if (m.store)
		store(t, m, a->rt, base, disp);
	else
		v = load(t, m, base, disp);
	if (a->idx & 1)
		write_back(t, a->rn, base, imm);
	if (v)
		put(t, m, a->rt, v);
	return true;
}

bool a64_tr_ldst_reg(struct tr *t, const struct a64_ldst_reg *a)
{
	struct access m = access_of(a->size, a->V, a->opc);
	ref base = xsp_get(t, a->rn, 1), idx;
	unsigned shift = a->S ? m.size : 0;

	if (a->option & 1)
		idx = x_get(t, a->rm, 1);
	else
		idx = ir2(t, a->option & 4 ? IR_SEXT : IR_ZEXT, T_I64, x_get(t, a->rm, 0), 32);
	if (shift > 3) {
		idx = ir2(t, IR_SHL, T_I64, idx, ir_const(t, T_I32, shift));
		shift = 0;
	}
	transfer(t, m, a->rt, irx(t, IR_LEA, T_I64, shift, base, idx, 0), 0);
	return true;
}

bool a64_tr_ldr_lit(struct tr *t, const struct a64_ldr_lit *a)
{
	struct access m = { .vec = a->V, .size = a->V ? 2 + a->opc : a->opc == 1 ? MEM_64 : MEM_32,
			    .sign = !a->V && a->opc == 2, .type = a->V ? T_V128 : T_I64 };

	put(t, m, a->rt, load(t, m, ir_pc(t, t->pc + sext(a->imm19, 19) * 4), 0));
	return true;
}

/*
 * FEAT_LSE2: a pair of X registers within an aligned block of 16 bytes is moved as one, which libatomic relies on for
 * __int128.  The host's 16-byte moves are atomic there (AVX), but a pair of general registers costs two more
 * operations each than two moves of 8 bytes.  So only where another thread may look: not for what is addressed by sp,
 * and not while there is none.
 */
static bool moved_as_one(struct tr *t, const struct a64_ldst_pair *a)
{
	if (a->V || a->opc != 2 || a->rn == 31 || !a64_has(FEAT_LSE2))
		return false;
	t->relies_alone |= t->alone;
	return !t->alone;
}

static void store_as_one(struct tr *t, const struct a64_ldst_pair *a, ref base, s32 disp)
{
	ref v = ir2(t, IR_VPAIR, T_V128, x_get(t, a->rt, 1), x_get(t, a->rt2, 1));

	irx(t, IR_STORE, T_V128, MEM_128, base, v, (u32)disp);
}

/* idx 0: no-allocate, 1: post-indexed, 2: offset, 3: pre-indexed */
bool a64_tr_ldst_pair(struct tr *t, const struct a64_ldst_pair *a)
{
	struct access m = { .vec = a->V, .store = !a->L, .type = a->V ? T_V128 : T_I64,
			    .size = a->V ? 2 + a->opc : a->opc & 2 ? MEM_64 : MEM_32,
			    .sign = !a->V && a->opc == 1 };
	s32 imm = (s32)sext(a->imm7, 7) * (1 << m.size), disp = a->idx == 1 ? 0 : imm;
	s32 second = disp + (1 << m.size);
	ref base = xsp_get(t, a->rn, 1), v = 0, v2 = 0;

	if (m.store && moved_as_one(t, a)) {
		store_as_one(t, a, base, disp);
	} else if (m.store) {
		store(t, m, a->rt, base, disp);
		store(t, m, a->rt2, base, second);
	} else if (moved_as_one(t, a)) {
		ref both = irx(t, IR_LOAD, T_V128, MEM_128, base, 0, (u32)disp);

		v = irx(t, IR_VGET, T_I64, 3, both, 0, 0);
		v2 = irx(t, IR_VGET, T_I64, 3, both, 1, 0);
	} else {
		v = load(t, m, base, disp);
		v2 = load(t, m, base, second);
	}
	if (a->idx & 1)
		write_back(t, a->rn, base, imm);
	if (!m.store) {
		put(t, m, a->rt, v);
		put(t, m, a->rt2, v2);
	}
	return true;
}

/* Prefetches are hints and must not fault. */
bool a64_tr_prfm(struct tr *t, const struct a64_prfm *a)
{
	return true;
}
