/*
 * Load-reserved and store-conditional (chapter "A" of the manual): the loops that compilers write, by many threads
 * at once and with all their registers looked at, and the sequences that are none of them.
 *
 * The expected output stands in llsc.expected: no addition may be lost, no ticket drawn twice, and what a loop leaves
 * in its registers follows from its instructions.
 */
#include "../test.h"
#include <pthread.h>
#include <stdbool.h>
#include <ucontext.h>

enum { THREADS = 4, ROUNDS = 20000 };

#define SAY(what, right) printf("%s: %s\n", what, (right) ? "right" : "WRONG")

/* What the registers are after a loop. */
struct after { uint64_t old, new, status; };

/* A loop of one operation between LR and SC; "norvc" or "rvc" says which forms the assembler chooses. */
#define LOOP(name, rvc, size, op)                                                                  \
	static struct after name(void *word, uint64_t operand)                                     \
	{                                                                                          \
		register uint64_t v __asm__("a1") = operand, old __asm__("a2"), new __asm__("a3"), \
			status __asm__("a5");                                                      \
		register void *at __asm__("a0") = word;                                            \
		__asm__ volatile(".option push\n.option " rvc "\n"                                 \
				 "	li	a3, -1\n"                                          \
				 "1:	lr." size ".aq a2, (a0)\n" op                              \
				 "	sc." size ".rl a5, a3, (a0)\n"                             \
				 "	bnez	a5, 1b\n"                                          \
				 ".option pop\n"                                                   \
				 : "=r"(old), "=&r"(new), "=&r"(status)                            \
				 : "r"(at), "r"(v)                                                 \
				 : "memory");                                                      \
		return (struct after){ old, new, status };                                         \
	}

LOOP(add_w, "norvc", "w", "add	a3, a2, a1\n")
LOOP(addw_w, "norvc", "w", "addw	a3, a1, a2\n")
LOOP(add_d, "norvc", "d", "add	a3, a1, a2\n")
LOOP(and_d, "norvc", "d", "and	a3, a1, a2\n")
LOOP(and_w, "norvc", "w", "and	a3, a2, a1\n")
LOOP(or_d, "norvc", "d", "or	a3, a2, a1\n")
LOOP(xor_w, "norvc", "w", "xor	a3, a2, a1\n")
LOOP(addw_d, "norvc", "d", "addw	a3, a2, a1\n")
LOOP(nand_w, "norvc", "w", "and	a3, a2, a1\nnot	a3, a3\n")
LOOP(sub_d, "rvc", "d", "sub	a3, a2, a1\n")
/* stores what was loaded or the operand; the last doubles */
LOOP(same_w, "rvc", "w", "mv	a3, a2\n")
LOOP(move_d, "rvc", "d", "mv	a3, a1\n")
LOOP(twice_d, "rvc", "d", "add	a3, a2, a2\n")

/* Old value and result in one register, which compressed forms want. */
#define LOOP2(name, rvc, size, op)                                                                 \
	static struct after name(void *word, uint64_t operand)                                     \
	{                                                                                          \
		register uint64_t v __asm__("a1") = operand, new __asm__("a3"), status __asm__("a5");\
		register void *at __asm__("a0") = word;                                            \
		__asm__ volatile(".option push\n.option " rvc "\n"                                 \
				 "1:	lr." size ".aqrl a3, (a0)\n" op                            \
				 "	sc." size "	a5, a3, (a0)\n"                            \
				 "	bnez	a5, 1b\n"                                          \
				 ".option pop\n"                                                   \
				 : "=&r"(new), "=&r"(status)                                       \
				 : "r"(at), "r"(v)                                                 \
				 : "memory");                                                      \
		return (struct after){ 0, new, status };                                           \
	}

LOOP2(cadd_d, "rvc", "d", "add	a3, a3, a1\n")
LOOP2(caddw_w, "rvc", "w", "addw	a3, a3, a1\n")
LOOP2(cxor_d, "rvc", "d", "xor	a3, a3, a1\n")
LOOP2(cor_w, "rvc", "w", "or	a3, a3, a1\n")
LOOP2(cand_w, "rvc", "w", "and	a3, a3, a1\n")

