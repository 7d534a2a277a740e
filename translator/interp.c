/*
 * The interpreter: control, state, integers, flags and memory.
 *
 * It is the reference that backends are held against, so it takes the shortest way from the row of
 * ir.def to its meaning and knows nothing of the passes: PUT writes the state at once, GET reads
 * it, INSN sets the pc.  Hence a host fault anywhere finds the guest's state complete.  Floating
 * point is done with integers (softfp.c) and does not touch the host's unit.
 */
#include "translator/interp.h"

#include "base/die.h"
#include "translator/eval.h"
#include "translator/host.h"
#include "translator/interp_parts.h"
#include "translator/translator.h"

/* Linux: signal and si_code of a misaligned access */
enum { GUEST_SIGBUS = 7, GUEST_BUS_ADRALN = 1 };

/* Any alignment; volatile, so that each is one access that happens. */
struct any16 { u16 v; } __attribute__((packed, may_alias));
struct any32 { u32 v; } __attribute__((packed, may_alias));
struct any64 { u64 v; } __attribute__((packed, may_alias));
struct any128 { v128 v; } __attribute__((packed, may_alias));

static vec swap_bytes(vec v, unsigned size)
{
	vec r = { .d = { 0, 0 } };

	for (unsigned i = 0; i < size; i++)
		r.b[i] = v.b[size - 1 - i];
	return r;
}

static vec load(const void *p, unsigned aux)
{
	vec v = { .d = { 0, 0 } };

	switch (aux & MEM_SIZE) {
	case MEM_8: v.b[0] = *(const volatile u8 *)p; break;
	case MEM_16: v.h[0] = ((const volatile struct any16 *)p)->v; break;
	case MEM_32: v.s[0] = ((const volatile struct any32 *)p)->v; break;
	case MEM_64: v.d[0] = ((const volatile struct any64 *)p)->v; break;
	default: v = vec_of(((const volatile struct any128 *)p)->v); break;
	}
	if (aux & MEM_ORDER)
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return aux & MEM_BE ? swap_bytes(v, 1u << (aux & MEM_SIZE)) : v;
}

