/* Time: clocks, sleeping, interval timers, POSIX timers, timerfd. */
#include "test.h"
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/times.h>
#include <sys/timex.h>

static volatile int ticks;
static volatile int value_seen, code_seen;

/* The signals of timers are blocked but in sigsuspend: else one could come before the wait begins. */
static sigset_t blocked, none;

static void informed(int number, siginfo_t *info, void *context)
{
	ticks++;
	value_seen = info->si_value.sival_int;
	code_seen = info->si_code;
}

static void clocks(void)
{
	static const clockid_t all[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID,
		CLOCK_THREAD_CPUTIME_ID, CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE,
		CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME, CLOCK_TAI };
	struct timespec t, resolution;
	struct timeval v;
	struct timex x = { 0 };
	struct tms tms;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		int got = clock_gettime(all[i], &t), res = clock_getres(all[i], &resolution);

		printf("clock %d: %d %d %s\n", all[i], got, res,
			t.tv_nsec >= 0 && t.tv_nsec < 1000000000 ? "sane" : "WRONG");
	}
	CALL(syscall(SYS_clock_gettime, 99, &t));
	CALL(syscall(SYS_clock_gettime, CLOCK_REALTIME, (void *)8));
	CALL(syscall(SYS_clock_getres, CLOCK_MONOTONIC, NULL));
	clock_gettime(CLOCK_REALTIME, &t);
	gettimeofday(&v, NULL);
	IS(t.tv_sec > 1700000000 && v.tv_sec - t.tv_sec >= 0 && v.tv_sec - t.tv_sec < 5);
	IS(time(NULL) - t.tv_sec >= -1 && time(NULL) - t.tv_sec < 5);
	IS(times(&tms) != -1);
	CALL(clock_settime(CLOCK_MONOTONIC, &t));
	IS(adjtimex(&x) >= 0);
}

static void sleeping(void)
{
	struct timespec t = { 0, 30000000 }, until;
	double begin = test_now();

	CALL(nanosleep(&t, NULL));
	IS(test_now() - begin >= 0.03);
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += 20000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	VALUE(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL));
	VALUE(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL));
	t.tv_nsec = 1000000000;
	CALL(nanosleep(&t, NULL));
	t.tv_nsec = 0;
	t.tv_sec = -1;
	CALL(nanosleep(&t, NULL));
	CALL(syscall(SYS_clock_nanosleep, CLOCK_REALTIME, 0, (void *)8, NULL));
	IS(clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &t, NULL) == EINVAL);
}

static void intervals(void)
{
	struct sigaction action = { .sa_sigaction = informed, .sa_flags = SA_SIGINFO };
	struct itimerval timer = { { 0, 0 }, { 60, 20000 } }, now;

	sigaction(SIGALRM, &action, NULL);
	CALL(setitimer(ITIMER_REAL, &timer, NULL));
	CALL(getitimer(ITIMER_REAL, &now));
	IS(now.it_value.tv_sec > 0 && now.it_value.tv_sec <= 60);
	timer.it_value.tv_sec = 0;
	CALL(setitimer(ITIMER_REAL, &timer, NULL));
	CALL(sigsuspend(&none));
	VALUE(ticks);
	VALUE(code_seen == SI_KERNEL);
	CALL(setitimer(7, &timer, NULL));
	timer.it_value.tv_usec = 1000000;
	CALL(setitimer(ITIMER_REAL, &timer, NULL));
	VALUE(alarm(100));
	VALUE(alarm(60));
	sigaction(SIGALRM, &(struct sigaction){ .sa_handler = SIG_DFL }, NULL);
}

static void posix_timers(void)
{
	struct sigaction action = { .sa_sigaction = informed, .sa_flags = SA_SIGINFO };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN,
		.sigev_value.sival_int = 321 };
	struct itimerspec when = { { 0, 0 }, { 0, 10000000 } }, now;
	timer_t timer;

	ticks = 0;
	sigaction(SIGRTMIN, &action, NULL);
	CALL(timer_create(CLOCK_MONOTONIC, &event, &timer));
	CALL(timer_settime(timer, 0, &when, NULL));
	CALL(sigsuspend(&none));
	VALUE(ticks);
	VALUE(value_seen);
	VALUE(code_seen);
	when.it_interval.tv_nsec = 2000000;
	CALL(timer_settime(timer, 0, &when, NULL));
	CALL(timer_gettime(timer, &now));
	VALUE(now.it_interval.tv_nsec);
	while (ticks < 10)
		sigsuspend(&none);
	VALUE(timer_getoverrun(timer) >= 0);
	CALL(timer_delete(timer));
	CALL(syscall(SYS_timer_delete, 4444));
	event.sigev_signo = 99;
	CALL(timer_create(CLOCK_MONOTONIC, &event, &timer));
	CALL(timer_create(99, NULL, &timer));

	/* To one thread: ours. */
	while (sigtimedwait(&blocked, NULL, &(struct timespec){ 0 }) > 0)
		;	/* what the deleted timer has left (before Linux 6.13) */
	event.sigev_signo = SIGRTMIN;
	event.sigev_notify = SIGEV_THREAD_ID;
	event.sigev_notify_thread_id = syscall(SYS_gettid);
	ticks = 0;
	when.it_interval.tv_nsec = 0;
	CALL(timer_create(CLOCK_REALTIME, &event, &timer));
	CALL(timer_settime(timer, 0, &when, NULL));
	CALL(sigsuspend(&none));
	VALUE(ticks);
	CALL(timer_delete(timer));
}

static void descriptors(void)
{
	struct itimerspec when = { { 0, 5000000 }, { 0, 5000000 } }, now;
	uint64_t expirations = 0;
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);

	IS(fd >= 0);
	CALL(timerfd_settime(fd, 0, &when, NULL));
	CALL(timerfd_gettime(fd, &now));
	VALUE(now.it_interval.tv_nsec);
	test_sleep_ms(30);
	CALL(read(fd, &expirations, sizeof(expirations)));
	IS(expirations >= 5);
	CALL(read(fd, &expirations, 4));
	when.it_value.tv_nsec = 0;
	CALL(timerfd_settime(fd, 0, &when, NULL));
	CALL(fcntl(fd, F_SETFL, O_NONBLOCK));
	CALL(read(fd, &expirations, sizeof(expirations)));
	CALL(timerfd_create(99, 0));
	close(fd);
}

int main(void)
{
	test_begin();
	sigaddset(&blocked, SIGALRM);
	sigaddset(&blocked, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	clocks();
	sleeping();
	intervals();
	posix_timers();
	descriptors();
	return 0;
}
