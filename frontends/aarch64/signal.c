/*
 * Signal frames and traps, as arch/arm64/kernel/signal.c of Linux lays them out.
 *
 * From the stack pointer at delivery downwards: a frame record (fp, lr) that continues the chain of
 * frames for unwinders, then struct rt_sigframe: siginfo, ucontext with the general registers and,
 * in its reserved area, tagged records: FPSIMD state, the syndrome of a fault, and the terminator.
 * The handler may edit all of it; sigreturn believes what it finds, within what the kernel checks.
 */
#include "base/space.h"
#include "frontends/aarch64/a64.h"
#include "frontends/aarch64/vdso_image.h"
#include "translator/translator.h"

enum { G_SIGILL = 4, G_SIGTRAP = 5, G_SIGBUS = 7, G_SIGSEGV = 11 };
enum { G_ILL_ILLOPC = 1, G_ILL_ILLOPN = 2, G_TRAP_BRKPT = 1, G_SEGV_ACCERR = 2 };

enum { FPSIMD_MAGIC = 0x46508001, ESR_MAGIC = 0x45535201 };
enum { PSTATE_NZCV_SHIFT = 28 };

/* ESR_EL1 of a data abort from EL0, 32-bit instruction: EC 0x24, IL; bit 6: a write */
#define ESR_DATA_ABORT (0x24u << 26 | 1u << 25)
enum {
	ESR_WNR = 1 << 6, DFSC_TRANSLATION_L3 = 0x07, DFSC_PERMISSION_L3 = 0x0f,
	DFSC_ALIGNMENT = 0x21
};

struct record_head { u32 magic, size; };

struct fpsimd_record {
	struct record_head head;
	u32 fpsr, fpcr;
	vec v[32];
};

struct esr_record {
	struct record_head head;
	u64 esr;
};

struct sigcontext {
	u64 fault_address;
	u64 regs[31];
	u64 sp, pc, pstate;
	u8 reserved[4096] __attribute__((aligned(16)));
};

struct ucontext {
	u64 flags, link;
	u64 stack_sp;
	u32 stack_flags, pad;
	u64 stack_size;
	u64 sigmask;
	u8 unused[120];
	struct sigcontext mc __attribute__((aligned(16)));
};

struct rt_sigframe {
	u8 info[128];
	struct ucontext uc;
};

struct frame_record { u64 fp, lr; };

_Static_assert(offsetof(struct rt_sigframe, uc) == 128 && offsetof(struct ucontext, mc) == 176 &&
	       offsetof(struct sigcontext, reserved) == 288 && sizeof(struct rt_sigframe) == 4688,
	       "struct rt_sigframe of arm64");
_Static_assert(sizeof(struct rt_sigframe) + sizeof(struct frame_record) + 16 == A64_MINSIGSTKSZ,
	       "AT_MINSIGSTKSZ");
_Static_assert(sizeof(struct fpsimd_record) == 528 && sizeof(struct esr_record) == 16, "records");

/* The image that the loader maps; here because its sigreturn trampoline belongs to the frames. */
const u8 a64_vdso[VDSO_SIZE] = { VDSO_BYTES };

/* --- flags between slot and architected form --- */

static u32 get_nzcv(const struct vcpu *c)
{
	u32 f = *(const u32 *)(const void *)(c->state + OFF_NZCV);

	return (f & FLAG_N ? 8 : 0) | (f & FLAG_Z ? 4 : 0) | (f & FLAG_C ? 2 : 0) |
	       (f & FLAG_V ? 1 : 0);
}

static void set_nzcv(struct vcpu *c, u32 nzcv)
{
	*(u32 *)(void *)(c->state + OFF_NZCV) = (nzcv & 8 ? FLAG_N : 0) | (nzcv & 4 ? FLAG_Z : 0) |
						(nzcv & 2 ? FLAG_C : 0) | (nzcv & 1 ? FLAG_V : 0);
}

/* --- building --- */

