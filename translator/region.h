/* From the profile of block translations to the plan of a region. */
#ifndef TRANSLATOR_REGION_H
#define TRANSLATOR_REGION_H

#include "translator/ir.h"

/*
 * The labels of the region that begins at block translation n of the cache, at most max (1..TR_MAX_LABELS);
 * returns how many.  The first is the block's own.  All lie within REGION_SPAN bytes (cache.h).  Called with
 * the translator's lock held.
 */
u32 region_plan(u32 n, struct tr_label *label, u32 max);

#endif
