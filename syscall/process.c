/*
 * Processes: executing programs, waiting for them, prctl.
 *
 * execve executes this runner again for a program of the guest's architecture, with the options it
 * was started with; nothing has to be registered with the host for that.  `#!` lines are followed
 * here, since the host would look for the interpreter outside the sysroot.  A program of the host's
 * own architecture is executed as it is, one of another guest's architecture by the sibling runner
 * next to this one.  Two things only the kernel can do, by its binfmt_misc: give a program another
 * identity (set-user-ID), and find the runner where it has no name (a chroot without /proc).
 *
 * Whatever can fail is found out first: once the host's execve of the runner has succeeded, the old
 * image is gone, and a program (or posix_spawn) that expects ENOENT would see an exit status
 * instead.
 */
#include "syscall/layout.h"
#include "syscall/task.h"

#include "base/elfnames.h"

#include <stdio.h>

enum { HEAD_BYTES = 256, MAX_SCRIPTS = 5, MAX_FRONT = 2 + 2 * MAX_SCRIPTS };
enum { PR_TAGGED_ADDR_ENABLE = 1 };
enum { AT_EXECVE_CHECK = 0x10000, AT_EACCESS = 0x200, FD_CLOEXEC = 1 };
enum { EI_CLASS = 4, EI_DATA = 5, ET_EXEC = 2, ET_DYN = 3, PT_INTERP = 3 };

/* ELF header and program header, 64-bit; the 32-bit one is only looked at up to e_flags. */
struct elf64 {
	u8 ident[16];
	u16 type, machine;
	u32 version;
	u64 entry, phoff, shoff;
	u32 flags;
	u16 ehsize, phentsize, phnum;
};
struct phdr64 { u32 type, flags; u64 offset, vaddr, paddr, filesz, memsz, align; };

struct exec {
	struct vcpu *c;
	const char *execfn;            /* what the guest asked for */
	const char *name;              /* as the guest knows the file: the same, or a script's interpreter */
	const char *host;              /* as the host does */
	int fd;                        /* it, open, or -1 */
	int by_fd;                     /* the guest named it by this descriptor alone, or -1 */
	int passed_fd;                 /* open for the new runner, or -1 */
	u8 head[HEAD_BYTES + 1];       /* its beginning, zero-filled */
	const char *front[MAX_FRONT];  /* the arguments that replace the guest's first one */
	unsigned n_front;
	gaddr argv, envp;
	u64 argc, envc;
	char name_buf[GUEST_PATH_MAX], host_buf[2][GUEST_PATH_MAX];
	char interp[MAX_SCRIPTS][HEAD_BYTES + 1];
	u8 *vectors;                   /* argv and envp for the host, one mapping */
	u64 vectors_size;
};

extern const u8 __ehdr_start[];    /* this image's own ELF header, from the linker */

/* --- vectors --- */

/* Word i of a vector of guest pointers; 0 at its end. */
static s64 vector_word(gaddr v, u64 i, u64 *word)
{
	*word = 0;
	return v ? copy_in(word, v + i * the_guest.word, the_guest.word) : 0;
}

static s64 vector_length(gaddr v, u64 *n)
{
	u64 word;

	for (*n = 0;; ++*n) {
		s64 r = vector_word(v, *n, &word);

		if (r < 0)
			return r;
		if (!word)
			return 0;
		if (*n > 1 << 26)
			return -E2BIG;
	}
}

static s64 copy_vector(const char **to, gaddr v, u64 from, u64 n)
{
	for (u64 i = from; i < n; i++) {
		u64 word;

		if (vector_word(v, i, &word) < 0 || !word)
			return -EFAULT;  /* changed by another thread meanwhile */
		*to++ = g2h(word);
	}
	*to = NULL;
	return 0;
}

static void free_vectors(struct exec *x)
{
	if (x->vectors)
		host_syscall2(HOST_NR_munmap, (u64)x->vectors, x->vectors_size);
	x->vectors = NULL;
}

