/*
 * Signals between the host's kernel and the guest: capture, masks, delivery.  The plan is in
 * task.h.
 *
 * A signal's way: host_handler() copies the siginfo into the task and asks translated code to stop;
 * the run loop, with the guest's state complete, calls signal_deliver(), which applies the guest's
 * action: the guest's frame is pushed by the card, or the process ends as it would natively.
 */
#include "syscall/task.h"

#include "base/die.h"
#include "base/log.h"

#include <stdio.h>

enum { SIGSTACK_SIZE = 64 << 10, SI_CODE = 8, SI_ADDR = 16, MASK_BYTES = 8 };

const struct syscall_hooks *hooks;

static __thread struct task *self;
static struct task main_task;
static struct actions main_actions;
static u8 main_sigstack[SIGSTACK_SIZE] __attribute__((aligned(64)));

/* --- masks --- */

static void host_mask(u64 mask)
{
	mask &= ~SIGS_SYNC;
	host_syscall4(HOST_NR_rt_sigprocmask, SIG_SETMASK, (u64)&mask, 0, MASK_BYTES);
}

void signal_block_all(void)
{
	host_mask(~0ull);
}

void signal_unblock(struct task *t)
{
	if (!t->captured)
		host_mask(t->mask);
	/* One may have come just before: it must be the only one. */
	if (t->captured)
		host_mask(~0ull);
}

void signal_attend(struct task *t)
{
	/* In this order: a capture in between sets it for good. */
	t->attention = 0;
	if (t->captured || (t->sync_pending & ~t->mask)) {
		t->attention = 1;
		hooks->kick(t->vcpu);
	}
}

static void requeue(const u8 *info)
{
	s32 sig;

	memcpy(&sig, info, sizeof sig);
	host_syscall4(HOST_NR_rt_tgsigqueueinfo, host_syscall0(HOST_NR_getpid),
		      host_syscall0(HOST_NR_gettid), sig, (u64)info);
}

void signal_uncapture(struct task *t)
{
	if (t->captured) {
		requeue(t->info);
		t->captured = 0;
	}
}

/*
 * The handler of another signal has blocked what was captured meanwhile; every host signal is
 * blocked.
 */
static void uncapture_blocked(struct task *t)
{
	if (t->captured && t->mask & sigbit(*(s32 *)(void *)t->info))
		signal_uncapture(t);
}

void signal_set_mask(struct task *t, u64 mask)
{
	t->mask = mask & ~SIGS_UNBLOCKABLE;
	signal_unblock(t);
	if (t->captured && t->mask & sigbit(*(s32 *)(void *)t->info)) {
		signal_uncapture(t);
		signal_unblock(t);
	}
	signal_attend(t);
}

int signal_take_sync(struct task *t, u64 set, u8 info[SIGINFO_SIZE])
{
	u64 ready = t->sync_pending & set;
	int sig;

	if (!ready)
		return 0;
	sig = __builtin_ctzll(ready) + 1;
	memcpy(info, t->sync_info[sig], SIGINFO_SIZE);
	__atomic_and_fetch(&t->sync_pending, ~sigbit(sig), __ATOMIC_SEQ_CST);
	return sig;
}

/* --- the host's handlers --- */

static s32 info_code(const u8 *info)
{
	return *(const s32 *)(const void *)(info + SI_CODE);
}

/* The kernel says that the instruction at the host's pc did it. */
static void fault(struct task *t, int sig, const u8 *info, void *uc)
{
	static volatile u32 dying;
	u64 pc = host_signal_pc(uc), fixed = copy_fixup(pc);
	u64 addr = *(const u64 *)(const void *)(info + SI_ADDR);
	s32 code = info_code(info);

	if (fixed) {
		host_signal_set_pc(uc, fixed);
		return;
	}
	if ((sig == SIGSEGV || sig == SIGBUS) && code == SI_KERNEL) {
		/*
		 * An address that is none (not canonical): the host does not say which.  (SIGBUS if
		 * rbp was the base, for historical reasons.)
		 */
		sig = SIGSEGV;
		code = SEGV_MAPERR;
		addr = NOT_AN_ADDRESS;
	} else if (sig == SIGSEGV && code == SEGV_ACCERR && !space_check(h2g((void *)addr), 1, 0)) {
		code = SEGV_MAPERR;  /* the host sees a reservation where the guest has nothing */
	}
	if (t && !dying && hooks->fault(t->vcpu, sig, code, addr, uc))
		return;
	if (!__atomic_exchange_n(&dying, 1, __ATOMIC_SEQ_CST))
		die("signal %d (code %d, address %#lx) in the runner at %#lx, guest pc near %#lx",
		    sig, info_code(info), (unsigned long)addr, (unsigned long)pc,
		    (unsigned long)(t ? t->vcpu->pc : 0));
	host_syscall1(HOST_NR_exit_group, 128 + sig);
}

