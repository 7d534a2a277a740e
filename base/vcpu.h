/*
 * One guest thread.
 *
 * Translated code keeps r15 (on x86-64) at `state + VCPU_BIAS`, so that the guest's own slots,
 * which lie first in `state`, are reached with the shortest displacements; everything that is
 * common to all guests lies before `state`, at negative offsets that only exits and slow paths use.
 *
 * The layout of `state` is the guest's (frontends/G/slots.def); common code knows its slots only
 * through the card (base/guest.h).
 */
#ifndef BASE_VCPU_H
#define BASE_VCPU_H

#include "base/types.h"

struct guest;
struct task;
struct tr;

enum { VCPU_BIAS = 128, VCPU_STATE_SIZE = 2048, VCPU_SPILLS = 64, VCPU_TABLE = 4096 };

/* Entry points of the host's run-time that translated code jumps to (vcpu.rt). */
enum runtime_entry {
	RT_EXIT,      /* leave with the exit reason in the first scratch register */
	RT_LINK,      /* link exit descriptor number (first scratch register) and go on there */
	RT_INDIRECT,  /* go on at the guest address in the first scratch register */
	RT_RETURN,    /* the same, for a return that the top of the return stack does not match */
	RT_LEAVE,     /* leave with the exit reason in exit_arg */
	RT_HOT,       /* the translation whose number is in the first scratch register is hot: go on in a better one */
	RT_SYSCALL,   /* called: make the system call, come back unless something else is wanted */
	RT_COUNT
};

/* The return stack: bytes, and bytes of guard below and above it. */
enum { RET_STACK_SIZE = 65536, RET_STACK_GUARD = 4096 };

/* Why translated code came back to the run loop. */
enum exit_reason {
	EXIT_NONE,     /* nothing: go on at vcpu->pc */
	EXIT_POLL,     /* vcpu->poll was set: a signal may wait */
	EXIT_SYSCALL,  /* a system call; pc is after the instruction */
	EXIT_TRAP,     /* the guest's own trap: vcpu->trap says which; pc is at the instruction */
	EXIT_UNDEF,    /* undefined instruction at pc */
	EXIT_NOEXEC,   /* pc is not in executable memory; vcpu->fault_addr is the address */
	EXIT_FAULT,    /* a memory access faulted: pc, fault_addr, fault_signal, fault_code are set */
};
enum { EXIT_REASONS = EXIT_FAULT + 1 };

/*
 * The host's address of a fault that does not tell it (a pointer that is none, x86-64's general
 * protection).  Not 0, which runtimes take for a null pointer of the program's.
 */
#define NOT_AN_ADDRESS (1ull << 63)

struct vcpu {
	/* --- read and written by translated code and its run-time --- */
	u64 host_rsp;          /* stack of the run loop while translated code runs */
	u64 ret_rsp;           /* top of the return stack while the run loop runs */
	u64 ret_base;          /* lowest and */
	u64 ret_top;           /* highest address of the return stack */
	u64 guest_base;        /* host address of guest address 0 */
	u64 pc;                /* guest pc; valid only outside translated code */
	u32 exit_arg;          /* reason of RT_LEAVE */
	u32 mxcsr;             /* floating-point control and the unit's sticky flags of the guest while outside */
	u32 fp_flags;          /* sticky exceptions (enum ir_fpexc) that software found; the guest's are both */
	u32 host_mxcsr;        /* the run-time's own */
	u32 fpctl;             /* the guest's floating-point control as last set, bits of enum ir_fpctl */
	volatile u32 poll;     /* not 0: leave translated code at the next poll point */
	u64 rt[RT_COUNT];
	vec spill[VCPU_SPILLS];
	vec arg[4];            /* operands and result of operations that the interpreter does for translated code */

	/* --- the run loop's --- */
	const struct guest *guest;
	struct task *task;     /* the thread as the system-call layer sees it */
	u32 trap;              /* guest-defined code of EXIT_TRAP */
	u32 landing;           /* class of the branch that led to pc and was not yet looked at (guest.may_land); 0: none */
	u32 fault_code;        /* si_code */
	u32 fault_signal;      /* signal number of EXIT_FAULT */
	u32 in_code;           /* not 0 while translated code may be on the host's pc */
	u64 fault_addr;
	struct tr *tr;         /* the translation under construction */
	vec *val;              /* the interpreter's values, one per node of tr */
	struct vcpu *next;     /* in the translator's list of threads */
	u32 generation;        /* of the code cache that the return stack and table belong to */

	u8 state[VCPU_STATE_SIZE] __attribute__((aligned(64)));

	/*
	 * Direct-mapped by guest pc: what indirect jumps probe inline.  translator_kick() empties
	 * it, so that they come to the run-time and see `poll`.  An empty entry holds a pc that belongs to another
	 * entry.
	 */
	struct { u64 pc, code; } table[VCPU_TABLE];
	u64 filled[VCPU_TABLE / 64];   /* entries that are perhaps not empty, as bits */
};

/* The state slot at byte offset `off` as a 64-bit integer. */
static inline u64 *vcpu_u64(struct vcpu *c, unsigned off)
{
	return (u64 *)(void *)(c->state + off);
}

#endif
