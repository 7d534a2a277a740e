/*
 * System V semaphores: struct semid64_ds has holes on one host that the generic ABI lacks.
 * Messages pass through; attaching shared memory is mem.c's, since it makes a mapping.  Of POSIX queues,
 * the request to be told holds a pointer.
 */
#include "host_abi.h"
#include "syscall/convert.h"
#include "syscall/layout.h"

/* asm-generic/sembuf.h on 64 bits */
struct generic_semid64_ds {
	u8 sem_perm[48];
	s64 sem_otime, sem_ctime;
	u64 sem_nsems, unused3, unused4;
};

enum { IPC_SET = 1, IPC_STAT = 2, SEM_STAT = 18, SEM_STAT_ANY = 20 };

static s64 semid_in(gaddr a, struct generic_semid64_ds *g)
{
	u8 copy[STRUCT_MAX];

	if (struct_in(STRUCT_semid, a, copy) < 0)
		return -EFAULT;
	memcpy(g, copy, sizeof *g);
	return 0;
}

static s64 semid_out(gaddr a, const struct generic_semid64_ds *g)
{
	return struct_out(STRUCT_semid, a, g);
}

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
		return semid_out(a[3], &g) < 0 ? -EFAULT : ret;
	case IPC_SET:
		if (semid_in(a[3], &g) < 0)
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

static s64 sigevent_in(gaddr a, void *to, size_t size)
{
	u8 copy[STRUCT_MAX];

	if (the_guest.word == 8)
		return copy_in(to, a, size);
	if (struct_in(STRUCT_sigevent, a, copy) < 0)
		return -EFAULT;
	memcpy(to, copy, size);
	return 0;
}

/* struct sigevent; for SIGEV_THREAD the value is the address of a cookie (mq_notify, ipc/mqueue.c). */
s64 sys_mq_notify(struct vcpu *c, const u64 a[6])
{
	struct { u64 value; s32 signo, notify; u64 rest[6]; } e;

	if (!a[1])
		return host_syscall2(HOST_NR_mq_notify, a[0], 0);
	if (sigevent_in(a[1], &e, sizeof e) < 0)
		return -EFAULT;
	if (e.notify == SIGEV_THREAD)
		e.value = (u64)g2h(e.value);
	return host_syscall2(HOST_NR_mq_notify, a[0], (u64)&e);
}

/* --- messages and shared memory, where a long has 32 bits --- */

enum { MESSAGE_MAX = 65536 };   /* more than any system's default of 8 KiB */

/* struct msgbuf: a long, then the text. */
s64 sys_msgsnd(struct vcpu *c, const u64 a[6])
{
	u8 buf[MESSAGE_MAX + 8] __attribute__((aligned(8)));
	u64 type;

	if ((s64)sext(a[2], 32) < 0)
		return -EINVAL;
	if (a[2] > MESSAGE_MAX)
		return -EINVAL;
	if (!word_in(a[1], 0, &type) || copy_in(buf + 8, a[1] + the_guest.word, a[2]) < 0)
		return -EFAULT;
	type = (u64)sext(type, 32);
	memcpy(buf, &type, sizeof type);
	return blocking_syscall(c, HOST_NR_msgsnd, a[0], (u64)buf, a[2], a[3], 0, 0);
}

s64 sys_msgrcv(struct vcpu *c, const u64 a[6])
{
	u8 buf[MESSAGE_MAX + 8] __attribute__((aligned(8)));
	u64 size = MIN(a[2], MESSAGE_MAX);
	s64 n;

	if ((s64)sext(a[2], 32) < 0)
		return -EINVAL;
	n = blocking_syscall(c, HOST_NR_msgrcv, a[0], (u64)buf, size, a[3], a[4], 0);
	if (n < 0)
		return n;
	return copy_out(a[1], buf, the_guest.word) < 0 || copy_out(a[1] + the_guest.word, buf + 8, n) < 0 ? -EFAULT : n;
}

/* What the commands of msgctl and shmctl take; the others take nothing. */
enum { IPC_INFO = 3, MSG_STAT = 11, MSG_INFO = 12, MSG_STAT_ANY = 13 };
enum { SHM_STAT = 13, SHM_INFO = 14, SHM_STAT_ANY = 15 };

static s64 control(u64 nr, const u64 a[6], enum struct_id id, bool in, bool out)
{
	u8 buf[STRUCT_MAX] __attribute__((aligned(8)));
	s64 ret;

	if (in && struct_in(id, a[2], buf) < 0)
		return -EFAULT;
	ret = host_syscall3(nr, a[0], a[1], (u64)buf);
	return ret < 0 || !out || struct_out(id, a[2], buf) == 0 ? ret : -EFAULT;
}

s64 sys_msgctl(struct vcpu *c, const u64 a[6])
{
	switch ((u32)a[1]) {
	case IPC_SET:
		return control(HOST_NR_msgctl, a, STRUCT_msqid, true, false);
	case IPC_STAT: case MSG_STAT: case MSG_STAT_ANY:
		return control(HOST_NR_msgctl, a, STRUCT_msqid, false, true);
	default:   /* struct msginfo has no longs */
		return host_syscall3(HOST_NR_msgctl, a[0], a[1], a[2] ? (u64)g2h(a[2]) : 0);
	}
}

s64 sys_shmctl(struct vcpu *c, const u64 a[6])
{
	switch ((u32)a[1]) {
	case IPC_SET:
		return control(HOST_NR_shmctl, a, STRUCT_shmid, true, false);
	case IPC_STAT: case SHM_STAT: case SHM_STAT_ANY:
		return control(HOST_NR_shmctl, a, STRUCT_shmid, false, true);
	case IPC_INFO:
		return control(HOST_NR_shmctl, a, STRUCT_shminfo, false, true);
	case SHM_INFO:
		return control(HOST_NR_shmctl, a, STRUCT_shm_info, false, true);
	default:
		return host_syscall3(HOST_NR_shmctl, a[0], a[1], a[2] ? (u64)g2h(a[2]) : 0);
	}
}
