/*
 * The log; see log.h.
 *
 * The file's descriptor is moved up, out of the way of the numbers that guests expect to get and of
 * those that shells and daemons close or dup over; and a guest thread has no stdio, so lines are
 * formatted here.
 */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/host.h"
#include "base/host_nr.h"

/* Linux's flags of open(2) and fcntl(2) */
enum {
	HOST_O_WRONLY = 1, HOST_O_CREAT = 0100, HOST_O_TRUNC = 01000, HOST_O_APPEND = 02000,
	HOST_O_CLOEXEC = 02000000
};
enum { HOST_AT_FDCWD = -100, HOST_F_DUPFD_CLOEXEC = 1030, HOST_EINTR = 4 };

/*
 * The log's descriptor is moved up here, out of the way of the low numbers that guests expect to
 * get.
 */
enum { LOG_FD_MIN = 900 };

u32 log_mask;
static int log_fd = 2;
static const char *log_file;

const struct log_name log_names[] = {
	{ "in_asm", LOG_IN_ASM, "the guest's instructions, when translated" },
	{ "op", LOG_OP, "intermediate representation as built" },
	{ "out_asm", LOG_OUT_ASM, "generated host code" },
	{ "int", LOG_INT, "signals and traps" },
	{ "cpu", LOG_CPU, "the guest's registers when translated code asks for something" },
	{ "strace", LOG_STRACE, "system calls" },
	{ "unimp", LOG_UNIMP, "what the guest asked for and we lack" },
	{ "stats", LOG_STATS, "what translating took and what it gave, when a process ends" },
	{ "nochain", LOG_NOCHAIN, "do not link translations" },
	{ 0 },
};

bool log_parse(const char *items, const char **bad)
{
	while (*items) {
		size_t len = strcspn(items, ",");
		const struct log_name *n;

		for (n = log_names; n->name; n++)
			if (strlen(n->name) == len && !memcmp(n->name, items, len))
				break;
		if (!n->name && len) {
			*bad = items;
			return false;
		}
		log_mask |= n->bit;
		items += len;
		items += *items == ',';
	}
	return true;
}

int log_open(const char *file, bool fresh)
{
	const char *pid = strstr(file, "%d");
	char path[4096];
	s64 fd, high;

	if (pid)
		snprintf(path, sizeof path, "%.*s%d%s", (int)(pid - file), file,
			 (int)host_syscall0(HOST_NR_getpid), pid + 2);
	else
		snprintf(path, sizeof path, "%s", file);
	fd = host_syscall4(HOST_NR_openat, (u64)HOST_AT_FDCWD, (u64)path,
			   HOST_O_WRONLY | HOST_O_CREAT | HOST_O_APPEND | HOST_O_CLOEXEC |
				   (fresh ? HOST_O_TRUNC : 0),
			   0666);
	if (fd < 0)
		return (int)fd;
	high = host_syscall3(HOST_NR_fcntl, (u64)fd, HOST_F_DUPFD_CLOEXEC, LOG_FD_MIN);
	if (high >= 0) {
		host_syscall1(HOST_NR_close, (u64)fd);
		fd = high;
	}
	log_fd = (int)fd;
	log_file = file;
	return 0;
}

void log_keep_stderr(void)
{
	s64 high;

	if (log_fd != 2)
		return;
	high = host_syscall3(HOST_NR_fcntl, 2, HOST_F_DUPFD_CLOEXEC, LOG_FD_MIN);
	if (high >= 0)
		log_fd = (int)high;
}

void log_forked(void)
{
	int parents = log_fd;

	if (log_file && strstr(log_file, "%d") && log_open(log_file, true) == 0)
		host_syscall1(HOST_NR_close, (u64)parents);
}

void log_printf(const char *fmt, ...)
{
	char buf[4096];
	const char *p = buf;
	va_list ap;
	s64 left, n;

	va_start(ap, fmt);
	n = vsnprintf(buf, sizeof buf, fmt, ap);
	va_end(ap);
	for (left = MIN(n, (s64)sizeof buf - 1); left > 0; left -= n, p += n) {
		n = host_syscall3(HOST_NR_write, (u64)log_fd, (u64)p, (u64)left);
		if (n == -HOST_EINTR)
			n = 0;
		else if (n < 0)
			return;
	}
}
