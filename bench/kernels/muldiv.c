/* 64-bit multiplication, its high half, division and remainder: modular exponentiation. */
#include "bench.h"

int main(int argc, char **argv)
{
	uint64_t state = 88172645463325252u, sum = 0;

	for (long round = work(argc, argv); round > 0; round--) {
		uint64_t a = next_random(&state), b = next_random(&state) >> 24 | 1;
		uint64_t high = (unsigned __int128)a * b >> 64;
		int64_t s = (int64_t)a / (int64_t)(b | 3);

		sum += a / b + a % b * 3 + high + s;
		sum ^= (uint32_t)a / (uint32_t)(b | 1);
	}
	return report(sum);
}
