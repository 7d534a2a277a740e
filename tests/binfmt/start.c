/*
 * How a program is started, and how it starts others.  Built for the host and for the guest: all
 * that it prints must be the same, whatever stands between the guest's and its kernel.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

extern char **environ;

static void show(int argc, char **argv)
{
	char comm[17] = "";

	prctl(PR_GET_NAME, comm);
	printf("argc %d", argc);
	for (int i = 0; i < argc && i < 8; i++)
		printf(" [%.40s]", argv[i]);
	printf("\nexecfn %s comm %s\nids %d %d secure %lu\nfds", (char *)getauxval(AT_EXECFN), comm,
	       getuid(), geteuid(), getauxval(AT_SECURE));
	for (int i = 0; i < 100; i++)
		if (fcntl(i, F_GETFD) >= 0)
			printf(" %d", i);
	printf("\nX=%s\n", getenv("X") ? getenv("X") : "");
}

static void failed(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
}

static int copy_to_memfd(const char *file, unsigned flags)
{
	int fd = open(file, O_RDONLY), m = memfd_create("copy", flags);
	char buf[65536];
	ssize_t n;

	while ((n = read(fd, buf, sizeof buf)) > 0)
		if (write(m, buf, n) != n)
			abort();
	close(fd);
	return m;
}

static char **many(const char *first, size_t n)
{
	char **v = calloc(n + 1, sizeof *v);

	for (size_t i = 0; i < n; i++)
		v[i] = "0123456789abcdef0123456789abcdef";
	v[0] = (char *)first;
	return v;
}

/* Each fails before the old image goes, or we would not be here to say so. */
static void errors(char *file)
{
	char *v[] = { file, NULL }, *bad[] = { (char *)1, NULL }, *string = malloc(131073);
	char *longest[] = { file, string, NULL };
	int fd = open(file, O_RDWR);

	execv(file, v);
	failed("open for writing");
	close(fd);
	execv(file, many(file, 300000));
	failed("too many");
	memset(string, 'x', 131072);
	string[131072] = 0;
	execv(file, longest);
	failed("too long");
	execv("/nonexistent", v);
	failed("not there");
	execv("/etc/passwd", v);
	failed("not executable");
	execv("/", v);
	failed("a directory");
	execv((char *)1, v);
	failed("no name");
	execv(file, (char **)1);
	failed("no arguments");
	execv(file, bad);
	failed("no argument");
	execv("./text", v);
	failed("no format");
	execv("./lost", v);
	failed("no interpreter");
}

int main(int argc, char **argv)
{
	const char *op = argc > 2 ? argv[1] : "";
	char *none[] = { NULL };

	setvbuf(stdout, NULL, _IONBF, 0);
	if (!strcmp(op, "exec"))
		execv(argv[2], argv + 2);
	else if (!strcmp(op, "empty"))
		execve(argv[2], none, none);
	else if (!strcmp(op, "memfd"))
		fexecve(copy_to_memfd(argv[2], 0), argv + 2, environ);
	else if (!strcmp(op, "memfd-cloexec"))
		fexecve(copy_to_memfd(argv[2], MFD_CLOEXEC), argv + 2, environ);
	else if (!strcmp(op, "fd"))
		fexecve(open(argv[2], O_RDONLY | O_CLOEXEC), argv + 2, environ);
	else if (!strcmp(op, "many"))
		execv(argv[2], many(argv[2], 40000));
	else if (!strcmp(op, "errors"))
		errors(argv[2]);
	else
		return show(argc, argv), 0;
	if (strcmp(op, "errors"))
		failed(op);
	return 0;
}
