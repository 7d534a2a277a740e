/* Two threads that compute and add to a shared total under a mutex. */
#include "bench.h"
#include <pthread.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static uint64_t total;
static long rounds;

static void *worker(void *argument)
{
	uint64_t x = (uintptr_t)argument;

	for (long i = 0; i < rounds; i++) {
		for (int k = 0; k < 100; k++)
			x = x * 6364136223846793005u + 1442695040888963407u;
		pthread_mutex_lock(&mutex);
		total += x >> 32;
		pthread_mutex_unlock(&mutex);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t thread[2];

	rounds = work(argc, argv);
	for (uintptr_t i = 0; i < 2; i++)
		pthread_create(&thread[i], NULL, worker, (void *)(i + 1));
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	return report(total);
}
