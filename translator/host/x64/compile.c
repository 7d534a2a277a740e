/* The compiler's table of contents: prepare, walk the nodes, emit what lies out of line. */
#include <cpuid.h>

#include "base/host.h"
#include "base/host_nr.h"
#include "base/log.h"
#include "base/space.h"
#include "translator/disas.h"
#include "translator/host/x64/gen.h"
#include "translator/interp_parts.h"

struct x64_features x64;

enum { ARCH_SET_GS = 0x1001 };
enum { HIDE_AVX512 = 1, HIDE_AVX = 2, HIDE_BMI = 4, HIDE_FMA = 8, HIDE_AES = 16, HIDE_SHA = 32 };

const struct host_item host_features[] = {
	{ "avx512", HIDE_AVX512 },
	{ "avx", HIDE_AVX | HIDE_AVX512 | HIDE_FMA },
	{ "bmi", HIDE_BMI },
	{ "fma", HIDE_FMA },
	{ "aes", HIDE_AES },
	{ "sha", HIDE_SHA },
	{ "all", ~0u },   /* x86-64-v2: what every host of ours has */
	{ NULL, 0 },
};

const struct host_item host_optimisations[] = {
	{ "fuse", OPT_FUSE },
	{ "early", OPT_EARLY },
	{ "fold", OPT_FOLD },
	{ "flags", OPT_FLAGS },
	{ "carry", OPT_CARRY },
	{ "alone", OPT_ALONE },
	{ "all", ~0u },
	{ NULL, 0 },
};
u32 x64_off;

