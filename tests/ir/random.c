/*
 * Random programs over all rows of ir.def without memory and exits: the interpreter runs the
 * unfolded form, the engine under test the folded one, and the states must agree.
 *
 * Programs of one operation also compare the exceptions raised; longer ones do not, since folding
 * and dead-code elimination may drop an operation whose result nothing uses.  Underflow is left
 * out: hosts may see tininess after rounding.
 */
#include <stdio.h>

#include "base/log.h"
#include "tests/ir/test.h"
#include "translator/eval.h"
#include "translator/interp.h"
#include "translator/translator.h"

enum { MAX_VALUES = 64, LONGEST = 24 };

static u64 program_seed, seed;
static bool fold;
static unsigned length;
static enum ir_op only;

static u64 draw(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed * 0x2545f4914f6cdd1dull;
}

static u32 pick(u32 n)
{
	return (u32)((draw() >> 33) % n);
}

/* 64 bits that are interesting as integers, as floats and in lanes. */
static u64 random_bits(void)
{
	static const u64 edge[] = {
		0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000,
		0xffffffff, ~0ull, 1ull << 63, 0x7fffffffffffffff, 0x3ff0000000000000,
		0xbff8000000000000, 0x7ff0000000000000, 0xfff0000000000000, 0x7ff8000000000001,
		0x7ff0000000000001, 0xfff8000000000002, 0x8000000000000000, 0x000fffffffffffff,
		0x0010000000000000, 0x7fefffffffffffff, 0x41dfffffffc00000, 0x43e0000000000000,
		0x3f8000003fc00000, 0xbf80000000000000, 0x7f8000007fc00001, 0x7f800001ff800000,
		0x0080000080000000, 0x7f7fffff00000001, 0x4f0000004f800000, 0x5f0000005f800000,
	};

	switch (pick(4)) {
	case 0: return edge[pick(ARRAY_LEN(edge))];
	case 1: return edge[pick(ARRAY_LEN(edge))] * (draw() & 1 ? 0x100000001 : 1);
	case 2: return 0x3ff0000000000000 + ((u64)pick(128) << 52) - (64ull << 52) + (draw() >> 12);
	default: return draw();
	}
}

/* --- choosing an operation and its operands --- */

static bool usable(unsigned op)
{
	return (op >= IR_ADD && op <= IR_SELCC) || (op >= IR_FADD && op <= IR_F2IBITS) ||
	       (op >= IR_V2F && op < IR_COUNT);
}

static enum ir_type choose_type(enum ir_op op)
{
	static const enum ir_type any[] = { T_I32, T_I64, T_F32, T_F64, T_V64, T_V128 };

	switch (ir_rows[op].res) {
	case K_W: return T_I32;
	case K_L: return T_I64;
	case K_F: return T_FLAGS;
	case K_Q: return T_V128;
	case K_V: return T_V64;
	case K_S: return pick(2) ? T_F32 : T_F64;
	default: break;
	}
	if (op == IR_SELCC)
		return any[pick(ARRAY_LEN(any))];
	if (op == IR_FBOX || op == IR_FUNBOX)
		return op == IR_FBOX ? T_F64 : T_F32;
	if (op == IR_MULHU || op == IR_MULHS)
		return T_I64;
	if ((op >= IR_FADD && op <= IR_I2F) || op == IR_I2FBITS || op == IR_V2F)
		return pick(2) ? T_F32 : T_F64;
	if ((op >= IR_VDUP && op <= IR_VDUPL) || (op >= IR_VADD && op <= IR_VF2I))
		return pick(2) ? T_V64 : T_V128;
	return pick(2) ? T_I32 : T_I64;
}

static unsigned choose_aux(enum ir_op op, enum ir_type type)
{
	unsigned max = 3, own = 0;

	switch (ir_rows[op].aux) {
	case AUX_CC: return pick(CC_AL + 1);
	case AUX_RND: return pick(RND_CURRENT + 1) | (pick(2) ? 0x80 : 0);
	case AUX_E:
		if (op == IR_VNARROW || op == IR_VWIDENU || op == IR_VWIDENS || op == IR_VREV)
			max = 2;
		if (op >= IR_VGET && op <= IR_VGETS && type == T_I32)
			max = 2;
		if ((op == IR_VPADD || op == IR_VFPADD) && type == T_V64)
			max = 2;
		if (op == IR_VFWIDEN || op == IR_VFNARROW)
			return 1 + pick(2);
		return op >= IR_VFADD && op <= IR_VFNARROW ? 2 + pick(max - 1) : pick(max + 1);
	default: break;
	}
	if (ir_rounds(op) && pick(4) == 0)
		own = FP_STATIC(pick(RND_AWAY + 1));
	switch (op) {
	case IR_FADD: case IR_FSUB: case IR_FMUL: case IR_FDIV: case IR_FSQRT: case IR_FCVT: return own;
	case IR_FMA: return own | pick(4);
	case IR_FBOX: return pick(2);
	case IR_FUNBOX: return pick(4);
	case IR_LEA: return pick(4);
	case IR_CRC32: return pick(8);
	case IR_SHA1R: return pick(3);
	case IR_I2F: return own | pick(2);
	case IR_FCMPF: return pick(2);
	case IR_FCVTH: return type == T_F32 && pick(2) ? own | 1 : pick(2) ? own : 2;
	case IR_CCMPF: case IR_CCMNF: case IR_FCCMPF: return pick(CC_AL + 1) | pick(16) << 4;
	default: return 0;
	}
}

