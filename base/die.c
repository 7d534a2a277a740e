#include "base/die.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/host.h"

/* Host system calls of x86-64, see base/host.h for why not libc's wrappers. */
enum { HOST_WRITE = 1, HOST_RT_SIGACTION = 13, HOST_RT_SIGPROCMASK = 14, HOST_GETPID = 39, HOST_GETTID = 186,
       HOST_TGKILL = 234, HOST_EXIT_GROUP = 231 };
enum { HOST_SIGABRT = 6 };

static void say(const char *prefix, const char *fmt, va_list ap, const char *suffix)
{
	char buf[1024];
	int n = snprintf(buf, sizeof buf, "dragoman: %s", prefix);
	int k = vsnprintf(buf + n, sizeof buf - (size_t)n, fmt, ap);

	n = MIN(n + MAX(k, 0), (int)sizeof buf - 1);
	k = snprintf(buf + n, sizeof buf - (size_t)n, "%s\n", suffix);
	n = MIN(n + k, (int)sizeof buf - 1);
	host_syscall3(HOST_WRITE, 2, (u64)buf, (u64)n);
}

void die(const char *fmt, ...)
{
	struct { u64 handler, flags, restorer, mask; } dfl = { 0 };
	u64 abrt = 1ull << (HOST_SIGABRT - 1);
	va_list ap;

	va_start(ap, fmt);
	say("internal error: ", fmt, ap, " (please report this, with the command and `dragoman -version`)");
	va_end(ap);
	host_syscall4(HOST_RT_SIGACTION, HOST_SIGABRT, (u64)&dfl, 0, 8);
	host_syscall4(HOST_RT_SIGPROCMASK, 1, (u64)&abrt, 0, 8);
	host_syscall3(HOST_TGKILL, (u64)host_syscall0(HOST_GETPID), (u64)host_syscall0(HOST_GETTID), HOST_SIGABRT);
	for (;;)
		host_syscall1(HOST_EXIT_GROUP, 128 + HOST_SIGABRT);
}

void fail(int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("", fmt, ap, "");
	va_end(ap);
	for (;;)
		host_syscall1(HOST_EXIT_GROUP, (u64)status);
}

void warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("warning: ", fmt, ap, "");
	va_end(ap);
}
