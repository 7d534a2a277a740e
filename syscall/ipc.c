/*
 * System V IPC: the two corners that do not pass through.
 *
 * struct semid64_ds has holes on one host that the generic ABI lacks.  And an attached segment is a mapping that
 * the address space must know, while the kernel chooses its length: so a reservation of that length is made
 * through space.h first and the segment attached over it.
 */
#include "host_abi.h"
#include "syscall/local.h"

/* asm-generic/sembuf.h on 64 bits */
struct generic_semid64_ds {
	u8 sem_perm[48];
	s64 sem_otime, sem_ctime;
	u64 sem_nsems, unused3, unused4;
};

/* asm-generic/shmbuf.h on 64 bits */
struct shmid64_ds {
	u8 shm_perm[48];
	u64 shm_segsz;
	u64 rest[7];
};

enum { IPC_SET = 1, IPC_STAT = 2, SEM_STAT = 18, SEM_STAT_ANY = 20 };
enum { SHM_RDONLY = 010000, SHM_RND = 020000, SHM_REMAP = 040000, SHM_EXEC = 0100000 };

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
		return host_syscall4(HOST_NR_semctl, a[0], a[1], a[2], a[3] ? a[3] + guest_base : 0);
	}
}

/*
 * Lengths of the attached segments by address, since shmdt is told only the address.  Slots are taken with
 * compare-and-swap: guest threads attach concurrently.
 */
static struct attachment { u64 addr, len; } attached[256];

static struct attachment *attachment_slot(u64 old, u64 new)
{
	for (unsigned i = 0; i < ARRAY_LEN(attached); i++) {
		u64 expect = old;

		if (__atomic_compare_exchange_n(&attached[i].addr, &expect, new, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			return &attached[i];
	}
	return NULL;
}

s64 sys_shmat(struct vcpu *c, const u64 a[6])
{
	const u64 page = space_page();
	struct shmid64_ds ds;
	struct attachment *at;
	gaddr addr = a[1];
	u32 flags = G_MAP_PRIVATE | G_MAP_ANONYMOUS | G_MAP_NORESERVE;
	s64 ret = host_syscall3(HOST_NR_shmctl, a[0], IPC_STAT, (u64)&ds);

	if (ret < 0)
		return ret;
	if (addr) {
		if (addr & (page - 1)) {
			if (!(a[2] & SHM_RND))
				return -EINVAL;
			addr = ALIGN_DOWN(addr, page);
		}
		flags |= a[2] & SHM_REMAP ? G_MAP_FIXED : G_MAP_FIXED_NOREPLACE;
	} else if (a[2] & SHM_REMAP) {
		return -EINVAL;
	}

	u64 len = ALIGN_UP(ds.shm_segsz, page);

	ret = space_mmap(addr, len, 0, flags, -1, 0, "/SYSV");
	if (ret < 0)
		return ret == -EEXIST ? -EINVAL : ret;
	addr = ret;
	at = attachment_slot(0, addr);
	ret = at ? host_syscall3(HOST_NR_shmat, a[0], (u64)g2h(addr), (a[2] & ~(u64)SHM_RND) | SHM_REMAP) : -ENOMEM;
	if (ret < 0) {
		space_munmap(addr, len);
		if (at)
			__atomic_store_n(&at->addr, 0, __ATOMIC_RELEASE);
		return ret;
	}
	at->len = len;
	/* Tells the address space what the host already has. */
	space_mprotect(addr, len, G_PROT_READ | (a[2] & SHM_RDONLY ? 0 : G_PROT_WRITE) | (a[2] & SHM_EXEC ? G_PROT_EXEC : 0));
	return addr;
}

s64 sys_shmdt(struct vcpu *c, const u64 a[6])
{
	struct attachment *at = a[0] ? attachment_slot(a[0], a[0]) : NULL;

	if (!at)
		return -EINVAL;

	u64 len = at->len;

	__atomic_store_n(&at->addr, 0, __ATOMIC_RELEASE);
	return space_munmap(a[0], len);
}
