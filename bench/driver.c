/*
 * Run every kernel natively, under Dragoman and under whatever else is named, and print ratios.
 *
 * Numbers taken at different times on a shared machine say more about the machine than about the
 * programs.  So all engines run one after the other within a round, several rounds are made, and
 * the median of each engine's rounds counts.  What is timed is the whole process, from before it
 * is started until it is reaped: start-up and translation are part of what a user waits for.
 *
 * An engine whose output or exit status differs from the native run's is shown as WRONG, does not
 * enter the means, and makes this program end with status 1 when it is the first engine (ours).
 *
 * Usage: driver [-n ROUNDS] [-c] -k LIST -N DIR -G DIR -e NAME=COMMAND [-e ...] [KERNEL...]
 *   -N, -G: directories of the native and of the guest programs; -c: count processor time (user
 *   and system) instead of wall time; LIST: see bench/kernels.txt.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_ENGINES = 8, MAX_ROUNDS = 99, MAX_OUTPUT = 256 };

struct engine {
	const char *name;
	const char *command;		/* NULL: native */
	double log_sum;			/* of the ratios to native */
	int counted;
};

struct kernel {
	char name[32], level[8], work[24];
	int runs;
};

struct result {
	double seconds;
	int status;			/* as wait4 says, or -1: not started */
	char output[MAX_OUTPUT];
};

extern char **environ;

static struct engine engines[MAX_ENGINES] = { { "native", NULL, 0, 0 } };
static int engine_count = 1;
static int rounds = 5, cpu_time;
static const char *list = "bench/kernels.txt", *native_dir, *guest_dir;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

static double seconds(struct timeval t)
{
	return t.tv_sec + t.tv_usec * 1e-6;
}

/* Start a kernel once on an engine and wait for it; the first output line is kept. */
static struct result start(const struct engine *engine, const struct kernel *kernel)
{
	struct result result = { .status = -1 };
	char program[512], *argv[4];
	posix_spawn_file_actions_t actions;
	int ends[2], n = 0;
	struct rusage usage;
	pid_t child;
	double begin;
	ssize_t got;

	snprintf(program, sizeof(program), "%s/%s", engine->command ? guest_dir : native_dir,
		kernel->name);
	if (engine->command)
		argv[n++] = (char *)engine->command;
	argv[n++] = program;
	argv[n++] = (char *)kernel->work;
	argv[n] = NULL;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return result;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
	begin = now();
	if (posix_spawn(&child, argv[0], &actions, NULL, argv, environ) == 0) {
		close(ends[1]);
		got = read(ends[0], result.output, MAX_OUTPUT - 1);
		result.output[got > 0 ? got : 0] = '\0';
		if (wait4(child, &result.status, 0, &usage) == child)
			result.seconds = cpu_time ?
				seconds(usage.ru_utime) + seconds(usage.ru_stime) : now() - begin;
	} else {
		close(ends[1]);
	}
	posix_spawn_file_actions_destroy(&actions);
	close(ends[0]);
	return result;
}

/* The sum over the kernel's runs; the status and output are those of the last. */
static struct result measure(const struct engine *engine, const struct kernel *kernel)
{
	struct result total = { 0 };

