/*
 * maps and smaps, and the program of another guest process.
 *
 * Our own mappings are known exactly (base/space.h) but for the names of files that the guest
 * mapped: these the host's maps have.  Of another process we see the host's view only.  It says
 * enough, since a runner keeps what is its own in one zone (space_own_zone), which is left out
 * here, and since it tells the kernel where the guest's code, arguments and auxiliary vector are
 * (runner/main.c): so the start of the code leads to the program's file, and nothing has to be
 * written down anywhere for other processes to find.  What cannot be seen from outside is which
 * pages the other guest may execute: the host has no guest code executable.
 */
#include <stdio.h>

#include "syscall/proc.h"

enum { LINE_MAX = 4096 + 128, NAME_COLUMN = 73, AUX_VDSO = 33 };

/* Lines of a host file. */
struct reader {
	s64 fd;
	size_t n, at;
	char buf[2 * LINE_MAX];
};

/* A line of maps: its addresses, the rest up to the name, the name. */
struct host_line {
	u64 lo, hi;
	const char *perms, *name;
};

static bool reader_open(struct reader *r, u64 pid, const char *file)
{
	char path[64];

	if (pid)
		snprintf(path, sizeof path, "/proc/%llu/%s", (unsigned long long)pid, file);
	else
		snprintf(path, sizeof path, "/proc/self/%s", file);
	r->n = r->at = 0;
	r->fd = host_syscall4(HOST_NR_openat, AT_FDCWD, (u64)path, O_CLOEXEC, 0);
	return r->fd >= 0;
}

static void reader_close(struct reader *r)
{
	if (r->fd >= 0)
		host_syscall1(HOST_NR_close, r->fd);
}

/* The next line, its end replaced by NUL; NULL after the last. */
static char *next_line(struct reader *r)
{
	for (;;) {
		char *line = r->buf + r->at, *end = memchr(line, '\n', r->n - r->at);
		s64 got;

		if (end) {
			*end = 0;
			r->at = end + 1 - r->buf;
			return line;
		}
		memmove(r->buf, line, r->n - r->at);
		r->n -= r->at;
		r->at = 0;
		got = r->n < sizeof r->buf - 1
			      ? host_syscall3(HOST_NR_read, r->fd, (u64)r->buf + r->n,
					      sizeof r->buf - 1 - r->n)
			      : 0;
		if (got <= 0)
			return NULL;
		r->n += got;
	}
}

static u64 hex(const char **p)
{
	u64 v = 0;

	for (;; ++*p) {
		char ch = **p;

		if (ch >= '0' && ch <= '9')
			v = v << 4 | (ch - '0');
		else if (ch >= 'a' && ch <= 'f')
			v = v << 4 | (ch - 'a' + 10);
		else
			return v;
	}
}

/* False if it is not the head of a mapping (smaps has other lines between). */
static bool parse(const char *line, struct host_line *h)
{
	const char *p = line;

	h->lo = hex(&p);
	if (p == line || *p++ != '-')
		return false;
	h->hi = hex(&p);
	if (*p++ != ' ')
		return false;
	h->perms = p;
	for (unsigned field = 0; field < 4; field++) {
		p += strcspn(p, " ");
		p += strspn(p, " ");
	}
	h->name = p;
	return true;
}

/* --- this process --- */

struct own {
	struct proc_out *o;
	struct reader r;
	struct host_line h;      /* the host's mapping that was looked at last */
	bool more;
};

/* What the host calls the mapping at a host address, or "". */
static const char *host_name(struct own *w, u64 addr)
{
	while (w->more && w->h.hi <= addr) {
		const char *line = next_line(&w->r);

		w->more = line && parse(line, &w->h);
	}
	return w->more && w->h.lo <= addr ? w->h.name : "";
}

/* As fs/proc/task_mmu.c prints it: the name begins in column 74. */
static void put_head(struct proc_out *o, u64 start, u64 end, const struct mapping *m,
		     const char *name)
{
	char head[128];
	int n = snprintf(head, sizeof head, "%08llx-%08llx %c%c%c%c %08llx %02x:%02x %llu ",
			 (unsigned long long)start, (unsigned long long)end,
			 m->prot & G_PROT_READ ? 'r' : '-', m->prot & G_PROT_WRITE ? 'w' : '-',
			 m->prot & G_PROT_EXEC ? 'x' : '-', m->flags & G_MAP_SHARED ? 's' : 'p',
			 (unsigned long long)(m->ino ? m->off + (start - m->start) : 0),
			 (unsigned)(m->dev >> 8 & 0xfff),
			 (unsigned)((m->dev & 0xff) | (m->dev >> 12 & 0xfff00)),
			 (unsigned long long)m->ino);

	proc_put(o, head, n);
	if (*name) {
		for (; n < NAME_COLUMN; n++)
			proc_put(o, " ", 1);
		proc_put(o, name, strlen(name));
	}
	proc_put(o, "\n", 1);
}

static const char *name_of(struct own *w, const struct mapping *m)
{
	if (m->name)
		return m->name;
	return m->ino ? host_name(w, m->start + guest_base) : "";
}