/*
 * The syndrome a data abort would have had.  Bit 22 of nearly every load and store says which it
 * is.
 */
static u64 fault_esr(const struct vcpu *c, const struct sigframe *f)
{
	u32 word = 0;
	s32 code;
	u32 dfsc;

	memcpy(&code, f->info + 8, sizeof code);
	if (f->signo == G_SIGBUS)
		dfsc = DFSC_ALIGNMENT;
	else
		dfsc = code == G_SEGV_ACCERR ? DFSC_PERMISSION_L3 : DFSC_TRANSLATION_L3;
	if (copy_in(&word, c->pc, sizeof word))
		return ESR_DATA_ABORT | dfsc;
	return ESR_DATA_ABORT | dfsc | (word & 1u << 22 ? 0 : ESR_WNR);
}

static void fill_records(struct vcpu *c, const struct sigframe *f, u8 *p)
{
	struct fpsimd_record fp = {
		.head = { FPSIMD_MAGIC, sizeof fp },
		.fpsr = a64_get_fpsr(c),
		.fpcr = *(const u32 *)(const void *)(c->state + OFF_FPCR),
	};

	memcpy(fp.v, c->state + OFF_V0, sizeof fp.v);
	memcpy(p, &fp, sizeof fp);
	p += sizeof fp;
	if (f->fault_addr && (f->signo == G_SIGSEGV || f->signo == G_SIGBUS)) {
		struct esr_record esr = { .head = { ESR_MAGIC, sizeof esr },
					  .esr = fault_esr(c, f) };

		memcpy(p, &esr, sizeof esr);
	}
	/* the rest is zero, the terminator included */
}

static void fill_ucontext(struct vcpu *c, const struct sigframe *f, struct ucontext *uc)
{
	uc->stack_sp = f->altstack_sp;
	uc->stack_flags = f->altstack_flags;
	uc->stack_size = f->altstack_size;
	uc->sigmask = f->mask;
	uc->mc.fault_address = f->fault_addr;
	memcpy(uc->mc.regs, c->state + OFF_X0, sizeof uc->mc.regs);
	uc->mc.sp = *vcpu_u64(c, OFF_SP);
	uc->mc.pc = c->pc;
	uc->mc.pstate = (u64)get_nzcv(c) << PSTATE_NZCV_SHIFT |
			*(const u32 *)(const void *)(c->state + OFF_PSTATE) | (u64)c->landing << A64_BTYPE_LSB;
	fill_records(c, f, uc->mc.reserved);
}

static bool find_vdso(const struct mapping *m, void *arg)
{
	if (!m->name || strcmp(m->name, "[vdso]"))
		return true;
	*(gaddr *)arg = m->start;
	return false;
}

/*
 * Where a handler without SA_RESTORER returns to.  The vdso stays where the loader put it, so it is
 * looked for once; threads that race find the same.
 */
static gaddr vdso_sigreturn(void)
{
	static gaddr vdso;
	gaddr at = __atomic_load_n(&vdso, __ATOMIC_RELAXED);

	if (!at) {
		space_walk(find_vdso, &at);
		__atomic_store_n(&vdso, at, __ATOMIC_RELAXED);
	}
	return at + VDSO_SIGRETURN;
}

