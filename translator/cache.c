/* The code cache; see cache.h. */
#include "translator/cache.h"

#include "base/die.h"
#include "base/errno.h"
#include "base/host.h"
#include "base/host_nr.h"
#include "base/space.h"
#include "translator/perf.h"
#include "translator/stats.h"

/*
 * The run-time's window above the runner's image (Makefile: -Ttext-segment).  The kernel places our own heap
 * up to 1 GiB behind the image, at random; beyond that, but still within reach of direct calls into the image.
 */
enum {
	WINDOW = 0x200050000000ul,
	CODE_X = WINDOW,
	CODE_W = WINDOW + 0x10000000,
	BLOCKS = WINDOW + 0x20000000,
	EXITS = WINDOW + 0x30000000,
	MAPS = WINDOW + 0x50000000,
	HASH = WINDOW + 0x60000000,
	COUNTS = WINDOW + 0x68000000,
	SPARE_W = WINDOW + 0x70000000,   /* while a copy is made */
	SPARE_X = WINDOW + 0x80000000,
};
enum {
	CODE_SIZE = 128 << 20, MAX_BLOCKS = 1 << 20, MAX_EXITS = 4 << 20, MAP_AREA = 64 << 20,
	HASH_SIZE = 1 << 18, MIN_ROOM = 256 << 10, CODE_ALIGN = 16,
	MAX_SHRINK = 5,
};
enum { PROT_READ = 1, PROT_WRITE = 2, PROT_EXEC = 4, MAP_SHARED = 1, MAP_PRIVATE = 2, MAP_FIXED = 0x10, MAP_ANON = 0x20,
       MAP_NORESERVE = 0x4000, MAP_FIXED_NOREPLACE = 0x100000,
       MADV_POPULATE_READ = 22, MADV_POPULATE_WRITE = 23 };

static struct {
	u32 code_size, max_blocks, max_exits, map_area;
	u32 code_used, runtime;
	u32 nblocks, nexits, map_used;
	u32 populated;             /* bytes of code whose pages are there */
	bool shared;               /* with another process since a fork: copy before writing */
	u32 threshold;             /* entries that make a block hot; 0: they are not counted */
	struct host_out out;
} cache;

static struct block *const blocks = (struct block *)BLOCKS;
static struct exit *const exits = (struct exit *)EXITS;
/* Entries left.  Apart from the blocks, since translated code writes them: a fork's child copies few pages. */
static s32 *const counts = (s32 *)COUNTS;
static u32 *const hash = (u32 *)HASH;
static u32 *const page_hash = (u32 *)HASH + HASH_SIZE;

static void no_memory(s64 err)
{
	fail(EXIT_NOT_RUNNABLE, "no memory for the code cache (error %d)", (int)-err);
}

static s64 try_map(u64 at, u64 len, u32 prot, u32 flags)
{
	s64 r = host_syscall6(HOST_NR_mmap, at, len, prot, flags | MAP_ANON | MAP_NORESERVE, (u64)-1, 0);

	return is_error(r) ? r : r == (s64)at ? 0 : -EEXIST;
}

static void map_at(u64 at, u64 len, u32 prot, u32 flags)
{
	s64 r = try_map(at, len, prot, flags);

	if (r < 0)
		no_memory(r);
}

static s64 try_remap(u64 from, u64 len, u64 to)
{
	enum { MREMAP_MAYMOVE = 1, MREMAP_FIXED = 2 };
	s64 r = host_syscall5(HOST_NR_mremap, from, len, cache.code_size, MREMAP_MAYMOVE | MREMAP_FIXED, to);

	return is_error(r) ? r : 0;
}

/*
 * Maps new memory at `w`, to be written, and at `x`, to be executed; what is there goes away.  A shared mapping
 * is duplicated by mremap() of no bytes: unlike a memfd that needs no descriptor, which a guest may have used up.
 */
