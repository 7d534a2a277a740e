/*
 * A guest thread as the system-call layer sees it: its signals, its memory, its place in the
 * process.
 *
 * Private to syscall/.  How signals work here:
 *
 * The guest's signal mask is the host thread's signal mask, for real, and a signal that the guest
 * ignores or leaves at a default that does not dump core has that disposition on the host.  So
 * pending signals, sigtimedwait, signalfd, stopping, EINTR rules and inheritance over execve are
 * the host kernel's, not an imitation.  Only signals with a guest handler (and the core-dumping
 * ones, for the message) come to us.
 *
 * A signal that comes is *captured*: the host's handler copies the siginfo, leaves with everything
 * blocked, and asks translated code to stop.  At most one signal is captured at a time, all others
 * wait in the kernel, in the kernel's order; signal_deliver() builds the guest's frame and then
 * sets the host's mask to what the guest's handler shall run with, at which the next one may come.
 * A queue of our own was the alternative: it must grow inside a signal handler, and sigpending
 * would not see it.
 *
 * The exceptions are the signals that faults raise.  They can never be blocked on the host (a
 * blocked fault kills), so for these five the guest's mask and pending set are kept here.
 */
#ifndef SYSCALL_TASK_H
#define SYSCALL_TASK_H

#include "base/lock.h"
#include "syscall/internal.h"

enum { NSIG = 64, SIGINFO_SIZE = 128 };

static inline u64 sigbit(int sig)
{
	return 1ull << (sig - 1);
}

/* Sets of signals, see above and signal(7). */
#define SIGS_SYNC \
	((u64)(1 << (SIGSEGV - 1) | 1 << (SIGBUS - 1) | 1 << (SIGFPE - 1) | 1 << (SIGILL - 1) | \
	       1 << (SIGTRAP - 1)))
#define SIGS_CORE \
	(SIGS_SYNC | (u64)(1 << (SIGQUIT - 1) | 1 << (SIGABRT - 1) | 1 << (SIGXCPU - 1) | \
			   1 << (SIGXFSZ - 1) | 1 << (SIGSYS - 1)))
#define SIGS_DEFAULT_IGNORE ((u64)(1 << (SIGCHLD - 1) | 1 << (SIGCONT - 1) | 1 << (SIGURG - 1) | \
				   1 << (SIGWINCH - 1)))
#define SIGS_UNBLOCKABLE ((u64)(1 << (SIGKILL - 1) | 1 << (SIGSTOP - 1)))

/* sa_flags and handlers, include/uapi/asm-generic/signal-defs.h; the host's are the same. */
#define SA_NOCLDSTOP 0x1u
#define SA_NOCLDWAIT 0x2u
#define SA_SIGINFO 0x4u
#define SA_RESTORER 0x04000000u
#define SA_ONSTACK 0x08000000u
#define SA_RESTART 0x10000000u
#define SA_NODEFER 0x40000000u
#define SA_RESETHAND 0x80000000u
enum { SIG_DFL = 0, SIG_IGN = 1 };
enum { SI_USER = 0, SI_KERNEL = 0x80, ILL_ILLOPC = 1, SEGV_MAPERR = 1, SEGV_ACCERR = 2 };
enum { SS_ONSTACK = 1, SS_DISABLE = 2 };
#define SS_AUTODISARM (1u << 31)

struct action { u64 handler, flags, restorer, mask; };

/* Shared by the threads of a process (CLONE_SIGHAND). */
struct actions {
	struct lock lock;
	u64 known;                   /* signals whose act[] is true; what is inherited is asked for late */
	struct action act[NSIG + 1];
};

struct task {
	struct vcpu *vcpu;
	struct actions *actions;

	u64 mask;                    /* the guest's blocked signals */
	u64 saved_mask;              /* what to go back to after a call with a mask of its own ... */
	bool restore_mask;           /* ... which is in progress, or was interrupted */
	volatile u32 attention;      /* something can be delivered: no blocking call may start */
	volatile u32 captured;       /* info holds a signal; every host signal is blocked meanwhile */
	u8 info[SIGINFO_SIZE] __attribute__((aligned(8)));
	volatile u64 sync_pending;   /* blocked fault signals that somebody sent */
	u8 sync_info[SIGSEGV + 1][SIGINFO_SIZE] __attribute__((aligned(8)));

	u64 alt_sp, alt_size;
	u32 alt_flags;

	gaddr robust_list;           /* where the kernel cannot walk it (futex.c) */

	s64 interrupted;             /* see signal_interrupted(), 0: no call was; and the pc then */
	gaddr interrupted_pc;
	bool not_started;            /* the interrupted call had not even begun */

