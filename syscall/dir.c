/*
 * Which host file a guest's name means.
 *
 * Three rules, in this order: /proc/self/exe is the guest's program and not the runner; an absolute
 * name is looked for under the sysroot (base/path.c); everything else is the host's.  Relative
 * names are left to the kernel: a directory that was opened or entered through the sysroot stays
 * there by itself.
 */
#include "base/path.h"
#include "syscall/local.h"

const char *guest_path(int dirfd, const char *path, enum path_use use, char *buf, size_t size)
{
	const char *exe = use == PATH_FOLLOW ? proc_exe(dirfd, path, buf, size) : NULL;

	if (exe)
		return exe;
	switch (use) {
	case PATH_NOFOLLOW:
		return sysroot_path_nofollow(the_process.sysroot, path, buf, size);
	case PATH_CREATE:
		return sysroot_path_create(the_process.sysroot, path, buf, size);
	default:
		return sysroot_path(the_process.sysroot, path, buf, size);
	}
}

s64 guest_path_in(int dirfd, gaddr path, enum path_use use, char *buf, const char **host)
{
	char name[GUEST_PATH_MAX];
	s64 n = copy_in_str(name, path, sizeof name);

	if (n < 0)
		return n;

	const char *p = guest_path(dirfd, name, use, buf, GUEST_PATH_MAX);

	if (p == name) {
		memcpy(buf, name, n + 1);
		p = buf;
	}
	*host = p;
	return 0;
}
