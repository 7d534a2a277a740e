/*
 * Memory: the calls that change the record of mappings (base/space.h).  Those that only advise or
 * lock pass straight through.
 *
 * Translations follow the memory they were made from: space.c says when executable memory goes away
 * or is replaced, and syscall_init's hooks carry that to the translator; what changes contents in
 * place (MADV_DONTNEED, MADV_REMOVE) is said here.
 */
#include "syscall/convert.h"
#include "syscall/task.h"

enum { SHM_RDONLY = 010000, SHM_RND = 020000, SHM_REMAP = 040000, SHM_EXEC = 0100000 };

s64 sys_brk(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	return space_brk(a[0]);
}

s64 sys_mmap(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	return space_mmap(a[0], a[1], a[2], a[3], a[4], a[5], NULL);
}

/* The offset counts in pages of 4 KiB, so that 32 bits suffice. */
s64 sys_mmap2(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	return space_mmap(a[0], a[1], a[2], a[3], a[4], a[5] << 12, NULL);
}

s64 sys_munmap(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	return space_munmap(a[0], a[1]);
}

s64 sys_mprotect(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	return space_mprotect(a[0], a[1], a[2]);
}

s64 sys_mremap(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	return space_mremap(a[0], a[1], a[2], a[3], a[4]);
}

/*
 * The pages of another part of the file that is mapped there; since Linux 4.0 this makes a mapping
 * of its own.
 */
s64 sys_remap_file_pages(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	const u64 page = space_page();
	gaddr start = ALIGN_DOWN(a[0], page);
	u64 size = ALIGN_DOWN(a[1], page);
	struct mapping m;
	s64 r;

	if (a[2] || start + size <= start || !space_find(start, &m) || m.start > start ||
	    m.end < start + size || !(m.flags & MAP_SHARED))
		return -EINVAL;
	r = host_syscall5(HOST_NR_remap_file_pages, (u64)g2h(start), size, 0, a[3], a[4]);
	if (r < 0)
		return r;
	m.start = start;
	m.end = start + size;
	m.off = a[3] * page;
	space_adopt(&m);
	return 0;
}

/* --- locking all: the guest's memory, not the runner's --- */

enum { MLOCK_ONFAULT = 1 };

struct lock_all {
	bool lock;
	u32 flags;
	s64 result;
};

static bool lock_mapping(const struct mapping *m, void *arg)
{
	struct lock_all *q = arg;
	u64 at = (u64)g2h(m->start), len = m->end - m->start;
	s64 r = q->lock ? host_syscall3(HOST_NR_mlock2, at, len, q->flags)
			: host_syscall2(HOST_NR_munlock, at, len);

	/* Pages that cannot be had are not an error of mlockall(). */
	if (r == -EPERM || r == -EAGAIN)
		q->result = r;
	return q->result == 0;
}

s64 sys_mlockall(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	const u32 flags = a[0];
	struct lock_all q = { .lock = true, .flags = flags & MCL_ONFAULT ? MLOCK_ONFAULT : 0 };

	if (!flags || flags == MCL_ONFAULT || flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT))
		return -EINVAL;
	space_lock_future(flags & MCL_FUTURE);
	if (flags & MCL_CURRENT)
		space_walk(lock_mapping, &q);
	return q.result;
}

s64 sys_munlockall(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	struct lock_all q = { .lock = false };

	space_lock_future(false);
	space_walk(lock_mapping, &q);
	return q.result;
}

s64 sys_madvise(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	gaddr start = a[0], end = start + ALIGN_UP(a[1], space_page()), at = start;
	bool hole = false;
	struct mapping m;
	s64 r = 0;

	if (start & (space_page() - 1) || end < start)
		return -EINVAL;
	if (start == end)
		return host_syscall3(HOST_NR_madvise, (u64)g2h(start), 0, (int)a[2]);
	/* Mapping by mapping, so that advice on a hole never reaches memory of ours. */
	while (at < end && space_find(at, &m) && m.start < end) {
		hole |= m.start > at;
		at = MAX(at, m.start);
		r = host_syscall3(HOST_NR_madvise, (u64)g2h(at), MIN(m.end, end) - at, (int)a[2]);
		if (r < 0)
			return r;
		if (m.prot & G_PROT_EXEC &&
		    (a[2] == MADV_DONTNEED || a[2] == MADV_REMOVE || a[2] == MADV_FREE))
			hooks->invalidate(at, MIN(m.end, end));
		at = m.end;
	}
	return hole || at < end ? -ENOMEM : r;
}

/* --- memory of others --- */

/*
 * Ranges of the other process: tags never count in them.  Its base is taken for ours, which is so wherever
 * one has started the other.
 */
static s64 remote_iov_in(gaddr a, u64 n, struct host_iovec *out)
{
	if (n > IOV_MAX)
		return -EINVAL;
	if (the_guest.word != 8)
		return iov_in(a, n, out);
	if (copy_in(out, a, n * sizeof *out) < 0)
		return -EFAULT;
	for (u64 i = 0; i < n; i++)
		out[i].base = guest_untag(&the_guest, out[i].base) + guest_base;
	return n;
}

