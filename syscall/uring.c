/*
 * io_uring: calls that travel in memory.
 *
 * A guest writes operations into rings that it shares with the kernel, and most mean the same
 * there: the rings are mapped as any file, and nothing of ours runs.  Three kinds do not: names,
 * which the sysroot may move, open flags, which architectures number differently, and struct
 * epoll_event of EPOLL_CTL, whose layout differs between hosts.  The kernel
 * reads an operation while io_uring_enter() submits it.  So we look through what is about to be
 * submitted, change these operations, let the kernel submit them, and put them back before the
 * guest goes on: it sees nothing, and keeping no record of what was changed means that a partial
 * submission needs no thought.  Waiting is a call of its own, after that.
 *
 * This needs the rings in view (each is mapped once more, for us) and the kernel to submit only
 * when told: a ring with a polling thread is refused as an unprivileged process was before
 * Linux 5.11, and rings in the guest's own memory or known by number only as by kernels that lack
 * them.  EPOLL_WAIT has the kernel write such events some time later; it fails with EINVAL, and a
 * probe does not list it.
 */
#include <stdio.h>

#include "base/lock.h"
#include "host_abi.h"
#include "syscall/local.h"

enum {
	SETUP_SQPOLL = 1 << 1,
	SETUP_SQE128 = 1 << 10,
	SETUP_NO_MMAP = 1 << 14,
	SETUP_REGISTERED_FD_ONLY = 1 << 15,
	SETUP_NO_SQARRAY = 1 << 16,
	ENTER_GETEVENTS = 1,
	ENTER_EXT_ARG = 8,
	ENTER_REGISTERED_RING = 16,
	ENTER_EXT_ARG_REG = 64,
	REGISTER_PROBE = 8,
	REGISTER_RING_FDS = 20,
	OP_SUPPORTED = 1,
	OP_OPENAT = 18,
	OP_STATX = 21,
	OP_OPENAT2 = 28,
	OP_EPOLL_CTL = 29,
	OP_RENAMEAT = 35,
	OP_UNLINKAT = 36,
	OP_MKDIRAT = 37,
	OP_SYMLINKAT = 38,
	OP_LINKAT = 39,
	OP_EPOLL_WAIT = 59,
	OP_NONE = 255,
	MAX_RINGS = 64,
	MAX_CHANGED = 64,
	SQE_SIZE = 64,
};
#define OFF_SQES 0x10000000ull

/* include/uapi/linux/io_uring.h */
struct params {
	u32 sq_entries, cq_entries, flags, sq_thread_cpu, sq_thread_idle, features, wq_fd, resv[3];
	struct {
		u32 head, tail, ring_mask, ring_entries, flags, dropped, array, resv1;
		u64 resv2;
	} sq;
	u8 cq[40];
};
struct sqe {
	u8 opcode, flags;
	u16 ioprio;
	s32 fd;
	u64 addr2, addr;
	u32 len, op_flags;
	u64 rest[4];
};
_Static_assert(sizeof(struct params) == 120 && sizeof(struct sqe) == SQE_SIZE,
	       "layouts of io_uring");

static struct ring {
	int fd;                  /* + 1; 0: free */
	struct params p;
	u64 memory, bytes;       /* our view of the submission ring ... */
	u64 sqes, sqes_bytes;    /* ... and of the operations */
} rings[MAX_RINGS];
static struct lock rings_lock;

static bool is_ring(int fd)
{
	static const char name[] = "anon_inode:[io_uring]";
	char link[40], target[sizeof name];

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	return host_syscall4(HOST_NR_readlinkat, AT_FDCWD, (u64)link, (u64)target, sizeof target) ==
		       sizeof name - 1 && !memcmp(target, name, sizeof name - 1);
}

static void forget(struct ring *r)
{
	if (r->fd) {
		host_syscall2(HOST_NR_munmap, r->memory, r->bytes);
		host_syscall2(HOST_NR_munmap, r->sqes, r->sqes_bytes);
	}
	r->fd = 0;
}

