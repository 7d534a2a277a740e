/*
 * Whole blocks: state forwarding, memory, faults, exits, calls, dead code, and what the verifier
 * must refuse.
 */
#include <fcntl.h>
#include <stdio.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/die.h"
#include "tests/ir/test.h"
#include "translator/eval.h"
#include "translator/translator.h"

/* Linux */
enum { SIGSEGV_ = 11, SIGBUS_ = 7, BUS_ADRALN_ = 1 };

static struct test_state *st;
static const char *name;

static unsigned count(const struct tr *t, enum ir_op op)
{
	unsigned n = 0;

	for (u32 i = 1; i < t->n; i++)
		n += t->node[i].op == op;
	return n;
}

#define CHECK(cond) result(cond, "%s: %s (line %d)", name, #cond, __LINE__)

/* Runs translate on fresh code with a known state. */
static enum exit_reason run(int (*translate)(struct tr *t))
{
	test_translate = translate;
	return test_run();
}

static void fresh_state(void)
{
	memset(st, 0, sizeof *st);
	for (unsigned k = 0; k < 4; k++) {
		st->i[k] = 0x1111111111111111ull * (k + 1);
		st->v[k].d[0] = 0x0123456789abcdefull + k;
		st->v[k].d[1] = 0xfedcba9876543210ull - k;
	}
}

/* --- slots --- */

static int forward_put(struct tr *t)
{
	ref v = ir2(t, IR_ADD, T_I64, ir_get(t, S_I0, T_I64), ir_get(t, S_I1, T_I64));

	ir_put(t, S_I2, v);
	ir_put(t, S_R_I64, ir_get(t, S_I2, T_I64));
	ir_put(t, S_R_I32, ir_get(t, S_I2, T_I32));
	ir_put(t, S_V3, ir2(t, IR_VPAIR, T_V128, v, v));
	ir_put(t, S_R_F64, ir_get(t, S_V3, T_F64));
	ir_put(t, S_R_F32, ir_get(t, S_V3, T_F32));
	ir_put(t, S_R_V64, ir_get(t, S_V3, T_V64));
	CHECK(count(t, IR_GET) == 2);
	return test_end(t, 0);
}

static int widen_get(struct tr *t)
{
	ref n = ir_get(t, S_I0, T_I32), w = ir_get(t, S_I0, T_I64), n2 = ir_get(t, S_I0, T_I32);
	ref d = ir_get(t, S_V0, T_F64), v = ir_get(t, S_V0, T_V128);

	CHECK(n != w && ir_type_of(t, n) == T_I32 && ir_type_of(t, w) == T_I64 &&
	      ir_type_of(t, n2) == T_I32);
	ir_put(t, S_R_I32, ir2(t, IR_SUB, T_I32, n, n2));
	ir_put(t, S_R_I64, w);
	ir_put(t, S_R_F64, d);
	ir_put(t, S_R_V128, v);
	return test_end(t, 0);
}

static void test_slots(void)
{
	u64 sum;

	name = "forwarding of PUT to GET";
	fresh_state();
	sum = st->i[0] + st->i[1];
	CHECK(run(forward_put) == EXIT_TRAP);
	CHECK(st->i[2] == sum && st->r_i64 == sum && st->r_i32 == (u32)sum);
	CHECK(st->r_f64 == sum && st->r_f32 == (u32)sum && st->r_v64 == sum);
	CHECK(st->v[3].d[0] == sum && st->v[3].d[1] == sum);

	name = "a wide GET after a narrow one";
	fresh_state();
	CHECK(run(widen_get) == EXIT_TRAP);
	CHECK(st->r_i32 == 0 && st->r_i64 == st->i[0] && st->r_f64 == st->v[0].d[0]);
	CHECK(!memcmp(&st->r_v128, &st->v[0], 16));
}

/* --- memory --- */

static struct { enum ir_op op; enum ir_type type; unsigned aux; s32 disp; } mem;

