/*
 * Floating-point control written by the program itself: what follows must run under it, also where a
 * backend has translations of the same address for several modes, and sticky exceptions in between.
 */
#include "tests/ir/test.h"
#include "translator/translator.h"

static const u64 nan_a = 0x7ff8000000000005, default_nan = 0x7ff8000000000000;
static gaddr adds;

/* FPCTL := I0, then a direct exit to where V0 + 1.0 is computed. */
static int set_and_go(struct tr *t)
{
	if (t->pc == adds) {
		ref one = ir_constv(t, T_F64, (vec){ .d = { 0x3ff0000000000000 } });

		ir_put(t, S_R_F64, ir2(t, IR_FADD, T_F64, ir_get(t, S_V0, T_F64), one));
		return test_end(t, 1);
	}
	ir1(t, IR_FPCTL, T_NONE, ir_get(t, S_I0, T_I32));
	ir_raw(t, IR_EXIT, T_NONE, EXIT_JUMP, ir_pc(t, adds), 0, 0);
	return TR_END;
}

static void test_mode_changes(void)
{
	static const u8 fpctl[] = { 0, 0, FPCTL_DEFAULT_NAN, FPCTL_DEFAULT_NAN, 0, FPCTL_FLUSH16, 0 };
	struct test_state *st = test_state(test_cpu);
	gaddr sets;

	test_translate = set_and_go;
	adds = test_fresh_pc();
	sets = test_fresh_pc();
	translator_set_fpctl(test_cpu, 0);
	for (unsigned k = 0; k < ARRAY_LEN(fpctl); k++) {
		u64 want = fpctl[k] & FPCTL_DEFAULT_NAN ? default_nan : nan_a;

		st->i[0] = fpctl[k];
		st->v[0].d[0] = nan_a;
		test_cpu->pc = sets;
		translator_run(test_cpu);
		result(st->r_f64 == want, "mode %u, change %u: NaN %#llx", fpctl[k], k,
		       (unsigned long long)st->r_f64);
	}
	/* from outside, as signal frames do */
	for (unsigned k = 0; k < 4; k++) {
		translator_set_fpctl(test_cpu, k & 1 ? FPCTL_DEFAULT_NAN : 0);
		test_cpu->pc = adds;
		translator_run(test_cpu);
		result(st->r_f64 == (k & 1 ? default_nan : nan_a), "mode %u from outside: NaN %#llx", k & 1,
		       (unsigned long long)st->r_f64);
	}
	translator_set_fpctl(test_cpu, 0);
}

/* FPFLAGS := I0, then a minimum, for which a quiet NaN is no invalid operation, and what is set after it. */
static int flags_and_minimum(struct tr *t)
{
	ref one = ir_constv(t, T_F64, (vec){ .d = { 0x3ff0000000000000 } });

	ir1(t, IR_FPFLAGSW, T_NONE, ir_get(t, S_I0, T_I32));
	ir_put(t, S_R_F64, ir2(t, IR_FMIN, T_F64, ir_get(t, S_V0, T_F64), one));
	ir_put(t, S_R_I32, ir1(t, IR_FPFLAGS, T_I32, 0));
	return test_end(t, 2);
}

static void test_sticky(void)
{
	static const u64 snan = 0x7ff0000000000001;
	struct test_state *st = test_state(test_cpu);

	test_translate = flags_and_minimum;
	for (u32 flags = 0; flags < 64; flags++)
		for (unsigned k = 0; k < 2; k++) {
			u32 want = flags | (k ? FPEXC_INVALID : 0);

			st->i[0] = flags;
			st->v[0].d[0] = k ? snan : nan_a;
			test_run();
			result(st->r_i32 == want && translator_fpflags(test_cpu) == want,
			       "flags %#x, then a minimum: %#x, outside %#x, not %#x", flags, st->r_i32,
			       translator_fpflags(test_cpu), want);
		}
	translator_set_fpflags(test_cpu, 0);
}

void test_modes(void)
{
	test_mode_changes();
	test_sticky();
}
