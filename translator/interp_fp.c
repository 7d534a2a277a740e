/* The interpreter: floating point, scalar and in lanes, all of it by softfp.c. */
#include "base/die.h"
#include "translator/eval.h"
#include "translator/interp_parts.h"
#include "translator/softfp.h"
#include "translator/translator.h"

static enum fp_format format_of(enum ir_type type)
{
	BUG_ON(type != T_F32 && type != T_F64);
	return type == T_F32 ? FP32 : FP64;
}

static struct fpsem begin(const struct vcpu *c)
{
	return fp_sem(c->fpctl);
}

static void end(struct vcpu *c, const struct fpsem *s)
{
	translator_raise_fpflags(c, s->flags);
}

u32 interp_fcmp(struct vcpu *c, enum ir_type type, u64 a, u64 b, bool signal_quiet)
{
	static const u32 flags[] = {
		[FP_LESS] = FLAG_N, [FP_EQUAL] = FLAG_Z | FLAG_C, [FP_GREATER] = FLAG_C,
		[FP_UNORDERED] = FLAG_C | FLAG_V,
	};
	struct fpsem s = begin(c);
	enum fp_order o = fp_compare(&s, format_of(type), a, b, signal_quiet);

	end(c, &s);
	return flags[o];
}

/* FADD .. FABS; vector operations are mapped to these first. */
static u64 arithmetic(struct fpsem *s, enum ir_op op, enum fp_format f, unsigned aux, u64 a, u64 b,
		      u64 c)
{
	switch (op) {
	case IR_FADD: return fp_add(s, f, a, b);
	case IR_FSUB: return fp_sub(s, f, a, b);
	case IR_FMUL: return fp_mul(s, f, a, b);
	case IR_FDIV: return fp_div(s, f, a, b);
	case IR_FSQRT: return fp_sqrt(s, f, a);
	case IR_FMA: return fp_fma(s, f, aux & 1 ? fp_neg(f, a) : a, b, aux & 2 ? fp_neg(f, c) : c);
	case IR_FMIN: return fp_min(s, f, a, b);
	case IR_FMAX: return fp_max(s, f, a, b);
	case IR_FMINNM: return fp_minnm(s, f, a, b);
	case IR_FMAXNM: return fp_maxnm(s, f, a, b);
	case IR_FNEG: return fp_neg(f, a);
	case IR_FABS: return fp_abs(f, a);
	case IR_FSIGN: return (fp_neg(f, 0) & b) | fp_abs(f, a);
	default: die("interp: %s is not implemented", ir_rows[op].name);
	}
}

static u64 box(u64 a, unsigned aux)
{
	return aux & 1 ? a | ~0ull << 16 : a | ~0ull << 32;
}

static u64 unbox(u64 a, unsigned aux)
{
	if (aux & 2 || box(a, aux) == a)
		return (u32)a;
	return aux & 1 ? 0x7e00 : 0x7fc00000;
}

static u64 float_to_int(struct fpsem *s, enum ir_type from, enum ir_type to, unsigned rnd,
			unsigned fraction, u64 a)
{
	return fp_to_int(s, format_of(from), a, rnd & RND_MASK, rnd & 0x80, to == T_I32 ? 32 : 64,
			 fraction);
}

void interp_float(struct vcpu *c, const struct tr *t, u32 i, vec *val)
{
	const struct ir_node *n = &t->node[i];
	struct fpsem s = begin(c);
	enum ir_type ta;
	u64 a, r;

	if (n->op == IR_FPFLAGS) {
		val[i].d[0] = translator_fpflags(c);
		return;
	}
	ta = t->node[n->a].type;
	a = val[n->a].d[0];
	if (ir_rounds(n->op) && n->aux >> 4)
		s.round = (n->aux >> 4) - 1;
	switch (n->op) {
	case IR_FPCTL:
		translator_set_fpctl(c, (u32)a);
		return;
	case IR_FPFLAGSW:
		translator_set_fpflags(c, (u32)a);
		return;
	case IR_FRINT:
		r = fp_rint(&s, format_of(ta), a, n->aux & RND_MASK, n->aux & 0x80);
		break;
	case IR_FCVT:
		r = fp_convert(&s, format_of(n->type), format_of(ta), a);
		break;
	case IR_FCVTH:
		r = n->aux & 1 ? fp_convert(&s, FP16, format_of(ta), a) :
		    n->aux & 2 ? fp_unpack(format_of(n->type), FP16, a & 0xffff) :
				 fp_convert(&s, format_of(n->type), FP16, a & 0xffff);
		break;
	case IR_FBOX:
		r = box(a, n->aux);
		break;
	case IR_FUNBOX:
		r = unbox(a, n->aux);
		break;
	case IR_I2F:
		if (!(n->aux & 1) && ta == T_I32)
			a = (u64)sext(a, 32);
		r = fp_from_int(&s, format_of(n->type), a, n->aux & 1, n->b);
		break;
	case IR_F2I:
		r = float_to_int(&s, ta, n->type, n->aux, n->b, a);
		break;
	case IR_I2FBITS:
	case IR_F2IBITS:
		r = a;
		break;
	case IR_FMA:
		r = arithmetic(&s, n->op, format_of(ta), n->aux, a, val[n->b].d[0], val[n->c].d[0]);
		break;
	case IR_FSQRT:
	case IR_FNEG:
	case IR_FABS:
		r = arithmetic(&s, n->op, format_of(ta), 0, a, 0, 0);
		break;
	default:
		r = arithmetic(&s, n->op, format_of(ta), 0, a, val[n->b].d[0], 0);
		break;
	}
	end(c, &s);
	val[i].d[0] = r;
}

