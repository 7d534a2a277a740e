/*
 * What the files of the system-call layer share with each other, and with nobody else.
 *
 * A handler takes the guest's raw argument words and returns the kernel's answer: a value or a
 * negative errno, in the guest's numbers.  dispatch.c writes it to the guest's result register
 * once, at the border.
 *
 * Signals and blocking calls.  Every host handler is installed with SA_RESTART.  A call that the
 * kernel would restart is thus wound back to the one `syscall` instruction of blocking_syscall()
 * before our handler runs; the handler recognises the pc and makes the call return -ERESTARTSYS.  A
 * call that the kernel never restarts (poll, nanosleep, a socket with a timeout) returns -EINTR by
 * itself.  So the host's kernel tells us, per call, which of the two it is, and no table of ours
 * has to.  -ERESTARTSYS is turned into a repetition or -EINTR by the signal code, when it knows
 * whether a handler ran and its SA_RESTART; all calls may therefore be executed again from
 * unchanged guest registers.
 */
#ifndef SYSCALL_INTERNAL_H
#define SYSCALL_INTERNAL_H

#include "base/errno.h"
#include "base/guest.h"
#include "base/host.h"
#include "base/host_nr.h"
#include "base/space.h"
#include "base/vcpu.h"
#include "syscall/syscall.h"

/* Results that the guest never sees (the kernel's own numbers where it has them). */
enum {
	ERESTARTSYS = 512,          /* interrupted before it did anything: see above */
	ERESTART_RESTARTBLOCK = 516,/* as ERESTARTSYS if no guest handler ran, else EINTR, whatever SA_RESTART says */
	SYS_NORETURN_VALUE = 0x7ff0dead, /* -SYS_NORETURN_VALUE: the guest's registers are complete (rt_sigreturn) */
};

/* Guest argument words to result; the prototype of every sys_NAME. */
typedef s64 syscall_fn(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS]);

/* sys_NAME of every row in mode FN, whichever file it is in. */
#define PASS(...)
#define FLAT(...)
#define BLOCK(...)
#define NOSYS(...)
#define FN(nr, name, ...) syscall_fn sys_##name;
#include "syscall/syscalls.def"
#define PASS_AS(...)
#define BLOCK_AS(...)
#define FN_AS(...)
#include "syscall/syscalls32.def"
#undef PASS_AS
#undef BLOCK_AS
#undef FN_AS
#undef PASS
#undef FLAT
#undef BLOCK
#undef NOSYS
#undef FN

/* <stdio.h>, which some files need for vsnprintf, has the same names as macros. */
#undef SEEK_SET
#undef SEEK_CUR
#undef SEEK_END
#undef SEEK_DATA
#undef SEEK_HOLE

/* Constants of the generic ABI: the rows of consts.def are their names for everybody. */
enum {
#define SET(name)
#define C(set, name, value) name = value,
#include "syscall/consts.def"
#undef SET
#undef C
};

/*
 * The host's call, or -ERESTARTSYS without making it if a guest signal that is not blocked is
 * pending; no signal can slip in between.  Host pointers in the arguments.  (Signal code's,
 * host/HOST/block.c.)
 */
s64 blocking_syscall(struct vcpu *c, u64 nr, u64 a, u64 b, u64 d, u64 e, u64 f, u64 g);

/*
 * The same with the guest's signal mask replaced by `set` (Linux bit order) for the time of the
 * call.
 */
s64 blocking_syscall_sigmask(struct vcpu *c, u64 set, u64 nr, u64 a, u64 b, u64 d, u64 e, u64 f,
			     u64 g);

/*
 * A call ended with -ERESTARTSYS or -ERESTART_RESTARTBLOCK (`why`, negative).  The dispatcher has
 * put the pc back on the system-call instruction and left the argument registers alone, so going on
 * repeats the call. If signal_deliver() next runs a handler that must not see a repetition, it
 * first moves the pc behind the instruction and writes -EINTR to the result register.  (Signal
 * code's.)
 */
void signal_interrupted(struct vcpu *c, s64 why);

/*
 * The host's name of a guest's path (already copied in, relative to dirfd): under the sysroot if it
 * exists there, the guest's program for /proc/self/exe, else `path` itself.  The answer may lie in
 * buf.
 */
enum path_use { PATH_FOLLOW, PATH_NOFOLLOW, PATH_CREATE };
const char *guest_path(int dirfd, const char *path, enum path_use use, char *buf, size_t size);

/*
 * The same for a name still in guest memory: copies it in and sets *host to the host's name.
 * buf has GUEST_PATH_MAX bytes.  0, -EFAULT or -ENAMETOOLONG.
 */
s64 guest_path_in(int dirfd, gaddr path, enum path_use use, char *buf, const char **host);

enum { GUEST_PATH_MAX = 4096 };  /* Linux's PATH_MAX */


/* -strace, before and after a call (trace.c). */
void trace_enter(struct vcpu *c, u32 nr, const u64 a[MAX_SYSCALL_ARGS]);
void trace_leave(struct vcpu *c, u32 nr, const u64 a[MAX_SYSCALL_ARGS], s64 ret);
/* One line for a delivered signal: "--- SIGSEGV {si_signo=..} ---". */
void trace_signal(int signo, int code, gaddr addr);

/* -strace-c (summary.c): the time now in ns; a call begun then has ended; print all and begin anew. */
u64 summary_time(void);
void summary_add(u32 nr, u64 start, s64 ret);
void summary_print(void);
/* In a forked child: nothing has been counted. */
void summary_forked(void);

/* "ENOENT" and "No such file or directory" of a positive number; NULL if it has none (errno.c). */
const char *errno_name(int err);
const char *errno_text(int err);

#endif
