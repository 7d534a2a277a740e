/* Advanced SIMD: the pieces that its instruction families share.  See simd.h. */
#include "frontends/aarch64/simd.h"

u64 a64_replicate(u64 v, unsigned e)
{
	switch (e) {
	case 0:
		return (v & 0xff) * 0x0101010101010101;
	case 1:
		return (v & 0xffff) * 0x0001000100010001;
	case 2:
		return (v & 0xffffffff) * 0x0000000100000001;
	default:
		return v;
	}
}

ref vconst(struct tr *t, enum ir_type type, unsigned e, u64 v)
{
	u64 d = a64_replicate(v, e);

	return ir_constv(t, type, (vec){ .d = { d, type == T_V128 ? d : 0 } });
}

ref vlane0(struct tr *t, ref v, unsigned e)
{
	u64 mask = e == 3 ? ~0ull : (1ull << (8 << e)) - 1;

	if (ir_type_of(t, v) == T_V64 || e == 3)
		v = ir1(t, IR_ZEXTV, T_V128, v);
	return e == 3 ? v :
			ir2(t, IR_VAND, T_V128, v, ir_constv(t, T_V128, (vec){ .d = { mask } }));
}

ref vshuf(struct tr *t, ref a, ref b, vec pattern)
{
	ref p = ir_constv(t, T_V128, pattern);

	return ir3(t, IR_VSHUF, T_V128, a, b, t->node[p].a);
}

/*
 * The pattern whose element i is element src(i) of the pair of operands, counted in elements of
 * size e.
 */
static vec pattern_of(unsigned e, unsigned q, unsigned part,
		      unsigned (*src)(unsigned i, unsigned part, unsigned n))
{
	unsigned n = (q ? 16 : 8) >> e;
	vec p;

	memset(&p, 0x80, sizeof p);
	for (unsigned i = 0; i < n; i++) {
		unsigned s = src(i, part, n);

		/* Numbered 0..n-1 in the first operand, n..2n-1 in the second. */
		for (unsigned k = 0; k < 1u << e; k++)
			p.b[(i << e) + k] = (s % n << e) + k + (s >= n ? 16 : 0);
	}
	return p;
}

static unsigned zip_src(unsigned i, unsigned part, unsigned n)
{
	return part * n / 2 + i / 2 + (i & 1) * n;
}

static unsigned uzp_src(unsigned i, unsigned part, unsigned n)
{
	return 2 * i + part;
}

static unsigned trn_src(unsigned i, unsigned part, unsigned n)
{
	return (i & ~1u) + part + (i & 1) * n;
}

vec pattern_zip(unsigned e, unsigned part, unsigned q)
{
	return pattern_of(e, q, part, zip_src);
}

vec pattern_uzp(unsigned e, unsigned part, unsigned q)
{
	return pattern_of(e, q, part, uzp_src);
}

vec pattern_trn(unsigned e, unsigned part, unsigned q)
{
	return pattern_of(e, q, part, trn_src);
}

void qc_mask(struct tr *t, ref mask)
{
	if (ir_type_of(t, mask) == T_V64)
		mask = ir1(t, IR_ZEXTV, T_V128, mask);
	ir_put(t, SLOT_QC, ir2(t, IR_VOR, T_V128, ir_get(t, SLOT_QC, T_V128), mask));
}

void qc_differ(struct tr *t, ref got, ref want)
{
	qc_mask(t, ir2(t, IR_VXOR, ir_type_of(t, got), got, want));
}
