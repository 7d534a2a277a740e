/*
 * fcsr: the rounding mode frm is a slot (FRM) and the run-time's control (FPCTL); the sticky
 * exceptions fflags are the run-time's (FPFLAGS), whose bits stand in the opposite order.
 */
#include "frontends/riscv/riscv.h"
#include "translator/translator.h"

/* Every NaN result is the canonical one.  RNE RTZ RDN RUP are 0 3 2 1 of enum ir_round. */
static u32 fpctl_of_frm(u32 frm)
{
	return FPCTL_DEFAULT_NAN | (frm < 4 ? (4 - frm) & FPCTL_ROUND : RND_NEAREST);
}

/* fflags is NV DZ OF UF NX, enum ir_fpexc inexact, underflow, overflow, division, denormal, invalid. */
static u32 fflags_of_fpexc(u32 e)
{
	return (e & FPEXC_INEXACT ? 1 : 0) | (e & FPEXC_UNDERFLOW ? 2 : 0) |
	       (e & FPEXC_OVERFLOW ? 4 : 0) | (e & FPEXC_DIVZERO ? 8 : 0) |
	       (e & FPEXC_INVALID ? 16 : 0);
}

static u32 fpexc_of_fflags(u32 f)
{
	return (f & 1 ? FPEXC_INEXACT : 0) | (f & 2 ? FPEXC_UNDERFLOW : 0) |
	       (f & 4 ? FPEXC_OVERFLOW : 0) | (f & 8 ? FPEXC_DIVZERO : 0) |
	       (f & 16 ? FPEXC_INVALID : 0);
}

static u32 *frm(struct vcpu *c)
{
	return (u32 *)(void *)(c->state + OFF_FRM);
}

void rv_fp_reset(struct vcpu *c)
{
	rv_set_fcsr(c, 0);
}

u32 rv_get_fcsr(struct vcpu *c)
{
	return *frm(c) << FCSR_FRM_SHIFT | fflags_of_fpexc(translator_fpflags(c));
}

void rv_set_fcsr(struct vcpu *c, u32 fcsr)
{
	*frm(c) = fcsr >> FCSR_FRM_SHIFT & 7;
	translator_set_fpctl(c, fpctl_of_frm(*frm(c)));
	translator_set_fpflags(c, fpexc_of_fflags(fcsr));
}

static ref w_and(struct tr *t, ref a, u32 k)
{
	return ir2(t, IR_AND, T_I32, a, ir_const(t, T_I32, k));
}

/* Reverses the low six bits. */
static ref turn_round(struct tr *t, ref v)
{
	return ir2(t, IR_SHR, T_I32, ir1(t, IR_RBIT, T_I32, v), ir_const(t, T_I32, 26));
}

ref rv_fflags_get(struct tr *t)
{
	ref e = ir1(t, IR_FPFLAGS, T_I32, 0);
	ref nv = ir2(t, IR_SHL, T_I32, w_and(t, e, FPEXC_INVALID), ir_const(t, T_I32, 4));

	return ir2(t, IR_OR, T_I32, w_and(t, turn_round(t, e), 15), nv);
}

void rv_fflags_put(struct tr *t, ref v)
{
	ref nv = ir3(t, IR_UBFX, T_I32, v, 4, 1);

	ir1(t, IR_FPFLAGSW, T_NONE, ir2(t, IR_OR, T_I32, w_and(t, turn_round(t, v), 0x3c), nv));
}

ref rv_frm_get(struct tr *t)
{
	return ir_get(t, SLOT_FRM, T_I32);
}

void rv_frm_put(struct tr *t, ref v)
{
	ref high = ir3(t, IR_UBFX, T_I32, v, 2, 1);
	ref round = w_and(t, ir1(t, IR_NEG, T_I32, v), FPCTL_ROUND);

	ir_put(t, SLOT_FRM, w_and(t, v, 7));
	/* 4 and above are no mode of the unit's. */
	round = irx(t, IR_SELCC, T_I32, CC_EQ, ir2(t, IR_ANDF, T_FLAGS, high, high), round,
		    ir_const(t, T_I32, RND_NEAREST));
	ir1(t, IR_FPCTL, T_NONE,
	    ir2(t, IR_OR, T_I32, round, ir_const(t, T_I32, FPCTL_DEFAULT_NAN)));
}
