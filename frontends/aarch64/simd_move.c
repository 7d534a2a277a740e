/*
 * Advanced SIMD instructions that move bits without arithmetic: copy, modified immediate, permute,
 * extract, table lookup and bitwise logic (Arm ARM C4.1, the tables of these names).
 */
#include "frontends/aarch64/simd.h"

/* imm5 of the copy group: element size in the lowest set bit, index above it. */
static unsigned imm5_size(unsigned imm5)
{
	return __builtin_ctz(imm5);
}

static unsigned imm5_index(unsigned imm5)
{
	return imm5 >> (imm5_size(imm5) + 1);
}

bool a64_tr_simd_copy(struct tr *t, const struct a64_simd_copy *a)
{
	unsigned e = imm5_size(a->imm5), index = imm5_index(a->imm5);
	enum ir_type x = e == 3 ? T_I64 : T_I32;

	switch (a->id) {
	case a64_DUP_elem:
		v_put(t, a->rd, irx(t, IR_VDUPL, v_type(a->Q), e, v_get(t, a->rn), index, 0));
		return true;
	case a64_DUP_gen:
		v_put(t, a->rd, irx(t, IR_VDUP, v_type(a->Q), e, x_get(t, a->rn, e == 3), 0, 0));
		return true;
	case a64_SMOV:
		x_put(t, a->rd, irx(t, IR_VGETS, x_type(a->Q), e, v_get(t, a->rn), index, 0));
		return true;
	case a64_UMOV_w:
	case a64_UMOV_x:
		x_put(t, a->rd, irx(t, IR_VGET, x, e, v_get(t, a->rn), index, 0));
		return true;
	case a64_INS_gen:
		v_put(t, a->rd,
		      irx(t, IR_VSET, T_V128, e, v_get(t, a->rd), x_get(t, a->rn, e == 3), index));
		return true;
	default:
		v_put(t, a->rd, irx(t, IR_VSETL, T_V128, e, v_get(t, a->rd), v_get(t, a->rn),
				    index | a->imm4 >> e << 4));
		return true;
	}
}

/* DUP (element), scalar: one lane to the bottom. */
bool a64_tr_simd_scalar_dup(struct tr *t, const struct a64_simd_scalar_dup *a)
{
	unsigned e = imm5_size(a->imm5), index = imm5_index(a->imm5);
	vec p;

	memset(&p, 0x80, sizeof p);
	for (unsigned k = 0; k < 1u << e; k++)
		p.b[k] = (index << e) + k;
	v_put(t, a->rd, vshuf(t, v_get(t, a->rn), v_get(t, a->rn), p));
	return true;
}

/*
 * AdvSIMDExpandImm(): the 64 bits that the immediate stands for, before the inversion of MVNI and
 * BIC.
 */
static u64 expand_imm(const struct a64_simd_modimm *a)
{
	u64 imm8 = a->abc << 5 | a->defgh, v = 0;
	unsigned kind = a->cmode >> 1;

	if (kind < 4)
		return a64_replicate(imm8 << 8 * kind, 2);
	if (kind < 6)
		return a64_replicate(imm8 << 8 * (kind & 1), 1);
	if (kind == 6)
		return a64_replicate(a->cmode & 1 ? imm8 << 16 | 0xffff : imm8 << 8 | 0xff, 2);
	if (a->cmode == 15) {
		unsigned e = a->op ? 3 : a->o2 ? 1 : 2;

		return a64_replicate(a64_fp_imm(imm8, e), e);
	}
	if (!a->op)
		return a64_replicate(imm8, 0);
	for (unsigned i = 0; i < 8; i++)
		if (imm8 >> i & 1)
			v |= 0xffull << 8 * i;
	return v;
}