struct choice {
	enum ir_op op;
	enum ir_type type;
	unsigned aux;
	enum ir_type operand[3];  /* T_NONE: immediate or none */
	u32 imm[3];
};

static void choose_operand_types(struct choice *c)
{
	const u8 kinds[3] = { ir_rows[c->op].a, ir_rows[c->op].b, ir_rows[c->op].c };
	enum ir_type i = pick(2) ? T_I32 : T_I64, s = pick(2) ? T_F32 : T_F64,
		     v = pick(2) ? T_V64 : T_V128;

	if (c->op == IR_FCVT)
		s = c->type == T_F32 ? T_F64 : T_F32;
	if (c->op == IR_FBOX || c->op == IR_FUNBOX)
		s = c->op == IR_FBOX ? T_F32 : T_F64;
	if (c->op == IR_FCVTH && !(c->aux & 1))
		s = T_F32;
	if (c->op == IR_F2IBITS)
		s = c->type == T_I32 ? T_F32 : T_F64;
	if (c->op == IR_I2FBITS)
		i = c->type == T_F32 ? T_I32 : T_I64;
	if (c->op == IR_CRC32 && (c->aux & 3) == 3)
		i = T_I64;
	if ((c->op == IR_VDUP || c->op == IR_VSET) && c->aux == 3)
		i = T_I64;
	for (unsigned k = 0; k < 3; k++) {
		switch (kinds[k]) {
		case K_T: c->operand[k] = c->type; break;
		case K_W: c->operand[k] = T_I32; break;
		case K_L: c->operand[k] = T_I64; break;
		case K_I: c->operand[k] = i; break;
		case K_F: c->operand[k] = T_FLAGS; break;
		case K_S: c->operand[k] = s; break;
		case K_V: c->operand[k] = v; break;
		case K_Q: c->operand[k] = T_V128; break;
		default: c->operand[k] = T_NONE; break;
		}
	}
}

static void choose_immediates(struct choice *c)
{
	static const u8 ext[] = { 8, 16, 32 };
	unsigned w = ir_width(c->type), bits = 8u << (c->aux & 3), lanes = 16u >> (c->aux & 3), lo,
		 len;
	bool whole = c->operand[0] == T_V128;
	u32 b = 0, x = 0;

	switch (c->op) {
	case IR_EXTR: x = pick(w); break;
	case IR_ZEXT:
	case IR_SEXT: b = ext[pick(3)]; break;
	case IR_UBFX:
	case IR_SBFX: b = pick(w); x = 1 + pick(w - b); break;
	case IR_BFI:
		lo = pick(w);
		len = 1 + pick(w - lo);
		x = len << 8 | lo;
		break;
	case IR_LEA: x = (u32)random_bits(); break;
	case IR_I2F:
	case IR_F2I:
		b = pick(2) ? 0 : pick(ir_width(c->op == IR_I2F ? c->operand[0] : c->type) + 1);
		break;
	case IR_VDUPL: case IR_VGET: case IR_VGETS: b = pick(lanes); break;
	case IR_VSET: x = pick(lanes); break;
	case IR_VSETL: x = pick(lanes) | pick(lanes) << 4; break;
	case IR_VSHLI: b = pick(bits); break;
	case IR_VSHRI:
	case IR_VSARI: b = pick(bits + 1); break;
	case IR_VWIDENU: case IR_VWIDENS: b = whole ? pick(2) : 0; break;
	case IR_VFWIDEN: b = (whole ? pick(2) : 0) | pick(2) << 1; break;
	case IR_VMULLU:
	case IR_VMULLS: x = whole ? pick(2) : 0; break;
	case IR_VREV: b = c->aux + 1 + pick(3 - c->aux); break;
	case IR_VEXT: x = pick(16); break;
	case IR_CLMUL: x = pick(2) | pick(2) << 4; break;
	case IR_VFRINT: b = pick(RND_CURRENT + 1); break;
	case IR_VI2F: b = pick(2) | (pick(2) ? 0 : pick(bits + 1) << 1); break;
	case IR_VF2I:
		b = pick(RND_CURRENT + 1) | pick(2) << 7 | (pick(2) ? 0 : pick(bits + 1) << 8);
		break;
	default: break;
	}
	c->imm[1] = b;
	c->imm[2] = x;
}

