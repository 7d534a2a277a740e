/*
 * The code cache: translations, the exits that link them, and how to find them by guest and host
 * address.
 *
 * Code has two views of the same memory, one writable and one executable, never both at once.
 * Everything of the run-time's own lies in one window of the address space above the runner's
 * image, where no kernel places anything and guests may not map.
 *
 * Translations are only added.  One that is invalidated is unlinked: nothing leads to it any more,
 * and threads inside leave it by themselves.  Space is reclaimed by dropping everything at once.
 *
 * All functions but those marked otherwise are called with the translator's lock held (jit.c).
 */
#ifndef TRANSLATOR_CACHE_H
#define TRANSLATOR_CACHE_H

#include "translator/host.h"

enum { REGION_SPAN = 16384 };   /* bytes: a translation depends on less than that */

struct block {
	gaddr pc;
	gaddr lo, end;         /* guest bytes that it depends on: [lo, end) */
	gaddr code_end;        /* end of the last instruction */
	u32 code, code_size;   /* offsets in the cache */
	u32 map, map_len;      /* in the map area */
	u32 exits, nexits;     /* numbers of its exits */
	u32 next;              /* in its hash chain */
	u32 page_next;         /* in the list of blocks whose lo is in the same guest page */
	u32 incoming;          /* first exit linked to it */
	u32 mode;              /* floating-point mode that it is specialised for */
	u32 base;              /* of a region: the block translation that became hot; else 0 */
	u32 body;              /* offset of what follows the counting of entries */
	u32 nrelocs;           /* if `image` is set, they follow its map, and the guest's bytes follow them */
	u16 image;             /* that it may be saved with (persist.h), 0: none */
	bool valid;
	bool alone;            /* tr.relies_alone */
};

struct exit {
	gaddr target;
	u32 patch, stub;       /* offsets in the cache */
	u32 block;             /* that it belongs to */
	u32 linked;            /* block that it leads to, 0: none */
	u32 next;              /* in the list of the exits that lead there */
	u32 kind : 8;          /* enum exit_kind */
	u32 reentry : 24;      /* struct host_exit */
};

/*
 * Maps everything and emits the host's run-time code.  threshold: entries that make a block hot, 0: none do.
 * code: bytes of code, between CACHE_MIN_CODE and CACHE_MAX_CODE, or 0: all; room: see struct translator_config.
 */
void cache_init(u64 rt[RT_COUNT], u32 threshold, u64 code, u64 room);

/* The host address of a byte of the cache; its offset, or 0 if pc is not inside. */
u64 cache_address(u32 offset);
u32 cache_offset(u64 host_pc);        /* without lock */

/* Bytes at the beginning that hold the host's run-time code. */
u32 cache_runtime_size(void);

/* The valid translation of pc for this mode, or 0. */
u32 cache_find(gaddr pc, u32 mode);
struct block *cache_block(u32 n);
struct exit *cache_exit(u32 id);
/* The translation that holds a code offset; NULL if none.  Without lock, for signal handlers. */
const struct block *cache_at(u32 offset, struct host_where *w);

/*
 * Compiles t and adds it; base and image as in struct block.  0 if the cache is full, ~0 if t is too complex.
 */
u32 cache_add(struct tr *t, u32 mode, u32 base, u32 image);

/*
 * A translation outside of the cache, as it was made: behind this come its exits (struct host_exit), relocations
 * (u32), map, code, and the guest's bytes.
 */
struct saved {
	gaddr pc, lo, end, code_end;
	u32 mode, body;
	u32 hot;                     /* not 0: it had become hot */
	u32 code, exits, block;      /* where it was, and its numbers */
	u32 nexits, nrelocs, map_len, size;
};
/* Bytes of block n, which has an image, in that form; and what they are. */
u64 cache_saved_size(u32 n);
void cache_save(u32 n, struct saved *to);
/* Bytes of what s says to be there, or 0 if that cannot be. */
u64 saved_size(const struct saved *s);
/*
 * Adds s as the translation of pc, whose bytes are the same; base and alone as in struct block.  0 if the cache is
 * full, or s is not to be had there.
 */
u32 cache_restore(const struct saved *s, gaddr pc, u32 base, bool alone);
/* The number that the next translation gets. */
u32 cache_next(void);
/* How often block translation n was entered, less some when threads race. */
u32 cache_entered(u32 n);
/* It is not to become hot again. */
void cache_stop_counting(u32 n);
/* All that leads to block n leads to block m from now on, which has the same pc. */
void cache_replace(u32 n, u32 m);
void cache_link(u32 exit_id, u32 block);
/*
 * Unlinks what depends on [start, end); calls gone(pc) for each.  True if a region was among it: threads may go
 * round in it without coming past a link.
 */
bool cache_invalidate(gaddr start, gaddr end, void (*gone)(gaddr pc));
/* Invalidates those that rely on the guest's one thread being alone; only that may call. */
void cache_drop_alone(void (*gone)(gaddr pc));
/* Drops every translation.  No thread may be inside. */
void cache_flush(void);
/* After fork, in both processes: what is used of the memory is shared, until it must change. */
void cache_forked(void);

#endif
