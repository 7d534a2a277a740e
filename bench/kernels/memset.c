/* The C library's memset, short and long. */
#include "bench.h"

static unsigned char to[1 << 16];

int main(int argc, char **argv)
{
	uint64_t sum = 0;

	for (long round = work(argc, argv); round > 0; round--) {
		for (volatile size_t n = 1; n < 4000; n += 61)
			memset(to + n % 13, round, n);
		memset(to + (round & 15), round & 127, sizeof(to) - 16);
		sum += to[round & 4095] + to[50000];
	}
	return report(sum);
}
