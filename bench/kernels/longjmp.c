/* setjmp and longjmp: returns that no return-address predictor expects. */
#include "bench.h"
#include <setjmp.h>

static jmp_buf buffer;

__attribute__((noinline, noclone)) static void deep(volatile int depth, int value)
{
	if (depth == 0)
		longjmp(buffer, value);
	depth--;
	if (depth >= 0)
		deep(depth, value);
	__asm__ volatile("");
}

int main(int argc, char **argv)
{
	volatile long round = work(argc, argv);
	volatile uint64_t sum = 0;

	while (round > 0) {
		int value = setjmp(buffer);

		if (value == 0)
			deep(round & 7, 1 + (round & 255));
		sum += value;
		round--;
	}
	return report(sum);
}
