/* Threads: 64 of them on mutexes, condition variables, barriers, atomics and their own storage. */
#include "test.h"
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

enum { THREADS = 64, ROUNDS = 200 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turn_changed = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t spin;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static sem_t semaphore;
static long locked_sum, spun_sum, read_sum, initialised, destroyed;
static atomic_long atomic_sum, exchanged;
#if defined(__riscv) && __riscv_xlen == 32
static atomic_uint byte_sum;	/* bytes would need a library that is not there */
#else
static _Atomic unsigned char byte_sum;
#endif
static int turn;
static __thread long own = 5;

static void initialise(void)
{
	initialised++;
}

static void destroy(void *value)
{
	__atomic_fetch_add(&destroyed, (long)value, __ATOMIC_SEQ_CST);
}

static void *worker(void *argument)
{
	long number = (long)argument, expected;

	pthread_once(&once, initialise);
	pthread_setspecific(key, (void *)number);
	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&mutex);
		locked_sum += number;
		pthread_mutex_unlock(&mutex);
		pthread_spin_lock(&spin);
		spun_sum++;
		pthread_spin_unlock(&spin);
		atomic_fetch_add(&atomic_sum, number);
		atomic_fetch_add(&byte_sum, 1);
		do
			expected = atomic_load(&exchanged);
		while (!atomic_compare_exchange_weak(&exchanged, &expected, expected + 2));
		own += i;
		if (i % 50 == 0) {
			pthread_rwlock_wrlock(&rwlock);
			read_sum++;
			pthread_rwlock_unlock(&rwlock);
		} else {
			pthread_rwlock_rdlock(&rwlock);
			if (read_sum < 0)
				abort();
			pthread_rwlock_unlock(&rwlock);
		}
	}
	pthread_barrier_wait(&barrier);

	/* In turn, each waking all. */
	pthread_mutex_lock(&mutex);
	while (turn != number)
		pthread_cond_wait(&turn_changed, &mutex);
	turn++;
	pthread_cond_broadcast(&turn_changed);
	pthread_mutex_unlock(&mutex);
	sem_post(&semaphore);
	return (void *)(own + number);
}

static void *waiter(void *argument)
{
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
	for (;;)
		pause();
	return NULL;
}

static void *leave(void *argument)
{
	pthread_exit((void *)123);
}

int main(void)
{
	pthread_t threads[THREADS];
	pthread_attr_t attributes;
	struct timespec deadline;
	void *result;
	long sum = 0;
	int error;

	test_begin();
	pthread_key_create(&key, destroy);
	pthread_barrier_init(&barrier, NULL, THREADS);
	pthread_spin_init(&spin, 0);
	sem_init(&semaphore, 0, 0);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 128 << 10);
	for (long i = 0; i < THREADS; i++) {
		error = pthread_create(&threads[i], &attributes, worker, (void *)i);
		if (error)
			printf("thread %ld: %s\n", i, strerrorname_np(error));
	}
	for (int i = 0; i < THREADS; i++)
		sem_wait(&semaphore);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &result);
		sum += (long)result;
	}
	VALUE(sum);
	VALUE(locked_sum);
	VALUE(spun_sum);
	VALUE(read_sum);
	VALUE(atomic_sum);
	VALUE(exchanged);
	VALUE((unsigned char)byte_sum);
	VALUE(turn);
	VALUE(initialised);
	VALUE(destroyed);
	VALUE(own);

	pthread_create(&threads[0], NULL, waiter, NULL);
	pthread_cancel(threads[0]);
	pthread_join(threads[0], &result);
	IS(result == PTHREAD_CANCELED);
	pthread_create(&threads[0], NULL, leave, NULL);
	pthread_join(threads[0], &result);
	VALUE((long)result);

	pthread_mutex_lock(&mutex);
	clock_gettime(CLOCK_REALTIME, &deadline);
	deadline.tv_nsec += 20000000;
	if (deadline.tv_nsec >= 1000000000) {
		deadline.tv_sec++;
		deadline.tv_nsec -= 1000000000;
	}
	error = pthread_cond_timedwait(&turn_changed, &mutex, &deadline);
	IS(error == ETIMEDOUT);
	error = pthread_mutex_timedlock(&mutex, &deadline);
	IS(error == ETIMEDOUT);
	return 0;
}
