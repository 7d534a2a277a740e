/*
 * Generates code without end, as a just-in-time compiler would: functions that return a number, each called and
 * compared.  Threads do so at once, each in memory of its own.
 *
 * Usage: generate THREADS FUNCTIONS [LEVELS]
 * LEVELS: first the process forks, its child does the same with a level less, and both go on generating.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BYTES = 1 << 18, MAX_THREADS = 16 };

static long functions;

/* Writes a function that returns n (16 bits) and returns its size. */
static int emit(uint32_t *at, unsigned n)
{
#ifdef __aarch64__
	at[0] = 0x52800000 | n << 5;                                /* movz w0, #n */
	at[1] = 0xd65f03c0;                                         /* ret */
#else
	at[0] = 0x00000537 | ((n + 0x800) & 0xfffff000);            /* lui a0, %hi(n) */
	at[1] = 0x0005051b | (n & 0xfff) << 20;                     /* addiw a0, a0, %lo(n) */
	at[2] = 0x00008067;                                         /* ret */
#endif
	return 16;
}

static void *generate(void *arg)
{
	char *code = mmap(NULL, BYTES, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t seed = (uintptr_t)arg, wrong = 0;
	int at = 0;

	for (long k = 0; k < functions; k++) {
		unsigned n;
		int size;

		seed = seed * 6364136223846793005u + 1442695040888963407u;
		n = seed >> 48;
		size = emit((uint32_t *)(code + at), n);
		__builtin___clear_cache(code + at, code + at + size);
		wrong += ((unsigned (*)(void))(code + at))() != n;
		at = (at + size) % BYTES;
	}
	munmap(code, BYTES);
	return (void *)wrong;
}

/* Old code runs on both sides, cold and hot, and new code is made on both. */
static uint64_t family(int levels)
{
	uint64_t wrong = (uintptr_t)generate((void *)(intptr_t)(levels + 50));
	int status = 0;
	pid_t child;

	if (!levels)
		return wrong;
	child = fork();
	if (child == 0)
		_exit(family(levels - 1) != 0);
	wrong += (uintptr_t)generate((void *)(intptr_t)(levels + 100));
	waitpid(child, &status, 0);
	return wrong + (status != 0);
}

int main(int argc, char **argv)
{
	pthread_t thread[MAX_THREADS];
	struct rusage use;
	int n = atoi(argv[1]);
	uint64_t wrong = 0;

	functions = atol(argv[2]);
	if (argc > 3)
		wrong += family(atoi(argv[3]));
	for (long i = 0; i < n; i++)
		pthread_create(&thread[i], NULL, generate, (void *)(i + 1));
	for (int i = 0; i < n; i++) {
		void *w;

		pthread_join(thread[i], &w);
		wrong += (uintptr_t)w;
	}
	getrusage(RUSAGE_SELF, &use);
	printf("%lu wrong\n", (unsigned long)wrong);
	printf("%ld KiB\n", use.ru_maxrss);
	return 0;
}
