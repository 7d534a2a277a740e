/* Integers of all widths, vectorised by the compiler: image-like loops. */
#include "bench.h"

enum { SIZE = 8192 };

static uint8_t p[SIZE], q[SIZE], out[SIZE];
static int16_t wide[SIZE];
static uint32_t words[SIZE];

int main(int argc, char **argv)
{
	uint64_t state = 88172645463325252u, sum = 0;

	for (int i = 0; i < SIZE; i++) {
		p[i] = next_random(&state);
		q[i] = next_random(&state);
		words[i] = next_random(&state);
	}
	for (long round = work(argc, argv); round > 0; round--) {
		uint32_t difference = 0, folded = 0;

		for (int i = 0; i < SIZE; i++)		/* sum of absolute differences */
			difference += p[i] > q[i] ? p[i] - q[i] : q[i] - p[i];
		for (int i = 0; i < SIZE; i++)		/* blend, with widening */
			wide[i] = (p[i] * 3 + q[i] * 5) >> 3;
		for (int i = 0; i < SIZE; i++)		/* clamp and narrow */
			out[i] = wide[i] < 16 ? 16 : wide[i] > 235 ? 235 : wide[i];
		for (int i = 0; i < SIZE; i++)		/* multiply, shift, exclusive or */
			folded += words[i] * 2654435761u ^ words[i] >> 7;
		for (int i = 0; i < SIZE; i++)		/* compare and select */
			p[i] = out[i] > q[i] ? out[i] : (uint8_t)(q[i] + 1);
		sum = sum * 31 + difference + folded;
	}
	return report(sum);
}
