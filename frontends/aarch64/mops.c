/*
 * Memory copy and memory set (FEAT_MOPS; DDI 0487, C3.2.12 and the pseudocode of CPYP and SETP).
 *
 * Of the two register formats that the architecture allows this is option A: the prologue moves the
 * addresses to their ends and makes the size negative, so that it counts up to zero (a backward
 * copy leaves the addresses and counts down).  How much each of the three instructions transfers is
 * implementation-defined: here the prologue nothing, the main part everything, and the epilogue
 * what a program that left out the main part has left.
 *
 * A fault leaves in the size register what is still to do.  The helper works up to the next page
 * boundary of source and destination and touches both pages before it transfers: so a piece is
 * either done and accounted for or not begun, which a copy that overlaps itself needs.  After a
 * megabyte it asks to be called again, by an exit to the same instruction, where signals get their
 * turn.
 *
 * Registers in option B's format (PSTATE.C set) raise an exception on the real processor, and Linux
 * converts them and goes on; so does the helper.
 */
#include "base/space.h"
#include "frontends/aarch64/a64.h"
#include "frontends/aarch64/decode.h"

enum { PIECE = 4096, PIECES_PER_CALL = 256 };

#define CPY_MAX 0x007fffffffffffffull
#define SET_MAX 0x7fffffffffffffffull
#define ADDRESS_56 0x00ffffffffffffffull

/* --- transfers --- */

/* Bytes from a up to the next page, or (down) from its page's start to a. */
static u64 to_boundary(gaddr a, bool down)
{
	u64 off = a & (PIECE - 1);

	return !down ? PIECE - off : off ? off : PIECE;
}

static volatile u8 *host(gaddr a)
{
	return g2h(guest_untag(&the_guest, a));
}

static void touch(gaddr to, gaddr from)
{
	(void)*host(from);
	__atomic_fetch_or(host(to), 0, __ATOMIC_RELAXED);
}

static u64 *reg(struct vcpu *c, unsigned n)
{
	return vcpu_u64(c, OFF_X0 + 8 * n);
}

static u32 *flags(struct vcpu *c)
{
	return (u32 *)(void *)(c->state + OFF_NZCV);
}

/* Option B keeps current addresses and a positive size; N says that a copy goes backward. */
static void from_option_b(struct vcpu *c, u64 *d, u64 *s, u64 *n)
{
	bool backward = *flags(c) & FLAG_N;
	u64 move = backward ? -*n : *n;

	*d += move;
	if (s)
		*s += move;
	if (!backward)
		*n = -*n;
	*flags(c) = 0;
}

/* regs: the numbers of Xd, Xs and Xn, 8 bits each.  1 if there is more to do. */
static u32 copy(struct vcpu *c, u32 regs)
{
	u64 *d = reg(c, regs & 31), *s = reg(c, regs >> 8 & 31), *n = reg(c, regs >> 16 & 31);

	if (*flags(c) & FLAG_C)
		from_option_b(c, d, s, n);
	for (unsigned k = 0; *n && k < PIECES_PER_CALL; k++) {
		bool down = (s64)*n > 0;
		gaddr to = *d + *n, from = *s + *n;
		u64 left = down ? *n : -*n;
		u64 piece = MIN(left, MIN(to_boundary(to, down), to_boundary(from, down)));

		if (down) {
			to -= piece;
			from -= piece;
		}
		touch(to, from);
		memmove((void *)host(to), (void *)host(from), piece);
		*n += down ? -piece : piece;
	}
	return *n != 0;
}

/* regs as above; Xs is the byte, 31 for zero. */
static u32 set(struct vcpu *c, u32 regs)
{
	u64 *d = reg(c, regs & 31), *n = reg(c, regs >> 16 & 31);
	u8 byte = (regs >> 8 & 31) == 31 ? 0 : *reg(c, regs >> 8 & 31);

	if (*flags(c) & FLAG_C)
		from_option_b(c, d, NULL, n);
	for (unsigned k = 0; *n && k < PIECES_PER_CALL; k++) {
		u64 piece = MIN(-*n, to_boundary(*d + *n, false));

		memset((void *)host(*d + *n), byte, piece);
		*n += piece;
	}
	return *n != 0;
}

