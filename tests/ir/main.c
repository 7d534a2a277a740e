/*
 * ir-test [interp|jit] [hide FEATURE]... cases FILE | blocks | modes | folding N | random N |
 *	op FIRST LAST N | softfp N
 *
 * Prints what failed and, last, "N passed, N failed".
 */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/die.h"
#include "tests/ir/test.h"
#include "translator/host.h"
#include "translator/translator.h"

int (*test_translate)(struct tr *t);
struct vcpu *test_cpu;
u8 *test_data;

static unsigned passed, failed;
static enum tr_engine engine;
static gaddr code, next_pc;
enum { CODE_SIZE = 16 << 20, INSN = 4 };

void result(bool ok, const char *fmt, ...)
{
	va_list ap;

	if (ok) {
		passed++;
		return;
	}
	failed++;
	va_start(ap, fmt);
	printf("FAIL: ");
	vprintf(fmt, ap);
	printf("\n");
	va_end(ap);
}

u32 test_exceptions_owed(u32 fpctl)
{
	u32 all = FPEXC_INVALID | FPEXC_DENORMAL | FPEXC_DIVZERO | FPEXC_OVERFLOW |
		  FPEXC_UNDERFLOW | FPEXC_INEXACT;

	if (engine == ENGINE_INTERP)
		return all;
	return all & ~(u32)(FPEXC_DENORMAL | (fpctl & FPCTL_FLUSH ? FPEXC_INEXACT : 0));
}

void test_clean_flags(struct test_state *s)
{
	for (unsigned k = 0; k < ARRAY_LEN(s->fl); k++)
		s->fl[k] &= FLAG_BITS;
	s->r_flags &= FLAG_BITS;
}

u64 test_random(void)
{
	static u64 s = 88172645463325252ull;

	s ^= s << 13;
	s ^= s >> 7;
	s ^= s << 17;
	return s * 0x2545f4914f6cdd1dull;
}

#define OFF(member) offsetof(struct test_state, member)

static const struct slot slots[] = {
	[S_I0] = { "i0", OFF(i[0]), T_I64, CLASS_GPR, -1 },
	[S_I1] = { "i1", OFF(i[1]), T_I64, CLASS_GPR, -1 },
	[S_I2] = { "i2", OFF(i[2]), T_I64, CLASS_GPR, -1 },
	[S_I3] = { "i3", OFF(i[3]), T_I64, CLASS_SYS, -1 },
	[S_V0] = { "v0", OFF(v[0]), T_V128, CLASS_VEC, -1 },
	[S_V1] = { "v1", OFF(v[1]), T_V128, CLASS_VEC, -1 },
	[S_V2] = { "v2", OFF(v[2]), T_V128, CLASS_VEC, -1 },
	[S_V3] = { "v3", OFF(v[3]), T_V128, CLASS_VEC, -1 },
	[S_FL0] = { "fl0", OFF(fl[0]), T_FLAGS, CLASS_FLAGS, -1 },
	[S_FL1] = { "fl1", OFF(fl[1]), T_FLAGS, CLASS_FLAGS, -1 },
	[S_FL2] = { "fl2", OFF(fl[2]), T_FLAGS, CLASS_FLAGS, -1 },
	[S_R_I32] = { "r_i32", OFF(r_i32), T_I32, CLASS_GPR, -1 },
	[S_R_I64] = { "r_i64", OFF(r_i64), T_I64, CLASS_GPR, -1 },
	[S_R_F32] = { "r_f32", OFF(r_f32), T_F32, CLASS_VEC, -1 },
	[S_R_F64] = { "r_f64", OFF(r_f64), T_F64, CLASS_VEC, -1 },
	[S_R_V64] = { "r_v64", OFF(r_v64), T_V64, CLASS_VEC, -1 },
	[S_R_V128] = { "r_v128", OFF(r_v128), T_V128, CLASS_VEC, -1 },
	[S_R_FLAGS] = { "r_flags", OFF(r_flags), T_FLAGS, CLASS_FLAGS, -1 },
};

static int translate(struct tr *t)
{
	t->next = t->pc + INSN;
	return test_translate(t);
}

static bool flags_dead(struct tr *t, gaddr pc)
{
	return false;
}

