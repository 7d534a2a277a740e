/* Atomic operations on one thread: add, compare and swap, exchange, release and acquire. */
#include "bench.h"
#include <stdatomic.h>

static _Atomic uint64_t counter, word;
static _Atomic uint32_t lock;

int main(int argc, char **argv)
{
	uint64_t sum = 0;

	for (long round = work(argc, argv); round > 0; round--) {
		uint64_t seen = atomic_load_explicit(&word, memory_order_acquire);

		while (atomic_exchange_explicit(&lock, 1, memory_order_acquire))
			;
		sum += atomic_fetch_add(&counter, round);
		if (atomic_compare_exchange_strong(&word, &seen, seen * 5 + 1))
			sum ^= seen;
		atomic_fetch_or_explicit(&word, 2, memory_order_relaxed);
		atomic_store_explicit(&lock, 0, memory_order_release);
	}
	return report(sum + counter);
}
