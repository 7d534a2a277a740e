/*
 * Folding is right if it cannot be seen: random programs of integer operations, thick with
 * constants and extensions, must leave the same state whether they are built with or without it.
 *
 * The unfolded form runs on the interpreter, the folded one on the engine under test; so with "jit"
 * this is a random test of the backend's integer operations and allocator, too.
 */
#include "tests/ir/test.h"
#include "translator/eval.h"
#include "translator/interp.h"
#include "translator/translator.h"

enum { LENGTH = 40 };

static u64 program_seed, seed;
static bool fold;

static u32 pick(u32 n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (u32)((seed * 0x2545f4914f6cdd1dull >> 33) % n);
}

static u64 constant(void)
{
	static const u64 edge[] = {
		0, 1, 2, 3, 8, 16, 31, 32, 63, 64, 0xff, 0xffff, 0x7fffffff, 0x80000000,
		0xffffffff, 0x100000000, 0x7fffffffffffffff, 0x8000000000000000, ~0ull, ~0ull - 1,
		0x0f0f0f0f0f0f0f0f,
	};

	return edge[pick(ARRAY_LEN(edge))];
}

static ref emit(struct tr *t, enum ir_op op, enum ir_type type, unsigned aux, u32 a, u32 b, u32 c)
{
	return (fold ? ir_emit : ir_raw)(t, op, type, aux, a, b, c);
}

/* Values so far, by type. */
struct values {
	ref v[LENGTH + 8];
	u32 n;
};

static ref value(struct tr *t, struct values *from, enum ir_type type)
{
	if (pick(3) == 0)
		return ir_const(t, type, constant());
	if (pick(2))  /* late ones make chains, which is what folds */
		return from->v[from->n - 1 - pick(MIN(3u, from->n))];
	return from->v[pick(from->n)];
}

static ref random_node(struct tr *t, struct values *i32, struct values *i64)
{
	enum ir_type type = pick(2) ? T_I64 : T_I32, other = pick(2) ? T_I64 : T_I32;
	struct values *own = type == T_I64 ? i64 : i32, *others = other == T_I64 ? i64 : i32;
	unsigned w = ir_width(type), lo = pick(w), len = 1 + pick(w - lo);
	static const u8 ext[] = { 8, 16, 32 };
	enum ir_op op = IR_ADD + pick(IR_CRC32 - IR_ADD + 1);
	ref a = value(t, own, type), f;

	static const enum ir_op extension[] = { IR_ZEXT, IR_SEXT, IR_TRUNC, IR_UBFX, IR_AND };

	switch (pick(6)) {
	case 1:
		op = extension[pick(ARRAY_LEN(extension))];
		break;
	case 0:
		op = IR_ADDF + pick(2);
		f = emit(t, op, T_FLAGS, 0, a, value(t, own, type), 0);
		if (pick(2))
			return emit(t, IR_SELCC, type, pick(15), f, a, value(t, own, type));
		return emit(t, pick(2) ? IR_ADC : IR_SBC, type, 0, a, value(t, own, type), f);
	default:
		break;
	}
	switch (op) {
	case IR_MULHU:
	case IR_MULHS: return emit(t, op, T_I64, 0, value(t, i64, T_I64), value(t, i64, T_I64), 0);
	case IR_NOT: case IR_NEG: case IR_CLZ: case IR_CTZ:
	case IR_POPCNT: case IR_BSWAP: case IR_RBIT: return emit(t, op, type, 0, a, 0, 0);
	case IR_SHL: case IR_SHR: case IR_SAR: case IR_ROR:
		return emit(t, op, type, 0, a, value(t, others, other), 0);
	case IR_EXTR: return emit(t, op, type, 0, a, value(t, own, type), pick(w));
	case IR_ZEXT:
	case IR_SEXT: return emit(t, op, type, 0, value(t, others, other), ext[pick(3)], 0);
	case IR_TRUNC: return emit(t, op, T_I32, 0, value(t, i64, T_I64), 0, 0);
	case IR_UBFX:
	case IR_SBFX: return emit(t, op, type, 0, a, lo, len);
	case IR_BFI: return emit(t, op, type, 0, a, value(t, own, type), len << 8 | lo);
	case IR_LEA:
		return emit(t, op, type, pick(4), a, value(t, own, type), (u32)constant());
	case IR_CRC32:
		return emit(t, op, T_I32, pick(3) | (pick(2) ? 4 : 0), value(t, i32, T_I32),
			    value(t, others, other), 0);
	default: return emit(t, op, type, 0, a, value(t, own, type), 0);
	}
}

