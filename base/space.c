/*
 * The guest's address space.
 *
 * A 64-bit guest shares the host's address space with us: a guest address is a host address, and
 * the host's kernel chooses where things go, as it would for a native program.  What this file adds
 * is the record of what is the guest's (for /proc/self/maps, execute permission and invalidation)
 * and the promise that no request of the guest reaches memory that is ours:
 *
 *   - unmapping, protecting and moving act on recorded mappings only;
 *   - MAP_FIXED into space that the guest does not own goes through MAP_FIXED_NOREPLACE, so the
 *     kernel itself tells us when something of ours (heap, code cache, stack) is there.
 *
 * A list of our own ranges was the alternative; it is wrong whenever somebody forgets to register.
 *
 * When the guest's ceiling is below the host's, or its page is larger, or it lives in a
 * reservation, we place top-down ourselves.
 *
 * The record is an array sorted by address, searched by bisection: programs have tens to hundreds
 * of mappings, neighbours merge, and a moved array of a few kilobytes costs less than the system
 * call that made the change.  The kernel's own limit (vm.max_map_count) bounds the worst case.
 *
 * Guest code never runs natively, so PROT_EXEC is recorded but not passed on; it implies reading.
 */
#include "base/space.h"

#include "base/die.h"
#include "base/errno.h"
#include "base/host.h"
#include "base/host_nr.h"
#include "base/lock.h"

enum { FIRST_MAPPINGS = 256, HOST_PAGE_MIN = 4096, LOWEST = 0x10000 };
enum { REMAP_MAYMOVE = 1, REMAP_FIXED = 2, REMAP_DONTUNMAP = 4 };
enum {
	PROT_KNOWN = G_PROT_READ | G_PROT_WRITE | G_PROT_EXEC | 8 /* PROT_SEM */,
	PROT_GROWS = 0x03000000,
	MAP_TYPE = 15,
	/*
	 * Bits that mean something else, or something we do not record, on the host: 0x40 and 0x80
	 * are placement wishes of x86; a growing mapping would grow behind our back.
	 */
	MAP_NOT_PASSED = 0x40 | 0x80 | G_MAP_GROWSDOWN
};

/*
 * Where the runner's image lies and its own allocations go (see Makefile): the guest never gets it.
 */
static const u64 own_zone = 0x200000000000, own_zone_end = 0x210000000000;

u64 guest_base;
void (*space_on_exec_change)(gaddr start, gaddr end);
void (*space_on_shared)(void);

static struct mapping first_mappings[FIRST_MAPPINGS];
static struct {
	struct lock lock;
	struct mapping *map;
	u32 n, cap;
	u32 page;
	u64 limit;         /* first guest address that the guest may not have */
	bool reserved;     /* [base, base + limit) is ours as a PROT_NONE mapping where free */
	bool place;        /* we choose addresses, not the host's kernel */
	gaddr brk_start, brk;
	u64 limit_as, limit_data;
	u32 map_flags;     /* for every mapping from now on: MAP_LOCKED or nothing */
	gaddr stack_claim;                           /* from here on nothing is placed ... */
	gaddr stack_floor, stack_start, stack_end;   /* ... the stack may grow to stack_floor */
} s = { .map = first_mappings, .cap = FIRST_MAPPINGS, .page = HOST_PAGE_MIN, .limit = 1ull << 47,
      .limit_as = ~0ull, .limit_data = ~0ull };

/* --- our own memory --- */

s64 space_own_map(u64 bytes)
{
	/*
	 * Above image, heap and code cache; round and round, since a place taken is no worse than a
	 * hint.
	 */
	static u64 next;
	const u64 first = own_zone + 0x100000000, size = own_zone_end - first;
	u64 at = __atomic_fetch_add(&next, ALIGN_UP(bytes, HOST_PAGE_MIN), __ATOMIC_RELAXED) % size;

	return host_syscall6(HOST_NR_mmap, first + at, bytes, 3,
			     G_MAP_PRIVATE | G_MAP_ANONYMOUS | G_MAP_NORESERVE, -1, 0);
}

