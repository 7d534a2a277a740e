/*
 * FEAT_LSE2: what must be aligned elsewhere may lie anywhere within an aligned block of 16 bytes, and is atomic there,
 * as are pairs of X registers and Q registers that are aligned; across blocks it faults.
 */
#include "../test.h"

#include <pthread.h>
#include <setjmp.h>
#include <sys/auxv.h>

static union { uint8_t b[64]; uint64_t d[8]; } data __attribute__((aligned(64)));
static sigjmp_buf back;
static volatile int signo, code;
static volatile uintptr_t at;

static void on_fault(int sig, siginfo_t *si, void *uc)
{
	(void)uc;
	signo = sig;
	code = si->si_code;
	at = (uintptr_t)si->si_addr;
	siglongjmp(back, 1);
}

/* Do `instructions` at each offset, for p and the register v; which fault? */
#define EACH(name, instructions) \
	do { \
		printf("%-8s", name); \
		for (int offset = 0; offset < 16; offset++) { \
			uint8_t *p = data.b + 16 + offset; \
			register uint64_t v asm("x2") = 0x1122334455667788, w asm("x3") = 1; \
			for (int i = 0; i < 64; i++) \
				data.b[i] = i; \
			if (sigsetjmp(back, 1) == 0) { \
				asm volatile(instructions : "+r"(v), "+r"(w) : "r"(p) : "memory", "x4", "x5", "x6", "x7"); \
				printf(" %x", (unsigned)(v * 31 + w + data.d[2] * 5 + data.d[3] * 7 + (data.d[4] << 3)) & 0xfff); \
			} else { \
				printf(" %s", signo == SIGBUS && code == BUS_ADRALN && at == (uintptr_t)p ? "ADRALN" : "?"); \
			} \
		} \
		puts(""); \
	} while (0)

static void where(void)
{
	EACH("ldar", "ldar %0, [%2]");
	EACH("ldarh", "ldarh %w0, [%2]");
	EACH("stlr", "stlr %0, [%2]");
	EACH("stlr w", "stlr %w0, [%2]");
	EACH("ldxr", "ldxr %0, [%2]\n stlxr %w1, %0, [%2]");
	EACH("ldxp w", "ldxp w4, w5, [%2]\n stxp %w1, w5, w4, [%2]");
	EACH("ldxp", "ldxp x4, x5, [%2]\n stxp %w1, x5, x4, [%2]");
	EACH("ldadd", ".arch armv8.4-a\n ldaddal %0, %1, [%2]");
	EACH("ldsmax", ".arch armv8.4-a\n ldsmaxal %w0, %w1, [%2]");
	EACH("ldclrh", ".arch armv8.4-a\n ldclrh %w0, %w1, [%2]");
	EACH("swp", ".arch armv8.4-a\n swp %0, %1, [%2]");
	EACH("cas", ".arch armv8.4-a\n ldr %1, [%2]\n cas %1, %0, [%2]");
	EACH("casp", ".arch armv8.4-a\n ldp x4, x5, [%2]\n mov x6, %0\n mov x7, %1\n casp x4, x5, x6, x7, [%2]");
	EACH("ldapr", ".arch armv8.4-a+rcpc\n ldapr %0, [%2]");
	EACH("stlur", ".arch armv8.4-a\n stlur %0, [%2, #0]");
	EACH("ldr", "ldr %0, [%2]");
}

/* One thread writes all ones and all zeros; no other may see anything else. */
static volatile int done;

static void *writer(void *which)
{
	for (uint64_t v = 0; !done; v = ~v) {
		switch ((intptr_t)which) {
		case 0: asm volatile("stlr %0, [%1]" : : "r"(v), "r"(data.b + 4) : "memory"); break;
		case 1: asm volatile("str %0, [%1]" : : "r"(v), "r"(data.b + 5) : "memory"); break;
		case 2: asm volatile("stp %0, %0, [%1, #16]" : : "r"(v), "r"(data.b) : "memory"); break;
		default: asm volatile("dup v0.2d, %0\n str q0, [%1, #16]" : : "r"(v), "r"(data.b) : "memory", "v0"); break;
		}
	}
	return NULL;
}

static void torn(const char *name, intptr_t which)
{
	unsigned long bad = 0, ones = 0;
	pthread_t thread;

	memset(&data, 0, sizeof data);
	done = 0;
	pthread_create(&thread, NULL, writer, (void *)which);
	for (long i = 0; i < 2000000 || (!ones && i < 2000000000); i++) {
		uint64_t a, b;

		switch (which) {
		case 0: asm volatile("ldar %0, [%1]" : "=r"(a) : "r"(data.b + 4) : "memory"); b = a; break;
		case 1: asm volatile("ldr %0, [%1]" : "=r"(a) : "r"(data.b + 5) : "memory"); b = a; break;
		case 2: asm volatile("ldp %0, %1, [%2, #16]" : "=&r"(a), "=r"(b) : "r"(data.b) : "memory"); break;
		default: asm volatile("ldr q0, [%2, #16]\n mov %0, v0.d[0]\n mov %1, v0.d[1]" : "=&r"(a), "=r"(b) : "r"(data.b) : "memory", "v0"); break;
		}
		bad += a != b || a + 1 > 1;
		ones += a != 0;
	}
	done = 1;
	pthread_join(thread, NULL);
	printf("%s: %s, %s\n", name, ones ? "seen" : "not seen", bad ? "TORN" : "whole");
}

int main(void)
{
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };

	test_begin();
	sigaction(SIGBUS, &sa, NULL);
	sigaction(SIGSEGV, &sa, NULL);
	printf("uscat: %s\n", getauxval(AT_HWCAP) >> 25 & 1 ? "yes" : "no");
	where();
	torn("stlr", 0);
	torn("str", 1);
	torn("stp", 2);
	torn("str q", 3);
	where();
	return 0;
}
