/*
 * Faults inside translations: the guest's state from the host's registers, and floating-point results that
 * the host's unit does not compute as the guest's.
 */
#include <ucontext.h>

#include "translator/host/x64/gen.h"
#include "translator/host/x64/statemap.h"
#include "translator/softfp.h"

/* ucontext register numbers in the order of the host's register numbers. */
static const u8 greg[16] = { REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
			     REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15 };

static u64 get_gpr(const ucontext_t *uc, int r)
{
	return uc->uc_mcontext.gregs[greg[r]];
}

static vec *get_xmm(const ucontext_t *uc, int r)
{
	return (vec *)(void *)&uc->uc_mcontext.fpregs->_xmm[r];
}

/* --- state maps --- */

static u64 varint(const u8 **p)
{
	u64 v = 0;
	unsigned shift = 0;

	do {
		v |= (u64)(**p & 127) << shift;
		shift += 7;
	} while (*(*p)++ & 128);
	return v;
}

static s64 signed_varint(const u8 **p)
{
	u64 v = varint(p);

	return (s64)(v >> 1) ^ -(s64)(v & 1);
}

struct place { u8 loc; u8 spill; u64 value; const u8 *bytes; };

static void read_place(const u8 **p, struct place *x, gaddr start)
{
	x->loc = *(*p)++;
	switch (x->loc) {
	case LOC_SPILL: case LOC_SPILL_F64: case LOC_SPILL_F32:
		x->spill = *(*p)++;
		break;
	case LOC_CONST:
		memcpy(&x->value, *p, 8);
		*p += 8;
		break;
	case LOC_CONSTV:
		x->bytes = *p;
		*p += 16;
		break;
	case LOC_PC:
		x->value = start + signed_varint(p);
		break;
	}
}

static u32 flags_from(u64 eflags, u8 loc)
{
	bool cf = eflags & 1, pf = eflags & 4, zf = eflags & 0x40, sf = eflags & 0x80, of = eflags & 0x800;

	if (loc == LOC_EFLAGS_FP)
		return pf ? FLAG_C | FLAG_V : zf ? FLAG_Z | FLAG_C : cf ? FLAG_N : FLAG_C;
	if (loc == LOC_EFLAGS_INV)
		cf = !cf;
	return (sf ? FLAG_N : 0) | (zf ? FLAG_Z : 0) | (cf ? FLAG_C : 0) | (of ? FLAG_V : 0);
}

static void write_slot(struct vcpu *c, const struct slot *s, const struct place *x, const ucontext_t *uc)
{
	vec v = { 0 };
	unsigned size = s->type == T_V128 ? 16 : s->type == T_I32 || s->type == T_FLAGS || s->type == T_F32 ? 4 : 8;

	if (x->loc == LOC_HOME)
		return;
	if (x->loc >= LOC_GPR && x->loc < LOC_XMM) {
		v.d[0] = get_gpr(uc, x->loc - LOC_GPR);
	} else if (x->loc >= LOC_XMM && x->loc < LOC_XMM_F64) {
		v = *get_xmm(uc, x->loc - LOC_XMM);
	} else if (x->loc >= LOC_XMM_F64 && x->loc < LOC_XMM_F32) {
		v.d[0] = get_xmm(uc, x->loc - LOC_XMM_F64)->d[0];
	} else if (x->loc >= LOC_XMM_F32 && x->loc < LOC_SPILL) {
		v.s[0] = get_xmm(uc, x->loc - LOC_XMM_F32)->s[0];
	} else {
		switch (x->loc) {
		case LOC_SPILL: v = c->spill[x->spill]; break;
		case LOC_SPILL_F64: v.d[0] = c->spill[x->spill].d[0]; break;
		case LOC_SPILL_F32: v.s[0] = c->spill[x->spill].s[0]; break;
		case LOC_CONST: case LOC_PC: v.d[0] = x->value; break;
		case LOC_CONSTV: memcpy(&v, x->bytes, 16); break;
		default: v.s[0] = flags_from(uc->uc_mcontext.gregs[REG_EFL], x->loc); break;
		}
	}
	/* a single in a double's slot is boxed */
	if (s->type == T_F64 && (x->loc == LOC_SPILL_F32 || (x->loc >= LOC_XMM_F32 && x->loc < LOC_SPILL)))
		v.s[1] = ~0u;
	memcpy(c->state + s->off, &v, size);
}

