/* The interpreter: moves between kinds, integer vectors and cryptography, lane by lane. */
#include "base/die.h"
#include "translator/eval.h"
#include "translator/interp_parts.h"

static u64 lane(const vec *v, unsigned e, unsigned k)
{
	switch (e) {
	case 0: return v->b[k];
	case 1: return v->h[k];
	case 2: return v->s[k];
	default: return v->d[k];
	}
}

static void set_lane(vec *v, unsigned e, unsigned k, u64 x)
{
	switch (e) {
	case 0: v->b[k] = (u8)x; break;
	case 1: v->h[k] = (u16)x; break;
	case 2: v->s[k] = (u32)x; break;
	default: v->d[k] = x; break;
	}
}

/* Saturation of an exact result to `bits` bits. */
static u64 saturate(s128 v, unsigned bits_, bool is_signed)
{
	s128 max = is_signed ? ((s128)1 << (bits_ - 1)) - 1 : ((s128)1 << bits_) - 1;
	s128 min = is_signed ? -((s128)1 << (bits_ - 1)) : 0;

	return (u64)(v > max ? max : v < min ? min : v);
}

/* a shifted by the signed low byte of b: left if positive, right if negative. */
static u64 shift_by(u64 a, u64 b, unsigned w, bool arithmetic)
{
	int n = (s8)b;

	if (n >= 0)
		return n >= (int)w ? 0 : a << n;
	if (arithmetic)
		return (u64)(sext(a, w) >> MIN(-n, (int)w - 1));
	return -n >= (int)w ? 0 : a >> -n;
}

/* Operations that combine the same lane of a and b; values are zero-extended from w bits. */
static bool lane_op(enum ir_op op, unsigned w, u64 a, u64 b, u32 imm, u64 *out)
{
	s64 sa = sext(a, w), sb = sext(b, w);
	u64 r;

	switch (op) {
	case IR_VADD: r = a + b; break;
	case IR_VSUB: r = a - b; break;
	case IR_VMUL: r = a * b; break;
	case IR_VNEG: r = -a; break;
	case IR_VABS: r = sa < 0 ? -a : a; break;
	case IR_VSHLI: r = a << imm; break;
	case IR_VSHRI: r = imm >= w ? 0 : a >> imm; break;
	case IR_VSARI: r = (u64)(sa >> MIN(imm, w - 1)); break;
	case IR_VSHLV: r = shift_by(a, b, w, false); break;
	case IR_VSALV: r = shift_by(a, b, w, true); break;
	case IR_VCMPEQ: r = a == b ? ~0ull : 0; break;
	case IR_VCMPGT: r = sa > sb ? ~0ull : 0; break;
	case IR_VCMPGE: r = sa >= sb ? ~0ull : 0; break;
	case IR_VCMPGTU: r = a > b ? ~0ull : 0; break;
	case IR_VCMPGEU: r = a >= b ? ~0ull : 0; break;
	case IR_VTST: r = a & b ? ~0ull : 0; break;
	case IR_VSMAX: r = sa > sb ? a : b; break;
	case IR_VSMIN: r = sa < sb ? a : b; break;
	case IR_VUMAX: r = a > b ? a : b; break;
	case IR_VUMIN: r = a < b ? a : b; break;
	case IR_VSADDS: r = saturate((s128)sa + sb, w, true); break;
	case IR_VUADDS: r = saturate((s128)a + b, w, false); break;
	case IR_VSSUBS: r = saturate((s128)sa - sb, w, true); break;
	case IR_VUSUBS: r = saturate((s128)a - b, w, false); break;
	case IR_VAVGU: r = (u64)(((u128)a + b + 1) >> 1); break;
	case IR_VHADDU: r = (u64)(((u128)a + b) >> 1); break;
	case IR_VHADDS: r = (u64)(((s128)sa + sb) >> 1); break;
	case IR_VABDU: r = a > b ? a - b : b - a; break;
	case IR_VABDS: r = sa > sb ? a - b : b - a; break;
	case IR_VCLZ: r = a ? (unsigned)__builtin_clzll(a) - (64 - w) : w; break;
	default: return false;
	}
	*out = r;
	return true;
}

/* Whole-register logic on 64 bits. */
static bool logic_op(enum ir_op op, u64 a, u64 b, u64 c, u64 *out)
{
	switch (op) {
	case IR_VAND: *out = a & b; return true;
	case IR_VOR: *out = a | b; return true;
	case IR_VXOR: *out = a ^ b; return true;
	case IR_VANDN: *out = a & ~b; return true;
	case IR_VORN: *out = a | ~b; return true;
	case IR_VNOT: *out = ~a; return true;
	case IR_VBSL: *out = (b & a) | (c & ~a); return true;
	default: return false;
	}
}