static s64 make_vectors(struct exec *x, unsigned n_prefix)
{
	u64 words = n_prefix + MAX_FRONT + x->argc + x->envc + 4;
	s64 r;

	free_vectors(x);
	x->vectors_size = ALIGN_UP(words * 8, 4096ull);
	r = space_own_map(x->vectors_size);
	if (is_error(r))
		return r;
	x->vectors = (u8 *)r;
	return 0;
}

/*
 * Does the error mean that there is no /proc?  A chroot may have none, or debootstrap's link from
 * /proc to /proc, which leads nowhere in there.
 */
static bool no_proc(s64 r)
{
	return r == -ENOENT || r == -ENOTDIR || r == -ELOOP;
}

/* --- the file --- */

static s64 check_executable(struct exec *x)
{
	const char *argv[] = { "", NULL };
	u64 st[18];
	s64 r = host_syscall5(HOST_NR_execveat, x->fd, (u64)"", (u64)argv, (u64)&argv[1],
			      AT_EMPTY_PATH | AT_EXECVE_CHECK);

	if (r != -EINVAL && r != -ENOSYS)
		return r;
	/* A kernel before 6.14: what can be asked by other means. */
	r = host_syscall2(HOST_NR_fstat, x->fd, (u64)st);
	if (r < 0)
		return r;
	if (((u32)st[3] & 0170000) != S_IFREG)
		return -EACCES;
	return host_syscall4(HOST_NR_faccessat2, AT_FDCWD, (u64)x->host, X_OK, AT_EACCESS);
}

/* Opens x->host and reads its beginning.  0 with fd -1: executable, but not for reading. */
static s64 open_file(struct exec *x, u32 flags)
{
	s64 r = host_syscall4(
		HOST_NR_openat, AT_FDCWD, (u64)x->host,
		O_CLOEXEC | (flags & AT_SYMLINK_NOFOLLOW ? O_NOFOLLOW : 0) | O_NONBLOCK, 0);

	x->fd = -1;
	if (x->by_fd >= 0 && no_proc(r))
		r = host_syscall3(HOST_NR_fcntl, x->by_fd, F_DUPFD_CLOEXEC, 0);
	if (r == -EACCES &&
	    host_syscall4(HOST_NR_faccessat2, AT_FDCWD, (u64)x->host, X_OK, AT_EACCESS) == 0)
		return 0;
	if (r < 0)
		return r == -ENXIO ? -EACCES : r;
	x->fd = r;
	r = check_executable(x);
	if (r < 0)
		return r;
	memset(x->head, 0, sizeof x->head);
	r = host_syscall4(HOST_NR_pread64, x->fd, (u64)x->head, HEAD_BYTES, 0);
	return r < 0 ? r : 0;
}

static void close_file(struct exec *x)
{
	if (x->fd >= 0)
		host_syscall1(HOST_NR_close, x->fd);
	x->fd = -1;
}

static bool is_elf(const struct exec *x)
{
	return x->fd >= 0 && memcmp(x->head, "\177ELF", 4) == 0;
}

static bool is_guest_elf(const struct exec *x)
{
	const struct guest *g = &the_guest;
	struct elf64 e;
	u32 flags;

	memcpy(&e, x->head, sizeof e);
	if (e.ident[EI_CLASS] != g->elf_class || e.ident[EI_DATA] != g->elf_data ||
	    elf_ident_machine(x->head) != g->elf_machine)
		return false;
	memcpy(&flags, x->head + (g->elf_class == 2 ? 48 : 36), sizeof flags);
	if (g->elf_data == 2)
		flags = __builtin_bswap32(flags);
	return (flags & g->elf_flags_mask) == g->elf_flags;
}

