/*
 * What a handler sees of the interrupted program, and what it can change: the exact pc, every
 * general register, vector registers, flags; an instruction stepped over; a register edited.
 *
 * The expected output stands in context.expected: the architecture's manual and the kernel's
 * arch/arm64/include/uapi/asm/sigcontext.h say what it must be.
 */
#include "../test.h"
#include <sys/time.h>
#include <ucontext.h>

#define SAY(what, right) printf("%s: %s\n", what, (right) ? "right" : "WRONG")

extern char load_fault[], store_fault[], pair_fault[], vector_fault[], undefined_insn[],
	break_insn[], loop_0[], loop_1[], loop_2[], loop_3[];
void load_test(uint64_t *out, char *guard);
char *store_test(uint64_t value, char *guard);
void pair_test(int unused, char *base);
void vector_test(int unused, char *base);
void undefined_test(void);
void break_test(void);
uint64_t loop_test(void);

#define GLOBAL(name) ".globl " name "\n" name ":\n"

__asm__(
	".text\n"
	GLOBAL("load_test")
	"	stp	x29, x30, [sp, #-112]!\n"
	"	stp	x19, x20, [sp, #16]\n"
	"	stp	x21, x22, [sp, #32]\n"
	"	stp	x23, x24, [sp, #48]\n"
	"	stp	x25, x26, [sp, #64]\n"
	"	stp	x27, x28, [sp, #80]\n"
	"	str	x0, [sp, #96]\n"
	"	mov	x0, #0x2222\n"
	"	fmov	d0, x0\n"
	"	mov	x0, #0x1111\n"
	"	fmov	v0.d[1], x0\n"
	"	mov	x0, #0x4444\n"
	"	fmov	d31, x0\n"
	"	mov	x0, #0x3333\n"
	"	fmov	v31.d[1], x0\n"
	"	.irp	n, 2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,19,20,21,22,23,24,25,26,27,28\n"
	"	mov	x\\n, #(0x1000 + \\n)\n"
	"	.endr\n"
	"	cmp	x1, x1\n"		/* Z and C */
	GLOBAL("load_fault")
	"	ldr	x0, [x1, #16]\n"
	"	mrs	x2, nzcv\n"
	"	ldr	x7, [sp, #96]\n"
	"	stp	x0, x28, [x7]\n"
	"	str	x2, [x7, #16]\n"
	"	str	q31, [x7, #32]\n"
	"	ldp	x19, x20, [sp, #16]\n"
	"	ldp	x21, x22, [sp, #32]\n"
	"	ldp	x23, x24, [sp, #48]\n"
	"	ldp	x25, x26, [sp, #64]\n"
	"	ldp	x27, x28, [sp, #80]\n"
	"	ldp	x29, x30, [sp], #112\n"
	"	ret\n"
	GLOBAL("store_test")
	GLOBAL("store_fault")
	"	str	x0, [x1, #8]!\n"
	"	mov	x0, x1\n"
	"	ret\n"
	GLOBAL("pair_test")
	"	mov	x2, #2\n"
	GLOBAL("pair_fault")
	"	ldp	x2, x3, [x1], #16\n"
	"	ret\n"
	GLOBAL("vector_test")
	GLOBAL("vector_fault")
	"	ld1	{v0.16b}, [x1]\n"
	"	ret\n"
	GLOBAL("undefined_test")
	GLOBAL("undefined_insn")
	"	.inst	0\n"
	"	ret\n"
	GLOBAL("break_test")
	GLOBAL("break_insn")
	"	brk	#0\n"
	"	ret\n"
	GLOBAL("loop_test")
	"	mov	x9, #0\n"
	"	mov	x10, #0\n"
	"	mov	x11, #0\n"
	"	mov	x12, #0\n"
	GLOBAL("loop_0")
	"	add	x9, x9, #1\n"
	GLOBAL("loop_1")
	"	add	x10, x10, #2\n"
	GLOBAL("loop_2")
	"	add	x11, x11, #3\n"
	GLOBAL("loop_3")
	"	cbz	x12, loop_0\n"
	"	mov	x0, x9\n"
	"	ret\n");

static volatile int faults, interrupts, strange;
static char *guard;

/* The record of the vector registers among the frame's records. */
static struct fpsimd_context *vectors(ucontext_t *context)
{
	struct _aarch64_ctx *record = (void *)context->uc_mcontext.__reserved;

	while (record->magic && record->magic != FPSIMD_MAGIC)
		record = (void *)((char *)record + record->size);
	return record->magic ? (void *)record : NULL;
}

