/*
 * The just-in-time engine: translate what is not yet translated, link it, and run.
 *
 * One lock guards translating, linking and invalidating; running translations take no lock.  A thread that
 * waits for the lock counts as outside the cache, so the cache can be emptied while all others wait.
 *
 * Tagged addresses (guest.tag_bits) fault on the host.  Stripping the tag in each access would cost every
 * program two instructions per access for something that hardly any does.  So the instruction is executed by
 * the interpreter, which strips; and a process that goes on using tags gets all of its code translated anew,
 * with stripping.  The same detour finds the address of a pointer that is none.
 *
 * Most processes have one thread and share no memory, and much of what they do is atomic for nobody's sake.  So
 * translations have neither locks nor barriers until the system calls say that this ends; then those that would have
 * some are made anew.  The thread that says so is the only one, and outside, so it is enough to unlink them.
 */
#include "translator/jit.h"

#include "base/die.h"
#include "base/errno.h"
#include "base/host.h"
#include "base/host_nr.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/space.h"
#include "translator/build.h"
#include "translator/cache.h"
#include "translator/interp.h"
#include "translator/perf.h"
#include "translator/persist.h"
#include "translator/region.h"
#include "translator/stats.h"

enum { G_SIGILL = 4, G_SIGBUS = 7, G_SIGFPE = 8, G_SIGSEGV = 11, G_BUS_ADRALN = 1 };
enum { NO_PC = 1 };   /* above the return stack: no guest pc is odd */
enum { OUTSIDE, INSIDE, WAITING, STEPPING };   /* vcpu.in_code */
enum { MANY_TAGS = 32 };   /* accesses after which a process is one that uses tags */

static struct {
	const struct guest *g;
	struct translator_config cfg;
	bool (*executable)(gaddr a, u64 len);
	struct lock lock;
	struct vcpu *vcpus;        /* all threads */
	struct vcpu *emptier;      /* the thread that empties the cache, which others stay out of until then; or NULL */
	u32 generation;            /* of the cache; changes when it is emptied */
	u32 tagged;                /* accesses with a tag so far */
	bool untag;                /* translations strip them */
	bool shared;               /* others than one thread reach the guest's memory */
	u64 rt[RT_COUNT];
	void (*syscall)(struct vcpu *c);   /* that counted_syscall() counts */
} jit;

/* jit.cfg.syscall with -d stats: the other counters stand on cold paths, this call is warm. */
static void counted_syscall(struct vcpu *c)
{
	stats_bump(&stats.syscalls);
	jit.syscall(c);
}

/* Whatever a translation depends on but the guest's bytes, its mode and jit.untag.  Who looks at translations wants new ones. */
static void init_persistence(const struct translator_config *cfg)
{
	const u64 depends[] = {
		cfg->identity, host_features_used(), cfg->off, cfg->hot != 0, guest_base, space_page(),
	};
	u64 key = 0;

	if (cfg->single || cfg->max_insns || log_on(LOG_IN_ASM | LOG_OP | LOG_OUT_ASM))
		return;
	for (unsigned k = 0; k < ARRAY_LEN(depends); k++)
		key = persist_mix(key, depends[k]);
	persist_init(cfg->cache_dir, key);
}

void jit_init(const struct guest *g, const struct translator_config *cfg, bool (*executable)(gaddr a, u64 len))
{
	jit.g = g;
	jit.cfg = *cfg;
	jit.executable = executable;
	jit.syscall = cfg->syscall;
	if (log_on(LOG_STATS) && cfg->syscall)
		jit.cfg.syscall = counted_syscall;
	stats_init();
	perf_init(cfg->perfmap, cfg->jitdump);
	host_init(cfg->hide, cfg->off);
	cache_init(jit.rt, cfg->single ? 0 : cfg->hot, cfg->code, cfg->room);
	init_persistence(cfg);
}

/* --- threads --- */

/*
 * What an empty entry of the table holds matches no jump, since it belongs to another entry.  The code stays:
 * the thread may be interrupted between its look at the pc and its jump.
 */
static gaddr empty_pc(const struct vcpu *c, u32 k)
{
	return k ? 0 : c->guest->insn_unit;
}

static void forget_entry(struct vcpu *c, u32 k)
{
	__atomic_store_n(&c->table[k].pc, empty_pc(c, k), __ATOMIC_RELAXED);
}

/*
 * Only what was filled: a signal empties the table, and a program that gets many leaves it nearly empty.  Two may
 * do this at once, then a signal handler of the thread itself is one of them, and done before the thread goes on.
 */