void host_recover(struct vcpu *c, const struct host_where *h, const void *context)
{
	const ucontext_t *uc = context;
	const u8 *p = h->map, *end = p + h->map_len;
	struct place place[TR_MAX_SLOTS] = { { 0 } };
	u64 code = h->code, pc = h->start, at = host_fault_pc(uc);

	while (p < end) {
		u64 next = code + varint(&p);
		unsigned n;

		if (next > at)
			break;
		code = next;
		pc += signed_varint(&p);
		for (n = *p++; n; n--) {
			u8 slot = *p++;

			read_place(&p, &place[slot], h->start);
		}
	}
	c->pc = pc;
	for (unsigned s = 0; s < c->guest->nslots; s++)
		write_slot(c, &c->guest->slots[s], &place[s], uc);
}

/* --- floating point --- */

enum { MXCSR_MASK_INEXACT = 1 << 12 };

/* A decoded SSE, AVX or AVX-512 instruction of ours. */
struct fpinsn {
	u8 map, op, pp, imm;
	bool w, vex;
	int reg, vvvv, rm;      /* rm: -1 memory */
	u64 address;
	unsigned length;
};

static void decode_rm(const ucontext_t *uc, const u8 *start, const u8 *p, struct fpinsn *x, int rex_x, int rex_b,
		      bool imm, unsigned disp8_shift)
{
	u8 modrm = *p++, mod = modrm >> 6, rm = modrm & 7;
	u64 a = 0;

	x->reg |= modrm >> 3 & 7;
	if (mod == 3) {
		x->rm = rm | rex_b << 3;
	} else {
		x->rm = -1;
		if (rm == 4) {
			u8 sib = *p++;
			int index = (sib >> 3 & 7) | rex_x << 3, base = (sib & 7) | rex_b << 3;

			if (index != 4)
				a += get_gpr(uc, index) << (sib >> 6);
			if ((sib & 7) == 5 && mod == 0)
				mod = 2;
			else
				a += get_gpr(uc, base);
		} else if (rm == 5 && mod == 0) {
			/* a constant after the code */
			mod = 2;
			a = (u64)p + 4 + imm;
		} else {
			a += get_gpr(uc, rm | rex_b << 3);
		}
		if (mod == 1) {
			a += (s64)(s8)*p++ << disp8_shift;
		} else if (mod == 2) {
			s32 d;

			memcpy(&d, p, 4);
			a += (s64)d;
			p += 4;
		}
		x->address = a;
	}
	if (imm)
		x->imm = *p++;
	x->length = p - start;
}

static bool decode(const ucontext_t *uc, const u8 *start, struct fpinsn *x)
{
	const u8 *p = start;
	int rx = 0, rb = 0;
	unsigned shift = 0;
	bool imm;

	*x = (struct fpinsn){ 0 };
	if (*p == 0xc5) {
		x->vex = true;
		x->map = 1;
		x->reg = !(p[1] & 0x80) << 3;
		x->vvvv = ~p[1] >> 3 & 15;
		x->pp = p[1] & 3;
		p += 2;
	} else if (*p == 0xc4 || *p == 0x62) {
		bool evex = *p == 0x62;

		x->vex = true;
		x->map = p[1] & (evex ? 3 : 31);
		x->reg = !(p[1] & 0x80) << 3;
		rx = !(p[1] & 0x40);
		rb = !(p[1] & 0x20);
		x->w = p[2] >> 7;
		x->vvvv = ~p[2] >> 3 & 15;
		x->pp = p[2] & 3;
		p += evex ? 4 : 3;
		if (evex)
			shift = x->pp >= 2 ? (x->w ? 3 : 2) : 4;
	} else {
		for (;; p++) {
			if (*p == 0x66)
				x->pp = 1;
			else if (*p == 0xf3)
				x->pp = 2;
			else if (*p == 0xf2)
				x->pp = 3;
			else if ((*p & 0xf0) == 0x40) {
				x->w = *p >> 3 & 1;
				x->reg = (*p >> 2 & 1) << 3;
				rx = *p >> 1 & 1;
				rb = *p & 1;
			} else {
				break;
			}
		}
		if (*p++ != 0x0f)
			return false;
		x->map = 1;
		if (*p == 0x38 || *p == 0x3a)
			x->map = *p++ == 0x38 ? 2 : 3;
	}
	x->op = *p++;
	imm = x->map == 3 || (x->map == 1 && (x->op == 0xc2 || x->op == 0xc6));
	decode_rm(uc, start, p, x, rx, rb, imm, shift);
	if (!x->vex)
		x->vvvv = x->reg;
	return true;
}