static int translate_program(struct tr *t)
{
	struct values i32 = { .n = 0 }, i64 = { .n = 0 };

	seed = program_seed;
	for (unsigned k = 0; k < 4; k++) {
		i64.v[i64.n++] = ir_get(t, S_I0 + k, T_I64);
		i32.v[i32.n++] = emit(t, IR_TRUNC, T_I32, 0, i64.v[k], 0, 0);
	}
	for (unsigned k = 0; k < LENGTH; k++) {
		ref r = random_node(t, &i32, &i64);
		struct values *to = ir_type_of(t, r) == T_I64 ? &i64 : &i32;

		to->v[to->n++] = r;
		if (pick(6) == 0)
			ir_put(t, S_I0 + pick(4), i64.v[pick(i64.n)]);
	}
	for (unsigned k = 0; k < 4; k++)
		ir_put(t, S_I0 + k, i64.v[i64.n - 1 - k]);
	ir_put(t, S_R_I32, i32.v[i32.n - 1]);
	return test_end(t, 0);
}

static ref boxed(struct tr *t, unsigned half, ref a)
{
	return irx(t, IR_FBOX, T_F64, half, a, 0, 0);
}

static ref unboxed(struct tr *t, unsigned aux, ref a)
{
	return irx(t, IR_FUNBOX, T_F32, aux, a, 0, 0);
}

/* What frontends rely on to be folded, for speed. */
static void test_folds(void)
{
	struct tr *t = test_cpu->tr;
	ref x, y, pc;

	ir_begin(t, &the_guest, 0);
	ir_insn(t, 0);
	pc = ir_pc(t, 0x12345000);
	result(ir2(t, IR_ADD, T_I64, pc, ir_const(t, T_I64, 0x678)) == ir_pc(t, 0x12345678) &&
		       ir2(t, IR_ADD, T_I64, ir_const(t, T_I64, 0x678), pc) == ir_pc(t, 0x12345678) &&
		       ir2(t, IR_SUB, T_I64, pc, ir_const(t, T_I64, 1)) == ir_pc(t, 0x12344fff),
	       "a known address and a constant are a known address");
	x = ir_get(t, S_V0, T_F32);
	y = ir_get(t, S_V0 + 1, T_F64);
	result(unboxed(t, 0, boxed(t, 0, x)) == x && unboxed(t, 2, boxed(t, 0, x)) == x &&
		       unboxed(t, 1, boxed(t, 1, x)) == x && unboxed(t, 3, boxed(t, 1, x)) == x,
	       "what was boxed comes out as it was");
	result(unboxed(t, 1, boxed(t, 0, x)) != x && unboxed(t, 0, boxed(t, 1, x)) != x &&
		       unboxed(t, 2, boxed(t, 1, x)) != x,
	       "a box of one width is another value for the other");
	result(unboxed(t, 0, y) == unboxed(t, 0, y) && unboxed(t, 0, y) != unboxed(t, 1, y),
	       "one look into a box is enough");
}

void test_folding(unsigned rounds)
{
	struct test_state *st = test_state(test_cpu), in, plain;
	unsigned shown = 0;

	test_folds();
	for (unsigned n = 0; n < rounds; n++) {
		bool same;

		program_seed = test_random();
		memset(&in, 0, sizeof in);
		for (unsigned k = 0; k < 4; k++)
			in.i[k] = n & 1 ? test_random() >> (test_random() & 63) : test_random();
		test_translate = translate_program;
		*st = in;
		fold = false;
		ir_begin(test_cpu->tr, &the_guest, 0);
		ir_insn(test_cpu->tr, 0);
		translate_program(test_cpu->tr);
		ir_verify(test_cpu->tr, "building without folding");
		interp_run(test_cpu, test_cpu->tr);
		plain = *st;
		*st = in;
		fold = true;
		test_run();
		same = !memcmp(st, &plain, sizeof plain);
		if (same || shown++ < 5)
			result(same, "random program %u (seed %#llx) differs when folded", n,
			       (unsigned long long)program_seed);
		else
			result(false, "random program %u differs when folded", n);
	}
}