static void store(void *p, unsigned aux, vec v)
{
	if (aux & MEM_BE)
		v = swap_bytes(v, 1u << (aux & MEM_SIZE));
	if (aux & MEM_ORDER)
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
	switch (aux & MEM_SIZE) {
	case MEM_8: *(volatile u8 *)p = v.b[0]; break;
	case MEM_16: ((volatile struct any16 *)p)->v = v.h[0]; break;
	case MEM_32: ((volatile struct any32 *)p)->v = v.s[0]; break;
	case MEM_64: ((volatile struct any64 *)p)->v = v.d[0]; break;
	default: ((volatile struct any128 *)p)->v = v128_of(v); break;
	}
	if (aux & MEM_ORDER)
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* [p] := new if it equals old, both in memory order; what was there. */
static u64 compare_swap(void *p, unsigned size, u64 old, u64 new)
{
	switch (size) {
	case MEM_8: return __sync_val_compare_and_swap((u8 *)p, (u8)old, (u8)new);
	case MEM_16: return __sync_val_compare_and_swap((u16 *)p, (u16)old, (u16)new);
	case MEM_32: return __sync_val_compare_and_swap((u32 *)p, (u32)old, (u32)new);
	default: return __sync_val_compare_and_swap((u64 *)p, old, new);
	}
}

/* The new content of memory; `old` and b are zero-extended from `bits`. */
static u64 modify(enum ir_op op, unsigned bits_, u64 old, u64 b)
{
	s64 so = sext(old, bits_), sb = sext(b, bits_);

	switch (op) {
	case IR_XCHG: return b;
	case IR_AADD: return old + b;
	case IR_AAND: return old & b;
	case IR_AOR: return old | b;
	case IR_AXOR: return old ^ b;
	case IR_ASMAX: return so > sb ? old : b;
	case IR_ASMIN: return so < sb ? old : b;
	case IR_AUMAX: return old > b ? old : b;
	case IR_AUMIN: return old < b ? old : b;
	default: die("interp: no atomic operation %s", ir_rows[op].name);
	}
}

static vec atomic_modify(enum ir_op op, void *p, unsigned aux, u64 b)
{
	unsigned size = aux & MEM_SIZE, plain = size | (aux & MEM_BE), width = 8u << size;
	u64 mask = ~0ull >> (64 - width);
	vec old, new = { .d = { 0, 0 } }, mem;

	do {
		old = load(p, plain);
		new.d[0] = modify(op, width, old.d[0], b & mask) & mask;
		mem = aux & MEM_BE ? swap_bytes(old, 1u << size) : old;
		if (aux & MEM_BE)
			new = swap_bytes(new, 1u << size);
	} while (compare_swap(p, size, mem.d[0], new.d[0]) != mem.d[0]);
	return old;
}

static vec atomic_cas(void *p, unsigned aux, vec expect, vec new)
{
	unsigned size = aux & MEM_SIZE;
	vec old = { .d = { 0, 0 } };
	u64 mask = size < MEM_64 ? ~0ull >> (64 - (8u << size)) : ~0ull;

	if (aux & MEM_BE) {
		expect = swap_bytes(expect, 1u << size);
		new = swap_bytes(new, 1u << size);
	}
	if (size == MEM_128)
		old = host_cas128(p, expect, new);
	else
		old.d[0] = compare_swap(p, size, expect.d[0] & mask, new.d[0] & mask) & mask;
	return aux & MEM_BE ? swap_bytes(old, 1u << size) : old;
}

static unsigned type_size(enum ir_type type)
{
	return ir_width(type) / 8;
}

/*
 * A load's value as its type has it: floats and vectors are read in their own size, integers
 * extend.
 */
static vec loaded(vec v, enum ir_type type, unsigned aux)
{
	if (type == T_I32 || type == T_I64) {
		if (aux & MEM_SIGNED)
			v.d[0] = (u64)sext(v.d[0], MIN(8u << (aux & MEM_SIZE), 64u));
		if (type == T_I32)
			v.d[0] = (u32)v.d[0];
	}
	return v;
}

/*
 * A helper's arguments travel as the host's calling convention has them: integers and others are
 * counted separately, and a narrow value sits in the low part of its register.  So one call with
 * every argument register filled serves all signatures.
 */
typedef u64 call_int(u64, u64, u64, u64, u64, u64, v128, v128, v128, v128, v128, v128, v128, v128);
typedef v128 call_vec(u64, u64, u64, u64, u64, u64, v128, v128, v128, v128, v128, v128, v128, v128);

static bool is_int(enum ir_type type)
{
	return type == T_I32 || type == T_I64 || type == T_FLAGS;
}

static vec call_helper(struct vcpu *c, const struct tr *t, const struct ir_node *n, const vec *val,
		       const u32 *arg, unsigned nargs)
{
	const struct ir_helper *h = (const struct ir_helper *)(n->b | (u64)n->c << 32);
	u64 g[6] = { 0 };
	v128 x[8] = { { 0 } };
	unsigned ng = 0, nx = 0;
	vec r = { .d = { 0, 0 } };

	BUG_ON(nargs != h->nargs);
	if (h->flags & H_VCPU)
		g[ng++] = (u64)c;
	for (unsigned i = 0; i < nargs; i++) {
		if (is_int(t->node[arg[i]].type)) {
			BUG_ON(ng >= ARRAY_LEN(g));
			g[ng++] = val[arg[i]].d[0];
		} else {
			BUG_ON(nx >= ARRAY_LEN(x));
			x[nx++] = v128_of(val[arg[i]]);
		}
	}
	if (is_int(h->type) || h->type == T_NONE) {
		r.d[0] = ((call_int *)h->fn)(g[0], g[1], g[2], g[3], g[4], g[5],
					     x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7]);
		if (h->type != T_I64)
			r.d[0] = (u32)r.d[0];
	} else {
		r = vec_of(((call_vec *)h->fn)(g[0], g[1], g[2], g[3], g[4], g[5],
					       x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7]));
		if (h->type != T_V128)
			r.d[1] = 0;
		if (h->type == T_F32)
			r.s[1] = 0;
	}
	return r;
}