static u64 xgetbv(void)
{
	u32 lo, hi;

	__asm__("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
	return lo | (u64)hi << 32;
}

void host_init(u32 hide, u32 off)
{
	u32 a, b, c, d, b7 = 0, c7 = 0, d7;
	bool ymm, zmm;

	x64_off = off;
	gen_init();
	/* Each leaf costs microseconds where a hypervisor answers. */
	__cpuid(1, a, b, c, d);
	if (!(c & 1 << 20) || !(c & 1 << 23))
		fail(EXIT_NOT_RUNNABLE,
		     "this processor lacks SSE4.2 or POPCNT (x86-64-v2 is needed)");
	__cpuid_count(7, 0, a, b7, c7, d7);
	ymm = (c & 1 << 27) && (xgetbv() & 6) == 6;
	zmm = ymm && (xgetbv() & 0xe0) == 0xe0;
	x64.popcnt = true;
	x64.avx = ymm && (c & 1 << 28) && (b7 & 1 << 5) && !(hide & HIDE_AVX);
	x64.avx2 = x64.avx;
	x64.fma = x64.avx && (c & 1 << 12) && !(hide & HIDE_FMA);
	x64.f16c = x64.avx && (c & 1 << 29);
	x64.bmi1 = (b7 & 1 << 3) && !(hide & HIDE_BMI);
	x64.bmi2 = (b7 & 1 << 8) && !(hide & HIDE_BMI);
	x64.lzcnt = x64.bmi2;   /* no processor has one without the other */
	x64.aes = (c & 1 << 25) && !(hide & HIDE_AES);
	x64.pclmul = (c & 1 << 1) && !(hide & HIDE_AES);
	x64.sha = (b7 & 1 << 29) && !(hide & HIDE_SHA);
	/* F, DQ, CD, BW, VL together: the level of every processor that has 128-bit forms at all */
	x64.avx512 = x64.avx && zmm && (b7 & 1 << 16) && (b7 & 1 << 17) && (b7 & 1 << 28) &&
		     (b7 & 1 << 30) && (b7 & 1u << 31) && !(hide & HIDE_AVX512);
	x64.vbmi = x64.avx512 && (c7 & 1 << 1);
	x64.bitalg = x64.avx512 && (c7 & 1 << 12);
	x64.gfni = x64.avx && (c7 & 1 << 8);
	/* Code reaches guest memory through gs then; threads and processes inherit it. */
	if (guest_base)
		host_syscall2(HOST_NR_arch_prctl, ARCH_SET_GS, guest_base);
}

/* The low bytes of v that a value of this type has; the rest zero. */
static vec only(enum ir_type type, vec v)
{
	if (type != T_V128)
		v.d[1] = 0;
	if (type == T_I32 || type == T_F32 || type == T_FLAGS)
		v.d[0] = v.s[0];
	return v;
}

/*
 * An operation that has no lowering of its own, by the interpreter's code: slow, and right.  head
 * is the node's op, type and aux; types those of its operands, one byte each, 0 where the field is
 * an immediate.
 */
static void by_interpreter(struct vcpu *c, u64 head, u64 imm, u64 types)
{
	struct tr *t = c->tr;
	struct ir_node *n = &t->node[4];
	u32 field[3] = { 0, imm, imm >> 32 };

	for (int k = 0; k < 3; k++) {
		u8 type = types >> 8 * k;

		t->node[1 + k].type = type;
		c->val[1 + k] = only(type, c->arg[k]);
		if (type)
			field[k] = 1 + k;
	}
	*n = (struct ir_node){ head & 0xffff, head >> 16 & 255, head >> 24 & 255, field[0], field[1], field[2] };
	c->val[4] = (vec){ 0 };
	interp_node(c, t, 4, c->val);
	c->arg[3] = c->val[4];
}

static void lower_by_interpreter(struct gen *g, const struct ir_node *n)
{
	const struct ir_row *row = &ir_rows[n->op];
	u8 kind[3] = { row->a, row->b, row->c };
	u32 raw[3] = { n->a, n->b, n->c };
	u64 head = n->op | (u64)n->type << 16 | (u64)n->aux << 24, types = 0;

	for (int k = 0; k < 3; k++) {
		struct mem m = vcpu_mem(offsetof(struct vcpu, arg) + k * sizeof(vec));

		BUG_ON(kind[k] == K_P || kind[k] == K_F);
		if (kind[k] == K_N || kind[k] == K_U)
			continue;
		types |= (u64)g->t->node[raw[k]].type << 8 * k;
		if (g->v[real(g, raw[k])].kind == V_XMM)
			store_xmm(g, use_xmm(g, raw[k]), m);
		else
			store_r(&g->e, 1, use_gpr(g, raw[k]), m);
	}
	call_with_vcpu(g, (void *)by_interpreter, 3,
		       (const u64[]){ head, n->b | (u64)n->c << 32, types });
	if (n->type == T_NONE)
		return;
	if (g->v[g->i].kind == V_XMM)
		load_xmm(g, T_V128, def_xmm(g),
			 vcpu_mem(offsetof(struct vcpu, arg) + 3 * sizeof(vec)));
	else
		load_r(&g->e, 1, def_gpr(g),
		       vcpu_mem(offsetof(struct vcpu, arg) + 3 * sizeof(vec)));
}

static void lower_get(struct gen *g, const struct ir_node *n)
{
	unsigned slot = n->a;

	save_owner(g, slot);
	g->v[g->i].home = slot;
	g->home_owner[slot] = g->i;
}

static void lower(struct gen *g, const struct ir_node *n)
{
	bool done;

	/* ir.def is ordered by family */
	if (n->op == IR_PUT) {
		put_slot(g, n->a, put_value(g, g->i));
		return;
	}
	if (n->op == IR_LABEL) {
		lower_label(g, n);
		return;
	}
	if (n->op == IR_CALL)
		done = lower_call(g, n);
	else if (n->op < IR_LOAD)
		done = lower_int(g, n) || lower_flags(g, n);
	else if (n->op < IR_EXIT)
		done = lower_mem(g, n);
	else if (n->op < IR_FADD)
		done = lower_exit(g, n);
	else
		done = lower_fp(g, n) || lower_vec(g, n) || lower_flags(g, n);
	if (!done)
		lower_by_interpreter(g, n);
}

/* Nodes that say something and emit nothing; true if n is one. */
static bool note(struct gen *g, const struct ir_node *n)
{
	switch (n->op) {
	case IR_NONE: case IR_ARG: case IR_CONST: case IR_PC: case IR_CONSTV:
		return true;
	case IR_INSN:
		g->insn_pc = n->b | (u64)n->c << 32;
		return true;
	case IR_GET:
		if (g->v[g->i].next != NEVER)
			lower_get(g, n);
		return true;
	}
	return g->folded[g->i] || (g->alias[g->i] && n->op != IR_PUT) ||
	       (ir_rows[n->op].effect == E_NONE && g->v[g->i].next == NEVER && !g->v[g->i].flags);
}

static void reset(struct gen *g, struct tr *t, u8 *w, u64 x, u32 room, struct host_out *out)
{
	memset(g->gpr, 0, sizeof g->gpr);
	memset(g->xmm, 0, sizeof g->xmm);
	memset(g->slot_dirty, 0, sizeof g->slot_dirty);
	memset(g->slot_val, 0, sizeof g->slot_val);
	memset(g->home_owner, 0, sizeof g->home_owner);
	memset(g->dirty_mask, 0, sizeof g->dirty_mask);
	memset(g->mapped_mask, 0, sizeof g->mapped_mask);
	memset(g->map_loc, 0, sizeof g->map_loc);
	g->e = (struct code){ w, w + room, (s64)(x - (u64)w), &g->refs };
	g->nconsts = g->refs.n = 0;
	g->t = t;
	g->g = t->g;
	g->out = out;
	g->start = w;
	g->pin_gpr = g->pin_xmm = 0;
	g->spill_used = 0;
	g->flags = 0;
	g->nstubs = g->nstub_slots = 0;
	g->map_code = g->map_pc = 0;
	g->wanted_gpr = g->wanted_xmm = 0;
	g->ncarried = g->nedges = g->nfixes = 0;
	memset(g->label_code, 0, t->nlabels * sizeof *g->label_code);
	g->overflow = g->new_mode = false;
	g->fused.n = 0;
	g->insn_pc = t->start;
	out->nexits = out->map_len = out->ncalls = out->nrelocs = 0;
}

/* Out of line, the block becomes a region. */
static void count_entry(struct gen *g)
{
	struct stub *s = new_stub(g, STUB_HOT);

	alu_at(&g->e, ALU_SUB, g->out->counter, 1);
	relocate(g, HR_COUNTER, 5);
	s->from[0] = jcc_long(&g->e, X_S);
}

bool host_compile(struct tr *t, u8 *w, u64 x, u32 room, struct host_out *out)
{
	static struct gen gen;   /* under the translator's lock */
	struct gen *g = &gen;
	u32 code_size;

	reset(g, t, w, x, room, out);
	gen_prepare(g);
	if (t->nlabels)
		enter_region(g);
	else if (out->counter)
		count_entry(g);
	out->body = g->e.w - g->start;
	for (g->i = 1; g->i < t->n; g->i++) {
		const struct ir_node *n = &t->node[g->i];

		if (note(g, n))
			continue;
		if (!gen_room(g, 4096))
			return false;
		if (n->op != IR_LOAD)
			begin_put(g);
		lower(g, n);
		end_put(g);
		end_node(g);
	}
	finish_labels(g);
	lower_stubs(g);
	code_size = g->e.w - g->start;
	place_consts(g);
	if (g->overflow)
		return false;
	out->size = g->e.w - g->start;
	if (log_on(LOG_OUT_ASM)) {
		log_printf("OUT: 0x%llx: %u bytes at 0x%llx\n", (unsigned long long)t->start,
			   out->size, (unsigned long long)x);
		disas_log_host(w, code_size);
	}
	return true;
}

void host_patch(u8 *w, u64 x, u64 target)
{
	__atomic_store_n((u32 *)(void *)w, (u32)(target - (x + 4)), __ATOMIC_RELEASE);
}

bool host_move(u8 *w, u64 x, const u32 *reloc, u32 nrelocs, const struct host_move *m)
{
	for (u32 k = 0; k < nrelocs; k++) {
		u8 *at = w + (reloc[k] >> 3);
		u64 wide;
		u32 v;

		memcpy(&v, at, 4);
		switch (reloc[k] & 7) {
		case HR_PC32:
			if (v + m->pc > 0xffffffff)
				return false;
			v += m->pc;
			break;
		case HR_PC64:
			memcpy(&wide, at, 8);
			wide += m->pc;
			memcpy(at, &wide, 8);
			continue;
		case HR_HOST:
			v -= m->x;
			break;
		case HR_EXIT:
			v += m->exit;
			break;
		case HR_BLOCK:
			v += m->block;
			break;
		case HR_COUNTER:
			v += sizeof(s32) * m->block - m->x;
			break;
		case HR_FALLBACK:
			v = m->fallback - (x + (reloc[k] >> 3) + 4);
			break;
		}
		memcpy(at, &v, 4);
	}
	return true;
}

u64 host_features_used(void)
{
	u64 bits = 0;

	_Static_assert(sizeof x64 <= 64 && sizeof(bool) == 1, "one bit for each feature");
	for (unsigned k = 0; k < sizeof x64; k++)
		bits |= (u64)((const u8 *)&x64)[k] << k;
	return bits;
}
