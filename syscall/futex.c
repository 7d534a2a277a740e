/*
 * Futexes: the guest's words are host words, so the host's kernel does everything, robust lists
 * included.
 *
 * With a guest base other than 0, or pointers of 32 bits, the kernel could not follow those of robust lists and
 * of futex_waitv's array.
 */
#include "syscall/convert.h"
#include "syscall/layout.h"
#include "syscall/task.h"

enum { FUTEX_CMD_MASK = 0x7f };  /* without FUTEX_PRIVATE_FLAG and FUTEX_CLOCK_REALTIME */

/* For these the fourth argument is a timeout and the call may sleep; for others it is a number. */
static bool waits(u32 op)
{
	switch (op & FUTEX_CMD_MASK) {
	case FUTEX_WAIT:
	case FUTEX_WAIT_BITSET:
	case FUTEX_LOCK_PI:
	case FUTEX_LOCK_PI2:
	case FUTEX_WAIT_REQUEUE_PI:
		return true;
	default:
		return false;
	}
}

s64 sys_futex(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	struct host_timespec ts;
	gaddr timeout = a[3];
	u64 host_timeout;

	if (!waits(a[1]))
		return host_syscall6(HOST_NR_futex, host_ptr(a[0]), a[1], a[2], a[3],
				     host_ptr(a[4]), a[5]);
	/* The row cannot say that this one is a pointer. */
	if (c->task->tagged_addr)
		timeout = guest_untag(c->guest, timeout);
	if (timespec_in(timeout, &ts, &host_timeout) < 0)
		return -EFAULT;
	return blocking_syscall(c, HOST_NR_futex, host_ptr(a[0]), a[1], a[2], host_timeout,
				host_ptr(a[4]), a[5]);
}

/* struct futex_waitv (include/uapi/linux/futex.h) */
struct waitv {
	u64 val, uaddr;
	u32 flags, reserved;
};
enum { FUTEX_WAITV_MAX = 128 };

/* n waiters at a with host pointers: 0 or -EFAULT. */
static s64 waiters_in(gaddr a, u64 n, struct waitv *w)
{
	if (copy_in(w, a, n * sizeof *w) < 0)
		return -EFAULT;
	for (u64 i = 0; i < n; i++)
		w[i].uaddr = host_ptr(w[i].uaddr);
	return 0;
}

s64 sys_futex_waitv(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	struct waitv w[FUTEX_WAITV_MAX];
	struct host_timespec ts;
	u64 timeout;

	if (!pointers_differ())
		return blocking_syscall(c, HOST_NR_futex_waitv, a[0], a[1], a[2], a[3], a[4], 0);
	if (!a[0] || !a[1] || (u32)a[1] > FUTEX_WAITV_MAX)
		return -EINVAL;
	if (waiters_in(a[0], (u32)a[1], w) < 0)
		return -EFAULT;
	if (timespec_in(a[3], &ts, &timeout) < 0)
		return -EFAULT;
	return blocking_syscall(c, HOST_NR_futex_waitv, (u64)w, a[1], a[2], timeout, a[4], 0);
}

s64 sys_futex_requeue(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	struct waitv w[2];

	if (!pointers_differ() || !a[0])
		return host_syscall4(HOST_NR_futex_requeue, a[0], a[1], a[2], a[3]);
	if (waiters_in(a[0], 2, w) < 0)
		return -EFAULT;
	return host_syscall4(HOST_NR_futex_requeue, (u64)w, a[1], a[2], a[3]);
}

/* --- robust lists --- */

/*
 * The kernel walks a thread's list when the thread ends.  Where guest pointers are not the host's
 * it would walk astray, so then the list is kept here, and walked by a thread that exits (not by
 * one that is killed).
 */
struct robust_head { u64 next, offset, pending; };

static bool kernel_walks(void)
{
	return !guest_base && the_guest.word == 8;
}

static s64 head_in(gaddr a, struct robust_head *h)
{
	u8 copy[STRUCT_MAX];

	if (struct_in(STRUCT_robust, a, copy) < 0)
		return -EFAULT;
	memcpy(h, copy, sizeof *h);
	return 0;
}

enum { ROBUST_LIMIT = 2048, FUTEX_TID_MASK = 0x3fffffff };
#define FUTEX_WAITERS 0x80000000u
#define FUTEX_OWNER_DIED 0x40000000u

s64 sys_set_robust_list(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	if (kernel_walks())
		return host_syscall2(HOST_NR_set_robust_list, a[0], a[1]);
	if (a[1] != 3 * the_guest.word)
		return -EINVAL;
	c->task->robust_list = a[0];
	return 0;
}

s64 sys_get_robust_list(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	u64 size = 3 * the_guest.word;

	if (kernel_walks())
		return host_syscall3(HOST_NR_get_robust_list, a[0], a[1], a[2]);
	if ((s32)a[0] && (s32)a[0] != host_syscall0(HOST_NR_gettid))
		return -EPERM;
	if (copy_out(a[1], &c->task->robust_list, the_guest.word) < 0 ||
	    copy_out(a[2], &size, the_guest.word) < 0)
		return -EFAULT;
	return 0;
}

/*
 * handle_futex_death() of kernel/futex/core.c; entries with bit 0 set are PI futexes, whose waiters
 * the kernel wakes.
 */
static void owner_died(u64 entry, u64 offset)
{
	gaddr at = guest_word(&the_guest, (entry & ~1ull) + offset);
	u32 word, now, tid = host_syscall0(HOST_NR_gettid);

	if (at & 3 || copy_in(&word, at, sizeof word) < 0)
		return;
	while ((word & FUTEX_TID_MASK) == tid) {
		now = word;
		if (__atomic_compare_exchange_n((u32 *)g2h(at), &now,
						(word & FUTEX_WAITERS) | FUTEX_OWNER_DIED, false,
						__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
			if (word & FUTEX_WAITERS && !(entry & 1))
				host_syscall3(HOST_NR_futex, (u64)g2h(at), FUTEX_WAKE, 1);
			return;
		}
		word = now;
	}
}

void futex_thread_exit(struct task *t)
{
	struct robust_head h;
	u64 entry, next;

	if (!t->robust_list || head_in(t->robust_list, &h) < 0)
		return;
	entry = h.next;
	for (unsigned n = 0; (entry & ~1ull) != t->robust_list && n < ROBUST_LIMIT;
	     n++, entry = next) {
		bool more = word_in(entry & ~1ull, 0, &next);

		if (entry != h.pending)
			owner_died(entry, h.offset);
		if (!more)
			break;
	}
	if (h.pending)
		owner_died(h.pending, h.offset);
}
