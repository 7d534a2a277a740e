/* Calls through pointers that change at random, as virtual methods do. */
#include "bench.h"

typedef uint64_t (*method)(uint64_t);

#define METHOD(name, expression) \
	__attribute__((noinline)) static uint64_t name(uint64_t x) { return expression; }

METHOD(m0, x + 1)
METHOD(m1, x ^ 0x5555)
METHOD(m2, x * 3)
METHOD(m3, x - 7)
METHOD(m4, x << 1 | x >> 63)
METHOD(m5, ~x)
METHOD(m6, x + (x >> 3))
METHOD(m7, x ^ x << 5)

static method methods[] = { m0, m1, m2, m3, m4, m5, m6, m7 };
static unsigned char order[4096];

int main(int argc, char **argv)
{
	uint64_t state = 88172645463325252u, x = 1;

	for (size_t i = 0; i < sizeof(order); i++)
		order[i] = next_random(&state) & 7;
	for (long round = work(argc, argv); round > 0; round--)
		for (size_t i = 0; i < sizeof(order); i++)
			x = methods[order[i]](x);
	return report(x);
}