bool space_own_zone(u64 host)
{
	return host >= own_zone && host < own_zone_end;
}

/* --- the array --- */

/* Index of the first mapping that ends above a. */
static u32 index_above(gaddr a)
{
	u32 lo = 0, hi = s.n;

	while (lo < hi) {
		u32 mid = (lo + hi) / 2;

		if (s.map[mid].end > a)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

/* Makes sure that `more` mappings can be added. */
static bool room(u32 more)
{
	struct mapping *bigger;
	u64 bytes;
	s64 r;

	if (s.n + more <= s.cap)
		return true;
	bytes = ALIGN_UP(2ull * s.cap * sizeof *s.map, HOST_PAGE_MIN);
	r = space_own_map(bytes);
	if (is_error(r))
		return false;
	bigger = (struct mapping *)r;
	memcpy(bigger, s.map, s.n * sizeof *s.map);
	if (s.map != first_mappings)
		host_syscall2(HOST_NR_munmap, (u64)s.map,
			      ALIGN_UP(s.cap * sizeof *s.map, HOST_PAGE_MIN));
	s.map = bigger;
	s.cap = bytes / sizeof *s.map;
	return true;
}

static void open_gap(u32 i)
{
	memmove(&s.map[i + 1], &s.map[i], (s.n - i) * sizeof *s.map);
	s.n++;
}

static void remove_range(u32 i, u32 j)
{
	memmove(&s.map[i], &s.map[j], (s.n - j) * sizeof *s.map);
	s.n -= j - i;
}

/* Splits the mapping that a lies strictly inside of; index of the first mapping at or above a. */
static u32 split(gaddr a)
{
	u32 i = index_above(a);

	if (i < s.n && s.map[i].start < a) {
		open_gap(i);
		s.map[i].end = a;
		i++;
		if (s.map[i].ino)
			s.map[i].off += a - s.map[i].start;
		s.map[i].start = a;
	}
	return i;
}

static bool mergeable(const struct mapping *a, const struct mapping *b)
{
	return a->end == b->start && a->prot == b->prot && a->flags == b->flags &&
	       a->dev == b->dev && a->ino == b->ino && a->name == b->name &&
	       (!a->ino || a->off + (a->end - a->start) == b->off);
}

/* Merges mapping i with its neighbours where nothing tells them apart. */
static void merge_around(u32 i)
{
	if (i + 1 < s.n && mergeable(&s.map[i], &s.map[i + 1])) {
		s.map[i].end = s.map[i + 1].end;
		remove_range(i + 1, i + 2);
	}
	if (i > 0 && i < s.n && mergeable(&s.map[i - 1], &s.map[i])) {
		s.map[i - 1].end = s.map[i].end;
		remove_range(i, i + 1);
	}
}

/* Forgets [start, end); true if some of it was executable.  Needs room(1). */
static bool cut(gaddr start, gaddr end)
{
	u32 i = split(start), j = split(end);
	bool exec = false;

	for (u32 k = i; k < j; k++)
		exec |= (s.map[k].prot & G_PROT_EXEC) != 0;
	remove_range(i, j);
	return exec;
}

/* Records m in place of what was there; true if executable memory was.  Needs room(2). */
static bool put(const struct mapping *m)
{
	bool exec = cut(m->start, m->end);
	u32 i = index_above(m->start);

	open_gap(i);
	s.map[i] = *m;
	merge_around(i);
	return exec;
}

/* First address in [a, end) that is not mapped, or end. */
static gaddr first_hole(gaddr a, gaddr end)
{
	for (u32 i = index_above(a); i < s.n && s.map[i].start <= a && a < end; i++)
		a = s.map[i].end;
	return MIN(a, end);
}

static bool is_free(gaddr a, gaddr end)
{
	u32 i = index_above(a);

	return i == s.n || s.map[i].start >= end;
}

/* --- the host --- */

static u32 host_prot(u32 prot)
{
	return (prot & (G_PROT_READ | G_PROT_WRITE)) | (prot & G_PROT_EXEC ? G_PROT_READ : 0);
}

static s64 host_map(gaddr a, u64 len, u32 prot, u32 flags, int fd, u64 off)
{
	s64 r = host_syscall6(HOST_NR_mmap, a + guest_base, len, prot, flags, fd, off);

	return is_error(r) ? r : r - (s64)guest_base;
}

/* Gives [a, a + len), all of it the guest's, back to the host or to the reservation. */
static s64 host_unmap(gaddr a, u64 len)
{
	s64 r;

	if (!s.reserved)
		return host_syscall2(HOST_NR_munmap, a + guest_base, len);
	r = host_map(a, len, 0, G_MAP_PRIVATE | G_MAP_ANONYMOUS | G_MAP_NORESERVE | G_MAP_FIXED, -1,
		     0);
	return is_error(r) ? r : 0;
}

/* Maps exactly at a, where the guest has nothing: -EEXIST if something of ours is in the way. */
static s64 host_map_free(gaddr a, u64 len, u32 prot, u32 flags, int fd, u64 off)
{
	s64 r;

	if (s.reserved)
		return host_map(a, len, prot, (flags & ~G_MAP_FIXED_NOREPLACE) | G_MAP_FIXED, fd,
				off);
	r = host_map(a, len, prot, (flags & ~G_MAP_FIXED) | G_MAP_FIXED_NOREPLACE, fd, off);
	if (r >= 0 && (gaddr)r != a) {  /* a kernel before 4.17 takes it for a hint */
		host_unmap(r, len);
		return -EEXIST;
	}
	return r;
}

static bool forbidden(gaddr a, u64 len)
{
	if (a > s.limit || len > s.limit - a)
		return true;
	return !s.reserved && a + guest_base < own_zone_end && a + len + guest_base > own_zone;
}

/*
 * Prepares [a, end) for MAP_FIXED: space that is not the guest's is taken with PROT_NONE first, so
 * that what is ours shows.  -ENOMEM then, and what was taken is given back.
 */
static s64 claim_holes(gaddr a, gaddr end)
{
	gaddr at = a;

	while ((at = first_hole(at, end)) < end) {
		u32 i = index_above(at);
		gaddr to = i < s.n ? MIN(s.map[i].start, end) : end;
		s64 r = host_map_free(at, to - at, 0,
				      G_MAP_PRIVATE | G_MAP_ANONYMOUS | G_MAP_NORESERVE, -1, 0);

		if (is_error(r)) {
			gaddr stop = at;

			for (at = a; (at = first_hole(at, stop)) < stop; at = to) {
				i = index_above(at);
				to = i < s.n ? MIN(s.map[i].start, stop) : stop;
				host_unmap(at, to - at);
			}
			return r == -EEXIST ? -ENOMEM : r;
		}
		at = to;
	}
	return 0;
}

/* --- placement --- */

/* Highest address of a gap of len bytes that ends at or below `top`; 0 if there is none. */
static gaddr gap_below(gaddr top, u64 len)
{
	u32 i = index_above(top - 1);

	for (;;) {
		gaddr hi = i < s.n ? MIN(s.map[i].start, top) : top;
		gaddr lo = i > 0 ? s.map[i - 1].end : LOWEST;

		if (hi >= LOWEST + len && hi > lo && hi - lo >= len)
			return ALIGN_DOWN(hi - len, s.page);
		if (i == 0)
			return 0;
		i--;
	}
}

/* Maps len bytes where we find room: at the hint if free, else top-down. */
static s64 map_placed(gaddr hint, u64 len, u32 prot, u32 flags, int fd, u64 off)
{
	gaddr top = s.limit;
	s64 r;

	hint = ALIGN_UP(hint, s.page);
	if (hint >= LOWEST && !forbidden(hint, len) && is_free(hint, hint + len)) {
		r = host_map_free(hint, len, prot, flags, fd, off);
		if (r != -EEXIST)
			return r;
	}
	for (int tries = 0; tries < 4096; tries++) {
		gaddr a = gap_below(top, len);

		if (!a)
			break;
		if (a < s.stack_start && a + len > s.stack_claim) {
			top = s.stack_claim;
			continue;
		}
		r = forbidden(a, len) ? -EEXIST : host_map_free(a, len, prot, flags, fd, off);
		if (r != -EEXIST)
			return r;
		top = a + len - MIN(len, 1u << 24);
		if (top < LOWEST + len)
			break;
	}
	return -ENOMEM;
}

/* --- limits --- */

static bool is_data(u32 prot, u32 flags)
{
	return prot & G_PROT_WRITE && !(flags & G_MAP_SHARED);
}

/* As the kernel's may_expand_vm(): may `more` bytes be mapped?  The lock is held. */
static bool may_expand(u64 more, bool data)
{
	enum { GROWN_STACK = 136 << 10 };
	u64 as = 0, writable = 0;

	if (LIKELY(s.limit_as == ~0ull && s.limit_data == ~0ull))
		return true;
	for (u32 i = 0; i < s.n; i++) {
		const struct mapping *m = &s.map[i];
		bool stack = m->start == s.stack_start && s.stack_end;
		u64 len = m->end - m->start;

		as += stack ? MIN(len, (u64)GROWN_STACK) : len;
		if (!stack && is_data(m->prot, m->flags))
			writable += len;
	}
	return as + more <= s.limit_as && (!data || writable + more <= s.limit_data);
}

/* Bytes of [a, end) that are mapped. */
static u64 mapped_bytes(gaddr a, gaddr end)
{
	u64 n = 0;

	for (u32 i = index_above(a); i < s.n && s.map[i].start < end; i++)
		n += MIN(s.map[i].end, end) - MAX(s.map[i].start, a);
	return n;
}

void space_set_limits(u64 as, u64 data)
{
	lock_take(&s.lock);
	s.limit_as = as;
	s.limit_data = data;
	lock_drop(&s.lock);
}

void space_lock_future(bool lock)
{
	s.map_flags = lock ? G_MAP_LOCKED : 0;
}

static void tell_exec(bool changed, gaddr start, gaddr end)
{
	if (changed && space_on_exec_change)
		space_on_exec_change(start, end);
}

/* --- public --- */

void space_init(unsigned va_bits, u32 page, u64 base, u64 reserved)
{
	u64 ceiling = va_bits >= 64 ? ~0ull : (1ull << va_bits) - page;
	u64 host_ceiling = (1ull << 47) - HOST_PAGE_MIN;

	guest_base = base;
	s.page = page;
	s.reserved = reserved != 0;
	s.limit = MIN(ceiling, reserved ? reserved : host_ceiling - base);
	s.place = reserved || base || ceiling < host_ceiling || page > HOST_PAGE_MIN;
}

u32 space_page(void)
{
	return s.page;
}

/* Device and inode of fd, 0 and 0 when it cannot be asked. */
static void backing(struct mapping *m, int fd)
{
	u64 st[18];  /* the host's struct stat: st_dev and st_ino come first */

	if (host_syscall2(HOST_NR_fstat, fd, (u64)st) == 0) {
		m->dev = st[0];
		m->ino = st[1];
	}
}

static s64 map_fixed(gaddr a, u64 len, u32 prot, u32 flags, int fd, u64 off)
{
	gaddr end = a + len;
	s64 r;

	if (flags & G_MAP_FIXED_NOREPLACE) {
		if (forbidden(a, len) || !is_free(a, end))
			return a > s.limit || len > s.limit - a ? -ENOMEM : -EEXIST;
		return host_map_free(a, len, prot, flags, fd, off);
	}
	if (forbidden(a, len))
		return -ENOMEM;
	if (is_free(a, end)) {
		r = host_map_free(a, len, prot, flags, fd, off);
		return r == -EEXIST ? -ENOMEM : r;
	}
	r = claim_holes(a, end);
	if (r < 0)
		return r;
	return host_map(a, len, prot, flags | G_MAP_FIXED, fd, off);
}

static void tell_shared(u32 prot, u32 flags)
{
	if (prot & G_PROT_WRITE && flags & G_MAP_SHARED && space_on_shared)
		space_on_shared();
}

u32 space_arch_prot;
bool space_arch_prot_used;

static u32 kept_prot(u32 prot)
{
	return prot & (G_PROT_READ | G_PROT_WRITE | G_PROT_EXEC | space_arch_prot);
}

static void note_arch_prot(u32 prot)
{
	if (!(prot & space_arch_prot) || space_arch_prot_used)
		return;
	space_arch_prot_used = true;
	tell_exec(true, 0, ~(gaddr)0);
}

s64 space_mmap(gaddr hint, u64 len, u32 prot, u32 flags, int fd, u64 off, const char *name)
{
	bool fixed = flags & (G_MAP_FIXED | G_MAP_FIXED_NOREPLACE);
	struct mapping m = { .prot = kept_prot(prot), .name = name };
	u32 host_flags = (flags & ~MAP_NOT_PASSED) | s.map_flags;
	bool changed = false;
	s64 r;

	note_arch_prot(prot);
	if (len == 0 || off & (s.page - 1) || (fixed && hint & (s.page - 1)))
		return -EINVAL;
	len = ALIGN_UP(len, s.page);
	if (len == 0)
		return -ENOMEM;
	m.flags = flags & ~(G_MAP_FIXED | G_MAP_FIXED_NOREPLACE);
	if (!(flags & G_MAP_ANONYMOUS)) {
		m.off = off;
		backing(&m, fd);
	}
	lock_take(&s.lock);
	if (!room(3) || !may_expand(len - (fixed ? mapped_bytes(hint, hint + len) : 0),
				    is_data(m.prot, m.flags)))
		r = -ENOMEM;
	else if (fixed)
		r = map_fixed(hint, len, host_prot(prot), host_flags, fd, off);
	else if (s.place)
		r = map_placed(hint, len, host_prot(prot), host_flags, fd, off);
	else
		r = host_map(forbidden(hint, len) ? 0 : hint, len, host_prot(prot), host_flags, fd,
			     off);
	if (r >= 0) {
		m.start = r;
		m.end = r + len;
		changed = put(&m);
	}
	lock_drop(&s.lock);
	tell_exec(changed, m.start, m.end);
	tell_shared(m.prot, m.flags);
	return r;
}

void space_adopt(const struct mapping *m)
{
	bool changed = false;

	lock_take(&s.lock);
	if (room(3))
		changed = put(m);
	lock_drop(&s.lock);
	tell_exec(changed, m->start, m->end);
	tell_shared(m->prot, m->flags);
}

/* Unmaps the guest's part of [a, end); the lock is held. */
static s64 unmap_locked(gaddr a, gaddr end, bool *changed)
{
	gaddr at = a;

	if (!room(2))
		return -ENOMEM;
	while (at < end) {
		u32 i = index_above(at);
		gaddr run;
		s64 r;

		if (i == s.n || s.map[i].start >= end)
			break;
		at = MAX(at, s.map[i].start);
		run = first_hole(at, end);
		r = host_unmap(at, run - at);
		if (r < 0)
			return r;
		*changed |= cut(at, run);
		at = run;
	}
	return 0;
}

s64 space_munmap(gaddr a, u64 len)
{
	bool changed = false;
	s64 r;

	if (a & (s.page - 1) || len == 0 || a > s.limit || len > s.limit - a)
		return -EINVAL;
	len = ALIGN_UP(len, s.page);
	lock_take(&s.lock);
	r = unmap_locked(a, a + len, &changed);
	lock_drop(&s.lock);
	tell_exec(changed, a, a + len);
	return r;
}

/* Changes mapping i, or its part inside [a, end); returns where to go on, or a negative errno. */
static s64 protect_one(u32 i, gaddr a, gaddr end, u32 prot, bool *changed)
{
	gaddr to = MIN(s.map[i].end, end);
	s64 r;

	if (s.map[i].prot == prot)
		return to;
	r = host_syscall3(HOST_NR_mprotect, a + guest_base, to - a, host_prot(prot));
	if (r < 0)
		return r;
	split(to);
	i = split(a);
	*changed |= (s.map[i].prot & ~prot & G_PROT_EXEC) || (s.map[i].prot ^ prot) & space_arch_prot;
	s.map[i].prot = prot;
	merge_around(i);
	return to;
}

s64 space_mprotect(gaddr a, u64 len, u32 prot)
{
	bool changed = false;
	u32 flags = 0;
	gaddr at = a, end;
	s64 r = 0;

	if (a & (s.page - 1) || prot & ~(PROT_KNOWN | PROT_GROWS | space_arch_prot) ||
	    (prot & PROT_GROWS) == PROT_GROWS)
		return -EINVAL;
	if (prot & PROT_GROWS)
		return -EINVAL;  /* as for a mapping that does not grow: none of ours does */
	if (len == 0)
		return 0;
	len = ALIGN_UP(len, s.page);
	if (a > s.limit || len > s.limit - a || len == 0)
		return -ENOMEM;
	end = a + len;
	note_arch_prot(prot);
	prot = kept_prot(prot);
	lock_take(&s.lock);
	while (at < end && r >= 0) {
		u32 i = index_above(at);

		if (i == s.n || s.map[i].start > at || !room(2)) {
			r = -ENOMEM;
			break;
		}
		flags |= s.map[i].flags;
		r = protect_one(i, at, end, prot, &changed);
		if (r >= 0)
			at = r;
	}
	lock_drop(&s.lock);
	tell_exec(changed, a, end);
	tell_shared(prot, flags);
	return r < 0 ? r : 0;
}

/* --- mremap --- */

struct remap {
	gaddr old, new;
	u64 old_len, new_len;
	u32 flags;
};

static s64 host_remap(const struct remap *q, u32 flags, gaddr to)
{
	s64 r = host_syscall5(HOST_NR_mremap, q->old + guest_base, q->old_len, q->new_len, flags,
			      to + guest_base);

	return is_error(r) ? r : r - (s64)guest_base;
}

/*
 * Where we place ourselves: grow in place if the space above is free, else move to a gap of ours.
 */
static s64 remap_placed(const struct remap *q)
{
	gaddr old_end = q->old + q->old_len, new_end = q->old + q->new_len, to;
	s64 r = -ENOMEM;

	if (q->old_len && q->new_len <= q->old_len && !(q->flags & REMAP_DONTUNMAP))
		return host_remap(q, 0, 0);
	if (q->old_len && !(q->flags & REMAP_DONTUNMAP) && !forbidden(q->old, q->new_len) &&
	    is_free(old_end, new_end)) {
		if (s.reserved)  /* the reservation itself would be in the way */
			host_syscall2(HOST_NR_munmap, old_end + guest_base, new_end - old_end);
		r = host_remap(q, 0, 0);
		if (r >= 0)
			return r;
		if (s.reserved)
			host_unmap(old_end, new_end - old_end);
	}
	if (!(q->flags & REMAP_MAYMOVE))
		return r;
	to = map_placed(0, q->new_len, 0, G_MAP_PRIVATE | G_MAP_ANONYMOUS | G_MAP_NORESERVE, -1, 0);
	if (is_error(to))
		return to;
	r = host_remap(q, q->flags | REMAP_FIXED, to);
	if (r < 0)
		host_unmap(to, q->new_len);
	return r;
}

static s64 remap_fixed(const struct remap *q)
{
	s64 r;

	if (q->new & (s.page - 1) || forbidden(q->new, q->new_len))
		return -EINVAL;
	if (q->new < q->old + q->old_len && q->old < q->new + q->new_len)
		return -EINVAL;
	r = claim_holes(q->new, q->new + q->new_len);
	return r < 0 ? r : host_remap(q, q->flags, q->new);
}

/* Updates the record after the host has moved; true if executable memory changed its place. */
static bool record_remap(const struct remap *q, gaddr to)
{
	struct mapping m = s.map[index_above(q->old)];
	bool changed = false;

	if (m.ino)
		m.off += q->old - m.start;
	m.start = to;
	m.end = to + q->new_len;
	if (q->old_len && !(q->flags & REMAP_DONTUNMAP))
		changed |= cut(q->old, q->old + q->old_len);
	changed |= put(&m);
	return changed;
}

s64 space_mremap(gaddr old, u64 old_len, u64 new_len, u32 flags, gaddr new_addr)
{
	struct remap q = { old, new_addr, ALIGN_UP(old_len, s.page), ALIGN_UP(new_len, s.page),
			   flags };
	bool changed = false;
	u32 i;
	s64 r;

	if (old & (s.page - 1) || q.new_len == 0 || q.new_len > s.limit ||
	    flags & ~(REMAP_MAYMOVE | REMAP_FIXED | REMAP_DONTUNMAP) ||
	    (flags & (REMAP_FIXED | REMAP_DONTUNMAP) && !(flags & REMAP_MAYMOVE)) ||
	    (flags & REMAP_DONTUNMAP && q.old_len != q.new_len) || q.old_len > s.limit)
		return -EINVAL;
	lock_take(&s.lock);
	i = index_above(old);
	if (i == s.n || s.map[i].start > old ||
	    (first_hole(old, old + q.old_len) < old + MIN(q.old_len, q.new_len)))
		r = -EFAULT;
	else if (!room(4) ||
		 (q.new_len > q.old_len &&
		  !may_expand(q.new_len - q.old_len, is_data(s.map[i].prot, s.map[i].flags))))
		r = -ENOMEM;
	else if (flags & REMAP_FIXED)
		r = remap_fixed(&q);
	else if (s.place)
		r = remap_placed(&q);
	else
		r = host_remap(&q, flags, 0);
	if (r >= 0)
		changed = record_remap(&q, r);
	lock_drop(&s.lock);
	tell_exec(changed, old, old + q.old_len);
	if (r >= 0 && (gaddr)r != old)
		tell_exec(changed, r, r + q.new_len);
	return r;
}

/* --- brk --- */

void space_set_brk(gaddr start)
{
	s.brk_start = s.brk = start;
}

s64 space_brk(gaddr a)
{
	gaddr old_end, new_end;
	struct mapping m = { .prot = G_PROT_READ | G_PROT_WRITE, .name = "[heap]",
			     .flags = G_MAP_PRIVATE | G_MAP_ANONYMOUS };
	bool changed = false;
	s64 r = 0;

	lock_take(&s.lock);
	old_end = ALIGN_UP(s.brk, s.page);
	new_end = ALIGN_UP(a, s.page);
	if (a < s.brk_start || new_end > s.limit) {
		r = -ENOMEM;
	} else if (new_end > old_end) {
		m.start = old_end;
		m.end = new_end;
		if (forbidden(old_end, new_end - old_end) || !is_free(old_end, new_end) ||
		    !room(2) || !may_expand(new_end - old_end, true))
			r = -ENOMEM;
		else
			r = host_map_free(old_end, new_end - old_end, m.prot, m.flags | s.map_flags,
					  -1, 0);
		if (r >= 0)
			put(&m);
	} else if (new_end < old_end) {
		r = unmap_locked(new_end, old_end, &changed);
	}
	if (r >= 0)
		s.brk = a;
	r = s.brk;
	lock_drop(&s.lock);
	tell_exec(changed, new_end, old_end);
	return r;
}

/* --- the stack --- */

/*
 * Mapped at once as far as the limit allows: a page that is not touched costs nothing.  The kernel
 * keeps 128 MiB free below a stack for limits that rise later (mmap_base()), and so do we; the
 * claim is no mapping of the guest's.  In a reservation, where free space is for anybody, there is
 * no claim.
 */
s64 space_map_stack(u64 size, u32 prot)
{
	enum { GAP = 1 << 20 /* stack_guard_gap: 256 pages */, ROOM = 128 << 20 };
	const u32 flags = G_MAP_PRIVATE | G_MAP_ANONYMOUS | G_MAP_NORESERVE;
	u64 gap = ALIGN_UP((u64)GAP, s.page),
	    spare = ALIGN_DOWN(MIN((u64)ROOM, s.limit_as / 8), s.page);
	u64 span = s.reserved ? size : MAX(size, spare);
	struct mapping m = { .prot = prot, .flags = flags | G_MAP_STACK, .name = "[stack]" };
	s64 r;

	lock_take(&s.lock);
	for (;; span = size) {
		r = s.place ? map_placed(0, span + gap, 0, flags, -1, 0)
			    : host_map(0, span + gap, 0, flags, -1, 0);
		if (!is_error(r) || span == size)
			break;
	}
	if (!is_error(r)) {
		s.stack_claim = r;
		s.stack_floor = r + gap;
		m.end = s.stack_floor + span;
		m.start = m.end - size;
		r = host_map(m.start, size, host_prot(prot), m.flags | G_MAP_FIXED, -1, 0);
	}
	if (!is_error(r)) {
		room(2);
		put(&m);
		s.stack_start = m.start;
		s.stack_end = m.end;
	}
	lock_drop(&s.lock);
	return r;
}

void space_stack_limit(u64 size)
{
	gaddr start;

	lock_take(&s.lock);
	start = s.stack_end - ALIGN_DOWN(MIN(size, s.stack_end - s.stack_floor), s.page);
	if (start < s.stack_start && room(2)) {
		struct mapping m = s.map[index_above(s.stack_start)];

		m.end = s.stack_start;
		m.start = start;
		/* Nothing to do where the program has changed its stack's mapping. */
		if (m.name && !strcmp(m.name, "[stack]") && is_free(start, s.stack_start) &&
		    !is_error(host_map(start, m.end - start, host_prot(m.prot),
				       m.flags | G_MAP_FIXED, -1, 0))) {
			put(&m);
			s.stack_start = start;
		}
	}
	lock_drop(&s.lock);
}

/* --- questions --- */

bool space_find(gaddr a, struct mapping *out)
{
	u32 i;

	lock_take(&s.lock);
	i = index_above(a);
	if (i < s.n)
		*out = s.map[i];
	lock_drop(&s.lock);
	return i < s.n;
}

bool space_check(gaddr a, u64 len, u32 prot)
{
	gaddr end = a + len;
	bool ok = end >= a;

	lock_take(&s.lock);
	for (u32 i = index_above(a); ok && a < end; i++) {
		ok = i < s.n && s.map[i].start <= a && (s.map[i].prot & prot) == prot;
		if (ok)
			a = s.map[i].end;
	}
	lock_drop(&s.lock);
	return ok;
}

void space_walk(bool (*fn)(const struct mapping *m, void *arg), void *arg)
{
	struct mapping m;

	/* One look-up per step, so that fn runs unlocked and may use the address space itself. */
	for (gaddr a = 0; space_find(a, &m) && fn(&m, arg); a = m.end)
		;
}

void space_code_written(gaddr start, gaddr end)
{
	struct mapping w = { 0 }, m;

	tell_exec(true, start, end);
	if (!space_find(start, &w) || w.start > start || !w.ino || !(w.flags & G_MAP_SHARED))
		return;
	start = w.off + (start - w.start);
	end = w.off + (MIN(end, w.end) - w.start);
	for (gaddr a = 0; space_find(a, &m); a = m.end) {
		u64 from = MAX(start, m.off), to = MIN(end, m.off + (m.end - m.start));

		if (m.ino == w.ino && m.dev == w.dev && m.prot & G_PROT_EXEC &&
		    m.start != w.start && from < to)
			tell_exec(true, m.start + (from - m.off), m.start + (to - m.off));
	}
}

void space_fork_prepare(void)
{
	lock_take(&s.lock);
}

void space_fork_done(bool child)
{
	if (child)
		lock_reset(&s.lock);
	else
		lock_drop(&s.lock);
}