static bool put_mapping(const struct mapping *m, void *arg)
{
	struct own *w = arg;

	put_head(w->o, m->start, m->end, m, name_of(w, m));
	return true;
}

static void put_own_maps(struct proc_out *o)
{
	struct own w = { .o = o, .h = { 0, 0, "", "" } };

	w.more = reader_open(&w.r, 0, "maps");
	space_walk(put_mapping, &w);
	reader_close(&w.r);
}

static void put_own_smaps(struct proc_out *o)
{
	struct host_line h;
	struct mapping m;
	struct reader r;
	bool ours = false;

	if (reader_open(&r, 0, "smaps"))
		for (char *line; (line = next_line(&r));) {
			if (parse(line, &h)) {
				ours = space_find(h.lo - guest_base, &m) &&
				       m.start <= h.lo - guest_base;
				if (ours)
					put_head(o, h.lo - guest_base, h.hi - guest_base, &m,
						 m.name ? m.name : m.ino ? h.name : "");
			} else if (ours) {
				proc_print(o, "%s\n", line);
			}
		}
	reader_close(&r);
}

/* --- another process --- */

static u64 aux_value(u64 pid, u64 type)
{
	char path[64];
	u64 aux[64];
	size_t n;

	snprintf(path, sizeof path, "/proc/%llu/auxv", (unsigned long long)pid);
	n = proc_read_host(path, (char *)aux, sizeof aux) / sizeof *aux;
	for (size_t i = 0; i + 1 < n && aux[i]; i += 2)
		if (aux[i] == type)
			return aux[i + 1];
	return 0;
}

static bool is_hosts(const struct host_line *h)
{
	return space_own_zone(h->lo) || !strcmp(h->name, "[vdso]") ||
	       !strncmp(h->name, "[vvar", 5) || !strcmp(h->name, "[vsyscall]");
}

static void put_others(struct proc_out *o, u64 pid, const char *file)
{
	u64 vdso = aux_value(pid, AUX_VDSO);
	struct host_line h;
	struct reader r;
	bool shown = false;

	if (reader_open(&r, pid, file))
		for (char *line; (line = next_line(&r));) {
			if (!parse(line, &h)) {
				if (shown)
					proc_print(o, "%s\n", line);
				continue;
			}
			shown = !is_hosts(&h);
			if (shown && h.lo == vdso)
				proc_print(o, "%-*s[vdso]\n", NAME_COLUMN, line);
			else if (shown)
				proc_print(o, "%s\n", line);
		}
	reader_close(&r);
}

bool proc_is_guest(u64 pid)
{
	char link[64], target[GUEST_PATH_MAX];
	const char *base;
	s64 n;

	snprintf(link, sizeof link, "/proc/%llu/exe", (unsigned long long)pid);
	n = host_syscall4(HOST_NR_readlinkat, AT_FDCWD, (u64)link, (u64)target, sizeof target - 1);
	if (n <= 0)
		return false;
	target[n] = 0;
	base = strrchr(target, '/');
	if (base && !strncmp(base + 1, "dragoman-", 9))
		return true;

	/* By another name it may still be the same file as ours. */
	u64 mine[18], other[18];

	return host_syscall4(HOST_NR_newfstatat, AT_FDCWD, (u64)link, (u64)other, 0) == 0 &&
	       host_syscall4(HOST_NR_newfstatat, AT_FDCWD, (u64) "/proc/self/exe", (u64)mine, 0) ==
		       0 &&
	       mine[0] == other[0] && mine[1] == other[1];
}

/* Where the host says that the code of pid begins (field 26 of stat); 0 if it will not. */
static u64 start_code(u64 pid)
{
	char path[64], text[1024], *p;
	u64 v = 0;

	snprintf(path, sizeof path, "/proc/%llu/stat", (unsigned long long)pid);
	text[proc_read_host(path, text, sizeof text - 1)] = 0;
	p = strrchr(text, ')');
	for (unsigned field = 2; p && field < 26; field++)
		if ((p = strchr(p, ' ')))
			p++;
	for (; p && *p >= '0' && *p <= '9'; p++)
		v = v * 10 + (*p - '0');
	return v;
}

const char *proc_exe_of(u64 pid, char *buf, size_t size)
{
	u64 code = start_code(pid);
	const char *found = NULL;
	struct host_line h;
	struct reader r;

	if (!code || space_own_zone(code) || !reader_open(&r, pid, "maps"))
		return NULL;
	for (char *line; !found && (line = next_line(&r));)
		if (parse(line, &h) && h.lo <= code && code < h.hi && h.name[0] == '/' &&
		    strlen(h.name) < size)
			found = strcpy(buf, h.name);
	reader_close(&r);
	return found;
}

void proc_put_maps(struct proc_out *o, u64 pid)
{
	if (pid)
		put_others(o, pid, "maps");
	else
		put_own_maps(o);
}

void proc_put_smaps(struct proc_out *o, u64 pid)
{
	if (pid)
		put_others(o, pid, "smaps");
	else
		put_own_smaps(o);
}
