/*
 * Runs files of cases: one line per instruction form, against an engine of the translator.
 *
 * 	cases [-e interp|jit] [-c CPU] [-1] [-u] FILE...
 *
 * 	assembly | words in hexadecimal | inputs | what changes
 *
 * Inputs and changes are NAME=HEX: the guest's slots in lower case, its special registers, pc,
 * m0..m504 (the 64-bit word at that offset of the data), signal (that ended it).  Before,
 * everything has a value that is not zero (set_default); afterwards, everything that is not named
 * as changed must be as it was.  The code is followed by a break point, which ends a case, and pc is
 * then at it.  A system call returns -ENOSYS.
 *
 * -1 translates one instruction at a time.  -u lists the rows of the instruction table that no case
 * has, and counts them as failures. The last line is "N passed, N failed".
 */
#include "tests/cases/cases.h"

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/guest.h"
#include "base/vcpu.h"
#include "translator/translator.h"

enum { MAX_FAILURES = 20, ENOSYS = 38, MAX_SPECIAL = 8 };

static struct vcpu vcpu;
static unsigned passed, failed;

struct state {
	u8 slots[VCPU_STATE_SIZE];
	u64 special[MAX_SPECIAL];
	u64 pc;
	u32 signal;
	u8 mem[CASE_MEM];
};

struct test {
	char *asm_text;
	u8 code[CASE_MAX_CODE];
	unsigned size;
	struct state in, want;
};

/* --- states --- */

static void from_vcpu(struct state *s)
{
	memset(s, 0, sizeof *s);
	memcpy(s->slots, vcpu.state, sizeof s->slots);
	for (unsigned i = 0; case_guest.special[i].name; i++)
		s->special[i] = case_guest.special[i].get(&vcpu);
	s->pc = vcpu.pc;
	memcpy(s->mem, (void *)CASE_DATA, sizeof s->mem);
}

/* The special registers last: they may be what slots are made of. */
static void to_vcpu(const struct state *s)
{
	the_guest.reset(&vcpu, s->pc, 0);
	memcpy(vcpu.state, s->slots, sizeof s->slots);
	for (unsigned i = 0; case_guest.special[i].name; i++)
		case_guest.special[i].set(&vcpu, s->special[i]);
	memcpy((void *)CASE_DATA, s->mem, sizeof s->mem);
}

static void set_default(struct state *s)
{
	the_guest.reset(&vcpu, CASE_CODE + CASE_START, 0);
	case_guest.set_default(&vcpu);
	from_vcpu(s);
	for (u64 i = 0; i < CASE_MEM; i += 8) {
		u64 v = case_memory(i);

		memcpy(s->mem + i, &v, sizeof v);
	}
}

static unsigned slot_size(const struct slot *slot)
{
	switch (slot->type) {
	case T_I32: case T_F32: case T_FLAGS: return 4;
	case T_V128: return 16;
	default: return 8;
	}
}

