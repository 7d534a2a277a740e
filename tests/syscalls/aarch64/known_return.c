/*
 * Returns to an address that the code itself made: V8 continues in a compiled function with
 * adr x30, next; ret.  And indirect calls under a storm of signals: one may arrive between the
 * look at the translation's address and the jump there.
 */
#include "../test.h"
#include <sys/time.h>

uint64_t return_test(uint64_t n);

__asm__(
	".text\n"
	".globl return_test\n"
	"return_test:\n"
	"	mov	x9, x30\n"
	"	mov	x1, #0\n"
	"1:	adr	x30, 2f\n"
	"	ret\n"
	"	brk	#1\n"
	"2:	add	x1, x1, #3\n"
	"	subs	x0, x0, #1\n"
	"	b.ne	1b\n"
	"	mov	x0, x1\n"
	"	mov	x30, x9\n"
	"	ret\n");

static volatile sig_atomic_t ticks;

static void on_alarm(int signo)
{
	(void)signo;
	ticks++;
}

static uint64_t add_one(uint64_t x) { return x + 1; }
static uint64_t add_two(uint64_t x) { return x + 2; }

int main(void)
{
	uint64_t (*volatile function[2])(uint64_t) = { add_one, add_two };
	struct itimerval timer = { { 0, 50 }, { 0, 50 } }, off = { { 0, 0 }, { 0, 0 } };
	struct sigaction action = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
	uint64_t sum = 0, calls = 0;

	test_begin();
	IS(return_test(1000) == 3000);
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
	for (; ticks < 2000; calls += 2)
		sum = function[1](function[0](sum));
	setitimer(ITIMER_REAL, &off, NULL);
	IS(sum == calls / 2 * 3);
	return 0;
}