static uint64_t swap_d(void *word, uint64_t new)
{
	uint64_t old, status;

	__asm__ volatile("1:	lr.d	%0, (%2)\n"
			 "	sc.d	%1, %3, (%2)\n"
			 "	bnez	%1, 1b\n"
			 : "=&r"(old), "=&r"(status) : "r"(word), "r"(new) : "memory");
	return old;
}

/* Compare and swap as compilers write it; true if it was done. */
#define CAS(name, rvc, size, type)                                                                 \
	static bool name(void *word, type *expected, type new)                                     \
	{                                                                                          \
		register uint64_t e __asm__("a3") = (uint64_t)*expected, n __asm__("a1") = (uint64_t)new,\
			old __asm__("a2"), status __asm__("a5") = 7;                               \
		register void *at __asm__("a0") = word;                                            \
		__asm__ volatile(".option push\n.option " rvc "\n"                                 \
				 "1:	lr." size "	a2, (a0)\n"                                \
				 "	bne	a2, a3, 2f\n"                                      \
				 "	sc." size ".aqrl a5, a1, (a0)\n"                           \
				 "	bnez	a5, 1b\n"                                          \
				 "2:\n.option pop\n"                                               \
				 : "=&r"(old), "+r"(status)                                        \
				 : "r"(at), "r"(e), "r"(n)                                         \
				 : "memory");                                                      \
		if ((status == 0) != (old == e) || *expected != (type)e)                          \
			abort();                                                                   \
		*expected = (type)old;                                                             \
		return old == e;                                                                   \
	}

CAS(cas_w, "norvc", "w", int32_t)
CAS(cas_d, "rvc", "d", uint64_t)

/* From 0, by a branch on the loaded value alone: a lock. */
static bool take(void *word)
{
	register uint64_t new __asm__("a1") = 1, old __asm__("a2"), status __asm__("a5");
	register void *at __asm__("a0") = word;

	__asm__ volatile("1:	lr.w.aq	a2, (a0)\n"
			 "	bnez	a2, 2f\n"
			 "	sc.w	a5, a1, (a0)\n"
			 "	bnez	a5, 1b\n"
			 "2:\n"
			 : "=&r"(old), "=&r"(status) : "r"(at), "r"(new) : "memory");
	return !old;
}

/* One byte of a word, as compilers without Zabha do it. */
static void add_byte(uint32_t *word, unsigned byte, uint32_t v)
{
	uint32_t mask = 0xffu << 8 * byte, old, new, status;

	__asm__ volatile("1:	lr.w	%0, (%3)\n"
			 "	addw	%1, %0, %4\n"
			 "	and	%1, %1, %5\n"
			 "	and	%2, %0, %6\n"
			 "	or	%1, %1, %2\n"
			 "	sc.w	%2, %1, (%3)\n"
			 "	bnez	%2, 1b\n"
			 : "=&r"(old), "=&r"(new), "=&r"(status)
			 : "r"(word), "r"(v << 8 * byte), "r"(mask), "r"(~mask)
			 : "memory");
}

/* The branch out of the loop leads to another SC: adds 1, or 100 to what is odd. */
static void two_ways(uint64_t *word)
{
	uint64_t old, new, status;

	__asm__ volatile("1:	lr.d	%0, (%3)\n"
			 "	andi	%1, %0, 1\n"
			 "	bnez	%1, 2f\n"
			 "	addi	%1, %0, 1\n"
			 "	sc.d	%2, %1, (%3)\n"
			 "	bnez	%2, 1b\n"
			 "	j	3f\n"
			 "2:	addi	%1, %0, 100\n"
			 "	sc.d	%2, %1, (%3)\n"
			 "	bnez	%2, 1b\n"
			 "3:\n"
			 : "=&r"(old), "=&r"(new), "=&r"(status) : "r"(word) : "memory");
}

