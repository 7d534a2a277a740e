/*
 * What a handler sees of the interrupted program, and what it can change: the exact pc, every
 * register, an instruction stepped over; and where the frame ends.
 *
 * The expected output stands in context.expected: the architecture's manual and the kernel's
 * arch/riscv/include/uapi/asm/sigcontext.h and signal.c say what it must be.
 */
#include "../test.h"
#include <setjmp.h>
#include <sys/auxv.h>
#include <ucontext.h>

#define SAY(what, right) printf("%s: %s\n", what, (right) ? "right" : "WRONG")

extern char load_fault[], store_fault[], compressed_fault[], illegal_insn[], break_insn[],
	compressed_break[], atomic_fault[];
void load_test(uint64_t *out, char *guard);
void store_test(uint64_t value, char *guard);
uint64_t compressed_test(int unused, char *guard);
void illegal_test(void);
void break_test(void);
void atomic_test(int unused, char *misaligned);

#define GLOBAL(name) ".globl " name "\n" name ":\n"

__asm__(
	".text\n.option push\n.option norelax\n.option norvc\n"
	GLOBAL("load_test")
	"	addi	sp, sp, -112\n"
	"	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11\n"
	"	sd	s\\n, \\n*8(sp)\n"
	"	.endr\n"
	"	sd	a0, 96(sp)\n"
	"	li	t0, 0x2222\n"
	"	fmv.d.x	f0, t0\n"
	"	li	t0, 0x4444\n"
	"	fmv.d.x	f31, t0\n"
	"	csrwi	fcsr, 0\n"
	"	csrwi	frm, 2\n"
	"	csrwi	fflags, 0x11\n"
	"	.irp	n, 5,6,7,8,9,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
	"	li	x\\n, (0x1000 + \\n)\n"
	"	.endr\n"
	GLOBAL("load_fault")
	"	ld	a0, 16(a1)\n"
	"	ld	t0, 96(sp)\n"
	"	sd	a0, 0(t0)\n"
	"	sd	x31, 8(t0)\n"
	"	fsd	f31, 16(t0)\n"
	"	csrrwi	t1, fcsr, 0\n"
	"	sd	t1, 24(t0)\n"
	"	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11\n"
	"	ld	s\\n, \\n*8(sp)\n"
	"	.endr\n"
	"	addi	sp, sp, 112\n"
	"	ret\n"
	GLOBAL("store_test")
	GLOBAL("store_fault")
	"	sd	a0, 8(a1)\n"
	"	ret\n"
	GLOBAL("illegal_test")
	GLOBAL("illegal_insn")
	"	.4byte	0xffffffff\n"
	"	ret\n"
	GLOBAL("break_test")
	GLOBAL("break_insn")
	"	ebreak\n"
	"	.option rvc\n"
	GLOBAL("compressed_break")
	"	c.ebreak\n"
	"	ret\n"
	GLOBAL("compressed_test")
	"	c.li	a0, 1\n"
	GLOBAL("compressed_fault")
	"	c.lw	a0, 4(a1)\n"
	"	c.addi	a0, 1\n"
	"	ret\n"
	GLOBAL("atomic_test")
	GLOBAL("atomic_fault")
	"	amoadd.w a0, a0, (a1)\n"
	"	ret\n"
	".option pop\n");

static volatile int faults;
static char *guard;

/* The end marker of the frame's list of extensions: in the last bytes of the context. */
static int ends_well(const mcontext_t *m)
{
	const uint32_t *words = (const uint32_t *)m;

	return words[(256 + 516) / 4] == 0 && words[(256 + 520) / 4] == 0 &&
	       words[(256 + 524) / 4] == 0 && sizeof *m == 784;
}

static void handler(int number, siginfo_t *info, void *argument)
{
	ucontext_t *context = argument;
	mcontext_t *m = &context->uc_mcontext;
	unsigned long *x = m->__gregs;
	char *pc = (char *)x[0];

	faults++;
	if (pc == load_fault) {
		SAY("load: signal", number == SIGSEGV && info->si_code == SEGV_ACCERR);
		SAY("load: address", info->si_addr == guard + 16);
		SAY("load: base register", x[11] == (uintptr_t)guard);
		for (unsigned i = 5; i < 32; i++)
			if (i != 10 && i != 11 && x[i] != 0x1000 + i)
				printf("x%d is 0x%lx\n", i, x[i]);
		SAY("load: f0 and f31", m->__fpregs.__d.__f[0] == 0x2222 &&
			m->__fpregs.__d.__f[31] == 0x4444);
		SAY("load: fcsr", m->__fpregs.__d.__fcsr == 0x51);
		SAY("load: end of the frame", ends_well(m));
		SAY("load: 1088 bytes", (char *)context == (char *)info + 128 &&
			(uintptr_t)info % 16 == 0 &&
			x[2] - (uintptr_t)info >= 1088 && x[2] - (uintptr_t)info < 1088 + 16);
		x[10] = 0x5555;
		x[31] = 0x6666;
		m->__fpregs.__d.__f[31] = 0x8888;
		m->__fpregs.__d.__fcsr = 0x22;
		x[0] += 4;
	} else if (pc == store_fault) {
		SAY("store: address", info->si_addr == guard + 8);
		x[11] = (uintptr_t)guard - 64;	/* and do it again */
	} else if (pc == compressed_fault) {
		SAY("compressed load: address", info->si_addr == guard + 4);
		SAY("compressed load: a0", x[10] == 1);
		x[0] += 2;
	} else if (pc == illegal_insn) {
		SAY("illegal instruction", number == SIGILL && info->si_code == ILL_ILLOPC &&
			info->si_addr == pc);
		x[0] += 4;
	} else if (pc == break_insn || pc == compressed_break) {
		SAY("ebreak", number == SIGTRAP && info->si_code == TRAP_BRKPT &&
			info->si_addr == pc);
		x[0] += pc == break_insn ? 4 : 2;
	} else if (pc == atomic_fault) {
		SAY("misaligned atomic", number == SIGBUS && info->si_code == BUS_ADRALN);
		x[0] += 4;
	} else {
		printf("signal %d at an unexpected pc\n", number);
		_exit(1);
	}
}

