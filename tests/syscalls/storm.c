/*
 * Signals in great numbers: what they interrupt must not notice.
 *
 * Timers fire every 200 microseconds while four threads compute with integers, doubles and vectors
 * of floats, and while the process forks, waits and runs programs.  Every handler dirties the
 * registers that the interrupted code may be using.
 */
#include "test.h"
#include <pthread.h>
#include <sys/time.h>

enum { ROUNDS = 4, STEPS = 100000, THREADS = 3, CHILDREN = 60, PROGRAMS = 10 };

static volatile long ticks;
static volatile double dirt;
static uint64_t expected[ROUNDS];
static int wrong;

static void tick(int sig, siginfo_t *info, void *context)
{
	double x = ++ticks;
	char bytes[64];

	for (int i = 0; i < 10; i++)
		x = x * 1.1 + i;
	memset(bytes, (int)ticks, sizeof(bytes));
	dirt = x + bytes[3];
}

static uint64_t compute(uint64_t seed)
{
	uint64_t a = seed, b = 0, bits;
	double d = seed * 0.5;
	float f[16], sum = 0;
	uint32_t low;

	for (int i = 0; i < 16; i++)
		f[i] = i * seed;
	for (int i = 0; i < STEPS; i++) {
		a = a * 6364136223846793005 + 1442695040888963407;
		b ^= a >> 13;
		d = d * 0.999999 + (a & 0xff);
		for (int j = 0; j < 16; j++)
			f[j] = f[j] * 0.5f + (float)(b & 15);
		if ((a & 7) == 3)
			b += __builtin_popcountll(a);
		if ((i & 0xfff) == 0) {
			char text[40];

			snprintf(text, sizeof(text), "%.3f", d);
			b += text[0];
		}
	}
	for (int j = 0; j < 16; j++)
		sum += f[j];
	memcpy(&bits, &d, sizeof(bits));
	memcpy(&low, &sum, sizeof(low));
	return a ^ b ^ bits ^ low;
}

static void *rounds(void *unused)
{
	for (int i = 0; i < ROUNDS; i++)
		if (compute(i + 1) != expected[i])
			__atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
	return NULL;
}

static void children(void)
{
	int bad = 0, status;

	for (int i = 0; i < CHILDREN; i++) {
		pid_t child = fork(), got;

		if (child == 0)
			_exit(i & 63);
		while ((got = waitpid(child, &status, 0)) < 0 && errno == EINTR)
			;
		bad += got != child || WEXITSTATUS(status) != (i & 63);
	}
	for (int i = 0; i < PROGRAMS; i++)
		bad += system("exit 2") != 0x200;
	VALUE(bad);
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = tick, .sa_flags = SA_SIGINFO | SA_RESTART };
	struct itimerval fast = { { 0, 200 }, { 0, 200 } }, slow = { { 0, 1000 }, { 0, 1000 } };
	pthread_t thread[THREADS];

	test_begin();
	for (int i = 0; i < ROUNDS; i++)
		expected[i] = compute(i + 1);
	sigaction(SIGPROF, &action, NULL);
	action.sa_flags &= ~SA_RESTART;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &fast, NULL);
	setitimer(ITIMER_PROF, &slow, NULL);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&thread[i], NULL, rounds, NULL);
	rounds(NULL);
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	VALUE(wrong);
	children();
	IS(ticks > 20);
	return 0;
}