/* The file's ELF interpreter must exist too: -ENOENT and the like, 0 if all is well. */
static s64 check_interpreter(struct exec *x)
{
	char path[GUEST_PATH_MAX], buf[GUEST_PATH_MAX];
	struct elf64 e;
	struct phdr64 p;

	if (the_guest.elf_class != 2 || the_guest.elf_data != 1)
		return 0;  /* the loader will say */
	memcpy(&e, x->head, sizeof e);
	if ((e.type != ET_EXEC && e.type != ET_DYN) || e.phentsize != sizeof p || !e.phnum)
		return -ENOEXEC;
	for (unsigned i = 0; i < e.phnum; i++) {
		s64 r = host_syscall4(HOST_NR_pread64, x->fd, (u64)&p, sizeof p,
				      e.phoff + i * sizeof p);

		if (r != sizeof p)
			return r < 0 ? r : -ENOEXEC;
		if (p.type != PT_INTERP)
			continue;
		if (p.filesz < 2 || p.filesz > sizeof path)
			return -ENOEXEC;
		r = host_syscall4(HOST_NR_pread64, x->fd, (u64)path, p.filesz, p.offset);
		if (r != (s64)p.filesz || path[p.filesz - 1])
			return r < 0 ? r : -ENOEXEC;
		return host_syscall4(HOST_NR_faccessat2, AT_FDCWD,
				     (u64)guest_path(AT_FDCWD, path, PATH_FOLLOW, buf, sizeof buf),
				     X_OK, AT_EACCESS);
	}
	return 0;
}

/* --- scripts --- */

static bool blank(char ch)
{
	return ch == ' ' || ch == '\t';
}

/*
 * Takes `#! interpreter [argument]` apart as fs/binfmt_script.c does: the argument is the rest of
 * the line, blanks at both ends removed.  *arg is NULL if there is none.
 */
static s64 parse_script(const struct exec *x, char *interp, char **arg)
{
	char *p = interp, *end;

	memcpy(interp, x->head + 2, HEAD_BYTES - 2);
	interp[HEAD_BYTES - 2] = 0;
	end = strchr(interp, '\n');
	if (!end) {
		/*
		 * The line was cut: a cut interpreter is useless, a cut argument is not noticed by
		 * Linux either.
		 */
		end = interp + strlen(interp);
		while (blank(*p))
			p++;
		if (end == interp + HEAD_BYTES - 2 && !strpbrk(p, " \t"))
			return -ENOEXEC;
	}
	while (end > interp && blank(end[-1]))
		end--;
	*end = 0;
	for (p = interp; blank(*p); p++)
		;
	if (!*p)
		return -ENOEXEC;
	memmove(interp, p, strlen(p) + 1);
	p = strpbrk(interp, " \t");
	*arg = NULL;
	if (p) {
		while (blank(*p))
			*p++ = 0;
		if (*p)
			*arg = p;
	}
	return 0;
}

/* Replaces the script by its interpreter in x; `depth` scripts came before. */
static s64 enter_script(struct exec *x, unsigned depth)
{
	char *interp = x->interp[depth], *arg;
	unsigned extra;
	s64 r = parse_script(x, interp, &arg);

	if (r < 0)
		return r;
	extra = arg ? 2 : 1;
	memmove(&x->front[1 + extra], &x->front[1], (x->n_front - 1) * sizeof *x->front);
	x->front[0] = interp;
	if (arg)
		x->front[1] = arg;
	x->front[extra] = x->name;
	x->n_front += extra;
	x->name = interp;
	close_file(x);
	x->by_fd = -1;
	x->host = guest_path(AT_FDCWD, interp, PATH_FOLLOW, x->host_buf[depth & 1], GUEST_PATH_MAX);
	return open_file(x, 0);
}

/* --- the host's execve --- */

static const char **put_arguments(struct exec *x, const char **v, unsigned from)
{
	for (unsigned i = from; i < x->n_front; i++)
		*v++ = x->front[i];
	return v;
}