	bool tagged_addr;            /* pointers may carry tags: PR_SET_TAGGED_ADDR_CTRL */
	bool vfork_child;            /* the parent frees our memory */
	u8 own_limits;               /* limits that it has given to the host itself (id.c) */
	u8 *block;                   /* stack and all of a thread, NULL for the first */
	u64 block_size;
};

extern const struct syscall_hooks *hooks;

/* A guest pointer for the host's kernel; NULL stays NULL. */
static inline u64 host_ptr(gaddr a)
{
	return a ? (u64)g2h(a) : 0;
}

/* --- signal.c --- */

/* Changes the guest's mask, and the host's with it. */
void signal_set_mask(struct task *t, u64 mask);
/* Blocks every signal of this host thread: around clone and exit. */
void signal_block_all(void);
/* Undoes that. */
void signal_unblock(struct task *t);
/* A captured signal goes back to the kernel; all signals must be blocked. */
void signal_uncapture(struct task *t);
/* The action of sig, which the caller may change; s->lock is held. */
struct action *signal_action(struct actions *s, int sig);
/* Tells the host what to do on sig, after the guest's action. */
void signal_install(int sig, const struct action *a);
/* The disposition that a new program must inherit; false again if execve failed. */
void signal_prepare_exec(struct task *t, bool prepare);
/* In a child with signal handlers of its own that starts with none (CLONE_CLEAR_SIGHAND). */
void signal_clear_handlers(struct actions *a);
/* On a new thread: the alternate stack of the host's handlers, and who we are. */
void signal_thread_start(struct task *t, void *stack, u64 size);
/* A fault signal that the guest blocks is pending in `set`: takes it; 0 if there is none. */
int signal_take_sync(struct task *t, u64 set, u8 info[SIGINFO_SIZE]);
/* Puts what the handler needs to know: t->attention, and asks translated code to stop. */
void signal_attend(struct task *t);

/* --- siginfo.c: the guest's siginfo_t of the host's --- */

void siginfo_to_guest(const u8 host[SIGINFO_SIZE], u8 guest[SIGINFO_SIZE]);
s64 siginfo_out(gaddr a, const u8 host[SIGINFO_SIZE]);   /* to memory: 0 or -EFAULT */

/* --- futex.c --- */

/* What the kernel does with a robust list, where it cannot. */
void futex_thread_exit(struct task *t);

/* --- id.c --- */

/* Before another program is executed: the host's limits are the guest's; false: it failed. */
void limits_exec(struct task *t, bool prepare);

/* --- host/HOST: what depends on the host's instruction set --- */

/*
 * The call, or -HOST_NOT_STARTED if *attention is set, or -HOST_REWOUND if a signal made the kernel
 * restart it.
 */
enum { HOST_NOT_STARTED = 4090, HOST_REWOUND = 4091 };
s64 host_blocking_call(volatile u32 *attention, u64 nr, u64 a, u64 b, u64 d, u64 e, u64 f, u64 g);
/*
 * In the signal handler: if uc is inside the above, before or at its system call, lets it return as
 * said.
 */
void host_blocking_interrupt(void *uc);

u64 host_signal_pc(const void *uc);
void host_signal_set_pc(void *uc, u64 pc);
u64 *host_signal_mask(void *uc);

struct host_action { u64 handler, flags, restorer, mask; };
/* Return from a signal handler, for host_action.restorer. */
void host_sigreturn(void);

/*
 * clone or clone3 with a stack: the child calls fn(arg) on it and never returns.  a..e are the
 * call's arguments; the caller has put fn and arg with host_clone_stack() where the child's stack
 * pointer will be.
 */
s64 host_clone(u64 nr, u64 a, u64 b, u64 d, u64 e, u64 f);
u64 *host_clone_stack(u8 *top, void (*fn)(void *), void *arg);
/*
 * clone with its arguments in any order of the host's liking; without a stack it returns twice, as
 * fork.
 */
s64 host_clone_args(u64 flags, u64 stack, u64 parent_tid, u64 child_tid, u64 tls);

/*
 * A thread area for a raw thread: a copy of the first thread's, so that incidental use of libc
 * (errno) hits memory of its own.  `mem` has HOST_TLS_SIZE bytes; the value for CLONE_SETTLS.
 */
enum { HOST_TLS_SIZE = 4096 };
u64 host_tls_copy(u8 *mem);

/* Unmaps the memory that we are running on and ends the thread. */
void host_exit_unmap(void *block, u64 size, int status) __attribute__((noreturn));

#endif
