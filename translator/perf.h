/*
 * What perf(1) wants to know of code that is made at run time.
 *
 * -perfmap: /tmp/perf-PID.map, a line per translation, which perf report reads as it is.  Addresses are used
 * again after the cache was emptied, and then the file begins anew.
 *
 * -jitdump: jit-PID.dump in the current directory, with the code itself and times, for `perf record -k 1` and
 * `perf inject --jit`: nothing is lost when addresses are used again, and perf annotate works.  The format is that
 * of the kernel's tools/perf/Documentation/jitdump-specification.txt.
 *
 * Names are the guest's: "main" for a block at its beginning, "main+0x10 [region]" for a region inside.
 */
#ifndef TRANSLATOR_PERF_H
#define TRANSLATOR_PERF_H

#include "base/types.h"

/* Once, before any thread runs: which of the two files are wanted. */
void perf_init(bool map, bool dump);
/* Block n has been added to the cache.  Under the translator's lock, as what follows. */
void perf_block(u32 n);
/* The cache has been emptied. */
void perf_flushed(void);
/* In a forked child: files of its own, with all that the cache holds, once it translates something. */
void perf_forked(void);

#endif
