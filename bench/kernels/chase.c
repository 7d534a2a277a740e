/* Pointer chasing through a shuffled ring that fits the second cache: load latency. */
#include "bench.h"

enum { COUNT = 1 << 13 };

struct node {
	struct node *next;
	uint64_t value;
};

static struct node nodes[COUNT];
static unsigned permutation[COUNT];

int main(int argc, char **argv)
{
	uint64_t state = 88172645463325252u, sum = 0;
	struct node *node = nodes;

	for (unsigned i = 0; i < COUNT; i++)
		permutation[i] = i;
	for (unsigned i = COUNT - 1; i > 0; i--) {
		unsigned j = next_random(&state) % i, swap = permutation[i];

		permutation[i] = permutation[j];
		permutation[j] = swap;
	}
	for (unsigned i = 0; i < COUNT; i++) {
		nodes[permutation[i]].next = &nodes[permutation[(i + 1) % COUNT]];
		nodes[i].value = i;
	}
	for (long step = work(argc, argv); step > 0; step--) {
		sum = sum * 3 + node->value;
		node = node->next;
	}
	return report(sum);
}