/* Executes `file`, or what x->by_fd is where that is NULL. */
static s64 host_exec(struct exec *x, const char *file, const char **argv, const char **env)
{
	struct task *t = x->c->task;
	s64 r;

	/*
	 * The new program inherits the mask and what is ignored, faults included.  It is a blocking
	 * call so that a signal that is already captured gets its handler first.
	 */
	if (the_process.summary && !t->vfork_child)
		summary_print();
	if (!t->vfork_child)
		hooks->ending(x->c, false);
	signal_prepare_exec(t, true);
	limits_exec(t, true);
	host_syscall4(HOST_NR_rt_sigprocmask, SIG_SETMASK, (u64)&t->mask, 0, 8);
	if (file)
		r = blocking_syscall(x->c, HOST_NR_execve, (u64)file, (u64)argv, (u64)env, 0, 0, 0);
	else
		r = blocking_syscall(x->c, HOST_NR_execveat, x->by_fd, (u64)"", (u64)argv, (u64)env,
				     AT_EMPTY_PATH, 0);
	limits_exec(t, false);
	signal_prepare_exec(t, false);
	signal_unblock(t);
	return r;
}

static s64 exec_native(struct exec *x)
{
	const char **argv, **env;
	s64 r = make_vectors(x, 0);

	if (r < 0)
		return r;
	argv = (const char **)(void *)x->vectors;
	env = put_arguments(x, argv, 0);
	r = copy_vector(env, x->argv, 1, x->argc);
	if (r < 0)
		return r;
	while (*env)
		env++;
	env++;
	r = copy_vector(env, x->envp, 0, x->envc);
	if (r < 0)
		return r;
	/* By name only if it must be: the program sees the difference in AT_EXECFN. */
	r = x->by_fd >= 0 ? host_exec(x, NULL, argv, env) : -ENOENT;
	return r == -ENOENT ? host_exec(x, x->host, argv, env) : r;
}

/*
 * A name of x's file for the new process.  Descriptors marked close-on-exec are gone by then, so
 * what has no other name (memfd) is opened for the runner, which closes it: x->passed_fd.
 */
static const char *lasting_name(struct exec *x, char *buf, size_t size)
{
	u64 here[18], there[18];
	s64 r;

	if (strncmp(x->host, "/proc/self/fd/", 14) != 0)
		return x->host;
	r = host_syscall4(HOST_NR_readlinkat, AT_FDCWD, (u64)x->host, (u64)buf, size - 1);
	if (r > 0) {
		buf[r] = 0;
		if (host_syscall2(HOST_NR_fstat, x->fd, (u64)here) == 0 &&
		    host_syscall4(HOST_NR_newfstatat, AT_FDCWD, (u64)buf, (u64)there, 0) == 0 &&
		    here[0] == there[0] && here[1] == there[1])
			return buf;
	}
	r = host_syscall1(HOST_NR_dup, x->fd);
	if (r >= 0)
		x->passed_fd = r;
	return x->host;
}

static void close_passed(struct exec *x)
{
	if (x->passed_fd >= 0)
		host_syscall1(HOST_NR_close, x->passed_fd);
	x->passed_fd = -1;
}

/* Executes the runner at `runner` under `name`; a sibling is another guest's. */
static s64 exec_runner(struct exec *x, const char *runner, const char *name, bool sibling)
{
	const char **argv, **v, **env, *file;
	char buf[GUEST_PATH_MAX], number[16];
	unsigned n = 0;
	s64 r;

	while (the_process.runner_argv && the_process.runner_argv[n])
		n++;
	r = make_vectors(x, n + 9);
	if (r < 0)
		return r;
	argv = v = (const char **)(void *)x->vectors;
	*v++ = name;
	for (unsigned i = 0; i < n; i++) {
		/* Processors have other names there, and it would refuse ours too late. */
		if (sibling && !strcmp(the_process.runner_argv[i], "-cpu"))
			i++;
		else
			*v++ = the_process.runner_argv[i];
	}
	if (strcmp(x->execfn, x->host) != 0) {
		*v++ = "-execfn";
		*v++ = x->execfn;
	}
	*v++ = "-0";
	*v++ = x->front[0];
	file = lasting_name(x, buf, sizeof buf);
	if (x->passed_fd >= 0) {
		snprintf(number, sizeof number, "%d", x->passed_fd);
		*v++ = "-execfd";
		*v++ = number;
	}
	*v++ = "--";
	*v++ = file;
	v = put_arguments(x, v, 1);
	r = copy_vector(v, x->argv, 1, x->argc);
	if (r < 0)
		return r;
	for (env = v; *env; env++)
		;
	env++;
	r = copy_vector(env, x->envp, 0, x->envc);
	if (r < 0)
		return r;
	r = host_exec(x, runner, argv, env);
	if (the_process.runner && no_proc(r))
		r = host_exec(x, the_process.runner, argv, env);
	return r;
}

