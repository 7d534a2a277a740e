/* The C library's memcpy, short and long. */
#include "bench.h"

static unsigned char from[1 << 16], to[1 << 16];

int main(int argc, char **argv)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < sizeof(from); i++)
		from[i] = i * 7;
	for (long round = work(argc, argv); round > 0; round--) {
		for (volatile size_t n = 1; n < 4000; n += 61)
			memcpy(to + n % 13, from + n % 7, n);
		memcpy(to + (round & 15), from, sizeof(from) - 16);
		sum += to[round & 4095];
	}
	return report(sum);
}
