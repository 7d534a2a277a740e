/*
 * Threads and new processes: clone, clone3, exit.
 *
 * A guest thread is a raw host thread: guest and host thread ids, the tid words that the kernel
 * writes and clears, robust lists and scheduling are then the same thing.  libc's threads were the
 * alternative; they reserve two signals, a thread list and stacks that the guest's flags have no
 * say in.
 *
 * Three shapes of clone:
 *   threads and vfork (CLONE_VM)   the child runs on memory of its own, one block that holds its host
 *                                  stack, signal stack, thread area, vcpu and task
 *   fork (no CLONE_VM)             the child goes on here, on a copy of everything
 * vfork is the first shape with CLONE_VFORK passed on: memory is truly shared, and the kernel
 * blocks the parent until the child executes a program or exits.  The parent then frees the block;
 * a thread frees its own with the last instructions it executes.
 *
 * All signals are blocked from before the clone until the child can deliver them.
 */
#include "syscall/local.h"
#include "syscall/task.h"

#include "base/die.h"
#include "base/log.h"

enum { STACK_SIZE = 1 << 20, SIGNAL_STACK_SIZE = 64 << 10, GUARD_SIZE = 64 << 10 };
enum { CSIGNAL = 0xff };

#define CLONE_CLEAR_SIGHAND 0x100000000ull
#define CLONE_INTO_CGROUP 0x200000000ull

/* struct clone_args, include/uapi/linux/sched.h */
struct clone_args {
	u64 flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid,
		set_tid_size, cgroup;
};
enum { CLONE_ARGS_SIZE_VER0 = 64 };

/* Everything that one thread needs of host memory. */
struct block {
	u8 sigstack[SIGNAL_STACK_SIZE];
	u8 tls[HOST_TLS_SIZE];
	struct vcpu vcpu;
	struct task task;
	struct actions actions;  /* of a process that does not share its parent's */
};

static u64 block_bytes(void)
{
	return ALIGN_UP(GUARD_SIZE + STACK_SIZE + sizeof(struct block), 4096ul);
}

static struct block *block_new(void)
{
	u64 size = block_bytes();
	s64 r = space_own_map(size);
	struct block *b;

	if (is_error(r))
		return NULL;
	host_syscall3(HOST_NR_mprotect, r, GUARD_SIZE, 0);
	b = (struct block *)(r + GUARD_SIZE + STACK_SIZE);
	b->task.block = (u8 *)r;
	b->task.block_size = size;
	return b;
}

static void block_free(struct block *b, bool filled)
{
	if (filled)
		hooks->vcpu_done(&b->vcpu);
	host_syscall2(HOST_NR_munmap, (u64)b->task.block, b->task.block_size);
}

/*
 * The child's vcpu and task: the parent's state after the call, with the result, stack and TLS of a
 * child.  False: no memory.
 */
static bool block_fill(struct block *b, struct vcpu *c, const struct clone_args *q)
{
	const struct task *parent = c->task;
	struct task *t = &b->task;
	struct vcpu *v = &b->vcpu;

	if (!hooks->vcpu_init(v, c->guest))
		return false;
	memcpy(v->state, c->state, sizeof v->state);
	v->guest = c->guest;
	v->pc = c->pc;
	v->mxcsr = c->mxcsr;
	v->fp_flags = c->fp_flags;
	v->fpctl = c->fpctl;
	v->task = t;
	c->guest->clone_child(v, q->stack ? q->stack : *vcpu_u64(c, c->guest->sp_off),
			      q->flags & CLONE_SETTLS, q->tls);
	t->vcpu = v;
	t->mask = parent->mask;
	t->tagged_addr = parent->tagged_addr;
	t->alt_flags = SS_DISABLE;
	if (q->flags & CLONE_VFORK) {
		t->alt_sp = parent->alt_sp;
		t->alt_size = parent->alt_size;
		t->alt_flags = parent->alt_flags;
		t->vfork_child = true;
	}
	t->actions = parent->actions;
	if (!(q->flags & CLONE_SIGHAND)) {
		lock_take(&parent->actions->lock);
		b->actions.known = parent->actions->known;
		memcpy(b->actions.act, parent->actions->act, sizeof b->actions.act);
		lock_drop(&parent->actions->lock);
		t->actions = &b->actions;
	}
	return true;
}

/* First function of a raw thread. */
static void thread_start(void *arg)
{
	struct block *b = arg;

	signal_thread_start(&b->task, b->sigstack, sizeof b->sigstack);
	signal_unblock(&b->task);
	hooks->run_thread(&b->vcpu);
	die("a guest thread came back");
}

/*
 * The host's call.  clone, which every kernel and sandbox knows, unless the request needs clone3.
 * stack: the child's stack pointer, 0 to go on here; tls: the host's thread area.
 */
static s64 host_clone_call(const struct clone_args *q, u64 flags, u64 *stack, u64 tls)
{
	u64 both = CLONE_PIDFD | CLONE_PARENT_SETTID;
	struct clone_args h = *q;

	if (flags >> 32 || q->set_tid_size || (flags & both) == both) {
		h.flags = flags;
		h.pidfd = host_ptr(q->pidfd);
		h.child_tid = host_ptr(q->child_tid);
		h.parent_tid = host_ptr(q->parent_tid);
		h.stack = h.stack_size = 0;
		if (stack) {
			h.stack_size = 4096;
			h.stack = (u64)stack - h.stack_size;
		}
		h.tls = tls;
		h.set_tid = host_ptr(q->set_tid);
		return stack ? host_clone(HOST_NR_clone3, (u64)&h, sizeof h, 0, 0, 0)
			     : host_syscall2(HOST_NR_clone3, (u64)&h, sizeof h);
	}
	return host_clone_args(flags | q->exit_signal, (u64)stack,
			       host_ptr(flags & CLONE_PIDFD ? q->pidfd : q->parent_tid),
			       host_ptr(q->child_tid), tls);
}

