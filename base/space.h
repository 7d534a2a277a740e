/*
 * The guest's address space: one interval tree of mappings, and the only way from a guest address
 * to host memory.
 *
 * With guest_base 0 (64-bit guests) a guest address is the host address; the functions below hold
 * for any base.  The tree answers placement, /proc/self/maps, brk, protection and "is this
 * executable". It is shared by all threads of a process and locked inside; it is ours after fork,
 * too. Nothing here allocates with malloc: guest threads call it.
 */
#ifndef BASE_SPACE_H
#define BASE_SPACE_H

#include "base/types.h"

/* Linux's generic PROT_ and MAP_ bits (include/uapi/asm-generic/mman*.h) */
enum { G_PROT_READ = 1, G_PROT_WRITE = 2, G_PROT_EXEC = 4 };
enum {
	G_MAP_SHARED = 1, G_MAP_PRIVATE = 2, G_MAP_FIXED = 0x10, G_MAP_ANONYMOUS = 0x20,
	G_MAP_GROWSDOWN = 0x100,
	G_MAP_LOCKED = 0x2000, G_MAP_NORESERVE = 0x4000, G_MAP_STACK = 0x20000, G_MAP_FIXED_NOREPLACE = 0x100000
};

struct mapping {
	gaddr start, end;
	u32 prot, flags;     /* as above, as last set */
	u64 dev, ino, off;   /* backing file, 0 if anonymous; off is that of start */
	const char *name;    /* path or "[heap]", "[stack]", "[vdso]" or NULL; stays valid for the process.
	                      * A file that the guest mapped has none (ino tells): the host's maps know it */
};

extern u64 guest_base;

static inline void *g2h(gaddr a)
{
	return (void *)(a + guest_base);
}

static inline gaddr h2g(const void *p)
{
	return (u64)p - guest_base;
}

/*
 * va_bits: the guest's ceiling; page: guest page size (power of two, >= the host's); base:
 * guest_base. reserved: bytes reserved for the guest from base on, 0: the whole address space is
 * shared with us.
 */
void space_init(unsigned va_bits, u32 page, u64 base, u64 reserved);
u32 space_page(void);

/*
 * Memory of the runner's own for as long as the process lives or until the host's munmap: zeroed, not
 * reserved in swap, in the runner's zone.  The host address or a negative errno.
 */
s64 space_own_map(u64 bytes);
/* True for host addresses in the zone where the runner and its memory are, and no guest mapping. */
bool space_own_zone(u64 host);

/* As mmap(2): the address, or a negative errno.  The host's fd.  hint is a guest address. */
s64 space_mmap(gaddr hint, u64 len, u32 prot, u32 flags, int fd, u64 off, const char *name);
s64 space_munmap(gaddr a, u64 len);
s64 space_mprotect(gaddr a, u64 len, u32 prot);
s64 space_mremap(gaddr old, u64 old_len, u64 new_len, u32 flags, gaddr new_addr);
s64 space_brk(gaddr a);                       /* Linux's brk: the resulting break */
void space_set_brk(gaddr start);

/*
 * RLIMIT_AS and RLIMIT_DATA in bytes, ~0: none.  They count the guest's mappings only, which is why the
 * host is not asked to enforce them; of the stack what a kernel would have grown it to at the start.
 */
void space_set_limits(u64 as, u64 data);

/* mlockall(MCL_FUTURE): what is mapped from now on is locked, too. */
void space_lock_future(bool lock);

/*
 * The stack of the first thread: maps `size` bytes with `prot`, and claims room below for it to grow
 * to a larger limit.  The lowest address of the mapping or a negative errno.
 */
s64 space_map_stack(u64 size, u32 prot);
/* The stack's limit is `size` bytes now: more of the claim is mapped if it is larger. */
void space_stack_limit(u64 size);

/*
 * Records that another call than mmap has put a mapping in the place of one of the guest's (shmat).
 */
void space_adopt(const struct mapping *m);

/* The mapping that holds a, or the next one above; false if none.  A copy. */
bool space_find(gaddr a, struct mapping *out);
/* True if [a, a + len) is mapped with all bits of prot. */
bool space_check(gaddr a, u64 len, u32 prot);
/* Calls fn, unlocked, with a copy of each mapping in order until it returns false. */
void space_walk(bool (*fn)(const struct mapping *m, void *arg), void *arg);

/*
 * PROT_ bits that only the guest's architecture has; mappings keep them, the host's do not have them.  Set before
 * anything is mapped; 0: none.  Translations may depend on them.
 */
extern u32 space_arch_prot;
/* A mapping has, or had, one of them.  Whoever translated before that is told that all changed. */
extern bool space_arch_prot_used;

/* Called (outside the lock) after executable memory went away, was replaced or lost PROT_EXEC. */
extern void (*space_on_exec_change)(gaddr start, gaddr end);

/*
 * Called (outside the lock) before the guest first sees memory that it shares and may write: others can reach what
 * it reaches from then on.
 */
extern void (*space_on_shared)(void);

/*
 * The guest says that it has written code at [start, end) (cache maintenance): tells
 * space_on_exec_change of that range, and of every other executable view of the same part of the
 * same file.  Just-in-time compilers that keep memory from being writable and executable at once
 * map it twice and flush only one view.
 */
void space_code_written(gaddr start, gaddr end);

/* Around fork: the lock is held by the forking thread and released on both sides. */
void space_fork_prepare(void);
void space_fork_done(bool child);

/*
 * Copies between guest and host that survive any pointer: 0 or -EFAULT, nothing else.  A fault
 * inside is caught by the host's signal handler through copy_fixup().
 */
int copy_in(void *dst, gaddr src, size_t n);
int copy_out(gaddr dst, const void *src, size_t n);
/*
 * Length of the string (without NUL) copied into dst, -EFAULT, or -ENAMETOOLONG if it has `size`
 * bytes or more.
 */
s64 copy_in_str(char *dst, gaddr src, size_t size);
/* If host pc lies in a copy function: the pc to continue at (it returns -EFAULT), else 0. */
u64 copy_fixup(u64 host_pc);

#endif
