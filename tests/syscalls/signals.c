/* Signals: handlers, masks, stacks, queues, order, waiting for them, signalfd. */
#include "test.h"
#include <pthread.h>
#include <setjmp.h>
#include <sys/signalfd.h>
#include <ucontext.h>

static volatile int count, depth, deepest, order[64], ordered;
static siginfo_t last;
static volatile int on_alternate, blocked_inside;
static char alternate[65536];
static sigjmp_buf back;

static void counting(int number)
{
	count++;
}

static void informed(int number, siginfo_t *info, void *context)
{
	last = *info;
	count++;
	if (ordered < 64)
		order[ordered++] = number;
}

static void nesting(int number)
{
	sigset_t mask;

	depth++;
	if (depth > deepest)
		deepest = depth;
	sigprocmask(SIG_SETMASK, NULL, &mask);
	blocked_inside = sigismember(&mask, number) * 10 + sigismember(&mask, SIGUSR2);
	if (number == SIGUSR1)
		raise(SIGUSR2);
	depth--;
}

static void where(int number)
{
	char here;
	stack_t stack;

	on_alternate = &here >= alternate && &here < alternate + sizeof(alternate);
	sigaltstack(NULL, &stack);
	VALUE(stack.ss_flags == SS_ONSTACK);
	CALL(sigaltstack(&(stack_t){ .ss_flags = SS_DISABLE }, NULL));
}

static void jump(int number)
{
	siglongjmp(back, number);
}

static void overflow(int number)
{
	on_alternate = 2;
	siglongjmp(back, 1);
}

static int recurse(volatile char *previous)
{
	volatile char here[4096];

	here[0] = *previous + 1;
	return recurse(here) + here[0];
}

static void change_mask(int number, siginfo_t *info, void *context)
{
	sigaddset(&((ucontext_t *)context)->uc_sigmask, SIGHUP);
}

static void handle(int number, void (*handler)(int), int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	sigaction(number, &action, NULL);
}

static void inform(int number, int flags)
{
	struct sigaction action = { .sa_sigaction = informed, .sa_flags = SA_SIGINFO | flags };

	sigaction(number, &action, NULL);
}

/* Every signal from 1 to 64 that is blocked while the handler runs, and back in what sigaction tells. */
static uint64_t mask_inside;

static void look_at_mask(int number)
{
	sigset_t mask;

	sigprocmask(SIG_SETMASK, NULL, &mask);
	mask_inside = 0;
	for (int i = 1; i <= 64; i++)
		mask_inside |= (uint64_t)(sigismember(&mask, i) == 1) << (i - 1);
}

static void action_mask(void)
{
	struct sigaction old, action = { .sa_handler = look_at_mask };

	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	VALUE(mask_inside);
	sigaddset(&action.sa_mask, SIGUSR2);
	sigaddset(&action.sa_mask, 40);
	action.sa_flags = SA_NODEFER;
	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	VALUE(mask_inside);
	sigaction(SIGUSR1, NULL, &old);
	VALUE(sigismember(&old.sa_mask, SIGUSR2) * 10 + sigismember(&old.sa_mask, 40));
	VALUE(sigismember(&old.sa_mask, SIGUSR1));
}

static void basics(void)
{
	struct sigaction old, action = { .sa_handler = counting };
	sigset_t set, pending, before;

	CALL(sigaction(SIGUSR1, &action, NULL));
	CALL(sigaction(SIGUSR1, NULL, &old));
	IS(old.sa_handler == counting);
	CALL(sigaction(SIGKILL, &action, NULL));
	CALL(sigaction(0, &action, NULL));
	CALL(sigaction(65, &action, NULL));
	CALL(syscall(SYS_rt_sigaction, SIGUSR1, NULL, NULL, 4));
	CALL(raise(SIGUSR1));
	CALL(kill(getpid(), SIGUSR1));
	CALL(kill(getpid(), 65));
	VALUE(count);
	handle(SIGUSR1, counting, SA_RESETHAND);
	raise(SIGUSR1);
	sigaction(SIGUSR1, NULL, &old);
	IS(old.sa_handler == SIG_DFL);

	handle(SIGUSR1, counting, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGKILL);
	CALL(sigprocmask(SIG_BLOCK, &set, &before));
	CALL(sigprocmask(77, &set, NULL));
	count = 0;
	raise(SIGUSR1);
	raise(SIGUSR1);
	VALUE(count);
	sigpending(&pending);
	VALUE(sigismember(&pending, SIGUSR1));
	CALL(sigprocmask(SIG_SETMASK, &before, NULL));
	VALUE(count);				/* ordinary signals do not queue */
	sigpending(&pending);
	VALUE(sigismember(&pending, SIGUSR1));
	sigprocmask(SIG_SETMASK, NULL, &set);
	VALUE(sigismember(&set, SIGKILL));

	/* A signal while its handler runs is held back, another is not. */
	handle(SIGUSR1, nesting, 0);
	handle(SIGUSR2, nesting, 0);
	raise(SIGUSR1);
	VALUE(deepest);
	VALUE(blocked_inside);
	handle(SIGUSR2, nesting, SA_NODEFER);
	deepest = 0;
	raise(SIGUSR2);
	VALUE(blocked_inside);

	/* The mask of the frame is what comes back. */
	action.sa_flags = SA_SIGINFO;
	action.sa_sigaction = change_mask;
	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	sigprocmask(SIG_SETMASK, NULL, &set);
	VALUE(sigismember(&set, SIGHUP));
	sigemptyset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);

	signal(SIGUSR1, SIG_IGN);
	CALL(raise(SIGUSR1));
	handle(SIGUSR1, jump, 0);
	for (volatile int i = 0; i < 3; i++)
		if (sigsetjmp(back, 1) == 0)
			raise(SIGUSR1);
	sigprocmask(SIG_SETMASK, NULL, &set);
	VALUE(sigismember(&set, SIGUSR1));
}

