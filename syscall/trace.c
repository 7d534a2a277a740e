/*
 * -strace: system calls in words, made from the same rows that make the calls.
 *
 * A line is built on the stack and logged in one piece when the call returns, since only then are
 * results known; calls that do not return are logged before.  All guest memory is read through
 * copy_in: a wrong pointer prints as an address.  The output follows strace(1) where it can: "pid
 * name(arguments) = result NAME (text)".
 */
#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"
#include "syscall/layout.h"
#include "syscall/local.h"
#include "syscall/table.h"

enum { LINE_SIZE = 3072, SHOWN_BYTES = 32, SHOWN_PATH = 512, SHOWN_ITEMS = 8 };

struct line {
	size_t n;
	char text[LINE_SIZE];
};

static void __attribute__((format(printf, 2, 3))) add(struct line *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(l->text + l->n, LINE_SIZE - l->n, fmt, ap);
	va_end(ap);
	if (n > 0)
		l->n = MIN(l->n + n, (size_t)LINE_SIZE - 1);
}

/* --- constants --- */

static const struct const_name { const char *name; s64 value; u8 set; } const_names[] = {
#define SET(name)
#define C(set, name, value) { #name, value, SET_##set },
#include "syscall/consts.def"
#undef SET
#undef C
};

static const char *find_const(enum const_set set, s64 v)
{
	for (unsigned i = 0; i < ARRAY_LEN(const_names); i++)
		if (const_names[i].set == set && const_names[i].value == v)
			return const_names[i].name;
	return NULL;
}

static void add_enum(struct line *l, enum const_set set, u32 v)
{
	/* Some carry modifiers in the bits above: FUTEX_WAIT|0x80 */
	const char *name = find_const(set, v), *base = find_const(set, v & 0x7f);

	if (name)
		add(l, "%s", name);
	else if (base && v < 0x1000)
		add(l, "%s|%#x", base, v & ~0x7fu);
	else
		add(l, "%#x", v);
}

static void add_signal(struct line *l, u32 sig)
{
	const char *name = find_const(SET_signal, sig);

	if (name)
		add(l, "%s", name);
	else if (sig >= 32 && sig <= 64)
		add(l, "SIGRT_%u", sig - 32);
	else
		add(l, "%u", sig);
}

static void add_flags(struct line *l, enum const_set set, u64 v)
{
	const char *sep = "";

	if (set == SET_open && !(v & (O_WRONLY | O_RDWR))) {
		add(l, "O_RDONLY");
		sep = "|";
	}
	if (set == SET_clone && v & 0xff) {
		add_signal(l, v & 0xff);   /* sent to the parent at the end */
		v &= ~0xffull;
		sep = "|";
	}
	if (set == SET_fdflags)
		set = SET_open;
	if (set == SET_open) {
		v = open_flags_to_generic(v);
	} else if (set == SET_sock) {
		add_enum(l, set, v & 15);
		v &= ~15ull;
		sep = "|";
	}
	if (!v && !*sep) {
		add(l, set == SET_prot ? "PROT_NONE" : set == SET_access ? "F_OK" : "0");
		return;
	}
	for (unsigned i = 0; i < ARRAY_LEN(const_names); i++) {
		u64 bit = (u32)const_names[i].value;

		if (const_names[i].set != set || !bit || (v & bit) != bit)
			continue;
		add(l, "%s%s", sep, const_names[i].name);
		sep = "|";
		v &= ~bit;
	}
	if ((u32)v)
		add(l, "%s%#x", sep, (u32)v);
}

static void add_sigset(struct line *l, gaddr a)
{
	const char *sep = "";
	u64 set;

	if (!a || copy_in(&set, a, sizeof set) < 0) {
		add(l, a ? "%#llx" : "NULL", (unsigned long long)a);
		return;
	}
	if (set == ~0ull) {
		add(l, "~[]");
		return;
	}
	add(l, "[");
	for (unsigned sig = 1; sig <= 64; sig++)
		if (set >> (sig - 1) & 1) {
			add(l, "%s", sep);
			add_signal(l, sig);
			sep = " ";
		}
	add(l, "]");
}

/* --- text --- */

