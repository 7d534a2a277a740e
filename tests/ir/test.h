/* The IR tests: a guest without instructions, whose translate() builds whatever the test wants. */
#ifndef TESTS_IR_TEST_H
#define TESTS_IR_TEST_H

#include "base/vcpu.h"
#include "translator/ir.h"

/* Slots of the test guest, as numbers for GET and PUT and as its state. */
enum {
	S_I0,
	S_I1,
	S_I2,
	S_I3, /* I64; some travel in host registers where the backend does that */
	S_V0,
	S_V1,
	S_V2,
	S_V3, /* V128 */
	S_FL0,
	S_FL1,
	S_FL2, /* FLAGS */
	S_R_I32,
	S_R_I64,
	S_R_F32,
	S_R_F64,
	S_R_V64,
	S_R_V128,
	S_R_FLAGS, /* results */
	SLOTS
};

struct test_state {
	u64 i[4];
	vec v[4];
	u32 fl[3];
	u32 r_i32;
	u64 r_i64;
	u32 r_f32, r_flags;
	u64 r_f64, r_v64;
	vec r_v128;
};

static inline struct test_state *test_state(struct vcpu *c)
{
	return (struct test_state *)(void *)c->state;
}

/* What translate() calls.  It returns as the guest's function does (enum tr_status). */
extern int (*test_translate)(struct tr *t);

/* The one thread. */
extern struct vcpu *test_cpu;
/* A page of guest memory to read and write, and the address after it, which is not mapped. */
extern u8 *test_data;
enum { TEST_DATA_SIZE = 4096 };

/*
 * The bits of packed FLAGS that count; the low byte holds V alone, the rest may be anything, and is
 * when these tests set them.
 */
enum { FLAG_BITS = FLAG_N | FLAG_Z | FLAG_C | FLAG_V, FLAG_JUNK = 0x5aa53600 };

/*
 * Exceptions that an engine owes under fpctl.  A backend takes the host's: they do not tell of
 * flushed operands, and those of a flushed result may include inexact.
 */
u32 test_exceptions_owed(u32 fpctl);

/* Sets FLAGS slots' bits that do not count to 0. */
void test_clean_flags(struct test_state *s);

/* A guest address where no translation has been made. */
gaddr test_fresh_pc(void);
/* Runs from a fresh pc until translator_run comes back. */
enum exit_reason test_run(void);

/* The usual end of a test block: leaves with EXIT_TRAP and this code. */
int test_end(struct tr *t, u32 code);

/* Counts and, on failure, prints. */
void result(bool ok, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

u64 test_random(void);

void test_cases(const char *file);
void test_blocks(void);
void test_modes(void);
void test_folding(unsigned rounds);
void test_random_programs(unsigned rounds);
/* Each row of ir.def from FIRST to LAST alone, `rounds` times. */
void test_random_rows(const char *first, const char *last, unsigned rounds);
void test_softfp(unsigned rounds);

#endif
