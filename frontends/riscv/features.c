/*
 * CPU models and what follows from them: hardware capabilities, the isa string of /proc/cpuinfo.
 *
 * A model is a set of extensions.  Everything that the guest can ask is computed from the set, so
 * hwcap, cpuinfo and riscv_hwprobe cannot disagree; a model never shows more than features.def says
 * is done.  An extension that is not shown is not executed either (SIGILL), as on a real processor,
 * except with `max`, which has all and needs no check.
 */
#include <stdio.h>
#include <string.h>

#include "frontends/riscv/riscv.h"
#include "frontends/riscv/decode.h"
#include "base/insn.h"

#define F(name) (1ull << EXT_##name)

/* All that is done: the mask of every model. */
#define X(name, done, ...) | ((done) ? 1ull << EXT_##name : 0)
static const u64 done_features = 0
#include "frontends/riscv/features.def"
;
#undef X

_Static_assert(EXT_COUNT <= 64, "one word of features");

#define RVGC (F(I) | F(M) | F(A) | F(F) | F(D) | F(C) | F(Zicsr) | F(Zifencei) | F(Zca) | F(Zcd))
/* "RISC-V Profiles": what RVA22U64 and RVA23U64 demand */
#define RVA22 (RVGC | F(Zicntr) | F(Zihintpause) | F(Zba) | F(Zbb) | F(Zbs) | F(Zicbom) | F(Zicbop) | \
	       F(Zicboz) | F(Zfhmin) | F(Zkt))
#define RVA23 (RVA22 | F(Zihintntl) | F(Zicond) | F(Zimop) | F(Zcmop) | F(Zcb) | F(Zfa) | F(Zawrs))

u64 rv_features;
bool rv_features_limited;

/* What registers of the other width have. */
static u64 other_features(void)
{
	return rv_base.xlen == 64 ? F(Zcf) : 0;
}

const struct cpu_model rv32_models[] = {
	{ "max", { ~0ull }, 0, "everything that is implemented" },
	{ "rv32", { RVGC | F(Zcf) }, 0, "RV32GC" },
	{ 0 }
};

const struct cpu_model rv64_models[] = {
	{ "max", { ~0ull }, 0, "everything that is implemented" },
	{ "rv64", { RVGC }, 0, "RV64GC" },
	{ "rva22", { RVA22 }, 0, "the mandatory extensions of RVA22U64" },
	{ "rva23", { RVA23 }, 0, "those of RVA23U64, but for V and its relatives" },
	{ 0 }
};

struct feature_row {
	const char *ext, *isa;
	u8 letter;
	s8 hwprobe;
};

static const struct feature_row rows[EXT_COUNT] = {
#define X(name, done, isa, letter, hwprobe) { #name, isa, letter, hwprobe },
#include "frontends/riscv/features.def"
#undef X
};

void rv_select_cpu(const struct cpu_model *m)
{
	u64 all = done_features & ~other_features();

	rv_features = m->features[0] & all;
	rv_features_limited = rv_features != all;
}

/* Has the model the extension whose name is the `len` bytes at `name`? */
static bool has_named(const char *name, size_t len)
{
	for (unsigned i = 0; i < EXT_COUNT; i++)
		if (strlen(rows[i].ext) == len && !memcmp(rows[i].ext, name, len))
			return rv_has(i);
	return false;
}

bool rv_insn_enabled(int insn)
{
	const char *ext;

	if (insn == rv_NONE)
		return true;    /* the decoder will say so */
	ext = rv_rows[insn].feature;
	while (ext) {
		size_t len = strcspn(ext, "|");

		if (has_named(ext, len))
			return true;
		if (!ext[len])
			return false;
		ext += len + 1;
	}
	return true;
}

/* COMPAT_HWCAP_ISA_x: a bit for each letter */
u64 rv_hwcap(unsigned n)
{
	u64 caps = 0;

	for (unsigned i = 0; n == 1 && i < EXT_COUNT; i++)
		if (rows[i].letter && rv_has(i))
			caps |= 1ull << (rows[i].isa[0] - 'a');
	return caps;
}

u64 rv_hwprobe_extensions(void)
{
	u64 bits = 0;

	for (unsigned i = 0; i < EXT_COUNT; i++)
		if (rows[i].hwprobe >= 0 && rv_has(i))
			bits |= 1ull << rows[i].hwprobe;
	return bits;
}

int rv_cpuinfo(char *buf, size_t size, unsigned cpu)
{
	char isa[512];
	size_t n = (size_t)snprintf(isa, sizeof isa, "rv%u", rv_base.xlen);

	for (unsigned i = 0; i < EXT_COUNT; i++)
		if (rv_has(i) && n < sizeof isa - 16)
			n += (size_t)snprintf(isa + n, sizeof isa - n, "%s%s",
					      rows[i].letter ? "" : "_", rows[i].isa);
	return snprintf(buf, size,
			"processor\t: %u\nhart\t\t: %u\nisa\t\t: %s\nmmu\t\t: %s\n"
			"mvendorid\t: 0x0\nmarchid\t\t: 0x0\nmimpid\t\t: 0x0\nhart isa\t: %s\n\n",
			cpu, cpu, isa, rv_base.xlen == 64 ? "sv48" : "sv32", isa);
}