static void host_handler(int sig, u8 *info, void *uc)
{
	struct task *t = self;

	if (SIGS_SYNC & sigbit(sig)) {
		if (info_code(info) > 0) {
			fault(t, sig, info, uc);
			return;
		}
		if (!(t->sync_pending & sigbit(sig))) {
			memcpy(t->sync_info[sig], info, SIGINFO_SIZE);
			__atomic_or_fetch(&t->sync_pending, sigbit(sig), __ATOMIC_SEQ_CST);
		}
	} else {
		if (t->captured) {
			requeue(info);  /* blocked while we are here, so it waits */
		} else {
			memcpy(t->info, info, SIGINFO_SIZE);
			t->captured = 1;
		}
		*host_signal_mask(uc) |= ~SIGS_SYNC;
	}
	signal_attend(t);
	if (t->attention)
		host_blocking_interrupt(uc);
}

static void host_action(int sig, u64 handler, u64 flags)
{
	struct host_action a = { handler, flags | SA_RESTORER, (u64)host_sigreturn, ~SIGS_SYNC };

	host_syscall4(HOST_NR_rt_sigaction, sig, (u64)&a, 0, MASK_BYTES);
}

struct action *signal_action(struct actions *s, int sig)
{
	struct host_action old = { 0 };

	if (!(s->known & sigbit(sig))) {
		host_syscall4(HOST_NR_rt_sigaction, sig, 0, (u64)&old, MASK_BYTES);
		s->act[sig].handler = old.handler == SIG_IGN ? SIG_IGN : SIG_DFL;
		s->known |= sigbit(sig);
	}
	return &s->act[sig];
}

void signal_install(int sig, const struct action *a)
{
	u64 bit = sigbit(sig), flags = a->flags & (SA_NOCLDSTOP | SA_NOCLDWAIT);

	if (bit & SIGS_UNBLOCKABLE)
		return;
	if (bit & SIGS_SYNC)
		host_action(sig, (u64)host_handler,
			    SA_SIGINFO | SA_ONSTACK | SA_RESTART | SA_NODEFER);
	else if (a->handler == SIG_IGN || (a->handler == SIG_DFL && !(bit & SIGS_CORE)))
		host_action(sig, a->handler, flags);
	else
		host_action(sig, (u64)host_handler, flags | SA_SIGINFO | SA_ONSTACK | SA_RESTART);
}

void signal_prepare_exec(struct task *t, bool prepare)
{
	for (int sig = 1; sig <= NSIG; sig++) {
		if (!(SIGS_SYNC & sigbit(sig)) || t->actions->act[sig].handler != SIG_IGN)
			continue;
		if (prepare)
			host_action(sig, SIG_IGN, 0);
		else
			signal_install(sig, &t->actions->act[sig]);
	}
}

void signal_clear_handlers(struct actions *s)
{
	for (int sig = 1; sig <= NSIG; sig++) {
		if (!(s->known & sigbit(sig)) || s->act[sig].handler == SIG_IGN)
			continue;
		memset(&s->act[sig], 0, sizeof s->act[sig]);
		signal_install(sig, &s->act[sig]);
	}
}

void signal_thread_start(struct task *t, void *stack, u64 size)
{
	u64 ss[3] = { (u64)stack, 0, size };

	self = t;
	host_syscall2(HOST_NR_sigaltstack, (u64)ss, 0);
}

void syscall_init(struct vcpu *c, const struct syscall_hooks *h)
{
	struct task *t = &main_task;

	hooks = h;
	c->task = t;
	t->vcpu = c;
	t->actions = &main_actions;
	t->alt_flags = SS_DISABLE;
	signal_thread_start(t, main_sigstack, sizeof main_sigstack);
	host_syscall4(HOST_NR_rt_sigprocmask, SIG_BLOCK, 0, (u64)&t->mask, MASK_BYTES);
	/* Most programs ask for few of the others' dispositions, short ones for none. */
	for (int sig = 1; sig <= NSIG; sig++)
		if (SIGS_CORE & sigbit(sig))
			signal_install(sig, signal_action(&main_actions, sig));
	if (t->mask & SIGS_SYNC)
		signal_unblock(t);
}

/* --- delivery --- */

static const char *const signal_text[] = {  /* as strsignal(3) says them; of those that dump core */
	[SIGQUIT] = "Quit", [SIGILL] = "Illegal instruction", [SIGTRAP] = "Trace/breakpoint trap",
	[SIGABRT] = "Aborted", [SIGBUS] = "Bus error", [SIGFPE] = "Floating point exception",
	[SIGSEGV] = "Segmentation fault", [SIGXCPU] = "CPU time limit exceeded",
	[SIGXFSZ] = "File size limit exceeded", [SIGSYS] = "Bad system call",
};

