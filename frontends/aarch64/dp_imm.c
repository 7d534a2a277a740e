/*
 * Data processing -- immediate (DDI 0487, C4.1.2).
 *
 * The bitfield instructions are one encoding with a dozen aliases, and the aliases are what
 * compilers mean: each is emitted as the narrowest IR operation that says it (a shift, an
 * extension, an extract), so the backend need not find out again.
 */
#include "frontends/aarch64/a64.h"
#include "frontends/aarch64/decode.h"

bool a64_bitmask(unsigned n, unsigned imms, unsigned immr, unsigned sf, u64 *mask)
{
	unsigned combined = n << 6 | (~imms & 0x3f);
	unsigned len, esize, levels, s, r;
	u64 elem;

	if (combined < 2)
		return false;
	len = 31 - __builtin_clz(combined);
	esize = 1u << len;
	levels = esize - 1;
	s = imms & levels;
	r = immr & levels;
	if (s == levels || (!sf && n))
		return false;
	elem = ~0ull >> (63 - s);
	if (r)
		elem = (elem >> r | elem << (esize - r)) & (~0ull >> (64 - esize));
	for (; esize < 64; esize *= 2)
		elem |= elem << esize;
	*mask = sf ? elem : (u32)elem;
	return true;
}

bool a64_tr_adr(struct tr *t, const struct a64_adr *a)
{
	s64 imm = sext(a->immhi << 2 | a->immlo, 21);

	x_put(t, a->rd, ir_pc(t, a->op ? (t->pc & ~0xfffull) + ((u64)imm << 12) : t->pc + imm));
	return true;
}

bool a64_tr_addsub_imm(struct tr *t, const struct a64_addsub_imm *a)
{
	enum ir_type ty = x_type(a->sf);
	ref n = xsp_get(t, a->rn, a->sf);
	ref imm = ir_const(t, ty, (u64)a->imm12 << (a->sh ? 12 : 0));

	if (!a->S) {
		xsp_put(t, a->rd, ir2(t, a->op ? IR_SUB : IR_ADD, ty, n, imm));
		return true;
	}
	if (a->rd != 31)
		x_put(t, a->rd, ir2(t, a->op ? IR_SUB : IR_ADD, ty, n, imm));
	nzcv_put(t, ir2(t, a->op ? IR_SUBF : IR_ADDF, T_FLAGS, n, imm));
	return true;
}

bool a64_tr_minmax_imm(struct tr *t, const struct a64_minmax_imm *a)
{
	static const u8 cc[4] = { CC_GT, CC_HI, CC_LT, CC_CC };   /* SMAX UMAX SMIN UMIN: take Rn if ... imm */
	enum ir_type ty = x_type(a->sf);
	ref n = x_get(t, a->rn, a->sf);
	ref imm = ir_const(t, ty, a->opc & 1 ? a->imm8 : (u64)sext(a->imm8, 8));

	x_put(t, a->rd, irx(t, IR_SELCC, ty, cc[a->opc], ir2(t, IR_SUBF, T_FLAGS, n, imm), n, imm));
	return true;
}

bool a64_tr_logical_imm(struct tr *t, const struct a64_logical_imm *a)
{
	static const u16 op[4] = { IR_AND, IR_OR, IR_XOR, IR_AND };
	enum ir_type ty = x_type(a->sf);
	ref n, imm;
	u64 mask;

	if (!a64_bitmask(a->N, a->imms, a->immr, a->sf, &mask))
		return false;
	n = x_get(t, a->rn, a->sf);
	imm = ir_const(t, ty, mask);
	if (a->opc != 3) {
		xsp_put(t, a->rd, ir2(t, op[a->opc], ty, n, imm));
		return true;
	}
	if (a->rd != 31)
		x_put(t, a->rd, ir2(t, IR_AND, ty, n, imm));
	nzcv_put(t, ir2(t, IR_ANDF, T_FLAGS, n, imm));
	return true;
}

bool a64_tr_mov_wide(struct tr *t, const struct a64_mov_wide *a)
{
	enum ir_type ty = x_type(a->sf);
	unsigned pos = a->hw * 16;
	u64 imm = (u64)a->imm16 << pos, old_const;
	ref old;

	switch (a->opc) {
	case 0:
		x_put(t, a->rd, ir_const(t, ty, ~imm));
		return true;
	case 2:
		x_put(t, a->rd, ir_const(t, ty, imm));
		return true;
	case 3:
		old = x_get(t, a->rd, a->sf);
		if (ir_is_const(t, old, &old_const))
			x_put(t, a->rd, ir_const(t, ty, (old_const & ~(0xffffull << pos)) | imm));
		else
			x_put(t, a->rd,
			      ir3(t, IR_BFI, ty, old, ir_const(t, ty, a->imm16), 16 << 8 | pos));
		return true;
	}
	return false;
}

/* SBFM, UBFM with imms >= immr: bits imms..immr, extended. */
static ref extract(struct tr *t, bool sign, enum ir_type ty, ref n, unsigned lsb, unsigned len)
{
	unsigned width = ty == T_I64 ? 64 : 32;

	if (lsb + len == width)
		return lsb ? ir2(t, sign ? IR_SAR : IR_SHR, ty, n, ir_const(t, T_I32, lsb)) : n;
	if (!lsb && (len == 8 || len == 16 || len == 32))
		return ir2(t, sign ? IR_SEXT : IR_ZEXT, ty, n, len);
	return ir3(t, sign ? IR_SBFX : IR_UBFX, ty, n, lsb, len);
}

/* SBFM, UBFM with imms < immr: the low len bits, extended and moved up to bit pos. */
static ref insert_in_zero(struct tr *t, bool sign, enum ir_type ty, ref n, unsigned pos, unsigned len)
{
	unsigned width = ty == T_I64 ? 64 : 32;

	if (pos + len != width)
		n = extract(t, sign, ty, n, 0, len);
	return ir2(t, IR_SHL, ty, n, ir_const(t, T_I32, pos));
}

bool a64_tr_bitfield(struct tr *t, const struct a64_bitfield *a)
{
	enum ir_type ty = x_type(a->sf);
	unsigned width = a->sf ? 64 : 32;
	bool down = a->imms >= a->immr;
	unsigned len = down ? a->imms - a->immr + 1 : a->imms + 1;
	unsigned pos = width - a->immr;
	ref n = x_get(t, a->rn, a->sf);

	if (a->opc == 1) {
		ref d;

		if (down && len == width) {
			x_put(t, a->rd, n);
			return true;
		}
		if (down && a->immr)
			n = ir2(t, IR_SHR, ty, n, ir_const(t, T_I32, a->immr));
		d = x_get(t, a->rd, a->sf);
		x_put(t, a->rd, ir3(t, IR_BFI, ty, d, n, len << 8 | (down ? 0 : pos)));
		return true;
	}
	if (down)
		x_put(t, a->rd, extract(t, a->opc == 0, ty, n, a->immr, len));
	else
		x_put(t, a->rd, insert_in_zero(t, a->opc == 0, ty, n, pos, len));
	return true;
}

bool a64_tr_extr(struct tr *t, const struct a64_extr *a)
{
	enum ir_type ty = x_type(a->sf);
	ref n = x_get(t, a->rn, a->sf), m = x_get(t, a->rm, a->sf);

	if (!a->imms)
		x_put(t, a->rd, m);
	else if (a->rn == a->rm)
		x_put(t, a->rd, ir2(t, IR_ROR, ty, n, ir_const(t, T_I32, a->imms)));
	else
		x_put(t, a->rd, ir3(t, IR_EXTR, ty, n, m, a->imms));
	return true;
}
