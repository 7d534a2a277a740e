/*
 * The files of /proc that would show the runner instead of the guest.
 *
 * A guest looks itself up: its program's path, arguments, mappings, auxiliary vector, and the
 * processors.  The host's kernel knows only the runner.  So these few names are recognised before
 * the host sees them, and opened as an anonymous file that holds the guest's truth at the time of
 * opening; seeking, partial reads and fstat then work by themselves.  The alternative, filtering
 * reads of the real file, would need a table of descriptors that follows dup, fork and SCM_RIGHTS.
 *
 * A name counts by where it leads: the directory it is in is asked of the kernel, unless it is
 * plainly absolute in /proc.  "self", "thread-self", numbers and task/N below them say whose file
 * it is: ours, or that of another process, if a runner executes it (procmaps.c).  Everything else
 * of /proc is the host's.
 */
#include <stdarg.h>
#include <stdio.h>

#include "host_abi.h"
#include "syscall/proc.h"

enum { DIR_MAX = 512 };

/* --- recognising names --- */

enum proc_file {
	PROC_NONE,
	PROC_EXE,
	PROC_CMDLINE,
	PROC_ENVIRON,
	PROC_MAPS,
	PROC_SMAPS,
	PROC_AUXV,
	PROC_STAT,
	PROC_CPUINFO,
};

static const struct { const char *name; enum proc_file file; bool others; } own_files[] = {
	{ "exe", PROC_EXE, true },
	{ "cmdline", PROC_CMDLINE, false },
	{ "environ", PROC_ENVIRON, false },
	{ "maps", PROC_MAPS, true },
	{ "smaps", PROC_SMAPS, true },
	{ "auxv", PROC_AUXV, false },
	{ "stat", PROC_STAT, false },
};

/* A virtual file: of which process (0: this one) and, where it matters, which of its threads. */
struct proc_name {
	enum proc_file file;
	u64 pid, tid;
};

/* Takes one component off *p; its length, 0 at the end. */
static size_t component(const char **p, const char **start)
{
	for (;;) {
		while (**p == '/')
			++*p;
		*start = *p;
		size_t n = strcspn(*p, "/");
		*p += n;
		if (n != 1 || **start != '.')
			return n;
	}
}

static bool is_word(const char *s, size_t n, const char *word)
{
	return strlen(word) == n && !memcmp(s, word, n);
}

static bool is_number(const char *s, size_t n, u64 *v)
{
	*v = 0;
	for (size_t i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		*v = *v * 10 + (s[i] - '0');
	}
	return n > 0;
}

/*
 * Is this thread one of ours?  Ours are named like processes, too, though /proc does not list them.
 */
static bool own_pid(u64 v)
{
	char path[64];

	if (v == (u64)host_syscall0(HOST_NR_getpid))
		return true;
	snprintf(path, sizeof path, "/proc/self/task/%llu", (unsigned long long)v);
	return host_syscall3(HOST_NR_faccessat, AT_FDCWD, (u64)path, 0) == 0;
}

/* `p` is what follows "/proc/". */
static enum proc_file classify(const char *p, struct proc_name *f)
{
	const char *s;
	size_t n = component(&p, &s);
	u64 v;

	*f = (struct proc_name){ PROC_NONE, 0, 0 };
	if (is_word(s, n, "cpuinfo"))
		return f->file = component(&p, &s) ? PROC_NONE : PROC_CPUINFO;
	if (is_word(s, n, "thread-self"))
		f->tid = host_syscall0(HOST_NR_gettid);
	else if (is_number(s, n, &v))
		f->pid = v;
	else if (!is_word(s, n, "self"))
		return PROC_NONE;
	n = component(&p, &s);
	if (is_word(s, n, "task")) {
		n = component(&p, &s);
		if (!is_number(s, n, &f->tid))
			return PROC_NONE;
		n = component(&p, &s);
	}
	for (unsigned i = 0; i < ARRAY_LEN(own_files); i++) {
		if (!is_word(s, n, own_files[i].name) || component(&p, &s))
			continue;
		if (f->pid && own_pid(f->pid)) {
			f->tid = f->tid ? f->tid : f->pid;
			f->pid = 0;
		}
		if (!f->pid || (own_files[i].others && proc_is_guest(f->pid)))
			f->file = own_files[i].file;
		break;
	}
	return f->file;
}

