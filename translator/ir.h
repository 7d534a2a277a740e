/*
 * The intermediate representation and its builder.
 *
 * One translation (`struct tr`) is a flat array of 16-byte nodes in execution order; a value is the
 * index of the node that defines it (`ref`, 0 is none).  Operations, operand kinds and effects are
 * the rows of ir.def.  Nodes are never moved by the builder: passes may only delete or rewrite.
 *
 * Guest state is reached by slots (base/guest.h).  PUT is a statement of fact, "from here on the
 * slot's value is v", not a store: the backend keeps v wherever it likes and writes it to memory
 * only at exits, at calls that read the slot's class, or under register pressure; at any point that
 * can fault its state map says where v is.  The builder forwards PUT to GET, so frontends simply
 * get and put for every instruction.
 *
 * Rejected: state accesses as loads and stores at offsets.  They hide aliasing, and every pass
 * would have to rediscover what a slot table states.
 */
#ifndef TRANSLATOR_IR_H
#define TRANSLATOR_IR_H

#include "base/guest.h"
#include "base/types.h"

typedef u32 ref;

enum ir_op {
	IR_NONE,
#define X(name, ...) IR_##name,
#include "translator/ir.def"
#undef X
	IR_COUNT
};

enum ir_kind {
	K_N, K_T, K_W, K_L, K_I, K_F, K_S, K_V, K_Q, K_A, K_U, K_K, K_P, K_C
};
enum ir_aux { AUX_N, AUX_E, AUX_CC, AUX_MEM, AUX_RND };
enum ir_effect { E_NONE, E_LOAD, E_STORE, E_CALL, E_EXIT, E_STATE, E_RAISE, E_MARK };

struct ir_row {
	const char *name;
	u8 res, a, b, c, aux, effect;
};
extern const struct ir_row ir_rows[IR_COUNT];

struct ir_node {
	u16 op;
	u8 type;  /* enum ir_type */
	u8 aux;
	u32 a, b, c;
};

/* Conditions of SETCC, SELCC, EXITCC, TRAPCC, CCMPF.  Bit 0 inverts (but for AL). */
enum ir_cc {
	CC_EQ, CC_NE,  /* Z */
	CC_CS, CC_CC,  /* C: unsigned >=, < after SUBF */
	CC_MI, CC_PL,  /* N */
	CC_VS, CC_VC,  /* V */
	CC_HI, CC_LS,  /* C && !Z: unsigned >, <= after SUBF */
	CC_GE, CC_LT,  /* N == V: signed */
	CC_GT, CC_LE,  /* !Z && N == V */
	CC_AL
};

/* aux of memory operations */
enum {
	MEM_8 = 0, MEM_16 = 1, MEM_32 = 2, MEM_64 = 3, MEM_128 = 4, MEM_SIZE = 7,
	MEM_SIGNED = 8,           /* LOAD to I32 or I64: sign-extend */
	MEM_ACQ = 1 << 4,         /* ordered: acquire for loads, release for stores */
	MEM_SEQ = 2 << 4,         /* sequentially consistent among MEM_SEQ accesses */
	MEM_ORDER = 3 << 4,
	MEM_BE = 1 << 6,          /* big-endian data */
	MEM_ALIGN = 1 << 7,       /* misaligned, says guest_misaligned(): EXIT_FAULT with SIGBUS */
};
/*
 * A LOAD of T_I32/T_I64 from a smaller size extends; of T_F32/T_F64/T_V64 the size is the type's,
 * whatever MEM_SIZE says.  T_V128 loads of less than 16 bytes (MEM_8..MEM_64) clear the rest.
 * STORE takes the low MEM_SIZE bytes of the value; of a V128 as well.
 */

/* Rounding, aux of AUX_RND */
enum ir_round { RND_NEAREST, RND_UP, RND_DOWN, RND_ZERO, RND_AWAY /* ties away */, RND_CURRENT, RND_MASK = 15 };

/*
 * Bits 7..4 of aux of a scalar operation that rounds: 0, as FPCTL says; else this, RND_NEAREST to
 * RND_AWAY.
 */
#define FP_STATIC(rnd) ((1u + (rnd)) << 4)

/* EXIT's aux */
enum ir_exit {
	EXIT_JUMP, EXIT_CALL, EXIT_RET,
	EXIT_SYNC,   /* a jump behind which code may have changed: not to be followed while translating */
};

