/*
 * Runs cases.txt: one line per instruction form, against an engine of the translator.
 *
 * 	cases [-e interp|jit] [-c CPU] [-1] [-u] FILE...
 *
 * 	assembly | words in hexadecimal | inputs | what changes
 *
 * Inputs and changes are NAME=HEX: x0..x30, sp, pc, nzcv (bits 31..28), fpcr, fpsr, v0..v31,
 * m0..m504 (the 64-bit word at that offset of the data), signal (that ended it).  Before,
 * everything has a value that is not zero (set_default); afterwards, everything that is not named
 * as changed must be as it was.  The code is followed by BRK, which ends a case, and pc is then at
 * it.  A system call returns -ENOSYS.
 *
 * -1 translates one instruction at a time.  -u lists the rows of the instruction table, those of
 * the floating-point and vector chapter aside, that no case has, and counts them as failures. The
 * last line is "N passed, N failed".
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "frontends/aarch64/a64.h"
#include "frontends/aarch64/decode.h"
#include "tests/aarch64/cases.h"
#include "translator/translator.h"

enum { MAX_FAILURES = 20, ENOSYS = 38 };

static struct vcpu vcpu;
static unsigned passed, failed;
static bool covered[a64_COUNT];

struct test {
	char *asm_text;
	u32 code[CASE_MAX_WORDS];
	unsigned nwords;
	struct case_state in, want;
};

/* --- states --- */

static void set_default(struct case_state *s)
{
	memset(s, 0, sizeof *s);
	for (unsigned i = 0; i < 31; i++)
		s->x[i] = 0xdead0000beef0000 + i;
	s->x[28] = CASE_DATA + 128;
	s->sp = CASE_DATA + 256;
	s->pc = CASE_CODE + CASE_START * 4;
	for (unsigned i = 0; i < 32; i++) {
		u64 v[2] = { 0xcafe000000000000 + i, 0xfeed000000000000 + i };

		memcpy(s->v[i], v, sizeof v);
	}
	for (u64 i = 0; i < CASE_MEM; i += 8) {
		u64 v = 0x8070605040302010 ^ i * 0x0103050709010305;

		memcpy(s->mem + i, &v, sizeof v);
	}
}

/* A value of up to 32 hexadecimal digits. */
static bool parse_hex(const char *s, u64 v[2])
{
	size_t n = strlen(s);

	v[0] = v[1] = 0;
	if (!n || n > 32 || strspn(s, "0123456789abcdef") != n)
		return false;
	if (n > 16) {
		char high[17] = { 0 };

		memcpy(high, s, n - 16);
		v[1] = strtoull(high, 0, 16);
		s += n - 16;
	}
	v[0] = strtoull(s, 0, 16);
	return true;
}

static bool set_one(struct case_state *s, char *item)
{
	char *eq = strchr(item, '=');
	unsigned n = item[0] ? strtoul(item + 1, 0, 10) : 0;
	u64 v[2];

	if (!eq || !parse_hex(eq + 1, v))
		return false;
	*eq = 0;
	if (!strcmp(item, "sp"))
		s->sp = v[0];
	else if (!strcmp(item, "pc"))
		s->pc = v[0];
	else if (!strcmp(item, "nzcv"))
		s->nzcv = v[0];
	else if (!strcmp(item, "fpcr"))
		s->fpcr = v[0];
	else if (!strcmp(item, "fpsr"))
		s->fpsr = v[0];
	else if (!strcmp(item, "signal"))
		s->signal = v[0];
	else if (item[0] == 'x' && n < 31)
		s->x[n] = v[0];
	else if (item[0] == 'v' && n < 32)
		memcpy(s->v[n], v, 16);
	else if (item[0] == 'm' && n < CASE_MEM && n % 8 == 0)
		memcpy(s->mem + n, v, 8);
	else
		return false;
	return true;
}

static bool set_all(struct case_state *s, char *items)
{
	for (char *save, *p = strtok_r(items, " ", &save); p; p = strtok_r(0, " ", &save))
		if (!set_one(s, p))
			return false;
	return true;
}

static bool parse(char *line, struct test *q)
{
	char *part[4], *save;

	for (unsigned i = 0; i < 4; i++) {
		part[i] = line;
		line = strchr(line, '|');
		if (!line && i < 3)
			return false;
		if (line)
			*line++ = 0;
	}
	q->asm_text = part[0];
	q->nwords = 0;
	for (char *p = strtok_r(part[1], " ", &save); p && q->nwords < CASE_MAX_WORDS;
	     p = strtok_r(0, " ", &save))
		q->code[q->nwords++] = strtoul(p, 0, 16);
	set_default(&q->in);
	if (!set_all(&q->in, part[2]))
		return false;
	q->want = q->in;
	q->want.pc += 4 * q->nwords;
	return set_all(&q->want, part[3]);
}

