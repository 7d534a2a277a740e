/*
 * A program to be counted and profiled; the argument says what it does.
 *
 *	loop      a hot loop in its main()
 *	fault     50 faults, each caught and stepped over
 *	code      5 functions made at run time, one after the other in one place
 *	fma       a fused multiply-add
 *	fork      the child has a hot loop
 *	thread    ends by exit(2), not exit_group(2)
 *	die       ends by a signal that dumps core
 */
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static sigjmp_buf env;

static void on_fault(int sig)
{
	siglongjmp(env, 1);
}

static void faults(void)
{
	volatile int n = 0;

	signal(SIGSEGV, on_fault);
	while (n < 50) {
		if (!sigsetjmp(env, 1))
			*(volatile int *)0 = 0;
		n++;
	}
}

__attribute__((noinline)) long child_work(long n)
{
	volatile long sum = 0;

	for (long k = 0; k < n; k++)
		sum += k ^ sum;
	return sum;
}

static void new_code(void)
{
	/* mov w0, #n; ret */
	unsigned *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (unsigned n = 0; n < 5; n++) {
		p[0] = 0x52800000 | n << 5;
		p[1] = 0xd65f03c0;
		__builtin___clear_cache((char *)p, (char *)(p + 2));
		if (((unsigned (*)(void))p)() != n)
			exit(9);
	}
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	volatile long sum = 0;

	if (!strcmp(what, "loop")) {
		for (long k = 0; k < 3000000; k++)
			sum += k ^ sum;
	} else if (!strcmp(what, "fault")) {
		faults();
	} else if (!strcmp(what, "code")) {
		new_code();
	} else if (!strcmp(what, "fma")) {
		volatile double x = 3;

		x = __builtin_fma(x, x, x);
		return x != 12;
	} else if (!strcmp(what, "fork")) {
		if (fork() == 0)
			_exit(child_work(100000) & 0);
		wait(NULL);
	} else if (!strcmp(what, "thread")) {
		syscall(SYS_exit, 3);
	} else if (!strcmp(what, "die")) {
		setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
		raise(SIGABRT);
	}
	return 0;
}
