/*
 * The guest's address space (base/space.h) against the host's own behaviour and a plain bitmap.
 *
 * Built for the host with its own libc, without the rest of the runner; argument "reserved" puts
 * the guest into a 4 GiB reservation at another base.  Prints what is wrong, and "ok" at the end.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "base/space.h"

enum { PAGE = 4096, RW = G_PROT_READ | G_PROT_WRITE, RX = G_PROT_READ | G_PROT_EXEC };
enum {
	ANON = G_MAP_PRIVATE | G_MAP_ANONYMOUS, AT = ANON | G_MAP_FIXED,
	AT_FREE = ANON | G_MAP_FIXED_NOREPLACE
};

static unsigned exec_changes, failures;

/* Prints when two values differ. */
#define SAME(expression, want) same(__LINE__, #expression, (s64)(expression), (s64)(want))

static void same(int line, const char *what, s64 got, s64 want)
{
	if (got == want)
		return;
	printf("line %d: %s is %lld, not %lld\n", line, what, (long long)got, (long long)want);
	failures++;
}

static void exec_change(gaddr start, gaddr end)
{
	exec_changes++;
}

static void on_fault(int sig, siginfo_t *info, void *context)
{
	greg_t *pc = &((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
	u64 fixed = copy_fixup(*pc);

	if (!fixed)
		abort();
	*pc = fixed;
}

static void protections(void)
{
	gaddr a = space_mmap(0, 16 * PAGE, RW, ANON, -1, 0, NULL);

	SAME(space_check(a, 16 * PAGE, RW), true);
	SAME(space_check(a, 16 * PAGE + 1, RW), false);
	SAME(space_mprotect(a + PAGE, 2 * PAGE, RX), 0);
	SAME(exec_changes, 0);
	SAME(space_mprotect(a + 2 * PAGE, PAGE, RW), 0);
	SAME(exec_changes, 1);
	SAME(space_munmap(a + PAGE, PAGE), 0);
	SAME(exec_changes, 2);
	SAME(space_munmap(a + PAGE, PAGE), 0);
	SAME(space_mprotect(a, 16 * PAGE, RW), -12);
	SAME(space_mprotect(a + 1, PAGE, RW), -22);
	SAME(space_mremap(a + PAGE, PAGE, 2 * PAGE, 1, 0), -14);
	SAME(space_mmap(a + PAGE, PAGE, RW, AT, -1, 0, NULL), a + PAGE);
	SAME(space_mmap(a + PAGE, PAGE, RW, AT_FREE, -1, 0, NULL), -17);
	SAME(space_munmap(a, 16 * PAGE), 0);
}

/* What is the runner's own must not be had. */
static void ours(void)
{
	char *heap = malloc(200000);
	gaddr page = h2g(heap) & -PAGE;
	int stack;

	SAME(space_mmap(h2g(&stack) & -PAGE, PAGE, RW, AT, -1, 0, NULL), -12);
	SAME(space_mmap(page - 16 * PAGE, 64 * PAGE, RW, AT, -1, 0, NULL), -12);
	SAME(space_mmap(h2g(ours) & -PAGE, PAGE, RW, AT, -1, 0, NULL), -12);
	SAME(space_munmap(page, 200000), 0);
	memset(heap, 1, 200000);
	free(heap);
}

static void moves(void)
{
	gaddr a = space_mmap(0, 16 * PAGE, RW, ANON, -1, 0, NULL), b, c;

	memset(g2h(a), 3, 16 * PAGE);
	b = space_mremap(a, 16 * PAGE, 64 * PAGE, 1, 0);
	SAME(((char *)g2h(b))[16 * PAGE - 1], 3);
	memset(g2h(b), 1, 64 * PAGE);
	SAME(space_mremap(b, 64 * PAGE, PAGE, 0, 0), b);
	SAME(space_check(b, 2 * PAGE, 0), false);
	c = space_mremap(b, PAGE, PAGE, 3, 0x20000000);
	SAME(c, 0x20000000);
	SAME(space_check(b, 1, 0), false);
	SAME(space_munmap(c, PAGE), 0);
}

static void breaks(void)
{
	space_set_brk(0x30001000);
	SAME(space_brk(0), 0x30001000);
	SAME(space_brk(0x30010000), 0x30010000);
	SAME(space_brk(0x30008001), 0x30008001);
	SAME(space_brk(0x30020000), 0x30020000);
	memset(g2h(0x30001000), 1, 0x1f000);
	SAME(space_mmap(0x30020000, PAGE, RW, AT_FREE, -1, 0, "in the way"), 0x30020000);
	SAME(space_brk(0x30030000), 0x30020000);
}

static void copies(void)
{
	char pattern[600], got[600], text[8];

	SAME(copy_in(got, 0x30040000, 10), -14);
	SAME(copy_in(got, 0x30021000 - 4, 10), -14);
	SAME(copy_in(got, 0x30021000 - 4, 4), 0);
	SAME(copy_out(0xdeadbeefdeadbeef, got, 300), -14);
	SAME(copy_out(0x30001000, "hello", 6), 0);
	SAME(copy_in_str(text, 0x30001000, 6), 5);
	SAME(copy_in_str(text, 0x30001000, 5), -36);
	SAME(copy_in_str(text, 8, 5), -14);
	for (unsigned i = 0; i < sizeof pattern; i++)
		pattern[i] = i * 7;
	for (unsigned n = 0; n < sizeof pattern; n++) {
		memset(got, 9, sizeof got);
		SAME(copy_out(0x30001000, pattern, n), 0);
		SAME(copy_in(got, 0x30001000, n), 0);
		SAME(memcmp(got, pattern, n), 0);
		SAME(got[n], 9);
	}
}

/* Random calls on a window, whose pages a byte each remembers: 0 unmapped, else 1 + protection. */
static void random_calls(void)
{
	enum { PAGES = 512, CALLS = 20000 };
	static u8 page[PAGES];
	gaddr base = space_mmap(0, PAGES * PAGE, 0, ANON, -1, 0, NULL);

	memset(page, 1, sizeof page);
	for (unsigned i = 0; i < CALLS; i++) {
		unsigned at = rand() % PAGES, n = 1 + rand() % MIN(20, PAGES - at),
			 prot = rand() % 4, k = 0;
		gaddr a = base + at * PAGE;

		switch (rand() % 3) {
		case 0:
			SAME(space_munmap(a, n * PAGE), 0);
			memset(page + at, 0, n);
			break;
		case 1:
			SAME(space_mmap(a, n * PAGE, prot, AT, -1, 0, NULL), a);
			memset(page + at, 1 + prot, n);
			break;
		case 2:
			while (k < n && page[at + k])
				k++;
			SAME(space_mprotect(a, n * PAGE, prot), k == n ? 0 : -12);
			memset(page + at, 1 + prot, k);
			break;
		}
		for (unsigned j = 0; i % 100 == 0 && j < PAGES; j++) {
			SAME(space_check(base + j * PAGE, PAGE, 0), page[j] != 0);
			if (page[j])
				SAME(space_check(base + j * PAGE, PAGE, page[j] - 1), true);
		}
	}
}

int main(int argc, char **argv)
{
	struct sigaction fault = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
	u64 reserved = argc > 1 ? 1ull << 32 : 0, base = 0;

	sigaction(SIGSEGV, &fault, NULL);
	if (reserved)
		base = (u64)mmap(NULL, reserved, PROT_NONE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	space_init(reserved ? 32 : 48, PAGE, base, reserved);
	space_on_exec_change = exec_change;
	protections();
	if (!reserved)
		ours();
	moves();
	breaks();
	copies();
	random_calls();
	if (!failures)
		puts("ok");
	return failures != 0;
}