/*
 * Lets the host's default action happen to this thread or process; returns if that was to stop or
 * nothing.
 */
static void host_default(int sig, const u8 *info)
{
	u64 only = ~sigbit(sig);

	host_action(sig, SIG_DFL, 0);
	requeue(info);
	host_syscall4(HOST_NR_rt_sigprocmask, SIG_SETMASK, (u64)&only, 0, MASK_BYTES);
	signal_block_all();
}

/* Ends the process so that its parent sees what it would see natively. */
static void __attribute__((noreturn)) terminate(struct task *t, int sig, const u8 *info)
{
	char line[256], what[160];
	int n;

	if (sig == SIGILL && info_code(info) == ILL_ILLOPC) {
		hooks->undefined(t->vcpu, what, sizeof what);
		n = snprintf(line, sizeof line, "%s: %s\n", the_process.called, what);
		host_syscall3(HOST_NR_write, 2, (u64)line, n);
	}
	if (SIGS_CORE & sigbit(sig)) {
		n = snprintf(line, sizeof line,
			     "%s: uncaught target signal %d (%s) - core dumped\n",
			     the_process.called, sig, signal_text[sig]);
		host_syscall3(HOST_NR_write, 2, (u64)line, n);
	}
	if (the_process.summary)
		summary_print();
	if (!t->vfork_child)
		hooks->ending(t->vcpu, false);
	host_default(sig, info);
	host_syscall1(HOST_NR_exit_group, 128 + sig);
	__builtin_unreachable();
}

static void default_action(struct task *t, int sig, const u8 *info)
{
	if (SIGS_DEFAULT_IGNORE & sigbit(sig))
		return;
	if (SIGS_CORE & sigbit(sig))
		terminate(t, sig, info);
	/* Captured for a handler that another thread has removed since. */
	host_default(sig, info);
}

/*
 * Does the system call that this signal interrupted end with EINTR, or is it made again afterwards?
 */
static void settle_call(struct vcpu *c, const struct action *a)
{
	struct task *t = c->task;
	bool again = t->not_started || (t->interrupted == -ERESTARTSYS && a->flags & SA_RESTART);

	if (!t->interrupted || c->pc != t->interrupted_pc || again)
		return;
	c->pc += c->guest->syscall_insn_size;
	*vcpu_u64(c, c->guest->ret_off) = guest_word(c->guest, -EINTR);
}

static bool on_altstack(const struct task *t, u64 sp)
{
	return !(t->alt_flags & SS_AUTODISARM) && sp > t->alt_sp && sp - t->alt_sp <= t->alt_size;
}

/*
 * Where a handler returns to: the program's own trampoline if its libc gave one, else the vdso's.
 */
static gaddr return_address(const struct action *a)
{
	if (the_guest.sa_restorer && a->flags & SA_RESTORER)
		return a->restorer;
	return the_process.vdso ? the_process.vdso + the_guest.vdso_sigreturn : 0;
}

/* The action of sig now; a one-shot handler is used up by this. */
static struct action take_action(struct actions *s, int sig)
{
	struct action a;

	lock_take(&s->lock);
	a = *signal_action(s, sig);
	if (a.handler > SIG_IGN && a.flags & SA_RESETHAND) {
		s->act[sig].handler = SIG_DFL;
		signal_install(sig, &s->act[sig]);
	}
	lock_drop(&s->lock);
	return a;
}

/* One signal, by its action; true if a handler's frame was built.  Every host signal is blocked. */
static bool deliver(struct vcpu *c, const u8 *info)
{
	struct task *t = c->task;
	int sig = *(const s32 *)(const void *)info;
	struct action a = take_action(t->actions, sig);
	bool fault_info = (SIGS_SYNC & sigbit(sig)) && info_code(info) > 0;
	u64 addr = fault_info ? *(const u64 *)(const void *)(info + SI_ADDR) : 0;
	u8 guest_info[SIGINFO_SIZE];
	struct sigframe f;

	if (the_process.strace || log_on(LOG_STRACE | LOG_INT))
		trace_signal(sig, info_code(info), addr);
	if (a.handler == SIG_IGN)
		return false;
	if (a.handler == SIG_DFL) {
		default_action(t, sig, info);
		return false;
	}
	settle_call(c, &a);
	siginfo_to_guest(info, guest_info);
	f = (struct sigframe){
		.info = guest_info,
		.handler = a.handler,
		.signo = sig,
		.fault_addr = addr,
		.restorer = return_address(&a),
		.mask = t->restore_mask ? t->saved_mask : t->mask,
		.altstack_sp = t->alt_sp,
		.altstack_size = t->alt_size,
		.altstack_flags = t->alt_flags,
		.want_siginfo = a.flags & SA_SIGINFO,
		.on_altstack = a.flags & SA_ONSTACK && t->alt_size &&
			       !on_altstack(t, *vcpu_u64(c, c->guest->sp_off)),
	};
	t->restore_mask = false;
	if (!c->guest->push_frame(c, &f)) {
		if (sig == SIGSEGV)
			terminate(t, sig, info);
		t->mask = f.mask;
		signal_force(c, SIGSEGV, SI_KERNEL, 0);
		return true;
	}
	if (t->alt_flags & SS_AUTODISARM) {
		t->alt_sp = t->alt_size = 0;
		t->alt_flags = SS_DISABLE;
	}
	t->mask = (t->mask | a.mask | (a.flags & SA_NODEFER ? 0 : sigbit(sig))) & ~SIGS_UNBLOCKABLE;
	return true;
}