static bool hidden(const char *name)
{
	for (const char *const *h = case_guest.hidden; *h; h++)
		if (!strcmp(*h, name))
			return true;
	return false;
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

static bool set_slot(struct state *s, const char *name, const u64 v[2])
{
	for (unsigned i = 0; i < the_guest.nslots; i++) {
		const struct slot *slot = &the_guest.slots[i];

		if (strcasecmp(slot->name, name) || hidden(slot->name))
			continue;
		memcpy(s->slots + slot->off, v, slot_size(slot));
		return true;
	}
	return false;
}

static bool set_one(struct state *s, char *item)
{
	char *eq = strchr(item, '=');
	unsigned n;
	u64 v[2];

	if (!eq || !parse_hex(eq + 1, v))
		return false;
	*eq = 0;
	for (unsigned i = 0; case_guest.special[i].name; i++) {
		if (!strcmp(case_guest.special[i].name, item)) {
			s->special[i] = v[0];
			return true;
		}
	}
	n = strtoul(item + 1, 0, 10);
	if (!strcmp(item, "pc"))
		s->pc = v[0];
	else if (!strcmp(item, "signal"))
		s->signal = v[0];
	else if (item[0] == 'm' && isdigit((u8)item[1]) && n < CASE_MEM && n % 8 == 0)
		memcpy(s->mem + n, v, 8);
	else
		return set_slot(s, item, v);
	return true;
}

static bool set_all(struct state *s, char *items)
{
	for (char *save, *p = strtok_r(items, " ", &save); p; p = strtok_r(0, " ", &save))
		if (!set_one(s, p))
			return false;
	return true;
}

/* Words of four or eight digits, each little-endian. */
static bool parse_code(struct test *q, char *text)
{
	char *save;

	q->size = 0;
	for (char *p = strtok_r(text, " ", &save); p; p = strtok_r(0, " ", &save)) {
		unsigned n = strlen(p) / 2;
		u32 word = strtoul(p, 0, 16);

		if ((n != 2 && n != 4) || q->size + n > CASE_MAX_CODE)
			return false;
		memcpy(q->code + q->size, &word, n);
		q->size += n;
	}
	return q->size;
}

static bool parse(char *line, struct test *q)
{
	char *part[4];

	for (unsigned i = 0; i < 4; i++) {
		part[i] = line;
		line = strchr(line, '|');
		if (!line && i < 3)
			return false;
		if (line)
			*line++ = 0;
	}
	q->asm_text = part[0];
	set_default(&q->in);
	if (!parse_code(q, part[1]) || !set_all(&q->in, part[2]))
		return false;
	/* What slots and special registers have in common is made equal. */
	to_vcpu(&q->in);
	from_vcpu(&q->in);
	q->want = q->in;
	q->want.pc += q->size;
	return set_all(&q->want, part[3]);
}

/* --- running --- */

static bool executable(gaddr a, u64 len)
{
	return a >= CASE_CODE && a + len <= CASE_CODE + CASE_CODE_SIZE;
}

/* Runs until the case has ended; the signal that a Linux process would get, 0 for the break point. */
static u32 run(void)
{
	s32 signo, code;

	for (unsigned i = 0; i < 100; i++) {
		switch (translator_run(&vcpu)) {
		case EXIT_SYSCALL:
			*vcpu_u64(&vcpu, the_guest.ret_off) = -(u64)ENOSYS;
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

/* Prints if q is not NULL; true if the values differ. */
static bool differ(const struct test *q, const char *name, const void *in, const void *want, const void *got,
		   unsigned size)
{
	if (!memcmp(want, got, size))
		return false;
	if (!q)
		return true;
	printf("  %s: ", name);
	for (const u8 *p = (const u8 *)got + size; p-- > (const u8 *)got; )
		printf("%02x", *p);
	printf(", should be ");
	for (const u8 *p = (const u8 *)want + size; p-- > (const u8 *)want; )
		printf("%02x", *p);
	printf(", was ");
	for (const u8 *p = (const u8 *)in + size; p-- > (const u8 *)in; )
		printf("%02x", *p);
	printf("\n");
	return true;
}

static bool compare(const struct test *q, const struct state *in, const struct state *want,
		    const struct state *got)
{
	bool bad = differ(q, "pc", &in->pc, &want->pc, &got->pc, 8);
	char name[20];

	bad |= differ(q, "signal", &in->signal, &want->signal, &got->signal, 4);
	for (unsigned i = 0; i < the_guest.nslots; i++) {
		const struct slot *s = &the_guest.slots[i];

		if (!hidden(s->name))
			bad |= differ(q, s->name, in->slots + s->off, want->slots + s->off,
				      got->slots + s->off, slot_size(s));
	}
	for (unsigned i = 0; case_guest.special[i].name; i++)
		bad |= differ(q, case_guest.special[i].name, &in->special[i], &want->special[i],
			      &got->special[i], 8);
	for (unsigned i = 0; i < CASE_MEM; i += 8) {
		snprintf(name, sizeof name, "m%u", i);
		bad |= differ(q, name, in->mem + i, want->mem + i, got->mem + i, 8);
	}
	return bad;
}

static void run_case(struct test *q)
{
	static u8 *const code = (void *)CASE_CODE;
	struct state got;
	u32 signo;

	for (unsigned i = 0; i < CASE_CODE_SIZE; i += case_guest.stop_size)
		memcpy(code + i, case_guest.stop, case_guest.stop_size);
	memcpy(code + CASE_START, q->code, q->size);
	translator_invalidate(CASE_CODE, CASE_CODE + CASE_CODE_SIZE);
	case_guest.cover(q->code, q->size);
	to_vcpu(&q->in);
	signo = run();
	from_vcpu(&got);
	got.signal = signo;
	if (!compare(NULL, &q->in, &q->want, &got)) {
		passed++;
	} else if (failed++ < MAX_FAILURES) {
		printf("FAILED %s\n", q->asm_text);
		compare(q, &q->in, &q->want, &got);
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
	static const int signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE };
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
	map(CASE_CODE, CASE_CODE_SIZE);
	map(CASE_DATA, CASE_DATA_SIZE);
	sigaltstack(&ss, 0);
	for (unsigned i = 0; i < ARRAY_LEN(signals); i++)
		sigaction(signals[i], &sa, 0);
	the_guest.select_cpu(model);
	translator_init(&the_guest, &cfg, executable);
	vcpu_init(&vcpu, &the_guest);
	for (int i = optind; i < argc; i++)
		run_file(argv[i]);
	if (uncovered)
		failed += case_guest.list_uncovered();
	printf("%u passed, %u failed\n", passed, failed);
	return failed != 0;
}
