/*
 * Cold code: many functions, each run once, as most of the code of short-lived programs is.
 * What counts is the speed of translation, not of what comes out of it.
 */
#include "bench.h"

#define F1(n) \
	__attribute__((noinline)) static uint64_t f##n(uint64_t x, uint64_t *y) \
	{ \
		if (x & (n & 15)) \
			x += *y * (n + 3); \
		else \
			x ^= x >> (n % 31 + 1); \
		for (int i = 0; i < (n & 3); i++) \
			y[i & 1] += x << i; \
		if (x % (n + 7) == 3) \
			return x - n; \
		return (x ^ *y) * (2 * n + 1); \
	}
#define F10(n) F1(n##0) F1(n##1) F1(n##2) F1(n##3) F1(n##4) \
	F1(n##5) F1(n##6) F1(n##7) F1(n##8) F1(n##9)
#define F100(n) F10(n##0) F10(n##1) F10(n##2) F10(n##3) F10(n##4) \
	F10(n##5) F10(n##6) F10(n##7) F10(n##8) F10(n##9)
F100(1) F100(2) F100(3) F100(4) F100(5) F100(6) F100(7) F100(8) F100(9)
F100(10) F100(11) F100(12) F100(13) F100(14) F100(15) F100(16) F100(17) F100(18) F100(19)

#define P1(n) f##n,
#define P10(n) P1(n##0) P1(n##1) P1(n##2) P1(n##3) P1(n##4) \
	P1(n##5) P1(n##6) P1(n##7) P1(n##8) P1(n##9)
#define P100(n) P10(n##0) P10(n##1) P10(n##2) P10(n##3) P10(n##4) \
	P10(n##5) P10(n##6) P10(n##7) P10(n##8) P10(n##9)
static uint64_t (*const functions[])(uint64_t, uint64_t *) = {
	P100(1) P100(2) P100(3) P100(4) P100(5) P100(6) P100(7) P100(8) P100(9)
	P100(10) P100(11) P100(12) P100(13) P100(14) P100(15) P100(16) P100(17) P100(18) P100(19)
};

int main(int argc, char **argv)
{
	uint64_t x = 1, y[2] = { 3, 5 };

	for (long round = work(argc, argv); round > 0; round--)
		for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
			x = functions[i](x + i, y);
	return report(x);
}