/* Fused multiply-add by its opcode's digits: which operands are factors. */
static u64 fix_fma(struct fpsem *s, enum fp_format f, u8 op, u64 one, u64 two, u64 three)
{
	u64 a, b, c;

	switch (op >> 4) {
	case 9: a = one, b = three, c = two; break;
	case 10: a = two, b = one, c = three; break;
	default: a = two, b = three, c = one; break;
	}
	if ((op & 15) >= 12)
		a = fp_neg(f, a);
	if ((op & 15) == 10 || (op & 15) == 11 || (op & 15) >= 14)
		c = fp_neg(f, c);
	return fp_fma(s, f, a, b, c);
}

static enum ir_round round_of(const struct fpsem *s, u8 imm)
{
	static const u8 mode[] = { RND_NEAREST, RND_DOWN, RND_UP, RND_ZERO };

	return imm & 4 ? s->round : mode[imm & 3];
}

static bool fix_lane(struct fpsem *s, const struct fpinsn *x, enum fp_format f, u64 d, u64 a, u64 b, u64 *r)
{
	u64 ones = f == FP32 ? 0xffffffff : ~0ull;

	if (x->map == 2 && x->op >= 0x96 && x->op <= 0xbf) {
		*r = fix_fma(s, f, x->op, d, a, b);
		return true;
	}
	if (x->map == 3 && x->op >= 0x08 && x->op <= 0x0b) {
		*r = fp_rint(s, f, b, round_of(s, x->imm), !(x->imm & 8));
		return true;
	}
	if (x->map == 3 && (x->op | 1) == 0x51) {
		*r = (x->imm & 1 ? fp_maxnm : fp_minnm)(s, f, a, b);
		return true;
	}
	if (x->map != 1)
		return false;
	switch (x->op) {
	case 0x51: *r = fp_sqrt(s, f, b); return true;
	case 0x58: *r = fp_add(s, f, a, b); return true;
	case 0x59: *r = fp_mul(s, f, a, b); return true;
	case 0x5c: *r = fp_sub(s, f, a, b); return true;
	/* W marks the guest's minNum and maxNum (lower_vec_float.c) */
	case 0x5d: *r = (x->w ? fp_minnm : fp_min)(s, f, a, b); return true;
	case 0x5e: *r = fp_div(s, f, a, b); return true;
	case 0x5f: *r = (x->w ? fp_maxnm : fp_max)(s, f, a, b); return true;
	case 0xc2: {
		/* the predicates that the lowerings use: EQ LT LE UNORD NEQ NLT NLE ORD, quiet or not */
		enum fp_order o = fp_compare(s, f, a, b, (x->imm & 3) == 1 || (x->imm & 3) == 2);
		bool yes = (x->imm & 3) == 0 ? o == FP_EQUAL : (x->imm & 3) == 1 ? o == FP_LESS :
			   (x->imm & 3) == 2 ? o == FP_LESS || o == FP_EQUAL : o == FP_UNORDERED;

		*r = yes != !!(x->imm & 4) ? ones : 0;
		return true;
	}
	}
	return false;
}

static void compare_eflags(ucontext_t *uc, enum fp_order o)
{
	static const u16 bits_[] = { [FP_LESS] = 1, [FP_EQUAL] = 0x40, [FP_GREATER] = 0, [FP_UNORDERED] = 0x45 };
	greg_t *e = &uc->uc_mcontext.gregs[REG_EFL];

	*e = (*e & ~(greg_t)0x8d5) | bits_[o];
}

static u64 get_lane(const vec *v, enum fp_format f, unsigned k)
{
	return f == FP64 ? v->d[k] : v->s[k];
}