static s64 try_views(u64 w, u64 x)
{
	s64 r = try_map(w, cache.code_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED);

	if (r >= 0)
		r = try_remap(w, 0, x);
	return r < 0 ? r : host_syscall3(HOST_NR_mprotect, x, cache.code_size, PROT_READ | PROT_EXEC);
}

static void reset(void)
{
	cache.code_used = cache.runtime;
	cache.nblocks = cache.nexits = 1;   /* 0 is none */
	cache.map_used = 0;
}

/* Where the process may not have much address space, we ask for a part of it only. */
static void choose_sizes(u64 room)
{
	u64 all = 2ull * CODE_SIZE + MAX_BLOCKS * sizeof(struct block) + MAX_EXITS * sizeof(struct exit) + MAP_AREA;
	u32 shrink = 0;

	while (room && shrink < MAX_SHRINK && all >> shrink > room / 4)
		shrink++;
	cache.code_size = CODE_SIZE >> shrink;
	cache.max_blocks = MAX_BLOCKS >> shrink;
	cache.max_exits = MAX_EXITS >> shrink;
	cache.map_area = MAP_AREA >> shrink;
}

void cache_init(u64 rt[RT_COUNT], u32 threshold, u64 room)
{
	u32 anon = MAP_PRIVATE | MAP_FIXED_NOREPLACE;
	s64 r;

	choose_sizes(room);
	r = try_views(CODE_W, CODE_X);
	if (r < 0)
		no_memory(r);
	map_at(BLOCKS, cache.max_blocks * sizeof(struct block), PROT_READ | PROT_WRITE, anon);
	map_at(EXITS, cache.max_exits * sizeof(struct exit), PROT_READ | PROT_WRITE, anon);
	map_at(MAPS, cache.map_area, PROT_READ | PROT_WRITE, anon);
	map_at(HASH, 2 * HASH_SIZE * sizeof(u32), PROT_READ | PROT_WRITE, anon);
	cache.threshold = threshold;
	map_at(COUNTS, cache.max_blocks * sizeof(s32), PROT_READ | PROT_WRITE, anon);
	cache.runtime = ALIGN_UP(host_runtime((u8 *)CODE_W, CODE_X, rt), 64u);
	reset();
}

u64 cache_address(u32 offset)
{
	return CODE_X + offset;
}

u32 cache_runtime_size(void)
{
	return cache.runtime;
}

u32 cache_offset(u64 host_pc)
{
	return host_pc - CODE_X < cache.code_size ? host_pc - CODE_X : 0;
}

struct block *cache_block(u32 n)
{
	return &blocks[n];
}

struct exit *cache_exit(u32 id)
{
	return &exits[id];
}

static u32 hash_of(gaddr pc)
{
	return (pc >> 2 ^ pc >> 20) & (HASH_SIZE - 1);
}

static u32 page_of(gaddr pc)
{
	return (pc >> 12) & (HASH_SIZE - 1);
}

u32 cache_find(gaddr pc, u32 mode)
{
	u32 n = hash[hash_of(pc)];

	while (n && !(blocks[n].pc == pc && blocks[n].mode == mode))
		n = blocks[n].next;
	return n;
}

const struct block *cache_at(u32 offset, struct host_where *w)
{
	u32 lo = 1, hi = __atomic_load_n(&cache.nblocks, __ATOMIC_ACQUIRE);

	while (lo < hi) {
		u32 mid = (lo + hi) / 2;

		if (blocks[mid].code + blocks[mid].code_size <= offset)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo >= cache.nblocks || blocks[lo].code > offset)
		return NULL;
	*w = (struct host_where){ blocks[lo].pc, CODE_X + blocks[lo].code, (u8 *)MAPS + blocks[lo].map,
				  blocks[lo].map_len };
	return &blocks[lo];
}

