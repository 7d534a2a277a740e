/*
 * CPU models and what follows from them: feature bits, hardware capabilities, identification
 * registers, /proc/cpuinfo.
 *
 * A model is a set of features.  Everything that the guest can ask is computed from the set, so
 * hwcap, cpuinfo and the registers cannot disagree; a model never shows more than features.def says
 * is done. A feature that is not shown is not executed either (SIGILL), as on the real processor,
 * except with `max`, which has all and needs no check.
 */
#include <stdio.h>

#include "base/space.h"
#include "frontends/aarch64/a64.h"
#include "frontends/aarch64/decode.h"
#include "base/insn.h"

#define F(name) (1ull << FEAT_##name)

/* All that is done: the mask of every model. */
#define X(name, done, word, bit, cpuinfo) | ((done) ? 1ull << FEAT_##name : 0)
static const u64 done_features = 0
#include "frontends/aarch64/features.def"
;
#undef X

_Static_assert(FEAT_COUNT <= 64, "one word of features");

/* What the models add to each other, from their technical reference manuals. */
#define V8_0 (F(FP) | F(AdvSIMD) | F(CRC32) | F(IDST) | F(EVTSTRM))
#define V8_CRYPTO (F(AES) | F(PMULL) | F(SHA1) | F(SHA256))
#define V8_1 (F(LSE) | F(RDM) | F(LOR))
#define V8_2 (F(DPB) | F(FP16) | F(FP16SIMD))
#define A76 (V8_0 | V8_CRYPTO | V8_1 | V8_2 | F(DotProd) | F(LRCPC) | F(SSBS))
#define V8_3 (F(JSCVT) | F(FCMA) | F(LRCPC) | F(PAuth) | F(PAuthGA))
#define V8_4 (F(DotProd) | F(FlagM) | F(LRCPC2) | F(FHM) | F(DIT) | F(LSE2))
#define V1 (A76 | V8_3 | V8_4 | F(SHA3) | F(SHA512) | F(SM3) | F(SM4) | F(BF16) | F(I8MM) | F(DPB2) | \
	    F(DGH) | F(RNG))

u64 a64_features[4];
u64 a64_midr;
u32 a64_atomic_block;
bool a64_features_limited;

/* Features and MIDR_EL1 as in the processors' technical reference manuals. */
const struct cpu_model a64_models[] = {
	{ "max", { ~0ull }, 0x000f0510, "everything that is implemented" },
	{ "cortex-a53", { V8_0 | V8_CRYPTO }, 0x410fd034, "Armv8.0-A, r0p4" },
	{ "cortex-a57", { V8_0 | V8_CRYPTO }, 0x411fd070, "Armv8.0-A, r1p0" },
	{ "cortex-a72", { V8_0 | V8_CRYPTO }, 0x410fd083, "Armv8.0-A, r0p3" },
	{ "cortex-a76", { A76 }, 0x414fd0b1, "Armv8.2-A, r4p1" },
	{ "neoverse-n1", { A76 }, 0x413fd0c1, "Armv8.2-A, r3p1" },
	{ "neoverse-v1", { V1 }, 0x411fd401, "Armv8.4-A, r1p1, without SVE" },
	{ 0 }
};

struct feature_row {
	const char *feat, *cpuinfo;
	u8 word, bit;
};

static const struct feature_row rows[FEAT_COUNT] = {
#define X(name, done, word, bit, cpuinfo) { #name, cpuinfo, word, bit },
#include "frontends/aarch64/features.def"
#undef X
};

void a64_select_cpu(const struct cpu_model *m)
{
	a64_features[0] = m->features[0] & done_features;
	a64_features_limited = a64_features[0] != done_features;
	a64_midr = m->id;
	a64_atomic_block = a64_has(FEAT_LSE2) ? 16 : 0;
	space_arch_prot = a64_has(FEAT_BTI) ? A64_PROT_BTI : 0;
}

bool a64_insn_enabled(int insn)
{
	const char *feat;

	if (insn == a64_NONE)
		return true;    /* the decoder will say so */
	feat = a64_rows[insn].feature;
	for (unsigned i = 0; feat && i < FEAT_COUNT; i++)
		if (!strcmp(rows[i].feat, feat))
			return a64_has(i);
	return true;
}

u64 a64_hwcap(unsigned n)
{
	u64 caps = 0;

	for (unsigned i = 0; i < FEAT_COUNT; i++)
		if (rows[i].word == n && a64_has(i))
			caps |= 1ull << rows[i].bit;
	return caps;
}

/* --- identification registers --- */

/* 4-bit field at `lsb` with value v if the feature is there. */
static u64 field(enum a64_feature f, unsigned lsb, u64 v)
{
	return a64_has(f) ? v << lsb : 0;
}