/* The runner of another guest, if it lies next to this one. */
static s64 exec_sibling(struct exec *x)
{
	char path[GUEST_PATH_MAX];
	const char *name = NULL;
	char *slash;
	s64 r;

	elf_machine_name(elf_ident_machine(x->head), x->head[EI_CLASS], x->head[EI_DATA], &name);
	if (!name)
		return -ENOEXEC;
	r = host_syscall4(HOST_NR_readlinkat, AT_FDCWD, (u64)"/proc/self/exe", (u64)path,
			  sizeof path - 64);
	if (r <= 0)
		return -ENOEXEC;
	path[r] = 0;
	slash = strrchr(path, '/');
	if (!slash)
		return -ENOEXEC;
	snprintf(slash + 1, 64, "dragoman-%s", name);
	if (host_syscall3(HOST_NR_faccessat, AT_FDCWD, (u64)path, X_OK) < 0)
		return -ENOEXEC;
	return exec_runner(x, path, slash + 1, true);
}

/*
 * Would the kernel give the program another identity, or capabilities?  Options that must be
 * repeated can not go that way, and a privileged program must not have them.
 */
static bool gains_privilege(struct exec *x)
{
	u64 st[18];
	u32 mode;

	if ((the_process.runner_argv && the_process.runner_argv[0]) ||
	    host_syscall2(HOST_NR_fstat, x->fd, (u64)st) < 0)
		return false;
	mode = st[3];
	if (mode & 04000 && st[3] >> 32 != (u64)host_syscall0(HOST_NR_geteuid))
		return true;
	if ((mode & 02010) == 02010 && (u32)st[4] != (u64)host_syscall0(HOST_NR_getegid))
		return true;
	return host_syscall4(HOST_NR_fgetxattr, x->fd, (u64)"security.capability", 0, 0) >= 0;
}

static s64 exec_guest(struct exec *x)
{
	char runner[64];
	s64 r = check_interpreter(x);

	if (r < 0)
		return r;
	if (gains_privilege(x)) {
		r = exec_native(x);
		if (r != -ENOEXEC)
			return r;
	}
	snprintf(runner, sizeof runner, "%s-%s", the_process.called, the_guest.name);
	r = exec_runner(x, "/proc/self/exe", runner, false);
	if (the_process.runner || !no_proc(r))
		return r;
	close_passed(x);
	return exec_native(x);
}

static s64 exec_file(struct exec *x)
{
	s64 r;

	if (!is_elf(x))
		return exec_native(x);  /* the host's kernel has the last word: ENOEXEC, or a format of its own */
	if (is_guest_elf(x))
		return exec_guest(x);
	if (elf_ident_machine(x->head) == elf_ident_machine(__ehdr_start))
		return exec_native(x);
	r = exec_sibling(x);
	return r == -ENOEXEC ? exec_native(x) : r;
}

/* --- the guest's execve --- */

