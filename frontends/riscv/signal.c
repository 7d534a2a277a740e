/*
 * Signal frames and traps, as arch/riscv/kernel/signal.c of Linux lays them out.
 *
 * struct rt_sigframe is siginfo and ucontext.  The registers stand in the ucontext's end, behind
 * them the D state; extended states (vectors) would follow as records with a header, and the list
 * of these ends with a header of zeros, which is always there: in the last bytes of the space that
 * a Q state would need.  The handler may edit all of it; sigreturn believes what it finds, within
 * what the kernel checks.
 *
 * RV32 has the same structures with longs of 4 bytes, so the places are computed from the word size.
 */
#include "base/space.h"
#include "frontends/riscv/riscv.h"

enum { G_SIGTRAP = 5, G_TRAP_BRKPT = 1 };

struct ctx_hdr { u32 magic, size; };

/* The D state, in the place of a Q state. */
struct fp_state {
	u64 f[32];
	u32 fcsr;
	u32 unused[64];                  /* a Q state would go on here */
	u32 reserved;                    /* what follows is the end of struct __riscv_extra_ext_header */
	struct ctx_hdr end;
};

_Static_assert(offsetof(struct fp_state, reserved) == 516 && sizeof(struct fp_state) == 528,
	       "union __riscv_fp_state");

/* Where things are in struct ucontext, if a long has w bytes: flags, link, stack, mask, 120 bytes; aligned: context. */
enum { INFO_SIZE = 128, MAX_FRAME = RV_SIGFRAME_SIZE(8) };
static unsigned at_stack(unsigned w) { return 2 * w; }
static unsigned at_mask(unsigned w) { return 5 * w; }
static unsigned at_regs(unsigned w) { return ALIGN_UP(5 * w + 128, 16); }
static unsigned at_fp(unsigned w) { return at_regs(w) + 32 * w; }

static void put(u8 *p, unsigned w, u64 v)
{
	memcpy(p, &v, w);
}

static u64 get(const u8 *p, unsigned w)
{
	u64 v = 0;

	memcpy(&v, p, w);
	return v;
}

static void fill_ucontext(struct vcpu *c, const struct sigframe *f, u8 *uc, unsigned w)
{
	struct fp_state fp = { .fcsr = rv_get_fcsr(c) };

	put(uc + at_stack(w), w, f->altstack_sp);
	put(uc + at_stack(w) + w, 4, f->altstack_flags);
	put(uc + at_stack(w) + 2 * w, w, f->altstack_size);
	put(uc + at_mask(w), 8, f->mask);
	put(uc + at_regs(w), w, c->pc);
	for (unsigned i = 1; i < 32; i++)
		put(uc + at_regs(w) + i * w, w, *vcpu_u64(c, OFF_X0 + 8 * i));
	memcpy(fp.f, c->state + OFF_F0, sizeof fp.f);
	memcpy(uc + at_fp(w), &fp, sizeof fp);
}

bool rv_push_frame(struct vcpu *c, const struct sigframe *f)
{
	const unsigned w = c->guest->word, size = RV_SIGFRAME_SIZE(w);
	u8 frame[MAX_FRAME] = { 0 };
	gaddr top = f->on_altstack ? f->altstack_sp + f->altstack_size : *vcpu_u64(c, OFF_X2);
	gaddr at = ALIGN_DOWN(top - size, 16);

	memcpy(frame, f->info, INFO_SIZE);
	fill_ucontext(c, f, frame + INFO_SIZE, w);
	if (copy_out(at, frame, size))
		return false;

	*vcpu_u64(c, OFF_X1) = f->restorer;
	*vcpu_u64(c, OFF_X2) = at;
	*vcpu_u64(c, OFF_X10) = f->signo;
	*vcpu_u64(c, OFF_X11) = at;
	*vcpu_u64(c, OFF_X12) = at + INFO_SIZE;
	*vcpu_u64(c, OFF_RESADDR) = RES_NONE;
	c->pc = f->handler;
	return true;
}

bool rv_pop_frame(struct vcpu *c, struct sigframe *f)
{
	const unsigned w = c->guest->word;
	u8 frame[MAX_FRAME];
	const u8 *uc = frame + INFO_SIZE;
	struct fp_state fp;

	if (copy_in(frame, *vcpu_u64(c, OFF_X2), RV_SIGFRAME_SIZE(w)))
		return false;
	memcpy(&fp, uc + at_fp(w), sizeof fp);
	if (fp.reserved || fp.end.magic || fp.end.size)
		return false;

	c->pc = get(uc + at_regs(w), w);
	for (unsigned i = 1; i < 32; i++)
		*vcpu_u64(c, OFF_X0 + 8 * i) = get(uc + at_regs(w) + i * w, w);
	memcpy(c->state + OFF_F0, fp.f, sizeof fp.f);
	rv_set_fcsr(c, fp.fcsr);
	*vcpu_u64(c, OFF_RESADDR) = RES_NONE;

	f->mask = get(uc + at_mask(w), 8);
	f->altstack_sp = get(uc + at_stack(w), w);
	f->altstack_flags = get(uc + at_stack(w) + w, 4);
	f->altstack_size = get(uc + at_stack(w) + 2 * w, w);
	return true;
}

void rv_trap_signal(struct vcpu *c, s32 *signo, s32 *code)
{
	*signo = G_SIGTRAP;
	*code = G_TRAP_BRKPT;
}