static int load_block(struct tr *t)
{
	static const u8 slot[T_COUNT] = {
		[T_I32] = S_R_I32, [T_I64] = S_R_I64, [T_F32] = S_R_F32, [T_F64] = S_R_F64,
		[T_V64] = S_R_V64, [T_V128] = S_R_V128
	};
	ref a = ir2(t, IR_ADD, T_I64, ir_get(t, S_I0, T_I64), ir_const(t, T_I64, 8));

	ir_put(t, slot[mem.type],
	       ir_emit(t, IR_LOAD, mem.type, mem.aux, a, 0, (u32)(mem.disp - 8)));
	CHECK((s32)t->node[t->n - 2].c == mem.disp);
	return test_end(t, 0);
}

static int store_block(struct tr *t)
{
	bool vector =
		mem.type == T_F32 || mem.type == T_F64 || mem.type == T_V64 || mem.type == T_V128;

	ir_emit(t, IR_STORE, T_NONE, mem.aux, ir_get(t, S_I0, T_I64),
		ir_get(t, vector ? S_V0 : S_I1, mem.type), (u32)mem.disp);
	return test_end(t, 0);
}

/* The size bytes at p as a number. */
static u64 bytes_at(const u8 *p, unsigned size, bool big)
{
	u64 v = 0;

	for (unsigned k = 0; k < size; k++)
		v |= (u64)p[big ? size - 1 - k : k] << (8 * k);
	return v;
}

static void test_loads(void)
{
	for (unsigned k = 0; k < TEST_DATA_SIZE; k++)
		test_data[k] = (u8)(k * 37 + 0x85);
	for (mem.type = T_I32; mem.type <= T_I64; mem.type++) {
		for (unsigned size = MEM_8; size <= (mem.type == T_I32 ? MEM_32 : MEM_64); size++) {
			for (unsigned v = 0; v < 8; v++) {
				unsigned w = 8u << size;
				u64 want;

				mem.aux = size | (v & 1 ? MEM_SIGNED : 0) | (v & 2 ? MEM_BE : 0) |
					  (v & 4 ? MEM_ACQ : 0);
				mem.disp = (s32)(v * 24) - 64;
				name = "integer loads";
				fresh_state();
				st->i[0] = (u64)test_data + 101;
				want = bytes_at(test_data + 101 + mem.disp, w / 8, v & 2);
				if (v & 1)
					want = (u64)sext(want, w);
				CHECK(run(load_block) == EXIT_TRAP);
				if (mem.type == T_I32)
					CHECK(st->r_i32 == (u32)want);
				else
					CHECK(st->r_i64 == want);
			}
		}
	}
	name = "loads of floats and vectors";
	fresh_state();
	st->i[0] = (u64)test_data + 77;
	mem.disp = 5;
	mem.aux = 0;
	mem.type = T_F32;
	CHECK(run(load_block) == EXIT_TRAP && st->r_f32 == (u32)bytes_at(test_data + 82, 4, false));
	mem.type = T_F64;
	CHECK(run(load_block) == EXIT_TRAP && st->r_f64 == bytes_at(test_data + 82, 8, false));
	mem.type = T_V64;
	CHECK(run(load_block) == EXIT_TRAP && st->r_v64 == bytes_at(test_data + 82, 8, false));
	mem.type = T_V128;
	for (mem.aux = MEM_8; mem.aux <= MEM_128; mem.aux++) {
		vec want = { .d = { 0, 0 } };

		memcpy(&want, test_data + 82, 1u << mem.aux);
		memset(&st->r_v128, 0xee, 16);
		CHECK(run(load_block) == EXIT_TRAP && !memcmp(&st->r_v128, &want, 16));
	}
}