static void set_lane(vec *v, enum fp_format f, unsigned k, u64 x)
{
	if (f == FP64)
		v->d[k] = x;
	else
		v->s[k] = x;
}

/* Conversions and comparisons, whose result is not a lane of the operands' format.  round: for truncation. */
static bool fix_other(struct fpsem *s, const struct fpinsn *x, enum fp_format f, enum ir_round round, ucontext_t *uc,
		      vec b)
{
	u64 v = f == FP32 ? b.s[0] : b.d[0];
	vec *d = get_xmm(uc, x->reg);

	/* xmm15 is the source of a conversion, any other that of halves for arithmetic (lower_widen()) */
	if (x->map == 2 && x->op == 0x13) {
		for (int k = 0; k < 4; k++)
			d->s[k] = x->rm == XMM_SCRATCH ? fp_convert(s, FP32, FP16, b.h[k]) :
							 fp_unpack(FP32, FP16, b.h[k]);
		return true;
	}
	if (x->map == 3 && x->op == 0x1d) {
		vec from = *d;

		if (!(x->imm & 4))
			s->round = round_of(s, x->imm);
		d = get_xmm(uc, x->rm);
		d->d[1] = 0;
		for (int k = 0; k < 4; k++)
			d->h[k] = fp_convert(s, FP16, FP32, from.s[k]);
		return true;
	}
	if (x->map != 1)
		return false;
	switch (x->op) {
	case 0x2c: case 0x2d: case 0x78: case 0x79: {
		bool is_unsigned = x->op >= 0x78, trunc = x->op == 0x2c || x->op == 0x78;

		/* packed, AVX-512: to unsigned */
		if (x->pp < 2) {
			for (int k = 0; k < (f == FP32 ? 4 : 2); k++)
				set_lane(d, f, k, fp_to_int(s, f, get_lane(&b, f, k), trunc ? round : s->round, true,
							    f == FP32 ? 32 : 64, 0));
			return true;
		}
		uc->uc_mcontext.gregs[greg[x->reg]] =
			fp_to_int(s, f, v, trunc ? round : s->round, is_unsigned, x->w ? 64 : 32, 0);
		return true;
	}
	case 0x2e: case 0x2f: {
		vec a = *d;
		bool wide = x->pp == 1;

		compare_eflags(uc, fp_compare(s, wide ? FP64 : FP32, wide ? a.d[0] : a.s[0], wide ? b.d[0] : b.s[0],
					      x->op == 0x2f));
		return true;
	}
	case 0x5a:
		if (x->w && !(x->pp & 1)) {   /* for arithmetic, too */
			d->d[0] = fp_unpack(FP64, FP32, b.s[0]);
			if (x->pp == 0)
				d->d[1] = fp_unpack(FP64, FP32, b.s[1]);
		} else if (x->pp == 3) {
			d->s[0] = fp_convert(s, FP32, FP64, v);
		} else if (x->pp == 2) {
			d->d[0] = fp_convert(s, FP64, FP32, v);
		} else if (x->pp == 1) {
			*d = (vec){ .s = { fp_convert(s, FP32, FP64, b.d[0]), fp_convert(s, FP32, FP64, b.d[1]) } };
		} else {
			*d = (vec){ .d = { fp_convert(s, FP64, FP32, b.s[0]), fp_convert(s, FP64, FP32, b.s[1]) } };
		}
		return true;
	case 0x7a: case 0x7b:   /* vcvttpd2qq, vcvtpd2qq */
		if (x->pp != 1)
			return false;
		for (int k = 0; k < 2; k++)
			d->d[k] = fp_to_int(s, FP64, b.d[k], x->op == 0x7a ? round : s->round, false, 64, 0);
		return true;
	case 0x5b:   /* cvtps2dq (66), cvttps2dq (F3) */
		if (x->pp == 0)
			return false;
		for (int k = 0; k < 4; k++)
			d->s[k] = fp_to_int(s, FP32, b.s[k], x->pp == 2 ? round : s->round, false, 32, 0);
		return true;
	}
	return false;
}

/*
 * A truncating conversion may be that of a rounded value; then the instruction after it has the value and
 * the rounding (lower_to_int() in lower_fp.c).  Returns its length.
 */
