/*
 * Memory copy and set instructions: against memmove and memset with every overlap and around page
 * boundaries, and with a fault in the middle, whose handler makes the page accessible and goes on.
 */
#include "../test.h"

#include <sys/auxv.h>

enum { PAGE = 4096, SIZE = 3 * PAGE };

static uint8_t *buf, *want;
static volatile int faults;
static volatile int code_at_fault;
static volatile uintptr_t fault_address;

struct regs { uint64_t d, s, n, nzcv; };

#define CPY(name, p, m, e)                                                                      \
	static struct regs name(void *d, const void *s, uint64_t n)                             \
	{                                                                                       \
		register uint64_t x0 asm("x0") = (uint64_t)d, x1 asm("x1") = (uint64_t)s;       \
		register uint64_t x2 asm("x2") = n, x3 asm("x3");                               \
												\
		asm volatile(".arch armv8.6-a+mops\n cmp x2, x2\n"                              \
			     p " [x0]!, [x1]!, x2!\n" m " [x0]!, [x1]!, x2!\n"                  \
			     e " [x0]!, [x1]!, x2!\n mrs x3, nzcv\n"                            \
			     : "+r"(x0), "+r"(x1), "+r"(x2), "=r"(x3) : : "memory", "cc");      \
		return (struct regs){ x0, x1, x2, x3 };                                         \
	}
CPY(cpy, "cpyp", "cpym", "cpye")
CPY(cpyf, "cpyfp", "cpyfm", "cpyfe")
CPY(cpyn, "cpypwtn", "cpymwtn", "cpyewtn")
CPY(cpyfn, "cpyfprtrn", "cpyfmrtrn", "cpyfertrn")

static struct regs set(void *d, uint64_t n, uint64_t v)
{
	register uint64_t x0 asm("x0") = (uint64_t)d, x1 asm("x1") = v;
	register uint64_t x2 asm("x2") = n, x3 asm("x3");

	asm volatile(".arch armv8.6-a+mops\n cmp x2, x2\n setp [x0]!, x2!, x1\n setm [x0]!, x2!, x1\n"
		     "sete [x0]!, x2!, x1\n mrs x3, nzcv\n"
		     : "+r"(x0), "+r"(x1), "+r"(x2), "=r"(x3) : : "memory", "cc");
	return (struct regs){ x0, x1, x2, x3 };
}

static struct regs set_zero(void *d, uint64_t n)
{
	register uint64_t x0 asm("x0") = (uint64_t)d;
	register uint64_t x2 asm("x2") = n, x3 asm("x3");

	asm volatile(".arch armv8.6-a+mops\n setptn [x0]!, x2!, xzr\n setmtn [x0]!, x2!, xzr\n"
		     "setetn [x0]!, x2!, xzr\n mrs x3, nzcv\n"
		     : "+r"(x0), "+r"(x2), "=r"(x3) : : "memory", "cc");
	return (struct regs){ x0, 0, x2, x3 };
}

static void fill(void)
{
	for (int i = 0; i < SIZE; i++)
		buf[i] = want[i] = i * 7 + i / 251;
}

static int bad, done;

static void check(struct regs r, uint64_t d, uint64_t s)
{
	done++;
	bad += memcmp(buf, want, SIZE) || r.d != d || r.s != s || r.n || r.nzcv;
}

typedef struct regs copy_fn(void *, const void *, uint64_t);

static void copies(const char *name, copy_fn *fn, int forward_only)
{
	static const int sizes[] = { 0, 1, 2, 3, 7, 8, 15, 16, 31, 64, 100, 1000, 4095, 4096, 4097, 5000 };
	static const int places[] = { 0, 1, 5, 17, 63, 300, 4000, 4090, 4095, 4096, 4097, 5001 };

	bad = done = 0;
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		for (size_t j = 0; j < 12; j++)
			for (size_t k = 0; k < 12; k++) {
				int n = sizes[i], d = places[j], s = places[k];
				int backward = !forward_only && d > s && d < s + n;

				if (forward_only && d > s && d < s + n)
					continue;
				fill();
				memmove(want + d, want + s, n);
				check(fn(buf + d, buf + s, n), (uint64_t)buf + d + (backward ? 0 : n),
				      (uint64_t)buf + s + (backward ? 0 : n));
			}
	printf("%s: %d of %d wrong\n", name, bad, done);
}