static void test_stores(void)
{
	static const enum ir_type types[] = { T_I32, T_I64, T_F32, T_F64, T_V64, T_V128 };

	name = "stores";
	for (unsigned k = 0; k < ARRAY_LEN(types); k++) {
		mem.type = types[k];
		for (unsigned size = MEM_8; 8u << size <= ir_width(mem.type); size++) {
			for (unsigned v = 0; v < 4; v++) {
				bool vector = k >= 2;
				const u8 *from;
				u8 want[32];

				if (vector && v & 1)
					continue;
				fresh_state();
				from = vector ? st->v[0].b : (const u8 *)&st->i[1];
				st->i[1] = 0x8899aabbccddeeffull;
				memset(test_data, 0x5a, 64);
				memset(want, 0x5a, sizeof want);
				for (unsigned b = 0; b < 1u << size; b++)
					want[9 + b] = from[v & 1 ? (1u << size) - 1 - b : b];
				mem.aux = size | (v & 1 ? MEM_BE : 0) | (v & 2 ? MEM_SEQ : 0);
				mem.disp = -7;
				st->i[0] = (u64)test_data + 16;
				CHECK(run(store_block) == EXIT_TRAP &&
				      !memcmp(test_data, want, sizeof want));
			}
		}
	}
}

static int atomic_block(struct tr *t)
{
	ir_put(t, mem.type == T_I32 ? S_R_I32 : S_R_I64,
	       ir_emit(t, mem.op, mem.type, mem.aux, ir_get(t, S_I0, T_I64),
		       ir_get(t, S_I1, mem.type), 0));
	return test_end(t, 0);
}

static u64 atomic_model(enum ir_op op, unsigned w, u64 m, u64 b)
{
	s64 sm = sext(m, w), sb = sext(b, w);

	switch (op) {
	case IR_XCHG: return b;
	case IR_AADD: return m + b;
	case IR_AAND: return m & b;
	case IR_AOR: return m | b;
	case IR_AXOR: return m ^ b;
	case IR_ASMAX: return (u64)MAX(sm, sb);
	case IR_ASMIN: return (u64)MIN(sm, sb);
	case IR_AUMAX: return MAX(m, b);
	default: return MIN(m, b);
	}
}

static void test_atomics(void)
{
	static const u64 values[] = {
		0, 1, 0x7f7f7f7f7f7f7f7full, 0x8080808080808080ull, ~0ull, 0x1122334455667788ull
	};

	name = "atomic operations";
	for (mem.op = IR_XCHG; mem.op <= IR_AUMIN; mem.op++) {
		for (unsigned size = MEM_8; size <= MEM_64; size++) {
			for (unsigned k = 0; k < 36; k++) {
				unsigned w = 8u << size;
				u64 mask = ~0ull >> (64 - w), m = values[k % 6] & mask,
				    b = values[k / 6], want, after;

				fresh_state();
				mem.type = size == MEM_64 || k & 1 ? T_I64 : T_I32;
				mem.aux = size | MEM_SEQ;
				st->i[0] = (u64)test_data + 64;
				st->i[1] = b;
				memset(test_data + 56, 0x5a, 32);
				memcpy(test_data + 64, &m, w / 8);
				want = atomic_model(mem.op, w, m, b & mask) & mask;
				CHECK(run(atomic_block) == EXIT_TRAP);
				after = bytes_at(test_data + 64, w / 8, false);
				CHECK(after == want && test_data[63] == 0x5a &&
				      test_data[64 + w / 8] == 0x5a);
				CHECK((mem.type == T_I32 ? st->r_i32 : st->r_i64) == m);
			}
		}
	}
}

static int cas_block(struct tr *t)
{
	ref a = ir_get(t, S_I0, T_I64);

	if (mem.type == T_V128)
		ir_put(t, S_R_V128,
		       ir_emit(t, IR_CAS, T_V128, mem.aux, a, ir_get(t, S_V0, T_V128),
			       ir_get(t, S_V1, T_V128)));
	else
		ir_put(t, mem.type == T_I32 ? S_R_I32 : S_R_I64,
		       ir_emit(t, IR_CAS, mem.type, mem.aux, a, ir_get(t, S_I1, mem.type),
			       ir_get(t, S_I2, mem.type)));
	return test_end(t, 0);
}