static void forget_table(struct vcpu *c)
{
	for (u32 w = 0; w < VCPU_TABLE / 64; w++) {
		u64 bits = c->filled[w] ? __atomic_exchange_n(&c->filled[w], 0, __ATOMIC_RELAXED) : 0;

		for (; bits; bits &= bits - 1)
			forget_entry(c, w * 64 + __builtin_ctzll(bits));
	}
}

/* Under the lock, on the thread of c. */
static void fill_entry(struct vcpu *c, u32 k, gaddr pc, u64 code)
{
	__atomic_or_fetch(&c->filled[k / 64], 1ull << k % 64, __ATOMIC_RELAXED);
	forget_entry(c, k);
	__atomic_store_n(&c->table[k].code, code, __ATOMIC_RELAXED);
	__atomic_store_n(&c->table[k].pc, pc, __ATOMIC_RELEASE);
}

static u32 table_index(const struct vcpu *c, gaddr pc)
{
	return pc >> __builtin_ctz(c->guest->insn_unit) & (VCPU_TABLE - 1);
}

static void reset_return_stack(struct vcpu *c)
{
	c->ret_rsp = c->ret_top;
}

bool jit_vcpu_init(struct vcpu *c)
{
	enum { SLACK = RET_STACK_GUARD };
	s64 p = space_own_map(RET_STACK_GUARD + RET_STACK_SIZE + SLACK);

	if (is_error(p))
		return false;
	host_syscall3(HOST_NR_mprotect, p, RET_STACK_GUARD, 0);
	c->ret_base = p + RET_STACK_GUARD;
	c->ret_top = c->ret_base + RET_STACK_SIZE;
	/* What lies above the top matches no return. */
	for (u64 *w = (u64 *)c->ret_top; w < (u64 *)(c->ret_top + 256); w++)
		*w = NO_PC;
	reset_return_stack(c);
	memcpy(c->rt, jit.rt, sizeof c->rt);
	/* The table is zero, and pc 0 could only be found in its own entry: no need to touch the rest. */
	forget_entry(c, 0);
	lock_take(&jit.lock);
	c->generation = jit.generation;
	c->next = jit.vcpus;
	jit.vcpus = c;
	lock_drop(&jit.lock);
	return true;
}

void jit_vcpu_done(struct vcpu *c)
{
	struct vcpu **p = &jit.vcpus;

	lock_take(&jit.lock);
	while (*p && *p != c)
		p = &(*p)->next;
	if (*p)
		*p = c->next;
	lock_drop(&jit.lock);
	host_syscall2(HOST_NR_munmap, c->ret_base - RET_STACK_GUARD, 2 * RET_STACK_GUARD + RET_STACK_SIZE);
}

/* Takes the lock when nobody empties the cache. */
static void take_lock(void)
{
	for (;;) {
		lock_take(&jit.lock);
		if (!jit.emptier)
			return;
		lock_drop(&jit.lock);
		host_syscall0(HOST_NR_sched_yield);
	}
}

/* Takes the lock on behalf of a thread that came out of translated code. */
static void enter_runtime(struct vcpu *c)
{
	u32 was = c->in_code;

	__atomic_store_n(&c->in_code, WAITING, __ATOMIC_SEQ_CST);
	take_lock();
	__atomic_store_n(&c->in_code, was, __ATOMIC_SEQ_CST);
	if (c->generation != jit.generation) {
		c->generation = jit.generation;
		reset_return_stack(c);
		forget_table(c);
	}
}

static bool others_inside(const struct vcpu *self)
{
	for (struct vcpu *c = jit.vcpus; c; c = c->next)
		if (c != self && __atomic_load_n(&c->in_code, __ATOMIC_SEQ_CST) == INSIDE)
			return true;
	return false;
}

/*
 * All other threads out of translated code, then a new beginning.  The lock is free in between: translated code may
 * have called what invalidates, which must get it before that thread can come out.
 */
static void empty_cache(struct vcpu *self)
{
	jit.emptier = self;
	for (struct vcpu *c = jit.vcpus; c; c = c->next)
		if (c != self)
			jit_kick(c);
	while (others_inside(self)) {
		lock_drop(&jit.lock);
		host_syscall0(HOST_NR_sched_yield);
		lock_take(&jit.lock);
	}
	jit.emptier = NULL;
	cache_flush();
	persist_begin();
	jit.generation++;
	self->generation = jit.generation;
	reset_return_stack(self);
	forget_table(self);
}

