/*
 * What a program can ask about its processor must agree: hardware capabilities, identification
 * registers as Linux shows them, /proc/cpuinfo.  The table is the kernel's rule for each capability
 * (arm64_elf_hwcaps[] of arch/arm64/kernel/cpufeature.c): the field that must be at least a value.
 * Run with every -cpu; prints disagreements, and the number of features if told to.
 */
#include "../test.h"

#include <sys/auxv.h>

enum { PFR0, PFR1, ISAR0, ISAR1, ISAR2, MMFR0, MMFR2, REGS };

static const struct rule {
	const char *name;
	unsigned char word, bit, reg, lsb, min;
} rules[] = {
	{ "fp", 1, 0, PFR0, 16, 0 }, { "asimd", 1, 1, PFR0, 20, 0 }, { "aes", 1, 3, ISAR0, 4, 1 },
	{ "pmull", 1, 4, ISAR0, 4, 2 }, { "sha1", 1, 5, ISAR0, 8, 1 }, { "sha2", 1, 6, ISAR0, 12, 1 },
	{ "crc32", 1, 7, ISAR0, 16, 1 }, { "atomics", 1, 8, ISAR0, 20, 2 }, { "fphp", 1, 9, PFR0, 16, 1 },
	{ "asimdhp", 1, 10, PFR0, 20, 1 }, { "asimdrdm", 1, 12, ISAR0, 28, 1 }, { "jscvt", 1, 13, ISAR1, 12, 1 },
	{ "fcma", 1, 14, ISAR1, 16, 1 }, { "lrcpc", 1, 15, ISAR1, 20, 1 }, { "dcpop", 1, 16, ISAR1, 0, 1 },
	{ "sha3", 1, 17, ISAR0, 32, 1 }, { "sm3", 1, 18, ISAR0, 36, 1 }, { "sm4", 1, 19, ISAR0, 40, 1 },
	{ "asimddp", 1, 20, ISAR0, 44, 1 }, { "sha512", 1, 21, ISAR0, 12, 2 }, { "sve", 1, 22, PFR0, 32, 1 },
	{ "asimdfhm", 1, 23, ISAR0, 48, 1 }, { "dit", 1, 24, PFR0, 48, 1 }, { "uscat", 1, 25, MMFR2, 32, 1 },
	{ "ilrcpc", 1, 26, ISAR1, 20, 2 }, { "flagm", 1, 27, ISAR0, 52, 1 }, { "ssbs", 1, 28, PFR1, 4, 2 },
	{ "sb", 1, 29, ISAR1, 36, 1 }, { "paca", 1, 30, ISAR1, 8, 1 }, { "pacg", 1, 31, ISAR1, 28, 1 },
	{ "dcpodp", 2, 0, ISAR1, 0, 2 }, { "flagm2", 2, 7, ISAR0, 52, 2 }, { "frint", 2, 8, ISAR1, 32, 1 },
	{ "i8mm", 2, 13, ISAR1, 52, 1 }, { "bf16", 2, 14, ISAR1, 44, 1 }, { "dgh", 2, 15, ISAR1, 48, 1 },
	{ "rng", 2, 16, ISAR0, 60, 1 }, { "bti", 2, 17, PFR1, 0, 1 }, { "mte", 2, 18, PFR1, 8, 2 },
	{ "ecv", 2, 19, MMFR0, 60, 1 }, { "wfxt", 2, 31, ISAR2, 0, 2 }, { "cssc", 2, 34, ISAR2, 52, 1 },
	{ "mops", 2, 43, ISAR2, 16, 1 }, { "hbc", 2, 44, ISAR2, 20, 1 },
};

#define READ(reg, name) asm volatile("mrs %0, " name : "=r"(regs[reg]))

static char *line(char *cpuinfo, const char *key)
{
	char *p = strstr(cpuinfo, key);

	if (!p)
		return "";
	p = strchr(p, ':') + 1;
	p = strndup(p, strcspn(p, "\n") + 1);
	p[strlen(p) - 1] = ' ';
	return p;
}

int main(int argc, char **argv)
{
	static char cpuinfo[1 << 16];
	uint64_t regs[REGS], midr, caps[3] = { 0, getauxval(AT_HWCAP), getauxval(AT_HWCAP2) };
	uint64_t known[3] = { 0, 1 << 2 | 1 << 11, 0 };   /* evtstrm, cpuid: of no register */
	int fd = open("/proc/cpuinfo", O_RDONLY), n = 0, bad = 0;
	char name[32], *features;

	for (int k; (k = read(fd, cpuinfo + n, sizeof cpuinfo - 1 - n)) > 0; n += k)
		;
	features = line(cpuinfo, "Features");
	READ(PFR0, "id_aa64pfr0_el1");
	READ(PFR1, "id_aa64pfr1_el1");
	READ(ISAR0, "id_aa64isar0_el1");
	READ(ISAR1, "id_aa64isar1_el1");
	READ(ISAR2, "s3_0_c0_c6_2");
	READ(MMFR0, "id_aa64mmfr0_el1");
	READ(MMFR2, "s3_0_c0_c7_2");
	asm volatile("mrs %0, midr_el1" : "=r"(midr));
	n = 0;
	for (const struct rule *r = rules; r < rules + sizeof rules / sizeof *rules; r++) {
		int field = regs[r->reg] >> r->lsb & 15, cap = caps[r->word] >> r->bit & 1, text;

		snprintf(name, sizeof name, " %s ", r->name);
		text = strstr(features, name) != 0;
		known[r->word] |= 1ull << r->bit;
		n += cap;
		/* 15 in the fields of fp and asimd: absent */
		if (cap == (field >= r->min && !(r->reg == PFR0 && field == 15)) && cap == text)
			continue;
		bad++;
		printf("%s: capability %d, field %d, in cpuinfo %d\n", r->name, cap, field, text);
	}
	if ((caps[1] & ~known[1]) | (caps[2] & ~known[2]))
		printf("unknown capabilities %" PRIx64 " %" PRIx64 "\n", caps[1] & ~known[1], caps[2] & ~known[2]);
	if (strtoul(line(cpuinfo, "CPU implementer"), 0, 0) != midr >> 24 ||
	    strtoul(line(cpuinfo, "CPU variant"), 0, 0) != (midr >> 20 & 15) ||
	    strtoul(line(cpuinfo, "CPU part"), 0, 0) != (midr >> 4 & 0xfff) ||
	    strtoul(line(cpuinfo, "CPU revision"), 0, 0) != (midr & 15))
		printf("cpuinfo is of another processor than MIDR %" PRIx64 "\n", midr), bad++;
	if (argc > 1)
		printf("%d features:%s\n", n, features);
	(void)argv;
	puts(bad ? "disagree" : "agree");
	return 0;
}