static void widen(const struct ir_node *n, const vec *a, const vec *b, vec *r)
{
	bool product = n->op == IR_VMULLU || n->op == IR_VMULLS;
	bool is_signed = n->op == IR_VWIDENS || n->op == IR_VMULLS;
	unsigned e = n->aux, w = 8u << e, lanes = 8u >> e, first = (product ? n->c : n->b) * lanes;

	for (unsigned k = 0; k < lanes; k++) {
		u64 x = lane(a, e, first + k), y = product ? lane(b, e, first + k) : 1;

		if (is_signed) {
			x = (u64)sext(x, w);
			y = product ? (u64)sext(y, w) : 1;
		}
		if (e == 3) {  /* one 64-bit lane to 128 bits */
			u128 p = is_signed ? (u128)((s128)(s64)x * (s64)y) : (u128)x * y;

			r->d[0] = (u64)p;
			r->d[1] = (u64)(p >> 64);
		} else {
			set_lane(r, e + 1, k, x * y);
		}
	}
}

static u64 sum_lanes(const vec *a, unsigned e, unsigned lanes)
{
	u64 sum = 0;

	for (unsigned k = 0; k < lanes; k++)
		sum += lane(a, e, k);
	return sum;
}

/* --- permutations --- */

static void reverse(const struct ir_node *n, const vec *a, unsigned lanes, vec *r)
{
	unsigned group = (1u << n->b) >> n->aux;

	for (unsigned k = 0; k < lanes; k++)
		set_lane(r, n->aux, k, lane(a, n->aux, k ^ (group - 1)));
}

static void shuffle(const vec *a, const vec *b, const vec *sel, vec *r)
{
	for (unsigned k = 0; k < 16; k++) {
		u8 s = sel->b[k];

		r->b[k] = s < 16 ? a->b[s] : s < 32 ? b->b[s - 16] : 0;
	}
}

static bool permutation(const struct tr *t, const struct ir_node *n, const vec *val, vec *r)
{
	const vec *a = &val[n->a], *b;
	unsigned lanes = (ir_width(n->type) / 8) >> n->aux, k;

	switch (n->op) {
	case IR_VREV:
		reverse(n, a, lanes, r);
		return true;
	case IR_VSHUF:
		shuffle(a, &val[n->b], &t->pool[n->c], r);
		return true;
	case IR_VTBL:
		b = &val[n->b];
		for (k = 0; k < 16; k++)
			r->b[k] = b->b[k] < 16 ? a->b[b->b[k]] : 0;
		return true;
	case IR_VEXT:
		b = &val[n->b];
		for (k = 0; k < 16; k++)
			r->b[k] = n->c + k < 16 ? a->b[n->c + k] : b->b[n->c + k - 16];
		return true;
	case IR_VPADD:
		b = &val[n->b];
		for (k = 0; k < lanes; k++) {
			const vec *from = k < lanes / 2 ? a : b;
			unsigned j = 2 * k % lanes;

			set_lane(r, n->aux, k, lane(from, n->aux, j) + lane(from, n->aux, j + 1));
		}
		return true;
	case IR_VDUPL:
		for (k = 0; k < lanes; k++)
			set_lane(r, n->aux, k, lane(a, n->aux, n->b));
		return true;
	case IR_VNARROW:
		for (k = 0; k < 8u >> n->aux; k++)
			set_lane(r, n->aux, k, lane(a, n->aux + 1, k));
		return true;
	default:
		return false;
	}
}

/* --- moves --- */

static bool move(const struct tr *t, const struct ir_node *n, const vec *val, vec *r)
{
	const vec *a = &val[n->a];
	unsigned e = n->aux, k;

	switch (n->op) {
	case IR_V2F:
	case IR_F2V:
	case IR_I2V:
	case IR_ZEXTV:
	case IR_LOWV:
		k = MIN(MIN(ir_width(n->type), ir_width(t->node[n->a].type)),
			n->op == IR_ZEXTV ? 64u : 128u);
		memcpy(r, a, k / 8);
		return true;
	case IR_VPAIR:
		r->d[0] = a->d[0];
		r->d[1] = val[n->b].d[0];
		return true;
	case IR_VDUP:
		for (k = 0; k < (ir_width(n->type) / 8) >> e; k++)
			set_lane(r, e, k, a->d[0]);
		return true;
	case IR_VGET:
		r->d[0] = lane(a, e, n->b);
		return true;
	case IR_VGETS:
		r->d[0] = (u64)sext(lane(a, e, n->b), 8u << e);
		if (n->type == T_I32)
			r->d[0] = (u32)r->d[0];
		return true;
	case IR_VSET:
		*r = *a;
		set_lane(r, e, n->c, val[n->b].d[0]);
		return true;
	case IR_VSETL:
		*r = *a;
		set_lane(r, e, n->c & 15, lane(&val[n->b], e, n->c >> 4));
		return true;
	default:
		return false;
	}
}

