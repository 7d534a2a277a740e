/*
 * Code generation for x86-64: one forward pass over a translation that allocates registers and
 * emits.
 *
 * Values live in registers from definition to last use; the next use of every operand is known from
 * one backward pass, so the value to evict is the one needed furthest away.  A value that is the
 * current content of a state slot ("dirty" until the slot's memory holds it) is evicted by storing
 * it to that slot, a value that came from a slot by forgetting it: spill space is needed only for
 * temporaries.
 *
 * Fixed registers: r15 state (vcpu.state + VCPU_BIAS), rsp return stack, rax and rcx scratch,
 * xmm14 and xmm15 scratch.  Everything else is allocatable; nothing survives a translation.
 *
 * Flags are values too.  They stay in EFLAGS as long as nothing clobbers it, and are packed by LAHF
 * and SETO into a general register when something does.  `flags_form` says how EFLAGS represents N
 * Z C V just now: x86-64's subtraction leaves CF = !C, its floating-point compare something else
 * altogether.
 *
 * Rejected: a backward pass that emits (needs no next-use arrays but cannot grow to regions), and
 * storing every PUT at once (no state maps, but two stores per guest instruction).
 */
#ifndef X64_GEN_H
#define X64_GEN_H

#include "base/guest.h"
#include "base/vcpu.h"
#include "translator/host.h"
#include "translator/host/x64/emit.h"
#include "translator/ir.h"

enum { NEVER = 0xffffffff };
enum { XMM_SCRATCH = 15, XMM_SCRATCH2 = 14, XMM_COUNT = 14 };
enum { GPR_ALLOC = 0xffff & ~(1 << RAX | 1 << RCX | 1 << RSP | 1 << R15) };
enum { GPR_CALLEE_SAVED = 1 << RBX | 1 << RBP | 1 << R12 | 1 << R13 | 1 << R14 };

enum { MAX_CONSTS = 512 };

/* How EFLAGS holds the current flags value. */
enum flags_form {
	FORM_DIRECT,  /* SF ZF CF OF = N Z C V */
	FORM_INV,     /* CF = !C */
	FORM_FP,      /* as UCOMIS leaves it */
	FORM_BIT,     /* CF = !Z, nothing else: only EQ and NE may be asked */
};

enum value_kind { V_NONE, V_GPR, V_XMM, V_FLAGS };

struct value {
	s8 reg;        /* host register (number within its file), or NOREG */
	u8 kind;
	s8 hint;       /* register that it is best made in, or NOREG */
	bool early;    /* becomes its slot's content where it is computed: at `put` nothing is left to do */
	s16 home;      /* slot whose memory holds the value, or -1 */
	s16 spill;     /* index in vcpu.spill, or -1 */
	u16 dirty;     /* number of slots whose current value this is while their memory is stale */
	u16 uses;
	u32 next;      /* position of the next use, NEVER */
	u32 put;       /* the first PUT of it, 0: none */
	ref flags;     /* the flags node that the same instruction computes, 0: none */
};

enum stub_kind {
	STUB_EXIT,   /* write slots back and leave to `target` */
	STUB_TRAP,   /* write slots back and leave with `reason` and `trap`, pc `target` */
	STUB_POLL,   /* write slots back and leave with EXIT_POLL */
	STUB_EDGE,   /* write back and shuffle to what label `label` expects, and go there */
	STUB_HOT,    /* the block has been entered often enough */
	STUB_MISS,   /* indirect jump or call that the inline table does not know */
	STUB_NAN,    /* a default NaN in place of another (lower_nan.c) */
	STUB_EXACT,  /* UD1 and a floating-point instruction, which host_fix_fp() computes; may be one the host lacks */
};

/*
 * Instructions whose last result shows that each must be computed exactly.  d := addend first, or
 * its low half twice.
 */
enum { MAX_EXACT = 4 };
struct exact {
	u8 n;
	bool twice;
	s8 d, addend;            /* NOREG: d is not read */
	struct { u32 opc; s8 a, b; } insn[MAX_EXACT];
};

