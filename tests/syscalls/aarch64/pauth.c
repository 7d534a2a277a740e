/*
 * Pointer authentication as a process sees it: what is signed authenticates, what was changed raises
 * SIGILL with ILL_ILLOPN at the instruction, prctl makes new keys and disables them, children
 * inherit them.  Which PAC a pointer gets differs from machine to machine, so only properties are
 * printed.
 */
#include "../test.h"

#include <setjmp.h>
#include <sys/auxv.h>
#include <sys/prctl.h>

#define FIELD (0x7full << 48)

static sigjmp_buf back;
static volatile int code;
static volatile uintptr_t at;

static void on_ill(int sig, siginfo_t *si, void *uc)
{
	(void)sig, (void)uc;
	code = si->si_code;
	at = (uintptr_t)si->si_addr;
	siglongjmp(back, 1);
}

/* One instruction on x0 (pointer) and x1 (modifier); 0 and `code` if it raised SIGILL. */
#define INSN(name, text)                                                                     \
	static uint64_t name##_run(uint64_t p, uint64_t m)                                   \
	{                                                                                    \
		register uint64_t x0 asm("x0") = p;                                          \
		register uint64_t x1 asm("x1") = m;                                          \
											     \
		asm volatile(".arch armv8.3-a\n" text                                        \
			     : "+r"(x0), "+r"(x1) : : "x2", "x16", "x17", "x30", "cc", "memory"); \
		return x0;                                                                   \
	}                                                                                    \
	static uint64_t name(uint64_t p, uint64_t m)                                         \
	{                                                                                    \
		code = 0;                                                                    \
		return sigsetjmp(back, 1) ? 0 : name##_run(p, m);                            \
	}

INSN(pacia, "pacia x0, x1") INSN(autia, "autia x0, x1")
INSN(pacib, "pacib x0, x1") INSN(autib, "autib x0, x1")
INSN(pacda, "pacda x0, x1") INSN(autda, "autda x0, x1")
INSN(pacdb, "pacdb x0, x1") INSN(autdb, "autdb x0, x1")
INSN(paciza, "paciza x0") INSN(autiza, "autiza x0")
INSN(pacizb, "pacizb x0") INSN(autizb, "autizb x0")
INSN(pacdza, "pacdza x0") INSN(autdza, "autdza x0")
INSN(pacdzb, "pacdzb x0") INSN(autdzb, "autdzb x0")
INSN(pacia1716, "mov x17, x0\n mov x16, x1\n pacia1716\n mov x0, x17")
INSN(autia1716, "mov x17, x0\n mov x16, x1\n autia1716\n mov x0, x17")
INSN(pacib1716, "mov x17, x0\n mov x16, x1\n pacib1716\n mov x0, x17")
INSN(autib1716, "mov x17, x0\n mov x16, x1\n autib1716\n mov x0, x17")
INSN(paciaz, "mov x30, x0\n paciaz\n mov x0, x30") INSN(autiaz, "mov x30, x0\n autiaz\n mov x0, x30")
INSN(pacibz, "mov x30, x0\n pacibz\n mov x0, x30") INSN(autibz, "mov x30, x0\n autibz\n mov x0, x30")
INSN(paciasp, "mov x30, x0\n paciasp\n mov x0, x30") INSN(autiasp, "mov x30, x0\n autiasp\n mov x0, x30")
INSN(pacibsp, "mov x30, x0\n pacibsp\n mov x0, x30") INSN(autibsp, "mov x30, x0\n autibsp\n mov x0, x30")
INSN(xpaci, "xpaci x0") INSN(xpacd, "xpacd x0")
INSN(xpaclri, "mov x30, x0\n xpaclri\n mov x0, x30")
INSN(ldraa, "ldraa x0, [x0, #8]") INSN(ldrab, "ldrab x0, [x0]")
INSN(ldraa_back, "ldraa x1, [x0, #-8]!") INSN(ldrab_back, "ldrab x1, [x0, #8]!")
INSN(braa, "adr x2, 1f\n pacia x2, x1\n braa x2, x1\n mov x0, #0\n 1:")
INSN(brab, "adr x2, 1f\n pacib x2, x1\n brab x2, x1\n mov x0, #0\n 1:")
INSN(braaz, "adr x2, 1f\n paciza x2\n braaz x2\n mov x0, #0\n 1:")
INSN(brabz, "adr x2, 1f\n pacizb x2\n brabz x2\n mov x0, #0\n 1:")
INSN(blraa, "adr x2, 1f\n pacia x2, x1\n blraa x2, x1\n mov x0, #0\n 1:")
INSN(blrab, "adr x2, 1f\n pacib x2, x1\n blrab x2, x1\n mov x0, #0\n 1:")
INSN(blraaz, "adr x2, 1f\n paciza x2\n blraaz x2\n mov x0, #0\n 1:")
INSN(blrabz, "adr x2, 1f\n pacizb x2\n blrabz x2\n mov x0, #0\n 1:")
INSN(retaa, "adr x30, 1f\n paciasp\n retaa\n mov x0, #0\n 1:")
INSN(retab, "adr x30, 1f\n pacibsp\n retab\n mov x0, #0\n 1:")
INSN(braa_bad, "adr x2, 1f\n pacia x2, x1\n eor x2, x2, #0x4000000000000\n braa x2, x1\n 1:")
INSN(retaa_bad, "adr x30, 1f\n paciasp\n eor x30, x30, #0x4000000000000\n retaa\n 1:")
INSN(eretaa, ".inst 0xd69f0bff") INSN(eretab, ".inst 0xd69f0fff")
static uint64_t pacga(uint64_t a, uint64_t b)
{
	uint64_t r;

	asm volatile(".arch armv8.3-a\npacga %0, %1, %2" : "=r"(r) : "r"(a), "r"(b));
	return r;
}