bool a64_tr_simd_modimm(struct tr *t, const struct a64_simd_modimm *a)
{
	enum ir_type type = v_type(a->Q);
	u64 imm = expand_imm(a);
	ref d;

	if (a->cmode < 12 && a->cmode & 1) {
		d = v_get_as(t, a->rd, type);
		v_put(t, a->rd,
		      ir2(t, a->op ? IR_VANDN : IR_VOR, type, d, vconst(t, type, 3, imm)));
		return true;
	}
	if (a->op && a->cmode < 14)
		imm = ~imm;
	v_put(t, a->rd, ir_constv(t, T_V128, (vec){ .d = { imm, a->Q ? imm : 0 } }));
	return true;
}

bool a64_tr_simd_permute(struct tr *t, const struct a64_simd_permute *a)
{
	unsigned part = a->opcode >> 2;
	vec p;

	switch (a->opcode & 3) {
	case 1:
		p = pattern_uzp(a->size, part, a->Q);
		break;
	case 2:
		p = pattern_trn(a->size, part, a->Q);
		break;
	default:
		p = pattern_zip(a->size, part, a->Q);
		break;
	}
	v_put(t, a->rd, vshuf(t, v_get(t, a->rn), v_get(t, a->rm), p));
	return true;
}

bool a64_tr_simd_ext(struct tr *t, const struct a64_simd_ext *a)
{
	ref n = v_get(t, a->rn), m = v_get(t, a->rm);
	vec p;

	if (a->Q) {
		v_put(t, a->rd, ir3(t, IR_VEXT, T_V128, n, m, a->imm4));
		return true;
	}
	memset(&p, 0x80, sizeof p);
	for (unsigned i = 0; i < 8; i++)
		p.b[i] = a->imm4 + i < 8 ? a->imm4 + i : 16 + a->imm4 + i - 8;
	v_put(t, a->rd, vshuf(t, n, m, p));
	return true;
}

/*
 * TBL and TBX.  Each register of the table takes the indexes less its own first index: those below
 * it wrap round to large ones, so every lookup gives zero but the right one.
 */
bool a64_tr_simd_tbl(struct tr *t, const struct a64_simd_tbl *a)
{
	ref index = v_get(t, a->rm), v = 0;

	for (unsigned i = 0; i <= a->len; i++) {
		ref own = i ? irx(t, IR_VSUB, T_V128, 0, index, vconst(t, T_V128, 0, 16 * i), 0) :
			      index;
		ref part = ir2(t, IR_VTBL, T_V128, v_get(t, (a->rn + i) % 32), own);

		v = v ? ir2(t, IR_VOR, T_V128, v, part) : part;
	}
	if (a->op) {
		ref inside = irx(t, IR_VCMPGTU, T_V128, 0, vconst(t, T_V128, 0, 16 * (a->len + 1)),
				 index, 0);

		v = ir3(t, IR_VBSL, T_V128, inside, v, v_get(t, a->rd));
	}
	v_put(t, a->rd, a->Q ? v : ir1(t, IR_ZEXTV, T_V128, v));
	return true;
}

bool a64_tr_simd_logical(struct tr *t, const struct a64_simd_logical *a)
{
	enum ir_type type = v_type(a->Q);
	ref n = v_get_as(t, a->rn, type), m = v_get_as(t, a->rm, type), v;

	switch (a->id) {
	case a64_AND_vec:
		v = ir2(t, IR_VAND, type, n, m);
		break;
	case a64_BIC_vec:
		v = ir2(t, IR_VANDN, type, n, m);
		break;
	case a64_ORR_vec:
		v = a->rn == a->rm ? n : ir2(t, IR_VOR, type, n, m);
		break;
	case a64_ORN_vec:
		v = ir2(t, IR_VORN, type, n, m);
		break;
	case a64_EOR_vec:
		v = ir2(t, IR_VXOR, type, n, m);
		break;
	case a64_BSL_vec:
		v = ir3(t, IR_VBSL, type, v_get_as(t, a->rd, type), n, m);
		break;
	case a64_BIT_vec:
		v = ir3(t, IR_VBSL, type, m, n, v_get_as(t, a->rd, type));
		break;
	default:
		v = ir3(t, IR_VBSL, type, m, v_get_as(t, a->rd, type), n);
		break;
	}
	v_put(t, a->rd, v);
	return true;
}