/* There is no going on without the copy, and no call of the guest's to fail: memory may come back soon. */
#define insist(attempt) do { \
	s64 err; \
	for (u32 tries = 0; (err = (attempt)) < 0; tries++) { \
		if (tries == 1000) \
			no_memory(err); \
		host_syscall0(HOST_NR_sched_yield); \
	} \
} while (0)

/*
 * A fork's two processes see one memory.  Whoever wants to write makes a copy first, so what the other
 * sees never changes; a child that only execs copies nothing.
 */
static void unshare(void)
{
	const u32 used = ALIGN_UP(cache.code_used, 4096u);

	if (!cache.shared)
		return;
	/* Complete elsewhere, then moved: other threads may be executing it. */
	insist(try_views(SPARE_W, SPARE_X));
	host_syscall3(HOST_NR_madvise, SPARE_W, used, MADV_POPULATE_WRITE);
	memcpy((void *)SPARE_W, (const void *)CODE_W, cache.code_used);
	host_syscall3(HOST_NR_madvise, SPARE_X, used, MADV_POPULATE_READ);
	insist(try_remap(SPARE_W, cache.code_size, CODE_W));
	insist(try_remap(SPARE_X, cache.code_size, CODE_X));
	cache.populated = used;
	cache.shared = false;
}

void cache_forked(void)
{
	cache.shared = true;
}

static void patch(u32 at, u32 to)
{
	unshare();
	host_patch((u8 *)CODE_W + at, CODE_X + at, CODE_X + to);
}

/* Exit id leads to `at`, in block n, until that is invalidated. */
static void link_to(u32 id, u32 n, u32 at)
{
	struct exit *x = &exits[id];

	stats.links++;
	x->linked = n;
	x->next = blocks[n].incoming;
	blocks[n].incoming = id;
	patch(x->patch, at);
}

/*
 * Brings the pages of both views up to `end` in, a chunk at a time: two calls instead of two faults a page.
 * Where the kernel does not know the calls, the faults come.
 */
static void populate(u32 end)
{
	enum { CHUNK = 64 << 10 };

	for (; cache.populated < MIN(end, cache.code_size); cache.populated += CHUNK) {
		host_syscall3(HOST_NR_madvise, CODE_W + cache.populated, CHUNK, MADV_POPULATE_WRITE);
		host_syscall3(HOST_NR_madvise, CODE_X + cache.populated, CHUNK, MADV_POPULATE_READ);
	}
}

static void count_made(struct stats_made *m, const struct tr *t, const struct host_out *o)
{
	m->n++;
	m->insns += t->ninsns;
	m->code += o->size;
	m->map += o->map_len;
}

u32 cache_add(struct tr *t, u32 mode, u32 base)
{
	u32 at = ALIGN_UP(cache.code_used, (u32)CODE_ALIGN), room = cache.code_size - at, n = cache.nblocks;
	struct host_out *o = &cache.out;
	struct block *b = &blocks[n];

	if (room < MIN_ROOM || n == cache.max_blocks || cache.nexits + HOST_MAX_EXITS > cache.max_exits ||
	    cache.map_used + HOST_MAX_MAP > cache.map_area)
		return 0;
	unshare();
	populate(at + 4096);
	o->exit_id = cache.nexits;
	o->block = n;
	o->counter = cache.threshold && !base && !t->single ? (u64)&counts[n] : 0;
	o->fallback = base ? CODE_X + blocks[base].code + blocks[base].body : 0;
	counts[n] = (s32)cache.threshold - 1;
	if (!host_compile(t, (u8 *)CODE_W + at, CODE_X + at, MIN(room, (u32)MIN_ROOM), o)) {
		stats.halved++;
		return ~0u;
	}
	stats_calls(o->call, o->ncalls);
	count_made(base ? &stats.region : &stats.block, t, o);
	*b = (struct block){ .pc = t->start, .lo = t->lo, .end = MAX(t->end, t->start + 1), .code_end = t->next,
			     .code = at, .code_size = o->size, .map = cache.map_used, .map_len = o->map_len,
			     .exits = cache.nexits, .nexits = o->nexits, .mode = mode, .base = base,
			     .body = o->body, .valid = true };
	/* a region that had no room for all of its first block still leads into that (fallback) */
	if (base)
		b->end = MAX(b->end, blocks[base].end);
	memcpy((u8 *)MAPS + cache.map_used, o->map, o->map_len);
	for (u32 k = 0; k < o->nexits; k++)
		exits[cache.nexits + k] = (struct exit){ .target = o->exit[k].target, .patch = at + o->exit[k].patch,
							 .stub = at + o->exit[k].stub, .block = n,
							 .kind = o->exit[k].kind };
	cache.code_used = at + o->size;
	cache.map_used += o->map_len;
	cache.nexits += o->nexits;
	b->next = hash[hash_of(b->pc)];
	hash[hash_of(b->pc)] = n;
	b->page_next = page_hash[page_of(b->lo)];
	page_hash[page_of(b->lo)] = n;
	for (u32 k = 0; k < o->nexits; k++)
		if (o->exit[k].reentry)
			link_to(o->exit_id + k, n, at + o->exit[k].reentry);
	__atomic_store_n(&cache.nblocks, n + 1, __ATOMIC_RELEASE);
	perf_block(n);
	return n;
}