/* The larger of two levels of one field. */
static u64 field2(enum a64_feature low, u64 v, enum a64_feature high, u64 w, unsigned lsb)
{
	return a64_has(high) ? w << lsb : field(low, lsb, v);
}

/* A register: its CRm and op2, and the fields that Linux shows of it (arch/arm64/kernel/cpufeature.c). */
static u64 pfr0(void)
{
	return 0x11 | field(FEAT_FP16, 16, 1) | field(FEAT_FP16SIMD, 20, 1) | field(FEAT_DIT, 48, 1);
}

static u64 pfr1(void)
{
	return field(FEAT_BTI, 0, 1) | field(FEAT_SSBS, 4, 2);
}

static u64 isar0(void)
{
	return field2(FEAT_AES, 1, FEAT_PMULL, 2, 4) | field(FEAT_SHA1, 8, 1) |
	       field2(FEAT_SHA256, 1, FEAT_SHA512, 2, 12) | field(FEAT_CRC32, 16, 1) |
	       field(FEAT_LSE, 20, 2) | field(FEAT_RDM, 28, 1) | field(FEAT_SHA3, 32, 1) |
	       field(FEAT_SM3, 36, 1) | field(FEAT_SM4, 40, 1) | field(FEAT_DotProd, 44, 1) |
	       field(FEAT_FHM, 48, 1) | field2(FEAT_FlagM, 1, FEAT_FlagM2, 2, 52) |
	       field(FEAT_RNG, 60, 1);
}

/* API 5: an implementation-defined algorithm, PAuth2, faults for combined instructions too. */
static u64 isar1(void)
{
	return field2(FEAT_DPB, 1, FEAT_DPB2, 2, 0) | field(FEAT_PAuth, 8, 5) |
	       field(FEAT_JSCVT, 12, 1) | field(FEAT_FCMA, 16, 1) |
	       field2(FEAT_LRCPC, 1, FEAT_LRCPC2, 2, 20) | field(FEAT_PAuthGA, 28, 1) |
	       field(FEAT_FRINTTS, 32, 1) | field(FEAT_SB, 36, 1) | field(FEAT_BF16, 44, 1) |
	       field(FEAT_DGH, 48, 1) | field(FEAT_I8MM, 52, 1);
}

static u64 isar2(void)
{
	return field(FEAT_WFxT, 0, 2) | field(FEAT_MOPS, 16, 1) | field(FEAT_HBC, 20, 1) |
	       field(FEAT_CSSC, 52, 1);
}

/* AT: misaligned accesses are atomic within 16 bytes. */
static u64 mmfr2(void)
{
	return field(FEAT_LSE2, 32, 1);
}

/* What is hidden has the value that promises least: no granule of 4 or 64 KiB ... */
static u64 mmfr0(void)
{
	return 0xff000000 | field(FEAT_ECV, 60, 1);
}

/* ... and the Armv8 debug architecture. */
static u64 dfr0(void)
{
	return 6;
}

/* MIDR, MPIDR and REVIDR; registers of CRm 2..7 that Linux shows nothing of read as zero. */
bool a64_id_register(unsigned crm, unsigned op2, u64 *v)
{
	static u64 (*const regs[8][8])(void) = {
		[4] = { [0] = pfr0, [1] = pfr1 },
		[5] = { [0] = dfr0 },
		[6] = { [0] = isar0, [1] = isar1, [2] = isar2 },
		[7] = { [0] = mmfr0, [2] = mmfr2 },
	};

	*v = 0;
	if (crm > 7 || crm == 1)
		return false;
	if (crm == 0) {
		*v = op2 == 0 ? a64_midr : op2 == 5 ? 1u << 31 : 0;
		return op2 == 0 || op2 == 5 || op2 == 6;
	}
	if (regs[crm][op2])
		*v = regs[crm][op2]();
	return true;
}

int a64_cpuinfo(char *buf, size_t size, unsigned cpu)
{
	char feat[512];
	size_t n = 0;

	feat[0] = 0;
	for (unsigned w = 1; w <= 2; w++)
		for (unsigned i = 0; i < FEAT_COUNT; i++)
			if (rows[i].word == w && a64_has(i) && n < sizeof feat - 16)
				n += snprintf(feat + n, sizeof feat - n, "%s%s", n ? " " : "",
					      rows[i].cpuinfo);
	return snprintf(buf, size,
			"processor\t: %u\nBogoMIPS\t: 100.00\nFeatures\t: %s\nCPU implementer\t: 0x%02x\n"
			"CPU architecture: 8\nCPU variant\t: 0x%x\nCPU part\t: 0x%03x\nCPU revision\t: %u\n\n",
			cpu, feat, (unsigned)bits(a64_midr, 31, 24), (unsigned)bits(a64_midr, 23, 20),
			(unsigned)bits(a64_midr, 15, 4), (unsigned)bits(a64_midr, 3, 0));
}