/* The scalar operation done in each lane, or IR_NONE. */
static enum ir_op scalar_of(enum ir_op op)
{
	switch (op) {
	case IR_VFADD: return IR_FADD;
	case IR_VFSUB: return IR_FSUB;
	case IR_VFMUL: return IR_FMUL;
	case IR_VFDIV: return IR_FDIV;
	case IR_VFSQRT: return IR_FSQRT;
	case IR_VFMA:
	case IR_VFMS: return IR_FMA;
	case IR_VFMIN: return IR_FMIN;
	case IR_VFMAX: return IR_FMAX;
	case IR_VFMINNM: return IR_FMINNM;
	case IR_VFMAXNM: return IR_FMAXNM;
	case IR_VFNEG: return IR_FNEG;
	case IR_VFABS: return IR_FABS;
	default: return IR_NONE;
	}
}

static u64 lane(const vec *v, unsigned e, unsigned k)
{
	return e == 1 ? v->h[k] : e == 2 ? v->s[k] : v->d[k];
}

static void set_lane(vec *v, unsigned e, unsigned k, u64 x)
{
	if (e == 1)
		v->h[k] = (u16)x;
	else if (e == 2)
		v->s[k] = (u32)x;
	else
		v->d[k] = x;
}

static bool holds(struct fpsem *s, enum ir_op op, enum fp_format f, u64 a, u64 b)
{
	enum fp_order o = fp_compare(s, f, a, b, op != IR_VFCMPEQ);

	return o == FP_EQUAL ? op != IR_VFCMPGT : o == FP_GREATER && op != IR_VFCMPEQ;
}

/* Operations of one operand and an immediate, per lane. */
static u64 lane_convert(struct fpsem *s, enum ir_op op, enum fp_format f, u64 a, u32 imm)
{
	unsigned width = f == FP32 ? 32 : 64;

	switch (op) {
	case IR_VFRINT: return fp_rint(s, f, a, imm & RND_MASK, imm & 0x80);
	case IR_VI2F:
		if (!(imm & 1))
			a = (u64)sext(a, width);
		return fp_from_int(s, f, a, imm & 1, imm >> 1);
	case IR_VF2I: return fp_to_int(s, f, a, imm & RND_MASK, imm & 0x80, width, imm >> 8);
	default: die("interp: %s is not implemented", ir_rows[op].name);
	}
}

static vec widen_or_narrow(struct fpsem *s, const struct ir_node *n, const vec *a)
{
	unsigned e = n->aux, lanes = 8u >> e;
	enum fp_format narrow = e == 1 ? FP16 : FP32, wide = e == 1 ? FP32 : FP64;
	vec r = { .d = { 0, 0 } };

	for (unsigned k = 0; k < lanes; k++) {
		u64 x = n->op == IR_VFWIDEN ? lane(a, e, (n->b & 1) * lanes + k) : lane(a, e + 1, k);

		if (n->op == IR_VFNARROW)
			set_lane(&r, e, k, fp_convert(s, narrow, wide, x));
		else if (n->b & 2)
			set_lane(&r, e + 1, k, fp_unpack(wide, narrow, x));
		else
			set_lane(&r, e + 1, k, fp_convert(s, wide, narrow, x));
	}
	return r;
}

void interp_vector_float(struct vcpu *c, const struct tr *t, u32 i, vec *val)
{
	static const vec zero;
	const struct ir_node *n = &t->node[i];
	const struct ir_row *row = &ir_rows[n->op];
	const vec *a = &val[n->a];
	const vec *b = row->b == K_T ? &val[n->b] : &zero, *x = row->c == K_T ? &val[n->c] : &zero;
	enum fp_format f = n->aux == 2 ? FP32 : FP64;
	unsigned e = n->aux, lanes = ir_width(n->type) >> (3 + e), k;
	enum ir_op scalar = scalar_of(n->op);
	struct fpsem s = begin(c);
	vec r = { .d = { 0, 0 } };

	if (n->op == IR_VFWIDEN || n->op == IR_VFNARROW) {
		val[i] = widen_or_narrow(&s, n, a);
		end(c, &s);
		return;
	}
	BUG_ON(e != 2 && e != 3);
	for (k = 0; k < lanes; k++) {
		u64 va = lane(a, e, k), vb = lane(b, e, k), v;

		if (scalar != IR_NONE) {
			v = arithmetic(&s, scalar, f, n->op == IR_VFMS, va, vb, lane(x, e, k));
		} else if (n->op == IR_VFCMPEQ || n->op == IR_VFCMPGT || n->op == IR_VFCMPGE) {
			v = holds(&s, n->op, f, va, vb) ? ~0ull : 0;
		} else if (n->op == IR_VFPADD) {
			const vec *from = k < lanes / 2 ? a : b;
			unsigned j = 2 * k % lanes;

			v = fp_add(&s, f, lane(from, e, j), lane(from, e, j + 1));
		} else {
			v = lane_convert(&s, n->op, f, va, n->b);
		}
		set_lane(&r, e, k, v);
	}
	end(c, &s);
	val[i] = r;
}