static void test_cas(void)
{
	name = "compare and swap";
	for (unsigned size = MEM_8; size <= MEM_64; size++) {
		for (unsigned hit = 0; hit < 2; hit++) {
			u64 mask = ~0ull >> (64 - (8u << size)), old = 0x123456789abcdef0ull & mask;

			fresh_state();
			mem.type = size == MEM_64 ? T_I64 : T_I32;
			mem.aux = size | MEM_SEQ;
			st->i[0] = (u64)test_data + 64;
			st->i[1] = hit ? (old | ~mask) : old ^ 1;  /* upper bits do not count */
			memcpy(test_data + 64, &old, 8);
			CHECK(run(cas_block) == EXIT_TRAP);
			CHECK((mem.type == T_I32 ? st->r_i32 : st->r_i64) == old);
			CHECK(bytes_at(test_data + 64, 1u << size, false) ==
			      (hit ? st->i[2] & mask : old));
		}
	}
	for (unsigned hit = 0; hit < 2; hit++) {
		fresh_state();
		mem.type = T_V128;
		mem.aux = MEM_128 | MEM_SEQ;
		st->i[0] = (u64)test_data + 64;
		memcpy(test_data + 64, &st->v[hit ? 0 : 2], 16);
		CHECK(run(cas_block) == EXIT_TRAP);
		CHECK(!memcmp(&st->r_v128, &st->v[hit ? 0 : 2], 16));
		CHECK(!memcmp(test_data + 64, &st->v[hit ? 1 : 2], 16));
	}
}

/* --- addresses of 32 bits --- */

enum { LOW = 0x10000000, LOW_SIZE = 4096 };

/* i[0] + i[1] and i[0] + 4 * i[1] are right only modulo 2^32, with what stands above ignored. */
static int wrap_block(struct tr *t)
{
	ref a = ir_get(t, S_I0, T_I32), b = ir_get(t, S_I1, T_I32);
	ref sum = ir2(t, IR_ADD, T_I32, a, b);
	ref scaled = ir2(t, IR_ADD, T_I32, a, ir2(t, IR_SHL, T_I32, b, ir_const(t, T_I32, 2)));

	ir_put(t, S_R_I64, ir_emit(t, IR_LOAD, T_I64, MEM_64, sum, 0, 8));
	ir_put(t, S_R_I32, ir_emit(t, IR_AADD, T_I32, MEM_32 | MEM_ALIGN, sum, ir_const(t, T_I32, 5), 0));
	ir_emit(t, IR_STORE, T_NONE, MEM_32, scaled, a, (u32)-16);
	ir_emit(t, IR_STORE, T_NONE, MEM_64, ir2(t, IR_ADD, T_I32, sum, ir_const(t, T_I32, 0x80000010)),
		ir_const(t, T_I64, 7), 0x80000000);
	return test_end(t, 0);
}