const struct guest the_guest = {
	.name = "test",
	.elf_class = 2,
	.elf_data = 1,
	.word = 8,
	.va_bits = 47,
	.page_size = 4096,
	.insn_unit = INSN,
	.slots = slots,
	.nslots = SLOTS,
	.translate = translate,
	.flags_dead = flags_dead,
	.disas_arch = (u32)-1,
};

static bool executable(gaddr a, u64 len)
{
	return a >= code && a + len <= code + CODE_SIZE;
}

gaddr test_fresh_pc(void)
{
	next_pc += INSN;
	if (next_pc + INSN >= code + CODE_SIZE)
		die("the test ran out of guest addresses");
	return next_pc;
}

enum exit_reason test_run(void)
{
	test_cpu->pc = test_fresh_pc();
	return translator_run(test_cpu);
}

int test_end(struct tr *t, u32 exit_code)
{
	ir_raw(t, IR_TRAP, T_NONE, 0, ir_pc(t, t->pc), EXIT_TRAP, exit_code);
	return TR_END;
}

static void on_fault(int signo, siginfo_t *info, void *uc)
{
	if (!translator_fault(test_cpu, signo, info->si_code, (u64)info->si_addr, uc))
		signal(signo, SIG_DFL);
}

static void set_up(u32 hide)
{
	struct translator_config cfg = { .engine = engine, .hide = hide };
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	static u8 handler_stack[64 << 10];
	stack_t ss = { .ss_sp = handler_stack, .ss_size = sizeof handler_stack };
	u8 *p = mmap(NULL, CODE_SIZE + 2 * TEST_DATA_SIZE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		die("no memory");
	code = next_pc = (gaddr)p;
	test_data = p + CODE_SIZE;
	munmap(test_data + TEST_DATA_SIZE, TEST_DATA_SIZE);
	test_cpu = mmap(NULL, sizeof *test_cpu, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);
	sigaltstack(&ss, NULL);
	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGBUS, &sa, NULL);
	sigaction(SIGFPE, &sa, NULL);
	sigaction(SIGILL, &sa, NULL);
	translator_init(&the_guest, &cfg, executable);
	if (!vcpu_init(test_cpu, &the_guest))
		die("no memory");
}

int main(int argc, char **argv)
{
	int i = 1;
	u32 hide = 0;

	engine = ENGINE_INTERP;
	if (i < argc && (!strcmp(argv[i], "interp") || !strcmp(argv[i], "jit")))
		engine = !strcmp(argv[i++], "jit") ? ENGINE_JIT : ENGINE_INTERP;
	for (; i + 1 < argc && !strcmp(argv[i], "hide"); i += 2)
		for (const struct host_item *f = host_features; f->name; f++)
			hide |= strcmp(f->name, argv[i + 1]) ? 0 : f->bit;
	if (i >= argc) {
		fputs("usage: ir-test [interp|jit] [hide FEATURE]... cases FILE | blocks | modes | "
		      "folding N | random N | op FIRST LAST N | softfp N\n",
		      stderr);
		return 1;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);  /* what failed must be seen even if we die after it */
	set_up(hide);
	for (; i < argc; i++) {
		if (!strcmp(argv[i], "cases") && i + 1 < argc)
			test_cases(argv[++i]);
		else if (!strcmp(argv[i], "blocks"))
			test_blocks();
		else if (!strcmp(argv[i], "modes"))
			test_modes();
		else if (!strcmp(argv[i], "folding") && i + 1 < argc)
			test_folding((unsigned)atoi(argv[++i]));
		else if (!strcmp(argv[i], "random") && i + 1 < argc)
			test_random_programs((unsigned)atoi(argv[++i]));
		else if (!strcmp(argv[i], "op") && i + 3 < argc) {
			test_random_rows(argv[i + 1], argv[i + 2], (unsigned)atoi(argv[i + 3]));
			i += 3;
		} else if (!strcmp(argv[i], "softfp") && i + 1 < argc)
			test_softfp((unsigned)atoi(argv[++i]));
		else
			die("no such test: %s", argv[i]);
	}
	printf("%u passed, %u failed\n", passed, failed);
	return failed != 0;
}
