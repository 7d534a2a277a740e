/*
 * The builder: appends nodes, folds while appending and forwards PUT to GET.
 *
 * Folding happens here and not in a later pass because most guest instructions are special cases of
 * general ones (a move is an OR with zero, a shift a bit-field move), so frontends can translate
 * the general form only and the nodes that would be cleaned up later are never made.  It is local:
 * it looks at the operands' nodes and never searches, but for a short look back for equal constants
 * and extensions.
 *
 * Invariant: a fold never drops or moves an effect; it only replaces a pure node by another value.
 */
#include "translator/ir.h"

#include <stdarg.h>

#include "base/die.h"
#include "translator/eval.h"

const struct ir_row ir_rows[IR_COUNT] = {
	[IR_NONE] = { .name = "NONE" },
#define X(name, res, a, b, c, aux, effect) \
	[IR_##name] = { #name, K_##res, K_##a, K_##b, K_##c, AUX_##aux, E_##effect },
#define AUX_NONE AUX_N
#include "translator/ir.def"
#undef X
};

const char *const ir_type_name[T_COUNT] = {
	"none", "i32", "i64", "f32", "f64", "v64", "v128", "flags"
};
const char *const ir_cc_name[] = {
	"eq", "ne", "cs", "cc", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le", "al"
};

/* How far back equal nodes are looked for; further where they cost more than a move. */
enum { LOOK_BACK = 12, UNBOX_BACK = 64 };

void ir_begin(struct tr *t, const struct guest *g, gaddr pc)
{
	BUG_ON(g->nslots > TR_MAX_SLOTS);
	t->g = g;
	t->start = t->pc = t->next = t->lo = t->end = pc;
	t->ninsns = 0;
	t->n = t->floor = 1;
	t->nlabels = 0;
	t->npool = 0;
	t->relies_alone = false;
	memset(&t->node[0], 0, sizeof t->node[0]);
	memset(t->slot, 0, g->nslots * sizeof t->slot[0]);
}

bool ir_full(const struct tr *t)
{
	return t->n + 600 > TR_MAX_NODES || t->npool + 40 > TR_MAX_POOL;
}

/* The type that the row fixes, else the one asked for; without result that of the value stored. */
static enum ir_type node_type(const struct tr *t, enum ir_op op, enum ir_type type, u32 a, u32 b)
{
	switch (ir_rows[op].res) {
	case K_W: return T_I32;
	case K_L: return T_I64;
	case K_F: return T_FLAGS;
	case K_Q: return T_V128;
	case K_N: break;
	default: return type;
	}
	switch (op) {
	case IR_PUT:
	case IR_STORE: return ir_type_of(t, b);
	case IR_ARG:
	case IR_FPCTL:
	case IR_FPFLAGSW: return ir_type_of(t, a);
	default: return T_NONE;
	}
}

/* The size of a load of a float or V64 is the type's, whatever was passed. */
static unsigned load_aux(enum ir_type type, unsigned aux)
{
	switch (type) {
	case T_F32: return (aux & ~(unsigned)MEM_SIZE) | MEM_32;
	case T_F64:
	case T_V64: return (aux & ~(unsigned)MEM_SIZE) | MEM_64;
	default: return aux;
	}
}

ref ir_raw(struct tr *t, enum ir_op op, enum ir_type type, unsigned aux, u32 a, u32 b, u32 c)
{
	struct ir_node *n;

	if (UNLIKELY(t->n >= TR_MAX_NODES))
		die("translation at %#llx: more than %d nodes", (unsigned long long)t->start,
		    TR_MAX_NODES);
	n = &t->node[t->n];
	n->op = op;
	n->type = node_type(t, op, type, a, b);
	n->aux = op == IR_LOAD ? load_aux(n->type, aux) : aux;
	n->a = a;
	n->b = b;
	n->c = c;
	return t->n++;
}

/* As ir_raw, but returns an equal node among the last few.  For operations without any effect. */
static ref shared(struct tr *t, enum ir_op op, enum ir_type type, unsigned aux, u32 a, u32 b, u32 c)
{
	struct ir_node want = { op, node_type(t, op, type, a, b), aux, a, b, c };
	u32 last = MAX(t->n, t->floor + LOOK_BACK) - LOOK_BACK;
	u64 pattern[2], have[2];

	memcpy(pattern, &want, sizeof want);
	for (u32 i = t->n - 1; i >= last; i--) {
		memcpy(have, &t->node[i], sizeof have);
		if (have[0] == pattern[0] && have[1] == pattern[1])
			return i;
	}
	return ir_raw(t, op, type, aux, a, b, c);
}

ref ir_const(struct tr *t, enum ir_type type, u64 v)
{
	BUG_ON(type != T_I32 && type != T_I64);
	if (type == T_I32)
		v = (u32)v;
	return shared(t, IR_CONST, type, 0, 0, (u32)v, (u32)(v >> 32));
}

ref ir_pc(struct tr *t, gaddr a)
{
	return shared(t, IR_PC, T_I64, 0, 0, (u32)a, (u32)(a >> 32));
}

ref ir_constv(struct tr *t, enum ir_type type, vec v)
{
	u32 i;

	BUG_ON(type != T_F32 && type != T_F64 && type != T_V64 && type != T_V128);
	if (type != T_V128)
		v.d[1] = 0;
	if (type == T_F32)
		v.s[1] = 0;
	for (i = 0; i < t->npool; i++)
		if (t->pool[i].d[0] == v.d[0] && t->pool[i].d[1] == v.d[1])
			break;
	if (i == t->npool) {
		if (UNLIKELY(i >= TR_MAX_POOL))
			die("translation at %#llx: more than %d vector constants",
			    (unsigned long long)t->start, TR_MAX_POOL);
		t->pool[t->npool++] = v;
	}
	return shared(t, IR_CONSTV, type, 0, i, 0, 0);
}

static u64 wide(const struct ir_node *n)
{
	return n->b | (u64)n->c << 32;
}

bool ir_is_const(const struct tr *t, ref r, u64 *v)
{
	if (t->node[r].op != IR_CONST)
		return false;
	*v = wide(&t->node[r]);
	return true;
}

/* --- slots --- */

/* The low part of v as `type`, or 0 if v is narrower or of another kind. */
static ref narrow(struct tr *t, ref v, enum ir_type have, enum ir_type type)
{
	if (have == type)
		return v;
	switch (type) {
	case T_I32:
		return have == T_I64 ? ir_emit(t, IR_TRUNC, T_I32, 0, v, 0, 0) : 0;
	case T_V64:
		return have == T_V128 ? ir_emit(t, IR_LOWV, T_V64, 0, v, 0, 0) : 0;
	case T_F32:
	case T_F64:
		return have == T_V128 || have == T_V64 ? ir_emit(t, IR_V2F, type, 0, v, 0, 0) : 0;
	default:
		return 0;
	}
}

ref ir_get(struct tr *t, unsigned slot, enum ir_type type)
{
	ref v = 0;

	BUG_ON(slot >= t->g->nslots);
	if (t->slot[slot].val)
		v = narrow(t, t->slot[slot].val, t->slot[slot].type, type);
	if (v)
		return v;
	/*
	 * Either nothing is known, or only a narrower GET: the slot itself still holds the whole
	 * value.
	 */
	v = ir_raw(t, IR_GET, type, 0, slot, 0, 0);
	t->slot[slot].val = v;
	t->slot[slot].type = type;
	return v;
}

void ir_put(struct tr *t, unsigned slot, ref v)
{
	BUG_ON(slot >= t->g->nslots);
	BUG_ON(ir_type_of(t, v) != t->g->slots[slot].type);
	if (t->slot[slot].val == v)
		return;
	ir_raw(t, IR_PUT, T_NONE, 0, slot, v, 0);
	t->slot[slot].val = v;
	t->slot[slot].type = ir_type_of(t, v);
}

void ir_forget(struct tr *t, unsigned classes)
{
	for (unsigned i = 0; i < t->g->nslots; i++)
		if (t->g->slots[i].cls & classes)
			t->slot[i].val = 0;
}

void ir_insn(struct tr *t, gaddr pc)
{
	ir_raw(t, IR_INSN, T_NONE, 0, 0, (u32)pc, (u32)(pc >> 32));
}

void ir_label(struct tr *t, u32 k)
{
	gaddr pc = t->label[k].pc;

	memset(t->slot, 0, t->g->nslots * sizeof t->slot[0]);
	t->floor = t->n;
	t->label[k].node = ir_raw(t, IR_LABEL, T_NONE, 0, k, (u32)pc, (u32)(pc >> 32));
}

u32 ir_label_at(const struct tr *t, gaddr pc)
{
	for (u32 k = 0; k < t->nlabels; k++)
		if (t->label[k].pc == pc)
			return t->label[k].node ? k + 1 : 0;
	return 0;
}

ref ir_call(struct tr *t, const struct ir_helper *h, ...)
{
	ref arg[16], r;
	va_list ap;

	BUG_ON(h->nargs > ARRAY_LEN(arg));
	va_start(ap, h);
	for (unsigned i = 0; i < h->nargs; i++)
		arg[i] = va_arg(ap, ref);
	va_end(ap);
	for (unsigned i = 0; i < h->nargs; i++)
		ir_raw(t, IR_ARG, T_NONE, 0, arg[i], 0, 0);
	r = ir_raw(t, IR_CALL, h->type, 0, 0, (u32)(u64)h, (u32)((u64)h >> 32));
	if (h->writes)
		ir_forget(t, h->writes);
	return r;
}

/* --- what is known of a value --- */

/* The value of r is below 2^n: such an n, at most the type's width. */
static unsigned known_bits(const struct tr *t, ref r)
{
	const struct ir_node *n = &t->node[r];
	unsigned w = ir_width(n->type);
	u64 v;

	switch (n->op) {
	case IR_CONST: return wide(n) ? 64 - (unsigned)__builtin_clzll(wide(n)) : 0;
	case IR_LOAD: return n->aux & MEM_SIGNED ? w : MIN(w, 8u << (n->aux & MEM_SIZE));
	case IR_ZEXT: return MIN(n->b, ir_width(t->node[n->a].type));
	case IR_UBFX: return n->c;
	case IR_VGET: return 8u << n->aux;
	case IR_SETCC: return 1;
	case IR_NZCV: return 4;
	case IR_CLZ:
	case IR_CTZ:
	case IR_POPCNT: return 7;
	case IR_XCHG:
	case IR_AADD:
	case IR_AAND:
	case IR_AOR:
	case IR_AXOR:
	case IR_CAS: return MIN(w, 8u << (n->aux & MEM_SIZE));
	case IR_AND:
		return ir_is_const(t, n->b, &v) ? (v ? 64 - (unsigned)__builtin_clzll(v) : 0) : w;
	case IR_SHR: return ir_is_const(t, n->b, &v) ? w - (unsigned)(v & (w - 1)) : w;
	default: return w;
	}
}

/* Bytes of a vector above which all are known to be zero. */
static unsigned known_bytes(const struct tr *t, ref r)
{
	const struct ir_node *n = &t->node[r];
	const vec *v;
	unsigned k;

	switch (n->op) {
	case IR_ZEXTV:
	case IR_VNARROW:
	case IR_VFNARROW: return 8;
	case IR_F2V:
	case IR_I2V: return ir_width(t->node[n->a].type) / 8;
	case IR_LOAD: return n->type == T_V128 ? 1u << (n->aux & MEM_SIZE) : 16;
	case IR_CONSTV:
		v = &t->pool[n->a];
		for (k = 16; k > 0 && !v->b[k - 1]; k--)
			;
		return k;
	default: return 16;
	}
}

/* --- folding --- */

static bool commutes(enum ir_op op)
{
	switch (op) {
	case IR_ADD: case IR_MUL: case IR_MULHU: case IR_MULHS:
	case IR_AND: case IR_OR: case IR_XOR:
	case IR_ADDF: case IR_ANDF:
		return true;
	default:
		return false;
	}
}

static bool is_ref_kind(unsigned k)
{
	return k == K_T || k == K_W || k == K_L || k == K_I || k == K_F || k == K_S || k == K_V ||
	       k == K_Q || k == K_A;
}

static bool pow2(u64 v)
{
	return v && !(v & (v - 1));
}

static bool fits32(s64 v)
{
	return v == (s32)v;
}

/* All operands known: the result as a constant, else 0. */
static ref fold_known(struct tr *t, enum ir_op op, enum ir_type type, unsigned aux, u32 a, u32 b,
		      u32 c)
{
	const struct ir_row *row = &ir_rows[op];
	u64 va = a, vb = b, vc = c, r;

	if (is_ref_kind(row->a) && !ir_is_const(t, a, &va))
		return 0;
	if (is_ref_kind(row->b) && !ir_is_const(t, b, &vb))
		return 0;
	if (is_ref_kind(row->c) && !ir_is_const(t, c, &vc))
		return 0;
	if (!ir_eval(op, type, aux, va, vb, vc, &r))
		return 0;
	return ir_const(t, type, r);
}

/* a op k with k in the second place; 0: no simpler form. */
static ref fold_right(struct tr *t, enum ir_op op, enum ir_type type, u32 a, u64 k)
{
	unsigned w = ir_width(type), n = known_bits(t, a);
	u64 mask = ~0ull >> (64 - w), live = n ? ~0ull >> (64 - n) : 0, v;
	const struct ir_node *na = &t->node[a];

	switch (op) {
	case IR_ADD:
		if (!k)
			return a;
		if (na->op == IR_PC && (s64)k > -(1 << 20) && (s64)k < 1 << 20)
			return ir_pc(t, wide(na) + k);
		if (na->op == IR_TRUNC && t->node[na->a].op == IR_PC && (s64)(s32)k > -(1 << 20) && (s64)(s32)k < 1 << 20)
			return ir_emit(t, IR_TRUNC, T_I32, 0, ir_pc(t, (wide(&t->node[na->a]) + k) & mask), 0, 0);
		if (na->op == IR_ADD && ir_is_const(t, na->b, &v))
			return ir_emit(t, IR_ADD, type, 0, na->a, ir_const(t, type, v + k), 0);
		break;
	case IR_SUB:
		return ir_emit(t, IR_ADD, type, 0, a, ir_const(t, type, -k), 0);
	case IR_MUL:
		if (k == 0)
			return ir_const(t, type, 0);
		if (k == 1)
			return a;
		if (pow2(k))
			return ir_raw(t, IR_SHL, type, 0, a,
				      ir_const(t, T_I32, (unsigned)__builtin_ctzll(k)), 0);
		break;
	case IR_MULHU:
		if (k <= 1)
			return ir_const(t, type, 0);
		break;
	case IR_UDIV:
		if (k == 0)
			return ir_const(t, type, 0);
		if (k == 1)
			return a;
		if (pow2(k))
			return ir_raw(t, IR_SHR, type, 0, a,
				      ir_const(t, T_I32, (unsigned)__builtin_ctzll(k)), 0);
		break;
	case IR_SDIV:
		if (k == 0)
			return ir_const(t, type, 0);
		if (k == 1)
			return a;
		break;
	case IR_AND:
		if (!(k & live))
			return ir_const(t, type, 0);
		if ((k & live) == live)
			return a;
		if (k == 0xff || k == 0xffff || k == 0xffffffff)
			return ir_emit(t, IR_ZEXT, type, 0, a, 64 - (unsigned)__builtin_clzll(k),
				       0);
		if (na->op == IR_AND && ir_is_const(t, na->b, &v))
			return ir_emit(t, IR_AND, type, 0, na->a, ir_const(t, type, v & k), 0);
		break;
	case IR_OR:
		if (!k)
			return a;
		if (k == mask)
			return ir_const(t, type, mask);
		break;
	case IR_XOR:
		if (!k)
			return a;
		if (k == mask)
			return ir_emit(t, IR_NOT, type, 0, a, 0, 0);
		break;
	case IR_ANDN:
		return ir_emit(t, IR_AND, type, 0, a, ir_const(t, type, ~k), 0);
	case IR_ORN:
		return ir_emit(t, IR_OR, type, 0, a, ir_const(t, type, ~k), 0);
	case IR_XORN:
		return ir_emit(t, IR_XOR, type, 0, a, ir_const(t, type, ~k), 0);
	case IR_SHL:
	case IR_SAR:
	case IR_ROR:
		if (!(k & (w - 1)))
			return a;
		break;
	case IR_SHR:
		if (!(k & (w - 1)))
			return a;
		if ((k & (w - 1)) >= n)
			return ir_const(t, type, 0);
		break;
	default:
		break;
	}
	return 0;
}

/* k op b with a known first operand. */
static ref fold_left(struct tr *t, enum ir_op op, enum ir_type type, u64 k, u32 b)
{
	u64 mask = ~0ull >> (64 - ir_width(type));

	switch (op) {
	case IR_SUB:
		return k ? 0 : ir_emit(t, IR_NEG, type, 0, b, 0, 0);
	case IR_ANDN:
		if (!k)
			return ir_const(t, type, 0);
		return k == mask ? ir_emit(t, IR_NOT, type, 0, b, 0, 0) : 0;
	case IR_ORN:
		if (k == mask)
			return ir_const(t, type, mask);
		return k ? 0 : ir_emit(t, IR_NOT, type, 0, b, 0, 0);
	case IR_XORN:
		return k ? 0 : ir_emit(t, IR_NOT, type, 0, b, 0, 0);
	case IR_SHL: case IR_SHR: case IR_SAR: case IR_ROR:
	case IR_UDIV: case IR_SDIV:
		return k ? 0 : ir_const(t, type, 0);
	default:
		return 0;
	}
}

/* a op a */
static ref fold_same(struct tr *t, enum ir_op op, enum ir_type type, u32 a)
{
	switch (op) {
	case IR_SUB: case IR_XOR: case IR_ANDN: return ir_const(t, type, 0);
	case IR_AND: case IR_OR: return a;
	case IR_ORN: case IR_XORN: return ir_const(t, type, ~0ull);
	default: return 0;
	}
}

static ref fold_extension(struct tr *t, enum ir_op op, enum ir_type type, u32 a, u32 b)
{
	const struct ir_node *na = &t->node[a];
	enum ir_type ta = na->type;

	if (op == IR_TRUNC) {
		if ((na->op == IR_ZEXT || na->op == IR_SEXT) && ir_type_of(t, na->a) == T_I32)
			return na->b == 32 ? na->a : ir_emit(t, na->op, T_I32, 0, na->a, na->b, 0);
		if ((na->op == IR_ZEXT || na->op == IR_SEXT) && na->b == 32)
			return shared(t, IR_TRUNC, T_I32, 0, na->a, 0, 0);
		return shared(t, IR_TRUNC, T_I32, 0, a, 0, 0);
	}
	b = MIN(b, ir_width(ta));
	if (b == 64)
		return a;
	if (ta == type && b == ir_width(type))
		return a;
	if (op == IR_ZEXT) {
		if (ta == type && known_bits(t, a) <= b)
			return a;
		if (na->op == IR_TRUNC && type == T_I64 && known_bits(t, na->a) <= b)
			return na->a;
		if (na->op == IR_ZEXT)
			return ir_emit(t, IR_ZEXT, type, 0, na->a, MIN(b, na->b), 0);
	}
	if (op == IR_SEXT) {
		if (known_bits(t, a) < b)
			return ir_emit(t, IR_ZEXT, type, 0, a, b, 0);
		if (na->op == IR_SEXT && na->b <= b && ta == type)
			return a;
		if (na->op == IR_SEXT && na->b <= b)
			return ir_emit(t, IR_SEXT, type, 0, na->a, na->b, 0);
	}
	return shared(t, op, type, 0, a, b, 0);
}

static ref fold_field(struct tr *t, enum ir_op op, enum ir_type type, u32 a, u32 b, u32 c)
{
	unsigned w = ir_width(type);
	enum ir_op ext = op == IR_UBFX ? IR_ZEXT : IR_SEXT;

	if (b == 0 && c == w)
		return a;
	if (b == 0 && (c == 8 || c == 16 || c == 32))
		return ir_emit(t, ext, type, 0, a, c, 0);
	if (b + c == w)
		return ir_emit(t, op == IR_UBFX ? IR_SHR : IR_SAR, type, 0, a,
			       ir_const(t, T_I32, b), 0);
	if (op == IR_UBFX && b == 0 && known_bits(t, a) <= c)
		return a;
	return 0;
}

/* a + (b << 1, 2 or 3): an address.  0: it is not. */
static ref fold_scaled(struct tr *t, u32 a, u32 b)
{
	const struct ir_node *n = &t->node[b];
	u64 k;

	/* A constant base is a displacement already. */
	if (t->node[a].op != IR_CONST && n->op == IR_SHL && ir_is_const(t, n->b, &k) && k >= 1 && k <= 3)
		return ir_emit(t, IR_LEA, n->type, (unsigned)k, a, n->a, 0);
	return 0;
}

static ref fold_int(struct tr *t, enum ir_op op, enum ir_type type, unsigned aux, u32 a, u32 b,
		    u32 c)
{
	const struct ir_row *row = &ir_rows[op];
	ref r = fold_known(t, op, type, aux, a, b, c);
	u64 k;

	if (r)
		return r;
	switch (op) {
	case IR_NOT:
	case IR_NEG:
		return t->node[a].op == op ? t->node[a].a : 0;
	case IR_ZEXT:
	case IR_SEXT:
	case IR_TRUNC:
		return fold_extension(t, op, type, a, b);
	case IR_UBFX:
	case IR_SBFX:
		return fold_field(t, op, type, a, b, c);
	case IR_BFI:
		return c >> 8 == ir_width(type) ? b : 0;
	case IR_EXTR:
		if (c == 0)
			return b;
		return a == b ? ir_emit(t, IR_ROR, type, 0, b, ir_const(t, T_I32, c), 0) : 0;
	case IR_LEA:
		if (ir_is_const(t, b, &k))
			return ir_emit(t, IR_ADD, type, 0, a,
				       ir_const(t, type, (k << aux) + (u64)(s64)(s32)c), 0);
		if (ir_is_const(t, a, &k)) {
			r = ir_emit(t, IR_SHL, type, 0, b, ir_const(t, T_I32, aux), 0);
			return ir_emit(t, IR_ADD, type, 0, r,
				       ir_const(t, type, k + (u64)(s64)(s32)c), 0);
		}
		return !c && !aux ? ir_emit(t, IR_ADD, type, 0, a, b, 0) : 0;
	case IR_CRC32:
		return 0;
	default:
		break;
	}
	if (!is_ref_kind(row->b))
		return 0;
	if (ir_is_const(t, b, &k)) {
		r = fold_right(t, op, type, a, k);
		if (r)
			return r;
	} else if (ir_is_const(t, a, &k)) {
		r = fold_left(t, op, type, k, b);
		if (r)
			return r;
	}
	if (op == IR_ADD) {
		r = fold_scaled(t, a, b);
		return r ? r : fold_scaled(t, b, a);
	}
	return a == b ? fold_same(t, op, type, a) : 0;
}

static ref fold_box(struct tr *t, unsigned aux, u64 v)
{
	return ir_constv(t, T_F64, (vec){ .d = { v | ~0ull << (aux & 1 ? 16 : 32) } });
}

/* Moves between vectors, scalars and integers. */
static ref fold_move(struct tr *t, enum ir_op op, enum ir_type type, unsigned aux, u32 a, u32 b)
{
	const struct ir_node *na = &t->node[a];
	vec v;

	switch (op) {
	case IR_V2F:
		if (na->op == IR_F2V && ir_type_of(t, na->a) == type)
			return na->a;
		if (na->op == IR_CONSTV)
			return ir_constv(t, type, t->pool[na->a]);
		if (na->op == IR_ZEXTV || na->op == IR_LOWV)
			return ir_emit(t, IR_V2F, type, 0, na->a, 0, 0);
		return shared(t, op, type, 0, a, 0, 0);
	case IR_F2V:
		if (na->op == IR_V2F && ir_type_of(t, na->a) == T_V128 &&
		    known_bytes(t, na->a) <= ir_width(na->type) / 8)
			return na->a;
		if (na->op == IR_CONSTV)
			return ir_constv(t, T_V128, t->pool[na->a]);
		return 0;
	case IR_I2V:
		return na->op == IR_F2IBITS ? ir_emit(t, IR_F2V, T_V128, 0, na->a, 0, 0) : 0;
	case IR_ZEXTV:
		if (na->op == IR_CONSTV) {
			v = t->pool[na->a];
			v.d[1] = 0;
			return ir_constv(t, T_V128, v);
		}
		if (na->op == IR_LOWV)
			return known_bytes(t, na->a) <= 8
				       ? na->a
				       : ir_raw(t, IR_ZEXTV, T_V128, 0, na->a, 0, 0);
		return na->type == T_V128 && known_bytes(t, a) <= 8 ? a : 0;
	case IR_LOWV:
		if (na->op == IR_ZEXTV)
			return ir_type_of(t, na->a) == T_V64
				       ? na->a
				       : ir_emit(t, IR_LOWV, T_V64, 0, na->a, 0, 0);
		if (na->op == IR_CONSTV)
			return ir_constv(t, T_V64, t->pool[na->a]);
		return shared(t, op, type, 0, a, 0, 0);
	case IR_VGET:
		if (na->op == IR_I2V && b == 0 && aux >= 2 && ir_type_of(t, na->a) == type &&
		    8u << aux == ir_width(type))
			return na->a;
		return 0;
	case IR_FBOX:
		return na->op == IR_CONSTV ? fold_box(t, aux, t->pool[na->a].d[0]) : 0;
	case IR_FUNBOX:
		if (na->op == IR_FBOX && na->aux == (aux & 1))
			return na->a;
		for (u32 i = t->n - 1; i > t->floor && i + UNBOX_BACK > t->n; i--)
			if (t->node[i].op == IR_FUNBOX && t->node[i].a == a && t->node[i].aux == aux)
				return i;
		return 0;
	case IR_I2FBITS:
		return na->op == IR_F2IBITS ? na->a : 0;
	case IR_F2IBITS:
		return na->op == IR_I2FBITS ? na->a : 0;
	default:
		return 0;
	}
}

/* Base ADD(x, k) of a memory access: x with the displacement grown by k. */
static void fold_address(const struct tr *t, u32 *a, u32 *c)
{
	const struct ir_node *n = &t->node[*a];
	u64 k;

	if (n->op != IR_ADD || !ir_is_const(t, n->b, &k) ||
	    (n->type == T_I64 && (!fits32((s64)k) || !fits32((s64)k + (s32)*c))))
		return;
	*a = n->a;
	*c += (u32)k;
}

ref ir_emit(struct tr *t, enum ir_op op, enum ir_type type, unsigned aux, u32 a, u32 b, u32 c)
{
	ref r = 0;
	u32 x;
	u64 k;

	type = node_type(t, op, type, a, b);
	if (commutes(op) && (ir_is_const(t, a, &k) || (t->node[a].op == IR_PC && !ir_is_const(t, b, &k)))) {
		x = a;
		a = b;
		b = x;
	}
	if (op >= IR_ADD && op <= IR_CRC32) {
		r = fold_int(t, op, type, aux, a, b, c);
	} else {
		switch (op) {
		case IR_LOAD:
		case IR_STORE:
			fold_address(t, &a, &c);
			break;
		case IR_SELCC:
			r = b == c || aux == CC_AL ? b : 0;
			break;
		case IR_SETCC:
			r = aux == CC_AL ? ir_const(t, type, 1) : 0;
			break;
		case IR_NZCV:
		case IR_FLAGS:
			x = op == IR_NZCV ? IR_FLAGS : IR_NZCV;
			if (t->node[a].op == x && op == IR_FLAGS)
				r = t->node[a].a;
			break;
		case IR_VBSL:
			r = b == c ? b : 0;
			break;
		case IR_VAND:
		case IR_VOR:
			r = a == b ? a : 0;
			break;
		/* guests have these rounds in pairs of instructions, one for each half of the state */
		case IR_VSHUF:
		case IR_VEXT:
		case IR_SHA256R:
			return shared(t, op, type, aux, a, b, c);
		default:
			r = fold_move(t, op, type, aux, a, b);
			break;
		}
	}
	return r ? r : ir_raw(t, op, type, aux, a, b, c);
}
