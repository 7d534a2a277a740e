/*
 * System V semaphores: struct semid64_ds has holes on one host that the generic ABI lacks.
 * Messages pass through; attaching shared memory is mem.c's, since it makes a mapping.  Of POSIX queues,
 * the request to be told holds a pointer.
 */
#include "host_abi.h"
#include "syscall/local.h"

/* asm-generic/sembuf.h on 64 bits */
struct generic_semid64_ds {
	u8 sem_perm[48];
	s64 sem_otime, sem_ctime;
	u64 sem_nsems, unused3, unused4;
};

enum { IPC_SET = 1, IPC_STAT = 2, SEM_STAT = 18, SEM_STAT_ANY = 20 };
s64 sys_semctl(struct vcpu *c, const u64 a[6])
{
	struct generic_semid64_ds g;
	struct host_semid64_ds h;
	s64 ret;

	switch ((u32)a[2]) {
	case IPC_STAT:
	case SEM_STAT:
	case SEM_STAT_ANY:
		ret = host_syscall4(HOST_NR_semctl, a[0], a[1], a[2], (u64)&h);
		if (ret < 0)
			return ret;
		memset(&g, 0, sizeof g);
		memcpy(g.sem_perm, h.sem_perm, sizeof g.sem_perm);
		g.sem_otime = h.sem_otime;
		g.sem_ctime = h.sem_ctime;
		g.sem_nsems = h.sem_nsems;
		return copy_out(a[3], &g, sizeof g) < 0 ? -EFAULT : ret;
	case IPC_SET:
		if (copy_in(&g, a[3], sizeof g) < 0)
			return -EFAULT;
		memset(&h, 0, sizeof h);
		memcpy(h.sem_perm, g.sem_perm, sizeof h.sem_perm);
		return host_syscall4(HOST_NR_semctl, a[0], a[1], a[2], (u64)&h);
	default:
		/* A value or the address of numbers. */
		return host_syscall4(HOST_NR_semctl, a[0], a[1], a[2],
				     a[3] ? a[3] + guest_base : 0);
	}
}

enum { SIGEV_THREAD = 2 };

/* struct sigevent; for SIGEV_THREAD the value is the address of a cookie (mq_notify, ipc/mqueue.c). */
s64 sys_mq_notify(struct vcpu *c, const u64 a[6])
{
	struct { u64 value; s32 signo, notify; u64 rest[6]; } e;

	if (!a[1])
		return host_syscall2(HOST_NR_mq_notify, a[0], 0);
	if (copy_in(&e, a[1], sizeof e) < 0)
		return -EFAULT;
	if (e.notify == SIGEV_THREAD)
		e.value = (u64)g2h(e.value);
	return host_syscall2(HOST_NR_mq_notify, a[0], (u64)&e);
}