/* An out-of-line piece, emitted after the main path. */
struct stub {
	u8 *from[2];             /* ends of the rel32s that lead here, NULL: none */
	enum stub_kind kind;
	gaddr target;            /* guest address; of STUB_MISS: unused */
	u8 *back;                /* STUB_MISS of a call, STUB_EXACT: where to go on after it */
	s8 reg, ret_reg;         /* STUB_MISS: registers of target and return address (NOREG: a jump) */
	bool poll;               /* STUB_EXIT: check vcpu.poll */
	bool is_return;          /* STUB_MISS: the return stack did not match */
	u8 label;                /* STUB_EDGE */
	u8 flags_form;
	u8 reason;               /* STUB_TRAP: enum exit_reason ... */
	u32 trap;                /* ... and trap code */
	ref flags;               /* value that EFLAGS holds at the branch */
	u16 ndirty;
	u16 first;               /* in gen.stub_slot: ndirty slots, for STUB_EDGE then what is carried */
	struct exact exact;      /* STUB_EXACT; STUB_NAN: d, and fused products' factors */
	u8 elem;                 /* STUB_NAN: log2 of the bytes of an element */
	bool scalar;             /* STUB_NAN: one lane */
	s8 temp;                 /* STUB_NAN: a register to use, where there are lanes or factors */
};
/* A condition as one or two host conditions: c2 is -1, or both must hold (`all`), or one of them. */
struct cond { int c1, c2; bool all; };

/* Where a value was; val 0: in the slot's memory. */
struct stub_slot { u8 slot; s8 reg; s16 spill, home; ref val; };

/*
 * Regions (carry.c): slots that travel in registers between the lines of a region, and what each way to a
 * label brings for them.
 */
enum { MAX_CARRIED = 20, MAX_EDGES = TR_REGION_INSNS + TR_MAX_LABELS };
struct carried {
	u8 slot;
	s8 reg;
	u8 kind, type;           /* type: all of the slot's bytes that are not known to be zero */
	bool guarded;            /* the rest of the slot must be zero: the part alone is written back */
};
struct edge {
	u8 label;
	ref arg[MAX_CARRIED];    /* value of each that the label needs, 0: the slot's memory holds it */
	u32 after[MAX_CARRIED];  /* its next use */
};

struct gen {
	struct code e;
	struct tr *t;
	const struct guest *g;
	struct host_out *out;
	u8 *start;
	u32 i;                           /* current node */
	gaddr insn_pc;
	struct value v[TR_MAX_NODES];
	ref op[TR_MAX_NODES][3];         /* operands a, b, c through aliases, 0 where there is no value */
	u32 nu[TR_MAX_NODES][3];         /* next use after this one of each */
	ref alias[TR_MAX_NODES];         /* value to use instead (TRUNC, ZEXT) */
	u8 folded[TR_MAX_NODES];         /* no code of its own: address in its users, flags in the operation, dead PUT */
	bool flags_dead[TR_MAX_NODES];   /* an exit after which the guest's flags are not read */
	ref gpr[16], xmm[16];            /* value in each register, 0: free */
	u32 wanted_gpr, wanted_xmm;      /* registers that are not for temporaries if others are free */
	u32 pin_gpr, pin_xmm;            /* not to be evicted during the current node */
	ref slot_val[TR_MAX_SLOTS];      /* current value of a slot if it is not just its memory, else 0 */
	bool slot_dirty[TR_MAX_SLOTS];
	ref home_owner[TR_MAX_SLOTS];    /* value whose home is the slot's memory */
	u64 dirty_mask[(TR_MAX_SLOTS + 63) / 64];
	u64 spill_used;
	ref flags;                       /* value in EFLAGS, 0 none */
	enum flags_form flags_form;
	u32 nstubs, nstub_slots;
	struct stub stub[4 * TR_REGION_INSNS];
	struct stub_slot stub_slot[16384];
	/* state maps */
	u32 map_code, map_pc;            /* of the last point */
	u8 map_loc[TR_MAX_SLOTS];        /* location codes as last encoded */
	ref map_val[TR_MAX_SLOTS];
	u64 mapped_mask[(TR_MAX_SLOTS + 63) / 64];  /* slots whose last location is not HOME */
	/* constants of this translation: they follow its code */
	u32 nconsts;
	vec consts[MAX_CONSTS];
	struct const_refs refs;
	struct exact fused;              /* multiply-adds whose results have not been looked at (lower_fp.c) */
	/* regions */
	u32 ncarried, nedges, nfixes;
	struct carried carried[MAX_CARRIED];
	s8 carried_of[TR_MAX_SLOTS];     /* index, or -1 */
	u32 param;                       /* the first of the values that labels begin with: ncarried for each */
	ref cur[MAX_CARRIED];            /* forward pass: current value, 0: memory */
	u16 edge_of[TR_MAX_NODES];       /* of an exit: number of its edge + 1, 0: it leaves */
	struct edge edge[MAX_EDGES];
	bool loop[TR_MAX_LABELS];        /* an edge from behind leads there */
	u32 stale[TR_MAX_LABELS];        /* carried slots, as bits, whose memory may be stale at the label */
	u32 need[TR_MAX_LABELS];         /* those that have their register there; the others are in memory */
	u8 *label_code[TR_MAX_LABELS];   /* NULL: not yet emitted */
	struct { u8 *from; u8 label; } fix[4 * MAX_EDGES];
	bool writes_flags;               /* there is a PUT of flags */
	bool new_mode;                   /* FPCTL was written: what follows may be translated for another mode */
	bool overflow;
};

