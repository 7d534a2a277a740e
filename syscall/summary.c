/*
 * -strace-c: how often each system call was made, how long it took, how often it failed.
 *
 * Counted in one table per process by its row, with atomics, and printed in one piece when the
 * process ends or executes another program (whose runner counts on its own).  Times are those of
 * the wall, waiting included, as what a user looks for is where a program spends its life; the
 * vdso's calls are none and do not appear.
 */
#include <stdio.h>

#include "base/log.h"
#include "syscall/internal.h"
#include "syscall/table.h"
#include "syscall/vdso.h"

static struct count {
	u64 calls, errors, ns;
} counts[NR_SYSCALLS];

u64 summary_time(void)
{
	u64 ts[2] = { 0, 0 };

	vdso_clock_gettime(CLOCK_MONOTONIC, h2g(ts));
	return ts[0] * 1000000000 + ts[1];
}

void summary_add(u32 nr, u64 start, s64 ret)
{
	struct count *n = &counts[nr < NR_SYSCALLS ? nr : 0];

	if (nr >= NR_SYSCALLS)
		return;
	__atomic_add_fetch(&n->calls, 1, __ATOMIC_RELAXED);
	__atomic_add_fetch(&n->ns, summary_time() - start, __ATOMIC_RELAXED);
	if (is_error(ret))
		__atomic_add_fetch(&n->errors, 1, __ATOMIC_RELAXED);
}

void summary_forked(void)
{
	memset(counts, 0, sizeof counts);
}

static void print_row(u64 ns, u64 total, u64 calls, u64 errors, const char *name)
{
	char failed[24] = "";
	u64 share = total ? ns * 10000 / total : 0;

	if (errors)
		snprintf(failed, sizeof failed, "%llu", (unsigned long long)errors);
	log_printf("%3llu.%02llu %5llu.%06llu %11llu %9llu %9s %s\n",
		   (unsigned long long)share / 100, (unsigned long long)share % 100,
		   (unsigned long long)ns / 1000000000, (unsigned long long)(ns / 1000 % 1000000),
		   (unsigned long long)(calls ? ns / 1000 / calls : 0), (unsigned long long)calls,
		   failed, name);
}

void summary_print(void)
{
	struct count sum = { 0, 0, 0 };
	u16 order[NR_SYSCALLS];
	unsigned n = 0, k;

	for (u32 nr = 0; nr < NR_SYSCALLS; nr++) {
		if (!counts[nr].calls)
			continue;
		for (k = n++; k > 0 && counts[order[k - 1]].ns < counts[nr].ns; k--)
			order[k] = order[k - 1];
		order[k] = nr;
		sum.calls += counts[nr].calls;
		sum.errors += counts[nr].errors;
		sum.ns += counts[nr].ns;
	}
	if (!n)
		return;
	log_printf(
		"%lld system calls\n%% time     seconds  usecs/call     calls    errors syscall\n"
		"------ ----------- ----------- --------- --------- ----------------\n",
		(long long)host_syscall0(HOST_NR_getpid));
	for (k = 0; k < n; k++) {
		const struct count *c = &counts[order[k]];
		const char *name = syscall_table[order[k]].name;

		print_row(c->ns, sum.ns, c->calls, c->errors, name ? name : "unknown");
	}
	log_printf("------ ----------- ----------- --------- --------- ----------------\n");
	print_row(sum.ns, sum.ns, sum.calls, sum.errors, "total");
	summary_forked();
}
