/*
 * The files of /proc that would show the runner instead of the guest.
 *
 * A guest looks itself up: its program's path, arguments, mappings, auxiliary vector, and the
 * processors.  The host's kernel knows only the runner.  So these few names are recognised before
 * the host sees them, and opened as an anonymous file that holds the guest's truth at the time of
 * opening; seeking, partial reads and fstat then work by themselves.  The alternative, filtering
 * reads of the real file, would need a table of descriptors that follows dup, fork and SCM_RIGHTS.
 *
 * A name counts if it is absolute, or relative to a descriptor or working directory in /proc;
 * "self", "thread-self", our own number and task/N below them mean us.  Everything else of /proc is
 * the host's.
 */
#include <stdarg.h>
#include <stdio.h>

#include "host_abi.h"
#include "syscall/local.h"

enum { DIR_MAX = 512 };

/* --- recognising names --- */

enum proc_file {
	PROC_NONE, PROC_EXE, PROC_CMDLINE, PROC_ENVIRON, PROC_MAPS, PROC_AUXV, PROC_STAT,
	PROC_CPUINFO,
};

static const struct { const char *name; enum proc_file file; } own_files[] = {
	{ "exe", PROC_EXE },         { "cmdline", PROC_CMDLINE }, { "environ", PROC_ENVIRON },
	{ "maps", PROC_MAPS },       { "auxv", PROC_AUXV },       { "stat", PROC_STAT },
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

/* `p` is what follows "/proc/".  *tid becomes the task whose file it is. */
static enum proc_file classify(const char *p, u64 *tid)
{
	const char *s;
	size_t n = component(&p, &s);
	u64 v;

	*tid = 0;
	if (is_word(s, n, "cpuinfo"))
		return component(&p, &s) ? PROC_NONE : PROC_CPUINFO;
	if (is_word(s, n, "thread-self"))
		*tid = host_syscall0(HOST_NR_gettid);
	else if (!is_word(s, n, "self") &&
		 !(is_number(s, n, &v) && v == (u64)host_syscall0(HOST_NR_getpid)))
		return PROC_NONE;
	n = component(&p, &s);
	if (is_word(s, n, "task")) {
		n = component(&p, &s);
		if (!is_number(s, n, tid))
			return PROC_NONE;
		n = component(&p, &s);
	}
	for (unsigned i = 0; i < ARRAY_LEN(own_files); i++)
		if (is_word(s, n, own_files[i].name))
			return component(&p, &s) ? PROC_NONE : own_files[i].file;
	return PROC_NONE;
}

/*
 * Could the last component of a relative name be one of ours?  Spares most relative names a
 * readlink.
 */
static bool interesting(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *last = slash ? slash + 1 : path;

	if (!strcmp(last, "cpuinfo"))
		return true;
	for (unsigned i = 0; i < ARRAY_LEN(own_files); i++)
		if (!strcmp(last, own_files[i].name))
			return true;
	return false;
}

static enum proc_file find(int dirfd, const char *path, u64 *tid)
{
	char dir[DIR_MAX], link[40];

	while (path[0] == '/' && path[1] == '/')
		path++;
	if (path[0] == '/')
		return strncmp(path, "/proc/", 6) ? PROC_NONE : classify(path + 6, tid);
	if (!interesting(path))
		return PROC_NONE;
	if (dirfd == AT_FDCWD)
		strcpy(link, "/proc/self/cwd");
	else
		snprintf(link, sizeof link, "/proc/self/fd/%d", dirfd);

	s64 n = host_syscall4(HOST_NR_readlinkat, AT_FDCWD, (u64)link, (u64)dir, sizeof dir);
	size_t len = strlen(path);

	if (n < 5 || memcmp(dir, "/proc", 5) || (n > 5 && dir[5] != '/') ||
	    n + len + 2 > sizeof dir)
		return PROC_NONE;
	dir[n] = '/';
	memcpy(dir + n + 1, path, len + 1);
	return classify(dir + 6, tid);
}

bool proc_is_exe(int dirfd, const char *path)
{
	u64 tid;

	return the_process.exe && find(dirfd, path, &tid) == PROC_EXE;
}

s64 proc_readlink(int dirfd, const char *path, char *buf, size_t size)
{
	if (!proc_is_exe(dirfd, path))
		return -PROC_NOT_VIRTUAL;

	size_t n = MIN(strlen(the_process.exe), size);

	memcpy(buf, the_process.exe, n);
	return n;
}

/* --- making content --- */

struct out {
	int fd;
	size_t n;
	char buf[4096];
};

static void flush(struct out *o)
{
	for (size_t done = 0; done < o->n;) {
		s64 r = host_syscall3(HOST_NR_write, o->fd, (u64)o->buf + done, o->n - done);

		if (r <= 0)
			break;
		done += r;
	}
	o->n = 0;
}

static void put(struct out *o, const void *data, size_t n)
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

static void __attribute__((format(printf, 2, 3))) print(struct out *o, const char *fmt, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	put(o, line, MIN((size_t)n, sizeof line - 1));
}

/* Bytes of guest memory; ends where it is not readable. */
static void put_guest(struct out *o, gaddr a, gaddr end)
{
	u8 part[256];

	while (a < end) {
		size_t n = MIN(end - a, sizeof part);

		if (copy_in(part, a, n) < 0)
			return;
		put(o, part, n);
		a += n;
	}
}

/* As fs/proc/task_mmu.c prints it: the name begins in column 74. */
static bool put_mapping(const struct mapping *m, void *arg)
{
	struct out *o = arg;
	char head[128];
	int n = snprintf(head, sizeof head, "%08llx-%08llx %c%c%c%c %08llx %02x:%02x %llu ",
			 (unsigned long long)m->start, (unsigned long long)m->end,
			 m->prot & G_PROT_READ ? 'r' : '-', m->prot & G_PROT_WRITE ? 'w' : '-',
			 m->prot & G_PROT_EXEC ? 'x' : '-', m->flags & G_MAP_SHARED ? 's' : 'p',
			 (unsigned long long)m->off, (unsigned)(m->dev >> 8 & 0xfff),
			 (unsigned)((m->dev & 0xff) | (m->dev >> 12 & 0xfff00)),
			 (unsigned long long)m->ino);

	if (m->name)
		print(o, "%-73s%s\n", head, m->name);
	else
		print(o, "%.*s\n", n, head);
	return true;
}

/* Reads a whole small host file; its length. */
static size_t read_host(const char *path, char *buf, size_t size)
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
static void put_stat(struct out *o, u64 tid)
{
	char path[64], text[1024];
	size_t n;

	if (tid)
		snprintf(path, sizeof path, "/proc/self/task/%llu/stat", (unsigned long long)tid);
	else
		strcpy(path, "/proc/self/stat");
	n = read_host(path, text, sizeof text - 1);
	text[n] = 0;

	char *p = strrchr(text, ')');   /* the name before it may contain anything */

	if (!p)
		return;
	put(o, text, ++p - text);
	for (unsigned field = 3; *p == ' '; field++) {
		size_t len = strcspn(++p, " \n");

		switch (field) {
		case 28:
			print(o, " %llu",
			      (unsigned long long)(the_process.stack_start +
						   the_process.stack_size));
			break;
		case 26: case 27: case 29: case 30: case 45: case 46: case 47:
			print(o, " 0");
			break;
		case 48:
			print(o, " %llu", (unsigned long long)the_process.arg_start);
			break;
		case 49:
			print(o, " %llu", (unsigned long long)the_process.arg_end);
			break;
		case 50:
			print(o, " %llu", (unsigned long long)the_process.env_start);
			break;
		case 51:
			print(o, " %llu", (unsigned long long)the_process.env_end);
			break;
		default:
			put(o, p - 1, len + 1);
		}
		p += len;
	}
	put(o, "\n", 1);
}

static void put_cpuinfo(struct out *o, struct vcpu *c)
{
	char text[256], cpu[2048];
	size_t n = read_host("/sys/devices/system/cpu/online", text, sizeof text - 1);
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

			put(o, cpu, MIN((size_t)len, sizeof cpu - 1));
		}
		if (*p == ',')
			p++;
	}
}