static void test_wrapping(void)
{
	u8 *p = mmap((void *)LOW, LOW_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	name = "addresses wrap at 32 bits";
	if (p != (void *)LOW)
		die("no low memory");
	fresh_state();
	*(u32 *)(p + 1792) = 100;
	*(u64 *)(p + 1800) = 0x1122334455667788;
	st->i[0] = 0xabcd000000000000 | (LOW + 2048);
	st->i[1] = 0xffff0000ffffff00;
	CHECK(run(wrap_block) == EXIT_TRAP);
	CHECK(st->r_i64 == 0x1122334455667788 && st->r_i32 == 100 && *(u32 *)(p + 1792) == 105);
	CHECK(*(u32 *)(p + 1024 - 16) == LOW + 2048 && *(u64 *)(p + 1808) == 7);
	munmap(p, LOW_SIZE);
}

/* --- faults --- */

static gaddr block_start;

static int two_then_fault(struct tr *t)
{
	ref v = ir_get(t, S_I1, T_I64);

	if (t->ninsns == 0)
		block_start = t->pc;
	if (t->ninsns < 2) {
		ir_put(t, S_I1, ir2(t, IR_ADD, T_I64, v, ir_const(t, T_I64, 1)));
		ir_put(t, S_V1, ir2(t, IR_VPAIR, T_V128, v, v));
		return TR_NEXT;
	}
	ir_put(t, S_R_I64, ir_emit(t, IR_LOAD, T_I64, mem.aux, ir_get(t, S_I0, T_I64), 0, 0));
	ir_put(t, S_I1, ir_const(t, T_I64, 0));
	return test_end(t, 0);
}

static void test_faults(void)
{
	name = "state at a fault";
	fresh_state();
	mem.aux = MEM_64;
	st->i[0] = (u64)test_data + TEST_DATA_SIZE + 24;
	st->i[1] = 100;
	CHECK(run(two_then_fault) == EXIT_FAULT);
	CHECK(test_cpu->pc == block_start + 8 && test_cpu->fault_addr == st->i[0]);
	CHECK(test_cpu->fault_signal == SIGSEGV_);
	CHECK(st->i[1] == 102 && st->v[1].d[0] == 101 && st->v[1].d[1] == 101 && st->r_i64 == 0);

	name = "misaligned access";
	fresh_state();
	mem.aux = MEM_64 | MEM_ALIGN;
	st->i[0] = (u64)test_data + 4;
	CHECK(run(two_then_fault) == EXIT_FAULT);
	CHECK(test_cpu->pc == block_start + 8 && test_cpu->fault_addr == st->i[0]);
	CHECK(test_cpu->fault_signal == SIGBUS_ && test_cpu->fault_code == BUS_ADRALN_);
	st->i[0] = (u64)test_data + 8;
	CHECK(run(two_then_fault) == EXIT_TRAP);
}

/* --- exits --- */

static gaddr target[3];

static int exits(struct tr *t)
{
	ref f;

	for (unsigned k = 0; k < 3; k++)
		if (t->pc == target[k])
			return test_end(t, 10 + k);
	if (t->ninsns == 0)
		return TR_NEXT;
	f = ir2(t, IR_SUBF, T_FLAGS, ir_get(t, S_I0, T_I64), ir_const(t, T_I64, 5));
	ir_put(t, S_FL0, f);
	ir_emit(t, IR_EXITCC, T_NONE, CC_EQ, f, ir_pc(t, target[0]), 0);
	ir_emit(t, IR_EXITCC, T_NONE, CC_CC, f, ir_pc(t, target[1]), 0);
	ir_put(t, S_R_I64, ir_const(t, T_I64, 7));
	ir_raw(t, IR_EXIT, T_NONE, EXIT_JUMP, ir_get(t, S_I1, T_I64), 0, 0);
	return TR_END;
}

static int conditional_trap(struct tr *t)
{
	ref f;

	if (t->ninsns == 0) {
		block_start = t->pc;
		return TR_NEXT;
	}
	f = ir2(t, IR_SUBF, T_FLAGS, ir_get(t, S_I0, T_I64), ir_const(t, T_I64, 5));
	ir_put(t, S_R_I64, ir_const(t, T_I64, 7));
	ir_emit(t, IR_TRAPCC, T_NONE, CC_EQ, f, EXIT_TRAP, 33);
	ir_emit(t, IR_TRAPCC, T_NONE, CC_HI, f, EXIT_UNDEF, 34);
	ir_put(t, S_R_I64, ir_const(t, T_I64, 8));
	return test_end(t, 35);
}

static int undefined_second(struct tr *t)
{
	if (t->ninsns == 0) {
		block_start = t->pc;
		ir_put(t, S_I0, ir_const(t, T_I64, 42));
		return TR_NEXT;
	}
	return TR_UNDEF;
}

static int count_up(struct tr *t)
{
	ref v = ir2(t, IR_ADD, T_I64, ir_get(t, S_I0, T_I64), ir_const(t, T_I64, 1));

	ir_put(t, S_I0, v);
	if (t->pc >= target[2])
		return test_end(t, 3);
	return TR_NEXT;
}

static void test_exits(void)
{
	static const u64 in[] = { 5, 4, 6 };

	name = "conditional and indirect exits";
	for (unsigned k = 0; k < 3; k++)
		target[k] = test_fresh_pc();
	for (unsigned k = 0; k < 3; k++) {
		fresh_state();
		st->i[0] = in[k];
		st->i[1] = target[2];
		CHECK(run(exits) == EXIT_TRAP && test_cpu->trap == 10 + k &&
		      test_cpu->pc == target[k]);
		CHECK(st->r_i64 == (k == 2 ? 7 : 0));
		test_fresh_pc();
	}

	name = "conditional traps";
	fresh_state();
	st->i[0] = 5;
	CHECK(run(conditional_trap) == EXIT_TRAP && test_cpu->trap == 33 && st->r_i64 == 7 &&
	      test_cpu->pc == block_start + 4);
	st->i[0] = 6;
	CHECK(run(conditional_trap) == EXIT_UNDEF && st->r_i64 == 7 && test_cpu->pc == block_start + 4);
	st->i[0] = 4;
	CHECK(run(conditional_trap) == EXIT_TRAP && test_cpu->trap == 35 && st->r_i64 == 8);

	name = "undefined instruction";
	fresh_state();
	CHECK(run(undefined_second) == EXIT_UNDEF && test_cpu->pc == block_start + 4 &&
	      st->i[0] == 42);

	name = "instructions over many blocks and pages";
	test_fresh_pc();
	for (unsigned k = 0; k < 3000; k++)
		target[2] = test_fresh_pc();
	fresh_state();
	st->i[0] = 0;
	test_cpu->pc = target[2] - 4 * 2000;
	test_translate = count_up;
	CHECK(translator_run(test_cpu) == EXIT_TRAP && st->i[0] == 2001 &&
	      test_cpu->pc == target[2]);

	name = "request to come back";
	translator_kick(test_cpu);
	test_cpu->pc = target[2];
	CHECK(translator_run(test_cpu) == EXIT_POLL && test_cpu->pc == target[2]);
	translator_unkick(test_cpu);

	name = "not executable";
	test_cpu->pc = (u64)test_data;
	CHECK(translator_run(test_cpu) == EXIT_NOEXEC && test_cpu->fault_addr == (u64)test_data);
}

/* --- helpers --- */

static u64 mixed(struct vcpu *c, u32 a, u64 b, u64 d0, v128 v)
{
	vec w = vec_of(v);

	return c == test_cpu ? a + b + d0 + w.d[0] + w.d[1] : 0;
}

static v128 vector_result(v128 a, u64 k)
{
	vec r = vec_of(a);

	r.d[0] += k;
	r.d[1] -= k;
	return v128_of(r);
}

static void set_i1(struct vcpu *c, u64 v)
{
	test_state(c)->i[1] = v;
}

static const struct ir_helper h_mixed = { "mixed", mixed, T_I64, 4, H_VCPU, 0, 0 };
static const struct ir_helper h_vector = {
	"vector_result", vector_result, T_V128, 2, H_PURE, 0, 0
};
static const struct ir_helper h_set = { "set_i1", set_i1, T_NONE, 1, H_VCPU, CLASS_GPR, CLASS_GPR };

static int calls(struct tr *t)
{
	ref i0 = ir_get(t, S_I0, T_I64), i3, v;

	ir_put(t, S_I1, ir_const(t, T_I64, 1));
	ir_put(t, S_I3, ir_const(t, T_I64, 3));
	ir_call(t, &h_vector, ir_get(t, S_V0, T_V128), i0);  /* unused */
	v = ir_call(t, &h_vector, ir_get(t, S_V0, T_V128), i0);
	ir_put(t, S_V0, v);
	ir_put(t, S_R_I64,
	       ir_call(t, &h_mixed, ir_get(t, S_I0, T_I32), i0, ir_get(t, S_I2, T_I64), v));
	ir_call(t, &h_set, i0);
	i3 = ir_get(t, S_I3, T_I64);
	CHECK(t->node[i3].op == IR_CONST);  /* another class: still known */
	ir_put(t, S_I2, ir2(t, IR_ADD, T_I64, ir_get(t, S_I1, T_I64), i3));
	return test_end(t, 0);
}

static void test_calls(void)
{
	struct test_state in;

	name = "helpers";
	fresh_state();
	in = *st;
	CHECK(run(calls) == EXIT_TRAP);
	CHECK(st->v[0].d[0] == in.v[0].d[0] + in.i[0] && st->v[0].d[1] == in.v[0].d[1] - in.i[0]);
	CHECK(st->r_i64 == (u32)in.i[0] + in.i[0] + in.i[2] + in.v[0].d[0] + in.v[0].d[1]);
	CHECK(st->i[1] == in.i[0] && st->i[2] == in.i[0] + 3);
}

/* --- passes, without running --- */

static struct tr *scratch;

static void begin(void)
{
	ir_begin(scratch, &the_guest, 0x1000);
	ir_insn(scratch, 0x1000);
}

static void bad_type(struct tr *t)
{
	ir_raw(t, IR_ADD, T_I64, 0, ir_get(t, S_I0, T_I32), ir_get(t, S_I1, T_I64), 0);
	test_end(t, 0);
}

static void bad_order(struct tr *t)
{
	ir_raw(t, IR_NEG, T_I64, 0, t->n, 0, 0);
	test_end(t, 0);
}

static void bad_no_exit(struct tr *t)
{
	ir_get(t, S_I0, T_I64);
}

static void bad_use_of_store(struct tr *t)
{
	ref a = ir_get(t, S_I0, T_I64), s = ir_emit(t, IR_STORE, T_I64, MEM_64, a, a, 0);

	ir_raw(t, IR_NEG, T_I64, 0, s, 0, 0);
	test_end(t, 0);
}

static void bad_put(struct tr *t)
{
	ir_raw(t, IR_PUT, T_NONE, 0, S_I0, ir_get(t, S_V0, T_V128), 0);
	test_end(t, 0);
}

static void bad_lane(struct tr *t)
{
	ir_raw(t, IR_VDUPL, T_V128, 2, ir_get(t, S_V0, T_V128), 4, 0);
	test_end(t, 0);
}

static void bad_field(struct tr *t)
{
	ir_raw(t, IR_UBFX, T_I32, 0, ir_get(t, S_I0, T_I32), 20, 13);
	test_end(t, 0);
}

static void bad_condition(struct tr *t)
{
	ir_raw(t, IR_SETCC, T_I32, CC_AL + 1, ir_get(t, S_FL0, T_FLAGS), 0, 0);
	test_end(t, 0);
}

static void bad_args(struct tr *t)
{
	ir_raw(t, IR_ARG, T_NONE, 0, ir_get(t, S_I0, T_I64), 0, 0);
	test_end(t, 0);
}

static void bad_size(struct tr *t)
{
	ir_raw(t, IR_LOAD, T_I32, MEM_64, ir_get(t, S_I0, T_I64), 0, 0);
	test_end(t, 0);
}

static void bad_exit(struct tr *t)
{
	ir_raw(t, IR_EXITCC, T_NONE, CC_EQ, ir_get(t, S_FL0, T_FLAGS), ir_get(t, S_I0, T_I64), 0);
	test_end(t, 0);
}

static void test_verifier(void)
{
	static const struct {
		const char *name;
		void (*build)(struct tr *t);
	} bad[] = {
		{ "operand of another type", bad_type },
		{ "use before definition", bad_order },
		{ "no exit", bad_no_exit },
		{ "use of a store", bad_use_of_store },
		{ "PUT of another type", bad_put },
		{ "lane", bad_lane },
		{ "bit field", bad_field },
		{ "condition", bad_condition },
		{ "arguments without call", bad_args },
		{ "access larger than its type", bad_size },
		{ "conditional exit to a computed address", bad_exit },
	};

	for (unsigned k = 0; k < ARRAY_LEN(bad); k++) {
		int status = 0, null;
		pid_t pid;

		name = bad[k].name;
		fflush(stdout);
		pid = fork();
		if (pid == 0) {
			null = open("/dev/null", O_WRONLY);
			dup2(null, 2);
			begin();
			bad[k].build(scratch);
			ir_verify(scratch, "test");
			_exit(0);
		}
		waitpid(pid, &status, 0);
		result(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT,
		       "the verifier accepts: %s", name);
	}
}

void test_blocks(void)
{
	st = test_state(test_cpu);
	scratch = mmap(NULL, sizeof *scratch, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);
	if (scratch == MAP_FAILED)
		die("no memory");
	test_slots();
	test_loads();
	test_stores();
	test_atomics();
	test_cas();
	test_wrapping();
	test_faults();
	test_exits();
	test_calls();
	test_verifier();
}
