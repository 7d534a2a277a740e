/*
 * From a guest's system-call instruction to the host's kernel and back.
 *
 * Most calls of a 64-bit little-endian guest mean the same to the host, so the common path is: look
 * the row up, take the argument words as they are, make the call.  Everything slower is decided
 * beforehand: a row with names needs the sysroot, a guest base other than 0 moves pointers, a
 * handler does what layouts or our own state ask for.  The alternative, a function per call with
 * its conversions written out, is what makes other system-call layers thousands of lines of
 * near-copies that drift.
 *
 * A result is written once, here; handlers return the kernel's form (a negative errno included),
 * which is also what guests of the generic ABI read.
 */
#include "base/log.h"
#include "syscall/convert.h"
#include "syscall/layout.h"
#include "syscall/internal.h"
#include "syscall/rows.h"
#include "syscall/task.h"

const struct syscall_row syscall_table[NR_SYSCALLS] = {
#include "syscall/syscalls.def"
};

/* Rows that are others where a long has 32 bits. */
static const struct syscall_row syscall_table32[NR_SYSCALLS] = {
#include "syscall/syscalls32.def"
};

struct process the_process;

enum { MAX_PATHS = 2 };

static enum path_use path_use(const struct syscall_row *r, unsigned i, const u64 *a)
{
	switch (arg_kind(r->arg[i])) {
	case K_LPATH:
		return PATH_NOFOLLOW;
	case K_NPATH:
		return PATH_CREATE;
	case K_PATHF:
		return a[arg_ref(r->arg[i])] & AT_SYMLINK_NOFOLLOW ? PATH_NOFOLLOW : PATH_FOLLOW;
	default:
		return PATH_FOLLOW;
	}
}

static s64 make_call(struct vcpu *c, const struct syscall_row *r, const u64 *h)
{
	if (r->mode == MODE_BLOCK)
		return blocking_syscall(c, r->host, h[0], h[1], h[2], h[3], h[4], h[5]);
	return host_syscall6(r->host, h[0], h[1], h[2], h[3], h[4], h[5]);
}

/* A call with names: they are looked up under the sysroot first. */
static __attribute__((noinline)) s64 pass_paths(struct vcpu *c, const struct syscall_row *r,
						const u64 *a, u64 *h)
{
	char buf[MAX_PATHS][GUEST_PATH_MAX];
	unsigned n = 0;

	for (unsigned i = 0; i < MAX_SYSCALL_ARGS; i++) {
		if (arg_kind(r->arg[i]) < K_FIRST_PATH || !a[i])
			continue;
		int dirfd = i && arg_kind(r->arg[i - 1]) == K_DIRFD ? (int)a[i - 1] : AT_FDCWD;
		const char *p;
		s64 err = guest_path_in(dirfd, a[i], path_use(r, i, a), buf[n], &p);

		if (err < 0)
			return err;
		h[i] = (u64)p;
		n++;
	}
	return make_call(c, r, h);
}

/* A call with an array of buffers, where the guest's pointers are not the host's. */
static __attribute__((noinline)) s64 pass_iov(struct vcpu *c, const struct syscall_row *r,
					      unsigned i, const u64 *a, u64 *h)
{
	struct host_iovec iov[IOV_MAX];
	s64 n = iov_in(a[i], a[arg_ref(r->arg[i])], iov);

	if (n < 0)
		return n;
	h[i] = (u64)iov;
	return make_call(c, r, h);
}

static __attribute__((noinline)) s64 pass_msghdr(struct vcpu *c, const struct syscall_row *r,
						 unsigned i, const u64 *a, u64 *h)
{
	struct host_iovec iov[IOV_MAX];
	const bool receive = r->host == HOST_NR_recvmsg;
	u8 control[CONTROL_MAX] __attribute__((aligned(8)));
	struct host_msghdr m;
	s64 ret = msghdr_in(a[i], receive, &m, iov, control);

	if (ret < 0)
		return ret;
	h[i] = (u64)&m;
	ret = make_call(c, r, h);
	return ret < 0 || !receive || msghdr_out(a[i], &m) == 0 ? ret : -EFAULT;
}