void signal_deliver(struct vcpu *c)
{
	struct task *t = c->task;
	u8 info[SIGINFO_SIZE] __attribute__((aligned(8)));
	bool handled = false;

	hooks->unkick(c);
	while (t->attention) {
		/*
		 * Fault signals first, as the kernel; everything stays blocked until the mask is
		 * set below.  What was captured had everything blocked already.
		 */
		if (!t->captured)
			signal_block_all();
		if (!signal_take_sync(t, ~t->mask, info)) {
			if (!t->captured) {
				signal_attend(t);
				continue;
			}
			memcpy(info, t->info, sizeof info);
			t->captured = 0;
		}
		handled |= deliver(c, info);
		if (!handled && t->restore_mask) {
			t->restore_mask = false;
			t->mask = t->saved_mask;
		}
		uncapture_blocked(t);
		signal_unblock(t);
		signal_attend(t);
		hooks->unkick(c);
	}
	t->interrupted = 0;
	t->not_started = false;
}

void signal_interrupted(struct vcpu *c, s64 why)
{
	c->task->interrupted = why;
	c->task->interrupted_pc = c->pc;
}

void signal_force(struct vcpu *c, int signo, int code, gaddr addr)
{
	struct task *t = c->task;
	u8 info[SIGINFO_SIZE] __attribute__((aligned(8))) = { 0 };
	s32 head[3] = { signo, 0, code };

	memcpy(info, head, sizeof head);
	memcpy(info + SI_ADDR, &addr, sizeof addr);
	signal_block_all();
	/* A fault cannot wait: if the guest blocks or ignores it, the kernel kills. */
	lock_take(&t->actions->lock);
	if (t->mask & sigbit(signo) || t->actions->act[signo].handler == SIG_IGN)
		t->actions->act[signo].handler = SIG_DFL;
	lock_drop(&t->actions->lock);
	t->mask &= ~sigbit(signo);
	deliver(c, info);
	uncapture_blocked(t);
	signal_unblock(t);
	signal_attend(t);
}

/* --- calls that wait --- */

/* The mask of a call that has one is over, unless a signal is about to be delivered under it. */
static void end_temporary_mask(struct task *t, bool completed)
{
	signal_block_all();
	if (completed && t->captured && t->saved_mask & sigbit(*(s32 *)(void *)t->info))
		signal_uncapture(t);
	if (!t->captured && !(t->sync_pending & ~t->mask)) {
		t->restore_mask = false;
		t->mask = t->saved_mask;
	}
	signal_unblock(t);
	signal_attend(t);
}

s64 blocking_syscall(struct vcpu *c, u64 nr, u64 a, u64 b, u64 d, u64 e, u64 f, u64 g)
{
	struct task *t = c->task;
	s64 r = host_blocking_call(&t->attention, nr, a, b, d, e, f, g);

	if (r == -HOST_NOT_STARTED) {
		t->not_started = true;
		return -ERESTARTSYS;
	}
	return r == -HOST_REWOUND ? -ERESTARTSYS : r;
}

s64 blocking_syscall_sigmask(struct vcpu *c, u64 set, u64 nr, u64 a, u64 b, u64 d, u64 e, u64 f,
			     u64 g)
{
	struct task *t = c->task;
	s64 r;

	t->saved_mask = t->mask;
	t->restore_mask = true;
	t->mask = set & ~SIGS_UNBLOCKABLE;
	signal_unblock(t);
	signal_attend(t);
	r = host_blocking_call(&t->attention, nr, a, b, d, e, f, g);
	end_temporary_mask(t, r != -EINTR && r != -HOST_NOT_STARTED && r != -HOST_REWOUND);
	/*
	 * A signal that only this call's mask lets through is what it waits for: once a handler has
	 * run, the call has ended, even if it never began.
	 */
	return r == -HOST_NOT_STARTED || r == -HOST_REWOUND ? -ERESTART_RESTARTBLOCK : r;
}
