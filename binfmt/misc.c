/*
 * binfmt_misc, the file system: a file to register, one for all (`status`), one for each rule.
 *
 * Since Linux 6.7 every user namespace has an instance of its own once it mounts it; a process is
 * served by that of the nearest namespace above it which has one.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "binfmt/binfmt.h"

enum { BINFMTFS_MAGIC = 0x42494e4d, TEXT = 8192 };

const char *kernel_release(void)
{
	static struct utsname u;

	if (!u.release[0])
		uname(&u);
	return u.release;
}

bool kernel_has(unsigned major, unsigned minor)
{
	unsigned a = 0, b = 0;

	sscanf(kernel_release(), "%u.%u", &a, &b);
	return a > major || (a == major && b >= minor);
}

/* Reads a whole small file; the length or a negative errno. */
static int slurp(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;
	size_t n = 0;
	ssize_t k = 0;

	if (fd < 0)
		return -errno;
	while (n < size - 1 && (k = read(fd, buf + n, size - 1 - n)) > 0)
		n += k;
	err = errno;
	close(fd);
	buf[n] = 0;
	return k < 0 ? -err : (int)n;
}

/* Does /proc/filesystems list it?  True if there is no way to know. */
static bool in_kernel(void)
{
	char text[TEXT];

	return slurp("/proc/filesystems", text, sizeof text) < 0 || strstr(text, "binfmt_misc");
}

const char *misc_unusable(const char *fs, const char **mend)
{
	static char why[PATH_MAX + 100];
	struct statfs st;
	char path[PATH_MAX];
	int fd;

	*mend = "";
	/* The look inside makes an automount, which systemd has there, happen. */
	snprintf(path, sizeof path, "%s/register", fs);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
	if (statfs(fs, &st) < 0) {
		snprintf(why, sizeof why, "%s: %s", fs, strerror(errno));
		*mend = in_kernel() ? "mount /proc" : "modprobe binfmt_misc";
		return why;
	}
	if (st.f_type != BINFMTFS_MAGIC) {
		if (in_kernel()) {
			snprintf(why, sizeof why, "binfmt_misc is not mounted at %s", fs);
			*mend = "mount -t binfmt_misc binfmt_misc " BINFMT_DIR;
		} else {
			snprintf(why, sizeof why, "this kernel (%s) has no binfmt_misc",
				 kernel_release());
			*mend = "modprobe binfmt_misc";
		}
		return why;
	}
	if (fd < 0) {
		snprintf(why, sizeof why, "no right to register in %s", fs);
		*mend = "become root, or use `dragoman-binfmt run`";
		return why;
	}
	return NULL;
}

bool misc_enabled(const char *fs)
{
	char path[PATH_MAX], text[64];

	snprintf(path, sizeof path, "%s/status", fs);
	return slurp(path, text, sizeof text) < 0 || strncmp(text, "disabled", 8);
}

int misc_get(const char *fs, const char *name, struct rule *r)
{
	char path[PATH_MAX], text[TEXT];
	int n;

	snprintf(path, sizeof path, "%s/%s", fs, name);
	n = slurp(path, text, sizeof text);
	if (n < 0)
		return n;
	rule_parse(r, name, text);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct rule *)a)->name, ((const struct rule *)b)->name);
}

unsigned misc_list(const char *fs, struct rule *rules)
{
	DIR *d = opendir(fs);
	struct dirent *e;
	unsigned n = 0;

	while (d && n < MAX_RULES && (e = readdir(d))) {
		if (e->d_name[0] == '.' || !strcmp(e->d_name, "register") ||
		    !strcmp(e->d_name, "status"))
			continue;
		n += misc_get(fs, e->d_name, &rules[n]) == 0;
	}
	if (d)
		closedir(d);
	qsort(rules, n, sizeof *rules, by_name);
	return n;
}

/* One write: the kernel takes a rule, or a command, as the whole of it. */
static int write_file(const char *fs, const char *name, const char *text)
{
	char path[PATH_MAX];
	size_t n = strlen(text);
	ssize_t k;
	int fd, err;

	snprintf(path, sizeof path, "%s/%s", fs, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	k = write(fd, text, n);
	err = k < 0 ? errno : EIO;
	close(fd);
	return k == (ssize_t)n ? 0 : -err;
}

int misc_add(const char *fs, const struct rule *r)
{
	char line[2048];

	return rule_line(r, line, sizeof line) ? write_file(fs, "register", line) : -EINVAL;
}

int misc_remove(const char *fs, const char *name)
{
	return write_file(fs, name, "-1");
}
