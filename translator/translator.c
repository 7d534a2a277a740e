/* The run loop of the translator: which engine runs, what ends it, and what is kept per thread. */
#include "translator/translator.h"

#include "base/die.h"
#include "base/errno.h"
#include "base/host.h"
#include "base/host_nr.h"
#include "base/space.h"
#include "translator/build.h"
#include "translator/host.h"
#include "translator/interp.h"
#include "translator/jit.h"

/* Linux's generic numbers */
enum { G_SIGBUS = 7, G_BUS_ADRALN = 1 };

static struct {
	const struct guest *g;
	struct translator_config cfg;
	bool (*executable)(gaddr a, u64 len);
} tl;

/* What a thread needs to translate and interpret; pages are touched as used. */
struct workspace {
	struct tr tr;
	vec val[TR_MAX_NODES];
};

void translator_init(const struct guest *g, const struct translator_config *cfg,
		     bool (*executable)(gaddr a, u64 len))
{
	tl.g = g;
	tl.cfg = *cfg;
	tl.executable = executable;
	if (cfg->engine == ENGINE_JIT)
		jit_init(g, cfg, executable);
}

bool vcpu_init(struct vcpu *c, const struct guest *g)
{
	s64 p = space_own_map(sizeof(struct workspace));
	struct workspace *w = (struct workspace *)p;

	if (is_error(p))
		return false;
	c->guest = g;
	c->guest_base = guest_base;
	c->tr = &w->tr;
	c->val = w->val;
	c->mxcsr = 0;
	translator_set_fpctl(c, 0);
	if (tl.cfg.engine != ENGINE_JIT || jit_vcpu_init(c))
		return true;
	host_syscall2(HOST_NR_munmap, (u64)w, sizeof *w);
	return false;
}

void vcpu_done(struct vcpu *c)
{
	if (tl.cfg.engine == ENGINE_JIT)
		jit_vcpu_done(c);
	host_syscall2(HOST_NR_munmap, (u64)c->tr, sizeof(struct workspace));
	c->tr = NULL;
	c->val = NULL;
}

/*
 * The interpreter builds each block anew.  That is slow, and needs no invalidation; it is the
 * reference, not a way to run programs.
 */
static enum exit_reason interp_loop(struct vcpu *c, void *arg)
{
	enum exit_reason r;

	do {
		if (c->poll)
			return EXIT_POLL;
		c->pc = guest_untag(tl.g, c->pc);
		if (c->pc & (tl.g->insn_unit - 1)) {
			c->fault_signal = G_SIGBUS;
			c->fault_code = G_BUS_ADRALN;
			c->fault_addr = c->pc;
			return EXIT_FAULT;
		}
		if (c->landing && tl.g->may_land && tl.executable(c->pc, tl.g->insn_unit) &&
		    !tl.g->may_land(c->pc, c->landing))
			return EXIT_UNDEF;
		c->landing = 0;
		c->tr->fpctl = c->fpctl & FPCTL_MODE;
		if (!tr_build(c->tr, tl.g, c->pc, &tl.cfg, tl.executable)) {
			c->fault_addr = c->tr->noexec;
			return EXIT_NOEXEC;
		}
		r = interp_run(c, c->tr);
	} while (r == EXIT_NONE);
	return r;
}

enum exit_reason translator_run(struct vcpu *c)
{
	enum exit_reason r;

	if (tl.cfg.engine == ENGINE_JIT)
		return jit_run(c);
	c->in_code = 1;
	r = host_call(c, interp_loop, NULL);
	c->in_code = 0;
	return r;
}

bool translator_fault(struct vcpu *c, int signo, int code, u64 addr, void *uc)
{
	if (tl.cfg.engine == ENGINE_JIT)
		return jit_fault(c, signo, code, addr, uc);
	if (!c->in_code)
		return false;
	c->fault_signal = (u32)signo;
	c->fault_code = (u32)code;
	if (addr != NOT_AN_ADDRESS)
		c->fault_addr = addr - c->guest_base;
	host_unwind(c, uc, EXIT_FAULT);
	return true;
}

void translator_kick(struct vcpu *c)
{
	if (tl.cfg.engine == ENGINE_JIT)
		jit_kick(c);
	else
		c->poll = 1;
}

void translator_unkick(struct vcpu *c)
{
	c->poll = 0;
}

/* The interpreter keeps nothing between blocks. */
void translator_invalidate(gaddr start, gaddr end)
{
	if (tl.cfg.engine == ENGINE_JIT)
		jit_invalidate(start, end);
}

void translator_memory_shared(void)
{
	if (tl.cfg.engine == ENGINE_JIT)
		jit_memory_shared();
}

void translator_fork_prepare(void)
{
	if (tl.cfg.engine == ENGINE_JIT)
		jit_fork_prepare();
}

void translator_fork_parent(void)
{
	if (tl.cfg.engine == ENGINE_JIT)
		jit_fork_parent();
}

void translator_fork_child(struct vcpu *c)
{
	if (tl.cfg.engine == ENGINE_JIT)
		jit_fork_child(c);
}

void translator_ending(struct vcpu *c, bool alone, const char *name)
{
	if (tl.cfg.engine == ENGINE_JIT)
		jit_ending(c, alone, name);
}

void translator_set_fpctl(struct vcpu *c, u32 fpctl)
{
	bool other_mode = (c->fpctl ^ fpctl) & FPCTL_MODE;

	c->fpctl = fpctl;
	c->fp_flags |= host_fpflags(c->mxcsr);
	c->mxcsr = host_fp_control(fpctl);
	if (other_mode && tl.cfg.engine == ENGINE_JIT)
		jit_mode_changed(c);
}

u32 translator_fpflags(const struct vcpu *c)
{
	return c->fp_flags | host_fpflags(c->mxcsr);
}

void translator_set_fpflags(struct vcpu *c, u32 flags)
{
	c->fp_flags = flags;
	c->mxcsr = host_fp_control(c->fpctl);
}

void translator_raise_fpflags(struct vcpu *c, u32 flags)
{
	c->fp_flags |= flags;
}