/* --- cryptography: FIPS 197; bytes of the state are in column order, as in memory --- */

static u8 xtime(u8 x)
{
	return (u8)(x << 1 ^ (x & 0x80 ? 0x1b : 0));
}

/* The product in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1 */
static u8 gmul(u8 a, u8 b)
{
	u8 r = 0;

	for (; b; b >>= 1, a = xtime(a))
		if (b & 1)
			r ^= a;
	return r;
}

/* a^254, the inverse, 0 for 0 */
static u8 ginv(u8 a)
{
	u8 r = 1;

	for (unsigned k = 0; k < 7; k++) {
		a = gmul(a, a);
		r = gmul(r, a);
	}
	return r;
}

static u8 rotl8(u8 x, unsigned n)
{
	return (u8)(x << n | x >> (8 - n));
}

static u8 sbox(u8 x)
{
	u8 i = ginv(x);

	return i ^ rotl8(i, 1) ^ rotl8(i, 2) ^ rotl8(i, 3) ^ rotl8(i, 4) ^ 0x63;
}

static u8 inverse_sbox(u8 x)
{
	return ginv(rotl8(x, 1) ^ rotl8(x, 3) ^ rotl8(x, 6) ^ 5);
}

static void mix_columns(const vec *a, const u8 *coefficient, vec *r)
{
	for (unsigned k = 0; k < 16; k++) {
		r->b[k] = 0;
		for (unsigned j = 0; j < 4; j++)
			r->b[k] ^= gmul(a->b[(k & 12) + ((k + j) & 3)], coefficient[j]);
	}
}

static void clmul(u64 a, u64 b, vec *r)
{
	u128 p = 0;

	for (unsigned k = 0; k < 64; k++)
		if (b >> k & 1)
			p ^= (u128)a << k;
	r->d[0] = (u64)p;
	r->d[1] = (u64)(p >> 64);
}

static u32 rol32(u32 v, unsigned n)
{
	return v << n | v >> (32 - n);
}

static u32 ror32(u32 v, unsigned n)
{
	return v >> n | v << (32 - n);
}

static u32 choose(u32 x, u32 y, u32 z)
{
	return (x & y) | (~x & z);
}

static u32 majority(u32 x, u32 y, u32 z)
{
	return (x & y) | (x & z) | (y & z);
}

static void sha1_rounds(const struct ir_node *n, const vec *x, const vec *w, vec *r)
{
	u32 a = x->s[3], b = x->s[2], c = x->s[1], d = x->s[0], e = 0;

	for (unsigned k = 0; k < 4; k++) {
		u32 f = n->aux == 0 ? choose(b, c, d) : n->aux == 1 ? b ^ c ^ d : majority(b, c, d);
		u32 t = rol32(a, 5) + f + e + w->s[3 - k];

		e = d;
		d = c;
		c = rol32(b, 30);
		b = a;
		a = t;
	}
	*r = (vec){ .s = { d, c, b, a } };
}

static void sha256_rounds(const vec *cdgh, const vec *abef, const vec *w, vec *r)
{
	u32 a = abef->s[3], b = abef->s[2], c = cdgh->s[3], d = cdgh->s[2];
	u32 e = abef->s[1], f = abef->s[0], g = cdgh->s[1], h = cdgh->s[0];

	for (unsigned k = 0; k < 2; k++) {
		u32 t1 = h + (ror32(e, 6) ^ ror32(e, 11) ^ ror32(e, 25)) + choose(e, f, g) + w->s[k];
		u32 t2 = (ror32(a, 2) ^ ror32(a, 13) ^ ror32(a, 22)) + majority(a, b, c);

		h = g;
		g = f;
		f = e;
		e = d + t1;
		d = c;
		c = b;
		b = a;
		a = t1 + t2;
	}
	*r = (vec){ .s = { f, e, b, a } };
}

