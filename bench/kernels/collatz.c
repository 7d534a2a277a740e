/* Short loops with unpredictable branches: lengths of Collatz sequences. */
#include "bench.h"

int main(int argc, char **argv)
{
	uint64_t sum = 0;
	long limit = work(argc, argv);

	for (long start = 1; start < limit; start++) {
		uint64_t n = start;
		unsigned steps = 0;

		while (n != 1) {
			if (n & 1) {
				n = 3 * n + 1;
				if (n % 5 == 0)
					sum += steps;
			} else {
				n >>= 1;
			}
			steps++;
		}
		sum = sum * 3 + steps;
	}
	return report(sum);
}
