/*
 * fcsr: the rounding mode frm is a slot (FRM) and the run-time's control (FPCTL); the sticky
 * exceptions fflags are the run-time's (FPFLAGS), whose bits stand in the opposite order.
 */
#include "frontends/riscv/riscv.h"
#include "translator/translator.h"

/* The manual's choices, whatever frm is: every NaN result is the canonical one, and so on. */
enum { FPCTL_ALWAYS = FPCTL_DEFAULT_NAN | FPCTL_NAN_TO_MAX | FPCTL_PREFER_NUMBER | FPCTL_TINY_AFTER };

/* frm's part of FPCTL, a byte for each: RNE RTZ RDN RUP RMM; 5 to 7 are no rounding mode. */
static const u64 round_bytes =
	RND_NEAREST | RND_ZERO << 8 | RND_DOWN << 16 | RND_UP << 24 | (u64)FPCTL_AWAY << 32 |
	(u64)FPCTL_NO_ROUND << 40 | (u64)FPCTL_NO_ROUND << 48 | (u64)FPCTL_NO_ROUND << 56;

static u32 fpctl_of_frm(u32 frm)
{
	return FPCTL_ALWAYS | (round_bytes >> 8 * frm & 255);
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

static u32 *word_slot(struct vcpu *c, unsigned off)
{
	return (u32 *)(void *)(c->state + off);
}

static u32 *frm(struct vcpu *c)
{
	return word_slot(c, OFF_FRM);
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

void rv_slots_fill(struct vcpu *c)
{
	*word_slot(c, OFF_FCSR) = rv_get_fcsr(c);
	*word_slot(c, OFF_FFLAGS) = rv_get_fcsr(c) & FCSR_FFLAGS;
	*vcpu_u64(c, OFF_CYCLE) = *vcpu_u64(c, OFF_TIME) = *vcpu_u64(c, OFF_INSTRET) = rv_counter();
}

/* The counters cannot be written, X0 stays 0. */
void rv_slot_changed(struct vcpu *c, unsigned slot)
{
	switch (slot) {
	case SLOT_X0:
		*vcpu_u64(c, OFF_X0) = 0;
		break;
	case SLOT_FFLAGS:
		rv_set_fcsr(c, *frm(c) << FCSR_FRM_SHIFT | (*word_slot(c, OFF_FFLAGS) & FCSR_FFLAGS));
		break;
	case SLOT_FRM:
		rv_set_fcsr(c, *frm(c) << FCSR_FRM_SHIFT | (rv_get_fcsr(c) & FCSR_FFLAGS));
		break;
	case SLOT_FCSR:
		rv_set_fcsr(c, *word_slot(c, OFF_FCSR));
		break;
	}
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
	ref frm = w_and(t, v, 7), bits;

	ir_put(t, SLOT_FRM, frm);
	bits = ir2(t, IR_SHR, T_I64, ir_const(t, T_I64, round_bytes), ir2(t, IR_SHL, T_I32, frm, ir_const(t, T_I32, 3)));
	bits = w_and(t, ir1(t, IR_TRUNC, T_I32, bits), 255);
	ir1(t, IR_FPCTL, T_NONE, ir2(t, IR_OR, T_I32, bits, ir_const(t, T_I32, FPCTL_ALWAYS)));
}
