/* Calls and returns: doubly recursive Fibonacci.  Kept free of the compiler's inlining. */
#include "bench.h"

__attribute__((noinline, noclone, optimize("no-optimize-sibling-calls")))
static uint64_t fib(unsigned n)
{
	return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

int main(int argc, char **argv)
{
	return report(fib(work(argc, argv)));
}
