/*
 * Signals that come while something is going on: blocked calls that return EINTR or start again,
 * tight loops, and the race between the two.
 */
#include "test.h"
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/timerfd.h>

static volatile long ticks;
static volatile int stop;

static void tick(int number)
{
	ticks++;
}

static void stopper(int number)
{
	stop = 1;
}

static void handle(int number, void (*handler)(int), int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	sigaction(number, &action, NULL);
}

/* A child that signals us in our next call that sleeps, and then does one more thing. */
static pid_t later(int number, int fd)
{
	pid_t child = fork();

	if (child == 0) {
		test_until_asleep(getppid());
		kill(getppid(), number);
		if (fd >= 0) {
			test_sleep_ms(20);
			if (write(fd, "data", 4) != 4)
				_exit(1);
		}
		_exit(0);
	}
	return child;
}

static void blocked_calls(int flags)
{
	char buffer[8];
	int ends[2], pair[2], epoll = epoll_create1(0);
	struct epoll_event event = { .events = EPOLLIN };
	struct timespec long_time = { 60, 0 }, rest = { 0 };
	struct timeval interval = { 60, 0 };
	struct pollfd poller;
	fd_set set;
	pid_t child;
	int status;

	printf("flags %s\n", flags & SA_RESTART ? "SA_RESTART" : "none");
	handle(SIGUSR1, tick, flags);
	if (pipe(ends) < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		exit(1);

	child = later(SIGUSR1, ends[1]);
	CALL(read(ends[0], buffer, sizeof(buffer)));
	test_reap("reader's sender", child);
	if (!(flags & SA_RESTART))
		CALL(read(ends[0], buffer, sizeof(buffer)));

	child = later(SIGUSR1, pair[1]);
	CALL(recv(pair[0], buffer, sizeof(buffer), 0));
	test_reap("receiver's sender", child);
	if (!(flags & SA_RESTART))
		CALL(recv(pair[0], buffer, sizeof(buffer), 0));

	/* These never start again (signal(7)). */
	child = later(SIGUSR1, -1);
	CALL(nanosleep(&long_time, &rest));
	IS(rest.tv_sec > 0 && rest.tv_sec < 60);
	test_reap("nanosleep", child);
	child = later(SIGUSR1, -1);
	VALUE(clock_nanosleep(CLOCK_MONOTONIC, 0, &long_time, NULL) == EINTR);
	test_reap("clock_nanosleep", child);
	poller = (struct pollfd){ ends[0], POLLIN, 0 };
	child = later(SIGUSR1, -1);
	CALL(poll(&poller, 1, 60000));
	test_reap("poll", child);
	FD_ZERO(&set);
	FD_SET(ends[0], &set);
	child = later(SIGUSR1, -1);
	CALL(select(ends[0] + 1, &set, NULL, NULL, &interval));
	test_reap("select", child);
	epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event);
	child = later(SIGUSR1, -1);
	CALL(epoll_wait(epoll, &event, 1, 60000));
	test_reap("epoll_wait", child);
	child = later(SIGUSR1, -1);
	CALL(pause());
	test_reap("pause", child);

	child = fork();
	if (child == 0)
		_exit(read(ends[0], buffer, sizeof(buffer)) == 4 ? 5 : 1);
	later(SIGUSR1, ends[1]);
	while (waitpid(child, &status, 0) < 0)
		printf("waitpid: %s\n", strerrorname_np(errno));
	VALUE(WEXITSTATUS(status));
	while (waitpid(-1, &status, 0) > 0 || errno == EINTR)
		;
	close(ends[0]);
	close(ends[1]);
	close(pair[0]);
	close(pair[1]);
	close(epoll);
}

