/*
 * The translator as the rest of the runner sees it: run a guest thread until something outside
 * translated code is wanted, and keep the code true to guest memory.
 */
#ifndef TRANSLATOR_TRANSLATOR_H
#define TRANSLATOR_TRANSLATOR_H

#include "base/guest.h"
#include "base/vcpu.h"

enum { CACHE_MIN_CODE = 1 << 20, CACHE_MAX_CODE = 128 << 20 };

enum tr_engine { ENGINE_JIT, ENGINE_INTERP };

struct translator_config {
	enum tr_engine engine;
	bool single;          /* one guest instruction per translation */
	u32 max_insns;        /* per translation; 0: default */
	u32 hot;              /* entries of a block after which the region around it is translated; 0: never */
	const char *cache_dir;/* where translations are kept for later processes (persist.h); NULL: nowhere */
	u64 identity;         /* of what makes translations: the runner's build, and the guest's processor */
	bool perfmap, jitdump;/* tell perf about the code, see perf.h */
	u32 hide, off;        /* host features and optimisations not to use, see host.h */
	u64 code;             /* bytes of translated code to hold at most: CACHE_MIN_CODE to CACHE_MAX_CODE; 0: default */
	u64 room;             /* bytes of address space that the process may have, ~0: any; 0: as well */
	/*
	 * Does what EXIT_SYSCALL asks for, called by translated code without leaving it; c->pc and
	 * the state are complete, and may be changed.  NULL: translator_run() returns for each.
	 */
	void (*syscall)(struct vcpu *c);
};

/*
 * Once, before any thread runs.  `executable` says whether guest code may be fetched from [a, a +
 * len).
 */
void translator_init(const struct guest *g, const struct translator_config *cfg,
		     bool (*executable)(gaddr a, u64 len));

/*
 * Fills the common part of a zeroed vcpu (return stack, tables, entry points).  False when memory
 * lacks.
 */
bool vcpu_init(struct vcpu *c, const struct guest *g);
/* Frees what vcpu_init made; not the vcpu itself. */
void vcpu_done(struct vcpu *c);

/*
 * Runs from c->pc until there is a reason to stop; the guest's state is then complete in c->state
 * and c->pc.
 */
enum exit_reason translator_run(struct vcpu *c);

/*
 * From the host's handler for a synchronous signal, on the thread of c.  uc is the host's
 * ucontext_t. True if the fault came from translated code or a helper and has been dealt with: uc
 * then resumes either the code (a floating-point fix-up) or leaves it with EXIT_FAULT.  False: not
 * ours.
 */
bool translator_fault(struct vcpu *c, int signo, int code, u64 addr, void *uc);

/* Asks the thread to come back soon: any thread or signal handler may call it. */
void translator_kick(struct vcpu *c);
/* The thread has seen the request. */
void translator_unkick(struct vcpu *c);

/*
 * Guest code in [start, end) changed or went away: no thread runs old translations after its next
 * poll point.
 */
void translator_invalidate(gaddr start, gaddr end);
/*
 * Before a second thread begins, or another process can reach memory that the guest writes.  From the process's only
 * thread the first time, outside translated code; the child of a vfork, whose parent waits, counts as that.
 */
void translator_memory_shared(void);

/* Around fork(2) (not vfork): prepare in the parent before, then one of the others on each side. */
void translator_fork_prepare(void);
void translator_fork_parent(void);
void translator_fork_child(struct vcpu *c);

/*
 * The last moment to report (-d stats): the thread of c ends its process or executes another program; or, with
 * `alone`, it ends by itself, and the process with it if no other thread is left.  `name`: of the program.
 */
void translator_ending(struct vcpu *c, bool alone, const char *name);

/*
 * A floating-point mode change outside translated code (sigreturn): guest's control := FPCTL bits.
 */
void translator_set_fpctl(struct vcpu *c, u32 fpctl);
/* Sticky exceptions (enum ir_fpexc) while outside translated code. */
u32 translator_fpflags(const struct vcpu *c);
void translator_set_fpflags(struct vcpu *c, u32 flags);
/* Adds to them; unlike the others also for helpers, in the middle of a translation. */
void translator_raise_fpflags(struct vcpu *c, u32 flags);

#endif
