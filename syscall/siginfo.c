/*
 * siginfo_t where a long has 32 bits.
 *
 * What is in its union depends on signal and code; siginfo_layout() of kernel/signal.c says how, and structs.def has
 * a structure for each.  Everything in the layer works with the host's form, and the guest's is made where one
 * leaves it.
 */
#include "syscall/layout.h"
#include "syscall/task.h"

enum { SI_TIMER_CODE = -2, SI_SIGIO_CODE = -5, POLL_CODES = 6 };

static enum struct_id layout(s32 signo, s32 code)
{
	if (code > SI_USER && code < SI_KERNEL) {
		switch (signo) {
		case SIGILL: case SIGFPE: case SIGSEGV: case SIGBUS: case SIGTRAP:
			return STRUCT_si_fault;
		case SIGCHLD:
			return STRUCT_si_child;
		case SIGSYS:
			return STRUCT_si_sys;
		default:
			return code <= POLL_CODES ? STRUCT_si_poll : STRUCT_si_kill;
		}
	}
	if (code == SI_TIMER_CODE)
		return STRUCT_si_timer;
	if (code == SI_SIGIO_CODE)
		return STRUCT_si_poll;
	return code < 0 ? STRUCT_si_rt : STRUCT_si_kill;
}

void siginfo_to_guest(const u8 host[SIGINFO_SIZE], u8 guest[SIGINFO_SIZE])
{
	u8 copy[STRUCT_MAX];
	s32 head[3];

	if (the_guest.word == 8) {
		memcpy(guest, host, SIGINFO_SIZE);
		return;
	}
	memcpy(head, host, sizeof head);
	struct_to_guest(layout(head[0], head[2]), host, copy);
	memcpy(guest, copy, SIGINFO_SIZE);
}

s64 siginfo_out(gaddr a, const u8 host[SIGINFO_SIZE])
{
	u8 guest[SIGINFO_SIZE];

	siginfo_to_guest(host, guest);
	return copy_out(a, guest, sizeof guest);
}

/* The guest's at a, about to be sent as signal `signo`. */
static s64 siginfo_in(gaddr a, s32 signo, u8 host[SIGINFO_SIZE])
{
	u8 copy[STRUCT_MAX];
	s32 head[3];

	if (copy_in(head, a, sizeof head) < 0 || struct_in(layout(signo, head[2]), a, copy) < 0)
		return -EFAULT;
	memcpy(host, copy, SIGINFO_SIZE);
	return 0;
}

s64 sys_rt_sigqueueinfo(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	u8 info[SIGINFO_SIZE] __attribute__((aligned(8)));
	s64 r = siginfo_in(a[2], a[1], info);

	return r < 0 ? r : host_syscall3(HOST_NR_rt_sigqueueinfo, a[0], a[1], (u64)info);
}

s64 sys_rt_tgsigqueueinfo(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	u8 info[SIGINFO_SIZE] __attribute__((aligned(8)));
	s64 r = siginfo_in(a[3], a[2], info);

	return r < 0 ? r : host_syscall4(HOST_NR_rt_tgsigqueueinfo, a[0], a[1], a[2], (u64)info);
}

s64 sys_pidfd_send_signal(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	u8 info[SIGINFO_SIZE] __attribute__((aligned(8)));
	s64 r = a[2] ? siginfo_in(a[2], a[1], info) : 0;

	return r < 0 ? r : host_syscall4(HOST_NR_pidfd_send_signal, a[0], a[1], a[2] ? (u64)info : 0, a[3]);
}
