/*
 * The system calls of kernel/signal.c that touch our own state; kill and its kin pass straight
 * through.
 *
 * sigset_t has 64 bits everywhere; what holds pointers and longs is read and written in words.
 */
#include "syscall/convert.h"
#include "syscall/layout.h"
#include "syscall/task.h"

enum { SIGSET_BYTES = 8, MIN_ALTSTACK = 2048 };

static s64 read_set(gaddr a, u64 size, u64 *set)
{
	return size != SIGSET_BYTES ? -EINVAL : copy_in(set, a, SIGSET_BYTES);
}

/* --- actions --- */

/* struct sigaction of the guest: handler, flags, restorer where the architecture has one, mask. */
static s64 read_action(gaddr at, struct action *a)
{
	const unsigned words = the_guest.sa_restorer ? 3 : 2;

	a->restorer = 0;
	if (!word_in(at, 0, &a->handler) || !word_in(at, 1, &a->flags) ||
	    (words == 3 && !word_in(at, 2, &a->restorer)) ||
	    copy_in(&a->mask, at + words * the_guest.word, sizeof a->mask) < 0)
		return -EFAULT;
	a->mask &= ~SIGS_UNBLOCKABLE;
	return 0;
}

static s64 write_action(gaddr at, const struct action *a)
{
	const u64 word[3] = { a->handler, a->flags, a->restorer };
	const unsigned words = the_guest.sa_restorer ? 3 : 2;

	for (unsigned i = 0; i < words; i++)
		if (copy_out(at + i * the_guest.word, &word[i], the_guest.word) < 0)
			return -EFAULT;
	return copy_out(at + words * the_guest.word, &a->mask, sizeof a->mask);
}

s64 sys_rt_sigaction(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	/* Kernels since 5.11 clear the flags they do not know, so that programs can tell. */
	const u64 known = SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_RESTORER | SA_ONSTACK |
			  SA_RESTART | SA_NODEFER | SA_RESETHAND;
	struct actions *s = c->task->actions;
	struct action new, old;
	int sig = a[0];

	if (a[3] != SIGSET_BYTES || sig < 1 || sig > NSIG)
		return -EINVAL;
	if (a[1] && sigbit(sig) & SIGS_UNBLOCKABLE)
		return -EINVAL;
	if (a[1] && read_action(a[1], &new) < 0)
		return -EFAULT;
	lock_take(&s->lock);
	old = *signal_action(s, sig);
	if (a[1]) {
		new.flags &= known;
		*signal_action(s, sig) = new;
		signal_install(sig, &new);
		if (new.handler == SIG_IGN ||
		    (new.handler == SIG_DFL && sigbit(sig) & SIGS_DEFAULT_IGNORE))
			__atomic_and_fetch(&c->task->sync_pending, ~sigbit(sig), __ATOMIC_SEQ_CST);
	}
	lock_drop(&s->lock);
	return a[2] ? write_action(a[2], &old) : 0;
}

/* --- masks --- */

s64 sys_rt_sigprocmask(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	struct task *t = c->task;
	u64 old = t->mask, set;

	if (a[3] != SIGSET_BYTES)
		return -EINVAL;
	if (a[1]) {
		if (copy_in(&set, a[1], sizeof set) < 0)
			return -EFAULT;
		switch ((int)a[0]) {
		case SIG_BLOCK:
			set |= old;
			break;
		case SIG_UNBLOCK:
			set = old & ~set;
			break;
		case SIG_SETMASK:
			break;
		default:
			return -EINVAL;
		}
		signal_set_mask(t, set);
	}
	return a[2] ? copy_out(a[2], &old, sizeof old) : 0;
}

s64 sys_rt_sigpending(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	struct task *t = c->task;
	u64 set;
	s64 r;

	if (a[1] > SIGSET_BYTES)
		return -EINVAL;
	r = host_syscall2(HOST_NR_rt_sigpending, (u64)&set, sizeof set);
	if (r < 0)
		return r;
	set = (set | t->sync_pending) & t->mask;
	return copy_out(a[0], &set, a[1]);
}

s64 sys_rt_sigsuspend(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	u64 set;
	s64 r = read_set(a[0], a[1], &set);

	return r < 0 ? r : blocking_syscall_sigmask(c, set, HOST_NR_pause, 0, 0, 0, 0, 0, 0);
}

s64 sys_rt_sigtimedwait(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	u8 info[SIGINFO_SIZE] __attribute__((aligned(8))) = { 0 };
	struct host_timespec ts;
	u64 set, timeout;
	s64 sig = read_set(a[0], a[3], &set);

	if (sig < 0)
		return sig;
	if (timespec_in(a[2], &ts, &timeout) < 0)
		return -EFAULT;
	sig = signal_take_sync(c->task, set, info);
	if (!sig) {
		set &= ~SIGS_SYNC;
		sig = blocking_syscall(c, HOST_NR_rt_sigtimedwait, (u64)&set, (u64)info,
				       timeout, sizeof set, 0, 0);
	}
	if (sig > 0 && a[1] && siginfo_out(a[1], info) < 0)
		return -EFAULT;
	return sig;
}

/* --- frames and stacks --- */

static s64 set_altstack(struct task *t, u64 sp, u32 flags, u64 size, bool on_it)
{
	u32 mode = flags & ~SS_AUTODISARM;

	if (on_it)
		return -EPERM;
	if (mode != SS_DISABLE && mode != SS_ONSTACK && mode != 0)
		return -EINVAL;
	if (mode == SS_DISABLE) {
		sp = size = 0;
	} else if (size < MIN_ALTSTACK) {
		return -ENOMEM;
	}
	t->alt_sp = sp;
	t->alt_size = size;
	t->alt_flags = flags;
	return 0;
}

s64 sys_sigaltstack(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	struct { u64 sp; u32 flags, pad; u64 size; } new, old = { 0 };   /* the host's */
	u8 copy[STRUCT_MAX];
	struct task *t = c->task;
	u64 sp = *vcpu_u64(c, c->guest->sp_off);
	bool on_it = !(t->alt_flags & SS_AUTODISARM) && sp > t->alt_sp &&
		     sp - t->alt_sp <= t->alt_size;
	s64 r = 0;

	if (a[0]) {
		if (struct_in(STRUCT_stack, a[0], copy) < 0)
			return -EFAULT;
		memcpy(&new, copy, sizeof new);
	}
	old.sp = t->alt_sp;
	old.size = t->alt_size;
	old.flags = (t->alt_flags & SS_AUTODISARM) | (!t->alt_size ? SS_DISABLE : on_it ? SS_ONSTACK : 0);
	if (a[0])
		r = set_altstack(t, new.sp, new.flags, new.size, on_it);
	if (r == 0 && a[1])
		r = struct_out(STRUCT_stack, a[1], &old);
	return r;
}

s64 sys_rt_sigreturn(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	struct task *t = c->task;
	struct sigframe f = { 0 };

	if (!c->guest->pop_frame(c, &f)) {
		signal_force(c, SIGSEGV, SI_KERNEL, 0);
		return -SYS_NORETURN_VALUE;
	}
	/* As the kernel, without a word if the saved alternate stack makes no sense (now). */
	set_altstack(t, f.altstack_sp, f.altstack_flags, f.altstack_size, false);
	signal_set_mask(t, f.mask);
	return -SYS_NORETURN_VALUE;
}

/* Linux calls this itself after a stopped sleep; the host's kernel does that for us. */
s64 sys_restart_syscall(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	return -EINTR;
}