/* Names of the file, the guest's and the host's. */
static s64 name_file(struct exec *x, int dirfd, gaddr path, u32 flags)
{
	char *buf = x->name_buf;
	s64 n = copy_in_str(buf, path, GUEST_PATH_MAX);

	if (n < 0)
		return n;
	x->name = buf;
	if (n > 0 && (dirfd == AT_FDCWD || buf[0] == '/')) {
		x->host = guest_path(AT_FDCWD, buf,
				     flags & AT_SYMLINK_NOFOLLOW ? PATH_NOFOLLOW : PATH_FOLLOW,
				     x->host_buf[1], GUEST_PATH_MAX);
		return 0;
	}
	if (n == 0 && !(flags & AT_EMPTY_PATH))
		return -ENOENT;
	if (host_syscall3(HOST_NR_fcntl, dirfd, F_GETFD, 0) < 0)
		return -EBADF;
	if (snprintf(x->host_buf[1], GUEST_PATH_MAX, "/proc/self/fd/%d%s%s", dirfd, n ? "/" : "",
		     buf) >= GUEST_PATH_MAX)
		return -ENAMETOOLONG;
	x->host = x->host_buf[1];
	x->by_fd = n ? -1 : dirfd;
	/* What the kernel tells a script's interpreter (fs/exec.c, alloc_bprm). */
	memcpy(buf, "/dev", 4);
	memcpy(buf + 4, x->host + strlen("/proc/self"), strlen(x->host + strlen("/proc/self")) + 1);
	return 0;
}

static s64 do_exec(struct exec *x, int dirfd, gaddr path, u32 flags)
{
	unsigned depth = 0;
	s64 r;

	if (flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW))
		return -EINVAL;
	r = name_file(x, dirfd, path, flags);
	if (r >= 0)
		r = vector_length(x->argv, &x->argc);
	if (r >= 0)
		r = vector_length(x->envp, &x->envc);
	if (r >= 0)
		r = open_file(x, flags);
	if (r < 0)
		return r;
	x->execfn = x->name;
	x->front[0] = "";
	x->n_front = 1;
	if (x->argc) {
		u64 word;

		if (vector_word(x->argv, 0, &word) < 0)
			return -EFAULT;
		x->front[0] = g2h(word);
	}
	while (x->fd >= 0 && x->head[0] == '#' && x->head[1] == '!') {
		if (depth == MAX_SCRIPTS)
			return -ELOOP;
		/* The interpreter could not open the script by this name. */
		if (depth == 0 && strncmp(x->name, "/dev/fd/", 8) == 0 && dirfd >= 0 &&
		    host_syscall3(HOST_NR_fcntl, dirfd, F_GETFD, 0) & FD_CLOEXEC)
			return -ENOENT;
		r = enter_script(x, depth++);
		if (r < 0)
			return r;
	}
	return exec_file(x);
}

static s64 run_exec(struct vcpu *c, int dirfd, gaddr path, gaddr argv, gaddr envp, u32 flags)
{
	struct exec x;
	s64 r;

	x.c = c;
	x.fd = x.by_fd = x.passed_fd = -1;
	x.argv = argv;
	x.envp = envp;
	x.vectors = NULL;
	r = do_exec(&x, dirfd, path, flags);
	close_file(&x);
	free_vectors(&x);
	close_passed(&x);
	return r;
}

s64 sys_execve(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	return run_exec(c, AT_FDCWD, a[0], a[1], a[2], 0);
}

s64 sys_execveat(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	return run_exec(c, a[0], a[1], a[2], a[3], a[4]);
}

/* --- waiting --- */

s64 sys_wait4(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	return blocking_syscall(c, HOST_NR_wait4, a[0], host_ptr(a[1]), a[2], host_ptr(a[3]), 0, 0);
}

s64 sys_waitid(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	u8 info[SIGINFO_SIZE] __attribute__((aligned(8))) = { 0 }, usage[STRUCT_MAX] __attribute__((aligned(8)));
	s64 ret;

	if (the_guest.word == 8)
		return blocking_syscall(c, HOST_NR_waitid, a[0], a[1], host_ptr(a[2]), a[3], host_ptr(a[4]), 0);
	ret = blocking_syscall(c, HOST_NR_waitid, a[0], a[1], a[2] ? (u64)info : 0, a[3], a[4] ? (u64)usage : 0, 0);
	if (ret < 0)
		return ret;
	if ((a[2] && siginfo_out(a[2], info) < 0) || (a[4] && struct_out(STRUCT_rusage, a[4], usage) < 0))
		return -EFAULT;
	return ret;
}

/* --- being traced --- */