static u32 flags_op(struct vcpu *c, const struct tr *t, const struct ir_node *n, const vec *val)
{
	unsigned width = ir_width(t->node[n->a].type);
	bool carry;

	switch (n->op) {
	case IR_ADDF:
	case IR_SUBF:
	case IR_ANDF:
		return ir_eval_flags(n->op, width, val[n->a].d[0], val[n->b].d[0], false);
	case IR_ADCF:
	case IR_SBCF:
		carry = val[n->c].s[0] & FLAG_C;
		return ir_eval_flags(n->op, width, val[n->a].d[0], val[n->b].d[0], carry);
	case IR_FCMPF:
		return interp_fcmp(c, t->node[n->a].type, val[n->a].d[0], val[n->b].d[0],
				   n->aux & 1);
	default:
		break;
	}
	if (!ir_eval_cc(n->aux & 15, val[n->a].s[0]))
		return ir_flags_pack(n->aux >> 4);
	width = ir_width(t->node[n->b].type);
	if (n->op == IR_FCCMPF)
		return interp_fcmp(c, t->node[n->b].type, val[n->b].d[0], val[n->c].d[0], false);
	return ir_eval_flags(n->op == IR_CCMPF ? IR_SUBF : IR_ADDF, width, val[n->b].d[0],
			     val[n->c].d[0], false);
}

/* Memory operations.  False: misaligned where that is not allowed. */
static bool memory_op(struct vcpu *c, const struct tr *t, const struct ir_node *n, vec *r, const vec *val)
{
	bool displaced = n->op == IR_LOAD || n->op == IR_STORE;
	gaddr sum = val[n->a].d[0] + (displaced ? (u64)(s64)(s32)n->c : 0);
	gaddr tagged = t->node[n->a].type == T_I32 ? (u32)sum : sum;
	gaddr a = guest_untag(c->guest, tagged);
	void *p = (void *)(a + c->guest_base);

	/* If it faults and the host does not tell; kernels hide a tag only where it makes zeros. */
	c->fault_addr = a & tagged;

	if (n->aux & MEM_ALIGN && guest_misaligned(c->guest, a, 1u << (n->aux & MEM_SIZE))) {
		c->fault_signal = GUEST_SIGBUS;
		c->fault_code = GUEST_BUS_ADRALN;
		return false;
	}
	switch (n->op) {
	case IR_LOAD:
		*r = loaded(load(p, n->aux), n->type, n->aux);
		break;
	case IR_STORE:
		store(p, n->aux, val[n->b]);
		break;
	case IR_CAS:
		*r = atomic_cas(p, n->aux, val[n->b], val[n->c]);
		break;
	default:
		*r = atomic_modify(n->op, p, n->aux, val[n->b].d[0]);
		break;
	}
	return true;
}

static void integer_op(const struct ir_node *n, vec *r, const vec *val)
{
	const struct ir_row *row = &ir_rows[n->op];
	u64 a = val[n->a].d[0];
	u64 b = row->b == K_U || row->b == K_N ? n->b : val[n->b].d[0];
	u64 c = row->c == K_U || row->c == K_N ? n->c : val[n->c].d[0];

	if (!ir_eval(n->op, n->type, n->aux, a, b, c, &r->d[0]))
		die("interp: %s is not implemented", row->name);
}