static void tight_loops(void)
{
	struct itimerval timer = { { 0, 1000 }, { 0, 1000 } }, once = { { 0, 0 }, { 0, 20000 } }, off = { { 0 } };
	uint64_t x = 1, steps = 0;
	double begin;

	/* Of the process's own time, so that the loop has run whoever else does. */
	handle(SIGVTALRM, stopper, 0);
	stop = 0;
	setitimer(ITIMER_VIRTUAL, &once, NULL);
	while (!stop)
		steps++;
	IS(steps > 1000);

	/* A loop of one branch, with nothing in it that could poll. */
	handle(SIGVTALRM, tick, 0);
	ticks = 0;
	CALL(setitimer(ITIMER_VIRTUAL, &timer, NULL));
	begin = test_now();
	while (ticks < 20 && test_now() - begin < 60)
		for (int i = 0; i < 100000; i++)
			x = x * 6364136223846793005u + 1;
	setitimer(ITIMER_VIRTUAL, &off, NULL);
	IS(ticks >= 20);

	handle(SIGALRM, tick, SA_RESTART);
	ticks = 0;
	setitimer(ITIMER_REAL, &timer, NULL);
	begin = test_now();
	for (x = 0, steps = 0; ticks < 50 && test_now() - begin < 60; steps++)
		for (int i = 0; i < 1000; i++)
			x += i * steps;
	setitimer(ITIMER_REAL, &off, NULL);
	IS(ticks >= 50);
	IS(x == steps * (steps - 1) / 2 * 499500);

	/* Nothing a handler does may show in what it interrupts. */
	setitimer(ITIMER_REAL, &timer, NULL);
	{
		double sum = 0, again;
		volatile double one = 1;

		for (int i = 1; i < 3000000; i++)
			sum += one / i;
		setitimer(ITIMER_REAL, &off, NULL);
		again = 0;
		for (int i = 1; i < 3000000; i++)
			again += one / i;
		IS(sum == again);
	}
}

/* Signals as fast as they go, at a thread that makes short calls: none is lost, none hangs. */
static pthread_t target;
static volatile int sending;

static void *sender(void *argument)
{
	while (sending) {
		pthread_kill(target, SIGUSR2);
		usleep(100);
	}
	return NULL;
}

static void races(void)
{
	pthread_t thread;
	int ends[2], interrupted = 0;
	char byte = 'x';

	handle(SIGUSR2, tick, 0);
	target = pthread_self();
	sending = 1;
	ticks = 0;
	if (pipe(ends) < 0)
		exit(1);
	pthread_create(&thread, NULL, sender, NULL);
	for (int i = 0; i < 2000; i++) {
		while (write(ends[1], &byte, 1) < 0)
			interrupted += errno == EINTR;
		while (read(ends[0], &byte, 1) < 0)
			interrupted += errno == EINTR;
		if (i % 20 == 0) {
			struct timespec t = { 0, 200000 };

			nanosleep(&t, NULL);
		}
	}
	/* On a busy machine all that may be over before the other thread has begun. */
	for (int i = 0; i < 20000 && !ticks; i++)
		test_sleep_ms(1);
	sending = 0;
	pthread_join(thread, NULL);
	IS(ticks > 0);
	IS(byte == 'x');

	/* A blocked signal is let in by the wait alone. */
	{
		struct timespec t = { 1, 0 };
		sigset_t set, none;

		sigemptyset(&none);
		sigemptyset(&set);
		sigaddset(&set, SIGUSR1);
		handle(SIGUSR1, tick, SA_RESTART);
		sigprocmask(SIG_BLOCK, &set, NULL);
		raise(SIGUSR1);
		ticks = 0;
		CALL(ppoll(NULL, 0, &t, &none));
		VALUE(ticks);
		raise(SIGUSR1);
		CALL(pselect(0, NULL, NULL, NULL, &t, &none));
		VALUE(ticks);
		sigprocmask(SIG_SETMASK, NULL, &none);
		VALUE(sigismember(&none, SIGUSR1));
	}
}

int main(void)
{
	test_begin();
	blocked_calls(0);
	blocked_calls(SA_RESTART);
	tight_loops();
	races();
	return 0;
}
