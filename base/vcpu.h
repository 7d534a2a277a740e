/*
 * One guest thread.
 *
 * Translated code keeps r15 (on x86-64) at `state + VCPU_BIAS`, so that the guest's own slots, which
 * lie first in `state`, are reached with the shortest displacements; everything that is common to
 * all guests lies before `state`, at negative offsets that only exits and slow paths use.
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

enum { VCPU_BIAS = 128, VCPU_STATE_SIZE = 2048, VCPU_SPILLS = 64 };

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

struct vcpu {
	/* --- read and written by translated code and its run-time --- */
	u64 host_rsp;          /* stack of the run loop while translated code runs */
	u64 ret_rsp;           /* top of the return stack while the run loop runs */
	u64 ret_base;          /* lowest and */
	u64 ret_top;           /* highest address of the return stack */
	u64 lookup_table;      /* direct-mapped table of (guest pc, host code); an empty one while poll is set */
	u64 lookup_real;       /* the table that lookup_table points to when poll is clear */
	u64 guest_base;        /* host address of guest address 0 */
	u64 pc;                /* guest pc; valid only outside translated code */
	u32 exit_arg;          /* exit descriptor of the link that was taken, see cache.h */
	u32 mxcsr;             /* floating-point control and sticky flags of the guest while outside */
	u32 host_mxcsr;        /* the run-time's own */
	u32 fpctl;             /* the guest's floating-point control as last set, bits of enum ir_fpctl */
	volatile u32 poll;     /* not 0: leave translated code at the next poll point */
	u64 rt[24];            /* entry points of the run-time, called through [r15 + off] */
	vec spill[VCPU_SPILLS];
	vec helper_save[64];   /* registers saved around slow-path calls */

	/* --- the run loop's --- */
	const struct guest *guest;
	struct task *task;     /* the thread as the system-call layer sees it */
	u32 trap;              /* guest-defined code of EXIT_TRAP */
	u32 fault_code;        /* si_code */
	u32 fault_signal;      /* signal number of EXIT_FAULT */
	u32 in_code;           /* not 0 while translated code may be on the host's pc */
	u64 fault_addr;
	struct tr *tr;         /* the translation under construction */
	vec *val;              /* the interpreter's values, one per node of tr */

	u8 state[VCPU_STATE_SIZE] __attribute__((aligned(64)));
};

/* The state slot at byte offset `off` as a 64-bit integer. */
static inline u64 *vcpu_u64(struct vcpu *c, unsigned off)
{
	return (u64 *)(void *)(c->state + off);
}

#endif
