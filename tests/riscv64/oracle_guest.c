/*
 * Runs instruction cases as a guest program: the oracle's part of cases.txt (see oracle.py).
 *
 * Each case is entered by rewriting the context of a signal, so that every register, sp and pc
 * included, can be given any value; and left by the next signal (the code is followed by C.EBREAK),
 * whose context is the result.  It runs under any emulator or on a real processor.
 *
 * A signal leaves gp and tp as the case had them: the program must be linked without relaxation, so
 * that nothing uses gp, and the handler gets tp back for the C library.
 *
 * stdin: struct guest_case ...; stdout: the same with `st` as it is afterwards.
 */
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "guest_case.h"

enum { C_EBREAK = 0x9002 };

static struct guest_case q;
static uint16_t *const code = (void *)CASE_CODE;
static uint8_t *const data = (void *)CASE_DATA;

static void load(ucontext_t *u)
{
	for (unsigned i = 0; i < 32; i++)
		u->uc_mcontext.__gregs[i] = q.x[i];
	memcpy(u->uc_mcontext.__fpregs.__d.__f, q.f, sizeof q.f);
	u->uc_mcontext.__fpregs.__d.__fcsr = q.fcsr;
}

static void save(ucontext_t *u, int sig)
{
	for (unsigned i = 0; i < 32; i++)
		q.x[i] = (unsigned long)u->uc_mcontext.__gregs[i];
	memcpy(q.f, u->uc_mcontext.__fpregs.__d.__f, sizeof q.f);
	q.fcsr = u->uc_mcontext.__fpregs.__d.__fcsr;
	memcpy(q.mem, data, sizeof q.mem);
	q.signal = sig;
}

static void next(ucontext_t *u)
{
	size_t got = 0;
	ssize_t n;

	while (got < sizeof q && (n = read(0, (char *)&q + got, sizeof q - got)) > 0)
		got += n;
	if (got < sizeof q)
		_exit(got != 0);
	for (unsigned i = 0; i < CASE_CODE_SIZE / 2; i++)
		code[i] = C_EBREAK;
	memcpy((char *)code + CASE_START, q.code, q.size);
	__builtin___clear_cache((char *)code, (char *)code + CASE_CODE_SIZE);
	memcpy(data, q.mem, sizeof q.mem);
	load(u);
}

static unsigned long thread;

static void on_signal(int sig, siginfo_t *si, void *uc)
{
	__asm__ volatile("mv tp, %0" : : "r"(thread));
	if (sig != SIGUSR1) {
		save(uc, sig == SIGTRAP ? 0 : sig);
		if (write(1, &q, sizeof q) != sizeof q)
			_exit(2);
	}
	next(uc);
}

static void *map(uintptr_t at, size_t size, int prot)
{
	void *p = mmap((void *)at, size, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	if (p == MAP_FAILED)
		_exit(2);
	return p;
}

int main(void)
{
	static const int signals[] = { SIGUSR1, SIGTRAP, SIGILL, SIGSEGV, SIGBUS };
	struct sigaction sa = { .sa_sigaction = on_signal,
				.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };
	stack_t stack = { .ss_sp = map(CASE_STACK, 0x10000, PROT_READ | PROT_WRITE),
			  .ss_size = 0x10000 };

	__asm__ volatile("mv %0, tp" : "=r"(thread));
	map(CASE_CODE, CASE_CODE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC);
	map(CASE_DATA, CASE_DATA_SIZE, PROT_READ | PROT_WRITE);
	sigaltstack(&stack, 0);
	for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++)
		sigaction(signals[i], &sa, 0);
	raise(SIGUSR1);
	return 2;
}