/*
 * Before the first thread: what was translated for one alone may not be atomic enough for two.  (After a vfork only
 * the child runs.)
 */
static void begin_threads(struct vcpu *c)
{
	const u32 *block = c->guest->atomic_block;

	if (the_process.threads)
		return;
	the_process.threads = true;
	if (block && *block)
		hooks->invalidate(0, ~0ull);
}

static s64 clone_thread(struct vcpu *c, const struct clone_args *q)
{
	struct block *b = block_new();
	u64 flags = (q->flags & ~CLONE_CLEAR_SIGHAND) | CLONE_SETTLS;
	s64 r;

	if (!b)
		return -EAGAIN;
	if (!(q->flags & CLONE_VFORK))
		begin_threads(c);
	if (!block_fill(b, c, q)) {
		block_free(b, false);
		return -EAGAIN;
	}
	r = host_clone_call(q, flags, host_clone_stack((u8 *)b, thread_start, b),
			    host_tls_copy(b->tls));
	if (r < 0 || q->flags & CLONE_VFORK)
		block_free(b, true);
	return r;
}

static s64 clone_process(struct vcpu *c, const struct clone_args *q)
{
	struct task *t = c->task;
	u64 flags = q->flags & ~(CLONE_SETTLS | CLONE_CLEAR_SIGHAND);
	s64 r;

	lock_take(&t->actions->lock);
	hooks->fork_prepare();
	space_fork_prepare();
	r = host_clone_call(q, flags, NULL, 0);
	space_fork_done(r == 0);
	if (r != 0) {
		hooks->fork_parent();
		lock_drop(&t->actions->lock);
		return r;
	}
	lock_reset(&t->actions->lock);
	t->sync_pending = 0;
	t->vfork_child = false;
	hooks->fork_child(c);
	log_forked();
	summary_forked();
	uring_forked();
	if (q->flags & CLONE_CLEAR_SIGHAND)
		signal_clear_handlers(t->actions);
	c->guest->clone_child(c, q->stack ? q->stack : *vcpu_u64(c, c->guest->sp_off),
			      q->flags & CLONE_SETTLS, q->tls);
	return 0;
}

static s64 do_clone(struct vcpu *c, const struct clone_args *q)
{
	struct task *t = c->task;
	s64 r;

	/*
	 * The kernel has no new process while a signal waits (copy_process), and ours must not be
	 * copied.
	 */
	signal_block_all();
	if (t->captured) {
		t->not_started = true;
		return -ERESTARTSYS;
	}
	if (q->flags & CLONE_VM && q->flags & CLONE_CLEAR_SIGHAND && q->flags & CLONE_SIGHAND)
		r = -EINVAL;
	else if (q->flags & CLONE_VM)
		r = clone_thread(c, q);
	else
		r = clone_process(c, q);
	signal_unblock(t);
	return r;
}

/*
 * Arguments as most architectures have them (CONFIG_CLONE_BACKWARDS): flags, stack, parent_tid,
 * tls, child_tid.
 */
s64 sys_clone(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	struct clone_args q = {
		.flags = (u32)a[0] & ~(u64)CSIGNAL, .exit_signal = a[0] & CSIGNAL, .stack = a[1],
		.pidfd = a[2], .parent_tid = a[2], .tls = a[3], .child_tid = a[4],
	};

	if ((q.flags & (CLONE_PIDFD | CLONE_PARENT_SETTID)) == (CLONE_PIDFD | CLONE_PARENT_SETTID))
		return -EINVAL;
	return do_clone(c, &q);
}

s64 sys_clone3(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	struct clone_args q = { 0 };
	u64 size = a[1], extra;

	if (size > 4096)
		return -E2BIG;
	if (size < CLONE_ARGS_SIZE_VER0)
		return -EINVAL;
	if (copy_in(&q, a[0], MIN(size, sizeof q)) < 0)
		return -EFAULT;
	/* A longer structure is fine as long as what we do not know is 0. */
	for (u64 at = sizeof q; at < size; at += sizeof extra) {
		extra = 0;
		if (copy_in(&extra, a[0] + at, MIN(size - at, sizeof extra)) < 0)
			return -EFAULT;
		if (extra)
			return -E2BIG;
	}
	if (q.flags & (CSIGNAL | CLONE_DETACHED) || q.exit_signal & ~(u64)CSIGNAL ||
	    !q.stack != !q.stack_size)
		return -EINVAL;
	if (q.flags & (CLONE_THREAD | CLONE_PARENT) && q.exit_signal)
		return -EINVAL;
	q.stack += q.stack_size;
	return do_clone(c, &q);
}

s64 sys_set_tid_address(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	return host_syscall1(HOST_NR_set_tid_address, host_ptr(a[0]));
}

s64 sys_exit(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	struct task *t = c->task;

	futex_thread_exit(t);
	signal_block_all();
	signal_uncapture(t);
	if (!t->vfork_child)
		hooks->ending(c, true);
	if (t->block && !t->vfork_child) {
		hooks->vcpu_done(c);
		host_exit_unmap(t->block, t->block_size, a[0]);
	}
	host_syscall1(HOST_NR_exit, a[0]);
	__builtin_unreachable();
}

s64 sys_exit_group(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	futex_thread_exit(c->task);
	if (the_process.summary) {
		summary_add((u32)*vcpu_u64(c, c->guest->sysno_off), summary_time(), 0);
		summary_print();
	}
	if (!c->task->vfork_child)
		hooks->ending(c, false);
	host_syscall1(HOST_NR_exit_group, a[0]);
	__builtin_unreachable();
}
