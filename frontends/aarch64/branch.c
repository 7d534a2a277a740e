/*
 * Branches (DDI 0487, C4.1.4).
 *
 * A conditional branch leaves the translation if taken and goes on with the fall-through in the
 * same one; whatever is known about the taken side's frequency is the region former's business, not
 * ours. Every address here is an ir_pc(): translated code holds no absolute address.
 */
#include "base/space.h"
#include "frontends/aarch64/a64.h"
#include "frontends/aarch64/decode.h"

/* --- branch targets --- */

bool a64_guarded(gaddr pc)
{
	return space_arch_prot_used && space_check(pc, 4, A64_PROT_BTI);
}

u32 a64_btype(const struct tr *t, bool call, unsigned rn)
{
	if (!space_arch_prot_used)
		return 0;       /* nobody asks */
	if (call)
		return A64_BTYPE_CALL;
	return rn == 16 || rn == 17 || !a64_guarded(t->pc) ? 1 : 3;
}

/*
 * BTypeCompatible_BTI() and _PACIXSP(), the latter with SCTLR_EL1.BT0 set, as Linux does; a breakpoint is compatible
 * with all.
 */
bool a64_may_land(gaddr pc, u32 btype)
{
	u32 word;

	if (btype > 3 || !a64_guarded(pc))
		return true;
	memcpy(&word, g2h(pc), sizeof word);
	switch (a64_decode(word)) {
	case a64_BTI:   /* op2<2:1>: none, c, j, jc */
		return (word & 0x40 && btype != 3) || (word & 0x80 && btype != 2);
	case a64_PACIASP:
	case a64_PACIBSP:
		return btype != 3;
	case a64_BRK:
	case a64_HLT:
		return true;
	default:
		return false;
	}
}

/* --- instructions --- */

static void exit_jump(struct tr *t, gaddr to)
{
	irx(t, IR_EXIT, T_NONE, EXIT_JUMP, ir_pc(t, to), 0, 0);
}

static void exit_cond(struct tr *t, enum ir_cc cc, ref flags, gaddr to)
{
	irx(t, IR_EXITCC, T_NONE, cc, flags, ir_pc(t, to), 0);
}

static gaddr target(const struct tr *t, unsigned imm, unsigned nbits)
{
	return t->pc + sext(imm, nbits) * 4;
}

bool a64_tr_b(struct tr *t, const struct a64_b *a)
{
	exit_jump(t, target(t, a->imm26, 26));
	return true;
}

bool a64_tr_bl(struct tr *t, const struct a64_bl *a)
{
	ref back = ir_pc(t, t->pc + 4);

	x_put(t, 30, back);
	irx(t, IR_EXIT, T_NONE, EXIT_CALL, ir_pc(t, target(t, a->imm26, 26)), back, 0);
	return true;
}

bool a64_tr_b_cond(struct tr *t, const struct a64_b_cond *a)
{
	gaddr to = target(t, a->imm19, 19);

	if (a64_cc(a->cond) == CC_AL)
		exit_jump(t, to);
	else
		exit_cond(t, a64_cc(a->cond), nzcv_get(t), to);
	return true;
}

bool a64_tr_cbz(struct tr *t, const struct a64_cbz *a)
{
	ref v = x_get(t, a->rt, a->sf);

	exit_cond(t, a->op ? CC_NE : CC_EQ, ir2(t, IR_ANDF, T_FLAGS, v, v),
		  target(t, a->imm19, 19));
	return true;
}

bool a64_tr_tbz(struct tr *t, const struct a64_tbz *a)
{
	ref v = x_get(t, a->rt, a->b5);
	ref bit = ir_const(t, x_type(a->b5), 1ull << (a->b5 << 5 | a->b40));

	exit_cond(t, a->op ? CC_NE : CC_EQ, ir2(t, IR_ANDF, T_FLAGS, v, bit),
		  target(t, a->imm14, 14));
	return true;
}

bool a64_tr_br(struct tr *t, const struct a64_br *a)
{
	irx(t, IR_EXIT, T_NONE, EXIT_JUMP, x_get(t, a->rn, 1), 0, a64_btype(t, false, a->rn));
	return true;
}

bool a64_tr_blr(struct tr *t, const struct a64_blr *a)
{
	ref to = x_get(t, a->rn, 1);
	ref back = ir_pc(t, t->pc + 4);

	x_put(t, 30, back);
	irx(t, IR_EXIT, T_NONE, EXIT_CALL, to, back, a64_btype(t, true, a->rn));
	return true;
}

bool a64_tr_ret(struct tr *t, const struct a64_ret *a)
{
	irx(t, IR_EXIT, T_NONE, EXIT_RET, x_get(t, a->rn, 1), 0, 0);
	return true;
}
