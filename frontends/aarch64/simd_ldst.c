/*
 * Loads and stores of structures: LD1..LD4, ST1..ST4, whole registers, one lane, replicated
 * (Arm ARM C4.1, "Advanced SIMD load/store multiple structures" and its neighbours).
 *
 * The memory of an LD2..LD4 is loaded as plain 16-byte chunks and taken apart with shuffles; stores
 * mirror that.  Everything is loaded before a register changes, so a fault leaves the instruction
 * undone; of a store the chunks before the faulting one are written, which the manual permits.
 * Going lane by lane instead costs about five times as many host instructions.
 */
#include "frontends/aarch64/simd.h"

struct structs {
	unsigned regs;    /* registers */
	unsigned selem;   /* elements of one structure; 1: nothing to interleave */
	unsigned e, q;
};

static ref load_vec(struct tr *t, ref base, unsigned disp, unsigned bytes)
{
	return irx(t, IR_LOAD, T_V128, bytes == 16 ? MEM_128 : MEM_64, base, 0, disp);
}

static void store_vec(struct tr *t, ref base, unsigned disp, unsigned bytes, ref v)
{
	irx(t, IR_STORE, T_V128, bytes == 16 ? MEM_128 : MEM_64, base, v, disp);
}

/* The base register after the access. */
static void write_back(struct tr *t, unsigned post, unsigned rn, unsigned rm, ref base,
		       unsigned bytes)
{
	ref step;

	if (!post)
		return;
	step = rm == 31 ? ir_const(t, T_I64, bytes) : x_get(t, rm, 1);
	xsp_put(t, rn, ir2(t, IR_ADD, T_I64, base, step));
}

/*
 * 16 bytes picked from up to four vectors: byte i is byte idx[i] % 16 of src[idx[i] / 16], or 0
 * where idx is 0x80.
 */
static ref gather(struct tr *t, const ref *src, const u8 *idx)
{
	u8 order[4], n = 0;
	ref sum = 0;

	for (unsigned s = 0; s < 4; s++)
		for (unsigned i = 0; i < 16; i++)
			if (idx[i] >> 4 == s) {
				order[n++] = s;
				break;
			}
	for (unsigned k = 0; k < n; k += 2) {
		unsigned a = order[k], b = k + 1 < n ? order[k + 1] : a;
		vec p;
		ref v;

		for (unsigned i = 0; i < 16; i++)
			p.b[i] = idx[i] >> 4 == a ? idx[i] & 15 :
				 idx[i] >> 4 == b ? 16 + (idx[i] & 15) :
						    0x80;
		v = vshuf(t, src[a], src[b], p);
		sum = sum ? ir2(t, IR_VOR, T_V128, sum, v) : v;
	}
	return sum;
}

/*
 * Four registers of four-element structures in two levels of two-way shuffles, where gather() takes
 * three.
 */
static void split4(struct tr *t, const ref *c, ref *v, unsigned e)
{
	vec even = pattern_uzp(e, 0, 1), odd = pattern_uzp(e, 1, 1);
	ref even01 = vshuf(t, c[0], c[1], even), even23 = vshuf(t, c[2], c[3], even);
	ref odd01 = vshuf(t, c[0], c[1], odd), odd23 = vshuf(t, c[2], c[3], odd);

	v[0] = vshuf(t, even01, even23, even);
	v[1] = vshuf(t, odd01, odd23, even);
	v[2] = vshuf(t, even01, even23, odd);
	v[3] = vshuf(t, odd01, odd23, odd);
}

static void join4(struct tr *t, const ref *v, ref *c, unsigned e)
{
	vec lo = pattern_zip(e, 0, 1), hi = pattern_zip(e, 1, 1);
	ref lo02 = vshuf(t, v[0], v[2], lo), lo13 = vshuf(t, v[1], v[3], lo);
	ref hi02 = vshuf(t, v[0], v[2], hi), hi13 = vshuf(t, v[1], v[3], hi);

	c[0] = vshuf(t, lo02, lo13, lo);
	c[1] = vshuf(t, lo02, lo13, hi);
	c[2] = vshuf(t, hi02, hi13, lo);
	c[3] = vshuf(t, hi02, hi13, hi);
}

/* Chunks of memory to registers. */
static void deinterleave(struct tr *t, const struct structs *s, const ref *chunk, ref *v)
{
	unsigned bytes = s->q ? 16 : 8;

	if (s->selem == 4 && s->q && s->e < 3) {
		split4(t, chunk, v, s->e);
		return;
	}
	for (unsigned r = 0; r < s->selem; r++) {
		u8 idx[16];

		memset(idx, 0x80, sizeof idx);
		for (unsigned j = 0; j < bytes; j++)
			idx[j] = (((j >> s->e) * s->selem + r) << s->e) + (j & ((1 << s->e) - 1));
		v[r] = gather(t, chunk, idx);
	}
}