/* Processor features in use. */
extern struct x64_features {
	bool avx, avx2, bmi2, lzcnt, bmi1, popcnt, fma, f16c, avx512, gfni, aes, pclmul, vbmi,
		bitalg, sha;
} x64;

/* Optimisations, which can be switched off to see what each gives: bits of x64_off. */
enum {
	OPT_FUSE = 1,    /* flags and result of one operation by one instruction */
	OPT_EARLY = 2,   /* a slot's content changes where its value is computed, and not at its PUT */
	OPT_FOLD = 4,    /* sums become operands of the accesses that they address */
	OPT_FLAGS = 8,   /* flags that the code after an exit overwrites are dropped */
	OPT_CARRY = 16,  /* slots travel in registers between the lines of a region */
	OPT_ALONE = 32,  /* no locks and barriers while nobody looks */
};
extern u32 x64_off;

static inline const struct ir_helper *helper_of(const struct ir_node *call)
{
	return (const struct ir_helper *)(call->b | (u64)call->c << 32);
}

/* The field of `size` bytes that was emitted last depends on the place of the code. */
static inline void relocate(struct gen *g, enum host_reloc_kind kind, unsigned size)
{
	struct host_out *o = g->out;

	if (o->nrelocs < HOST_MAX_RELOCS)
		o->reloc[o->nrelocs] = host_reloc(kind, g->e.w - size - g->start);
	o->nrelocs++;
}

/* --- prepare.c --- */

void gen_init(void);                             /* once */
void gen_prepare(struct gen *g);
void blank_value(struct gen *g, ref v, enum ir_type type);
bool flags_dead_after(struct gen *g, u32 i);     /* exit i leaves to where the guest overwrites its flags */
ref put_value(const struct gen *g, u32 put);     /* the value of a PUT node */

/* --- carry.c: lines, labels and edges of a region --- */

void choose_carried(struct gen *g);              /* before the forward pass */
void carry(struct gen *g, u32 i);                /* forward pass: node i */
/* The way to a label that exit i is, or NULL if it leaves. */
static inline struct edge *edge_at(struct gen *g, u32 i)
{
	return g->t->nlabels && g->edge_of[i] ? &g->edge[g->edge_of[i] - 1] : NULL;
}
void enter_region(struct gen *g);                /* the code at its start */
void lower_label(struct gen *g, const struct ir_node *n);
void take_edge(struct gen *g, const struct edge *e);                       /* at the end of a line */
void take_edge_if(struct gen *g, const struct edge *e, struct cond c);     /* if c holds */
void edge_stub(struct gen *g, const struct stub *s);
void finish_labels(struct gen *g);               /* after all lines: jumps, and the ways in from calls */