static const struct ir_helper helper_copy = {
	.name = "mops_copy", .fn = copy, .type = T_I32, .nargs = 1, .flags = H_VCPU | H_FAULT,
	.reads = CLASS_GPR | CLASS_FLAGS, .writes = CLASS_GPR | CLASS_FLAGS,
};
static const struct ir_helper helper_set = {
	.name = "mops_set", .fn = set, .type = T_I32, .nargs = 1, .flags = H_VCPU | H_FAULT,
	.reads = CLASS_GPR | CLASS_FLAGS, .writes = CLASS_GPR | CLASS_FLAGS,
};

/* --- instructions --- */

static void again_if(struct tr *t, ref x)
{
	irx(t, IR_EXITCC, T_NONE, CC_NE, ir2(t, IR_ANDF, T_FLAGS, x, x), ir_pc(t, t->pc), 0);
}

static void main_or_epilogue(struct tr *t, const struct ir_helper *h, unsigned rd, unsigned rs,
			     unsigned rn)
{
	again_if(t, ir_call(t, h, ir_const(t, T_I32, rd | rs << 8 | rn << 16)));
}

static void clear_flags(struct tr *t)
{
	nzcv_put(t, ir1(t, IR_FLAGS, T_FLAGS, ir_const(t, T_I32, 0)));
}

static ref x_add(struct tr *t, ref a, ref b)
{
	return ir2(t, IR_ADD, T_I64, a, b);
}

static ref x_neg(struct tr *t, ref a)
{
	return ir1(t, IR_NEG, T_I64, a);
}

/* The size, at most SET_MAX. */
static ref saturated(struct tr *t, unsigned rn)
{
	ref n = x_get(t, rn, 1);

	return irx(t, IR_SELCC, T_I64, CC_MI, ir2(t, IR_ANDF, T_FLAGS, n, n),
		   ir_const(t, T_I64, SET_MAX), n);
}

static void forward_prologue(struct tr *t, const struct a64_cpy *a)
{
	ref n = saturated(t, a->rn);

	x_put(t, a->rd, x_add(t, x_get(t, a->rd, 1), n));
	x_put(t, a->rs, x_add(t, x_get(t, a->rs, 1), n));
	x_put(t, a->rn, x_neg(t, n));
}

/* Backward if the destination begins inside the source, behind its start: 0 < d - s < n. */
static void prologue(struct tr *t, const struct a64_cpy *a)
{
	ref max = ir_const(t, T_I64, CPY_MAX), mask = ir_const(t, T_I64, ADDRESS_56);
	ref minus_one = ir_const(t, T_I64, ~0ull);
	ref d = x_get(t, a->rd, 1), s = x_get(t, a->rs, 1), n = x_get(t, a->rn, 1), ahead, backward;

	n = irx(t, IR_SELCC, T_I64, CC_HI, ir2(t, IR_SUBF, T_FLAGS, n, max), max, n);
	ahead = ir2(t, IR_SUB, T_I64, ir2(t, IR_AND, T_I64, d, mask),
		    ir2(t, IR_AND, T_I64, s, mask));
	backward = ir2(t, IR_SUBF, T_FLAGS, x_add(t, ahead, minus_one), x_add(t, n, minus_one));
	x_put(t, a->rd, irx(t, IR_SELCC, T_I64, CC_CC, backward, d, x_add(t, d, n)));
	x_put(t, a->rs, irx(t, IR_SELCC, T_I64, CC_CC, backward, s, x_add(t, s, n)));
	x_put(t, a->rn, irx(t, IR_SELCC, T_I64, CC_CC, backward, n, x_neg(t, n)));
}

/* Equal registers are CONSTRAINED UNPREDICTABLE; they are undefined here. */
bool a64_tr_cpy(struct tr *t, const struct a64_cpy *a)
{
	if (a->rd == a->rs || a->rd == a->rn || a->rs == a->rn)
		return false;
	if (a->op1 != 0) {
		main_or_epilogue(t, &helper_copy, a->rd, a->rs, a->rn);
		return true;
	}
	if (a->any)
		prologue(t, a);
	else
		forward_prologue(t, a);
	clear_flags(t);
	return true;
}

bool a64_tr_set(struct tr *t, const struct a64_set *a)
{
	ref n;

	if (a->rd == a->rs || a->rd == a->rn || a->rs == a->rn)
		return false;
	if (a->stage != 0) {
		main_or_epilogue(t, &helper_set, a->rd, a->rs, a->rn);
		return true;
	}
	n = saturated(t, a->rn);
	x_put(t, a->rd, x_add(t, x_get(t, a->rd, 1), n));
	x_put(t, a->rn, x_neg(t, n));
	clear_flags(t);
	return true;
}
