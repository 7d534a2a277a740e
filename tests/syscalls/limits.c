/* Limits on memory: what counts against them, a stack whose limit rises, who inherits them. */
#include "test.h"
#include <sys/resource.h>

#define MIB (1l << 20)

static void show_limit(const char *what, int which)
{
	struct rlimit l;

	getrlimit(which, &l);
	printf("%s: %lld, %lld\n", what, (long long)l.rlim_cur, (long long)l.rlim_max);
	fflush(stdout);
}

static long set(int which, long soft)
{
	struct rlimit l;

	getrlimit(which, &l);
	l.rlim_cur = soft;
	return setrlimit(which, &l);
}

/* Uses so many bytes of stack. */
static int dig(long depth)
{
	volatile char here[65536];

	here[0] = here[sizeof(here) - 1] = 1;
	return depth > 0 ? dig(depth - (long)sizeof(here)) + here[0] : here[sizeof(here) - 1];
}

static void exec_self(int vfork_first)
{
	pid_t child = vfork_first ? vfork() : fork();

	if (child == 0) {
		if (vfork_first) {
			struct rlimit l = { 800 * MIB, 900 * MIB };

			setrlimit(RLIMIT_AS, &l);
		}
		execl("/proc/self/exe", "limits", "show", NULL);
		_exit(99);
	}
	test_reap("child", child);
}

static void *map(long size, int prot, int flags)
{
	return mmap(NULL, size, prot, flags | MAP_ANONYMOUS, -1, 0);
}

/* A process that has no descriptor left goes on, and so do its children. */
static void no_descriptors(void)
{
	pid_t child;
	int used = 0;

	set(RLIMIT_NOFILE, 64);
	while (dup(0) >= 0)
		used++;
	IS(used > 50 && errno == EMFILE);
	child = fork();
	if (child == 0) {
		char text[32];

		snprintf(text, sizeof(text), "%.3f", used * 0.5);
		_exit(open("/dev/null", O_RDONLY) < 0 && errno == EMFILE && strlen(text) == 6 ? 4
											      : 5);
	}
	test_reap("child", child);
	for (int i = 3; i < 64; i++)
		close(i);
}

int main(int argc, char **argv)
{
	char *p;

	if (argc > 1) {
		show_limit("AS", RLIMIT_AS);
		show_limit("DATA", RLIMIT_DATA);
		show_limit("STACK", RLIMIT_STACK);
		return 0;
	}
	test_begin();
	CALL(set(RLIMIT_STACK, 64 * MIB));
	IS(dig(40 * MIB) > 0);

	CALL(set(RLIMIT_AS, 300 * MIB));
	CALL(map(400 * MIB, PROT_READ, MAP_PRIVATE));
	IS((p = map(100 * MIB, PROT_NONE, MAP_PRIVATE)) != MAP_FAILED);
	CALL(map(200 * MIB, PROT_NONE, MAP_PRIVATE));
	/* Over what is there already nothing is added. */
	IS(mmap(p, 100 * MIB, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == p);
	CALL(mremap(p, 100 * MIB, 300 * MIB, MREMAP_MAYMOVE));
	IS(mremap(p, 100 * MIB, 50 * MIB, 0) == p);
	IS(malloc(280 * MIB) == NULL);
	exec_self(0);
	exec_self(1);
	show_limit("AS", RLIMIT_AS);

	CALL(set(RLIMIT_DATA, 50 * MIB));
	CALL(sbrk(60 * MIB));
	CALL(map(60 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE));
	IS(map(60 * MIB, PROT_READ, MAP_PRIVATE) != MAP_FAILED);
	IS(map(60 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED) != MAP_FAILED);
	CALL(set(RLIMIT_DATA, -1));
	CALL(set(RLIMIT_AS, -1));
	CALL(setrlimit(RLIMIT_AS, &(struct rlimit){ 2, 1 }));

	no_descriptors();

	/* Smaller than what a runner's own stack needs. */
	CALL(set(RLIMIT_STACK, 512 * 1024));
	exec_self(0);
	return 0;
}