/* --- by many at once --- */

static struct {
	uint64_t tickets, sum_w, xored, ands, swapped, cas, taken, way;
	uint32_t locked, bytes, addw;
	int32_t cas_w;
} shared __attribute__((aligned(64)));
static uint8_t drawn[THREADS * ROUNDS + 1];
static volatile uint64_t inside;

static void *hammer(void *number)
{
	uint64_t me = (uint64_t)number, kept = 0;

	for (int i = 0; i < ROUNDS; i++) {
		uint64_t seen = *(volatile uint64_t *)&shared.cas;
		int32_t seen_w = *(volatile int32_t *)&shared.cas_w;

		drawn[add_d(&shared.tickets, 1).old]++;
		add_w(&shared.sum_w, 3);
		addw_w(&shared.addw, -1);
		cxor_d(&shared.xored, 1ull << me);
		and_d(&shared.ands, ~(1ull << (i % 64)));
		or_d(&shared.ands, 1ull << (i % 64));
		kept += swap_d(&shared.swapped, kept ? 0 : 1) - (kept ? 1 : 0);
		while (!cas_d(&shared.cas, &seen, seen + 2))
			;
		while (!cas_w(&shared.cas_w, &seen_w, (int32_t)((uint32_t)seen_w - 5)))
			;
		while (!take(&shared.locked))
			sched_yield();
		inside++;
		shared.taken++;
		__atomic_store_n(&shared.locked, 0, __ATOMIC_RELEASE);
		add_byte(&shared.bytes, me, 1);
		two_ways(&shared.way);
	}
	return NULL;
}

static void contended(void)
{
	pthread_t thread[THREADS];
	uint64_t twice = 0, way = 0;

	for (uint64_t i = 0; i < THREADS; i++)
		pthread_create(&thread[i], NULL, hammer, (void *)i);
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	for (int i = 0; i < THREADS * ROUNDS; i++) {
		twice += drawn[i] != 1;
		way += way & 1 ? 100 : 1;
	}
	VALUE(shared.tickets);
	VALUE(twice);
	VALUE(shared.sum_w);
	VALUE(shared.addw);
	VALUE(shared.xored);
	VALUE(shared.cas);
	VALUE(shared.cas_w);
	VALUE(shared.taken == inside);
	VALUE(inside);
	printf("%#x\n", shared.bytes);
	SAY("two ways", shared.way == way);
}

/* --- alone --- */

#define IS_AFTER(call, o, n, memory)                                                               \
	do {                                                                                       \
		uint64_t word = 0xfedcba9876543210;                                                \
		struct after r = call;                                                             \
		if (r.old != (uint64_t)(o) || r.new != (uint64_t)(n) || r.status || word != (memory)) \
			printf("%s: %#" PRIx64 " %#" PRIx64 " %" PRIu64 " %#" PRIx64 "\n", #call, r.old, \
			       r.new, r.status, word);                                             \
	} while (0)

static void registers(void)
{
	uint64_t w = 0x76543210, d = 0xfedcba9876543210;

	IS_AFTER(add_w(&word, 0x80000000), w, 0xf6543210, 0xfedcba98f6543210);
	IS_AFTER(addw_w(&word, 0x80000000), w, 0xfffffffff6543210, 0xfedcba98f6543210);
	IS_AFTER(addw_d(&word, 0x80000000), d, 0xfffffffff6543210, 0xfffffffff6543210);
	IS_AFTER(add_d(&word, 1), d, d + 1, d + 1);
	IS_AFTER(and_d(&word, 0xff00), d, 0x3200, 0x3200);
	IS_AFTER(and_w(&word, ~0xff00ull), w, 0x76540010, 0xfedcba9876540010);
	IS_AFTER(or_d(&word, 15), d, d | 15, d | 15);
	IS_AFTER(xor_w(&word, -1), w, ~w, 0xfedcba9889abcdef);
	IS_AFTER(nand_w(&word, 0xff), w, ~0x10ull, 0xfedcba98ffffffef);
	IS_AFTER(sub_d(&word, 1), d, d - 1, d - 1);
	IS_AFTER(same_w(&word, 0), w, w, d);
	IS_AFTER(move_d(&word, 5), d, 5, 5);
	IS_AFTER(twice_d(&word, 5), d, d * 2, d * 2);
	IS_AFTER(cadd_d(&word, 1), 0, d + 1, d + 1);
	IS_AFTER(caddw_w(&word, 0x10000000), 0, 0xffffffff86543210, 0xfedcba9886543210);
	IS_AFTER(cxor_d(&word, -1), 0, ~d, ~d);
	IS_AFTER(cor_w(&word, 0x80000000), 0, w | 0x80000000, 0xfedcba98f6543210);
	IS_AFTER(cand_w(&word, 0x80000000ffff0000), 0, 0x76540000, 0xfedcba9876540000);
	printf("registers: all said\n");
}

