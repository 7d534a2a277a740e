/* clock_gettime: a system call to the naive, a few loads where a vdso is offered. */
#include "bench.h"
#include <time.h>

int main(int argc, char **argv)
{
	struct timespec last = { 0 }, now;
	uint64_t monotonic = 0;

	for (long round = work(argc, argv); round > 0; round--) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		monotonic += now.tv_sec > last.tv_sec ||
			(now.tv_sec == last.tv_sec && now.tv_nsec >= last.tv_nsec);
		last = now;
	}
	return report(monotonic);
}
