/*
 * -d stats: where a process spends what is not its own code, so that anyone can see why a program is slow.
 *
 * Counters stand on cold paths only (translating, linking, look-ups that missed, leaving translated code); warm
 * code counts nothing, so the figures say how often the cold paths were taken, not how often a block ran.  Those
 * changed under the translator's lock are plain; the others go through stats_bump().  Reading clocks and noting
 * calls costs more than counting and is done with LOG_STATS on only.
 */
#ifndef TRANSLATOR_STATS_H
#define TRANSLATOR_STATS_H

#include "base/log.h"
#include "base/vcpu.h"

/* Translations of one kind, with sums over them. */
struct stats_made {
	u64 n;
	u64 insns;     /* guest instructions */
	u64 code, map; /* bytes */
};

struct stats {
	/* Under the translator's lock */
	struct stats_made block, region;
	u64 translate_ns;     /* processor time in translation */
	u64 restored;         /* translations that were saved by an earlier process */
	u64 refused;          /* regions that could not be made */
	u64 halved;           /* tries that were too complex for one piece */
	u64 links;            /* exits that got a link */
	u64 asked;            /* exits without a link that came to be linked */
	u64 lookups;          /* addresses looked up: the inline probe missed, or a thread begins to run */
	u64 invalidations;    /* ranges of guest code that went away or changed */
	u64 dropped;          /* translations that depended on them */
	u64 flushes;          /* of the whole cache */
	/* Any thread */
	u64 entries;          /* of the run loop into translated code */
	u64 exits[EXIT_REASONS];
	u64 syscalls;         /* made without leaving */
	u64 fixups;           /* floating-point operations that trapped and were completed by software */
	u64 ret_faults;       /* of the return stack's guard pages */
	u64 stepped;          /* instructions that the interpreter did, since they use an address with a tag */
};
extern struct stats stats;

static inline void stats_bump(u64 *counter)
{
	__atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
}

/* Once, before any thread runs. */
void stats_init(void);
/* In a forked child: it begins anew, with what it translates itself. */
void stats_forked(void);

/* The thread's processor time in ns, for translate_ns; or 0 with LOG_STATS off. */
u64 stats_clock(void);

/* A translation has been compiled that calls C for these n operations and helpers (strings that stay).  Under the lock. */
void stats_calls(const char *const *name, u32 n);

/* Writes everything to the log in one piece; `name`: of the program. */
void stats_print(const char *name);

#endif