static void add_quoted(struct line *l, const char *s, size_t n, bool more)
{
	add(l, "\"");
	for (size_t i = 0; i < n; i++) {
		u8 ch = s[i];

		if (ch == '\n')
			add(l, "\\n");
		else if (ch == '\t')
			add(l, "\\t");
		else if (ch == '\r')
			add(l, "\\r");
		else if (ch == '"' || ch == '\\')
			add(l, "\\%c", ch);
		else if (ch >= ' ' && ch < 0x7f)
			add(l, "%c", ch);
		else if (i + 1 < n && s[i + 1] >= '0' && s[i + 1] <= '7')
			add(l, "\\%03o", ch);
		else
			add(l, "\\%o", ch);
	}
	add(l, more ? "\"..." : "\"");
}

static void add_string(struct line *l, gaddr a)
{
	char s[SHOWN_PATH];
	s64 n = a ? copy_in_str(s, a, sizeof s) : 0;

	if (!a)
		add(l, "NULL");
	else if (n == -ENAMETOOLONG)
		add_quoted(l, s, sizeof s - 1, true);
	else if (n < 0)
		add(l, "%#llx", (unsigned long long)a);
	else
		add_quoted(l, s, n, false);
}

static void add_buffer(struct line *l, gaddr a, u64 len)
{
	char s[SHOWN_BYTES];
	size_t n = MIN(len, sizeof s);

	if (!a || copy_in(s, a, n) < 0)
		add(l, a ? "%#llx" : "NULL", (unsigned long long)a);
	else
		add_quoted(l, s, n, n < len);
}

static u64 word_at(gaddr a, bool *ok)
{
	u64 v = 0;

	if (copy_in(&v, a, the_guest.word) < 0)
		*ok = false;
	return v;
}

static void add_strings(struct line *l, gaddr a)
{
	if (!a) {
		add(l, "NULL");
		return;
	}
	add(l, "[");
	for (unsigned i = 0;; i++) {
		bool ok = true;
		gaddr s = word_at(a + i * the_guest.word, &ok);

		if (!ok || !s)
			break;
		if (i)
			add(l, ", ");
		if (i == 2 * SHOWN_ITEMS) {
			add(l, "...");
			break;
		}
		add_string(l, s);
	}
	add(l, "]");
}

static void add_iov(struct line *l, gaddr a, u64 n, u64 total)
{
	add(l, "[");
	for (unsigned i = 0; i < MIN(n, (u64)SHOWN_ITEMS); i++) {
		bool ok = true;
		gaddr base = word_at(a + 2 * i * the_guest.word, &ok);
		u64 len = word_at(a + (2 * i + 1) * the_guest.word, &ok);
		u64 used = MIN(len, total);

		if (!ok)
			break;
		add(l, i ? ", {" : "{");
		add_buffer(l, base, used);
		add(l, ", %llu}", (unsigned long long)len);
		total -= used;
	}
	add(l, n > SHOWN_ITEMS ? ", ...]" : "]");
}

/* --- structures --- */

static void add_member(struct line *l, enum member_type t, u64 v, unsigned size)
{
	switch (t) {
	case MT_S32: case MT_S64: case MT_NSEC: case MT_LONG:
		add(l, "%lld", (long long)sext(v, size * 8));
		break;
	case MT_HEX32: case MT_HEX64: case MT_HEXL: case MT_PTR: case MT_RESTORER:
		add(l, "%#llx", (unsigned long long)v);
		break;
	case MT_OCT32: case MT_OCT16:
		add(l, "%#llo", (unsigned long long)v);
		break;
	default:
		add(l, "%llu", (unsigned long long)v);
	}
}

static void add_struct(struct line *l, enum struct_id id, gaddr a)
{
	const struct member *const first = struct_members(id), *m = first;
	const char *sep = "{";
	u64 off = 0;

	if (!a) {
		add(l, "NULL");
		return;
	}
	for (; m->type != MT_END; m++) {
		unsigned size = member_size(m->type);
		u64 v = 0;

		if (m->type == MT_RESTORER && !the_guest.sa_restorer)
			continue;
		off = member_align(m->type, off);
		if (copy_in(&v, a + off, size) < 0) {
			add(l, "%s%#llx", sep, (unsigned long long)a);
			break;
		}
		off += size;
		if (!m->name[0] && m != first)
			continue;
		add(l, m->name[0] ? "%s%s=" : "[", sep, m->name);
		add_member(l, m->type, v, size);
		sep = ", ";
	}
	add(l, first->name[0] ? "}" : "]");
}