/* --- alloc.c: operands of the current node --- */
int use_gpr(struct gen *g, ref v);               /* register that holds v (pinned); loads it if need be */
int use_xmm(struct gen *g, ref v);
/* v in register r (rax, rcx, xmm14, xmm15 or any that is free): a copy. */
void copy_to_gpr(struct gen *g, int r, ref v);
void copy_to_xmm(struct gen *g, int r, ref v);
int def_gpr(struct gen *g);                      /* register for the current node's value */
int def_xmm(struct gen *g);
/* As def_gpr, but prefers to take over operand a's register when a dies here; *same says so. */
int def_gpr_from(struct gen *g, ref a, bool *same);
int def_xmm_from(struct gen *g, ref a, bool *same);
/* A specific register made free (its content moved or evicted), pinned. */
void take_gpr(struct gen *g, int r);
int temp_gpr(struct gen *g);                     /* a free register, pinned until the end of the node */
int temp_xmm(struct gen *g);
/* If v is only in memory and not needed again soon: its memory operand. */
bool use_mem(struct gen *g, ref v, struct mem *m);
bool last_use(const struct gen *g, ref v);       /* the current node is v's last */
void end_node(struct gen *g);                    /* advance uses, free the dead, drop pins */
void bind_gpr(struct gen *g, ref v, int r);
void bind_xmm(struct gen *g, ref v, int r);
void unbind(struct gen *g, ref v);
void store_value(struct gen *g, unsigned slot, ref v);   /* slot's memory := v; nothing is recorded */
void put_slot(struct gen *g, unsigned slot, ref v);
/* Around the lowering of a node: its value becomes a slot's content at once where it may (value.early). */
void begin_put(struct gen *g);
void end_put(struct gen *g);
void flush_slots(struct gen *g, unsigned classes);   /* memory := current value; values stay in registers */
void flush_value(struct gen *g, ref v);               /* memory of every slot that v is in := v; it stays where it is */
void drop_slots(struct gen *g, unsigned classes);    /* a helper wrote them: nothing is known */
void spill_live(struct gen *g, u32 gprs, u32 xmms);  /* evict what lives past the current node from these registers */
bool const_of(const struct gen *g, ref v, u64 *c);   /* CONST */
bool imm_of(const struct gen *g, ref v, int w, s32 *imm);
struct mem slot_mem(const struct gen *g, unsigned slot);
struct mem spill_mem(unsigned n);
struct mem vcpu_mem(size_t offset);                  /* of a field of struct vcpu */
void load_const(struct gen *g, int r, u64 c);        /* does not touch EFLAGS */
void load_pc(struct gen *g, int r, gaddr a);
/*
 * The 16 bytes v as an aligned memory operand of an instruction whose displacement `tail` bytes of
 * immediate follow.
 */
struct mem const_mem(struct gen *g, vec v, unsigned tail);
void load_constv(struct gen *g, int r, vec v);       /* EFLAGS and rax stay as they are */
void place_consts(struct gen *g);                    /* after the last instruction */
/* Through aliases. */
static inline ref real(const struct gen *g, ref v)
{
	return g->alias[v] ? g->alias[v] : v;
}
u32 next_after(const struct gen *g, ref v);          /* next use of v after the current node */

/* --- lower_flags.c --- */

void clobber_flags(struct gen *g);               /* before anything that changes EFLAGS */
/* EFLAGS := v; form: required, or -1 for any. */
void need_flags(struct gen *g, ref v, int form);
struct cond need_cond(struct gen *g, ref v, enum ir_cc cc);
struct cond cond_not(struct cond c);
void set_flags(struct gen *g, ref v, enum flags_form form);  /* v is what EFLAGS now holds */
bool lower_flags(struct gen *g, const struct ir_node *n);  /* false: not one of its operations */
void pack_flags(struct gen *g, int r);           /* memory form of what EFLAGS holds; uses rax */

/*
 * --- lower_nan.c: default NaNs.  EFLAGS must be free; rax and, of several lanes, `temp` are used ---
 */
/* Whether the result of n must be looked at, since it may be another NaN than the default one. */
bool needs_settling(const struct gen *g, const struct ir_node *n);
/* NaNs of 1 << e bytes in d become the default one. */
struct stub *x_settle(struct gen *g, unsigned e, bool scalar, int d, int temp);
void x_settle_half(struct gen *g, bool wide, int d, int a);   /* d, if a (F32, or F64: wide) is a NaN */
void x_box(struct gen *g, int d, int s, bool half);
bool lower_nan(struct gen *g, const struct ir_node *n);
void lower_nan_stub(struct gen *g, const struct stub *s);

/* --- lower_fp.c: vector instructions in the form that the host has --- */
void x_rrr(struct gen *g, u32 opc, int d, int a, int b);   /* d := a op b */
void x_rr(struct gen *g, u32 opc, int d, int s);
void x_round(struct gen *g, u32 opc, int d, int s, unsigned mode, bool inexact);
/*
 * Ties away from zero in any rounding mode, raising no inexact; of one number or in lanes of 8 << e
 * bits. Uses xmm14 and xmm15; d, s differ from them and each other.
 */
void x_round_away(struct gen *g, unsigned e, bool scalar, int d, int s);
/*
 * Minimum and maximum of one number or of lanes of 1 << e bytes; d differs from a and b, and xmm14 and xmm15 are used
 * (b may be xmm14, a xmm15).  The host returns its second operand for two zeros: another look, the other way round, and
 * zeros combine by their signs.
 */
