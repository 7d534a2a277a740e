/*
 * The end of being alone: atomic operations that have run hot in a process of one thread must be atomic from the
 * moment that another thread, or another process by shared memory, can see them.
 */
#include "test.h"
#include <pthread.h>
#include <stdatomic.h>
#include <sys/ipc.h>
#include <sys/shm.h>

enum { WARM = 3000, ROUNDS = 1000000, PETERSON = 20000 };

static struct work {
	_Atomic uint64_t added, swapped, flipped;
	_Atomic uint32_t lock, ready;
	_Atomic uint8_t byte;
	uint64_t locked;
	/* Peterson's lock */
	_Atomic int wants[2], turn;
	uint64_t excluded;
} own, warm;

static void __attribute__((noinline)) work(struct work *w, int rounds)
{
	for (int i = 0; i < rounds; i++) {
		uint64_t seen = atomic_load_explicit(&w->swapped, memory_order_relaxed);

		atomic_fetch_add(&w->added, 1);
		while (!atomic_compare_exchange_weak(&w->swapped, &seen, seen + 3))
			;
		while (atomic_exchange_explicit(&w->lock, 1, memory_order_acquire))
			sched_yield();
		w->locked++;
		atomic_store_explicit(&w->lock, 0, memory_order_release);
		w->flipped ^= 1ull << (i & 63);
		atomic_fetch_add(&w->byte, 1);
	}
}

/* Who fences: by barriers of their own, or by sequentially consistent stores. */
static void __attribute__((noinline)) peterson(struct work *w, int me, int rounds)
{
	for (int i = 0; i < rounds; i++) {
		if (i & 1) {
			atomic_store_explicit(&w->wants[me], 1, memory_order_relaxed);
			atomic_store_explicit(&w->turn, !me, memory_order_release);
			atomic_thread_fence(memory_order_seq_cst);
		} else {
			w->wants[me] = 1;
			w->turn = !me;
		}
		while (w->wants[!me] && w->turn == !me)
			sched_yield();
		w->excluded++;
		atomic_store_explicit(&w->wants[me], 0, memory_order_release);
	}
}

/* Together, however long the other takes to start. */
static void both(struct work *w, int me)
{
	atomic_fetch_add(&w->ready, 1);
	while (w->ready < 2)
		sched_yield();
	work(w, ROUNDS);
	peterson(w, me, PETERSON);
}

static void judge(const char *how, const struct work *w)
{
	printf("%s: %d %d %d %d %d %d\n", how, (int)w->added, (int)w->swapped, (int)w->locked, !w->flipped,
	       w->byte, (int)w->excluded);
}

static void *second(void *unused)
{
	both(&own, 1);
	return NULL;
}

static void threads(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, second, NULL);
	both(&own, 0);
	pthread_join(thread, NULL);
	judge("threads", &own);
}

static void processes(const char *how, struct work *w)
{
	pid_t child = fork();

	both(w, !child);
	if (!child)
		_exit(0);
	waitpid(child, NULL, 0);
	judge(how, w);
}

static void anonymous(void)
{
	processes("anonymous", mmap(NULL, sizeof(struct work), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
}

static void file(void)
{
	int fd = open("shared", O_RDWR | O_CREAT, 0600);
	struct work *w;

	ftruncate(fd, 4096);
	w = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	work(&own, WARM);
	mprotect(w, 4096, PROT_READ | PROT_WRITE);
	processes("file", w);
}

static void segment(void)
{
	int id = shmget(IPC_PRIVATE, sizeof(struct work), IPC_CREAT | 0600);
	struct work *w = shmat(id, NULL, 0);

	shmctl(id, IPC_RMID, NULL);
	processes("segment", w);
}

/* The child of a vfork is alone for as long as its parent waits. */
static void after_vfork(void)
{
	pid_t child = vfork();

	if (!child) {
		work(&warm, WARM);
		_exit(0);
	}
	waitpid(child, NULL, 0);
	threads();
}

int main(void)
{
	void (*const scenes[])(void) = { threads, anonymous, file, segment, after_vfork };

	test_begin();
	for (unsigned i = 0; i < sizeof scenes / sizeof *scenes; i++) {
		if (!fork()) {
			alarm(60);
			work(&warm, WARM);
			peterson(&warm, 0, WARM);
			scenes[i]();
			fflush(stdout);
			_exit(0);
		}
		wait(NULL);
	}
	return 0;
}
