/* The code cache; see cache.h. */
#include "translator/cache.h"

#include "base/die.h"
#include "base/errno.h"
#include "base/host.h"
#include "base/host_nr.h"
#include "base/space.h"
#include "translator/perf.h"
#include "translator/stats.h"
#include "translator/translator.h"

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
	CODE_SIZE = CACHE_MAX_CODE, MAX_BLOCKS = 1 << 20, MAX_EXITS = 4 << 20, MAP_AREA = 64 << 20,
	MIN_HASH_BITS = 10, MAX_HASH_BITS = 18, PAGES_SIZE = 1 << 18, MIN_ROOM = 256 << 10, CODE_ALIGN = 16,
	HASH_AREA = ((1 << MAX_HASH_BITS) + PAGES_SIZE) * sizeof(u32),
	MAX_SHRINK = 5,
	MAX_REFUSED = 256,         /* links that are asked for again and again, before old code is copied */
	KNOWN_HOT = 32,            /* what was hot in an earlier process becomes so that much sooner */
	MAX_NOTES = HOST_MAX_MAP + HOST_MAX_RELOCS * sizeof(u32) + REGION_SPAN,   /* bytes in the map area, of one */
};
enum { PROT_READ = 1, PROT_WRITE = 2, PROT_EXEC = 4, MAP_SHARED = 1, MAP_PRIVATE = 2, MAP_FIXED = 0x10, MAP_ANON = 0x20,
       MAP_NORESERVE = 0x4000, MAP_FIXED_NOREPLACE = 0x100000,
       MADV_POPULATE_READ = 22, MADV_POPULATE_WRITE = 23 };

static struct {
	u32 code_size, max_blocks, max_exits, map_area;
	u32 code_used, runtime;
	u32 nblocks, nexits, map_used;
	u32 populated;             /* bytes of code whose pages are there */
	u32 frozen;                /* bytes at the beginning that another process sees since a fork: they are not written */
	bool shared;               /* what is behind them is still the same memory, too */
	u32 refused;               /* links that were not made since an exit was among those */
	u32 hash_bits;             /* the table of translations begins small: short programs touch few pages of it */
	u32 threshold;             /* entries that make a block hot; 0: they are not counted */
	struct host_out out;
} cache;

static struct block *const blocks = (struct block *)BLOCKS;
static struct exit *const exits = (struct exit *)EXITS;
/* Entries left.  Apart from the blocks, since translated code writes them: a fork's child copies few pages. */
static s32 *const counts = (s32 *)COUNTS;
static u32 *const hash = (u32 *)HASH;
static u32 *const page_hash = (u32 *)HASH + (1 << MAX_HASH_BITS);

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

static s64 try_remap(u64 from, u64 len, u64 to, u64 size)
{
	enum { MREMAP_MAYMOVE = 1, MREMAP_FIXED = 2 };
	s64 r = host_syscall5(HOST_NR_mremap, from, len, size, MREMAP_MAYMOVE | MREMAP_FIXED, to);

	return is_error(r) ? r : 0;
}