/*
 * Not there yet.  The refusal is that of a kernel whose administrator forbids tracing (Yama's
 * ptrace_scope 3): every debugger and sanitizer knows EPERM from containers and says what it means,
 * while ENOSYS, which no kernel answers, reads as a fault of theirs.  Nothing is ever traced, so
 * all that needs a tracee finds none.
 */
s64 sys_ptrace(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	s64 r;

	if (a[0] == PTRACE_TRACEME)
		return -EPERM;
	if (a[0] != PTRACE_ATTACH && a[0] != PTRACE_SEIZE)
		return -ESRCH;
	r = host_syscall2(HOST_NR_kill, (s32)a[1], 0);
	return r == -ESRCH ? r : -EPERM;
}

/* --- prctl --- */

/* Tags in pointers that system calls take; accesses of the program itself ignore them anyway. */
static s64 set_tagged_addr(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	if (!c->guest->tag_bits || a[1] & ~(u64)PR_TAGGED_ADDR_ENABLE || a[2] || a[3] || a[4])
		return -EINVAL;
	c->task->tagged_addr = a[1] & PR_TAGGED_ADDR_ENABLE;
	the_process.tagged_addr |= c->task->tagged_addr;
	return 0;
}

static s64 get_tagged_addr(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	if (!c->guest->tag_bits || a[1] || a[2] || a[3] || a[4])
		return -EINVAL;
	return c->task->tagged_addr ? PR_TAGGED_ADDR_ENABLE : 0;
}

static s64 get_tid_address(gaddr to)
{
	u64 at = 0;
	s64 r = host_syscall2(HOST_NR_prctl, PR_GET_TID_ADDRESS, (u64)&at);

	at = at ? h2g((const void *)at) : 0;
	return r < 0 ? r : copy_out(to, &at, the_guest.word);
}

s64 sys_prctl(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	u64 h[4] = { a[1], a[2], a[3], a[4] };

	switch ((int)a[0]) {
	case PR_SET_TAGGED_ADDR_CTRL:
		return set_tagged_addr(c, a);
	case PR_GET_TAGGED_ADDR_CTRL:
		return get_tagged_addr(c, a);
	case PR_GET_TID_ADDRESS:
		return get_tid_address(a[1]);
	case PR_GET_PDEATHSIG:
	case PR_SET_NAME:
	case PR_GET_NAME:
	case PR_GET_CHILD_SUBREAPER:
		h[0] = host_ptr(a[1]);
		break;
	case PR_SET_VMA:
		h[3] = host_ptr(a[4]);
		break;
	case PR_SET_PDEATHSIG:
	case PR_GET_DUMPABLE:
	case PR_SET_DUMPABLE:
	case PR_GET_KEEPCAPS:
	case PR_SET_KEEPCAPS:
	case PR_GET_TIMING:
	case PR_SET_TIMING:
	case PR_CAPBSET_READ:
	case PR_CAPBSET_DROP:
	case PR_GET_SECUREBITS:
	case PR_SET_SECUREBITS:
	case PR_GET_TIMERSLACK:
	case PR_SET_TIMERSLACK:
	case PR_TASK_PERF_EVENTS_DISABLE:
	case PR_TASK_PERF_EVENTS_ENABLE:
	case PR_MCE_KILL:
	case PR_MCE_KILL_GET:
	case PR_SET_PTRACER:
	case PR_SET_CHILD_SUBREAPER:
	case PR_SET_NO_NEW_PRIVS:
	case PR_GET_NO_NEW_PRIVS:
	case PR_SET_THP_DISABLE:
	case PR_GET_THP_DISABLE:
	case PR_CAP_AMBIENT:
	case PR_GET_SPECULATION_CTRL:
	case PR_SET_SPECULATION_CTRL:
	case PR_SET_IO_FLUSHER:
	case PR_GET_IO_FLUSHER:
		break;
	default:
		/*
		 * What is left belongs to one architecture, or to the runner's own image
		 * (PR_SET_MM, filters).
		 */
		return c->guest->prctl ? c->guest->prctl(c, a) : -EINVAL;
	}
	return host_syscall5(HOST_NR_prctl, a[0], h[0], h[1], h[2], h[3]);
}
