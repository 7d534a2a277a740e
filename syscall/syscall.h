/*
 * Linux as the guest sees it: what the run loop asks of the system-call layer.
 */
#ifndef SYSCALL_SYSCALL_H
#define SYSCALL_SYSCALL_H

#include "base/guest.h"
#include "base/vcpu.h"

/*
 * The layer below the run loop may not call up or sideways; the runner fills these in.
 */
struct syscall_hooks {
	/* Runs a guest thread until it ends; does not return.  Called on the new host thread. */
	void (*run_thread)(struct vcpu *c);
	/* translator_fault, translator_kick, ... */
	bool (*fault)(struct vcpu *c, int signo, int code, u64 addr, void *uc);
	void (*kick)(struct vcpu *c);
	void (*unkick)(struct vcpu *c);
	void (*invalidate)(gaddr start, gaddr end);
	void (*fork_prepare)(void);
	void (*fork_parent)(void);
	void (*fork_child)(struct vcpu *c);
	/*
	 * The thread of c ends its process or executes another program, so it is time to report; `alone`: it ends
	 * by itself.  Not for the child of a vfork, which lives in its parent's.
	 */
	void (*ending)(struct vcpu *c, bool alone);
	bool (*vcpu_init)(struct vcpu *c, const struct guest *g);   /* false: no memory */
	void (*vcpu_done)(struct vcpu *c);
};

/* What the runner knows of the process, for execve, /proc and uname. */
struct process {
	const char *runner;       /* the name that this runner was executed by; NULL: by binfmt_misc */
	const char *called;       /* "qemu" where we were called by a qemu name, else "dragoman" */
	const char *exe;          /* absolute path of the guest program */
	const char *sysroot;      /* -L, or NULL */
	char *const *runner_argv; /* options to repeat on re-execution, NULL-terminated */
	const char *uname_release;/* -r, or NULL */
	bool strace;
	bool summary;             /* -strace-c */
	bool tagged_addr;         /* a thread has asked for tags to be ignored in pointers */
	bool threads;             /* there is, or was, more than one; guests with an atomic_block may translate otherwise then */
	gaddr vdso;               /* where the guest's vdso is mapped */
	u64 stack_start, stack_size;
	const u8 *auxv;           /* as the guest sees it, for /proc/self/auxv */
	size_t auxv_size;
	gaddr arg_start, arg_end, env_start, env_end;
};
extern struct process the_process;

/*
 * Before anything is mapped for the guest: takes over the limits that the runner must not be held to.
 * The guest's RLIMIT_STACK, ~0 if there is none; *room: bytes that the host lets the process have in all.
 */
u64 limits_init(u64 *room);

/* Once, before the first guest instruction: installs host signal handlers, makes c's task. */
void syscall_init(struct vcpu *c, const struct syscall_hooks *hooks);

/* EXIT_SYSCALL: executes the call, writes the result; may not return (exit, execve). */
void syscall_run(struct vcpu *c);

/* EXIT_FAULT, EXIT_TRAP, EXIT_UNDEF: a synchronous signal; si_addr. */
void signal_force(struct vcpu *c, int signo, int code, gaddr addr);

/* Delivers what is pending and not blocked: builds frames, or ends the process. */
void signal_deliver(struct vcpu *c);

#endif