static s64 process_vm(u64 nr, const u64 a[MAX_SYSCALL_ARGS])
{
	struct host_iovec local[IOV_MAX], remote[IOV_MAX];
	s64 r;

	if (!pointers_differ() || a[5])
		return host_syscall6(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
	r = iov_in(a[1], a[2], local);
	if (r >= 0)
		r = remote_iov_in(a[3], a[4], remote);
	return r < 0 ? r : host_syscall6(nr, a[0], (u64)local, a[2], (u64)remote, a[4], 0);
}

s64 sys_process_vm_readv(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	return process_vm(HOST_NR_process_vm_readv, a);
}

s64 sys_process_vm_writev(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	return process_vm(HOST_NR_process_vm_writev, a);
}

s64 sys_process_madvise(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	struct host_iovec iov[IOV_MAX];
	s64 r;

	if (!pointers_differ())
		return host_syscall5(HOST_NR_process_madvise, a[0], a[1], a[2], a[3], a[4]);
	r = remote_iov_in(a[1], a[2], iov);
	return r < 0 ? r : host_syscall5(HOST_NR_process_madvise, a[0], (u64)iov, a[2], a[3], a[4]);
}

enum { PAGES_AT_ONCE = 256 };

/* Some hundred pages at a time, so that their addresses can be told to the host. */
s64 sys_move_pages(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	u64 page[PAGES_AT_ONCE];
	s64 r = 0;

	if (!pointers_differ() || !a[2])
		return host_syscall6(HOST_NR_move_pages, a[0], a[1], a[2], a[3], host_ptr(a[4]), a[5]);
	for (u64 done = 0, n; done < a[1] && r >= 0; done += n) {
		n = MIN(a[1] - done, PAGES_AT_ONCE);
		for (u64 i = 0; i < n; i++) {
			if (!word_in(a[2], done + i, &page[i]))
				return -EFAULT;
			page[i] = guest_untag(&the_guest, page[i]) + guest_base;
		}
		r = host_syscall6(HOST_NR_move_pages, a[0], n, (u64)page,
				  a[3] ? host_ptr(a[3] + done * sizeof(s32)) : 0,
				  host_ptr(a[4] + done * sizeof(s32)), a[5]);
	}
	return r;
}

/* --- shared memory --- */

/* Bytes of a shared memory segment, or a negative errno. */
static s64 shm_size(int id)
{
	/* the host's struct shmid64_ds: shm_segsz follows 48 bytes of ipc64_perm */
	u64 ds[16] = { 0 };
	s64 r = host_syscall3(HOST_NR_shmctl, id, 2 /* IPC_STAT */, (u64)ds);

	return r < 0 ? r : (s64)ds[6];
}

/*
 * The room is claimed first, as for any mapping, and the segment put over it: so it lies where the
 * guest may have it, whatever the guest's base and page size are.
 */
s64 sys_shmat(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	int id = a[0], flags = a[2];
	gaddr at = a[1];
	s64 size = shm_size(id), claim, r;
	u32 how = G_MAP_PRIVATE | G_MAP_ANONYMOUS | G_MAP_NORESERVE;
	struct mapping m = {
		.flags = G_MAP_SHARED, .dev = ~0ull, .ino = (u64)id + 1, .name = "/SYSV"
	};

	if (size < 0)
		return size == -EACCES ? -EACCES : -EINVAL;
	if (flags & SHM_RND)
		at = ALIGN_DOWN(at, space_page());
	if (at & (space_page() - 1) || (!at && flags & SHM_REMAP))
		return -EINVAL;
	if (at)
		how |= flags & SHM_REMAP ? G_MAP_FIXED : G_MAP_FIXED_NOREPLACE;
	claim = space_mmap(at, size, 0, how, -1, 0, NULL);
	if (claim < 0)
		return claim == -ENOMEM ? -ENOMEM : -EINVAL;
	r = host_syscall3(HOST_NR_shmat, id, (u64)g2h(claim), (flags & SHM_RDONLY) | SHM_REMAP);
	if (is_error(r)) {
		space_munmap(claim, size);
		return r;
	}
	m.start = claim;
	m.end = claim + ALIGN_UP((u64)size, space_page());
	m.prot = G_PROT_READ | (flags & SHM_RDONLY ? 0 : G_PROT_WRITE) |
		 (flags & SHM_EXEC ? G_PROT_EXEC : 0);
	space_adopt(&m);
	return claim;
}

s64 sys_shmdt(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	struct mapping m;
	s64 size;

	if (!space_find(a[0], &m) || m.start != a[0] || m.dev != ~0ull || m.off)
		return -EINVAL;
	size = shm_size(m.ino - 1);
	if (size < 0)  /* removed meanwhile: the mapping is all that is left of it */
		size = m.end - m.start;
	/* To the host's kernel, unmapping a segment is detaching it. */
	return space_munmap(a[0], size);
}