bool a64_push_frame(struct vcpu *c, const struct sigframe *f)
{
	struct rt_sigframe frame;
	struct frame_record record = { *vcpu_u64(c, OFF_X29), *vcpu_u64(c, OFF_X30) };
	gaddr top = f->on_altstack ? f->altstack_sp + f->altstack_size : *vcpu_u64(c, OFF_SP);
	gaddr record_at = ALIGN_DOWN(top, 16) - sizeof record;
	gaddr frame_at = record_at - sizeof frame;

	memset(&frame, 0, sizeof frame);
	if (f->want_siginfo)
		memcpy(frame.info, f->info, sizeof frame.info);
	fill_ucontext(c, f, &frame.uc);
	if (copy_out(frame_at, &frame, sizeof frame) || copy_out(record_at, &record, sizeof record))
		return false;

	c->landing = a64_has(FEAT_BTI) ? A64_BTYPE_CALL : 0;   /* setup_return() */
	*vcpu_u64(c, OFF_X0) = f->signo;
	if (f->want_siginfo) {
		*vcpu_u64(c, OFF_X1) = frame_at + offsetof(struct rt_sigframe, info);
		*vcpu_u64(c, OFF_X2) = frame_at + offsetof(struct rt_sigframe, uc);
	}
	*vcpu_u64(c, OFF_X29) = record_at;
	*vcpu_u64(c, OFF_X30) = f->restorer ? f->restorer : vdso_sigreturn();
	*vcpu_u64(c, OFF_SP) = frame_at;
	*vcpu_u64(c, OFF_EXADDR) = EX_NONE;
	c->pc = f->handler;
	return true;
}

/* --- returning --- */

/* Finds the FPSIMD record; false if the records are malformed.  *fp stays NULL if there is none. */
static bool find_fpsimd(const u8 *reserved, size_t size, const struct fpsimd_record **fp)
{
	size_t at = 0;

	*fp = NULL;
	while (at + sizeof(struct record_head) <= size) {
		const struct record_head *h = (const void *)(reserved + at);

		if (!h->magic)
			return h->size == 0;
		if (h->size < sizeof *h || h->size % 16 || h->size > size - at)
			return false;
		if (h->magic == FPSIMD_MAGIC) {
			if (*fp || h->size < sizeof **fp)
				return false;
			*fp = (const void *)h;
		}
		at += h->size;
	}
	return false;
}

bool a64_pop_frame(struct vcpu *c, struct sigframe *f)
{
	struct rt_sigframe frame;
	const struct fpsimd_record *fp;
	gaddr sp = *vcpu_u64(c, OFF_SP);
	const struct sigcontext *mc = &frame.uc.mc;

	if (sp & 15 || copy_in(&frame, sp, sizeof frame))
		return false;
	if (!find_fpsimd(mc->reserved, sizeof mc->reserved, &fp) || !fp)
		return false;

	memcpy(c->state + OFF_X0, mc->regs, sizeof mc->regs);
	*vcpu_u64(c, OFF_SP) = mc->sp;
	*vcpu_u64(c, OFF_EXADDR) = EX_NONE;
	c->pc = mc->pc;
	set_nzcv(c, mc->pstate >> PSTATE_NZCV_SHIFT & 15);
	*(u32 *)(void *)(c->state + OFF_PSTATE) = mc->pstate & a64_pstate_mask();
	c->landing = a64_has(FEAT_BTI) ? mc->pstate >> A64_BTYPE_LSB & 3 : 0;

	memcpy(c->state + OFF_V0, fp->v, sizeof fp->v);
	*(u32 *)(void *)(c->state + OFF_FPCR) = fp->fpcr & FPCR_MASK;
	translator_set_fpctl(c, a64_fpctl_of_fpcr(fp->fpcr));
	a64_set_fpsr(c, fp->fpsr);

	f->mask = frame.uc.sigmask;
	f->altstack_sp = frame.uc.stack_sp;
	f->altstack_flags = frame.uc.stack_flags;
	f->altstack_size = frame.uc.stack_size;
	return true;
}

/* --- traps --- */

/*
 * BRK is a breakpoint; HLT is undefined at EL0 when no debugger listens; the third is a pointer
 * that failed its authentication.
 */
void a64_trap_signal(struct vcpu *c, s32 *signo, s32 *code)
{
	if (c->trap == A64_TRAP_BRK) {
		*signo = G_SIGTRAP;
		*code = G_TRAP_BRKPT;
	} else {
		*signo = G_SIGILL;
		*code = c->trap == A64_TRAP_PAC ? G_ILL_ILLOPN : G_ILL_ILLOPC;
	}
}