/* An instruction of four bytes whose second half is on a page that cannot be executed. */
static volatile uintptr_t half_address;
static sigjmp_buf after_half;

static void half_handler(int number, siginfo_t *info, void *argument)
{
	ucontext_t *context = argument;

	SAY("second half: address", number == SIGSEGV && (uintptr_t)info->si_addr == half_address);
	SAY("second half: pc", context->uc_mcontext.__gregs[0] == half_address - 2);
	siglongjmp(after_half, 1);
}

static void half_test(void)
{
	struct sigaction action = { .sa_sigaction = half_handler, .sa_flags = SA_SIGINFO };
	static const uint16_t code[] = { 0x0001, 0x0513, 0x0010 };  /* c.nop; li a0, 1 */
	char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);

	memcpy(p + 4092, code, sizeof code);
	__builtin___clear_cache(p, p + 8192);
	mprotect(p + 4096, 4096, PROT_READ);
	half_address = (uintptr_t)p + 4096;
	sigaction(SIGSEGV, &action, NULL);
	if (!sigsetjmp(after_half, 1))
		((void (*)(void))(p + 4092))();
}

/* riscv_hwprobe, and what it must agree with. */
static void probe_test(void)
{
	struct { int64_t key; uint64_t value; } pairs[] = { { 3, 9 }, { 4, 9 }, { 1000, 9 }, { 6, 9 } };
	unsigned long cpus = 0;
	long r = syscall(258, pairs, 4, 0, NULL, 0);

	SAY("hwprobe", r == 0);
	SAY("hwprobe: IMA", pairs[0].key == 3 && pairs[0].value == 1);
	SAY("hwprobe: F, D and C", (pairs[1].value & 3) == 3);
	SAY("hwprobe: no V, as in the hardware capabilities",
	    !(pairs[1].value >> 2 & 1) == !(getauxval(AT_HWCAP) >> ('V' - 'A') & 1));
	SAY("hwprobe: unknown key", pairs[2].key == -1 && pairs[2].value == 0);
	SAY("hwprobe: block of Zicboz", pairs[3].value == 64);
	SAY("hwprobe: bad flags", syscall(258, pairs, 1, 0, NULL, 2) == -1 && errno == EINVAL);
	SAY("hwprobe: no such processor", syscall(258, pairs, 1, 8, &cpus, 0) == -1 && errno == EINVAL);
	SAY("hwprobe: which processors", syscall(258, pairs, 1, 8, &cpus, 1) == 0 && cpus);
	pairs[0].value = 2;
	SAY("hwprobe: none such", syscall(258, pairs, 1, 8, &cpus, 1) == 0 && !cpus);
	SAY("flush_icache", syscall(259, pairs, pairs + 1, 0) == 0);
	SAY("flush_icache: bad flags", syscall(259, pairs, pairs + 1, 2) == -1 && errno == EINVAL);
	SAY("hardware capabilities", (getauxval(AT_HWCAP) & 0x112d) == 0x112d);
}

int main(void)
{
	static const int numbers[] = { SIGSEGV, SIGBUS, SIGILL, SIGTRAP };
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
	uint64_t out[4] = { 0 };
	char *p;

	test_begin();
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaction(numbers[i], &action, NULL);
	p = mmap(NULL, 2 * 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	guard = p + 65536;
	mprotect(guard, 65536, PROT_NONE);

	load_test(out, guard);
	SAY("load: edited a0 and t6", out[0] == 0x5555 && out[1] == 0x6666);
	SAY("load: edited f31 and fcsr", out[2] == 0x8888 && out[3] == 0x22);
	store_test(1234, guard);
	SAY("store: stored", *(uint64_t *)(guard - 56) == 1234);
	SAY("compressed load: stepped over", compressed_test(0, guard) == 2);
	illegal_test();
	break_test();
	atomic_test(0, p + 2);
	VALUE(faults);
	half_test();
	probe_test();
	return 0;
}
