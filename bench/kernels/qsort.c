/* The library's qsort: a call through a pointer per comparison, unpredictable branches. */
#include "bench.h"

enum { COUNT = 1 << 15 };

static uint32_t data[COUNT];

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
	uint64_t state = 88172645463325252u, sum = 0;

	for (long round = work(argc, argv); round > 0; round--) {
		for (int i = 0; i < COUNT; i++)
			data[i] = next_random(&state);
		qsort(data, COUNT, sizeof(data[0]), compare);
		for (int i = 0; i < COUNT; i += 97)
			sum = sum * 31 + data[i];
	}
	return report(sum);
}
