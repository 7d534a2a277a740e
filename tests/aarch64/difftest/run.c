/* The guest's part of the differential test: executes a file of sequences, each TIMES times, see dt.h.  run IN OUT [TIMES] */
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <ucontext.h>
#include <unistd.h>

#include "dt.h"

void enter(struct dt_state *s, const uint32_t *code);

#define QUADS(op) \
	op "0, q1, [x1]\n" op "2, q3, [x1, #32]\n" op "4, q5, [x1, #64]\n" op "6, q7, [x1, #96]\n" \
	op "8, q9, [x1, #128]\n" op "10, q11, [x1, #160]\n" op "12, q13, [x1, #192]\n" op "14, q15, [x1, #224]\n" \
	op "16, q17, [x1, #256]\n" op "18, q19, [x1, #288]\n" op "20, q21, [x1, #320]\n" op "22, q23, [x1, #352]\n" \
	op "24, q25, [x1, #384]\n" op "26, q27, [x1, #416]\n" op "28, q29, [x1, #448]\n" op "30, q31, [x1, #480]\n"
#define PAIRS(op) \
	op "2, x3, [x0, #16]\n" op "4, x5, [x0, #32]\n" op "6, x7, [x0, #48]\n" op "8, x9, [x0, #64]\n" \
	op "10, x11, [x0, #80]\n" op "12, x13, [x0, #96]\n" op "14, x15, [x0, #112]\n" op "16, x17, [x0, #128]\n" \
	op "18, x19, [x0, #144]\n" op "20, x21, [x0, #160]\n" op "22, x23, [x0, #176]\n" op "24, x25, [x0, #192]\n" \
	op "26, x27, [x0, #208]\n"
#define SAVED(op) \
	op "p x19, x20, [sp, #16]\n" op "p x21, x22, [sp, #32]\n" op "p x23, x24, [sp, #48]\n" \
	op "p x25, x26, [sp, #64]\n" op "p x27, x28, [sp, #80]\n" op "p x29, x30, [sp, #96]\n" \
	op "p d8, d9, [sp, #112]\n" op "p d10, d11, [sp, #128]\n" op "p d12, d13, [sp, #144]\n" \
	op "p d14, d15, [sp, #160]\n"

/*
 * Loads every register from s, calls code, and stores them back.  The callee-saved registers and s
 * are on the stack, which sequences leave alone.
 */
__asm__(".text\n.global enter\nenter:\n"
	"sub sp, sp, #192\n" SAVED("st")
	"str x0, [sp]\n"
	"mov x30, x1\n"
	"ldr w1, [x0, #224]\nmsr nzcv, x1\n"
	"ldr w1, [x0, #228]\nmsr fpcr, x1\n"
	"ldr w1, [x0, #232]\nmsr fpsr, x1\n"
	"ldr x28, [x0, #248]\nmov x29, x28\n"
	"add x1, x0, #256\n" QUADS("ldp q")
	PAIRS("ldp x")
	"ldp x0, x1, [x0]\n"
	"blr x30\n"
	"stp x0, x1, [sp, #-16]!\n"
	"ldr x0, [sp, #16]\n"
	PAIRS("stp x")
	"ldp x2, x3, [sp], #16\nstp x2, x3, [x0]\n"
	"str x28, [x0, #248]\n"
	"mrs x1, nzcv\nstr w1, [x0, #224]\n"
	"mrs x1, fpsr\nstr w1, [x0, #232]\n"
	"mrs x1, fpcr\nstr w1, [x0, #228]\n"
	"msr fpcr, xzr\n"
	"add x1, x0, #256\n" QUADS("stp q")
	SAVED("ld") "add sp, sp, #192\nret\n");

static volatile int fault;

static void on_signal(int sig, siginfo_t *si, void *uc)
{
	ucontext_t *u = uc;

	fault = sig;
	u->uc_mcontext.pc = u->uc_mcontext.regs[30];
}

/* A file of at least `size` bytes as memory, or the end. */
static void *map_file(const char *name, size_t size, int prot, void *where)
{
	bool out = prot & PROT_WRITE;
	int fd = open(name, out ? O_RDWR | O_CREAT | O_TRUNC : O_RDONLY, 0666);
	void *p;

	if (fd < 0 || (out && ftruncate(fd, size)))
		exit(2);
	p = mmap(where, size, prot, where ? MAP_PRIVATE | MAP_FIXED_NOREPLACE : MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		exit(2);
	close(fd);
	return p;
}

int main(int argc, char **argv)
{
	static const int signals[] = { SIGILL, SIGSEGV, SIGBUS, SIGTRAP, SIGFPE };
	struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };
	uint64_t *scratch = mmap((void *)DT_SCRATCH, DT_SCRATCH_SIZE, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	const struct dt_seq *seq;
	struct dt_state *out;
	struct stat st;
	size_t count;
	int times = argc > 3 ? atoi(argv[3]) : 1;

	if (argc < 3 || stat(argv[1], &st) || scratch == MAP_FAILED)
		return 2;
	count = st.st_size / sizeof *seq;
	seq = map_file(argv[1], st.st_size, PROT_READ | PROT_EXEC, (void *)DT_CODE);
	out = map_file(argv[2], count * sizeof *out, PROT_READ | PROT_WRITE, NULL);
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		sigaction(signals[i], &sa, 0);
	for (size_t i = 0; i < count; i++) {
		struct dt_state *s = &out[i];
		uint64_t first, words = dt_words(&seq[i], &first);

		for (int n = 0; n < times; n++) {
			*s = seq[i].in;
			dt_fill(scratch, first, words);
			fault = 0;
			enter(s, seq[i].code);
		}
		s->fault = fault;
		s->memory = dt_hash(scratch, first, words);
	}
	return 0;
}
