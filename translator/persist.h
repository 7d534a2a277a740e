/*
 * Translations that outlive the process: one file per image of guest code, in a directory of the user's.
 *
 * All functions but persist_init() are called with the translator's lock held.
 */
#ifndef TRANSLATOR_PERSIST_H
#define TRANSLATOR_PERSIST_H

#include "base/types.h"

/* For putting a key together: one value more. */
static inline u64 persist_mix(u64 h, u64 v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15;   /* 2^64 divided by the golden ratio */
	return h ^ h >> 32;
}

/*
 * Translations are kept in the directory `dir` (an absolute path that stays), which is made if its parent is there;
 * NULL: nowhere.  key: equal for all processes whose translations of the same bytes are the same.
 */
void persist_init(const char *dir, u64 key);

/*
 * The image that pc lies in, a number; 0 if what is translated there is not saved: it is not in the mapping of an ELF
 * file, or the mapping can be written to.
 */
u32 persist_image(gaddr pc);

/* What else than its bytes and mode tells translations of an address from each other. */
enum { VARIANT_UNTAG = 1, VARIANT_REGION = 2, VARIANT_ALONE = 4 /* struct block */, VARIANT_GUEST = 8 };

/*
 * The translation of pc, which lies in `image`, from an earlier process, if there is one for this mode (struct block)
 * and variant and the guest's bytes are the same: its number, now in the cache, or 0.  base: of a region, as in struct
 * block.
 */
u32 persist_load(u32 image, gaddr pc, u32 mode, u32 variant, u32 base, bool (*executable)(gaddr a, u64 len));

/* Writes what this process has made, where that is worth it; `variant`: of what begins at pc, but for what blocks tell. */
void persist_save(u32 (*variant)(gaddr pc));

/* What is in the cache now is not saved: a forked child's parent does that; or there is nothing, it has been emptied. */
void persist_begin(void);

#endif