static void stacks(void)
{
	stack_t stack = { .ss_sp = alternate, .ss_size = sizeof(alternate) };

	CALL(sigaltstack(&stack, NULL));
	CALL(sigaltstack(&(stack_t){ .ss_sp = alternate, .ss_size = 100 }, NULL));
	handle(SIGUSR1, where, SA_ONSTACK);
	raise(SIGUSR1);
	VALUE(on_alternate);
	handle(SIGUSR1, counting, 0);
	handle(SIGSEGV, overflow, SA_ONSTACK);
	if (sigsetjmp(back, 1) == 0)
		recurse("");
	VALUE(on_alternate);			/* the overflow of a stack is survived */
	signal(SIGSEGV, SIG_DFL);
	stack.ss_flags = SS_DISABLE;
	CALL(sigaltstack(&stack, NULL));
}

static void queues(void)
{
	sigset_t set, before;
	union sigval value = { .sival_int = 4711 };
	pid_t child;

	inform(SIGUSR1, 0);
	CALL(sigqueue(getpid(), SIGUSR1, value));
	VALUE(last.si_value.sival_int);
	VALUE(last.si_code);
	IS(last.si_pid == getpid() && last.si_uid == getuid());
	raise(SIGUSR1);
	VALUE(last.si_code);
	kill(getpid(), SIGUSR1);
	VALUE(last.si_code);
	inform(SIGCHLD, 0);
	child = fork();
	if (child == 0)
		_exit(33);
	waitpid(child, NULL, 0);
	VALUE(last.si_signo);
	VALUE(last.si_code);
	VALUE(last.si_status);
	IS(last.si_pid == child);

	/* Real-time signals queue, lowest number first, in the order sent. */
	sigemptyset(&set);
	for (int n = 34; n <= 64; n++) {
		inform(n, 0);
		sigaddset(&set, n);
	}
	sigprocmask(SIG_BLOCK, &set, &before);
	ordered = 0;
	for (int i = 0; i < 3; i++) {
		value.sival_int = i;
		sigqueue(getpid(), 40, value);
		sigqueue(getpid(), 64, value);
		sigqueue(getpid(), 35, value);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	/* Frames nest when several are delivered at once: the highest number runs first. */
	VALUE(ordered);
	for (int i = 0; i < ordered; i++)
		printf(" %d", order[i]);
	putchar('\n');
	for (int n = 32; n < 34; n++) {		/* those the library keeps to itself */
		struct { void *handler; unsigned long flags; void *restorer; uint64_t mask; }
			action = { SIG_IGN };

		CALL(syscall(SYS_rt_sigaction, n, NULL, &action, 8));
	}
}

static void waiting(void)
{
	struct timespec soon = { 0, 20000000 };
	struct signalfd_siginfo event;
	union sigval value = { .sival_int = 99 };
	siginfo_t info;
	sigset_t set, none;
	int fd, got;
	pid_t child;

	sigemptyset(&none);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGRTMIN + 1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigqueue(getpid(), SIGRTMIN + 1, value);
	VALUE(sigwaitinfo(&set, &info) == SIGRTMIN + 1);
	VALUE(info.si_value.sival_int);
	CALL(sigtimedwait(&set, &info, &soon));
	raise(SIGUSR1);
	CALL(sigwait(&set, &got));
	VALUE(got);

	count = 0;
	handle(SIGUSR1, counting, 0);
	raise(SIGUSR1);
	CALL(sigsuspend(&none));
	VALUE(count);

	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	IS(fd >= 0);
	CALL(read(fd, &event, sizeof(event)));
	value.sival_int = 5;
	sigqueue(getpid(), SIGUSR1, value);
	CALL(read(fd, &event, sizeof(event)));
	VALUE(event.ssi_signo);
	VALUE(event.ssi_int);
	IS(event.ssi_pid == getpid());
	close(fd);

	/* From another process, while asleep. */
	child = fork();
	if (child == 0) {
		test_sleep_ms(30);
		kill(getppid(), SIGUSR1);
		_exit(0);
	}
	VALUE(sigwaitinfo(&set, &info));
	IS(info.si_pid == child && info.si_code == SI_USER);
	test_reap("sender", child);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

int main(void)
{
	test_begin();
	basics();
	action_mask();
	stacks();
	queues();
	waiting();
	return 0;
}
