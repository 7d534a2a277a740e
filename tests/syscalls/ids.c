/* Who and how much: identities, limits, usage, scheduling, prctl, system information. */
#include "test.h"
#include <grp.h>
#include <sched.h>
#include <sys/fsuid.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

#if defined(__x86_64__)
#define MACHINE "x86_64"
#elif defined(__aarch64__)
#define MACHINE "aarch64"
#elif defined(__riscv) && __riscv_xlen == 32
#define MACHINE "riscv32"
#elif defined(__riscv)
#define MACHINE "riscv64"
#endif

static void identities(void)
{
	uid_t real, effective, saved;
	gid_t groups[256];
	pid_t child;

	VALUE(getuid() == geteuid());
	CALL(getresuid(&real, &effective, &saved));
	IS(real == effective && effective == saved);
	CALL(getresgid(&real, &effective, &saved));
	IS(getgroups(256, groups) >= 0);
	CALL(setuid(getuid()));
	CALL(setreuid(-1, -1));
	CALL(setresgid(-1, -1, -1));
	VALUE(setfsuid(-1) == (int)geteuid());
	VALUE(getpid() == (pid_t)syscall(SYS_gettid));
	/* As another user, where we may be one. */
	child = fork();
	if (child == 0) {
		if (getuid() == 0) {
			if (setgroups(0, NULL) || setgid(65534) || setuid(65534))
				_exit(1);
			_exit(setuid(0) == 0 || getuid() != 65534 || errno != EPERM);
		}
		_exit(setuid(0) == 0 || errno != EPERM);
	}
	test_reap("another user", child);
}

static void limits(void)
{
	struct rlimit limit, before;
	struct rusage usage;
	pid_t child;

	CALL(getrlimit(RLIMIT_NOFILE, &before));
	limit = before;
	limit.rlim_cur = 64;
	CALL(setrlimit(RLIMIT_NOFILE, &limit));
	CALL(prlimit(0, RLIMIT_NOFILE, NULL, &limit));
	VALUE(limit.rlim_cur);
	CALL(fcntl(1, F_DUPFD, 64));
	CALL(dup2(1, 70));
	CALL(prlimit(0, RLIMIT_NOFILE, &before, NULL));
	CALL(getrlimit(99, &limit));
	limit.rlim_cur = 100;
	limit.rlim_max = 50;
	CALL(setrlimit(RLIMIT_CORE, &limit));
	CALL(getrlimit(RLIMIT_STACK, &limit));
	IS(limit.rlim_cur >= 1 << 20);
	limit.rlim_cur = limit.rlim_max = 4096;
	child = fork();
	if (child == 0) {
		static char block[8192];
		int fd = open("big", O_CREAT | O_WRONLY, 0600);

		close(2);	/* an emulator may say there what killed its guest */
		setrlimit(RLIMIT_FSIZE, &limit);
		CALL(write(fd, block, sizeof(block)));
		signal(SIGXFSZ, SIG_IGN);
		CALL(write(fd, block, sizeof(block)));
		signal(SIGXFSZ, SIG_DFL);
		write(fd, block, sizeof(block));
		_exit(0);
	}
	test_reap("file too large", child);
	child = fork();
	if (child == 0) {
		close(2);
		limit.rlim_cur = 1;
		limit.rlim_max = 2;
		setrlimit(RLIMIT_CPU, &limit);
		for (;;)
			__asm__ volatile("");
	}
	test_reap("processor time", child);
	CALL(getrusage(RUSAGE_SELF, &usage));
	IS(usage.ru_maxrss > 0);
	CALL(getrusage(RUSAGE_CHILDREN, &usage));
	IS(usage.ru_utime.tv_sec >= 1 || usage.ru_utime.tv_usec + usage.ru_stime.tv_usec > 500000);
	CALL(getrusage(99, &usage));
}

static void scheduling(void)
{
	struct sched_param parameters = { 0 };
	struct timespec interval;
	cpu_set_t set;

	CALL(sched_yield());
	CALL(syscall(SYS_sched_getscheduler, 0));
	CALL(syscall(SYS_sched_getparam, 0, &parameters));
	VALUE(parameters.sched_priority);
	CALL(syscall(SYS_sched_setscheduler, 0, SCHED_BATCH, &parameters));
	CALL(syscall(SYS_sched_getscheduler, 0));
	CALL(sched_get_priority_max(SCHED_FIFO));
	CALL(sched_get_priority_min(SCHED_FIFO));
	CALL(sched_get_priority_max(99));
	CALL(sched_rr_get_interval(0, &interval));
	CPU_ZERO(&set);
	CALL(sched_getaffinity(0, sizeof(set), &set));
	IS(CPU_COUNT(&set) >= 1 && CPU_COUNT(&set) == sysconf(_SC_NPROCESSORS_ONLN));
	CALL(sched_setaffinity(0, sizeof(set), &set));
	CALL(syscall(SYS_sched_getaffinity, 0, 1, &set));
	IS(sched_getcpu() >= 0);
	errno = 0;
	VALUE(getpriority(PRIO_PROCESS, 0));
	CALL(setpriority(PRIO_PROCESS, 0, 5));
	VALUE(getpriority(PRIO_PROCESS, 0));
	CALL(nice(2));
	CALL(getpriority(9, 0));
}

static void controls(void)
{
	char name[16] = { 0 };

	CALL(prctl(PR_SET_NAME, "a long name that is cut"));
	CALL(prctl(PR_GET_NAME, name));
	puts(name);
	CALL(prctl(PR_GET_DUMPABLE));
	CALL(prctl(PR_SET_DUMPABLE, 0));
	CALL(prctl(PR_GET_DUMPABLE));
	CALL(prctl(PR_SET_DUMPABLE, 1));
	CALL(prctl(PR_GET_KEEPCAPS));
	CALL(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	CALL(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	CALL(prctl(PR_SET_TIMERSLACK, 60000));
	CALL(prctl(PR_GET_TIMERSLACK));
	CALL(prctl(99999));
	CALL(personality(0xffffffff) >= 0);
}

static void information(void)
{
	struct sysinfo info;
	struct utsname names;
	char buffer[64];
	unsigned sum = 0;

	CALL(uname(&names));
	puts(names.sysname);
	IS(strcmp(names.machine, MACHINE) == 0);
	IS(atoi(names.release) >= 3);
	IS(gethostname(buffer, sizeof(buffer)) == 0 && strcmp(buffer, names.nodename) == 0);
	CALL(sysinfo(&info));
	IS(info.totalram > 0 && info.procs > 0 && info.mem_unit > 0 && info.uptime > 0);
	CALL(getrandom(buffer, sizeof(buffer), 0));
	for (size_t i = 0; i < sizeof(buffer); i++)
		sum += buffer[i] != 0;
	IS(sum > 32);
	CALL(getrandom(buffer, 16, 0x80));
	CALL(getrandom((void *)8, 16, 0));
	CALL(syscall(SYS_getcpu, &sum, NULL, NULL));
	CALL(syscall(SYS_membarrier, 0, 0) >= 0);
	CALL(syscall(9999));
	CALL(syscall(-5L));
}

int main(void)
{
	test_begin();
	identities();
	limits();
	scheduling();
	controls();
	information();
	return 0;
}
