/*
 * Says what it computes, by code of its own and of libc.  ANSWER differs from build to build in the bytes of an
 * instruction only, so that two of them are one file with other code.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef ANSWER
#define ANSWER 42
#endif

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

__attribute__((noinline)) static int answer(void)
{
	int v;

	/* one instruction, whatever the number */
#ifdef __aarch64__
	__asm__ volatile("mov %w0, %1" : "=r"(v) : "i"(ANSWER));
#else
	__asm__ volatile(".option push; .option norvc; li %0, %1; .option pop" : "=r"(v) : "i"(ANSWER));
#endif
	return v;
}

int main(int argc, char **argv)
{
	static int number[2000];
	double sum = 0;

	for (int i = 0; i < 2000; i++)
		number[i] = (i * 7919) % 2003;
	qsort(number, 2000, sizeof *number, compare);
	for (int i = 0; i < 2000; i++)
		sum += sqrt(number[i]) * (i % 7);
	printf("%d %d %d %.6f\n", answer(), number[0], number[1999], sum);
	return answer() & 63;
}