/* A slot for fd: its own of an earlier life, a free one, or one whose ring is closed. */
static struct ring *slot_for(int fd)
{
	struct ring *found = NULL;

	for (unsigned i = 0; i < MAX_RINGS; i++) {
		if (rings[i].fd == fd + 1)
			forget(&rings[i]);
		if (!rings[i].fd)
			found = &rings[i];
	}
	for (unsigned i = 0; !found && i < MAX_RINGS; i++)
		if (!is_ring(rings[i].fd - 1)) {
			forget(&rings[i]);
			found = &rings[i];
		}
	return found;
}

/* The kernel places it: it accepts no address for a ring. */
static s64 map_part(u64 len, int fd, u64 off)
{
	return host_syscall6(HOST_NR_mmap, 0, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, off);
}

static s64 remember(int fd, const struct params *p)
{
	u64 bytes = p->flags & SETUP_NO_SQARRAY ? 4096ull : p->sq.array + 4ull * p->sq_entries;
	u64 sqes_bytes = ((u64)SQE_SIZE << !!(p->flags & SETUP_SQE128)) * p->sq_entries;
	s64 ring, sqes, err = -EMFILE;
	struct ring *r;

	lock_take(&rings_lock);
	r = slot_for(fd);
	if (r) {
		err = ring = map_part(bytes, fd, 0);
		if (!is_error(ring)) {
			err = sqes = map_part(sqes_bytes, fd, OFF_SQES);
			if (is_error(sqes))
				host_syscall2(HOST_NR_munmap, ring, bytes);
			else
				*r = (struct ring){ fd + 1, *p, ring, bytes, sqes, sqes_bytes };
		}
	}
	lock_drop(&rings_lock);
	return is_error(err) ? err : 0;
}

s64 sys_io_uring_setup(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	struct params p;
	s64 fd, err;

	if (guest_base)
		return -ENOSYS;
	if (copy_in(&p, a[1], sizeof p) < 0)
		return -EFAULT;
	if (p.flags & SETUP_SQPOLL)
		return -EPERM;
	if (p.flags & (SETUP_NO_MMAP | SETUP_REGISTERED_FD_ONLY))
		return -EINVAL;
	fd = host_syscall2(HOST_NR_io_uring_setup, a[0], (u64)&p);
	if (fd < 0)
		return fd;
	err = remember(fd, &p);
	if (!err)
		err = copy_out(a[1], &p, sizeof p);
	if (err < 0) {
		host_syscall1(HOST_NR_close, fd);
		return err;
	}
	return fd;
}

void uring_forked(void)
{
	lock_reset(&rings_lock);
}

/* --- changing operations for the kernel, and back --- */

struct changed {
	struct sqe *at, was;
	union {
		u64 how[3];          /* struct open_how */
		struct host_epoll_event event;
	};
};

struct batch {
	unsigned n;
	struct changed op[MAX_CHANGED];
	char *names; /* two of GUEST_PATH_MAX bytes for each operation, if there is a sysroot */
};

static const struct { u8 op; bool name, name2; enum path_use use, use2; } named[] = {
	{ OP_OPENAT,    true,  false, PATH_FOLLOW, 0 },
	{ OP_OPENAT2,   true,  false, PATH_FOLLOW, 0 },
	{ OP_STATX,     true,  false, PATH_FOLLOW, 0 },
	{ OP_UNLINKAT,  true,  false, PATH_NOFOLLOW, 0 },
	{ OP_MKDIRAT,   true,  false, PATH_CREATE, 0 },
	{ OP_RENAMEAT,  true,  true,  PATH_NOFOLLOW, PATH_NOFOLLOW },
	{ OP_LINKAT,    true,  true,  PATH_NOFOLLOW, PATH_CREATE },
	{ OP_SYMLINKAT, false, true,  0, PATH_CREATE },
};

