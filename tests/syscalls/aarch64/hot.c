/*
 * Loops that run long enough to be worth a region, and what happens in the middle of them: a fault whose handler
 * reads and edits the loop's registers, a signal whenever it comes, a way around that is longer than a region,
 * and another thread that rewrites the code.
 *
 * The expected output stands in hot.expected: the architecture's manual says what it must be.
 */
#include "../test.h"
#include <pthread.h>
#include <stdbool.h>
#include <sys/time.h>
#include <ucontext.h>

#define SAY(what, right) printf("%s: %s\n", what, (right) ? "right" : "WRONG")
#define GLOBAL(name) ".globl " name "\n" name ":\n"

enum { PAGE = 4096, PAGES = 40, STEPS = PAGES * PAGE / 16 };
enum { EACH_INT = 1000, EACH_LANE = 7 };
#define EACH_FLOAT 0.5

extern char load_step[], store_step[], ring_entry[], ring_end[], count_start[], count_end[];
uint64_t fault_loop(uint64_t steps, char *from, char *to, void *result);
uint64_t count_loop(volatile uint64_t *stop, uint64_t *result);
uint64_t ring(volatile uint32_t *stop);

__asm__(
	".text\n"
	/* x9 w10 x13 d0 s1 v2 count; the low parts of v5 and v6 are added, v7 is copied to and from */
	GLOBAL("fault_loop")
	"	mov	x9, #0\n"
	"	mov	w10, #0\n"
	"	mov	x13, #0\n"
	"	movi	v0.2d, #0\n"
	"	movi	v1.2d, #0\n"
	"	movi	v2.2d, #0\n"
	"	movi	v3.4s, #1\n"
	"	movi	v7.2d, #0\n"
	"	fmov	v5.2d, #1.0\n"
	"	fmov	v6.4s, #1.0\n"
	"1:	add	x9, x9, #1\n"
	"	add	w10, w10, #3\n"
	"	add	x13, x13, #1\n"
	"	fadd	d0, d0, d5\n"
	"	fadd	s1, s1, s6\n"
	"	add	v2.4s, v2.4s, v3.4s\n"
	"	fmov	d7, d0\n"
	"	subs	x0, x0, #1\n"
	GLOBAL("load_step")
	"	ldp	x11, x12, [x1], #16\n"
	"	b.eq	2f\n"
	"	cbnz	x11, 3f\n"
	"	fmov	d0, d7\n"
	GLOBAL("store_step")
	"	stp	x9, x13, [x2, #16]!\n"
	"	b	1b\n"
	"2:	str	x9, [x3]\n"
	"	str	x10, [x3, #8]\n"
	"	str	x13, [x3, #16]\n"
	"	str	q0, [x3, #32]\n"
	"	str	q1, [x3, #48]\n"
	"	str	q2, [x3, #64]\n"
	"	str	q5, [x3, #80]\n"
	"	str	q6, [x3, #96]\n"
	"	mov	x0, x12\n"
	"	ret\n"
	"3:	brk	#1\n"

	/* x9, then x10, then d0, then v1 count; w11 is x9's low half */
	GLOBAL("count_loop")
	"	mov	x9, #0\n"
	"	mov	x10, #0\n"
	"	movi	v0.2d, #0\n"
	"	movi	v1.2d, #0\n"
	"	fmov	d2, #1.0\n"
	"	movi	v3.4s, #1\n"
	"	mov	w11, #0\n"
	GLOBAL("count_start")
	"1:	add	x9, x9, #1\n"
	"	add	x10, x10, #1\n"
	"	tbz	x9, #3, 2f\n"
	"	mov	w11, w9\n"
	"	fadd	d0, d0, d2\n"
	"	b	3f\n"
	"2:	fadd	d0, d0, d2\n"
	"	mov	w11, w9\n"
	"3:	add	v1.4s, v1.4s, v3.4s\n"
	"	ldr	x12, [x0]\n"
	"	cbz	x12, 1b\n"
	GLOBAL("count_end")
	"	str	x9, [x1]\n"
	"	str	x10, [x1, #8]\n"
	"	str	x11, [x1, #16]\n"
	"	str	d0, [x1, #24]\n"
	"	str	q1, [x1, #32]\n"
	"	mov	x0, x12\n"
	"	ret\n"

	/* Seven times the blocks that a region takes; the one that goes back is the first to become hot. */
	GLOBAL("ring")
	"	mov	x9, #0\n"
	"	mov	x10, #0\n"
	"	b	2f\n"
	GLOBAL("ring_entry")
	"1:\n"
	"	.rept	447\n"
	"	add	x9, x9, #1\n"
	"	cbz	x10, .+8\n"
	"	brk	#2\n"
	"	.endr\n"
	"2:	ldr	w11, [x0]\n"
	"	cbz	w11, 1b\n"
	GLOBAL("ring_end")
	"	mov	x0, x9\n"
	"	ret\n");