static void sets(void)
{
	bad = done = 0;
	for (int n = 0; n < 5000; n += 1 + n / 3)
		for (int d = 0; d < 4200; d += 1 + d / 2) {
			fill();
			memset(want + d, 0xa5, n);
			check(set(buf + d, n, 0xffffff00000000a5), (uint64_t)buf + d + n, 0xffffff00000000a5);
			fill();
			memset(want + d, 0, n);
			check(set_zero(buf + d, n), (uint64_t)buf + d + n, 0);
		}
	printf("set: %d of %d wrong\n", bad, done);
}

static void on_segv(int sig, siginfo_t *si, void *context)
{
	(void)sig, (void)context;
	faults++;
	fault_address = (uintptr_t)si->si_addr;
	code_at_fault = si->si_code;
	mprotect((void *)(fault_address & -PAGE), PAGE, PROT_READ | PROT_WRITE);
}

static void fault_report(const char *name)
{
	printf("%s: faults %d, code %d, page %d, wrong %d\n", name, faults, code_at_fault,
	       (int)(fault_address - (uintptr_t)buf) / PAGE, bad);
	faults = bad = 0;
}

static void close_page(int page)
{
	mprotect(buf + page * PAGE, PAGE, PROT_NONE);
}

static void faulting(void)
{
	struct sigaction sa = { .sa_sigaction = on_segv, .sa_flags = SA_SIGINFO };

	sigaction(SIGSEGV, &sa, 0);
	fill();
	memmove(want + 100, want + 5000, 6000);
	close_page(1);
	check(cpy(buf + 100, buf + 5000, 6000), (uint64_t)buf + 6100, (uint64_t)buf + 11000);
	fault_report("forward copy, source");

	fill();
	memmove(want + 100, want + 105, 7000);
	close_page(1);
	check(cpy(buf + 100, buf + 105, 7000), (uint64_t)buf + 7100, (uint64_t)buf + 7105);
	fault_report("forward copy onto itself");

	fill();
	memmove(want + 103, want + 100, 7000);
	close_page(0);
	check(cpy(buf + 103, buf + 100, 7000), (uint64_t)buf + 103, (uint64_t)buf + 100);
	fault_report("backward copy onto itself");

	fill();
	memmove(want + 3, want + 7000, 4500);
	mprotect(buf + PAGE, PAGE, PROT_NONE);
	check(cpyf(buf + 3, buf + 7000, 4500), (uint64_t)buf + 4503, (uint64_t)buf + 11500);
	fault_report("destination");

	fill();
	memset(want + 10, 9, 9000);
	close_page(2);
	check(set(buf + 10, 9000, 9), (uint64_t)buf + 9010, 9);
	fault_report("set");
}

/* More than the emulator may do in one go, while signals come. */
static volatile int ticks;
static void on_alarm(int sig)
{
	(void)sig;
	ticks++;
}

static void large(void)
{
	size_t size = 64 << 20;
	uint8_t *big = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct timespec ns = { 0, 1000000 };
	struct itimerspec it = { ns, ns };
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };
	timer_t timer;
	int wrong = 0;

	signal(SIGALRM, on_alarm);
	timer_create(CLOCK_MONOTONIC, &ev, &timer);
	timer_settime(timer, 0, &it, 0);
	set(big, size, 0x5a);
	for (int i = 0; i < 4; i++)
		cpy(big + 1, big, size - 1);
	big[0] = 1;
	cpy(big + 3, big, size - 3);
	timer_delete(timer);
	for (size_t i = 0; i < size; i++)
		wrong += big[i] != (i == 0 || i == 3 ? 1 : 0x5a);
	printf("large: wrong %d, interrupted %d\n", wrong, ticks > 2);
}

int main(void)
{
	printf("mops %d\n", (int)(getauxval(AT_HWCAP2) >> 43 & 1));
	buf = mmap(0, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	want = malloc(SIZE);
	copies("copy", cpy, 0);
	copies("copy, unprivileged and non-temporal", cpyn, 0);
	copies("forward copy", cpyf, 1);
	copies("forward copy, unprivileged and non-temporal", cpyfn, 1);
	sets();
	faulting();
	large();
	return 0;
}