/* --- translating --- */

static bool misaligned(const struct vcpu *c, gaddr pc)
{
	return pc & (c->guest->insn_unit - 1);
}

static u32 variant(gaddr pc)
{
	return (jit.untag ? VARIANT_UNTAG : 0) | (jit.g->variant ? jit.g->variant(pc) * VARIANT_GUEST : 0);
}

/* From an earlier process: one that is right whoever looks, or one that is right while nobody does. */
static u32 load(u32 image, gaddr pc, u32 mode, u32 v, u32 base)
{
	u32 n = persist_load(image, pc, mode, v, base, jit.executable);

	return n || jit.shared ? n : persist_load(image, pc, mode, v | VARIANT_ALONE, base, jit.executable);
}

/* A translation of pc for this mode, from an earlier process or new; 0: not executable. */
static u32 translate(struct vcpu *c, gaddr pc, u32 mode)
{
	struct translator_config cfg = jit.cfg;
	u32 image = persist_image(pc), n;

	n = image ? load(image, pc, mode, variant(pc), 0) : 0;
	if (n)
		return n;
	for (;;) {
		c->tr->fpctl = mode;
		c->tr->untag = jit.untag;
		c->tr->alone = !jit.shared;
		if (!tr_build(c->tr, jit.g, pc, &cfg, jit.executable))
			return 0;
		n = cache_add(c->tr, mode, 0, image);
		if (n == ~0u) {
			/* too complex for one piece */
			cfg.max_insns = (cfg.max_insns ? cfg.max_insns : TR_MAX_INSNS) / 2;
			if (!cfg.max_insns)
				die("cannot compile the instruction at %#llx", (unsigned long long)pc);
		} else if (n) {
			return n;
		} else {
			empty_cache(c);
		}
	}
}

/* The translation of pc, made if need be; 0: not executable. */
static u32 translation(struct vcpu *c, gaddr pc)
{
	u32 mode = c->fpctl & FPCTL_MODE, n = cache_find(pc, mode);
	u64 start;

	if (LIKELY(n))
		return n;
	if (misaligned(c, pc))
		return 0;
	start = stats_clock();
	n = translate(c, pc, mode);
	stats.translate_ns += stats_clock() - start;
	return n;
}

static u64 leave(struct vcpu *c, gaddr pc, enum exit_reason r)
{
	c->pc = pc;
	c->exit_arg = r;
	return jit.rt[RT_LEAVE];
}

/* There is no translation of pc: why. */
static u64 not_executable(struct vcpu *c, gaddr pc)
{
	c->fault_addr = c->tr->noexec;
	if (!misaligned(c, pc))
		return leave(c, pc, EXIT_NOEXEC);
	c->fault_addr = pc;
	c->fault_signal = G_SIGBUS;
	c->fault_code = G_BUS_ADRALN;
	return leave(c, pc, EXIT_FAULT);
}

u64 jit_link(struct vcpu *c, u32 exit_id)
{
	gaddr target = cache_exit(exit_id)->target;
	u32 generation = c->generation, n;
	u64 code;

	if (c->poll)
		return leave(c, target, EXIT_POLL);
	enter_runtime(c);
	stats.asked++;
	n = translation(c, target);
	if (n && c->generation == generation && !log_on(LOG_NOCHAIN))
		cache_link(exit_id, n);
	code = n ? cache_address(cache_block(n)->code) : 0;
	lock_drop(&jit.lock);
	return n ? code : not_executable(c, target);
}

/*
 * The class of a branch (guest.may_land) travels in the place of its target's tag, and so it stands in the table.
 * A tag of the guest's own looks like one, which makes no difference unless the page is one where it matters.
 */
static u32 branch_class(gaddr target)
{
	return jit.g->may_land ? target >> (64 - jit.g->tag_bits) : 0;
}

static gaddr with_class(gaddr pc, u32 how)
{
	return how ? pc | (gaddr)how << (64 - jit.g->tag_bits) : pc;
}