static void handler(int number, siginfo_t *info, void *argument)
{
	ucontext_t *context = argument;
	mcontext_t *m = &context->uc_mcontext;
	char *pc = (char *)m->pc;
	struct fpsimd_context *v = vectors(context);

	faults++;
	if (pc == load_fault) {
		SAY("load: address", info->si_addr == guard + 16 &&
			m->fault_address == (uintptr_t)guard + 16);
		SAY("load: base register", m->regs[1] == (uintptr_t)guard);
		for (unsigned i = 2; i < 29; i++)
			if (i != 18 && m->regs[i] != 0x1000 + i)
				printf("x%d is 0x%llx\n", i, (unsigned long long)m->regs[i]);
		SAY("load: flags", m->pstate >> 28 == 6);
		SAY("load: v0 and v31", v && v->vregs[0] == ((__uint128_t)0x1111 << 64 | 0x2222) &&
			v->vregs[31] == ((__uint128_t)0x3333 << 64 | 0x4444));
		m->regs[0] = 0x5555;
		m->regs[28] = 0x6666;
		m->pstate = (m->pstate & 0x0fffffff) | 0x90000000;
		if (v)
			v->vregs[31] = (__uint128_t)0x7777 << 64 | 0x8888;
		m->pc += 4;
	} else if (pc == store_fault) {
		SAY("store: address", info->si_addr == guard + 8);
		SAY("store: base not yet written", m->regs[1] == (uintptr_t)guard);
		m->regs[1] = (uintptr_t)guard - 64;	/* and do it again */
	} else if (pc == pair_fault) {
		SAY("pair: address", info->si_addr == guard);
		SAY("pair: base not yet written", m->regs[1] == (uintptr_t)guard - 8);
		m->pc += 4;
	} else if (pc == vector_fault) {
		SAY("vector load: address", info->si_addr == guard + 32);
		m->pc += 4;
	} else if (pc == undefined_insn) {
		SAY("undefined instruction", number == SIGILL && info->si_code == ILL_ILLOPC &&
			info->si_addr == pc);
		m->pc += 4;
	} else if (pc == break_insn) {
		SAY("brk", number == SIGTRAP && info->si_code == TRAP_BRKPT &&
			info->si_addr == pc);
		m->pc += 4;
	} else if ((uintptr_t)pc == (uintptr_t)load_fault + 2) {
		SAY("misaligned pc", number == SIGBUS && info->si_code == BUS_ADRALN &&
			info->si_addr == pc);
		m->pc = m->regs[30];
	} else {
		printf("signal %d at an unexpected pc\n", number);
		_exit(1);
	}
}

/* Whatever instruction of the loop is next, the registers must be those of just before it. */
static void interrupted(int number, siginfo_t *info, void *argument)
{
	mcontext_t *m = &((ucontext_t *)argument)->uc_mcontext;
	uint64_t *r = (uint64_t *)m->regs;
	char *pc = (char *)m->pc;

	if (pc < loop_0 || pc > loop_3)
		return;
	interrupts++;
	if (r[10] != 2 * (r[9] - (pc == loop_1)) ||
			r[11] != 3 * (r[9] - (pc == loop_1 || pc == loop_2)))
		strange++;
	if (interrupts == 30)
		r[12] = 1;
}

int main(void)
{
	static const int numbers[] = { SIGSEGV, SIGBUS, SIGILL, SIGTRAP };
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
	struct itimerval timer = { { 0, 2000 }, { 0, 2000 } }, off = { { 0 } };
	uint64_t out[6] __attribute__((aligned(16))) = { 0 };
	char *p;

	test_begin();
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaction(numbers[i], &action, NULL);
	p = mmap(NULL, 2 * 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	guard = p + 65536;
	mprotect(guard, 65536, PROT_NONE);

	load_test(out, guard);
	SAY("load: edited x0 and x28", out[0] == 0x5555 && out[1] == 0x6666);
	SAY("load: edited flags", out[2] == 0x90000000);
	SAY("load: edited v31", out[4] == 0x8888 && out[5] == 0x7777);
	SAY("store: base after", store_test(1234, guard) == guard - 56);
	SAY("store: stored", *(uint64_t *)(guard - 56) == 1234);
	pair_test(0, guard - 8);
	vector_test(0, guard + 32);
	undefined_test();
	break_test();
	((void (*)(void))(load_fault + 2))();
	VALUE(faults);

	action.sa_sigaction = interrupted;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
	IS(loop_test() > 1000);
	setitimer(ITIMER_REAL, &off, NULL);
	VALUE(strange);
	IS(interrupts >= 30);
	return 0;
}