void cache_link(u32 id, u32 n)
{
	const struct exit *x = &exits[id];

	if (!x->linked && blocks[n].valid && blocks[x->block].valid)
		link_to(id, n, blocks[n].code);
}

u32 cache_entered(u32 n)
{
	s32 left = counts[n];

	return left < 0 || left >= (s32)cache.threshold ? cache.threshold : cache.threshold - 1 - (u32)left;
}

void cache_stop_counting(u32 n)
{
	counts[n] = INT32_MAX;
}

void cache_replace(u32 n, u32 m)
{
	for (u32 id = blocks[n].incoming, next; id; id = next) {
		next = exits[id].next;
		link_to(id, m, blocks[m].code);
	}
	blocks[n].incoming = 0;
}

static void unlink_block(u32 n)
{
	u32 *p = &hash[hash_of(blocks[n].pc)];

	while (*p != n)
		p = &blocks[*p].next;
	*p = blocks[n].next;
	for (u32 id = blocks[n].incoming, next; id; id = next) {
		next = exits[id].next;
		patch(exits[id].patch, exits[id].stub);
		exits[id].linked = 0;
	}
	blocks[n].incoming = 0;
	blocks[n].valid = false;
}

/* Blocks whose lo is in the guest page of `page`. */
static bool invalidate_page(gaddr page, gaddr start, gaddr end, void (*gone)(gaddr pc))
{
	u32 *p = &page_hash[page_of(page)];
	bool region = false;

	while (*p) {
		struct block *b = &blocks[*p];

		if (b->lo >= end || b->end <= start) {
			p = &b->page_next;
			continue;
		}
		region |= b->base;
		stats.dropped++;
		gone(b->pc);
		unlink_block(*p);
		*p = b->page_next;
	}
	return region;
}

bool cache_invalidate(gaddr start, gaddr end, void (*gone)(gaddr pc))
{
	enum { PAGE = 4096 };
	gaddr first = start < REGION_SPAN ? 0 : ALIGN_DOWN(start - REGION_SPAN, (gaddr)PAGE);
	bool region = false;

	stats.invalidations++;
	if ((end - first) / PAGE >= HASH_SIZE) {
		for (gaddr page = 0; page < HASH_SIZE; page++)
			region |= invalidate_page(page * PAGE, start, end, gone);
		return region;
	}
	for (gaddr page = first; page < end; page += PAGE)
		region |= invalidate_page(page, start, end, gone);
	return region;
}

void cache_flush(void)
{
	stats.flushes++;
	perf_flushed();
	reset();
	memset(hash, 0, 2 * HASH_SIZE * sizeof(u32));
}