/* One node other than exits, calls and memory. */
void interp_node(struct vcpu *c, const struct tr *t, u32 i, vec *val)
{
	const struct ir_node *n = &t->node[i];
	unsigned width;
	vec *r = &val[i];

	switch (n->op) {
	case IR_NONE:
	case IR_ARG:
		break;
	case IR_INSN:
		c->pc = n->b | (u64)n->c << 32;
		break;
	case IR_CONST:
	case IR_PC:
		r->d[0] = n->b | (u64)n->c << 32;
		break;
	case IR_CONSTV:
		memcpy(r, &t->pool[n->a], type_size(n->type));
		break;
	case IR_GET:
		memcpy(r, c->state + t->g->slots[n->a].off, type_size(n->type));
		break;
	case IR_PUT:
		memcpy(c->state + t->g->slots[n->a].off, &val[n->b], type_size(n->type));
		break;
	case IR_ADDF: case IR_SUBF: case IR_ADCF: case IR_SBCF: case IR_ANDF:
	case IR_FCMPF: case IR_CCMPF: case IR_CCMNF: case IR_FCCMPF:
		r->s[0] = flags_op(c, t, n, val);
		break;
	case IR_ADC:
	case IR_SBC:
		width = ir_width(n->type);
		r->d[0] = val[n->a].d[0] + (n->op == IR_ADC ? val[n->b].d[0] : ~val[n->b].d[0]) +
			  !!(val[n->c].s[0] & FLAG_C);
		r->d[0] &= ~0ull >> (64 - width);
		break;
	case IR_FLAGS:
		r->s[0] = ir_flags_pack(val[n->a].s[0] & 15);
		break;
	case IR_NZCV:
		r->s[0] = ir_flags_unpack(val[n->a].s[0]);
		break;
	case IR_SETCC:
		r->d[0] = ir_eval_cc(n->aux, val[n->a].s[0]);
		break;
	case IR_SELCC:
		*r = ir_eval_cc(n->aux, val[n->a].s[0]) ? val[n->b] : val[n->c];
		break;
	case IR_FENCE:
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		break;
	default:
		if (n->op >= IR_ADD && n->op <= IR_CRC32)
			integer_op(n, r, val);
		else if (n->op >= IR_FADD && n->op <= IR_FPFLAGSW)
			interp_float(c, t, i, val);
		else if (n->op >= IR_VFADD && n->op <= IR_VFNARROW)
			interp_vector_float(c, t, i, val);
		else
			interp_vector(t, i, val);
		break;
	}
}

enum exit_reason interp_run(struct vcpu *c, const struct tr *t)
{
	vec *val = c->val;
	u32 arg[16];
	unsigned nargs = 0;

	for (u32 i = 1; i < t->n; i++) {
		const struct ir_node *n = &t->node[i];

		val[i].d[0] = val[i].d[1] = 0;
		switch (n->op) {
		case IR_ARG:
			BUG_ON(nargs >= ARRAY_LEN(arg));
			arg[nargs++] = n->a;
			break;
		case IR_CALL:
			val[i] = call_helper(c, t, n, val, arg, nargs);
			nargs = 0;
			break;
		case IR_LOAD: case IR_STORE:
		case IR_CAS: case IR_XCHG: case IR_AADD: case IR_AAND: case IR_AOR:
		case IR_AXOR: case IR_ASMAX: case IR_ASMIN: case IR_AUMAX: case IR_AUMIN:
			if (!memory_op(c, t, n, &val[i], val))
				return EXIT_FAULT;
			break;
		case IR_EXIT:
			c->pc = val[n->a].d[0];
			c->landing = n->c;
			return EXIT_NONE;
		case IR_EXITCC:
			if (!ir_eval_cc(n->aux, val[n->a].s[0]))
				break;
			c->pc = val[n->b].d[0];
			return EXIT_NONE;
		case IR_TRAPCC:
			if (!ir_eval_cc(n->aux, val[n->a].s[0]))
				break;
			c->trap = n->c;
			return (enum exit_reason)n->b;
		case IR_TRAP:
			c->pc = val[n->a].d[0];
			c->trap = n->c;
			return (enum exit_reason)n->b;
		default:
			interp_node(c, t, i, val);
			break;
		}
	}
	die("interp: translation of %#llx has no exit", (unsigned long long)t->start);
}