/* What VSHUF selects: at random, and in the patterns for which hosts have instructions. */
static vec random_selector(void)
{
	vec v, x = { .d = { draw() & 0x9f9f9f9f9f9f9f9full, draw() & 0x1f1f1f1f1f1f1f1full } };
	unsigned how = pick(8), size = 1u << pick(4), swap = 16 * pick(2), n = pick(32);

	for (unsigned k = 0; k < 16; k++) {
		unsigned run = k / size;

		switch (how) {
		case 0: v.b[k] = x.b[k]; break;
		case 1: v.b[k] = (u8)(((run & 1) * 16 + run / 2 * size + k % size) ^ swap); break;
		case 2:
			v.b[k] = (u8)((8 + (run & 1) * 16 + run / 2 * size + k % size) ^ swap);
			break;
		case 3: v.b[k] = (u8)((k + n) & 31); break;
		case 4: v.b[k] = (u8)(k | (x.b[run] & 16)); break;
		case 5: v.b[k] = (u8)((x.b[run] % (32 / size) * size) + k % size); break;
		case 6:
			v.b[k] = (u8)((x.b[run] % (16 / size) * size + k % size) |
				      (k < 8 ? swap : 16 - swap));
			break;
		default: v.b[k] = x.b[k] & 0x80 ? 0x80 : (u8)((x.b[k] & 15) | swap); break;
		}
		if (v.b[k] & 0x80)
			v.b[k] = 0x80;
	}
	return v;
}

/* --- building --- */

struct values {
	ref v[T_COUNT][MAX_VALUES];
	u32 n[T_COUNT];
};

static void add_value(struct values *all, enum ir_type type, ref r)
{
	if (all->n[type] < MAX_VALUES)
		all->v[type][all->n[type]++] = r;
}

static ref operand(struct tr *t, struct values *all, enum ir_type type)
{
	vec v;

	if (pick(4) == 0) {
		v.d[0] = random_bits();
		v.d[1] = random_bits();
		if (type == T_I32 || type == T_I64)
			return ir_const(t, type, v.d[0]);
		if (type != T_FLAGS)
			return ir_constv(t, type, v);
	}
	/* Rather late ones: chains of operations find more than single ones. */
	if (pick(2))
		return all->v[type][all->n[type] - 1 - pick(MIN(3u, all->n[type]))];
	return all->v[type][pick(all->n[type])];
}

static void put_result(struct tr *t, enum ir_type type, ref r)
{
	static const u8 slot[T_COUNT] = {
		[T_I32] = S_R_I32, [T_I64] = S_R_I64, [T_F32] = S_R_F32, [T_F64] = S_R_F64,
		[T_V64] = S_R_V64, [T_V128] = S_R_V128, [T_FLAGS] = S_R_FLAGS,
	};

	ir_put(t, slot[type], r);
}

static int translate_program(struct tr *t)
{
	struct values all = { .n = { 0 } };

	seed = program_seed;
	for (unsigned k = 0; k < 4; k++) {
		add_value(&all, T_I64, ir_get(t, S_I0 + k, T_I64));
		add_value(&all, T_I32, ir_get(t, S_I0 + k, T_I32));
		add_value(&all, T_V128, ir_get(t, S_V0 + k, T_V128));
		add_value(&all, T_V64, ir_get(t, S_V0 + k, T_V64));
		add_value(&all, T_F64, ir_get(t, S_V0 + k, T_F64));
		add_value(&all, T_F32, ir_get(t, S_V0 + k, T_F32));
		if (k < 3)
			add_value(&all, T_FLAGS, ir_get(t, S_FL0 + k, T_FLAGS));
	}
	for (unsigned k = 0; k < length; k++) {
		struct choice c = { .op = only };
		u32 x[3];
		ref r;

		while (!usable(c.op))
			c.op = (enum ir_op)pick(IR_COUNT);
		c.type = choose_type(c.op);
		c.aux = choose_aux(c.op, c.type);
		choose_operand_types(&c);
		choose_immediates(&c);
		for (unsigned j = 0; j < 3; j++)
			x[j] = c.operand[j] == T_NONE ? c.imm[j] : operand(t, &all, c.operand[j]);
		if (c.op == IR_VSHUF)
			x[2] = t->node[ir_constv(t, T_V128, random_selector())].a;
		/* a round's two steps, which a host may join */
		if ((c.op == IR_AESMC || c.op == IR_AESIMC) && pick(2))
			x[0] = (fold ? ir_emit : ir_raw)(
				t, c.op == IR_AESMC ? IR_AESENC : IR_AESDEC, T_V128, 0, x[0], 0, 0);
		r = (fold ? ir_emit : ir_raw)(t, c.op, c.type, c.aux, x[0], x[1], x[2]);
		add_value(&all, c.type, r);
		put_result(t, c.type, r);
		if (pick(4) == 0)
			ir_put(t, S_V0 + pick(4), all.v[T_V128][all.n[T_V128] - 1]);
		if (pick(4) == 0)
			ir_put(t, S_I0 + pick(4), all.v[T_I64][all.n[T_I64] - 1]);
	}
	return test_end(t, 0);
}