/* --- faults --- */

static char *area;
static volatile int faults, strange;

/* The record of the vector registers among the frame's records. */
static struct fpsimd_context *vectors(ucontext_t *context)
{
	struct _aarch64_ctx *record = (void *)context->uc_mcontext.__reserved;

	while (record->magic && record->magic != FPSIMD_MAGIC)
		record = (void *)((char *)record + record->size);
	return record->magic ? (void *)record : NULL;
}

static void *vreg(struct fpsimd_context *v, int n)
{
	return &v->vregs[n];
}

/* What the loop's registers must be in step k after f faults have been handled. */
static bool step_is_right(const mcontext_t *m, struct fpsimd_context *v, uint64_t k, int f)
{
	const uint32_t *lanes = vreg(v, 2);
	double d0 = k + f * EACH_FLOAT;
	float s1 = k + f * EACH_FLOAT;

	return m->regs[9] == k && m->regs[10] == (uint32_t)(3 * k) && m->regs[13] == k + (uint64_t)f * EACH_INT &&
	       m->regs[0] == STEPS - k && !memcmp(vreg(v, 0), &d0, 8) && !memcmp(vreg(v, 7), &d0, 8) &&
	       ((uint64_t *)vreg(v, 0))[1] == 0 && ((uint64_t *)vreg(v, 7))[1] == 0 &&
	       !memcmp(vreg(v, 1), &s1, 4) && ((uint32_t *)vreg(v, 1))[1] == 0 && ((uint64_t *)vreg(v, 1))[1] == 0 &&
	       lanes[0] == k + f * EACH_LANE && lanes[1] == lanes[0] && lanes[2] == lanes[0] && lanes[3] == lanes[0];
}

static void on_fault(int number, siginfo_t *info, void *argument)
{
	ucontext_t *context = argument;
	mcontext_t *m = &context->uc_mcontext;
	struct fpsimd_context *v = vectors(context);
	char *page = (char *)((uintptr_t)info->si_addr & -PAGE);
	uint64_t k = m->regs[9];
	bool load = (char *)m->pc == load_step;
	double *d;

	if (number != SIGSEGV || (!load && (char *)m->pc != store_step) || page < area || !step_is_right(m, v, k, faults) ||
	    (load && (m->pstate >> 30 & 1) != (k == STEPS)))
		strange++;
	if (load && m->regs[1] != (uintptr_t)info->si_addr)
		strange++;
	if (!load && m->regs[2] + 16 != (uintptr_t)info->si_addr)
		strange++;
	faults++;
	m->regs[13] += EACH_INT;
	for (int n = 0; n < 4; n++)
		((uint32_t *)vreg(v, 2))[n] += EACH_LANE;
	d = vreg(v, 0);
	d[0] += EACH_FLOAT;
	memcpy(vreg(v, 7), d, 8);
	((float *)vreg(v, 1))[0] += EACH_FLOAT;
	/* what the loop's additions do not read must stay, and what they clear must go */
	((uint64_t *)vreg(v, 5))[1] = k;
	((uint64_t *)vreg(v, 6))[1] = k + 1;
	((uint64_t *)vreg(v, 0))[1] = k;
	if (!load) {
		((uint64_t *)vreg(v, 1))[1] = k;
		((uint64_t *)vreg(v, 7))[1] = k;
	}
	if (faults > 3 * PAGES)
		_exit(3);
	mprotect(page, PAGE, PROT_READ | PROT_WRITE);
}

