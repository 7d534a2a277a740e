/*
 * Every signal number, handlers in handlers, stacks that disarm themselves, stopping and going on,
 * how children end.
 */
#include "test.h"
#include <pthread.h>
#include <setjmp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <termios.h>

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1u << 31)
#endif
enum { SIGSET_BYTES = 8, LAST = 64 };

/* The kernel's own structure: libc hides signals 32 and 33. */
struct kernel_action {
	void (*handler)(int, siginfo_t *, void *);
	unsigned long flags;
#if defined __x86_64__ || defined __aarch64__
	void (*restorer)(void);
#endif
	uint64_t mask;
};

#ifdef __x86_64__
void return_from_handler(void);
__asm__("return_from_handler: mov $15, %eax; syscall");
#endif

static void act(int number, void (*handler)(int, siginfo_t *, void *), unsigned long flags,
		uint64_t mask)
{
	struct kernel_action a = { .handler = handler, .flags = flags | SA_SIGINFO, .mask = mask };

#ifdef __x86_64__
	a.flags |= 0x04000000;
	a.restorer = return_from_handler;
#endif
	if (syscall(SYS_rt_sigaction, number, &a, NULL, SIGSET_BYTES) < 0)
		printf("rt_sigaction %d: %s\n", number, strerrorname_np(errno));
}

static volatile int order[256], values[256], count;

static void note(int number, siginfo_t *info, void *context)
{
	order[count] = number;
	values[count++] = info->si_code == SI_QUEUE ? info->si_value.sival_int : -info->si_code;
}

static void mask(int how, uint64_t set)
{
	syscall(SYS_rt_sigprocmask, how, &set, NULL, SIGSET_BYTES);
}

static void queue(int number, int value)
{
	siginfo_t info = { 0 };

	info.si_code = SI_QUEUE;
	info.si_pid = getpid();
	info.si_uid = getuid();
	info.si_value.sival_int = value;
	if (syscall(SYS_rt_sigqueueinfo, getpid(), number, &info) < 0)
		printf("rt_sigqueueinfo %d: %s\n", number, strerrorname_np(errno));
}

static void show_order(const char *what)
{
	printf("%s:", what);
	for (int i = 0; i < count; i++)
		printf(" %d=%d", order[i], values[i]);
	printf("\n");
	count = 0;
}

static void every_number(void)
{
	for (int i = 1; i <= LAST; i++)
		if (i != SIGKILL && i != SIGSTOP && i != SIGALRM)
			act(i, note, 0, ~0ull);
	for (int i = 1; i <= LAST; i++)
		if (i != SIGKILL && i != SIGSTOP && i != SIGALRM)
			syscall(SYS_tgkill, getpid(), gettid(), i);
	show_order("one by one");
	mask(SIG_BLOCK, ~0ull);
	for (int i = LAST; i > 0; i--)
		if (i != SIGKILL && i != SIGSTOP && i != SIGALRM)
			for (int k = 0; k < 2; k++)
				queue(i, i * 10 + k);
	mask(SIG_UNBLOCK, ~0ull);
	show_order("all at once");
	for (int i = 1; i <= LAST; i++)
		if (i != SIGKILL && i != SIGSTOP && i != SIGALRM)
			act(i, (void *)SIG_DFL, 0, 0);
	CALL(syscall(SYS_rt_sigqueueinfo, getpid(), 65, NULL));
	CALL(syscall(SYS_tgkill, getpid(), gettid(), 0));
	CALL(syscall(SYS_tgkill, getpid(), gettid(), 65));
}

static volatile int level;

static void nest(int number, siginfo_t *info, void *context)
{
	if (level++ < 5)
		raise(number);
	level += 100;
}

static void one_shot(int number, siginfo_t *info, void *context)
{
	struct sigaction now;

	sigaction(number, NULL, &now);
	printf("in the handler: %s\n", now.sa_handler == SIG_DFL ? "default" : "still there");
}

