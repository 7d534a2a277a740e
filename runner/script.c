/*
 * "#!" as the kernel reads it (fs/binfmt_script.c): the first line, at most 255 bytes of it, holds
 * the interpreter and at most one argument, blanks and all.  The interpreter gets that argument,
 * the script's name and the script's arguments after the first; it must be the guest's, too, and is
 * looked for in the sysroot first.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/die.h"
#include "base/path.h"
#include "runner/script.h"

enum { BINPRM_BUF_SIZE = 256 };

/* Splits the line into interpreter and argument (NULL if none); false if it is no script. */
static bool parse_line(char *line, ssize_t n, char **interp, char **arg)
{
	char *end;

	if (n < 3 || line[0] != '#' || line[1] != '!')
		return false;
	line[n] = 0;
	end = line + strcspn(line, "\n");
	/* The kernel refuses a name that the buffer cuts off, and allows that for the argument. */
	if (!*end && n == BINPRM_BUF_SIZE - 1 &&
	    !strpbrk(line + 2 + strspn(line + 2, " \t"), " \t"))
		return false;
	*end = 0;
	while (end > line && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = 0;
	*interp = line + 2 + strspn(line + 2, " \t");
	*arg = *interp + strcspn(*interp, " \t");
	if (**arg) {
		*(*arg)++ = 0;
		*arg += strspn(*arg, " \t");
	} else {
		*arg = NULL;
	}
	return **interp;
}

bool script_resolve(struct options *o)
{
	char line[BINPRM_BUF_SIZE], path[PATH_MAX], *interp, *arg, **argv;
	int fd = open(o->program, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), argc = 0, n = 0;
	ssize_t len;

	if (fd < 0)
		return false;
	len = pread(fd, line, sizeof line - 1, 0);
	close(fd);
	if (!parse_line(line, len, &interp, &arg))
		return false;
	while (o->argv[argc])
		argc++;
	argv = malloc((argc + 4) * sizeof *argv);
	if (!argv)
		fail(EXIT_NOT_RUNNABLE, "out of memory");
	argv[n++] = strdup(interp);
	if (arg)
		argv[n++] = strdup(arg);
	argv[n++] = (char *)o->program;
	for (int i = 1; i < argc; i++)
		argv[n++] = o->argv[i];
	argv[n] = NULL;
	o->argv = argv;
	o->program =
		o->sysroot ? strdup(sysroot_path(o->sysroot, interp, path, sizeof path)) : argv[0];
	o->fd = -1;
	return true;
}