/*
 * FPCTL's operand: rounding (enum ir_round 0..3) in bits 1..0, flush denormal results and inputs in
 * bit 2, default NaN in bit 3, "flush half precision" in bit 4, "alternative half precision" in bit
 * 5.
 */
enum ir_fpctl {
	FPCTL_ROUND = 3, FPCTL_FLUSH = 4, FPCTL_DEFAULT_NAN = 8, FPCTL_FLUSH16 = 16,
	FPCTL_ALT_HALF = 32,
	FPCTL_AWAY = 64,            /* rounding bits: RND_NEAREST, but ties go away from zero */
	FPCTL_NO_ROUND = 128,       /* no rounding mode is set; for the guest to look at */
	FPCTL_NAN_TO_MAX = 256,     /* a NaN becomes the largest integer, not 0 */
	FPCTL_PREFER_NUMBER = 512,  /* FMINNM, FMAXNM: a signalling NaN counts as missing as well */
	FPCTL_TINY_AFTER = 1024,    /* tininess is detected after rounding */
	FPCTL_ALL = 2047,
	/* what translations are specialised for; the host's control word does the rest */
	FPCTL_MODE = FPCTL_ALL & ~FPCTL_ROUND
};

/* FPFLAGS */
enum ir_fpexc {
	FPEXC_INVALID = 1, FPEXC_DENORMAL = 2, FPEXC_DIVZERO = 4, FPEXC_OVERFLOW = 8,
	FPEXC_UNDERFLOW = 16, FPEXC_INEXACT = 32
};

/*
 * A helper: a C function called from translated code.  Integer arguments and results are u32/u64,
 * F32 float, F64 double, V64 and V128 v128 (base/types.h).  At most 6 integer and 8 other
 * arguments. Host floating point inside a helper runs under the guest's control bits and sets its
 * flags: do integer arithmetic, or use FP_HOST_BEGIN/END (translator/softfp.h).
 */
enum {
	H_PURE = 1,    /* depends on its arguments only, no effect, exceptions included: may be dropped */
	H_VCPU = 2,    /* its first argument (not among the ARGs) is the struct vcpu * */
	H_FAULT = 4,   /* may access guest memory: state and vcpu->pc are complete before the call */
};
struct ir_helper {
	const char *name;
	void *fn;
	u8 type;       /* of the result; T_NONE */
	u8 nargs;
	u8 flags;
	u8 reads, writes;  /* slot classes (enum slot_class) */
};

/* What a guest's translate() says. */
enum tr_status {
	TR_NEXT,   /* go on with the instruction at t->next */
	TR_END,    /* the translation has been ended by an EXIT or TRAP */
	TR_UNDEF,  /* no such instruction; nothing but pure nodes was emitted */
	TR_NOEXEC, /* a part of it is not executable, says tr_fetchable(); as for TR_UNDEF */
};

enum { TR_MAX_NODES = 8192, TR_MAX_POOL = 256, TR_MAX_SLOTS = 160, TR_MAX_INSNS = 64 };
enum { TR_MAX_LABELS = 64, TR_REGION_INSNS = 512 };

/*
 * A join of a region: a guest address that exits of the same translation lead to.  An EXIT or EXITCC whose
 * target is the pc of a label that has a node goes there and does not leave.
 */
struct tr_label {
	gaddr pc;
	ref node;        /* its LABEL, 0: none was made */
	bool single;     /* only one exit or line leads there: it may do without a LABEL */
	bool landing;    /* calls of the region return to it */
	bool built;      /* it has been translated, with or without a LABEL */
};

/* One translation under construction.  Large: one per thread, reused. */
struct tr {
	const struct guest *g;
	gaddr start;           /* first guest address */
	gaddr pc;              /* the instruction being translated */
	gaddr next;            /* the address after it; set by the guest's translate() */
	gaddr lo, end;         /* the bytes whose content the translation depends on; all pages are executable */
	u32 ninsns, max_insns;
	bool single;           /* one instruction per translation: no assumption about what follows */
	u32 n;                 /* nodes in use; node 0 is unused */
	u32 floor;             /* first node since the last label: values do not cross labels */
	u32 nlabels;           /* 0: a block.  Else a region, whose first label is its start */
	u32 npool;
	bool (*executable)(gaddr a, u64 len);
	gaddr noexec;          /* the first byte that was not executable where the translation ended */
	u64 fpctl;             /* floating-point mode that the translation is for: bits of FPCTL_MODE */
	bool untag;            /* accesses strip the guest's address tags */
	bool alone;            /* nobody else reaches the guest's memory: atomic is what no signal can split */
	bool relies_alone;     /* ... and the translation is right only then: whoever makes use of that says so */
	struct { ref val; u8 type; } slot[TR_MAX_SLOTS];
	struct tr_label label[TR_MAX_LABELS];
	struct ir_node node[TR_MAX_NODES];
	vec pool[TR_MAX_POOL];
};

