/*
 * The last words; see die.h.  Raw system calls only: any thread, signal handler or half-made
 * process may end here.
 */
#include "base/die.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/host.h"
#include "base/host_nr.h"

enum { HOST_SIGABRT = 6 };

static void say(const char *prefix, const char *fmt, va_list ap, const char *suffix)
{
	char buf[1024];
	int n = snprintf(buf, sizeof buf, "dragoman: %s", prefix);
	int k = vsnprintf(buf + n, sizeof buf - (size_t)n, fmt, ap);

	n = MIN(n + MAX(k, 0), (int)sizeof buf - 1);
	k = snprintf(buf + n, sizeof buf - (size_t)n, "%s\n", suffix);
	n = MIN(n + k, (int)sizeof buf - 1);
	host_syscall3(HOST_NR_write, 2, (u64)buf, (u64)n);
}

void die(const char *fmt, ...)
{
	struct { u64 handler, flags, restorer, mask; } dfl = { 0 };
	u64 abrt = 1ull << (HOST_SIGABRT - 1);
	va_list ap;

	va_start(ap, fmt);
	say("internal error: ", fmt, ap,
	    " (please report this, with the command and `dragoman -version`)");
	va_end(ap);
	host_syscall4(HOST_NR_rt_sigaction, HOST_SIGABRT, (u64)&dfl, 0, 8);
	host_syscall4(HOST_NR_rt_sigprocmask, 1, (u64)&abrt, 0, 8);
	host_syscall3(HOST_NR_tgkill, (u64)host_syscall0(HOST_NR_getpid),
		      (u64)host_syscall0(HOST_NR_gettid), HOST_SIGABRT);
	for (;;)
		host_syscall1(HOST_NR_exit_group, 128 + HOST_SIGABRT);
}

void fail(int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("", fmt, ap, "");
	va_end(ap);
	for (;;)
		host_syscall1(HOST_NR_exit_group, (u64)status);
}
