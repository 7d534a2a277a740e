/*
 * Pointers with a tag in their top byte: loads, stores, atomics and jumps ignore it; system calls
 * do so only for a thread that has asked (Documentation/arch/arm64/tagged-address-abi.rst).
 * Addresses that are none fault, and the handler is told which it was.
 */
#include "../test.h"

#include <pthread.h>
#include <linux/futex.h>
#include <linux/mempolicy.h>
#include <setjmp.h>
#include <sys/prctl.h>
#include <sys/uio.h>

static sigjmp_buf back;
static volatile uintptr_t at;
static volatile int signo, code;

static void on_fault(int sig, siginfo_t *si, void *uc)
{
	(void)uc;
	signo = sig;
	code = si->si_code;
	at = (uintptr_t)si->si_addr;
	siglongjmp(back, 1);
}

static void *tag(const volatile void *p, uint64_t byte)
{
	return (void *)((uintptr_t)p | byte << 56);
}

static void wild(uintptr_t a)
{
	if (sigsetjmp(back, 1) == 0) {
		asm volatile("ldr x6, [%0, #8]" : : "r"(a) : "x6");
		puts("loaded");
	} else {
		printf("load: signal %d code %d at %" PRIxPTR "\n", signo, code, at);
	}
	if (sigsetjmp(back, 1) == 0) {
		asm volatile("mov x7, %0\n stp x6, x6, [x7, #-16]!" : : "r"(a) : "x6", "x7", "memory");
		puts("stored");
	} else {
		printf("store: signal %d code %d at %" PRIxPTR "\n", signo, code, at);
	}
}

static void wild_ones(void)
{
	wild(0x0001234567890000);
	wild(0x7b12345678900000);
	wild(0x00ff234567890000);
	wild(0x7b80ffffffff0000);
	wild(0x8000000000000000);
	wild(0);
}

static uint64_t data[64] __attribute__((aligned(64)));

/* Many accesses of every kind; `rounds` decides whether the runner takes notice. */
static uint64_t accesses(volatile uint64_t *p, int rounds)
{
	uint64_t sum = 0, old = 3;

	for (int i = 0; i < 64; i++)
		data[i] = i;
	for (int r = 0; r < rounds; r++)
		for (int i = 0; i < 64; i++) {
			p[i] += r;
			((volatile uint8_t *)p)[i] += 3;
			sum = sum * 3 + ((volatile uint32_t *)p)[63 - i];
		}
	sum += __atomic_fetch_add(p, 5, __ATOMIC_SEQ_CST);
	__atomic_store_n(p + 1, 77, __ATOMIC_RELEASE);
	__atomic_compare_exchange_n(p + 3, &old, 9, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	sum += old + __atomic_load_n(p + 1, __ATOMIC_ACQUIRE);
	memcpy((void *)(p + 10), (void *)(p + 1), 64);
	memset((void *)(p + 20), 7, 100);
	((volatile uint8_t *)p)[300] = 0;
	sum += strlen((char *)(p + 20)) + p[12];
	asm volatile("ld1 {v0.16b, v1.16b}, [%1]\n st2 {v0.4s, v1.4s}, [%1]\n ldp q2, q3, [%1, #32]\n"
		     "stp q3, q2, [%1, #32]\n dc zva, %2\n ldr d4, [%1, %3, lsl #3]\n fmov %0, d4"
		     : "=r"(old) : "r"(p), "r"(p + 56), "r"(5L) : "v0", "v1", "v2", "v3", "v4", "memory");
	sum += old;
	for (int i = 0; i < 64; i++)
		sum = sum * 5 + data[i];
	return sum;
}

static int three(void)
{
	return 3;
}

static int in_pipe(int fd[2], const void *p)
{
	return write(fd[1], p, 3);
}

static void *thread(void *arg)
{
	CALL(in_pipe(arg, tag("xyz", 9)));
	return 0;
}

static void calls(const char *what)
{
	static char in[8];
	struct iovec v[2] = { { tag("ab", 1), 2 }, { tag("cd", 2), 2 } };
	static const struct timespec no_time;
	struct f_owner_ex owner;
	struct timespec ts;
	static int word = 1;
	pthread_t t;
	int fd[2];

	puts(what);
	pipe(fd);
	CALL(in_pipe(fd, "abc"));
	CALL(in_pipe(fd, tag("def", 0x12)));
	CALL(writev(fd[1], tag(v, 3), 2));
	CALL(read(fd[0], tag(in, 0x34), 7));
	CALL(access(tag("/", 0x56), F_OK));
	CALL(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, tag(&ts, 4)));
	CALL(syscall(SYS_futex, tag(&word, 5), FUTEX_WAIT, 1, tag(&no_time, 6)));
	CALL(fcntl(fd[0], F_GETOWN_EX, tag(&owner, 7)));
	pthread_create(&t, 0, thread, fd);
	pthread_join(t, 0);
	close(fd[0]);
	close(fd[1]);
}