/* The call with what is left to do for names, buffers and messages. */
static s64 pass_rest(struct vcpu *c, const struct syscall_row *r, const u64 *a, u64 *h)
{
	for (unsigned i = 0; pointers_differ() && i < MAX_SYSCALL_ARGS; i++) {
		if (arg_kind(r->arg[i]) == K_IOVIN || arg_kind(r->arg[i]) == K_IOVOUT)
			return pass_iov(c, r, i, a, h);
		if (arg_kind(r->arg[i]) == K_MSGHDR)
			return pass_msghdr(c, r, i, a, h);
	}
	return r->paths ? pass_paths(c, r, a, h) : make_call(c, r, h);
}

/* True if argument i is a structure that the host has in another layout. */
static bool is_other_struct(const struct syscall_row *r, unsigned i, const u64 *a)
{
	enum arg_kind kind = arg_kind(r->arg[i]);

	return (kind == K_IN || kind == K_OUT) && a[i] && struct_differs(arg_ref(r->arg[i]));
}

/* A call with such structures: they are made for the host, and the guest's from them afterwards. */
static __attribute__((noinline)) s64 pass_structs(struct vcpu *c, const struct syscall_row *r, const u64 *a, u64 *h)
{
	u8 buf[MAX_SYSCALL_ARGS][STRUCT_MAX] __attribute__((aligned(8)));
	s64 ret;

	for (unsigned i = 0; i < MAX_SYSCALL_ARGS; i++) {
		if (!is_other_struct(r, i, a))
			continue;
		if (arg_kind(r->arg[i]) == K_IN && struct_in(arg_ref(r->arg[i]), a[i], buf[i]) < 0)
			return -EFAULT;
		h[i] = (u64)buf[i];
	}
	ret = pass_rest(c, r, a, h);
	for (unsigned i = 0; ret >= 0 && i < MAX_SYSCALL_ARGS; i++)
		if (arg_kind(r->arg[i]) == K_OUT && is_other_struct(r, i, a) &&
		    struct_out(arg_ref(r->arg[i]), a[i], buf[i]) < 0)
			return -EFAULT;
	return ret;
}

/* Pointers to host addresses, names to host names, structures to the host's. */
static __attribute__((noinline)) s64 pass_slow(struct vcpu *c, const struct syscall_row *r,
					       const u64 *a)
{
	u64 h[MAX_SYSCALL_ARGS];
	bool structs = false;

	for (unsigned i = 0; i < MAX_SYSCALL_ARGS; i++) {
		h[i] = arg_kind(r->arg[i]) >= K_FIRST_PTR && a[i] ? a[i] + guest_base : a[i];
		structs |= is_other_struct(r, i, a);
	}
	return structs ? pass_structs(c, r, a, h) : pass_rest(c, r, a, h);
}

/*
 * The arguments without tags: addresses of memory that the call manages, always; pointers that it follows, for
 * threads that have asked (tagged-address-abi.rst).
 */
static __attribute__((noinline)) void untag_args(struct vcpu *c, const struct syscall_row *r, u64 *a)
{
	for (unsigned i = 0; i < MAX_SYSCALL_ARGS; i++)
		if (arg_kind(r->arg[i]) == K_ADDR ||
		    (c->task->tagged_addr && arg_kind(r->arg[i]) >= K_FIRST_PTR))
			a[i] = guest_untag(c->guest, a[i]);
}