s64 proc_open(struct vcpu *c, int dirfd, const char *path, u32 flags)
{
	u64 tid;
	enum proc_file f = find(dirfd, path, &tid);

	/*
	 * Writers, O_PATH and O_DIRECTORY get the kernel's answer; the program's file is a real
	 * one.
	 */
	if (f == PROC_NONE || f == PROC_EXE ||
	    flags & (O_WRONLY | O_RDWR | O_PATH | HOST_O_DIRECTORY))
		return -PROC_NOT_VIRTUAL;
	if (f == PROC_CPUINFO && !c->guest->cpuinfo)
		return -PROC_NOT_VIRTUAL;

	/* MFD_CLOEXEC */
	struct out o = { .fd = host_syscall2(HOST_NR_memfd_create, (u64)"proc",
					     flags & O_CLOEXEC ? 1 : 0) };

	if (o.fd < 0)
		return o.fd;
	switch (f) {
	case PROC_CMDLINE:
		put_guest(&o, the_process.arg_start, the_process.arg_end);
		break;
	case PROC_ENVIRON:
		put_guest(&o, the_process.env_start, the_process.env_end);
		break;
	case PROC_MAPS:
		space_walk(put_mapping, &o);
		break;
	case PROC_AUXV:
		put(&o, the_process.auxv, the_process.auxv_size);
		break;
	case PROC_STAT:
		put_stat(&o, tid);
		break;
	default:
		put_cpuinfo(&o, c);
		break;
	}
	flush(&o);
	host_syscall3(HOST_NR_lseek, o.fd, 0, SEEK_SET);
	return o.fd;
}