/* The calls that manage memory ignore tags always, but where they choose an address. */
static void managing(const char *what)
{
	const int rw = PROT_READ | PROT_WRITE, how = MAP_PRIVATE | MAP_ANONYMOUS;
	char *p = mmap(0, 8 * 4096, rw, how, -1, 0), *q;
	unsigned char in[2];
	int policy;

	puts(what);
	p[0] = p[4096] = 7;
	CALL(mprotect(tag(p, 1), 4096, PROT_READ));
	CALL(madvise(tag(p + 4096, 0x80), 4096, MADV_DONTNEED));
	VALUE(p[4096]);
	CALL(mincore(tag(p, 3), 8192, in));
	CALL(mlock(tag(p, 4), 4096));
	CALL(munlock(tag(p, 5), 4096));
	CALL(syscall(SYS_mlock2, tag(p, 6), 4096, 0));
	CALL(msync(tag(p, 7), 4096, MS_ASYNC));
	CALL(syscall(SYS_get_mempolicy, &policy, 0, 0, tag(p, 8), MPOL_F_ADDR));
	CALL(syscall(SYS_mbind, tag(p, 9), 4096, 0, 0, 0, 0));
	q = mremap(tag(p + 4 * 4096, 10), 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, p + 6 * 4096);
	IS(q == p + 6 * 4096);
	CALL(mremap(p, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, tag(p + 4 * 4096, 11)));
	CALL(mmap(tag(p + 5 * 4096, 12), 4096, rw, how | MAP_FIXED, -1, 0));
	CALL(munmap(tag(p, 0xff), 8 * 4096));
	CALL(mprotect(p, 4096, PROT_READ));
	CALL(munmap(tag(p, 0x40) + 1, 4096));
}

int main(void)
{
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
	int (*volatile f)(void) = tag(three, 0x5a);

	sigaction(SIGSEGV, &sa, 0);
	sigaction(SIGBUS, &sa, 0);
	wild_ones();
	IS(accesses(tag(data, 1), 0) == accesses(data, 0));
	IS(accesses(tag(data, 0xab), 50) == accesses(data, 50));
	IS(accesses(tag(data, 0xff), 50) == accesses(data, 50));
	wild_ones();
	IS(f() == 3);

	CALL(prctl(PR_GET_TAGGED_ADDR_CTRL, 0, 0, 0, 0));
	CALL(prctl(PR_GET_TAGGED_ADDR_CTRL, 1, 0, 0, 0));
	calls("not asked for:");
	managing("nor these:");
	CALL(prctl(PR_SET_TAGGED_ADDR_CTRL, PR_TAGGED_ADDR_ENABLE, 1, 0, 0));
	CALL(prctl(PR_SET_TAGGED_ADDR_CTRL, 1 << 20, 0, 0, 0));
	CALL(prctl(PR_SET_TAGGED_ADDR_CTRL, PR_TAGGED_ADDR_ENABLE, 0, 0, 0));
	CALL(prctl(PR_GET_TAGGED_ADDR_CTRL, 0, 0, 0, 0));
	calls("asked for:");
	managing("the same:");
	CALL(prctl(PR_SET_TAGGED_ADDR_CTRL, 0, 0, 0, 0));
	CALL(prctl(PR_GET_TAGGED_ADDR_CTRL, 0, 0, 0, 0));
	calls("no longer:");
	return 0;
}
