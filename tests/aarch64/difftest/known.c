/*
 * Named exceptions of the differential test: differences from the oracle that we stand by.
 *
 * A row says in one sentence what the manual says, and its function recognises just those cases.
 */
#include <signal.h>
#include <string.h>

#include "tests/aarch64/difftest/cmp.h"

enum { FPCR_FZ = 1 << 24, FPSR_UFC = 1 << 3, FPSR_IXC = 1 << 4, FPSR_IDC = 1 << 7 };

static bool is_handler(const struct dt_step *s, const char *name)
{
	return s->row->handler && !strcmp(s->row->handler, name);
}

/* Are the states behind the same but for `fault` and what a step that faulted has not done? */
static bool only_they_fault(const struct dt_step *s)
{
	return s->want->fault == SIGILL && !s->got->fault;
}

static bool only_we_fault(const struct dt_step *s)
{
	return s->got->fault == SIGILL && !s->want->fault;
}

/* PSTATE fields of FEAT_SSBS, DIT, SME and MTE, which some oracles have. */
static bool pstate_of_other_feature(const struct dt_step *s)
{
	unsigned op2 = s->word >> 5 & 7;

	return is_handler(s, "msr_imm") && only_we_fault(s) && op2 >= 1 && op2 <= 4;
}

/*
 * README.md: the flags in the frame of a fault may be older ones where the program goes on to compute
 * others.  The step is the one that does.
 */
static bool flags_of_fault(const struct dt_step *s)
{
	return s->row->attrs & (a64_ATTR_wflags | a64_ATTR_rflags) && dt_only_flags(s->want, s->got);
}

const char dt_flags_of_fault[] = "flags of a fault";

bool dt_only_flags(const struct dt_state *want, const struct dt_state *got)
{
	struct dt_state same = *got;

	same.nzcv = want->nzcv;
	return want->fault && !memcmp(&same, want, sizeof same);
}

/* DC CVAP, DC CVADP */
static bool dc_persistent(const struct dt_step *s)
{
	return is_handler(s, "sys") && only_they_fault(s) && (s->word & ~0x11fu) == 0xd50b7c20;
}

/* FPToFixedJS(): a denormal that is taken for zero is not that integer, so Z is clear. */
static bool javascript_denormal(const struct dt_step *s)
{
	const uint8_t *n = s->before->v[s->word >> 5 & 31];
	uint64_t v;

	memcpy(&v, n, sizeof v);
	return is_handler(s, "fjcvtzs") && s->before->fpcr & FPCR_FZ && v << 1 && !(v << 1 >> 53) &&
	       s->want->nzcv == 1u << 30 && !s->got->nzcv;
}

/* FCVTZS, scalar SIMD, fixed point, halves: the result is the 16 bits of the element. */
static bool fixed_half(const struct dt_step *s)
{
	return is_handler(s, "simd_scalar_cvt_fixed") && (s->word >> 19 & 15) >> 1 == 1 &&
	       s->want->fpsr == s->got->fpsr && !s->got->v[s->word & 31][2] && !s->got->v[s->word & 31][3];
}

static bool is_one_of(const struct dt_step *s, const char *const *names)
{
	while (*names)
		if (is_handler(s, *names++))
			return true;
	return false;
}

/* Misaligned accesses within 16 bytes. */
static bool alignment(const struct dt_step *s)
{
	static const char *const handlers[] = {
		"stxr", "stxp", "ldxr", "ldxp", "stlr", "ldar", "cas", "casp", "ldapur", "atomic", "ldapr", NULL
	};

	return is_one_of(s, handlers) && s->want->fault == SIGBUS && !s->got->fault;
}

/* A misaligned LDAPR. */
static bool unaligned_ldapr(const struct dt_step *s)
{
	return is_handler(s, "ldapr") && s->got->fault == SIGBUS && !s->want->fault;
}

/* A misaligned store-exclusive for which the monitor is not open. */
static bool monitor_first(const struct dt_step *s)
{
	static const char *const handlers[] = { "stxr", "stxp", NULL };
	unsigned status = s->word >> 16 & 31;

	return is_one_of(s, handlers) && s->got->fault == SIGBUS && !s->want->fault &&
	       (status == 31 || s->want->x[status] == 1);
}