static void test_faults(void)
{
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
	struct { uint64_t x[4]; double d0[2]; float s1[4]; uint32_t lanes[4]; uint64_t v5[2], v6[2]; } r;
	uint64_t last;

	area = mmap(NULL, 2 * (PAGES + 1) * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	sigaction(SIGSEGV, &action, NULL);
	last = fault_loop(STEPS, area, area + (PAGES + 1) * PAGE - 16, &r);
	signal(SIGSEGV, SIG_DFL);
	SAY("faults in a hot loop", faults == 2 * PAGES && last == 0);
	SAY("what their handler saw", !strange);
	SAY("general registers that it changed", r.x[0] == STEPS && r.x[1] == (uint32_t)(3 * STEPS) &&
						 r.x[2] == STEPS + (uint64_t)faults * EACH_INT);
	SAY("vector registers that it changed", r.d0[0] == STEPS + faults * EACH_FLOAT &&
						r.s1[0] == STEPS + faults * (float)EACH_FLOAT &&
						r.lanes[0] == STEPS + (uint32_t)faults * EACH_LANE &&
						r.lanes[3] == r.lanes[0]);
	SAY("halves that the loop clears", r.d0[1] == 0 && r.s1[1] == 0 && r.s1[2] == 0);
	SAY("halves that the loop leaves alone", r.v6[1] == r.v5[1] + 1 && r.v5[1] > STEPS - PAGE);
	munmap(area, 2 * (PAGES + 1) * PAGE);
}

/* --- signals --- */

enum { TICKS = 2000, RING_STEPS = 4000000 };
static volatile uint64_t stop_count;
static volatile uint32_t stop_ring;
static volatile int ticks;
static uint64_t before;

/* Each counter is the first one or, since it is counted later in the round, one behind. */
static bool behind(uint64_t first, uint64_t n)
{
	return n == first || n + 1 == first;
}

static void on_tick(int number, siginfo_t *info, void *argument)
{
	ucontext_t *context = argument;
	mcontext_t *m = &context->uc_mcontext;
	struct fpsimd_context *v = vectors(context);
	uint64_t n = m->regs[9];
	double d0;

	(void)number, (void)info;
	if ((char *)m->pc >= ring_entry && (char *)m->pc < ring_end && n > RING_STEPS)
		stop_ring = 1;
	if ((char *)m->pc < count_start || (char *)m->pc >= count_end)
		return;
	memcpy(&d0, vreg(v, 0), 8);
	if (n < before || !behind(n, m->regs[10]) || !behind(n, m->regs[11]) || !behind(n, d0) ||
	    !behind(n, *(uint32_t *)vreg(v, 1)) || ((uint32_t *)vreg(v, 1))[3] != *(uint32_t *)vreg(v, 1) ||
	    ((uint64_t *)vreg(v, 0))[1] != 0)
		strange++;
	/* on for all counters alike */
	m->regs[9] += 10;
	m->regs[10] += 10;
	m->regs[11] += 10;
	d0 += 10;
	memcpy(vreg(v, 0), &d0, 8);
	for (int k = 0; k < 4; k++)
		((uint32_t *)vreg(v, 1))[k] += 10;
	before = n;
	if (++ticks == TICKS)
		stop_count = 5;
}

static void test_signals(void)
{
	struct itimerval timer = { { 0, 100 }, { 0, 100 } }, off = { { 0, 0 }, { 0, 0 } };
	struct sigaction action = { .sa_sigaction = on_tick, .sa_flags = SA_SIGINFO };
	struct { uint64_t x9, x10, x11; double d0; uint32_t lanes[4]; } r;

	strange = 0;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
	SAY("a hot loop that a handler ends", count_loop(&stop_count, (uint64_t *)&r) == 5);
	SAY("its counters in the handler", !strange);
	SAY("its counters in the end", r.x9 == r.x10 && r.x9 == r.x11 && r.x9 == r.d0 && (uint32_t)r.x9 == r.lanes[0] &&
				       r.lanes[0] == r.lanes[3]);
	SAY("a hot ring that a handler ends", ring(&stop_ring) > 0);
	setitimer(ITIMER_REAL, &off, NULL);
}

/* --- code --- */

enum { ROUNDS = 60, CODE_SIZE = 8 * PAGE };
enum { RET = 0xd65f03c0, NOP = 0xd503201f };
static uint32_t *code;
static volatile uint64_t turns, ended;

/*
 * loop:	add x0, x0, #1; str x0, [x1]; b loop, or nop once it is rewritten; ret, and the same with a call in it.
 * The code of a round is where that of the round before was.
 */
static void write_loop(bool calls)
{
	static const uint32_t plain[] = { 0x91000400, 0xf9000020, 0x17fffffe, RET };
	static const uint32_t with_call[] = {
		0xa9bf7bfd,    /* stp x29, x30, [sp, #-16]! */
		0x91000400,    /* add x0, x0, #1 */
		0x94000004,    /* bl +16 */
		0x17fffffe,    /* b -8 */
		0xa8c17bfd,    /* ldp x29, x30, [sp], #16 */
		RET,
		0xf9000020,    /* str x0, [x1] */
		RET
	};

	memcpy(code, calls ? with_call : plain, calls ? sizeof with_call : sizeof plain);
	__builtin___clear_cache((char *)code, (char *)code + sizeof with_call);
}

static void *runner(void *argument)
{
	((uint64_t (*)(uint64_t, volatile uint64_t *))code)(0, &turns);
	ended++;
	return argument;
}

static void end_loop(int at)
{
	__atomic_store_n(&code[at], NOP, __ATOMIC_RELEASE);
	__builtin___clear_cache((char *)&code[at], (char *)&code[at + 1]);
}

static void test_code(bool calls)
{
	for (int round = 0; round < ROUNDS; round++) {
		pthread_t thread[2];

		turns = 0;
		write_loop(calls);
		for (int k = 0; k < 2; k++)
			pthread_create(&thread[k], NULL, runner, NULL);
		while (turns < 5000)
			sched_yield();
		end_loop(calls ? 3 : 2);
		for (int k = 0; k < 2; k++)
			pthread_join(thread[k], NULL);
	}
}

/*
 * Code from far below to far above a loop's head: head: cbz x0, out; sub x0, x0, #1; b low; out: mov x0, x1; ret.
 * low: b high.  high: a long line, whose end is rewritten.
 */
static void test_far_code(void)
{
	enum { LOW = 3796 / 4, HEAD = 11896 / 4, HIGH = 19796 / 4, LINE = 200, CALLS = 3000 };
	uint64_t (*head)(uint64_t, uint64_t), sum = 0;

	code[HEAD] = 0xb4000060;
	code[HEAD + 1] = 0xd1000400;
	code[HEAD + 2] = 0x14000000 | ((LOW - HEAD - 2) & 0x3ffffff);
	code[HEAD + 3] = 0xaa0103e0;
	code[HEAD + 4] = RET;
	code[LOW] = 0x14000000 | (HIGH - LOW);
	for (int k = 0; k < LINE; k++)
		code[HIGH + k] = NOP;
	code[HIGH + LINE] = 0x14000000 | ((HEAD - HIGH - LINE) & 0x3ffffff);
	head = (void *)&code[HEAD];
	for (uint32_t n = 1; n <= 3; n++) {
		code[HIGH + LINE - 1] = 0x91000021 | n << 10;    /* add x1, x1, #n */
		__builtin___clear_cache((char *)&code[n == 1 ? LOW : HIGH + LINE - 1], (char *)&code[HIGH + LINE + 1]);
		sum = head(CALLS, sum);
	}
	SAY("the far end of a loop, rewritten", sum == 6 * CALLS);
}

int main(void)
{
	test_begin();
	test_faults();
	test_signals();
	code = mmap(NULL, CODE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	test_code(false);
	SAY("loops that another thread rewrites", ended == 2 * ROUNDS);
	test_code(true);
	SAY("loops around a call that another thread rewrites", ended == 4 * ROUNDS);
	test_far_code();
	return 0;
}
