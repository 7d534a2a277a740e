/*
 * Names under the sysroot.
 *
 * A sysroot unpacked from packages is full of absolute symbolic links (the dynamic loader often is
 * one) that mean the sysroot's files, not the host's.  The kernel would resolve them on the host:
 * openat2 with RESOLVE_IN_ROOT would not, but it yields a descriptor instead of a name that execve
 * or rename could use.  So a name is walked here, component by component, links read and put in
 * front of the rest, until a name without absolute links remains.  Everything lies on the stack:
 * guest threads call this.
 *
 * The walk costs a system call per component, and most names have no links: openat2 with
 * RESOLVE_NO_SYMLINKS tells those, and the missing ones, in one call.  (A table of known
 * directories would be faster and wrong as soon as another process replaces one.)  The descriptor
 * lives for the moment between two system calls.
 *
 * Invariant: the result begins with the sysroot and contains no symbolic link whose target is
 * absolute, except the last component when links are not to be followed.  A relative link that
 * climbs above the root stops there.
 *
 * What exists under the sysroot hides the host's file of that name, except for places that belong
 * to the running system: /proc, /dev, /sys, /tmp, /run, home directories, and "/" itself.
 */
#include "base/path.h"
#include "base/errno.h"
#include "base/host.h"
#include "base/host_nr.h"
#include "host_abi.h"

enum { PATH_SIZE = 4096, MAX_LINKS = 40, DIR_CWD = -100 };
enum { PATH_ONLY = 010000000, CLOSE_ON_EXEC = 02000000, RESOLVE_NO_SYMLINKS = 4 };   /* O_PATH, O_CLOEXEC */

static bool always_host(const char *path)
{
	static const char *const dirs[] = { "/proc", "/dev", "/sys", "/tmp", "/run", "/root", "/home" };

	while (path[0] == '/' && path[1] == '/')
		path++;
	if (!path[1])
		return true;
	for (unsigned i = 0; i < ARRAY_LEN(dirs); i++) {
		size_t n = strlen(dirs[i]);

		if (!strncmp(path, dirs[i], n) && (!path[n] || path[n] == '/'))
			return true;
	}
	return false;
}

static s64 read_link(const char *path, char *buf, size_t size)
{
	return host_syscall4(HOST_NR_readlinkat, DIR_CWD, (u64)path, (u64)buf, size);
}

static bool exists(const char *path)
{
	/*
	 * faccessat without flags follows links; a dangling link must count, so ask for the link
	 * itself.
	 */
	char c;
	s64 r = read_link(path, &c, 1);

	return r >= 0 || r == -EINVAL;
}

/*
 * Walks `path` (absolute) below the root of length `root` that buf begins with.  Appends to buf.
 * False if it does not exist there or is too long.
 */
static bool walk(char *buf, size_t size, size_t root, const char *path, bool follow)
{
	char rest[PATH_SIZE], link[PATH_SIZE];
	size_t len = root;
	unsigned links = 0;
	const char *p = rest;

	if (strlen(path) >= sizeof rest)
		return false;
	strcpy(rest, path);
	for (;;) {
		while (*p == '/')
			p++;
		if (!*p)
			return exists(buf);

		size_t n = strcspn(p, "/");
		bool last = !p[n + strspn(p + n, "/")];

		if (n == 1 && p[0] == '.') {
			p += n;
			continue;
		}
		if (n == 2 && p[0] == '.' && p[1] == '.') {
			while (len > root && buf[--len] != '/')
				;
			buf[len] = 0;
			p += n;
			continue;
		}
		if (len + n + 2 > size)
			return false;
		buf[len] = '/';
		memcpy(buf + len + 1, p, n);
		buf[len + 1 + n] = 0;

		/*
		 * A trailing slash asks for the directory behind a link even when links are not
		 * followed.
		 */
		s64 r = last && !follow && !p[n] ? -EINVAL : read_link(buf, link, sizeof link);

		if (r == -EINVAL) {
			len += n + 1;
			p += n;
		} else if (r < 0) {
			return false;
		} else {
			size_t left = strlen(p + n);

			if (++links > MAX_LINKS || r + left >= sizeof link)
				return false;
			memcpy(link + r, p + n, left + 1);
			memcpy(rest, link, r + left + 1);
			p = rest;
			if (*p == '/')
				len = root;
			buf[len] = 0;
		}
	}
}

/* Puts the sysroot into buf; its length, or 0 if it does not apply to this name. */
static size_t put_root(const char *sysroot, const char *path, char *buf, size_t size)
{
	if (!sysroot || path[0] != '/' || always_host(path))
		return 0;

	size_t root = strlen(sysroot);

	while (root && sysroot[root - 1] == '/')
		root--;
	if (!root || root + 1 >= size)
		return 0;
	/*
	 * A name that the guest learnt from us (getcwd, readlink of a descriptor) is there already.
	 */
	if (!strncmp(path, sysroot, root) && (!path[root] || path[root] == '/'))
		return 0;
	memcpy(buf, sysroot, root);
	buf[root] = 0;
	return root;
}

bool sysroot_join(const char *sysroot, const char *path, char *buf, size_t size)
{
	size_t root = put_root(sysroot, path, buf, size), len = strlen(path);

	if (!root || root + len >= size || strstr(path, "/.."))
		return false;
	memcpy(buf + root, path, len + 1);
	return true;
}

s64 sysroot_open(const char *joined, u32 flags)
{
	const struct {
		u64 flags, mode, resolve;
	} how = { .flags = flags, .resolve = RESOLVE_NO_SYMLINKS };

	return host_syscall4(HOST_NR_openat2, DIR_CWD, (u64)joined, (u64)&how, sizeof how);
}

static const char *look_up(const char *sysroot, const char *path, char *buf, size_t size,
			   bool follow)
{
	if (sysroot_join(sysroot, path, buf, size)) {
		s64 fd = sysroot_open(buf,
				      PATH_ONLY | CLOSE_ON_EXEC | (follow ? 0 : HOST_O_NOFOLLOW));

		if (fd >= 0) {
			host_syscall1(HOST_NR_close, fd);
			return buf;
		}
		if (fd == -ENOENT || fd == -ENOTDIR)
			return path;
	}

	size_t root = put_root(sysroot, path, buf, size);

	return root && walk(buf, size, root, path, follow) ? buf : path;
}

const char *sysroot_path(const char *sysroot, const char *path, char *buf, size_t size)
{
	return look_up(sysroot, path, buf, size, true);
}

const char *sysroot_path_nofollow(const char *sysroot, const char *path, char *buf, size_t size)
{
	return look_up(sysroot, path, buf, size, false);
}

const char *sysroot_path_create(const char *sysroot, const char *path, char *buf, size_t size)
{
	char dir[PATH_SIZE];
	const char *found = look_up(sysroot, path, buf, size, false);
	const char *slash = strrchr(path, '/');

	if (found != path || !sysroot || path[0] != '/' || slash == path)
		return found;

	size_t n = slash - path, len = strlen(slash);

	if (n >= sizeof dir)
		return path;
	memcpy(dir, path, n);
	dir[n] = 0;
	if (exists(dir) || look_up(sysroot, dir, buf, size, true) == dir ||
	    strlen(buf) + len >= size)
		return path;
	strcat(buf, slash);
	return buf;
}