static void add_sockaddr(struct line *l, gaddr a, u32 len)
{
	struct { u16 family; u8 d[126]; } s;

	memset(&s, 0, sizeof s);
	if (!a || len < 2 || copy_in(&s, a, MIN(len, sizeof s)) < 0) {
		add(l, a ? "%#llx" : "NULL", (unsigned long long)a);
		return;
	}
	add(l, "{sa_family=");
	add_enum(l, SET_af, s.family);
	if (s.family == AF_INET)
		add(l, ", port=%u, addr=%u.%u.%u.%u", s.d[0] << 8 | s.d[1], s.d[2], s.d[3], s.d[4],
		    s.d[5]);
	else if (s.family == AF_INET6)
		add(l, ", port=%u", s.d[0] << 8 | s.d[1]);
	else if (s.family == AF_UNIX) {
		const char *path = (const char *)s.d;
		bool abstract = !path[0] && len > 3;

		add(l, abstract ? ", sun_path=@" : ", sun_path=");
		add_quoted(l, path + abstract,
			   strnlen(path + abstract, MIN(len - 2, sizeof s.d) - abstract), false);
	}
	add(l, "}");
}

static void add_pollfds(struct line *l, gaddr a, u64 n, bool after)
{
	struct { s32 fd; u16 events, revents; } p;

	add(l, "[");
	for (unsigned i = 0; i < MIN(n, (u64)SHOWN_ITEMS); i++) {
		if (copy_in(&p, a + i * sizeof p, sizeof p) < 0)
			break;
		add(l, "%s{fd=%d, events=", i ? ", " : "", p.fd);
		add_flags(l, SET_pollbits, p.events);
		if (after && p.revents) {
			add(l, ", revents=");
			add_flags(l, SET_pollbits, p.revents);
		}
		add(l, "}");
	}
	add(l, n > SHOWN_ITEMS ? ", ...]" : "]");
}

static void add_msghdr(struct line *l, gaddr a, u64 total)
{
	const unsigned w = the_guest.word;
	bool ok = true;
	u64 name = word_at(a, &ok), len = word_at(a + w, &ok), iov = word_at(a + 2 * w, &ok),
	    n = word_at(a + 3 * w, &ok);

	if (!ok) {
		add(l, "%#llx", (unsigned long long)a);
		return;
	}
	add(l, "{msg_name=");
	add_sockaddr(l, name, len);
	add(l, ", msg_iov=");
	add_iov(l, iov, n, total);
	add(l, ", msg_controllen=%llu}", (unsigned long long)word_at(a + 5 * w, &ok));
}

/* --- arguments and lines --- */