/* --- comparing --- */

static void random_state(struct test_state *s)
{
	static const u32 flag[] = { FLAG_N, FLAG_Z, FLAG_C, FLAG_V };

	memset(s, 0, sizeof *s);
	for (unsigned k = 0; k < 4; k++) {
		s->i[k] = random_bits();
		s->v[k].d[0] = random_bits();
		s->v[k].d[1] = random_bits();
	}
	for (unsigned k = 0; k < 3; k++)
		for (unsigned j = 0; j < 4; j++)
			s->fl[k] |= pick(2) ? flag[j] : 0;
	for (unsigned k = 0; k < 3; k++)
		s->fl[k] |= FLAG_JUNK;
}

static void show(const struct test_state *a, const struct test_state *b, u32 exc_a, u32 exc_b)
{
	fflush(stdout);
	ir_print(test_cpu->tr, log_printf);
	for (unsigned k = 0; k < SLOTS; k++) {
		const struct slot *s = &the_guest.slots[k];
		const u8 *pa = (const u8 *)a + s->off, *pb = (const u8 *)b + s->off;
		unsigned n = ir_width(s->type) / 8;

		if (!memcmp(pa, pb, n))
			continue;
		printf("  %s: interpreter ", s->name);
		for (unsigned j = n; j-- > 0;)
			printf("%02x", pa[j]);
		printf(", engine ");
		for (unsigned j = n; j-- > 0;)
			printf("%02x", pb[j]);
		printf("\n");
	}
	if (exc_a != exc_b)
		printf("  exceptions: interpreter %#x, engine %#x\n", exc_a, exc_b);
}

static void one_program(unsigned *shown)
{
	struct test_state *st = test_state(test_cpu), in, plain;
	u32 fpctl, exc_plain, exc, mask;
	bool same;

	seed = test_random();
	random_state(&in);
	fpctl = pick(4) ? 0 : pick(4) ? pick(64) : pick(FPCTL_ALL + 1);
	mask = test_exceptions_owed(fpctl);
	/* the host's unit detects tininess after rounding */
	if (!(fpctl & FPCTL_TINY_AFTER))
		mask &= ~(u32)FPEXC_UNDERFLOW;
	program_seed = draw();
	test_translate = translate_program;

	*st = in;
	translator_set_fpctl(test_cpu, fpctl);
	translator_set_fpflags(test_cpu, 0);
	fold = true;
	test_run();
	test_clean_flags(st);
	plain = *st;  /* for now the engine's */
	exc = translator_fpflags(test_cpu) & mask;

	*st = in;
	translator_set_fpctl(test_cpu, fpctl);
	translator_set_fpflags(test_cpu, 0);
	fold = false;
	ir_begin(test_cpu->tr, &the_guest, 0);
	ir_insn(test_cpu->tr, 0);
	translate_program(test_cpu->tr);
	ir_verify(test_cpu->tr, "building at random");
	interp_run(test_cpu, test_cpu->tr);
	test_clean_flags(st);
	exc_plain = translator_fpflags(test_cpu) & mask;

	same = !memcmp(st, &plain, sizeof plain) && exc == exc_plain;
	result(same, "random program (%s, fpctl %#x) differs", only ? ir_rows[only].name : "mixed",
	       fpctl);
	if (!same && (*shown)++ < 8)
		show(st, &plain, exc_plain, exc);
}

void test_random_rows(const char *first, const char *last, unsigned rounds)
{
	bool in = false;

	length = 1;
	for (unsigned op = 1; op < IR_COUNT; op++) {
		unsigned shown = 0;

		in |= !strcmp(ir_rows[op].name, first);
		only = (enum ir_op)op;
		for (unsigned n = 0; in && usable(op) && n < rounds; n++)
			one_program(&shown);
		in &= !!strcmp(ir_rows[op].name, last);
	}
	only = IR_NONE;
}

/* Each row alone, then mixtures. */
void test_random_programs(unsigned rounds)
{
	unsigned shown = 0;

	length = 1;
	for (unsigned op = 1; op < IR_COUNT; op++) {
		only = (enum ir_op)op;
		for (unsigned n = 0; usable(op) && n < rounds / 20; n++)
			one_program(&shown);
	}
	only = IR_NONE;
	for (unsigned n = 0; n < rounds; n++) {
		length = 1 + n % LONGEST;
		one_program(&shown);
	}
}
