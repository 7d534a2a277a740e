/*
 * Threads as the kernel sees them: tids, futexes of every kind, robust lists, exec and exit of a
 * process with several threads, signals to one thread.
 */
#include "test.h"
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>

static atomic_int word, other_word, woken, where;
static pthread_mutex_t robust;
static atomic_long tids[2];
static pthread_t main_thread;

static long futex(atomic_int *address, int operation, int value, void *timeout, void *second,
	int third)
{
	return syscall(SYS_futex, address, operation, value, timeout, second, third);
}

static void *sleeper(void *argument)
{
	while (futex(&word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0) < 0 && errno == EINTR)
		;
	atomic_fetch_add(&woken, 1);
	return NULL;
}

static void *die_holding(void *argument)
{
	pthread_mutex_lock(&robust);
	return NULL;
}

static void *say_tid(void *argument)
{
	tids[1] = syscall(SYS_gettid);
	IS(getpid() == (pid_t)(long)argument);
	return NULL;
}

static void handler(int number)
{
	where = pthread_equal(pthread_self(), main_thread) ? 1 : 2;
}

static void *receive(void *argument)
{
	while (!where)
		usleep(1000);
	return NULL;
}

static void *end_all(void *argument)
{
	_exit(21);
}

static void *exec_all(void *argument)
{
	execl("/bin/sh", "sh", "-c", "exit 22", (char *)NULL);
	_exit(1);
}

static void *hold_on(void *argument)
{
	for (;;)
		pause();
	return NULL;
}

static void *spin_on(void *argument)
{
	for (;;)
		__asm__ volatile("");
	return NULL;
}

/* A child with a sleeping, a spinning and an acting thread: all must be gone at the end. */
static void whole_process(const char *what, void *(*act)(void *))
{
	pthread_t thread;
	pid_t child = fork();

	if (child == 0) {
		pthread_create(&thread, NULL, hold_on, NULL);
		pthread_create(&thread, NULL, spin_on, NULL);
		pthread_create(&thread, NULL, act, NULL);
		for (;;)
			pause();
	}
	test_reap(what, child);
}

static void futexes(void)
{
	struct timespec soon = { 0, 10000000 }, bad = { 0, -1 };
	pthread_t threads[8];

	CALL(futex(&word, FUTEX_WAIT, 1, NULL, NULL, 0));
	CALL(futex(&word, FUTEX_WAIT, 0, &soon, NULL, 0));
	CALL(futex(&word, FUTEX_WAIT, 0, &bad, NULL, 0));
	CALL(futex(&word, FUTEX_WAKE, 1, NULL, NULL, 0));
	CALL(futex((atomic_int *)8, FUTEX_WAIT, 0, NULL, NULL, 0));
	CALL(futex((atomic_int *)((char *)&word + 1), FUTEX_WAIT, 0, NULL, NULL, 0));
	CALL(futex(&word, 99, 0, NULL, NULL, 0));
	for (int i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, sleeper, NULL);
	/* Moved from the word to itself, those who wait are counted. */
	while (futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 0, (void *)100L, &word, 0) < 8)
		test_sleep_ms(1);
	CALL(futex(&word, FUTEX_WAKE_PRIVATE, 3, NULL, NULL, 0));
	CALL(futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)4L, &other_word, 1));
	CALL(futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)4L, &other_word, 0));
	CALL(futex(&other_word, FUTEX_WAKE_PRIVATE, 100, NULL, NULL, 0));
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	VALUE(woken);
	CALL(futex(&word, FUTEX_WAKE_OP_PRIVATE, 1, (void *)1L, &other_word,
		FUTEX_OP(FUTEX_OP_ADD, 5, FUTEX_OP_CMP_EQ, 0)));
	VALUE(other_word);
	CALL(futex(&word, FUTEX_WAIT_BITSET, 0, &soon, NULL, -1));
	CALL(futex(&word, FUTEX_WAIT_BITSET, 0, &soon, NULL, 0));
	CALL(futex(&word, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0));
	IS(word == syscall(SYS_gettid));
	CALL(futex(&word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0));
	CALL(futex(&word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0));
}

int main(void)
{
	struct sigaction action = { .sa_handler = handler };
	pthread_mutexattr_t attributes;
	pthread_t thread;

	test_begin();
	main_thread = pthread_self();
	tids[0] = syscall(SYS_gettid);
	IS(tids[0] == getpid());
	pthread_create(&thread, NULL, say_tid, (void *)(long)getpid());
	pthread_join(thread, NULL);
	IS(tids[1] != tids[0] && tids[1] > 0);
	CALL(syscall(SYS_tgkill, getpid(), 0x3ffffff, 0));
	CALL(syscall(SYS_tgkill, getpid(), getpid(), 0));
	CALL(syscall(SYS_tgkill, -1, getpid(), 0));
	futexes();

	/* A lock whose holder died is found, marked, and can be mended. */
	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&robust, &attributes);
	pthread_create(&thread, NULL, die_holding, NULL);
	pthread_join(thread, NULL);
	IS(pthread_mutex_lock(&robust) == EOWNERDEAD);
	CALL(pthread_mutex_consistent(&robust));
	CALL(pthread_mutex_unlock(&robust));

	/* A signal to one thread runs there. */
	sigaction(SIGUSR1, &action, NULL);
	pthread_create(&thread, NULL, receive, NULL);
	CALL(pthread_kill(thread, SIGUSR1));
	pthread_join(thread, NULL);
	VALUE(where);

	whole_process("exit_group", end_all);
	whole_process("exec", exec_all);

	/* fork in a process with threads leaves one. */
	pthread_create(&thread, NULL, hold_on, NULL);
	fflush(stdout);
	{
		pid_t child = fork();

		if (child == 0) {
			pthread_create(&thread, NULL, say_tid, (void *)(long)getpid());
			pthread_join(thread, NULL);
			_exit(0);
		}
		test_reap("fork with threads", child);
	}
	return 0;
}