/* --- the vcpu --- */

static void *slot(unsigned off)
{
	return vcpu.state + off;
}

static void to_vcpu(const struct case_state *s)
{
	struct vcpu *c = &vcpu;
	u32 f = s->nzcv >> 28, flags;

	the_guest.reset(c, s->pc, s->sp);
	memcpy(slot(OFF_X0), s->x, sizeof s->x);
	memcpy(slot(OFF_V0), s->v, sizeof s->v);
	flags = (f & 8 ? FLAG_N : 0) | (f & 4 ? FLAG_Z : 0) | (f & 2 ? FLAG_C : 0) |
		(f & 1 ? FLAG_V : 0);
	memcpy(slot(OFF_NZCV), &flags, 4);
	memcpy(slot(OFF_FPCR), &s->fpcr, 4);
	translator_set_fpctl(c, a64_fpctl_of_fpcr(s->fpcr));
	a64_set_fpsr(c, s->fpsr);
	memcpy((void *)CASE_DATA, s->mem, sizeof s->mem);
}

static void from_vcpu(struct case_state *s)
{
	u32 flags;

	memset(s, 0, sizeof *s);
	memcpy(s->x, slot(OFF_X0), sizeof s->x);
	memcpy(s->v, slot(OFF_V0), sizeof s->v);
	memcpy(&s->sp, slot(OFF_SP), 8);
	s->pc = vcpu.pc;
	memcpy(&flags, slot(OFF_NZCV), 4);
	s->nzcv = (flags & FLAG_N ? 8u << 28 : 0) | (flags & FLAG_Z ? 4u << 28 : 0) |
		  (flags & FLAG_C ? 2u << 28 : 0) | (flags & FLAG_V ? 1u << 28 : 0);
	memcpy(&s->fpcr, slot(OFF_FPCR), 4);
	s->fpsr = a64_get_fpsr(&vcpu);
	memcpy(s->mem, (void *)CASE_DATA, sizeof s->mem);
}

static bool executable(gaddr a, u64 len)
{
	return a >= CASE_CODE && a + len <= CASE_CODE + CASE_CODE_WORDS * 4;
}

/* Runs until the case has ended; the signal that a Linux process would get, 0 for the final BRK. */
static u32 run(void)
{
	s32 signo, code;

	for (unsigned i = 0; i < 100; i++) {
		switch (translator_run(&vcpu)) {
		case EXIT_SYSCALL:
			*vcpu_u64(&vcpu, OFF_X0) = -(u64)ENOSYS;
			break;
		case EXIT_TRAP:
			the_guest.trap(&vcpu, &signo, &code);
			return signo == SIGTRAP ? 0 : signo;
		case EXIT_UNDEF:
			return SIGILL;
		case EXIT_NOEXEC:
			return SIGSEGV;
		case EXIT_FAULT:
			return vcpu.fault_signal;
		default:
			break;
		}
	}
	return SIGXCPU;
}

static void on_fault(int sig, siginfo_t *si, void *uc)
{
	if (!translator_fault(&vcpu, sig, si->si_code, (u64)si->si_addr, uc))
		_exit(128 + sig);
}

/* --- comparing --- */

static void differ(const char *name, unsigned n, u64 in, u64 want, u64 got)
{
	if (want != got)
		printf("  %s%u: %llx, should be %llx, was %llx\n", name, n, (unsigned long long)got,
		       (unsigned long long)want, (unsigned long long)in);
}

static void show(const struct test *q, const struct case_state *got)
{
	u64 a, b, c;

	printf("FAILED %s\n", q->asm_text);
	for (unsigned i = 0; i < 31; i++)
		differ("x", i, q->in.x[i], q->want.x[i], got->x[i]);
	differ("sp", 0, q->in.sp, q->want.sp, got->sp);
	differ("pc", 0, q->in.pc, q->want.pc, got->pc);
	differ("nzcv", 0, q->in.nzcv, q->want.nzcv, got->nzcv);
	differ("fpcr", 0, q->in.fpcr, q->want.fpcr, got->fpcr);
	differ("fpsr", 0, q->in.fpsr, q->want.fpsr, got->fpsr);
	differ("signal", 0, 0, q->want.signal, got->signal);
	for (unsigned i = 0; i < 64; i++) {
		memcpy(&a, q->in.v[i / 2] + i % 2 * 8, 8);
		memcpy(&b, q->want.v[i / 2] + i % 2 * 8, 8);
		memcpy(&c, got->v[i / 2] + i % 2 * 8, 8);
		differ(i % 2 ? "v (high) " : "v (low) ", i / 2, a, b, c);
	}
	for (unsigned i = 0; i < CASE_MEM; i += 8) {
		memcpy(&a, q->in.mem + i, 8);
		memcpy(&b, q->want.mem + i, 8);
		memcpy(&c, got->mem + i, 8);
		differ("m", i, a, b, c);
	}
}