static void add_arg(struct line *l, const struct syscall_row *r, unsigned i, const u64 *a,
		    bool after, s64 ret)
{
	const unsigned ref = arg_ref(r->arg[i]);
	const u64 v = a[i];
	const bool done = after && !is_error(ret);
	u32 len = 0;

	switch (arg_kind(r->arg[i])) {
	case K_INT: case K_FD:
		add(l, "%d", (s32)v);
		break;
	case K_UINT:
		add(l, "%u", (u32)v);
		break;
	case K_LONG: case K_OFF:
		add(l, "%lld", (long long)v);
		break;
	case K_ULONG: case K_SIZE:
		add(l, "%llu", (unsigned long long)v);
		break;
	case K_OCT:
		add(l, "%#o", (u32)v);
		break;
	case K_DIRFD:
		if ((s32)v == AT_FDCWD)
			add(l, "AT_FDCWD");
		else
			add(l, "%d", (s32)v);
		break;
	case K_SIG:
		add_signal(l, v);
		break;
	case K_FLAGS:
		add_flags(l, ref, v);
		break;
	case K_ENUM:
		add_enum(l, ref, v);
		break;
	case K_IOCTL: {
		const struct ioctl_row *io = ioctl_find(v);

		if (io)
			add(l, "%s", io->name);
		else
			add(l, "%#x", (u32)v);
		break;
	}
	case K_STR: case K_PATH: case K_LPATH: case K_NPATH: case K_PATHF:
		add_string(l, v);
		break;
	case K_STRV:
		add_strings(l, v);
		break;
	case K_INBUF:
		add_buffer(l, v, a[ref]);
		break;
	case K_OUTBUF:
		add_buffer(l, v, done ? (u64)ret : 0);
		break;
	case K_IOVIN:
		add_iov(l, v, a[ref], ~0ull);
		break;
	case K_IOVOUT:
		add_iov(l, v, a[ref], done ? (u64)ret : 0);
		break;
	case K_MSGHDR:
		add_msghdr(l, v, done ? (u64)ret : 0);
		break;
	case K_IN:
		add_struct(l, ref, v);
		break;
	case K_OUT:
		if (done)
			add_struct(l, ref, v);
		else
			add(l, v ? "%#llx" : "NULL", (unsigned long long)v);
		break;
	case K_SIGSETOUT:
	case K_SIGSET:
		add_sigset(l, arg_kind(r->arg[i]) == K_SIGSET || done ? v : 0);
		break;
	case K_SOCKADDR:
		add_sockaddr(l, v, a[ref]);
		break;
	case K_SOCKADDROUT:
		if (!done || !a[ref] || copy_in(&len, a[ref], sizeof len) < 0)
			len = 0;
		add_sockaddr(l, v, len);
		break;
	case K_FDPAIR: {
		s32 fd[2];

		if (done && copy_in(fd, v, sizeof fd) == 0)
			add(l, "[%d, %d]", fd[0], fd[1]);
		else
			add(l, "%#llx", (unsigned long long)v);
		break;
	}
	case K_POLLFDS:
		add_pollfds(l, v, a[ref], done);
		break;
	case K_PTR: case K_ADDR:
		add(l, v ? "%#llx" : "NULL", (unsigned long long)v);
		break;
	default:
		add(l, "%#llx", (unsigned long long)v);
	}
}

static void begin(struct line *l, u32 nr, const u64 *a, bool after, s64 ret)
{
	const struct syscall_row *r = syscall_find(nr);

	l->n = 0;
	add(l, "%lld ", (long long)host_syscall0(HOST_NR_gettid));
	if (!r->name) {
		add(l, "syscall_%u(%#llx, %#llx, %#llx", nr, (unsigned long long)a[0],
		    (unsigned long long)a[1], (unsigned long long)a[2]);
	} else {
		add(l, "%s(", r->name);
		for (unsigned i = 0; i < MAX_SYSCALL_ARGS && arg_kind(r->arg[i]) != K_NONE; i++) {
			if (i)
				add(l, ", ");
			add_arg(l, r, i, a, after, ret);
		}
	}
	add(l, ")");
}

static bool ends_here(u32 nr)
{
	syscall_fn *const fn = syscall_find(nr)->fn;

	return fn && (fn == sys_exit || fn == sys_exit_group || fn == sys_execve ||
		      fn == sys_execveat || fn == sys_rt_sigreturn);
}

void trace_enter(struct vcpu *c, u32 nr, const u64 a[MAX_SYSCALL_ARGS])
{
	struct line l;

	if (!ends_here(nr))
		return;
	begin(&l, nr, a, false, 0);
	log_printf("%s = ?\n", l.text);
}

void trace_leave(struct vcpu *c, u32 nr, const u64 a[MAX_SYSCALL_ARGS], s64 ret)
{
	struct line l;

	if (ret == -SYS_NORETURN_VALUE)
		return;
	begin(&l, nr, a, true, ret);
	if (ret == -ERESTARTSYS || ret == -ERESTART_RESTARTBLOCK)
		add(&l, " = ? ERESTART (interrupted by a signal)");
	else if (is_error(ret) && errno_name(-ret))
		add(&l, " = -1 %s (%s)", errno_name(-ret), errno_text(-ret));
	else if (ret >= 0 && ret < 1ll << 32)
		add(&l, " = %lld", (long long)ret);
	else
		add(&l, " = %#llx", (unsigned long long)ret);
	log_printf("%s\n", l.text);
}

void trace_signal(int signo, int code, gaddr addr)
{
	struct line l = { .n = 0 };

	add(&l, "%lld --- ", (long long)host_syscall0(HOST_NR_gettid));
	add_signal(&l, signo);
	add(&l, " {si_code=%d, si_addr=%#llx} ---", code, (unsigned long long)addr);
	log_printf("%s\n", l.text);
}
