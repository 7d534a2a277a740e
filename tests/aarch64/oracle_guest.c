/*
 * Runs instruction cases as a guest program: the oracle's part of cases.txt (see oracle.py).
 *
 * Each case is entered by rewriting the context of a signal, so that every register, sp and pc
 * included, can be given any value; and left by the next signal (the code is followed by BRK),
 * whose context is the result.  It runs under any emulator or on a real processor.
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

#include "cases.h"

static struct guest_case q;
static uint32_t *const code = (void *)CASE_CODE;
static uint8_t *const data = (void *)CASE_DATA;

static struct fpsimd_context *fpsimd(ucontext_t *u)
{
	return (void *)u->uc_mcontext.__reserved;   /* the kernel puts it first */
}

static void load(ucontext_t *u)
{
	struct fpsimd_context *fp = fpsimd(u);

	memcpy(u->uc_mcontext.regs, q.st.x, sizeof q.st.x);
	u->uc_mcontext.sp = q.st.sp;
	u->uc_mcontext.pc = CASE_CODE;
	u->uc_mcontext.pstate = q.st.nzcv;
	fp->fpcr = q.st.fpcr;
	fp->fpsr = q.st.fpsr;
	memcpy(fp->vregs, q.st.v, sizeof q.st.v);
}

static void save(ucontext_t *u, int sig)
{
	struct fpsimd_context *fp = fpsimd(u);

	memcpy(q.st.x, u->uc_mcontext.regs, sizeof q.st.x);
	q.st.sp = u->uc_mcontext.sp;
	q.st.pc = u->uc_mcontext.pc;
	q.st.nzcv = u->uc_mcontext.pstate & 0xf0000000;
	q.st.fpcr = fp->fpcr;
	q.st.fpsr = fp->fpsr;
	memcpy(q.st.v, fp->vregs, sizeof q.st.v);
	memcpy(q.st.mem, data, sizeof q.st.mem);
	q.st.signal = sig;
}

static void next(ucontext_t *u)
{
	size_t got = 0;
	ssize_t n;

	while (got < sizeof q && (n = read(0, (char *)&q + got, sizeof q - got)) > 0)
		got += n;
	if (got < sizeof q)
		_exit(got != 0);
	for (unsigned i = 0; i < CASE_CODE_WORDS; i++)
		code[i] = CASE_BRK;
	memcpy(code + CASE_START, q.code, q.nwords * 4);
	__builtin___clear_cache((char *)code, (char *)(code + CASE_CODE_WORDS));
	memcpy(data, q.st.mem, sizeof q.st.mem);
	load(u);
	u->uc_mcontext.pc = CASE_CODE + CASE_START * 4;
}

static void on_signal(int sig, siginfo_t *si, void *uc)
{
	if (sig != SIGUSR1) {
		save(uc, sig == SIGTRAP ? 0 : sig);
		if (write(1, &q, sizeof q) != sizeof q)
			_exit(2);
	}
	next(uc);
}

static void *map(uint64_t at, size_t size, int prot)
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

	map(CASE_CODE, CASE_CODE_WORDS * 4, PROT_READ | PROT_WRITE | PROT_EXEC);
	map(CASE_DATA, CASE_DATA_SIZE, PROT_READ | PROT_WRITE);
	sigaltstack(&stack, 0);
	for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++)
		sigaction(signals[i], &sa, 0);
	raise(SIGUSR1);
	return 2;
}