typedef uint64_t fn(uint64_t, uint64_t);
/* fixed: the modifier is not x1 */
static const struct pair { const char *name; fn *sign, *check; int fixed; } pairs[] = {
	{ "ia", pacia, autia, 0 }, { "ib", pacib, autib, 0 }, { "da", pacda, autda, 0 }, { "db", pacdb, autdb, 0 },
	{ "iza", paciza, autiza, 1 }, { "izb", pacizb, autizb, 1 }, { "dza", pacdza, autdza, 1 }, { "dzb", pacdzb, autdzb, 1 },
	{ "ia1716", pacia1716, autia1716, 0 }, { "ib1716", pacib1716, autib1716, 0 },
	{ "iaz", paciaz, autiaz, 1 }, { "ibz", pacibz, autibz, 1 },
	{ "iasp", paciasp, autiasp, 1 }, { "ibsp", pacibsp, autibsp, 1 },
};

static const uint64_t pointers[] = { 0x0000aaaabbbbcccc, 0x00007ffffffffff0, 0x1, 0, 0x5a00123456789abc,
				     0xff0000007fffffff };
static const uint64_t modifiers[] = { 0, 1, 0x7ffffff0, ~0ull, 0x0123456789abcdef };
enum { NP = sizeof pointers / sizeof *pointers, NM = sizeof modifiers / sizeof *modifiers, KEY_SETS = 6 };

/*
 * With several keys, since a PAC has 7 bits: what is refused by chance only, a changed address or
 * modifier, is so for some key.
 */
static void check_pair(const struct pair *q)
{
	int same = 0, inside = 0, stripped = 0, refused = 0, codes = 0, signed_ = 0, n = 0;
	uint64_t address_bits = 0, modifier_bits = q->fixed ? ~0ull : 0;

	for (int i = 0; i < KEY_SETS * NP * NM; i++) {
		uint64_t p = pointers[i % NP], m = modifiers[i / NP % NM], s;

		if (i % (NP * NM) == 0)
			prctl(PR_PAC_RESET_KEYS, 0, 0, 0, 0);
		s = q->sign(p, m);
		n++;
		same += q->check(s, m) == p;
		inside += ((s ^ p) & ~FIELD) == 0;
		signed_ += s != p;
		stripped += xpaci(s, 0) == p && xpacd(s, 0) == p && xpaclri(s, 0) == p;
		for (int b = 48; b < 55; b++) {
			q->check(s ^ 1ull << b, m);
			refused += code != 0;
			codes += code == ILL_ILLOPN;
		}
		for (int b = 0; b < 64; b++) {
			if (b < 48 || b > 54) {
				q->check(s ^ 1ull << b, m);
				address_bits |= (uint64_t)(code != 0) << b;
			}
			if (!q->fixed) {
				q->check(s, m ^ 1ull << b);
				modifier_bits |= (uint64_t)(code != 0) << b;
			}
		}
	}
	printf("%s: %s %s %s %s %s %s %s %s\n", q->name, same == n ? "back" : "LOST",
	       inside == n ? "inside" : "OUTSIDE", stripped == n ? "stripped" : "NOT STRIPPED",
	       refused == 7 * n ? "refused" : "ACCEPTED", codes == 7 * n ? "illopn" : "OTHER CODE",
	       signed_ > n / 2 ? "signed" : "UNSIGNED", !~(address_bits | FIELD) ? "address" : "ANY ADDRESS",
	       !~modifier_bits ? "modifier" : "ANY MODIFIER");
}

static uint64_t all_signed(void)
{
	uint64_t sum = 0;

	for (int j = 0; j < 16; j++) {
		sum = sum * 31 + pacia(pointers[0], j) + pacib(pointers[1], j);
		sum = sum * 31 + pacda(pointers[0], j) + pacdb(pointers[1], j);
	}
	return sum;
}

static uint64_t generic(void)
{
	uint64_t sum = 0;

	for (int j = 0; j < 16; j++)
		sum = sum * 31 + pacga(pointers[j % NP], j);
	return sum;
}

