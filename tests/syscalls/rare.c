/*
 * Calls that few programs make: sealing, locking all, parts of files, the second futex interface,
 * tracing.
 */
#include "test.h"
#include <linux/futex.h>
#include <pthread.h>
#include <sys/ioctl.h>

#ifndef SYS_mseal
#define SYS_mseal 462
#endif
enum {
	FUTEX_WAKE_2 = 454,
	FUTEX_WAIT_2,
	FUTEX_REQUEUE_2,
	SIZE_U32 = 2,
	PRIVATE = 128,
	WAITV = 449
};

static void sealing(void)
{
	char *p = mmap(NULL, 12288, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (CALL(syscall(SYS_mseal, p, 8192, 0)) < 0)
		return;
	CALL(syscall(SYS_mseal, p, 8192, 1));
	CALL(syscall(SYS_mseal, p + 1, 4096, 0));
	CALL(munmap(p, 4096));
	CALL(mprotect(p, 12288, PROT_READ));
	CALL(mmap(p, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	CALL(mremap(p, 8192, 4096, 0));
	p[0] = 1;
	CALL(munmap(p + 8192, 4096));
}

static void locking(void)
{
	unsigned char in_core[16] = { 0 };
	char *p;

	CALL(mlockall(0));
	CALL(mlockall(64));
	CALL(mlockall(MCL_FUTURE));
	p = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CALL(mincore(p, 65536, in_core));
	IS(in_core[0] & 1 && in_core[15] & 1);
	CALL(mlockall(MCL_CURRENT));
	CALL(munlockall());
	munmap(p, 65536);
	p = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CALL(mincore(p, 65536, in_core));
	IS(!(in_core[0] & 1) && !(in_core[15] & 1));
}

static void parts_of_a_file(void)
{
	int file = open("parts", O_RDWR | O_CREAT, 0600);
	char *p;

	ftruncate(file, 4 * 4096);
	for (int i = 0; i < 4; i++)
		pwrite(file, &"abcd"[i], 1, i * 4096);
	p = mmap(NULL, 4 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	CALL(remap_file_pages(p, 4096, 0, 3, 0));
	CALL(remap_file_pages(p + 3 * 4096, 4096, 0, 0, 0));
	printf("%c%c%c%c\n", p[0], p[4096], p[8192], p[3 * 4096]);
	CALL(remap_file_pages(p, 4096, PROT_READ, 3, 0));
	CALL(munmap(p, 4 * 4096));
	CALL(remap_file_pages(p, 4096, 0, 3, 0));
	close(file);
}

static uint32_t word[2];

static void *waiter(void *argument)
{
	return (void *)syscall(FUTEX_WAIT_2, &word[0], 0, 0xffffffffull, SIZE_U32 | PRIVATE, NULL, 0);
}

static void futexes(void)
{
	struct { uint64_t val, uaddr; uint32_t flags, reserved;
	} two[2] = {
		{ 0, (uintptr_t)&word[0], SIZE_U32 | PRIVATE, 0 },
		{ 0, (uintptr_t)&word[1], SIZE_U32 | PRIVATE, 0 },
	};
	struct timespec now;
	pthread_t thread;
	void *result;
	long woken;

	CALL(syscall(FUTEX_WAIT_2, &word[0], 1, 0xffffffffull, SIZE_U32 | PRIVATE, NULL, 0));
	CALL(syscall(FUTEX_WAIT_2, &word[0], 0, 0, SIZE_U32 | PRIVATE, NULL, 0));
	clock_gettime(CLOCK_MONOTONIC, &now);
	CALL(syscall(FUTEX_WAIT_2, &word[0], 0, 0xffffffffull, SIZE_U32 | PRIVATE, &now, CLOCK_MONOTONIC));
	CALL(syscall(FUTEX_WAKE_2, &word[0], 0xffffffffull, 1, SIZE_U32 | PRIVATE));
	pthread_create(&thread, NULL, waiter, NULL);
	while (!(woken = syscall(FUTEX_REQUEUE_2, two, 0, 0, 1)))
		test_sleep_ms(1);
	VALUE(woken);
	CALL(syscall(FUTEX_WAKE_2, &word[1], 0xffffffffull, 1, SIZE_U32 | PRIVATE));
	pthread_join(thread, &result);
	VALUE((long)result);
	CALL(syscall(WAITV, two, 2, 0, &now, CLOCK_MONOTONIC));
	word[1] = 1;
	CALL(syscall(WAITV, two, 2, 0, &now, CLOCK_MONOTONIC));
	CALL(syscall(WAITV, two, 0, 0, NULL, 0));
	CALL(syscall(WAITV, two, 2, 1, NULL, 0));
	CALL(syscall(WAITV, NULL, 2, 0, NULL, 0));
}

/* A mutex whose owner ends is handed on. */
static pthread_mutex_t *shared;

static void *owner(void *argument)
{
	pthread_mutex_lock(shared);
	return NULL;
}

static void robust(int protocol)
{
	pthread_mutexattr_t attributes;
	pthread_t thread;
	pid_t child;

	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	pthread_mutexattr_setprotocol(&attributes, protocol);
	pthread_mutex_init(shared, &attributes);
	pthread_create(&thread, NULL, owner, NULL);
	pthread_join(thread, NULL);
	IS(pthread_mutex_lock(shared) == EOWNERDEAD);
	IS(pthread_mutex_consistent(shared) == 0);
	pthread_mutex_unlock(shared);
	child = fork();
	if (child == 0) {
		pthread_mutex_lock(shared);
		_exit(3);
	}
	test_reap("owner", child);
	IS(pthread_mutex_lock(shared) == EOWNERDEAD);
	IS(pthread_mutex_consistent(shared) == 0);
	IS(pthread_mutex_unlock(shared) == 0);
	IS(pthread_mutex_lock(shared) == 0);
	IS(pthread_mutex_unlock(shared) == 0);
}

static void refused(void)
{
	CALL(ioctl(0, 0x12345678, NULL));
	CALL(syscall(SYS_add_key, "none", "x", "y", 1, -3));
	CALL(syscall(SYS_keyctl, 99, 0, 0, 0, 0));
	CALL(syscall(SYS_init_module, NULL, 0, NULL) == -1);
	CALL(syscall(SYS_bpf, 9999, NULL, 0));
	CALL(syscall(1000));
}

int main(void)
{
	test_begin();
	sealing();
	locking();
	parts_of_a_file();
	futexes();
	robust(PTHREAD_PRIO_NONE);
	robust(PTHREAD_PRIO_INHERIT);
	refused();
	return 0;
}
