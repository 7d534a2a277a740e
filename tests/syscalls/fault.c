/* Faults: number, code and address of what a handler is told, and what unhandled ones do. */
#include "test.h"
#include <setjmp.h>

static sigjmp_buf back;
static volatile int seen_signal, seen_code;
static void *volatile seen_address;
static size_t page;
static int *volatile low = (int *)8;

static void handler(int number, siginfo_t *info, void *context)
{
	seen_signal = number;
	seen_code = info->si_code;
	seen_address = info->si_addr;
	siglongjmp(back, 1);
}

#define FAULT(what, address, access) do { \
	seen_signal = 0; \
	if (sigsetjmp(back, 1) == 0) { access; } \
	printf("%s: signal %d code %d address %s\n", what, seen_signal, seen_code, \
		seen_address == (void *)(address) ? "right" : "WRONG"); \
} while (0)

static void unhandled(const char *what, void (*action)(void))
{
	pid_t child = fork();

	if (child == 0) {
		int quiet = open("/dev/null", O_WRONLY);

		for (int n = 1; n < 32; n++)
			signal(n, SIG_DFL);
		dup2(quiet, 2);
		action();
		_exit(0);
	}
	test_reap(what, child);
}

static void read_null(void) { volatile int value = *low; (void)value; }
static void abort_it(void) { abort(); }
static void kill_it(void) { kill(getpid(), SIGKILL); }
static void term_it(void) { kill(getpid(), SIGTERM); }
static void ignored(void) { kill(getpid(), SIGCHLD); }
static void blocked_fault(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	*low = 1;
}
static void ignored_fault(void)
{
	signal(SIGSEGV, SIG_IGN);
	*low = 1;
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
	char *p, *q;
	int fd;

	test_begin();
	page = sysconf(_SC_PAGESIZE);
	for (int n = 4; n <= 11; n++)
		if (n != SIGKILL)
			sigaction(n, &action, NULL);

	p = mmap(NULL, 4 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mprotect(p + page, page, PROT_NONE);
	mprotect(p + 2 * page, page, PROT_READ);
	munmap(p + 3 * page, page);
	FAULT("read unmapped", p + 3 * page + 5, *(volatile char *)(p + 3 * page + 5));
	FAULT("write unmapped", p + 3 * page, *(volatile char *)(p + 3 * page) = 1);
	FAULT("read PROT_NONE", p + page + 8, *(volatile long *)(p + page + 8));
	FAULT("write PROT_NONE", p + page + 8, *(volatile long *)(p + page + 8) = 1);
	FAULT("write read-only", p + 2 * page + 4, *(volatile int *)(p + 2 * page + 4) = 1);
	FAULT("straddle", p + page, *(volatile double *)(p + page - 4) = 1);
	VALUE(*(volatile uint32_t *)(p + page - 4));
	FAULT("null", 8, read_null());
	FAULT("jump to null", 0, ((void (*)(void))0)());
	FAULT("jump to data", p, ((void (*)(void))p)());
	FAULT("jump to unmapped", p + 3 * page, ((void (*)(void))(p + 3 * page))());

	fd = open("short", O_CREAT | O_RDWR, 0600);
	q = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	FAULT("past the end of a file", q + page, *(volatile char *)(q + page));
	mprotect(p, page, PROT_READ);
	FAULT("after mprotect", p, *(volatile char *)p = 1);
	FAULT("memcpy into PROT_NONE", p + page, memcpy(p + page, "x", 1));

	unhandled("read of null", read_null);
	unhandled("abort", abort_it);
	unhandled("kill", kill_it);
	unhandled("term", term_it);
	unhandled("ignored by default", ignored);
	unhandled("blocked fault", blocked_fault);
	unhandled("ignored fault", ignored_fault);
	return 0;
}
