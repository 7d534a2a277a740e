/* Integer loops with strided byte stores: the sieve of Eratosthenes. */
#include "bench.h"

enum { LIMIT = 1 << 20 };

static unsigned char composite[LIMIT];

int main(int argc, char **argv)
{
	uint64_t sum = 0;

	for (long round = work(argc, argv); round > 0; round--) {
		memset(composite, 0, sizeof(composite));
		for (long i = 2; i < LIMIT; i++) {
			if (composite[i])
				continue;
			sum += i ^ round;
			for (long j = i * 2; j < LIMIT; j += i)
				composite[j] = 1;
		}
	}
	return report(sum);
}