/* FEAT_XS is not shown, so that the instruction is undefined; the oracle has it without the feature. */
static bool dsb_nxs(const struct dt_step *s)
{
	return is_handler(s, "barrier") && only_we_fault(s) && (s->word & 0xf0) == 0x30;
}

/* docs/design-notes.md: while FPCR.FZ flushes, the host does not tell of a denormal operand next to a quiet NaN. */
static bool denormal_beside_nan(const struct dt_step *s)
{
	struct dt_state got = *s->got;

	got.fpsr |= FPSR_IDC;
	return s->before->fpcr & FPCR_FZ && !memcmp(&got, s->want, sizeof got);
}

static uint64_t lane(const uint8_t *v, unsigned bytes, unsigned i)
{
	uint64_t x = 0;

	memcpy(&x, v + i * bytes, bytes);
	return x;
}

/* Is a lane of v the smallest normal number? */
static bool has_smallest(const uint8_t *v)
{
	for (unsigned i = 0; i < 8; i++)
		if ((lane(v, 2, i) & 0x7fff) == 0x0400)
			return true;
	for (unsigned i = 0; i < 4; i++)
		if (lane(v, 4, i) << 33 == 0x00800000ull << 33 ||
		    (i < 2 && lane(v, 8, i) << 1 == 0x0010000000000000ull << 1))
			return true;
	return false;
}

/*
 * docs/design-notes.md: a result that rounds up to the smallest normal number is tiny for the guest, which
 * looks before rounding, and not for the host, which looks behind.
 */
static bool tiny_before_rounding(const struct dt_step *s)
{
	unsigned d = s->word & 31;
	struct dt_state got = *s->got;

	if (!(s->want->fpsr & FPSR_UFC) || !has_smallest(got.v[d]))
		return false;
	got.fpsr |= FPSR_UFC;
	if (s->before->fpcr & FPCR_FZ) {
		memcpy(got.v[d], s->want->v[d], 16);
		got.fpsr = (got.fpsr & ~FPSR_IXC) | (s->want->fpsr & FPSR_IXC);
	}
	return !memcmp(&got, s->want, sizeof got);
}

/* DC and IC of allocation tags (CRm 10, 12, 13, 14 with op2 3 or 5; CRm 4 with op2 3 or 4) */
static bool dc_tags(const struct dt_step *s)
{
	unsigned op2 = s->word >> 5 & 7;

	return is_handler(s, "sys") && only_we_fault(s) && (s->word & 0xfffff000) == 0xd50b7000 && op2 >= 3;
}

static const struct known {
	const char *name;
	bool (*is)(const struct dt_step *s);
	const char *reason;
} known[] = {
	{ "MSR SSBS, DIT, TCO, SVCR", pstate_of_other_feature, "undefined without the features" },
	{ "IDC beside a NaN", denormal_beside_nan, "not exact (docs/design-notes.md)" },
	{ "tiny before rounding", tiny_before_rounding, "not exact (docs/design-notes.md)" },
	{ dt_flags_of_fault, flags_of_fault, "not exact, by design (docs/design-notes.md)" },
	{ "DC CVAP, CVADP", dc_persistent, "an oracle without FEAT_DPB and FEAT_DPB2 (qemu 7.2)" },
	{ "FJCVTZS of a flushed denormal", javascript_denormal, "the manual clears Z; an old oracle does not (qemu 7.2)" },
	{ "DC of tags", dc_tags, "undefined without FEAT_MTE" },
	{ "DSB nXS", dsb_nxs, "undefined without FEAT_XS" },
	{ "FCVTZS (scalar, fixed-point) of halves", fixed_half,
	  "an old oracle extends the sign of the 16-bit result (qemu 7.2)" },
	{ "alignment", alignment, "an old oracle without FEAT_LSE2 (qemu 7.2)" },
	{ "LDAPR across 16 bytes", unaligned_ldapr,
	  "AArch64.UnalignedAccessFaults(); an old oracle lets it pass (qemu 7.2)" },
	{ "STXR: monitor before alignment", monitor_first,
	  "AArch64.ExclusiveMonitorsPass(): implementation defined which of the two comes first" },
};

const char *dt_known(const struct dt_step *s)
{
	for (const struct known *k = known; k < known + sizeof known / sizeof *known; k++)
		if (k->is(s))
			return k->name;
	return NULL;
}