/* Could the last component of a name be one of ours?  Spares most names a look. */
static bool interesting(const char *last)
{
	if (!strcmp(last, "cpuinfo"))
		return true;
	for (unsigned i = 0; i < ARRAY_LEN(own_files); i++)
		if (!strcmp(last, own_files[i].name))
			return true;
	return false;
}

/* The directory of a name as the kernel knows it; its length, or 0. */
static size_t real_directory(int dirfd, const char *path, size_t len, char dir[DIR_MAX])
{
	char link[40];
	s64 fd, n;

	if (len >= DIR_MAX)
		return 0;
	memcpy(dir, len ? path : ".", len ? len : 1);
	dir[len ? len : 1] = 0;
	fd = host_syscall4(HOST_NR_openat, dirfd, (u64)dir, O_PATH | O_CLOEXEC | HOST_O_DIRECTORY,
			   0);
	if (fd < 0)
		return 0;
	snprintf(link, sizeof link, "/proc/self/fd/%d", (int)fd);
	n = host_syscall4(HOST_NR_readlinkat, AT_FDCWD, (u64)link, (u64)dir, DIR_MAX - 16);
	host_syscall1(HOST_NR_close, fd);
	return n > 0 ? n : 0;
}

static enum proc_file find(int dirfd, const char *path, struct proc_name *f)
{
	const char *slash = strrchr(path, '/'), *last = slash ? slash + 1 : path;
	char dir[DIR_MAX];
	size_t n;

	f->file = PROC_NONE;
	if (!interesting(last))
		return PROC_NONE;
	while (path[0] == '/' && path[1] == '/')
		path++;
	if (!strncmp(path, "/proc/", 6) && !strstr(path, ".."))
		return classify(path + 6, f);
	n = real_directory(dirfd, path, last - path, dir);
	if (n < 5 || memcmp(dir, "/proc", 5) || (n > 5 && dir[5] != '/'))
		return PROC_NONE;
	snprintf(dir + n, DIR_MAX - n, "/%s", last);
	return classify(dir + 6, f);
}

const char *proc_exe(int dirfd, const char *path, char *buf, size_t size)
{
	struct proc_name f;

	if (find(dirfd, path, &f) != PROC_EXE)
		return NULL;
	return f.pid ? proc_exe_of(f.pid, buf, size) : the_process.exe;
}

s64 proc_readlink(int dirfd, const char *path, char *buf, size_t size)
{
	char other[GUEST_PATH_MAX];
	const char *exe = proc_exe(dirfd, path, other, sizeof other);

	if (!exe)
		return -PROC_NOT_VIRTUAL;

	size_t n = MIN(strlen(exe), size);

	memcpy(buf, exe, n);
	return n;
}

/* --- making content --- */

static void flush(struct proc_out *o)
{
	for (size_t done = 0; done < o->n;) {
		s64 r = host_syscall3(HOST_NR_write, o->fd, (u64)o->buf + done, o->n - done);

		if (r <= 0)
			break;
		done += r;
	}
	o->n = 0;
}

void proc_put(struct proc_out *o, const void *data, size_t n)
{
	const char *p = data;

	while (n) {
		size_t k = MIN(n, sizeof o->buf - o->n);

		memcpy(o->buf + o->n, p, k);
		o->n += k;
		p += k;
		n -= k;
		if (o->n == sizeof o->buf)
			flush(o);
	}
}

void proc_print(struct proc_out *o, const char *fmt, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	proc_put(o, line, MIN((size_t)n, sizeof line - 1));
}

/* Bytes of guest memory; ends where it is not readable. */
static void put_guest(struct proc_out *o, gaddr a, gaddr end)
{
	u8 part[256];

	while (a < end) {
		size_t n = MIN(end - a, sizeof part);

		if (copy_in(part, a, n) < 0)
			return;
		proc_put(o, part, n);
		a += n;
	}
}

size_t proc_read_host(const char *path, char *buf, size_t size)
{
	s64 fd = host_syscall4(HOST_NR_openat, AT_FDCWD, (u64)path, O_CLOEXEC, 0);
	size_t n = 0;

	if (fd < 0)
		return 0;
	while (n < size) {
		s64 r = host_syscall3(HOST_NR_read, fd, (u64)buf + n, size - n);

		if (r <= 0)
			break;
		n += r;
	}
	host_syscall1(HOST_NR_close, fd);
	return n;
}

