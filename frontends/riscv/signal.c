/*
 * Signal frames and traps, as arch/riscv/kernel/signal.c of Linux lays them out.
 *
 * struct rt_sigframe is siginfo and ucontext.  The registers stand in the ucontext's end, behind
 * them the D state; extended states (vectors) would follow as records with a header, and the list
 * of these ends with a header of zeros, which is always there: in the last bytes of the space that
 * a Q state would need.  The handler may edit all of it; sigreturn believes what it finds, within
 * what the kernel checks.
 */
#include "base/space.h"
#include "frontends/riscv/riscv.h"
#include "frontends/riscv/vdso_image.h"

enum { G_SIGTRAP = 5, G_TRAP_BRKPT = 1 };

struct ctx_hdr { u32 magic, size; };

struct sigcontext {
	u64 pc, x[31];                   /* x1 to x31 */
	u64 f[32];
	u32 fcsr;
	u32 unused[64];                  /* a Q state would go on here */
	u32 reserved;                    /* what follows is the end of struct __riscv_extra_ext_header */
	struct ctx_hdr end;
} __attribute__((aligned(16)));

struct ucontext {
	u64 flags, link;
	u64 stack_sp;
	u32 stack_flags, pad;
	u64 stack_size;
	u64 sigmask;
	u8 unused[120];
	struct sigcontext mc;
};

struct rt_sigframe {
	u8 info[128];
	struct ucontext uc;
};

_Static_assert(offsetof(struct ucontext, mc) == 176 && offsetof(struct sigcontext, fcsr) == 512 &&
	       offsetof(struct sigcontext, reserved) == 256 + 516 &&
	       offsetof(struct sigcontext, end) == 256 + 520 && sizeof(struct rt_sigframe) == 1088,
	       "struct rt_sigframe of riscv");
_Static_assert(sizeof(struct rt_sigframe) == RV_MINSIGSTKSZ, "AT_MINSIGSTKSZ");

/* The image that the loader maps; here because its sigreturn trampoline belongs to the frames. */
const u8 rv_vdso[VDSO_SIZE] = { VDSO_BYTES };

static void fill_ucontext(struct vcpu *c, const struct sigframe *f, struct ucontext *uc)
{
	uc->stack_sp = f->altstack_sp;
	uc->stack_flags = f->altstack_flags;
	uc->stack_size = f->altstack_size;
	uc->sigmask = f->mask;
	uc->mc.pc = c->pc;
	memcpy(uc->mc.x, c->state + OFF_X1, sizeof uc->mc.x);
	memcpy(uc->mc.f, c->state + OFF_F0, sizeof uc->mc.f);
	uc->mc.fcsr = rv_get_fcsr(c);
}

bool rv_push_frame(struct vcpu *c, const struct sigframe *f)
{
	struct rt_sigframe frame;
	gaddr top = f->on_altstack ? f->altstack_sp + f->altstack_size : *vcpu_u64(c, OFF_X2);
	gaddr at = ALIGN_DOWN(top - sizeof frame, 16);

	memset(&frame, 0, sizeof frame);
	memcpy(frame.info, f->info, sizeof frame.info);
	fill_ucontext(c, f, &frame.uc);
	if (copy_out(at, &frame, sizeof frame))
		return false;

	*vcpu_u64(c, OFF_X1) = f->restorer;
	*vcpu_u64(c, OFF_X2) = at;
	*vcpu_u64(c, OFF_X10) = f->signo;
	*vcpu_u64(c, OFF_X11) = at + offsetof(struct rt_sigframe, info);
	*vcpu_u64(c, OFF_X12) = at + offsetof(struct rt_sigframe, uc);
	*vcpu_u64(c, OFF_RESADDR) = RES_NONE;
	c->pc = f->handler;
	return true;
}

bool rv_pop_frame(struct vcpu *c, struct sigframe *f)
{
	struct rt_sigframe frame;
	const struct sigcontext *mc = &frame.uc.mc;
	gaddr sp = *vcpu_u64(c, OFF_X2);

	if (copy_in(&frame, sp, sizeof frame))
		return false;
	if (mc->reserved || mc->end.magic || mc->end.size)
		return false;

	c->pc = mc->pc;
	memcpy(c->state + OFF_X1, mc->x, sizeof mc->x);
	memcpy(c->state + OFF_F0, mc->f, sizeof mc->f);
	rv_set_fcsr(c, mc->fcsr);
	*vcpu_u64(c, OFF_RESADDR) = RES_NONE;

	f->mask = frame.uc.sigmask;
	f->altstack_sp = frame.uc.stack_sp;
	f->altstack_flags = frame.uc.stack_flags;
	f->altstack_size = frame.uc.stack_size;
	return true;
}

void rv_trap_signal(struct vcpu *c, s32 *signo, s32 *code)
{
	*signo = G_SIGTRAP;
	*code = G_TRAP_BRKPT;
}