static void change_name(u64 *name, int dirfd, enum path_use use, char *buf)
{
	const char *host;

	if (*name && guest_path_in(dirfd, *name, use, buf, &host) >= 0)
		*name = (u64)host;
}

static void change_names(struct batch *b, struct sqe *s)
{
	char *buf = b->names + 2ul * GUEST_PATH_MAX * (b->n - 1);

	for (unsigned i = 0; i < ARRAY_LEN(named); i++) {
		if (named[i].op != s->opcode)
			continue;
		/* A new file is made where its directory is. */
		bool create = s->opcode == OP_OPENAT && s->op_flags & O_CREAT;

		if (named[i].name)
			change_name(&s->addr, s->fd, create ? PATH_CREATE : named[i].use, buf);
		if (named[i].name2)
			change_name(&s->addr2, s->opcode == OP_SYMLINKAT ? s->fd : (s32)s->len,
				    named[i].use2, buf + GUEST_PATH_MAX);
	}
}

static void change(struct batch *b, struct sqe *s)
{
	struct changed *x = &b->op[b->n];
	struct sqe new;

	if (copy_in(&new, h2g(s), sizeof new) < 0)
		return;
	x->was = new;
	x->at = s;
	b->n++;
	if (new.opcode == OP_EPOLL_WAIT)
		new.opcode = OP_NONE;
	/* What cannot be read is left to the kernel, which finds the same. */
	if (new.opcode == OP_EPOLL_CTL && new.len != EPOLL_CTL_DEL && !epoll_event_in(&x->event, new.addr))
		new.addr = (u64)&x->event;
	if (b->names)
		change_names(b, &new);
	if (new.opcode == OP_OPENAT) {
		new.op_flags = open_flags_to_host(new.op_flags);
	} else if (new.opcode == OP_OPENAT2 && new.len == sizeof x->how &&
		   copy_in(x->how, new.addr2, sizeof x->how) == 0) {
		x->how[0] = (x->how[0] & ~0xffffffffull) | open_flags_to_host(x->how[0]);
		new.addr2 = (u64)x->how;
	}
	if (memcmp(&new, &x->was, sizeof new))
		memcpy(s, &new, sizeof new);
	else
		b->n--;
}

static void change_back(struct batch *b)
{
	for (unsigned i = 0; i < b->n; i++)
		memcpy(b->op[i].at, &b->op[i].was, sizeof b->op[i].was);
}

static u32 ring_word(const struct ring *r, u32 off)
{
	return __atomic_load_n((const u32 *)(r->memory + off), __ATOMIC_ACQUIRE);
}

/* Changes what would be submitted, at most `count` operations; yields how many may be, `count` if all. */
static u32 change_all(struct batch *b, const struct ring *r, u32 count)
{
	u32 head = ring_word(r, r->p.sq.head), tail = ring_word(r, r->p.sq.tail),
	    mask = r->p.sq_entries - 1, ready = tail - head;

	b->n = 0;
	if (ready > r->p.sq_entries)
		return count;
	for (u32 seen = 0; seen < MIN(count, ready); seen++, head++) {
		if (b->n == MAX_CHANGED)
			return seen;
		u32 i = r->p.flags & SETUP_NO_SQARRAY
				? head & mask
				: ring_word(r, r->p.sq.array + 4 * (head & mask));

		if (i <= mask)
			change(b, (struct sqe *)(r->sqes + ((u64)SQE_SIZE * i
							    << !!(r->p.flags & SETUP_SQE128))));
	}
	return count;
}

