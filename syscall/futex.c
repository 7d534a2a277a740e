/*
 * Futexes: the guest's words are host words, so the host's kernel does everything, robust lists
 * included.
 *
 * With a guest base other than 0 the kernel could not follow the guest pointers of robust lists and
 * of futex_waitv's array; those guests are told that the kernel lacks the calls.
 */
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
	if (!waits(a[1]))
		return host_syscall6(HOST_NR_futex, host_ptr(a[0]), a[1], a[2], a[3],
				     host_ptr(a[4]), a[5]);
	return blocking_syscall(c, HOST_NR_futex, host_ptr(a[0]), a[1], a[2], host_ptr(a[3]),
				host_ptr(a[4]), a[5]);
}

s64 sys_futex_waitv(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	if (guest_base)
		return -ENOSYS;
	return blocking_syscall(c, HOST_NR_futex_waitv, a[0], a[1], a[2], a[3], a[4], 0);
}

s64 sys_set_robust_list(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	return guest_base ? -ENOSYS : host_syscall2(HOST_NR_set_robust_list, a[0], a[1]);
}

s64 sys_get_robust_list(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	return guest_base ? -ENOSYS : host_syscall3(HOST_NR_get_robust_list, a[0], a[1], a[2]);
}
