/* malloc, free and a chained hash table: the daily bread of language run-times. */
#include "bench.h"

enum { BUCKETS = 1 << 12 };

struct entry {
	struct entry *next;
	uint64_t key, count;
};

static struct entry *buckets[BUCKETS];

static struct entry *find(uint64_t key)
{
	struct entry **link = &buckets[key * 0x9e3779b97f4a7c15u >> 52];

	for (; *link; link = &(*link)->next)
		if ((*link)->key == key)
			return *link;
	*link = calloc(1, sizeof(**link));
	(*link)->key = key;
	return *link;
}

int main(int argc, char **argv)
{
	uint64_t state = 88172645463325252u, sum = 0;

	for (long round = work(argc, argv); round > 0; round--) {
		for (int i = 0; i < 20000; i++)
			find(next_random(&state) & 8191)->count++;
		for (int i = 0; i < BUCKETS; i++) {
			for (struct entry *e = buckets[i], *next; e; e = next) {
				next = e->next;
				sum = sum * 31 + e->key * e->count;
				free(e);
			}
			buckets[i] = NULL;
		}
	}
	return report(sum);
}