static void nesting(void)
{
	act(SIGUSR1, nest, SA_NODEFER, 0);
	raise(SIGUSR1);
	VALUE(level);
	act(SIGUSR2, one_shot, SA_RESETHAND, 0);
	raise(SIGUSR2);
}

/* --- stacks --- */

static char *stack;
static volatile int on_stack, flags_inside, entered;

static void on_alternate(int number, siginfo_t *info, void *context)
{
	stack_t now;
	char here;

	sigaltstack(NULL, &now);
	on_stack = &here >= stack && &here < stack + 65536;
	flags_inside = now.ss_flags;
	entered++;
	if (number == SIGUSR1) {
		stack_t other = { .ss_sp = stack + 65536, .ss_size = 65536 };

		CALL(sigaltstack(&other, NULL));
		if (entered < 3 && flags_inside == SS_DISABLE) {
			raise(SIGUSR2);
			VALUE(on_stack);
		}
	}
}

static void stacks(void)
{
	stack_t s, old;

	stack = mmap(NULL, 131072, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	s = (stack_t){ .ss_sp = stack, .ss_size = 65536 };
	CALL(sigaltstack(&s, NULL));
	act(SIGUSR1, on_alternate, SA_ONSTACK, 0);
	act(SIGUSR2, on_alternate, SA_ONSTACK, 0);
	raise(SIGUSR1);
	VALUE(on_stack);
	VALUE(flags_inside);
	entered = 0;
	s.ss_flags = (int)SS_AUTODISARM;
	CALL(sigaltstack(&s, NULL));
	raise(SIGUSR1);
	VALUE(entered);
	VALUE(flags_inside);
	CALL(sigaltstack(NULL, &old));
	IS(old.ss_sp == stack && old.ss_size == 65536 && old.ss_flags == (int)SS_AUTODISARM);
	s.ss_flags = SS_DISABLE;
	CALL(sigaltstack(&s, &old));
	CALL(sigaltstack(NULL, &old));
	VALUE(old.ss_flags);
	s = (stack_t){ .ss_sp = stack, .ss_size = 100 };
	CALL(sigaltstack(&s, NULL));
	s = (stack_t){ .ss_sp = stack, .ss_size = 65536, .ss_flags = 5 };
	CALL(sigaltstack(&s, NULL));
}

/* --- children --- */

static void show_status(const char *what, pid_t child, int options)
{
	int status = 0;
	pid_t got = waitpid(child, &status, options);

	if (got != child)
		printf("%s: nothing (%s)\n", what, got < 0 ? strerrorname_np(errno) : "0");
	else if (WIFSTOPPED(status))
		printf("%s: stopped by %d\n", what, WSTOPSIG(status));
	else if (WIFCONTINUED(status))
		printf("%s: continued\n", what);
	else if (WIFSIGNALED(status))
		printf("%s: killed by %d\n", what, WTERMSIG(status));
	else
		printf("%s: exit %d\n", what, WEXITSTATUS(status));
}

static volatile int went_on;

static void went(int number, siginfo_t *info, void *context)
{
	went_on = 1;
}

static void stopping(void)
{
	siginfo_t info = { 0 };
	pid_t child = fork();
	int seen[2];
	char c;

	if (child == 0) {
		act(SIGCONT, went, 0, 0);
		raise(SIGSTOP);
		_exit(went_on ? 5 : 6);
	}
	show_status("SIGSTOP", child, WUNTRACED);
	CALL(waitid(P_PID, child, &info, WSTOPPED | WNOHANG));
	kill(child, SIGCONT);
	CALL(waitid(P_PID, child, &info, WCONTINUED | WEXITED | WNOWAIT));
	show_status("then", child, 0);

	/* The next stop takes back the word that the child went on: it waits until that was seen. */
	pipe(seen);
	child = fork();
	if (child == 0) {
		setpgid(0, 0);
		raise(SIGTSTP);
		read(seen[0], &c, 1);
		raise(SIGTTIN);
		raise(SIGTTOU);
		for (;;)
			pause();
	}
	setpgid(child, child);
	show_status("SIGTSTP", child, WUNTRACED);
	kill(-child, SIGCONT);
	show_status("SIGCONT", child, WCONTINUED);
	write(seen[1], "", 1);
	show_status("SIGTTIN", child, WUNTRACED);
	kill(child, SIGCONT);
	show_status("SIGTTOU", child, WUNTRACED);
	kill(child, SIGCONT);
	kill(child, SIGTERM);
	show_status("SIGTERM", child, 0);
	close(seen[0]);
	close(seen[1]);
}

/* A terminal's background process that reads is stopped, and reads when it is in front. */
static void terminal(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave;
	pid_t leader, reader;
	char c;

	grantpt(master);
	unlockpt(master);
	leader = fork();
	if (leader == 0) {
		setsid();
		slave = open(ptsname(master), O_RDWR);
		ioctl(slave, TIOCSCTTY, 0);
		signal(SIGTTOU, SIG_IGN);
		reader = fork();
		if (reader == 0) {
			setpgid(0, 0);
			_exit(read(slave, &c, 1) == 1 ? c : 1);
		}
		setpgid(reader, reader);
		show_status("in the background", reader, WUNTRACED);
		tcsetpgrp(slave, reader);
		write(master, "A\n", 2);
		kill(reader, SIGCONT);
		show_status("in front", reader, 0);
		tcsetpgrp(slave, getpgrp());
		reader = fork();
		if (reader == 0) {
			setpgid(0, 0);
			tcsetpgrp(slave, getpgrp());
			for (;;)
				pause();
		}
		setpgid(reader, reader);
		while (tcgetpgrp(slave) != reader)
			test_sleep_ms(1);
		write(master, "\032", 1);
		show_status("^Z", reader, WUNTRACED);
		kill(reader, SIGCONT);
		write(master, "\003", 1);
		show_status("^C", reader, 0);
		fflush(stdout);
		_exit(0);
	}
	test_reap("session", leader);
	close(master);
}

static void by_signal(int number)
{
	char what[32];
	pid_t child = fork();

	if (child == 0) {
		struct rlimit none = { 0, 0 };

		setrlimit(RLIMIT_CORE, &none);
		close(2);
		open("/dev/null", O_WRONLY);
		syscall(SYS_tgkill, getpid(), gettid(), number);
		_exit(0);
	}
	snprintf(what, sizeof(what), "signal %d", number);
	show_status(what, child, 0);
}

static void *exit_all(void *argument)
{
	syscall(SYS_exit_group, (long)argument);
	return NULL;
}

/* Several threads end the process at once: one of them has its way, all are gone. */
static void exit_races(void)
{
	for (int round = 0; round < 20; round++) {
		pid_t child = fork();
		int status;

		if (child == 0) {
			pthread_t thread;

			for (long i = 0; i < 4; i++)
				pthread_create(&thread, NULL, exit_all, (void *)(7 + i));
			for (;;)
				pause();
		}
		waitpid(child, &status, 0);
		if (!WIFEXITED(status) || WEXITSTATUS(status) < 7 || WEXITSTATUS(status) > 10)
			printf("round %d: status %#x\n", round, status);
	}
}

static void ignored(void)
{
	pid_t child;

	signal(SIGCHLD, SIG_IGN);
	child = fork();
	if (child == 0)
		_exit(0);
	CALL(waitpid(child, NULL, 0));
	signal(SIGCHLD, SIG_DFL);
}

int main(void)
{
	test_begin();
	every_number();
	nesting();
	stacks();
	stopping();
	terminal();
	for (int i = 1; i <= LAST; i++)
		if (i != SIGSTOP && i != SIGTSTP && i != SIGTTIN && i != SIGTTOU)
			by_signal(i);
	exit_races();
	ignored();
	return 0;
}