static s64 call_row(struct vcpu *c, const struct syscall_row *r, const u64 *a)
{
	switch (r->mode) {
	case MODE_FLAT:
		if (guest_base || the_guest.word != 8)
			return -ENOSYS;
		/* fall through */
	case MODE_PASS:
		if (UNLIKELY(r->paths || pointers_differ()))
			return pass_slow(c, r, a);
		return host_syscall6(r->host, a[0], a[1], a[2], a[3], a[4], a[5]);
	case MODE_BLOCK:
		if (UNLIKELY(r->paths || pointers_differ()))
			return pass_slow(c, r, a);
		return blocking_syscall(c, r->host, a[0], a[1], a[2], a[3], a[4], a[5]);
	case MODE_FN:
		return r->fn(c, a);
	default:
		if (log_on(LOG_UNIMP))
			log_printf("system call %s: %s\n", r->name ? r->name : "unknown",
				   r->partial ? r->partial : "no such");
		return -ENOSYS;
	}
}

/*
 * Arguments from registers of 32 bits: numbers with a sign get it, and what has 64 bits is put together from two
 * registers.
 */
static __attribute__((noinline)) void widen_args(const struct syscall_row *r, u64 *a)
{
	u32 word[MAX_SYSCALL_ARGS];
	unsigned k = 0;

	for (unsigned i = 0; i < MAX_SYSCALL_ARGS; i++)
		word[i] = a[i];
	for (unsigned i = 0; i < MAX_SYSCALL_ARGS; i++) {
		enum arg_kind kind = arg_kind(r->arg[i]);

		a[i] = k < MAX_SYSCALL_ARGS && kind != K_OFFHIGH ? word[k++] : 0;
		if ((kind == K_OFF || kind == K_HEX64) && k < MAX_SYSCALL_ARGS)
			a[i] |= (u64)word[k++] << 32;
		else if (kind == K_INT || kind == K_LONG || kind == K_FD || kind == K_DIRFD || kind == K_SIG)
			a[i] = (u64)sext(a[i], 32);
	}
}

const struct syscall_row *syscall_find(u32 nr)
{
	static const struct syscall_row none;

	if (the_guest.word == 4 && nr < NR_SYSCALLS && syscall_table32[nr].name)
		return &syscall_table32[nr];

	if (UNLIKELY(nr - NR_ARCH_FIRST < NR_ARCH_SYSCALLS) && the_guest.arch_syscalls)
		return &the_guest.arch_syscalls[nr - NR_ARCH_FIRST];
	return nr < NR_SYSCALLS ? &syscall_table[nr] : &none;
}

void syscall_run(struct vcpu *c)
{
	const struct guest *g = c->guest;
	const u32 nr = (u32)*vcpu_u64(c, g->sysno_off);
	const struct syscall_row *r = syscall_find(nr);
	u64 a[MAX_SYSCALL_ARGS];

	/*
	 * The host's kernel leaves the branch predictor cold: a loop's end would be mispredicted.
	 */
#pragma GCC unroll 6
	for (unsigned i = 0; i < MAX_SYSCALL_ARGS; i++)
		a[i] = *vcpu_u64(c, g->arg_off[i]);

	if (UNLIKELY(g->word == 4))
		widen_args(r, a);

	const bool trace = the_process.strace || the_process.summary;
	u64 start = 0;

	if (UNLIKELY(trace)) {
		if (the_process.strace)
			trace_enter(c, nr, a);
		if (the_process.summary)
			start = summary_time();
	}

	if (UNLIKELY(r->addrs || the_process.tagged_addr))
		untag_args(c, r, a);

	s64 ret = call_row(c, r, a);

	if (UNLIKELY(trace)) {
		if (the_process.summary)
			summary_add(nr, start, ret);
		if (the_process.strace)
			trace_leave(c, nr, a, ret);
	}
	if (UNLIKELY(ret == -ERESTARTSYS || ret == -ERESTART_RESTARTBLOCK)) {
		c->pc -= g->syscall_insn_size;
		signal_interrupted(c, ret);
	} else if (LIKELY(ret != -SYS_NORETURN_VALUE)) {
		*vcpu_u64(c, g->ret_off) = guest_word(g, ret);
	}
}
