/* execve: arguments, environment, descriptors, scripts, errors; the program starts itself. */
#include "test.h"
#include <sys/auxv.h>
#include <sys/stat.h>

extern char **environ;

static char self[PATH_MAX];

static void run(const char *what, const char *path, char *const argv[], char *const envp[])
{
	pid_t child = fork();

	if (child == 0) {
		execve(path, argv, envp);
		printf("%s: %s\n", what, strerrorname_np(errno));
		_exit(0);
	}
	test_reap(what, child);
}

static void script(const char *name, const char *text, int mode)
{
	int fd = open(name, O_CREAT | O_WRONLY | O_TRUNC, 0600);

	if (write(fd, text, strlen(text)) < 0)
		perror(name);
	fchmod(fd, mode);
	close(fd);
}

/* What the started program says: its arguments, environment, open descriptors, signals. */
static int started(int argc, char **argv)
{
	struct sigaction action;
	sigset_t mask;

	printf("  argc %d:", argc);
	for (int i = 1; i < argc; i++)
		printf(" [%s]", argv[i]);
	printf("\n  environment:");
	for (char **e = environ; *e; e++)
		printf(" [%s]", *e);
	printf("\n  descriptors:");
	for (int fd = 3; fd < 300; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			printf(" %d", fd);
	sigaction(SIGUSR1, NULL, &action);
	printf("\n  SIGUSR1 %s", action.sa_handler == SIG_DFL ? "default" :
		action.sa_handler == SIG_IGN ? "ignored" : "handled");
	sigaction(SIGUSR2, NULL, &action);
	printf(", SIGUSR2 %s", action.sa_handler == SIG_DFL ? "default" :
		action.sa_handler == SIG_IGN ? "ignored" : "handled");
	sigprocmask(SIG_SETMASK, NULL, &mask);
	printf(", SIGHUP %s\n", sigismember(&mask, SIGHUP) ? "blocked" : "open");
	return 9;
}

static void handler(int number)
{
}

int main(int argc, char **argv)
{
	char *arguments[] = { self, "--started", "one", "", "two words", NULL };
	char *environment[] = { "A=1", "EMPTY=", NULL };
	char *nothing[] = { NULL };
	char line[PATH_MAX + 64], *big;
	sigset_t mask;
	int ends[2];

	if (argc > 1 && strncmp(argv[1], "--started", 9) == 0)
		return started(argc, argv);
	/* Through a script the option comes second or third. */
	for (int i = 2; i < argc; i++)
		if (strcmp(argv[i], "--end") == 0)
			return started(argc, argv);

	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		return 1;
	test_begin();
	for (int fd = 3; fd < 300; fd++)	/* whatever we inherited */
		fcntl(fd, F_SETFD, FD_CLOEXEC);
	run("plain", self, arguments, environment);
	run("no environment", self, arguments, nothing);

	/* What survives: open descriptors without close-on-exec, ignored signals, the mask. */
	fcntl(1, F_DUPFD, 200);
	fcntl(1, F_DUPFD_CLOEXEC, 250);
	signal(SIGUSR1, handler);
	signal(SIGUSR2, SIG_IGN);
	sigemptyset(&mask);
	sigaddset(&mask, SIGHUP);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	run("with state", self, arguments, environment);
	sigprocmask(SIG_UNBLOCK, &mask, NULL);
	close(200);
	close(250);

	/* Scripts. */
	snprintf(line, sizeof(line), "#!%s\n", self);
	script("plain.sh", line, 0700);
	run("script", "./plain.sh", (char *[]){ "x", "b", "--end", NULL }, nothing);
	snprintf(line, sizeof(line), "#! %s  --started and more \n", self);
	script("arg.sh", line, 0700);
	run("script with argument", "./arg.sh", (char *[]){ "x", "b", NULL }, nothing);
	script("chain.sh", "#!./arg.sh\n", 0700);
	run("script of a script", "./chain.sh", (char *[]){ "x", "c", NULL }, nothing);
	script("bad.sh", "#!/nonexistent/interpreter\n", 0700);
	run("script without interpreter", "./bad.sh", arguments, nothing);
	script("text", "echo no magic\n", 0700);
	run("text", "./text", arguments, nothing);
	script("empty", "", 0700);
	run("empty", "./empty", arguments, nothing);
	script("loop.sh", "#!./loop.sh\n", 0700);
	run("endless script", "./loop.sh", arguments, nothing);

	/* Errors. */
	run("missing", "./missing", arguments, nothing);
	run("directory", "/tmp", arguments, nothing);
	script("noexec", "#!/bin/sh\n", 0600);
	run("not executable", "./noexec", arguments, nothing);
	run("component", "/dev/null/x", arguments, nothing);
	run("bad pointer", (char *)8, arguments, nothing);
	run("bad argv", self, (char **)8, nothing);
	script("truncated", "\177ELF\2\1\1", 0700);
	run("truncated ELF", "./truncated", arguments, nothing);
	big = malloc(200000);
	memset(big, 'x', 199999);
	big[199999] = '\0';
	run("argument too long", self, (char *[]){ self, big, NULL }, nothing);

	/* By descriptor, and by a relative path. */
	fflush(stdout);
	if (fork() == 0) {
		int fd = open(self, O_RDONLY | O_CLOEXEC);

		fexecve(fd, arguments, environment);
		_exit(1);
	}
	wait(NULL);
	symlink(self, "link");
	run("through a link", "./link", arguments, nothing);

	/* A program that is started by a shell that is not the guest's. */
	CALL(pipe(ends));
	if (fork() == 0) {
		dup2(ends[1], 1);
		execl("/bin/sh", "sh", "-c", "echo from a shell; exit 3", (char *)NULL);
		_exit(1);
	}
	close(ends[1]);
	memset(line, 0, sizeof(line));
	while (read(ends[0], line + strlen(line), 50) > 0)
		;
	fputs(line, stdout);
	test_reap("shell", -1);
	VALUE(system("exit 4") >> 8);
	return 0;
}
