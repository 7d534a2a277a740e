/*
 * -d stats; see stats.h.
 *
 * One report per process, when it ends or executes another program, written with one call so that those of several
 * processes do not mix.  A report at SIGUSR1 or to a file of its own was rejected: the log has both the place (-D, with
 * the process's number) and the habit of being repeated for what the program executes.
 */
#include "translator/stats.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "base/host.h"
#include "base/host_nr.h"

enum { MAX_CALLS = 256, SHOWN_CALLS = 24 };

struct stats stats;

/* Calls of C that are compiled in, by operation. */
static struct call {
	const char *name;
	u64 n;
} calls[MAX_CALLS];
static u32 ncalls;

static u64 cpu_at_start;

static u64 clock_ns(clockid_t id)
{
	struct timespec ts = { 0, 0 };

	clock_gettime(id, &ts);
	return (u64)ts.tv_sec * 1000000000 + (u64)ts.tv_nsec;
}

u64 stats_clock(void)
{
	return log_on(LOG_STATS) ? clock_ns(CLOCK_THREAD_CPUTIME_ID) : 0;
}

void stats_init(void)
{
	/* A runner that was executed goes on with the process's time. */
	if (log_on(LOG_STATS))
		cpu_at_start = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

void stats_forked(void)
{
	memset(&stats, 0, sizeof stats);
	memset(calls, 0, sizeof calls);
	ncalls = 0;
	stats_init();
}

static void count_call(const char *name)
{
	u32 k;

	for (k = 0; k < ncalls && calls[k].name != name; k++)
		;
	if (k == MAX_CALLS)
		return;
	if (k == ncalls)
		calls[ncalls++] = (struct call){ name, 0 };
	calls[k].n++;
}

void stats_calls(const char *const *name, u32 n)
{
	for (u32 k = 0; log_on(LOG_STATS) && k < n; k++)
		count_call(name[k]);
}

/* --- the report --- */

/* The log writes at most this much in one piece. */
struct text {
	char s[4096];
	size_t n;
};

static void __attribute__((format(printf, 2, 3))) add(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->s + t->n, sizeof t->s - t->n, fmt, ap);
	va_end(ap);
	if (n > 0)
		t->n = MIN(t->n + (size_t)n, sizeof t->s - 1);
}

static unsigned long long tenths(u64 part, u64 whole, u64 unit)
{
	return whole ? part * unit * 10 / whole : 0;
}

/* "12.3" of part / whole * unit */
#define RATIO(part, whole, unit) tenths(part, whole, unit) / 10, tenths(part, whole, unit) % 10
#define N(counter) (unsigned long long)(counter)

static void add_made(struct text *t, const char *what, const struct stats_made *m)
{
	add(t, "  %-18s%10llu %12llu %11llu %11llu %7llu.%llu%%\n", what, N(m->n), N(m->insns), N(m->code), N(m->map),
	    RATIO(m->map, m->code, 100));
}

/* What never happened is not shown. */
static void add_row(struct text *t, const char *what, u64 n, const char *more)
{
	if (n)
		add(t, "  %-18s%10llu%s%s\n", what, N(n), *more ? "  " : "", more);
}

static void add_time(struct text *t)
{
	u64 cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu_at_start;
	u64 insns = stats.block.insns + stats.region.insns;

	add(t, "  processor time    %6llu.%03llu ms\n", N(cpu / 1000000), N(cpu / 1000 % 1000));
	add(t, "  translation       %6llu.%03llu ms  %llu.%llu%% of it, %llu.%llu ns per guest instruction\n",
	    N(stats.translate_ns / 1000000), N(stats.translate_ns / 1000 % 1000), RATIO(stats.translate_ns, cpu, 100),
	    RATIO(stats.translate_ns, insns, 1));
}

static void add_exits(struct text *t)
{
	static const char *const what[EXIT_REASONS] = {
		[EXIT_NONE] = "  resumed", [EXIT_POLL] = "  poll", [EXIT_SYSCALL] = "  system call", [EXIT_TRAP] = "  trap",
		[EXIT_UNDEF] = "  undefined", [EXIT_NOEXEC] = "  not executable", [EXIT_FAULT] = "  fault",
	};
	u64 sum = 0;

	for (u32 k = 0; k < EXIT_REASONS; k++)
		sum += stats.exits[k];
	add_row(t, "exits", sum, "to the run loop, by cause:");
	for (u32 k = 0; k < EXIT_REASONS; k++)
		add_row(t, what[k], stats.exits[k], k == EXIT_NONE ? "after system calls that changed what goes on" : "");
}

/* The most frequent first. */
static void add_calls(struct text *t)
{
	struct call left[MAX_CALLS];
	u64 sum = 0, rest = 0;
	u32 shown = 0;

	memcpy(left, calls, sizeof left);
	for (u32 k = 0; k < ncalls; k++)
		sum += left[k].n;
	add_row(t, "calls of C", sum, "compiled in, by operation:");
	for (; shown < SHOWN_CALLS; shown++) {
		u32 best = 0;

		for (u32 k = 1; k < ncalls; k++)
			if (left[k].n > left[best].n)
				best = k;
		if (!ncalls || !left[best].n)
			break;
		add(t, "    %-16s%10llu\n", left[best].name, N(left[best].n));
		left[best].n = 0;
	}
	for (u32 k = 0; k < ncalls; k++)
		rest += left[k].n;
	if (rest)
		add(t, "    %-16s%10llu\n", "others", N(rest));
}

void stats_print(const char *name)
{
	struct stats_made all = {
		stats.block.n + stats.region.n, stats.block.insns + stats.region.insns,
		stats.block.code + stats.region.code, stats.block.map + stats.region.map,
	};
	struct text t = { .n = 0 };

	add(&t, "%lld stats of %.256s\n", (long long)host_syscall0(HOST_NR_getpid), name);
	add_time(&t);
	add(&t, "  translations          number  guest insns  code bytes   map bytes  map/code\n");
	add_made(&t, "blocks", &stats.block);
	add_made(&t, "regions", &stats.region);
	add_made(&t, "all", &all);
	add_row(&t, "from the disk", stats.restored, "translations of an earlier process");
	add_row(&t, "regions refused", stats.refused, "");
	add_row(&t, "too complex", stats.halved, "and tried again in smaller pieces");
	add_row(&t, "links asked for", stats.asked, "by exits on their first way out");
	add_row(&t, "links made", stats.links, "");
	add_row(&t, "look-ups", stats.lookups, "indirect jumps and returns that missed, and entries");
	add_row(&t, "entries", stats.entries, "from the run loop");
	add_row(&t, "system calls", stats.syscalls, "without leaving translated code");
	add_exits(&t);
	add_row(&t, "traps mended", stats.fixups, "floating-point operations done by software");
	add_row(&t, "tags", stats.stepped, "instructions interpreted for the tag of their address");
	add_row(&t, "return stack", stats.ret_faults, "times over its end");
	add_row(&t, "invalidations", stats.invalidations, "ranges of guest code changed or unmapped");
	add_row(&t, "dropped", stats.dropped, "translations of such code");
	add_row(&t, "cache flushes", stats.flushes, "");
	add_calls(&t);
	log_printf("%s", t.s);
}