/* --- building --- */

/* Empties t; single, max_insns, fpctl, untag and alone stay as the caller set them. */
void ir_begin(struct tr *t, const struct guest *g, gaddr pc);
/* True when there may be no room for one more instruction (600 nodes, 40 vector constants). */
bool ir_full(const struct tr *t);

/*
 * Appends a node; no folding.  `type` counts only where the row of ir.def leaves it open (kinds T I
 * S V): rows with a fixed result and those without one get theirs whatever is passed.  64-bit
 * fields (b, c): b is the low half.
 */
ref ir_raw(struct tr *t, enum ir_op op, enum ir_type type, unsigned aux, u32 a, u32 b, u32 c);

/* Appends an operation, or returns an existing or simpler value that equals it. */
ref ir_emit(struct tr *t, enum ir_op op, enum ir_type type, unsigned aux, u32 a, u32 b, u32 c);

ref ir_const(struct tr *t, enum ir_type type, u64 v);  /* T_I32 or T_I64 */
ref ir_pc(struct tr *t, gaddr a);                      /* an address computed from the pc */
ref ir_constv(struct tr *t, enum ir_type type, vec v); /* V64, V128, F32, F64 */
ref ir_get(struct tr *t, unsigned slot, enum ir_type type);
void ir_put(struct tr *t, unsigned slot, ref v);
void ir_insn(struct tr *t, gaddr pc);
/* Begins label k: nothing is known of any slot. */
void ir_label(struct tr *t, u32 k);
/* The label at pc that has a node: its number + 1, or 0. */
u32 ir_label_at(const struct tr *t, gaddr pc);
/* The guest address of a PC node. */
static inline gaddr ir_pc_of(const struct tr *t, ref r)
{
	return t->node[r].b | (u64)t->node[r].c << 32;
}
ref ir_call(struct tr *t, const struct ir_helper *h, ...);  /* h->nargs values of type ref */
/* Forget what is known of the slots of these classes (a helper wrote them). */
void ir_forget(struct tr *t, unsigned classes);

/* True and *v if the value is a CONST. */
bool ir_is_const(const struct tr *t, ref r, u64 *v);

static inline enum ir_type ir_type_of(const struct tr *t, ref r)
{
	return t->node[r].type;
}

/* Shorthand for frontends: ir1(t, IR_NEG, T_I64, a) */
#define ir1(t, op, type, a) ir_emit(t, op, type, 0, a, 0, 0)
#define ir2(t, op, type, a, b) ir_emit(t, op, type, 0, a, b, 0)
#define ir3(t, op, type, a, b, c) ir_emit(t, op, type, 0, a, b, c)
/* ... and with aux: irx(t, IR_VADD, T_V128, 2, a, b, 0) */
#define irx(t, op, type, aux, a, b, c) ir_emit(t, op, type, aux, a, b, c)

/* Whether an operation may have a rounding of its own (FP_STATIC). */
static inline bool ir_rounds(unsigned op)
{
	return (op >= IR_FADD && op <= IR_FMA) || op == IR_FCVT || op == IR_FCVTH || op == IR_I2F;
}

/* Whether v is a single in a box that was computed as a single: no constant, and no part of a wider value. */
static inline bool ir_boxed(const struct tr *t, ref v)
{
	unsigned of = t->node[t->node[v].a].op;

	return t->node[v].op == IR_FBOX && !t->node[v].aux && of != IR_CONSTV && of != IR_V2F && of != IR_GET;
}

/* --- passes --- */

/*
 * Dies with a description if the translation breaks the rules of ir.def (debug builds run it after
 * every pass).
 */
void ir_verify(const struct tr *t, const char *after);
/* Prints one line per node through `out`. */
void ir_print(const struct tr *t, void (*out)(const char *fmt, ...));

extern const char *const ir_type_name[T_COUNT];
extern const char *const ir_cc_name[];

#endif