u64 jit_lookup(struct vcpu *c, gaddr target)
{
	gaddr pc = guest_untag(jit.g, target);
	u32 n, k = table_index(c, pc), how = branch_class(target);
	bool lands = true;
	u64 code = 0;

	if (c->poll) {
		c->landing = how;
		return leave(c, pc, EXIT_POLL);
	}
	enter_runtime(c);
	stats.lookups++;
	n = translation(c, pc);
	if (n) {
		lands = !how || jit.g->may_land(pc, how);
		code = cache_address(cache_block(n)->code);
		if (!log_on(LOG_NOCHAIN) && lands)
			fill_entry(c, k, with_class(pc, how), code);
	}
	lock_drop(&jit.lock);
	if (!n)
		return not_executable(c, pc);
	if (!lands) {
		c->landing = how;
		return leave(c, pc, EXIT_UNDEF);
	}
	/* A signal since the check above emptied the table too early. */
	if (c->poll) {
		forget_entry(c, k);
		c->landing = how;
		return leave(c, pc, EXIT_POLL);
	}
	return code;
}

static void gone(gaddr pc)
{
	for (struct vcpu *c = jit.vcpus; c; c = c->next) {
		u32 k = table_index(c, pc);

		if (c->table[k].pc != NO_PC && guest_untag(jit.g, c->table[k].pc) == pc)
			forget_entry(c, k);
	}
}

static u32 use_region(u32 n, u32 region)
{
	cache_replace(n, region);
	gone(cache_block(n)->pc);
	return region;
}

/* The region that begins at block n, or n itself if none can be made. */
static u32 region(struct vcpu *c, u32 n)
{
	struct tr_label plan[TR_MAX_LABELS];
	gaddr pc = cache_block(n)->pc;
	u32 mode = cache_block(n)->mode, image = persist_image(pc), saved = 0;

	if (image)
		saved = load(image, pc, mode, variant(pc) | VARIANT_REGION, n);
	if (saved)
		return use_region(n, saved);
	for (u32 max = TR_MAX_LABELS; max; max /= 2) {
		u32 labels = region_plan(n, plan, max), r;

		c->tr->fpctl = mode;
		c->tr->untag = jit.untag;
		c->tr->alone = !jit.shared;
		if (!tr_build_region(c->tr, jit.g, plan, labels, jit.executable))
			break;
		r = cache_add(c->tr, mode, n, image);
		if (!r)
			break;
		if (r != ~0u)
			return use_region(n, r);
	}
	return n;
}

u64 jit_hot(struct vcpu *c, u32 block)
{
	gaddr pc = cache_block(block)->pc;   /* before the lock, since nobody can empty the cache now */
	u32 generation = c->generation, n;
	u64 code, start;

	enter_runtime(c);
	if (c->generation != generation || !cache_block(block)->valid) {
		lock_drop(&jit.lock);
		return jit_lookup(c, pc);
	}
	cache_stop_counting(block);
	start = stats_clock();
	n = region(c, block);
	stats.translate_ns += stats_clock() - start;
	stats.refused += n == block;
	code = cache_address(cache_block(n)->code);
	lock_drop(&jit.lock);
	return code;
}

bool jit_syscall(struct vcpu *c)
{
	const gaddr next = c->pc;
	const u32 mxcsr = c->mxcsr, generation = c->generation;

	if (!jit.cfg.syscall) {
		c->exit_arg = EXIT_SYSCALL;
		return false;
	}
	/* Nobody waits for a thread that sleeps in the kernel. */
	__atomic_store_n(&c->in_code, OUTSIDE, __ATOMIC_RELEASE);
	jit.cfg.syscall(c);
	/* Whoever empties the cache has either set `poll` by now, or sees us and waits. */
	__atomic_store_n(&c->in_code, INSIDE, __ATOMIC_SEQ_CST);
	if (LIKELY(!c->poll && c->pc == next && c->mxcsr == mxcsr &&
		   __atomic_load_n(&jit.generation, __ATOMIC_RELAXED) == generation))
		return true;
	c->exit_arg = EXIT_NONE;
	return false;
}

static enum exit_reason interpret(struct vcpu *c, void *arg)
{
	return interp_run(c, c->tr);
}

/* Executes the instruction at c->pc, whose access the host refused without saying for which address. */
static enum exit_reason step(struct vcpu *c)
{
	struct translator_config one = jit.cfg;
	enum exit_reason r;
	bool ok;

	one.single = true;
	stats_bump(&stats.stepped);
	enter_runtime(c);
	c->tr->fpctl = c->fpctl & FPCTL_MODE;
	c->tr->untag = false;
	c->tr->alone = false;
	ok = tr_build(c->tr, jit.g, c->pc, &one, jit.executable);
	lock_drop(&jit.lock);
	if (!ok)
		return EXIT_NONE;   /* somebody unmapped it: going on will tell */
	__atomic_store_n(&c->in_code, STEPPING, __ATOMIC_SEQ_CST);
	r = host_call(c, interpret, NULL);
	__atomic_store_n(&c->in_code, OUTSIDE, __ATOMIC_SEQ_CST);
	if (r != EXIT_NONE || __atomic_add_fetch(&jit.tagged, 1, __ATOMIC_RELAXED) != MANY_TAGS)
		return r;
	enter_runtime(c);
	jit.untag = true;
	empty_cache(c);
	lock_drop(&jit.lock);
	return r;
}