/* What must fail. */
static void reservations(void)
{
	uint64_t a[16] = { 0 }, s1, s2, s3, s4;

	__asm__ volatile("	lr.d	t0, (%4)\n"
			 "	addi	t1, %4, 64\n"
			 "	sc.d	%0, %5, (t1)\n"     /* elsewhere */
			 "	sc.d	%1, %5, (%4)\n"     /* the SC before has ended it */
			 "	lr.d	t0, (%4)\n"
			 "	sc.d	%2, %5, (%4)\n"     /* succeeds */
			 "	sc.d	%3, %5, (%4)\n"     /* no longer */
			 : "=&r"(s1), "=&r"(s2), "=&r"(s3), "=&r"(s4)
			 : "r"(a), "r"(9ull) : "t0", "t1", "memory");
	SAY("elsewhere", s1 && !a[8]);
	SAY("after another", s2);
	SAY("its own", !s3 && a[0] == 9);
	SAY("once only", s4);
	__asm__ volatile("	lr.d	t0, (%1)\n"
			 "	li	a7, 172\n"
			 "	ecall\n"
			 "	sc.d	%0, x0, (%1)\n"
			 : "=&r"(s1) : "r"(a) : "t0", "a0", "a7", "memory");
	SAY("over a system call", s1 && a[0] == 9);
}

static volatile uint64_t fault_pc, fault_a2;
extern char cas_sc[], cas_end[];

static void on_fault(int sig, siginfo_t *info, void *context)
{
	ucontext_t *u = context;

	fault_pc = u->uc_mcontext.__gregs[REG_PC];
	fault_a2 = u->uc_mcontext.__gregs[12];
	u->uc_mcontext.__gregs[REG_PC] = (unsigned long)cas_end;
}

static void __attribute__((noinline)) cas_of_constant(void *word, uint64_t expected)
{
	register uint64_t e __asm__("a3") = expected;
	register void *at __asm__("a0") = word;

	__asm__ volatile(".globl cas_sc, cas_end\n"
			 "1:	lr.d	a2, (a0)\n"
			 "	bne	a2, a3, cas_end\n"
			 "cas_sc:\n"
			 "	sc.d	a5, a3, (a0)\n"
			 "	bnez	a5, 1b\n"
			 "cas_end:\n"
			 : : "r"(at), "r"(e) : "a2", "a5", "memory");
}

/* Memory that can only be read: a comparison that fails does not write. */
static void constants(void)
{
	uint64_t *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };

	*p = 77;
	mprotect(p, 4096, PROT_READ);
	sigaction(SIGSEGV, &action, NULL);
	cas_of_constant(p, 5);
	SAY("no fault where nothing is stored", !fault_pc);
	cas_of_constant(p, 77);
	SAY("a fault at the SC", fault_pc == (uint64_t)cas_sc);
	SAY("and the LR is done", fault_a2 == 77);
}

int main(void)
{
	test_begin();
	for (int i = 0; i < 3000; i++)
		if (i == 0 || i == 2999)
			registers();
		else
			add_d(&(uint64_t){ 0 }, 1);
	reservations();
	constants();
	contended();
	return 0;
}
