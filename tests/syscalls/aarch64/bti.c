/*
 * FEAT_BTI: in pages mapped with PROT_BTI an indirect branch leads to an instruction that is meant for it, or the
 * program gets SIGILL there.  Every kind of branch to every kind of instruction, often enough that lookups are warm;
 * from guarded and other pages; with the protection added and taken away while the code is in use; and a handler's
 * first instruction.
 */
#include "../test.h"

#include <setjmp.h>
#include <sys/auxv.h>
#include <ucontext.h>

enum { BTI = 0x10 /* PROT_BTI */, PAGE = 65536, ROUNDS = 2000 };

static const struct { const char *name; uint32_t word; } targets[] = {
	{ "nop", 0xd503201f }, { "bti", 0xd503241f }, { "bti c", 0xd503245f }, { "bti j", 0xd503249f },
	{ "bti jc", 0xd50324df }, { "paciasp", 0xd503233f }, { "pacibsp", 0xd503237f }, { "paciaz", 0xd503231f },
	{ "brk", 0xd4200000 },
};
enum { TARGETS = sizeof targets / sizeof *targets, STRIDE = 4 /* words */ };

/* Branches, at the beginning of each page with code, behind BTI: where to go is in x1 and x16. */
enum { BLR, BR, BR16, RET, BRANCHES };
static const char *const branch_names[] = { "blr x1", "br x1", "br x16", "ret x1" };

static uint32_t *code, *plain;
static sigjmp_buf back;
static volatile uintptr_t at;
static volatile int signo, sicode;
static volatile unsigned btype;

static void on_signal(int sig, siginfo_t *si, void *uc)
{
	signo = sig;
	sicode = si->si_code;
	at = (uintptr_t)si->si_addr;
	btype = ((ucontext_t *)uc)->uc_mcontext.pstate >> 10 & 3;
	siglongjmp(back, 1);
}

/* Targets end with a jump to x9; branches are at words 0.. of the page. */
static void fill(uint32_t *page)
{
	static const uint32_t branch[] = { 0xd63f0020, 0xd61f0020, 0xd61f0200, 0xd65f0020 };

	for (int b = 0; b < BRANCHES; b++) {
		page[2 * b] = 0xd50324df;             /* bti jc */
		page[2 * b + 1] = branch[b];
	}
	for (int t = 0; t < TARGETS; t++) {
		page[256 + t * STRIDE] = targets[t].word;
		page[256 + t * STRIDE + 1] = 0xd65f0120;      /* ret x9 */
		page[512 + t * STRIDE] = targets[t].word;     /* as a signal's handler */
		page[512 + t * STRIDE + 1] = 0xd65f03c0;      /* ret */
	}
}

/* from: the branch's word; x9: where the target goes back to.  x30 may be signed meanwhile. */
static void go(const uint32_t *from, const uint32_t *to)
{
	asm volatile("mov x1, %1\n mov x16, %1\n mov x17, %0\n mov x19, x30\n mov x20, sp\n adr x9, 1f\n mov x30, x9\n br x17\n"
		     "1: mov x30, x19\n mov sp, x20\n"
		     : : "r"(from), "r"(to) : "x1", "x9", "x16", "x17", "x19", "x20", "x30", "memory");
}

/* What the branches of one page do at the targets of another. */
static void table(const char *what, uint32_t *from, uint32_t *to)
{
	printf("%s:\n", what);
	for (int b = 0; b < BRANCHES; b++) {
		printf("  %-7s", branch_names[b]);
		for (int t = 0; t < TARGETS; t++) {
			volatile int ok = 0, bad = 0, odd = 0, type = 0;
			volatile int i;

			for (i = 0; i < ROUNDS; i++) {
				if (sigsetjmp(back, 0) == 0) {
					go(from + 2 * b, to + 256 + t * STRIDE);
					ok++;
				} else if (signo == SIGILL && sicode == ILL_ILLOPC && at == (uintptr_t)(to + 256 + t * STRIDE)) {
					bad++;
					type = btype;
				} else if (signo == SIGTRAP) {
					ok++;
				} else {
					odd++;
				}
				if (bad > 20)
					break;
			}
			if (bad && !ok && !odd)
				printf(" %s=%d", targets[t].name, type);
			else if (bad || odd)
				printf(" %s ? (%d %d %d)", targets[t].name, ok, bad, odd);
		}
		puts("");
	}
}

static void handler_of(uint32_t *to, const char *name)
{
	struct sigaction sa = { .sa_handler = (void (*)(int))to };

	sigaction(SIGUSR1, &sa, NULL);
	signo = 0;
	if (sigsetjmp(back, 1) == 0)
		raise(SIGUSR1);
	printf("handler that begins with %s: %s\n", name, signo == SIGILL && at == (uintptr_t)to ? "SIGILL" : signo ? "?" : "called");
}

int main(void)
{
	struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_NODEFER };

	test_begin();
	printf("bti: %s\n", getauxval(AT_HWCAP2) >> 17 & 1 ? "yes" : "no");
	sigaction(SIGILL, &sa, NULL);
	sigaction(SIGTRAP, &sa, NULL);
	code = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	plain = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	fill(code);
	fill(plain);
	__builtin___clear_cache((char *)code, (char *)code + PAGE);
	__builtin___clear_cache((char *)plain, (char *)plain + PAGE);
	CALL(mprotect(plain, PAGE, PROT_READ | PROT_EXEC));
	CALL(mprotect(code, PAGE, PROT_READ | PROT_EXEC));
	table("no page is guarded", plain, code);
	CALL(mprotect(code, PAGE, PROT_READ | PROT_EXEC | BTI));
	table("from a plain page to a guarded one", plain, code);
	table("within a guarded page", code, code);
	table("from a guarded page to a plain one", code, plain);
	for (int t = 0; t < 4; t++)
		handler_of(code + 512 + t * STRIDE, targets[t].name);
	CALL(mprotect(code, PAGE, PROT_READ | PROT_EXEC));
	table("no longer guarded", code, code);
	CALL(mprotect(code, PAGE, PROT_READ | PROT_EXEC | BTI | 0x40));
	return 0;
}