enum exit_reason jit_run(struct vcpu *c)
{
	enum exit_reason r;
	gaddr from;

	if (log_on(LOG_STATS))
		stats_bump(&stats.entries);
	__atomic_store_n(&c->in_code, INSIDE, __ATOMIC_SEQ_CST);
	from = with_class(guest_untag(jit.g, c->pc), c->landing);
	c->landing = 0;
	r = host_enter(c, jit_lookup(c, from));
	__atomic_store_n(&c->in_code, OUTSIDE, __ATOMIC_SEQ_CST);
	if (UNLIKELY(r == EXIT_FAULT && c->fault_addr == NOT_AN_ADDRESS))
		r = step(c);
	if (log_on(LOG_STATS))
		stats_bump(&stats.exits[r]);
	return r;
}

void jit_kick(struct vcpu *c)
{
	c->poll = 1;
	forget_table(c);
}

/* Table and return stack lead to translations by guest address alone. */
void jit_mode_changed(struct vcpu *c)
{
	forget_table(c);
	reset_return_stack(c);
}

bool jit_fault(struct vcpu *c, int signo, int code, u64 addr, void *uc)
{
	u32 offset = cache_offset(host_fault_pc(uc));
	struct host_where w;

	if (c->in_code == STEPPING) {
		c->fault_signal = signo;
		c->fault_code = code;
		if (addr != NOT_AN_ADDRESS)
			c->fault_addr = addr - c->guest_base;
		host_unwind(c, uc, EXIT_FAULT);
		return true;
	}
	if (c->in_code != INSIDE)
		return false;
	if (offset && (signo == G_SIGFPE || signo == G_SIGILL) && host_fix_fp(c, uc)) {
		stats_bump(&stats.fixups);
		return true;
	}
	if (signo == G_SIGSEGV && host_ret_stack_fault(c, addr, uc)) {
		stats_bump(&stats.ret_faults);
		return true;
	}
	if (signo == G_SIGILL && offset) {
		/* a translation's own check found a misaligned address */
		signo = G_SIGBUS;
		code = G_BUS_ADRALN;
		addr = host_misaligned_address(uc) + c->guest_base;
	}
	if (signo != G_SIGSEGV && signo != G_SIGBUS)
		return false;
	if (host_fault_pc(uc) < 4096) {
		/* the end of the return stack was taken for a match */
		c->pc = addr = NO_PC;
		addr += c->guest_base;
		signo = G_SIGBUS;
		code = G_BUS_ADRALN;
		offset = 1;
	} else if (offset) {
		if (!cache_at(offset, &w))
			return false;
		host_recover(c, &w, uc);
	}
	c->fault_signal = signo;
	c->fault_code = code;
	c->fault_addr = addr == NOT_AN_ADDRESS ? addr : addr - c->guest_base;
	host_leave_code(c, EXIT_FAULT, uc, !offset);
	return true;
}

/* --- invalidation and fork --- */

void jit_invalidate(gaddr start, gaddr end)
{
	lock_take(&jit.lock);
	if (cache_invalidate(start, end, gone))
		for (struct vcpu *c = jit.vcpus; c; c = c->next)
			jit_kick(c);
	lock_drop(&jit.lock);
}

void jit_memory_shared(void)
{
	lock_take(&jit.lock);
	if (!jit.shared)
		cache_drop_alone(gone);
	jit.shared = true;
	lock_drop(&jit.lock);
}

void jit_fork_prepare(void)
{
	take_lock();
}

void jit_fork_parent(void)
{
	cache_forked();
	lock_drop(&jit.lock);
}

void jit_fork_child(struct vcpu *c)
{
	cache_forked();
	stats_forked();
	perf_forked();
	persist_begin();
	jit.vcpus = c;
	c->next = NULL;
	lock_reset(&jit.lock);
}

void jit_ending(struct vcpu *c, bool alone, const char *name)
{
	if (alone && (jit.vcpus != c || c->next))
		return;
	if (log_on(LOG_STATS))
		stats_print(name);
	lock_take(&jit.lock);
	persist_save(variant);
	lock_drop(&jit.lock);
}