/* The same through a memfd, for kernels and instruments that do not know such an mremap(). */
static s64 try_memfd(u64 w, u64 x, u64 size)
{
	s64 fd = host_syscall2(HOST_NR_memfd_create, (u64)"dragoman", 0), r;

	if (is_error(fd))
		return fd;
	r = host_syscall2(HOST_NR_ftruncate, fd, size);
	if (!is_error(r))
		r = host_syscall6(HOST_NR_mmap, w, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
	if (!is_error(r))
		r = host_syscall6(HOST_NR_mmap, x, size, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED, fd, 0);
	host_syscall1(HOST_NR_close, fd);
	return is_error(r) ? r : 0;
}

/*
 * Maps `size` bytes of new memory at `w`, to be written, and at `x`, to be executed; what is there goes away.  A shared mapping
 * is duplicated by mremap() of no bytes: unlike a memfd that needs no descriptor, which a guest may have used up.
 */
static s64 try_views(u64 w, u64 x, u64 size)
{
	s64 r = try_map(w, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED);

	if (r < 0)
		return r;
	r = try_remap(w, 0, x, size);
	if (r == -EINVAL)
		return try_memfd(w, x, size);
	return r < 0 ? r : host_syscall3(HOST_NR_mprotect, x, size, PROT_READ | PROT_EXEC);
}

static void reset(void)
{
	cache.hash_bits = MIN_HASH_BITS;
	cache.code_used = cache.runtime;
	cache.nblocks = cache.nexits = 1;   /* 0 is none */
	cache.map_used = 0;
}

/* As much as was asked for; or less, where the process may not have much address space. */
static void choose_sizes(u64 code, u64 room)
{
	const u64 smallest = MIN(code, (u64)CODE_SIZE >> MAX_SHRINK);
	const u64 all = 2ull * CODE_SIZE + MAX_BLOCKS * sizeof(struct block) + MAX_EXITS * sizeof(struct exit) + MAP_AREA;

	while (room && code > smallest && all / (CODE_SIZE / 4096) * (code / 4096) > room / 4)
		code /= 2;
	code = ALIGN_DOWN(code, 4096ul);
	cache.code_size = code;
	cache.max_blocks = MAX_BLOCKS * code / CODE_SIZE;
	cache.max_exits = MAX_EXITS * code / CODE_SIZE;
	cache.map_area = MAP_AREA * code / CODE_SIZE;
}

void cache_init(u64 rt[RT_COUNT], u32 threshold, u64 code, u64 room)
{
	u32 anon = MAP_PRIVATE | MAP_FIXED_NOREPLACE;
	s64 r;

	choose_sizes(code ? code : CODE_SIZE, room);
	r = try_views(CODE_W, CODE_X, cache.code_size);
	if (r < 0)
		no_memory(r);
	map_at(BLOCKS, cache.max_blocks * sizeof(struct block), PROT_READ | PROT_WRITE, anon);
	map_at(EXITS, cache.max_exits * sizeof(struct exit), PROT_READ | PROT_WRITE, anon);
	map_at(MAPS, cache.map_area, PROT_READ | PROT_WRITE, anon);
	map_at(HASH, HASH_AREA, PROT_READ | PROT_WRITE, anon);
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
	return pc * 0x9e3779b97f4a7c15 >> (64 - cache.hash_bits);   /* 2^64 divided by the golden ratio */
}

static u32 page_of(gaddr pc)
{
	return (pc >> 12) & (PAGES_SIZE - 1);
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
 * A fork's two processes see one memory, and neither writes to what is used of it.  What comes next goes into new
 * memory behind that.
 */
static void own_rest(void)
{
	if (!cache.shared)
		return;
	insist(try_views(CODE_W + cache.frozen, CODE_X + cache.frozen, cache.code_size - cache.frozen));
	cache.populated = cache.frozen;
	cache.shared = false;
}

/* For what cannot do without changing old code: a copy. */
static void own_all(void)
{
	const u32 used = ALIGN_UP(cache.code_used, 4096u);

	if (!cache.frozen)
		return;
	/* Complete elsewhere, then moved: other threads may be executing it. */
	insist(try_views(SPARE_W, SPARE_X, cache.code_size));
	host_syscall3(HOST_NR_madvise, SPARE_W, used, MADV_POPULATE_WRITE);
	memcpy((void *)SPARE_W, (const void *)CODE_W, cache.code_used);
	host_syscall3(HOST_NR_madvise, SPARE_X, used, MADV_POPULATE_READ);
	insist(try_remap(SPARE_W, cache.code_size, CODE_W, cache.code_size));
	insist(try_remap(SPARE_X, cache.code_size, CODE_X, cache.code_size));
	cache.populated = used;
	cache.frozen = cache.refused = 0;
	cache.shared = false;
}

void cache_forked(void)
{
	cache.frozen = cache.code_used = ALIGN_UP(cache.code_used, 4096u);
	cache.shared = true;
}

static void patch(u32 at, u32 to)
{
	if (at < cache.frozen)
		own_all();
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

/* Room for one more translation: its offset, or 0. */
static u32 make_room(void)
{
	u32 at = ALIGN_UP(cache.code_used, (u32)CODE_ALIGN);

	if (cache.code_size - at < MIN_ROOM || cache.nblocks == cache.max_blocks ||
	    cache.nexits + HOST_MAX_EXITS > cache.max_exits || cache.map_used + MAX_NOTES > cache.map_area)
		return 0;
	own_rest();
	populate(at + 4096);
	counts[cache.nblocks] = (s32)cache.threshold - 1;
	return at;
}

/* The bytes of the guest that b depends on; with what else is needed to move it, they follow its map. */
static u64 guest_bytes(const struct block *b)
{
	return b->end - b->lo;
}

static void note_for_saving(struct block *b, u32 image, const struct host_out *o)
{
	u8 *p = (u8 *)MAPS + cache.map_used;
	const u64 relocs = o->nrelocs * sizeof *o->reloc;

	if (o->nrelocs > HOST_MAX_RELOCS || guest_bytes(b) > REGION_SPAN)
		return;
	memcpy(p, o->reloc, relocs);
	memcpy(p + relocs, g2h(b->lo), guest_bytes(b));
	cache.map_used += relocs + guest_bytes(b);
	b->nrelocs = o->nrelocs;
	b->image = image;
}

static void link_hash(u32 n)
{
	u32 *first = &hash[hash_of(blocks[n].pc)];

	blocks[n].next = *first;
	*first = n;
}

/* Up to translation `last`, which is valid as all are that can be found. */
static void grow_hash(u32 last)
{
	memset(hash, 0, sizeof(u32) << cache.hash_bits);
	cache.hash_bits += 2;
	for (u32 n = 1; n <= last; n++)
		if (blocks[n].valid)
			link_hash(n);
}

/* What was put at `at`, and is described by o and made, becomes a translation that is found: its number. */
static u32 add(u32 at, const struct host_out *o, const struct block *made)
{
	u32 n = cache.nblocks;
	struct block *b = &blocks[n];

	*b = *made;
	b->code = at;
	b->code_size = o->size;
	b->map = cache.map_used;
	b->map_len = o->map_len;
	b->exits = cache.nexits;
	b->nexits = o->nexits;
	b->body = o->body;
	b->valid = true;
	/* a region may go on in its block */
	b->alone |= b->base && blocks[b->base].alone;
	memcpy((u8 *)MAPS + cache.map_used, o->map, o->map_len);
	for (u32 k = 0; k < o->nexits; k++)
		exits[cache.nexits + k] = (struct exit){ .target = o->exit[k].target, .patch = at + o->exit[k].patch,
							 .stub = at + o->exit[k].stub, .block = n,
							 .kind = o->exit[k].kind,
							 .reentry = o->exit[k].reentry };
	cache.code_used = at + o->size;
	cache.map_used += o->map_len;
	b->image = 0;
	if (made->image)
		note_for_saving(b, made->image, o);
	cache.nexits += o->nexits;
	link_hash(n);
	if (n >> cache.hash_bits && cache.hash_bits < MAX_HASH_BITS)
		grow_hash(n);
	b->page_next = page_hash[page_of(b->lo)];
	page_hash[page_of(b->lo)] = n;
	for (u32 k = 0; k < o->nexits; k++)
		if (o->exit[k].reentry)
			link_to(b->exits + k, n, at + o->exit[k].reentry);
	__atomic_store_n(&cache.nblocks, n + 1, __ATOMIC_RELEASE);
	perf_block(n);
	return n;
}

/* Where a region goes on when the state is not as it expects: in the block that became hot. */
static u64 fallback(u32 base)
{
	return base ? CODE_X + blocks[base].code + blocks[base].body : 0;
}

u32 cache_add(struct tr *t, u32 mode, u32 base, u32 image)
{
	struct host_out *o = &cache.out;
	struct block made;
	u32 at = make_room();

	if (!at)
		return 0;
	o->exit_id = cache.nexits;
	o->block = cache.nblocks;
	o->counter = cache.threshold && !base && !t->single ? (u64)&counts[o->block] : 0;
	o->fallback = fallback(base);
	if (!host_compile(t, (u8 *)CODE_W + at, CODE_X + at, MIN_ROOM, o)) {
		stats.halved++;
		return ~0u;
	}
	stats_calls(o->call, o->ncalls);
	count_made(base ? &stats.region : &stats.block, t, o);
	made = (struct block){ .pc = t->start, .lo = t->lo, .end = MAX(t->end, t->start + 1), .code_end = t->next,
			       .mode = mode, .base = base, .image = image, .alone = t->relies_alone };
	/* a region that had no room for all of its first block still leads into that (fallback) */
	if (base)
		made.end = MAX(made.end, blocks[base].end);
	return add(at, o, &made);
}

/* --- saving and restoring --- */

u64 saved_size(const struct saved *s)
{
	u64 n = sizeof *s + s->nexits * sizeof(struct host_exit) + s->nrelocs * sizeof(u32) + s->map_len + s->size;

	if (s->nexits > HOST_MAX_EXITS || s->nrelocs > HOST_MAX_RELOCS || s->map_len > HOST_MAX_MAP ||
	    s->size > MIN_ROOM || s->end - s->lo > REGION_SPAN)
		return 0;
	return n + (s->end - s->lo);
}

static struct saved describe(const struct block *b)
{
	return (struct saved){
		.pc = b->pc, .lo = b->lo, .end = b->end, .code_end = b->code_end, .mode = b->mode, .body = b->body,
		.hot = counts[b - blocks] == INT32_MAX,
		.code = b->code, .exits = b->exits, .block = (u32)(b - blocks), .nexits = b->nexits,
		.nrelocs = b->nrelocs, .map_len = b->map_len, .size = b->code_size,
	};
}

u64 cache_saved_size(u32 n)
{
	struct saved s = describe(&blocks[n]);

	return saved_size(&s);
}

void cache_save(u32 n, struct saved *to)
{
	const struct block *b = &blocks[n];
	const u8 *notes = (const u8 *)MAPS + b->map, *relocs = notes + b->map_len;
	struct host_exit *x = (struct host_exit *)(to + 1);
	u8 *p = (u8 *)(x + b->nexits), *code;

	*to = describe(b);
	memset(x, 0, b->nexits * sizeof *x);
	for (u32 k = 0; k < b->nexits; k++) {
		const struct exit *e = &exits[b->exits + k];

		x[k].target = e->target;
		x[k].patch = e->patch - b->code;
		x[k].stub = e->stub - b->code;
		x[k].kind = e->kind;
		x[k].reentry = e->reentry;
	}
	memcpy(p, relocs, b->nrelocs * sizeof(u32));
	p += b->nrelocs * sizeof(u32);
	memcpy(p, notes, b->map_len);
	code = p += b->map_len;
	memcpy(code, (const u8 *)CODE_W + b->code, b->code_size);
	/* no exit is linked */
	for (u32 k = 0; k < b->nexits; k++)
		host_patch(code + x[k].patch, x[k].patch, x[k].stub);
	memcpy(p + b->code_size, relocs + b->nrelocs * sizeof(u32), guest_bytes(b));
}

u32 cache_restore(const struct saved *s, gaddr pc, u32 base, bool alone)
{
	struct host_out *o = &cache.out;
	const struct host_exit *x = (const struct host_exit *)(s + 1);
	const u32 *reloc = (const u32 *)(x + s->nexits);
	const u8 *map = (const u8 *)(reloc + s->nrelocs);
	const u64 moved = pc - s->pc;
	u32 at = make_room();
	struct host_move m = {
		.pc = moved, .x = at - s->code, .exit = cache.nexits - s->exits, .block = cache.nblocks - s->block,
		.fallback = fallback(base),
	};

	if (!at)
		return 0;
	memcpy((u8 *)CODE_W + at, map + s->map_len, s->size);
	if (!host_move((u8 *)CODE_W + at, CODE_X + at, reloc, s->nrelocs, &m))
		return 0;
	o->size = s->size;
	o->map_len = s->map_len;
	o->nexits = s->nexits;
	o->body = s->body;
	memcpy(o->map, map, s->map_len);
	memcpy(o->exit, x, s->nexits * sizeof *x);
	for (u32 k = 0; k < s->nexits; k++)
		o->exit[k].target += moved;
	/* it has shown what it is */
	if (s->hot)
		counts[cache.nblocks] = (s32)(cache.threshold / KNOWN_HOT);
	stats.restored++;
	return add(at, o, &(struct block){ .pc = pc, .lo = s->lo + moved, .end = s->end + moved,
					   .code_end = s->code_end + moved, .mode = s->mode, .base = base,
					   .alone = alone });
}

u32 cache_next(void)
{
	return cache.nblocks;
}

void cache_link(u32 id, u32 n)
{
	const struct exit *x = &exits[id];

	if (x->linked || !blocks[n].valid || !blocks[x->block].valid)
		return;
	/* A child that is soon to exec copies nothing for the few links on its way. */
	if (x->patch < cache.frozen && cache.refused++ < MAX_REFUSED)
		return;
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
	if ((end - first) / PAGE >= PAGES_SIZE) {
		for (gaddr page = 0; page < PAGES_SIZE; page++)
			region |= invalidate_page(page * PAGE, start, end, gone);
		return region;
	}
	for (gaddr page = first; page < end; page += PAGE)
		region |= invalidate_page(page, start, end, gone);
	return region;
}

void cache_drop_alone(void (*gone)(gaddr pc))
{
	for (u32 n = 1; n < cache.nblocks; n++)
		if (blocks[n].valid && blocks[n].alone)
			cache_invalidate(blocks[n].lo, blocks[n].end, gone);
}

void cache_flush(void)
{
	stats.flushes++;
	perf_flushed();
	own_all();
	reset();
	memset(hash, 0, HASH_AREA);
}