static unsigned rounded_before(const ucontext_t *uc, const u8 *next, const struct fpsem *s, vec *b, enum ir_round *round)
{
	struct fpinsn x;

	if (!decode(uc, next, &x) || x.map != 3 || x.op < 0x08 || x.op > 0x0b || x.reg != XMM_SCRATCH || x.imm & 8 ||
	    x.rm < 0)
		return 0;
	*b = *get_xmm(uc, x.rm);
	*round = x.imm & 4 ? RND_AWAY : round_of(s, x.imm);
	return x.length;
}

static bool converts_to_int(const struct fpinsn *x)
{
	return x->map == 1 && (x->op == 0x2c || x->op == 0x78 || x->op == 0x7a || x->op == 0x5b);
}

/*
 * What exceptions an instruction raises that traps is for the software to say: flags of unmasked ones are
 * taken back.  Inexact is unmasked while denormals are flushed, until it has been raised once: the unit
 * raises it with an underflow, where for the guest there may be none.  True if that was all.
 */
static bool take_back_flags(u32 *mxcsr)
{
	u32 unmasked = ~*mxcsr >> 7 & 0x3f, raised = *mxcsr & unmasked;

	if (raised == FPEXC_INEXACT) {
		*mxcsr |= MXCSR_MASK_INEXACT;
		return true;
	}
	*mxcsr &= ~unmasked;
	return false;
}

bool host_fix_fp(struct vcpu *c, void *context)
{
	static const u8 ud1[] = { 0x0f, 0xb9, 0xc0 }, ud2[] = { 0x0f, 0x0b };
	ucontext_t *uc = context;
	u32 *mxcsr = &uc->uc_mcontext.fpregs->mxcsr;
	const u8 *pc = (const u8 *)host_fault_pc(uc);
	struct fpsem s = fp_sem(c->fpctl);
	enum ir_round round = RND_ZERO;
	struct fpinsn x;
	enum fp_format f;
	vec a, b, *d;
	unsigned lanes;
	bool scalar, range;   /* range: VRANGE */

	if (!memcmp(pc, ud2, sizeof ud2))
		return false;
	/* an operation may have a rounding of its own */
	s.round = round_of(&s, uc->uc_mcontext.fpregs->mxcsr >> 13 & 3);
	if (!memcmp(pc, ud1, sizeof ud1))
		pc += sizeof ud1;
	else if (take_back_flags(mxcsr))
		return true;     /* the instruction again, without a trap */
	if (!decode(uc, pc, &x))
		return false;
	pc += x.length;
	d = get_xmm(uc, x.reg);
	range = x.map == 3 && (x.op | 1) == 0x51;
	scalar = x.map == 2 ? (x.op & 1) && (x.op & 15) != 7 : range ? x.op & 1 : x.map == 3 ? x.op >= 0x0a : x.pp >= 2;
	f = (x.map == 2 || range ? x.w : x.map == 3 ? x.op & 1 : x.pp == 1 || x.pp == 3) ? FP64 : FP32;
	a = *get_xmm(uc, x.vvvv);
	memset(&b, 0, sizeof b);
	if (x.rm >= 0)
		b = *get_xmm(uc, x.rm);
	else
		memcpy(&b, (const void *)x.address, scalar ? (f == FP64 ? 8 : 4) : 16);
	if (converts_to_int(&x))
		pc += rounded_before(uc, pc, &s, &b, &round);
	if (!fix_other(&s, &x, f, round, uc, b)) {
		vec r = x.vex && scalar && x.map != 2 ? a : *d;

		lanes = scalar ? 1 : f == FP64 ? 2 : 4;
		for (unsigned k = 0; k < lanes; k++) {
			u64 v;

			if (!fix_lane(&s, &x, f, get_lane(d, f, k), get_lane(&a, f, k), get_lane(&b, f, k), &v))
				return false;
			set_lane(&r, f, k, v);
		}
		*d = r;
	}
	if (x.map == 1 && x.op == 0x59 && x.w)   /* multiply_again() in lower_nan.c */
		s.flags &= FPEXC_INVALID;
	c->fp_flags |= s.flags;
	if (s.flags & FPEXC_INEXACT)
		*mxcsr |= MXCSR_MASK_INEXACT;
	uc->uc_mcontext.gregs[REG_RIP] = (greg_t)pc;
	return true;
}