static void sha256_schedule(const struct ir_node *n, const vec *a, const vec *b, vec *r)
{
	for (unsigned k = 0; k < 4; k++) {
		u32 x;

		if (n->op == IR_SHA256S0) {
			x = k < 3 ? a->s[k + 1] : b->s[0];
			x = ror32(x, 7) ^ ror32(x, 18) ^ x >> 3;
		} else {
			x = k < 2 ? b->s[k + 2] : r->s[k - 2];
			x = ror32(x, 17) ^ ror32(x, 19) ^ x >> 10;
		}
		r->s[k] = a->s[k] + x;
	}
}

static bool crypto(const struct ir_node *n, const vec *val, vec *r)
{
	static const u8 mix[] = { 2, 3, 1, 1 }, unmix[] = { 14, 11, 13, 9 };
	const vec *a = &val[n->a];

	switch (n->op) {
	case IR_AESENC:  /* row j moves left by j columns */
		for (unsigned k = 0; k < 16; k++)
			r->b[k] = sbox(a->b[(k + 4 * (k & 3)) & 15]);
		return true;
	case IR_AESDEC:
		for (unsigned k = 0; k < 16; k++)
			r->b[k] = inverse_sbox(a->b[(k - 4 * (k & 3)) & 15]);
		return true;
	case IR_AESMC:
		mix_columns(a, mix, r);
		return true;
	case IR_AESIMC:
		mix_columns(a, unmix, r);
		return true;
	case IR_CLMUL:
		clmul(a->d[n->c & 1], val[n->b].d[n->c >> 4 & 1], r);
		return true;
	case IR_SHA1R:
		sha1_rounds(n, a, &val[n->b], r);
		return true;
	case IR_SHA256R:
		sha256_rounds(a, &val[n->b], &val[n->c], r);
		return true;
	case IR_SHA256S0:
	case IR_SHA256S1:
		sha256_schedule(n, a, &val[n->b], r);
		return true;
	default:
		return false;
	}
}

static bool per_lane(const struct ir_node *n, const vec *val, vec *r)
{
	bool has_b = ir_rows[n->op].b == K_T, has_c = ir_rows[n->op].c == K_T;
	unsigned e = n->aux, lanes = (ir_width(n->type) / 8) >> e, k;
	u64 x;

	for (k = 0; k < 2; k++) {
		if (!logic_op(n->op, val[n->a].d[k], has_b ? val[n->b].d[k] : 0,
			      has_c ? val[n->c].d[k] : 0, &x))
			break;
		if (k < ir_width(n->type) / 64)
			r->d[k] = x;
	}
	if (k)
		return true;
	for (k = 0; k < lanes; k++) {
		if (!lane_op(n->op, 8u << e, lane(&val[n->a], e, k),
			     has_b ? lane(&val[n->b], e, k) : 0, n->b, &x))
			return false;
		set_lane(r, e, k, x);
	}
	return true;
}

void interp_vector(const struct tr *t, u32 i, vec *val)
{
	const struct ir_node *n = &t->node[i];
	const vec *a = &val[n->a];
	vec r = { .d = { 0, 0 } };

	switch (n->op) {
	case IR_VWIDENU:
	case IR_VWIDENS:
		widen(n, a, NULL, &r);
		break;
	case IR_VMULLU:
	case IR_VMULLS:
		widen(n, a, &val[n->b], &r);
		break;
	case IR_VMADD:
		for (unsigned k = 0; k < ir_width(n->type) / 16; k++)
			r.s[k / 2] += (u32)((s16)a->h[k] * (s16)val[n->b].h[k]);
		break;
	case IR_VPOPCNT:
		for (unsigned k = 0; k < ir_width(n->type) / 8; k++)
			r.b[k] = (u8)__builtin_popcount(a->b[k]);
		break;
	case IR_VSUMU:
		r.d[0] = sum_lanes(a, n->aux, (ir_width(t->node[n->a].type) / 8) >> n->aux);
		break;
	case IR_VANYNZ:
		r.s[0] = a->d[0] || (ir_width(t->node[n->a].type) == 128 && a->d[1]) ? 0 : FLAG_Z;
		break;
	default:
		if (!move(t, n, val, &r) && !permutation(t, n, val, &r) && !crypto(n, val, &r) &&
		    !per_lane(n, val, &r))
			die("interp: %s is not implemented", ir_rows[n->op].name);
		break;
	}
	val[i] = r;
}