/* Registers to chunks of memory. */
static void interleave(struct tr *t, const struct structs *s, const ref *v, ref *chunk)
{
	unsigned total = s->selem * (s->q ? 16 : 8);

	if (s->selem == 4 && s->q && s->e < 3) {
		join4(t, v, chunk, s->e);
		return;
	}
	for (unsigned c = 0; c * 16 < total; c++) {
		u8 idx[16];

		memset(idx, 0x80, sizeof idx);
		for (unsigned j = 0; j < 16 && c * 16 + j < total; j++) {
			unsigned elem = (c * 16 + j) >> s->e;

			idx[j] = elem % s->selem << 4 | elem / s->selem << s->e |
				 (j & ((1 << s->e) - 1));
		}
		chunk[c] = gather(t, v, idx);
	}
}

static void load_structs(struct tr *t, const struct structs *s, ref base, unsigned rt)
{
	unsigned size = s->q ? 16 : 8, total = s->regs * size;
	ref chunk[4] = { 0 }, v[4];

	if (s->selem == 1) {
		for (unsigned i = 0; i < s->regs; i++)
			v[i] = load_vec(t, base, i * size, size);
	} else {
		for (unsigned at = 0; at < total; at += 16)
			chunk[at / 16] = load_vec(t, base, at, MIN(16, total - at));
		deinterleave(t, s, chunk, v);
	}
	for (unsigned i = 0; i < s->regs; i++)
		v_put(t, (rt + i) % 32, v[i]);
}

static void store_structs(struct tr *t, const struct structs *s, ref base, unsigned rt)
{
	unsigned size = s->q ? 16 : 8, total = s->regs * size;
	ref chunk[4], v[4] = { 0 };

	for (unsigned i = 0; i < s->regs; i++)
		v[i] = v_get(t, (rt + i) % 32);
	if (s->selem == 1) {
		for (unsigned i = 0; i < s->regs; i++)
			store_vec(t, base, i * size, size, v[i]);
		return;
	}
	interleave(t, s, v, chunk);
	for (unsigned at = 0; at < total; at += 16)
		store_vec(t, base, at, MIN(16, total - at), chunk[at / 16]);
}

bool a64_tr_simd_ldst_multi(struct tr *t, const struct a64_simd_ldst_multi *a)
{
	/* By opcode: registers and elements of a structure. */
	static const u8 shape[16][2] = {
		[0] = { 4, 4 }, [2] = { 4, 1 }, [4] = { 3, 3 }, [6] = { 3, 1 },
		[7] = { 1, 1 }, [8] = { 2, 2 }, [10] = { 2, 1 },
	};
	struct structs s = { shape[a->opcode][0], shape[a->opcode][1], a->size, a->Q };
	ref base = xsp_get(t, a->rn, 1);

	if (a->L)
		load_structs(t, &s, base, a->rt);
	else
		store_structs(t, &s, base, a->rt);
	write_back(t, a->post, a->rn, a->rm, base, s.regs * (a->Q ? 16 : 8));
	return true;
}

bool a64_tr_simd_ldst_single(struct tr *t, const struct a64_simd_ldst_single *a)
{
	unsigned selem = ((a->opcode & 1) << 1 | a->R) + 1;
	unsigned e = a->opcode >> 1, lane = a->Q << 3 | a->S << 2 | a->size;
	ref base = xsp_get(t, a->rn, 1), v[4];
	enum ir_type type;

	/* The size field of the word-sized forms says whether it is a doubleword. */
	if (e == 2 && a->size & 1)
		e = 3;
	lane >>= e;
	type = e == 3 ? T_I64 : T_I32;
	for (unsigned i = 0; i < selem; i++) {
		unsigned r = (a->rt + i) % 32, disp = i << e;

		if (a->L)
			v[i] = irx(t, IR_LOAD, type, e, base, 0, disp);
		else
			irx(t, IR_STORE, type, e, base,
			    irx(t, IR_VGET, type, e, v_get(t, r), lane, 0), disp);
	}
	for (unsigned i = 0; a->L && i < selem; i++) {
		unsigned r = (a->rt + i) % 32;

		v_put(t, r, irx(t, IR_VSET, T_V128, e, v_get(t, r), v[i], lane));
	}
	write_back(t, a->post, a->rn, a->rm, base, selem << e);
	return true;
}

bool a64_tr_simd_ldst_rep(struct tr *t, const struct a64_simd_ldst_rep *a)
{
	unsigned selem = ((a->opcode & 1) << 1 | a->R) + 1;
	ref base = xsp_get(t, a->rn, 1), v[4];

	for (unsigned i = 0; i < selem; i++)
		v[i] = irx(t, IR_LOAD, a->size == 3 ? T_I64 : T_I32, a->size, base, 0,
			   i << a->size);
	for (unsigned i = 0; i < selem; i++)
		v_put(t, (a->rt + i) % 32, irx(t, IR_VDUP, v_type(a->Q), a->size, v[i], 0, 0));
	write_back(t, a->post, a->rn, a->rm, base, selem << a->size);
	return true;
}
