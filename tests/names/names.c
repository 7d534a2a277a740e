/* One operation on a name, as the guest sees it: names OPERATION NAME [NAME]. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int result(int ret)
{
	printf("%s\n", ret < 0 ? strerrorname_np(errno) : "done");
	return ret < 0;
}

static int show(int fd)
{
	char text[256];
	ssize_t n;

	if (fd < 0)
		return result(fd);
	n = read(fd, text, sizeof(text));
	return write(1, text, n > 0 ? n : 0) < 0;
}

int main(int argc, char **argv)
{
	const char *op = argc > 2 ? argv[1] : "", *name = argv[2];
	struct stat st;
	char link[256];
	ssize_t n;

	if (!strcmp(op, "read"))
		return show(open(name, O_RDONLY));
	if (!strcmp(op, "read-nofollow"))
		return show(open(name, O_RDONLY | O_NOFOLLOW));
	if (!strcmp(op, "opendir"))
		return result(open(name, O_RDONLY | O_DIRECTORY));
	if (!strcmp(op, "create"))
		return result(open(name, O_WRONLY | O_CREAT | O_EXCL, 0644));
	if (!strcmp(op, "mkdir"))
		return result(mkdir(name, 0755));
	if (!strcmp(op, "unlink"))
		return result(unlink(name));
	if (!strcmp(op, "access"))
		return result(access(name, F_OK));
	if (!strcmp(op, "chdir-read") && chdir(name) == 0)
		return show(open(argv[3], O_RDONLY));
	if (!strcmp(op, "stat") || !strcmp(op, "lstat")) {
		if ((op[0] == 'l' ? lstat : stat)(name, &st) < 0)
			return result(-1);
		printf("%o %lld\n", st.st_mode & S_IFMT, (long long)st.st_size);
		return 0;
	}
	if (!strcmp(op, "readlink")) {
		n = readlink(name, link, sizeof(link));
		if (n < 0)
			return result(-1);
		printf("%.*s\n", (int)n, link);
		return 0;
	}
	return 2;
}