void x_minmax(struct gen *g, unsigned e, bool scalar, bool max, int d, int a, int b);
/*
 * minNum and maxNum.  VRANGE is just these, but does not flush.  Without it, the W bit, which MINSS and its kin do not
 * look at, tells fault.c that the NaN it is called for counts as a missing number.
 */
void x_minmax_number(struct gen *g, unsigned e, bool scalar, bool max, int d, int a, int b);
/*
 * A fused multiply-add, 231 form of opc, of one lane or more, and what makes it exact.  The host
 * passes on a NaN factor where the guest wants the addend, leaves a NaN's sign alone where the
 * guest negates it, and has no invalid operation in infinity * 0 + quiet NaN: all of that shows as
 * a NaN in the result, which is computed again out of line from the addend as it was.  EFLAGS must
 * be free; uses rax, xmm14 and xmm15.
 */
struct addend {
	s8 reg;      /* where it is before, which may be d */
	bool twice;  /* d got its low half twice; reg is not d */
	s8 temp;     /* of several lanes: a register to use, which may be xmm14 */
};
void x_fused(struct gen *g, u32 opc, bool scalar, int d, int a, int b, struct addend c);

/*
 * Flushing, a result that was below the least normal number before it was rounded up to it is zero for the guest;
 * the host looks after rounding.  So where a lane is the least normal number, *x is computed exactly out of line.
 */
bool flushes_rounded(const struct gen *g, const struct ir_node *n);
void x_exact_if_least(struct gen *g, bool scalar, bool wide, const struct exact *x, int temp);

/* --- lower_*.c: one node; they end with their result bound --- */
bool lower_int(struct gen *g, const struct ir_node *n);   /* false: not one of its operations */
bool lower_mem(struct gen *g, const struct ir_node *n);
bool lower_call(struct gen *g, const struct ir_node *n);
bool lower_exit(struct gen *g, const struct ir_node *n);
void link_jmp(struct gen *g, gaddr target, enum exit_kind kind);
void emit_poll_cmp(struct gen *g);
void stub_write_back(struct gen *g, const struct stub *s);   /* the first ndirty of it */
void note_place(struct gen *g, struct stub *s, unsigned slot, ref v);
bool lower_fp(struct gen *g, const struct ir_node *n);
bool lower_vec(struct gen *g, const struct ir_node *n);
void lower_stubs(struct gen *g);                          /* what lies out of line */
struct stub *new_stub(struct gen *g, enum stub_kind kind);

/* The address a + disp of a memory node as an x86-64 operand; registers pinned. */
struct mem address(struct gen *g, ref a, s32 disp);

/*
 * Calls a pure C function for the current node and binds its result: nargs values, then nimm
 * integers.
 */
void call_helper(struct gen *g, void *fn, unsigned nargs, const ref *args, unsigned nimm,
		 const u64 *imm);

/* Calls fn(vcpu, imm...) where no value is passed or returned in registers. */
void call_with_vcpu(struct gen *g, void *fn, unsigned nimm, const u64 *imm);
/* Moves as if all at once; src NOREG: from wherever val is.  Uses rax and xmm15. */
struct move { int dst, src; ref val; bool imm; u64 c; };
void move_all(struct gen *g, bool xmm, struct move *m, unsigned n);
void load_xmm(struct gen *g, enum ir_type type, int r, struct mem m);  /* as many bytes as the type has */
void store_xmm(struct gen *g, int r, struct mem m);                    /* 16 bytes, aligned */
void move_xmm(struct gen *g, int d, int s);
void save_owner(struct gen *g, unsigned slot);  /* slot memory is about to be overwritten */

/* --- runtime.c: the guest's floating-point control and flags while its translations run --- */
void x64_take_fpctl(struct vcpu *c);             /* control := c->exit_arg */
void x64_fpflags(struct vcpu *c);                /* c->exit_arg := sticky flags */
void x64_set_fpflags(struct vcpu *c);            /* sticky flags := c->exit_arg */

/* --- statemap.c --- */
void map_point(struct gen *g);                        /* before the first instruction that may fault */

/* A translation-wide limit was hit; compile() gives up. */
static inline bool gen_room(struct gen *g, u32 n)
{
	if (g->e.end - g->e.w < (s64)n)
		g->overflow = true;
	return !g->overflow;
}

#endif