static s64 submit(int fd, u32 count, u32 flags)
{
	const u64 names_size = 2ull * GUEST_PATH_MAX * MAX_CHANGED;
	struct batch b;
	struct ring *r = NULL;
	u32 done = 0, part;
	s64 ret;

	b.names = NULL;
	lock_take(&rings_lock);
	for (unsigned i = 0; i < MAX_RINGS && !r; i++)
		if (rings[i].fd == fd + 1)
			r = &rings[i];
	if (!r) {
		lock_drop(&rings_lock);
		return is_ring(fd) ? -EOPNOTSUPP
				   : host_syscall6(HOST_NR_io_uring_enter, fd, 0, 0, 0, 0, 0);
	}
	if (the_process.sysroot) {
		ret = space_own_map(names_size);
		b.names = is_error(ret) ? NULL : (char *)ret;
	}
	/* Programs count on all being taken at once.  (A chain of links ends where a part does.) */
	do {
		part = change_all(&b, r, count - done);
		ret = host_syscall6(HOST_NR_io_uring_enter, fd, part, 0,
				    flags & ~ENTER_GETEVENTS & ~ENTER_EXT_ARG, 0, 0);
		change_back(&b);
		if (ret > 0)
			done += ret;
	} while (ret == part && done < count);
	if (done)
		ret = done;
	lock_drop(&rings_lock);
	if (b.names)
		host_syscall2(HOST_NR_munmap, (u64)b.names, names_size);
	return ret;
}

/* struct io_uring_getevents_arg */
struct getevents_arg { u64 sigmask; u32 sigmask_size, min_wait; u64 ts; };

static s64 wait(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	struct getevents_arg g;
	u64 set = a[4], arg = 0, size = 0;

	if (a[3] & ENTER_EXT_ARG) {
		if (a[5] != sizeof g)
			return -EINVAL;
		if (copy_in(&g, a[4], sizeof g) < 0)
			return -EFAULT;
		set = g.sigmask;
		g.sigmask = 0;
		arg = (u64)&g;
		size = sizeof g;
	}
	if (!set)
		return blocking_syscall(c, HOST_NR_io_uring_enter, a[0], 0, a[2], a[3], arg, size);
	if (copy_in(&set, set, sizeof set) < 0)
		return -EFAULT;
	return blocking_syscall_sigmask(c, set, HOST_NR_io_uring_enter, a[0], 0, a[2], a[3], arg,
					size);
}

s64 sys_io_uring_enter(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	s64 done = 0, ret;

	if (a[3] & (ENTER_REGISTERED_RING | ENTER_EXT_ARG_REG))
		return -EINVAL;
	if ((u32)a[1] || !(a[3] & ENTER_GETEVENTS)) {
		done = submit(a[0], a[1], a[3]);
		if (done < 0 || done != (u32)a[1] || !(a[3] & ENTER_GETEVENTS))
			return done;
	}
	ret = wait(c, a);
	return done ? done : ret;
}

/* The operations that we refuse are not offered. */
static s64 probe(const u64 a[MAX_SYSCALL_ARGS])
{
	struct { u8 op, resv; u16 flags; u32 resv2; } row;
	const gaddr rows = a[2] + 16;
	s64 ret = host_syscall4(HOST_NR_io_uring_register, a[0], a[1], a[2], a[3]);

	for (u32 i = 0; ret >= 0 && i < (u32)a[3]; i++) {
		if (copy_in(&row, rows + i * sizeof row, sizeof row) < 0)
			return -EFAULT;
		if (row.op != OP_EPOLL_WAIT)
			continue;
		row.flags &= ~OP_SUPPORTED;
		if (copy_out(rows + i * sizeof row, &row, sizeof row) < 0)
			return -EFAULT;
	}
	return ret;
}

s64 sys_io_uring_register(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	if (guest_base)
		return -ENOSYS;
	if (a[1] == REGISTER_RING_FDS || a[1] >> 31 & 1)
		return -EINVAL;
	if (a[1] == REGISTER_PROBE)
		return probe(a);
	return blocking_syscall(c, HOST_NR_io_uring_register, a[0], a[1], a[2], a[3], 0, 0);
}