/*
 * The host's line, with the addresses replaced (proc_pid_stat(5)): 26 startcode, 27 endcode, 28
 * startstack, 29 kstkesp, 30 kstkeip, 45 to 51 data, brk, arguments, environment.
 */
static void put_stat(struct proc_out *o, u64 tid)
{
	char path[64], text[1024];
	size_t n;

	if (tid)
		snprintf(path, sizeof path, "/proc/self/task/%llu/stat", (unsigned long long)tid);
	else
		strcpy(path, "/proc/self/stat");
	n = proc_read_host(path, text, sizeof text - 1);
	text[n] = 0;

	char *p = strrchr(text, ')');   /* the name before it may contain anything */

	if (!p)
		return;
	proc_put(o, text, ++p - text);
	for (unsigned field = 3; *p == ' '; field++) {
		size_t len = strcspn(++p, " \n");

		switch (field) {
		case 28:
			proc_print(o, " %llu",
			      (unsigned long long)(the_process.stack_start +
						   the_process.stack_size));
			break;
		case 26: case 27: case 29: case 30: case 45: case 46: case 47:
			proc_print(o, " 0");
			break;
		case 48:
			proc_print(o, " %llu", (unsigned long long)the_process.arg_start);
			break;
		case 49:
			proc_print(o, " %llu", (unsigned long long)the_process.arg_end);
			break;
		case 50:
			proc_print(o, " %llu", (unsigned long long)the_process.env_start);
			break;
		case 51:
			proc_print(o, " %llu", (unsigned long long)the_process.env_end);
			break;
		default:
			proc_put(o, p - 1, len + 1);
		}
		p += len;
	}
	proc_put(o, "\n", 1);
}

static void put_cpuinfo(struct proc_out *o, struct vcpu *c)
{
	char text[256], cpu[2048];
	size_t n = proc_read_host("/sys/devices/system/cpu/online", text, sizeof text - 1);
	const char *p = text;

	if (!n)
		strcpy(text, "0\n");
	else
		text[n] = 0;
	/* "0-3,5": ranges separated by commas */
	while (*p >= '0' && *p <= '9') {
		unsigned from = 0, to = 0;

		for (; *p >= '0' && *p <= '9'; p++)
			from = from * 10 + (*p - '0');
		to = from;
		if (*p == '-')
			for (to = 0, p++; *p >= '0' && *p <= '9'; p++)
				to = to * 10 + (*p - '0');
		for (unsigned i = from; i <= to; i++) {
			int len = c->guest->cpuinfo(cpu, sizeof cpu, i);

			proc_put(o, cpu, MIN((size_t)len, sizeof cpu - 1));
		}
		if (*p == ',')
			p++;
	}
}

s64 proc_open(struct vcpu *c, int dirfd, const char *path, u32 flags)
{
	struct proc_name f;

	find(dirfd, path, &f);

	/*
	 * Writers, O_PATH and O_DIRECTORY get the kernel's answer; the program's file is a real
	 * one.
	 */
	if (f.file == PROC_NONE || f.file == PROC_EXE ||
	    flags & (O_WRONLY | O_RDWR | O_PATH | HOST_O_DIRECTORY))
		return -PROC_NOT_VIRTUAL;
	if (f.file == PROC_CPUINFO && !c->guest->cpuinfo)
		return -PROC_NOT_VIRTUAL;

	/* MFD_CLOEXEC */
	struct proc_out o = { .fd = host_syscall2(HOST_NR_memfd_create, (u64)"proc",
					     flags & O_CLOEXEC ? 1 : 0) };

	if (o.fd < 0)
		return o.fd;
	switch (f.file) {
	case PROC_CMDLINE:
		put_guest(&o, the_process.arg_start, the_process.arg_end);
		break;
	case PROC_ENVIRON:
		put_guest(&o, the_process.env_start, the_process.env_end);
		break;
	case PROC_MAPS:
		proc_put_maps(&o, f.pid);
		break;
	case PROC_SMAPS:
		proc_put_smaps(&o, f.pid);
		break;
	case PROC_AUXV:
		proc_put(&o, the_process.auxv, the_process.auxv_size);
		break;
	case PROC_STAT:
		put_stat(&o, f.tid);
		break;
	default:
		put_cpuinfo(&o, c);
		break;
	}
	flush(&o);
	host_syscall3(HOST_NR_lseek, o.fd, 0, SEEK_SET);
	return o.fd;
}
