/*
 * What every program of this directory shares.
 *
 * A program makes the calls of one family and prints what came of them, in lines that are the
 * same on every Linux machine: results, names of errors, side effects; never addresses, process
 * numbers or times.  It is built natively and for the guest, and the two outputs must be equal,
 * so the kernel itself is what says which answer is right.  Where machines differ on purpose
 * (registers of a signal frame), the program compares with what its own machine must show, and
 * prints the verdict.
 */
#ifndef TEST_H
#define TEST_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#define _LARGEFILE64_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What not every C library knows. */
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif
/* Where a long has 32 bits, times of 64 came later, and had other calls. */
#ifndef SYS_clock_gettime
#define SYS_clock_gettime SYS_clock_gettime64
#define SYS_clock_getres SYS_clock_getres_time64
#endif
#ifndef SYS_clock_nanosleep
#define SYS_clock_nanosleep SYS_clock_nanosleep_time64
#endif

#ifndef __GLIBC__
static inline const char *strerrorname_np(int error)
{
	static const char *const names[] = {
#define E(name, nr, text) [nr] = #name,
#include "../../base/errno.def"
#undef E
	};

	return error > 0 && error < (int)(sizeof names / sizeof *names) ? names[error] : NULL;
}
#endif

/* Print a call and its result; -1 is shown as the name of the error.  Yields the result. */
#define CALL(expression) show(#expression, (errno = 0, (long)(expression)))

/* The same where a result that is no error may differ from machine to machine. */
#define WORKS(expression) works(#expression, (errno = 0, (long)(expression)))

/* Print a fact that must be the same everywhere. */
#define IS(expression) printf("%s: %s\n", #expression, (expression) ? "yes" : "NO")
#define VALUE(expression) printf("%s: %lld\n", #expression, (long long)(expression))

static inline long show(const char *what, long result)
{
	int error = errno;

	if (result == -1 && error)
		printf("%s = %s\n", what, strerrorname_np(error));
	else
		printf("%s = %ld\n", what, result);
	errno = error;
	return result;
}

static inline long works(const char *what, long result)
{
	int error = errno;

	printf("%s: %s\n", what, result == -1 ? strerrorname_np(error) : "works");
	errno = error;
	return result;
}

/*
 * Go to a fresh directory, which is removed at the end of the main process; end after a quarter of an
 * hour rather than hang.
 */
static char test_directory[64];
static pid_t test_pid;

static inline void test_end(void)
{
	char command[128];

	if (getpid() != test_pid)
		return;
	fflush(stdout);
	snprintf(command, sizeof(command), "/bin/rm -rf %s", test_directory);
	if (system(command) != 0)
		fprintf(stderr, "%s is left behind\n", test_directory);
}

static inline void test_begin(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	alarm(900);
	test_pid = getpid();
	strcpy(test_directory, "/tmp/dragoman-XXXXXX");
	if (!mkdtemp(test_directory) || chdir(test_directory) < 0) {
		perror(test_directory);
		exit(1);
	}
	atexit(test_end);
	umask(022);
}

static inline double test_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

static inline void test_sleep_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		;
}

/*
 * Wait until a process of one thread sleeps in a call: from then on a signal interrupts that call.  A
 * sleep of some length here would hope that the other was faster, which on a busy machine it is not.
 */
static inline void test_until_asleep(pid_t pid)
{
	char name[32], state = 0;
	FILE *file;

	snprintf(name, sizeof(name), "/proc/%d/stat", (int)pid);
	while (state != 'S') {
		file = fopen(name, "r");
		if (!file || fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
			_exit(99);
		fclose(file);
		test_sleep_ms(1);
	}
}

/* Wait for a child and say how it ended. */
static inline void test_reap(const char *what, pid_t child)
{
	int status = 0;

	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status))
		printf("%s: exit %d\n", what, WEXITSTATUS(status));
	else
		printf("%s: signal %d\n", what, WTERMSIG(status));
}

#endif
