/* Processes: fork, vfork, waiting, exit codes, groups and sessions, pidfd. */
#include "test.h"
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static void forks(void)
{
	int status, ends[2], shared = 1;
	siginfo_t info = { 0 };
	pid_t child, parent = getpid();
	struct rusage usage;

	fflush(stdout);
	child = fork();
	if (child == 0)
		_exit(getppid() == parent && getpid() != parent ? 3 : 4);
	IS(waitpid(child, &status, 0) == child);
	VALUE(WEXITSTATUS(status));
	CALL(waitpid(child, &status, 0));
	CALL(wait(NULL));

	child = fork();
	if (child == 0)
		for (;;)
			pause();
	CALL(waitpid(child, &status, WNOHANG));
	CALL(kill(child, 0));
	CALL(kill(child, SIGSTOP));
	IS(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status));
	VALUE(WSTOPSIG(status));
	CALL(kill(child, SIGCONT));
	IS(waitpid(child, &status, WCONTINUED) == child && WIFCONTINUED(status));
	CALL(kill(child, SIGTERM));
	CALL(waitid(P_PID, child, &info, WEXITED | WNOWAIT));
	IS(info.si_pid == child && info.si_signo == SIGCHLD);
	VALUE(info.si_code);
	VALUE(info.si_status);
	IS(wait4(child, &status, 0, &usage) == child);
	VALUE(WTERMSIG(status));
	CALL(kill(child, 0));
	CALL(waitid(P_ALL, 0, &info, WEXITED));
	CALL(waitid(P_ALL, 0, &info, 0));

	/* A true vfork: the child writes the parent's memory, the parent waits for it. */
	child = vfork();
	if (child == 0) {
		*(volatile int *)&shared = 2;
		_exit(5);
	}
	VALUE(*(volatile int *)&shared);
	test_reap("vfork", child);

	/* The error of an execve in a vfork child is seen before the parent goes on. */
	*(volatile int *)&shared = 0;
	child = vfork();
	if (child == 0) {
		execl("/nonexistent/program", "x", (char *)NULL);
		*(volatile int *)&shared = errno;
		_exit(127);
	}
	VALUE(*(volatile int *)&shared);
	test_reap("vfork and exec", child);

	/* Pipes between processes, end of file when all writers are gone. */
	CALL(pipe(ends));
	child = fork();
	if (child == 0) {
		close(ends[0]);
		for (int i = 0; i < 1000; i++)
			if (write(ends[1], "0123456789", 10) != 10)
				_exit(1);
		_exit(0);
	}
	close(ends[1]);
	{
		char buffer[4096];
		long sum = 0, got;

		while ((got = read(ends[0], buffer, sizeof(buffer))) > 0)
			sum += got;
		VALUE(sum);
	}
	test_reap("writer", child);
	close(ends[0]);

	/* Many children, all of them found. */
	for (int i = 0; i < 20; i++)
		if (fork() == 0)
			_exit(i);
	for (shared = 0; wait(&status) > 0;)
		shared += WEXITSTATUS(status);
	VALUE(shared);

	/* An orphan is handed to the one that asked for it. */
	CALL(prctl(PR_SET_CHILD_SUBREAPER, 1));
	child = fork();
	if (child == 0) {
		child = getpid();
		if (fork() == 0) {
			while (getppid() == child)
				test_sleep_ms(1);
			_exit(getppid() == parent ? 8 : 9);
		}
		_exit(0);
	}
	test_reap("middle", child);
	wait(&status);
	VALUE(WEXITSTATUS(status));
}

static void groups(void)
{
	pid_t child = fork();

	if (child == 0) {
		IS(getpgrp() == getppid() || getpgrp() == getpgid(getppid()));
		CALL(setpgid(0, 0));
		IS(getpgrp() == getpid());
		CALL(setsid());
		_exit(0);
	}
	test_reap("group", child);
	child = fork();
	if (child == 0) {
		IS(setsid() == getpid());
		IS(getsid(0) == getpid() && getpgrp() == getpid());
		_exit(0);
	}
	test_reap("session", child);
	child = fork();
	if (child == 0) {
		setpgid(0, 0);
		pause();
		_exit(0);
	}
	setpgid(child, child);
	CALL(kill(-child, SIGUSR1));
	test_reap("killed group", child);
	CALL(getpgid(child));
	CALL(kill(-child, SIGUSR1));
}

static int cloned(void *argument)
{
	*(int *)argument = 77;
	return 6;
}

static void clones(void)
{
	static char stack[65536] __attribute__((aligned(16)));
	static int value;
	siginfo_t info = { 0 };
	pid_t child;
	int fd;

	child = clone(cloned, stack + sizeof(stack), SIGCHLD, &value);
	test_reap("clone", child);
	VALUE(value);
	child = clone(cloned, stack + sizeof(stack), CLONE_VM | SIGCHLD, &value);
	test_reap("clone with memory", child);
	VALUE(value);
	CALL(clone(cloned, stack + sizeof(stack), CLONE_THREAD, &value));

	child = fork();
	if (child == 0) {
		test_sleep_ms(20);
		_exit(11);
	}
	fd = syscall(SYS_pidfd_open, child, 0);
	IS(fd >= 0);
	CALL(syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0));
	CALL(waitid(3 /* P_PIDFD */, fd, &info, WEXITED));
	VALUE(info.si_status);
	CALL(syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0));
	close(fd);

	{
		struct { uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack,
			stack_size, tls; } args = { .flags = CLONE_PIDFD, .pidfd = (uintptr_t)&fd,
			.exit_signal = SIGCHLD };

		child = syscall(SYS_clone3, &args, sizeof(args));
		if (child == 0)
			_exit(12);
		IS(child > 0 && fd >= 0);
		test_reap("clone3", child);
		close(fd);
		CALL(syscall(SYS_clone3, &args, 8));
	}
}

static void exit_codes(void)
{
	static const int codes[] = { 0, 1, 127, 128, 255, 256, -1 };

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		pid_t child = fork();

		if (child == 0)
			syscall(SYS_exit_group, codes[i]);
		test_reap("exit", child);
	}
}

static void kill_on_parent_death(void)
{
	int signal_number = 0;

	CALL(prctl(PR_SET_PDEATHSIG, SIGUSR2));
	CALL(prctl(PR_GET_PDEATHSIG, &signal_number));
	VALUE(signal_number);
	CALL(prctl(PR_SET_PDEATHSIG, 0));
}

int main(void)
{
	test_begin();
	forks();
	groups();
	clones();
	exit_codes();
	kill_on_parent_death();
	return 0;
}