	/* For the kernel that starts programs: see kernels/forkexec.c. */
	if (engine->command && engine != &engines[1])
		setenv("BENCH_VIA", engine->command, 1);
	else
		unsetenv("BENCH_VIA");
	for (int i = 0; i < kernel->runs; i++) {
		struct result one = start(engine, kernel);

		one.seconds += total.seconds;
		total = one;
		if (total.status != 0)
			break;
	}
	return total;
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(double *values, int count)
{
	qsort(values, count, sizeof(values[0]), compare_doubles);
	return count & 1 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

/* One line of the table.  Returns 1 if our engine was wrong. */
static int run_kernel(const struct kernel *kernel)
{
	static double times[MAX_ENGINES][MAX_ROUNDS];
	double middle[MAX_ENGINES];
	int wrong[MAX_ENGINES] = { 0 };
	char why[128] = "";
	struct result native;

	for (int round = 0; round < rounds; round++) {
		for (int e = 0; e < engine_count; e++) {
			struct result result;

			if (wrong[e])
				continue;
			result = measure(&engines[e], kernel);
			if (e == 0)
				native = result;
			if (result.status != 0 || strcmp(result.output, native.output) != 0) {
				wrong[e] = 1;
				snprintf(why, sizeof(why), "%s: status 0x%x, output %.32s",
					engines[e].name, result.status, result.output);
				why[strcspn(why, "\n")] = '\0';
			}
			times[e][round] = result.seconds;
		}
	}
	if (wrong[0]) {
		printf("%-12s the native run failed: %s\n", kernel->name, why);
		return 1;
	}
	for (int e = 0; e < engine_count; e++)
		middle[e] = wrong[e] ? NAN : median(times[e], rounds);

	printf("%-12s %8.4f", kernel->name, middle[0]);
	for (int e = 1; e < engine_count; e++) {
		double ratio = middle[e] / middle[0];

		if (wrong[e]) {
			printf(" %14s", "WRONG");
			continue;
		}
		printf(" %14.2f", ratio);
		engines[e].log_sum += log(ratio);
		engines[e].counted++;
	}
	for (int e = 2; e < engine_count; e++)
		if (wrong[e] || wrong[1])
			printf(" %14s", "-");
		else
			printf(" %14.2f", middle[e] / middle[1]);
	printf(why[0] ? "  %s\n" : "\n", why);
	fflush(stdout);
	return wrong[1];
}

static int wanted(const char *name, char **names)
{
	if (!*names)
		return 1;
	for (; *names; names++)
		if (strcmp(name, *names) == 0)
			return 1;
	return 0;
}

static void heading(void)
{
	char column[64];

	printf("%s time, median of %d rounds; native in seconds, the rest as ratios\n",
		cpu_time ? "processor" : "wall", rounds);
	printf("%-12s %8s", "kernel", "native");
	for (int e = 1; e < engine_count; e++) {
		snprintf(column, sizeof(column), "%.10s/nat", engines[e].name);
		printf(" %14s", column);
	}
	for (int e = 2; e < engine_count; e++) {
		snprintf(column, sizeof(column), "%.8s/%.5s", engines[e].name, engines[1].name);
		printf(" %14s", column);
	}
	putchar('\n');
}

/*
 * The last line.  The means that compare engines with each other are right only over the kernels
 * that all of them got right; the counts say so.
 */
static void means(void)
{
	printf("%-12s %8s", "geo. mean", "");
	for (int e = 1; e < engine_count; e++) {
		if (engines[e].counted)
			printf(" %14.2f", exp(engines[e].log_sum / engines[e].counted));
		else
			printf(" %14s", "-");
	}
	for (int e = 2; e < engine_count; e++) {
		if (engines[e].counted && engines[1].counted)
			printf(" %14.2f", exp(engines[e].log_sum / engines[e].counted -
				engines[1].log_sum / engines[1].counted));
		else
			printf(" %14s", "-");
	}
	printf("\n%-12s %8s", "kernels", "");
	for (int e = 1; e < engine_count; e++)
		printf(" %14d", engines[e].counted);
	putchar('\n');
}

int main(int argc, char **argv)
{
	struct kernel kernel;
	char line[256];
	int option, failed = 0;
	FILE *file;

	while ((option = getopt(argc, argv, "n:ck:N:G:e:")) != -1) {
		switch (option) {
		case 'n': rounds = atoi(optarg); break;
		case 'c': cpu_time = 1; break;
		case 'k': list = optarg; break;
		case 'N': native_dir = optarg; break;
		case 'G': guest_dir = optarg; break;
		case 'e':
			if (engine_count < MAX_ENGINES && strchr(optarg, '=')) {
				char *equals = strchr(optarg, '=');

				*equals = '\0';
				engines[engine_count++] = (struct engine){ optarg, equals + 1, 0,
									   0 };
			}
			break;
		default: return 2;
		}
	}
	if (!native_dir || !guest_dir || rounds < 1 || rounds > MAX_ROUNDS) {
		fprintf(stderr, "usage: driver [-n ROUNDS] [-c] -k LIST -N DIR -G DIR"
			" -e NAME=COMMAND ... [KERNEL...]\n");
		return 2;
	}
	file = fopen(list, "r");
	if (!file) {
		fprintf(stderr, "driver: %s: %s\n", list, strerror(errno));
		return 2;
	}
	heading();
	while (fgets(line, sizeof(line), file)) {
		if (line[0] == '#' || sscanf(line, "%31s %7s %23s %d", kernel.name, kernel.level,
				kernel.work, &kernel.runs) != 4)
			continue;
		if (wanted(kernel.name, argv + optind))
			failed |= run_kernel(&kernel);
	}
	fclose(file);
	means();
	return failed;
}