static void run_case(struct test *q)
{
	static u32 *const code = (void *)CASE_CODE;
	struct case_state got;
	u32 signo;

	for (unsigned i = 0; i < CASE_CODE_WORDS; i++)
		code[i] = CASE_BRK;
	memcpy(code + CASE_START, q->code, q->nwords * 4);
	translator_invalidate(CASE_CODE, CASE_CODE + CASE_CODE_WORDS * 4);
	for (unsigned i = 0; i < q->nwords; i++) {
		enum a64_insn id = a64_decode(q->code[i]);

		if (id != a64_NONE)
			covered[id] = true;
	}
	to_vcpu(&q->in);
	signo = run();
	from_vcpu(&got);
	got.signal = signo;
	if (!memcmp(&got, &q->want, sizeof got)) {
		passed++;
	} else if (failed++ < MAX_FAILURES) {
		show(q, &got);
	}
}

static void run_file(const char *name)
{
	static struct test q;
	char *line = 0;
	size_t size = 0;
	unsigned n = 0;
	FILE *f = fopen(name, "r");

	if (!f) {
		perror(name);
		exit(2);
	}
	while (getline(&line, &size, f) > 0) {
		n++;
		line[strcspn(line, "\n")] = 0;
		if (!line[0] || line[0] == '#')
			continue;
		if (!parse(line, &q)) {
			fprintf(stderr, "%s:%u: not a case\n", name, n);
			exit(2);
		}
		run_case(&q);
	}
	fclose(f);
	free(line);
}

static void list_uncovered(void)
{
	for (unsigned i = 0; i < a64_COUNT; i++) {
		const struct insn_row *r = &a64_rows[i];

		if (covered[i] || !r->handler || strstr(r->group, "Advanced SIMD"))
			continue;
		printf("no case: %s (%s)\n", r->name, r->group);
		failed++;
	}
}

static void map(u64 at, size_t size)
{
	if (mmap((void *)at, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		 -1, 0) == MAP_FAILED) {
		perror("mmap");
		exit(2);
	}
}

static const struct cpu_model *find_model(const char *name)
{
	for (const struct cpu_model *m = the_guest.models; m->name; m++)
		if (!strcmp(m->name, name))
			return m;
	return NULL;
}

int main(int argc, char **argv)
{
	struct translator_config cfg = { .engine = ENGINE_INTERP };
	struct sigaction sa = { .sa_sigaction = on_fault,
				.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };
	static char stack[65536];
	stack_t ss = { .ss_sp = stack, .ss_size = sizeof stack };
	const struct cpu_model *model = the_guest.models;
	bool uncovered = false;
	int c;

	while ((c = getopt(argc, argv, "e:c:1u")) != -1) {
		if (c == 'e' && !strcmp(optarg, "jit"))
			cfg.engine = ENGINE_JIT;
		else if (c == 'c' && find_model(optarg))
			model = find_model(optarg);
		else if (c == '1')
			cfg.single = true;
		else if (c == 'u')
			uncovered = true;
		else if (c != 'e' || strcmp(optarg, "interp"))
			return 2;
	}
	map(CASE_CODE, CASE_CODE_WORDS * 4);
	map(CASE_DATA, CASE_DATA_SIZE);
	sigaltstack(&ss, 0);
	sigaction(SIGSEGV, &sa, 0);
	sigaction(SIGBUS, &sa, 0);
	sigaction(SIGILL, &sa, 0);
	sigaction(SIGFPE, &sa, 0);
	the_guest.select_cpu(model);
	translator_init(&the_guest, &cfg, executable);
	if (!vcpu_init(&vcpu, &the_guest))
		return 1;
	for (int i = optind; i < argc; i++)
		run_file(argv[i]);
	if (uncovered)
		list_uncovered();
	printf("%u passed, %u failed\n", passed, failed);
	return failed != 0;
}
