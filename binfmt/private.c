/*
 * `run`: a command in a user namespace with a binfmt_misc of its own.
 *
 * No root, no trace on the machine: the rules live as long as the namespace.  The kernel gives
 * every user namespace its own instance since 6.7.  The command keeps its user, or is root of the
 * namespace with -root.  Who is root outside keeps all identities, so that a foreign system's own
 * users work; others have the one, since the kernel lets them map no more.
 *
 * Nobody but a process outside a new namespace may map many identities into it, so that is done by
 * a child that stays there.  The files of binfmt_misc belong to the namespace's root, so there
 * must be one to register: a command that is not to be root gets one more namespace inside, which
 * maps root back and is served by the rules of the outer one.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "binfmt/binfmt.h"

enum { MAX_EXTENTS = 340 };  /* UID_GID_MAP_MAX_EXTENTS */

static int write_proc(pid_t pid, const char *file, const char *text)
{
	char path[64];
	int fd, err = 0;

	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

/* The identities of this namespace, each mapped to itself: the text for a child's uid_map. */
static char *identity_map(const char *file)
{
	static char text[MAX_EXTENTS * 36];
	unsigned inner, outer, count;
	size_t n = 0;
	FILE *f = fopen(file, "re");

	text[0] = 0;
	while (f && n < sizeof text - 36 && fscanf(f, "%u %u %u", &inner, &outer, &count) == 3)
		n += snprintf(text + n, sizeof text - n, "%u %u %u\n", inner, inner, count);
	if (f)
		fclose(f);
	return text;
}

/* In the child that stayed outside: maps everything for pid. */
static int map_all(pid_t pid)
{
	int err = write_proc(pid, "uid_map", identity_map("/proc/self/uid_map"));

	return err ? err : write_proc(pid, "gid_map", identity_map("/proc/self/gid_map"));
}

/* Maps one identity of each kind; from inside. */
static int map_one(uid_t inner_uid, uid_t uid, gid_t inner_gid, gid_t gid)
{
	pid_t me = getpid();
	char text[64];
	int err;

	snprintf(text, sizeof text, "%u %u 1\n", inner_uid, uid);
	err = write_proc(me, "uid_map", text);
	if (err)
		return err;
	write_proc(me, "setgroups", "deny");
	snprintf(text, sizeof text, "%u %u 1\n", inner_gid, gid);
	return write_proc(me, "gid_map", text);
}

static void refuse_namespace(const char *what, int err)
{
	const char *hint = "";

	if (!kernel_has(6, 7))
		hint = "; private instances of binfmt_misc need Linux 6.7";
	else if (err == ENOSPC || err == EUSERS)
		hint = "; see /proc/sys/user/max_user_namespaces";
	else if (err == EPERM || err == EACCES)
		hint = "; unprivileged user namespaces are restricted here (see sysctl"
		       " kernel.unprivileged_userns_clone,"
		       " kernel.apparmor_restrict_unprivileged_userns)";
	refuse("%s: %s (Linux %s)%s", what, strerror(err), kernel_release(), hint);
}

/* A namespace where we are root. */
static void become_root(void)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	pid_t me = getpid(), child = -1;
	int go[2], status = 1;
	char byte;

	if (uid == 0 && pipe2(go, O_CLOEXEC) == 0) {
		child = fork();
		if (child == 0) {
			close(go[1]);
			_exit(read(go[0], &byte, 1) == 1 && map_all(me) == 0 ? 0 : 1);
		}
		close(go[0]);
	}
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		refuse_namespace("a new user namespace", errno);
	if (child > 0 && (write(go[1], "", 1) != 1 || waitpid(child, &status, 0) != child))
		status = 1;
	/* A container's root may be one that must not map other identities either. */
	if (status) {
		int err = map_one(0, uid, 0, gid);

		if (err)
			refuse_namespace("the identities of the user namespace", -err);
	}
}

/* The way back: a namespace in which the root of this one is uid again. */
static void become_user(uid_t uid, gid_t gid)
{
	int err;

	if (unshare(CLONE_NEWUSER) < 0)
		refuse_namespace("a second user namespace", errno);
	err = map_one(uid, 0, gid, 0);
	if (err)
		refuse_namespace("the identities of the second user namespace", -err);
}

int cmd_run(struct request *q)
{
	static struct guest_info g[MAX_GUESTS];
	unsigned n = guests_find(q, g), k = 0;
	uid_t uid = geteuid();
	gid_t gid = getegid();
	char *shell[] = { getenv("SHELL"), NULL }, **command = q->command;
	int err;

	if (!command || !command[0]) {
		if (!shell[0] || !shell[0][0])
			shell[0] = "/bin/sh";
		command = shell;
	}
	for (unsigned i = 0; i < n; i++)
		if (q->args[0] || !rule_matches_host(&g[i].want))
			g[k++] = g[i];
	become_root();
	if (mount("binfmt_misc", q->fs, "binfmt_misc", MS_NOSUID | MS_NODEV | MS_NOEXEC,
		  NULL) < 0) {
		err = errno;
		if (err == ENODEV)
			refuse("this kernel (%s) has no binfmt_misc (modprobe binfmt_misc)",
			       kernel_release());
		refuse_namespace(q->fs, err);
	}
	if (!register_guests(q, g, k))
		return 1;
	if (uid && !q->root)
		become_user(uid, gid);
	execvp(command[0], command);
	err = errno;
	complain("%s: %s", command[0], strerror(err));
	return err == ENOENT ? 127 : 126;
}
