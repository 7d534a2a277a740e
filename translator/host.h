/* What the folder of the host (translator/host/H) gives to the rest of the translator. */
#ifndef TRANSLATOR_HOST_H
#define TRANSLATOR_HOST_H

#include "base/types.h"
#include "base/vcpu.h"
#include "translator/ir.h"

/* --- compiling --- */

/* What takes an exit: a condition, a jump or the end of a block, a call, or the return of a call. */
enum exit_kind { XK_COND, XK_JUMP, XK_CALL, XK_LANDING };

/* An exit of a translation that may be linked to another one. */
struct host_exit {
	gaddr target;     /* guest address */
	u32 patch;        /* offset in the translation of the 4-byte aligned field to patch */
	u32 stub;         /* offset of the code that asks the run-time to link */
	u32 reentry;      /* XK_LANDING: offset in the same translation to go on at, or 0 */
	u8 kind;
};

enum { HOST_MAX_EXITS = 2 * TR_REGION_INSNS, HOST_MAX_MAP = 65536, HOST_MAX_CALLS = 256, HOST_MAX_RELOCS = 4096 };

/*
 * What in a translation's code depends on where it is executed, which guest address it is of, and what number it
 * has: fields to change when it is put in another place.  host_reloc(kind, offset of the field).
 */
enum host_reloc_kind {
	HR_PC32, HR_PC64,    /* a guest address, zero-extended or whole */
	HR_HOST,             /* displacement from the field's end to an address of the runner's */
	HR_EXIT, HR_BLOCK,   /* number of an exit; of the translation */
	HR_COUNTER,          /* displacement to the counter of entries, an s32 of an array by block */
	HR_FALLBACK,         /* displacement to host_out.fallback */
};
#define host_reloc(kind, offset) ((u32)(offset) << 3 | (kind))
/* By how much each differs in the new place; fallback is the new address itself. */
struct host_move {
	u64 pc, x, exit, block, fallback;
};

/* What a compilation gives besides code. */
struct host_out {
	u32 size;                  /* bytes of code */
	u32 nexits;
	u32 map_len;
	u32 nrelocs;               /* more than HOST_MAX_RELOCS: it cannot be moved */
	u32 ncalls;                /* C functions that the code calls, by the name of the helper or operation: */
	const char *call[HOST_MAX_CALLS];
	u32 exit_id;               /* in: number of the first exit; they are numbered from there */
	u32 block;                 /* in: its own number */
	u64 counter;               /* in: host address of a u32 that entries count down, RT_HOT below 0; 0: none */
	u64 fallback;              /* in: of a region: where to go on when the state is not as it expects */
	u32 body;                  /* offset of what follows the counting */
	struct host_exit exit[HOST_MAX_EXITS];
	u32 reloc[HOST_MAX_RELOCS];
	u8 map[HOST_MAX_MAP];      /* state maps, in the host's own form */
};

/*
 * Looks at the processor.  hide removes features of it (bits of host_features), off optimisations of ours (bits of
 * host_optimisations).
 */
void host_init(u32 hide, u32 off);
struct host_item { const char *name; u32 bit; };
extern const struct host_item host_features[], host_optimisations[];  /* end with NULL */

/*
 * Emits the run-time's own code to w (executed at x); returns its size.  rt[]: entry points for
 * vcpu.rt.
 */
u32 host_runtime(u8 *w, u64 x, u64 rt[RT_COUNT]);

/*
 * Compiles t to w (executed at x).  False if `room` bytes do not suffice or the translation is too
 * complex: the caller tries again with more room or fewer instructions.
 */
bool host_compile(struct tr *t, u8 *w, u64 x, u32 room, struct host_out *out);

/*
 * Changes code that was copied to w, to be executed at x: how that and the rest differ from what it was compiled for
 * is in m.  False if a guest address does not fit its field; the code is of no use then.
 */
bool host_move(u8 *w, u64 x, const u32 *reloc, u32 nrelocs, const struct host_move *m);

/* Says which features of the processor translations use: equal for processors that can run the same code. */
u64 host_features_used(void);

/* Makes the field at w (executed at x) lead to `target`.  Atomic with respect to running code. */
void host_patch(u8 *w, u64 x, u64 target);

/* --- running --- */

/* Runs code at `code` until it leaves; c->pc and state are complete then. */
enum exit_reason host_enter(struct vcpu *c, u64 code);

/* What the run-time's code calls back (translator/jit.c): the host address to go on at. */
u64 jit_link(struct vcpu *c, u32 exit_id);
u64 jit_lookup(struct vcpu *c, gaddr pc);
u64 jit_hot(struct vcpu *c, u32 block);
/*
 * A system call from translated code; c->pc is behind the instruction, c->mxcsr what the unit has.
 * True if the code may go on there.  Else c->exit_arg says why to leave, at c->pc with c->mxcsr.
 */
bool jit_syscall(struct vcpu *c);

/* --- faults; uc is the host's ucontext_t --- */

/* The translation that a host pc belongs to. */
struct host_where {
	gaddr start;               /* guest address of the translation */
	u64 code;                  /* host address of its first instruction */
	const u8 *map;
	u32 map_len;
};

u64 host_fault_pc(const void *uc);
/* Completes c->state and c->pc from the registers at a fault inside a translation. */
void host_recover(struct vcpu *c, const struct host_where *h, const void *uc);
/*
 * A floating-point exception inside a translation, or its own demand for an exact result (an
 * undefined instruction): true if the instruction was completed in uc.
 */
bool host_fix_fp(struct vcpu *c, void *uc);
/*
 * The guest address that a translation found misaligned (it then executes an undefined
 * instruction).
 */
gaddr host_misaligned_address(const void *uc);
/* A fault on a guard page of the return stack: true if uc was mended to go on. */
bool host_ret_stack_fault(struct vcpu *c, u64 addr, void *uc);
/* Makes the interrupted translation, or a helper that it called, leave with `reason`. */
void host_leave_code(struct vcpu *c, enum exit_reason reason, void *uc, bool in_helper);

/*
 * Calls fn(c, arg) so that host_unwind can abandon it: records the stack in c->host_rsp.  Returns
 * fn's result or the reason given to host_unwind.  Does not nest.
 */
enum exit_reason host_call(struct vcpu *c, enum exit_reason (*fn)(struct vcpu *, void *), void *arg);

/*
 * In a signal handler: changes the host's ucontext_t so that the interrupted host_call of c returns
 * reason.
 */
void host_unwind(struct vcpu *c, void *uc, enum exit_reason reason);

/*
 * The guest's sticky exceptions (enum ir_fpexc) among those of a control word: what only the host's
 * unit knows.
 */
u32 host_fpflags(u32 mxcsr);

/* The host's control word (vcpu.mxcsr without sticky flags) for FPCTL bits. */
u32 host_fp_control(u32 fpctl);

/*
 * If the 16 bytes at p (16-byte aligned) equal old: replaces them.  Returns what they were.
 * Sequentially consistent.
 */
vec host_cas128(void *p, vec old, vec new);

/* The host's e_machine, for profilers. */
extern const u16 host_elf_machine;

/* Capstone's numbers for host code. */
extern const u32 host_disas_arch, host_disas_mode;

#endif