/* The same in a child: forked, and with new keys of its own. */
static void in_child(uint64_t sum)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		int inherited = all_signed() == sum;

		prctl(PR_PAC_RESET_KEYS, 0, 0, 0, 0);
		_exit(inherited | (all_signed() != sum) << 1);
	}
	waitpid(pid, &status, 0);
	printf("child inherits: %d, can change: %d\n", WEXITSTATUS(status) & 1, WEXITSTATUS(status) >> 1);
	printf("parent keeps: %d\n", all_signed() == sum);
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_sigaction = on_ill, .sa_flags = SA_SIGINFO };
	static uint64_t data[3] = { 11, 22, 33 };
	uint64_t p = (uint64_t)data, g, sum;
	unsigned long caps = getauxval(AT_HWCAP);

	sigaction(SIGILL, &sa, 0);
	if (argc > 1) {
		/* after exec: the keys are others */
		printf("new keys: %d\n", strtoull(argv[1], 0, 16) != all_signed());
		return 0;
	}
	printf("paca %d pacg %d\n", (int)(caps >> 30 & 1), (int)(caps >> 31 & 1));
	for (size_t k = 0; k < sizeof pairs / sizeof *pairs; k++)
		check_pair(&pairs[k]);

	printf("ldraa %d ldrab %d\n", (int)ldraa(pacdza(p, 0), 0), (int)ldrab(pacdzb(p, 0), 0));
	printf("written back: %d %d\n", (int)(ldraa_back(pacdza(p + 16, 0), 0) - p), (int)(ldrab_back(pacdzb(p, 0), 0) - p));
	ldraa(pacdza(p, 0) ^ 1ull << 50, 0);
	printf("ldraa refuses: %d\n", code == ILL_ILLOPN);
	printf("branches: %d%d%d%d%d%d%d%d%d%d\n", (int)braa(1, 2), (int)brab(1, 2), (int)braaz(1, 2), (int)brabz(1, 2),
	       (int)blraa(1, 2), (int)blrab(1, 2), (int)blraaz(1, 2), (int)blrabz(1, 2), (int)retaa(1, 2), (int)retab(1, 2));
	braa_bad(1, 2);
	printf("braa refuses: %d\n", code == ILL_ILLOPN);
	retaa_bad(1, 2);
	printf("retaa refuses: %d\n", code == ILL_ILLOPN);
	eretaa(1, 2);
	printf("eretaa: %d ", code == ILL_ILLOPC);
	eretab(1, 2);
	printf("eretab: %d\n", code == ILL_ILLOPC);

	g = pacga(1, 2);
	printf("pacga: low %x, depends %d %d\n", (unsigned)g, pacga(2, 2) != g, pacga(1, 3) != g);

	sum = all_signed();
	g = generic();
	printf("steady: %d\n", all_signed() == sum && generic() == g);
	in_child(sum);

	CALL(prctl(PR_PAC_RESET_KEYS, 32, 0, 0, 0));
	CALL(prctl(PR_PAC_RESET_KEYS, 0, 1, 0, 0));
	CALL(prctl(PR_PAC_RESET_KEYS, PR_PAC_APGAKEY, 0, 0, 0));
	printf("only the generic key: %d\n", all_signed() == sum && generic() != g);
	CALL(prctl(PR_PAC_RESET_KEYS, 0, 0, 0, 0));
	printf("all keys: %d\n", all_signed() != sum);

	CALL(prctl(PR_PAC_GET_ENABLED_KEYS, 0, 0, 0, 0));
	CALL(prctl(PR_PAC_GET_ENABLED_KEYS, 1, 0, 0, 0));
	CALL(prctl(PR_PAC_SET_ENABLED_KEYS, 16, 0, 0, 0));
	CALL(prctl(PR_PAC_SET_ENABLED_KEYS, 1, 2, 0, 0));
	CALL(prctl(PR_PAC_SET_ENABLED_KEYS, PR_PAC_APIBKEY | PR_PAC_APDAKEY, PR_PAC_APDAKEY, 0, 0));
	CALL(prctl(PR_PAC_GET_ENABLED_KEYS, 0, 0, 0, 0));
	printf("disabled: %d %d\n", pacib(p, 5) == p, autib(p ^ 1ull << 50, 5) == (p ^ 1ull << 50) && !code);
	printf("enabled: %d\n", autda(pacda(p, 5), 5) == p);
	CALL(prctl(PR_PAC_SET_ENABLED_KEYS, PR_PAC_APIBKEY, PR_PAC_APIBKEY, 0, 0));
	CALL(prctl(PR_PAC_GET_ENABLED_KEYS, 0, 0, 0, 0));

	{
		char text[32];

		snprintf(text, sizeof text, "%llx", (unsigned long long)all_signed());
		fflush(stdout);
		execl("/proc/self/exe", argv[0], text, (char *)0);
	}
	return 1;
}
