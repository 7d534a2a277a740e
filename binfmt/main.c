/*
 * dragoman-binfmt: has the kernel start foreign programs by the runners (binfmt_misc).
 *
 * A line echoed into .../register does it too.  What this program adds: it takes magic and mask
 * from the runners themselves, registers all or nothing, works without root in a namespace of its
 * own, and says what is wrong where nothing happens.  Everything it does to the system is one write
 * per rule; it keeps no state and reads no configuration.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "binfmt/binfmt.h"

struct command {
	const char *name, *help;
	int (*run)(struct request *q);
};

static const struct command commands[] = {
	{ "register",   "register the guests named, or all that have a runner", cmd_register },
	{ "unregister", "remove the rules of the guests named, or all of ours", cmd_unregister },
	{ "status",     "what is registered",                                   cmd_status },
	{ "doctor",     "what is wrong, and what mends it",                     cmd_doctor },
	{ "show",       "print the rules, for the kernel or as configuration",  cmd_show },
	{ "run",        "run a command where the guests are registered, without root", cmd_run },
	{ "image",      "the entry point of container images (image --help)",   cmd_image },
	{ 0 },
};

bool complain(const char *fmt, ...)
{
	char line[2 * PATH_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	fprintf(stderr, "dragoman-binfmt: %s\n", line);
	return false;
}

void refuse(const char *fmt, ...)
{
	char line[2 * PATH_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	complain("%s", line);
	exit(1);
}

static void help(void)
{
	printf("Usage: dragoman-binfmt COMMAND [OPTION...] [GUEST...]"
	       " [-- PROGRAM ARGUMENT...]\n\n");
	for (const struct command *c = commands; c->name; c++)
		printf("  %-12s %s\n", c->name, c->help);
	printf("\n"
	       "  -flags POCF  P: keep argv[0]; O: pass the file open; C: honour set-user-ID;\n"
	       "               F: keep the runner open, for chroots and containers (default: all)\n"
	       "  -dir DIR     where the runners are (default: beside this program)\n"
	       "  -path DIR    the directory that the rules name (default: that of -dir)\n"
	       "  -replace     register: also over a rule of the same name\n"
	       "  -json        status, doctor: for programs\n"
	       "  -systemd     show: for /etc/binfmt.d;  -debian: for update-binfmts --import\n"
	       "  -root        run: as root of the namespace (for chroot, mount)\n"
	       "  -fs DIR      the mounted binfmt_misc (default: " BINFMT_DIR ")\n"
	       "  -version, -h\n");
	exit(0);
}

/* The directory of this program; without /proc, by the name that it was started with. */
static const char *own_directory(void)
{
	static char buf[PATH_MAX];
	const char *name = (const char *)getauxval(AT_EXECFN);
	ssize_t n = readlink("/proc/self/exe", buf, sizeof buf - 1);
	char *slash;

	if (n > 0)
		buf[n] = 0;
	else if (!name || !realpath(name, buf))
		return ".";
	slash = strrchr(buf, '/');
	if (!slash)
		return ".";
	slash[slash == buf] = 0;
	return buf;
}

static void option(struct request *q, char ***word)
{
	const char *name = **word + 1;
	const char **value = NULL;

	name += *name == '-';
	if (!strcmp(name, "replace"))
		q->replace = true;
	else if (!strcmp(name, "json"))
		q->json = true;
	else if (!strcmp(name, "root"))
		q->root = true;
	else if (!strcmp(name, "kernel") || !strcmp(name, "systemd") || !strcmp(name, "debian"))
		q->format = name;
	else if (!strcmp(name, "flags"))
		value = &q->flags;
	else if (!strcmp(name, "dir"))
		value = &q->dir;
	else if (!strcmp(name, "path"))
		value = &q->path;
	else if (!strcmp(name, "fs"))
		value = &q->fs;
	else if (!strcmp(name, "h") || !strcmp(name, "help"))
		help();
	else
		refuse("unknown option %s (-h lists the options)", **word);
	if (value) {
		if (!(*word)[1])
			refuse("option -%s needs an argument", name);
		*value = *++*word;
	}
}

/* Options may stand anywhere before "--"; the other words are collected in place. */
static void parse(struct request *q, char **words)
{
	char **to = words;

	q->args = words;
	for (; *words; words++) {
		if (!strcmp(*words, "--")) {
			q->command = words + 1;
			break;
		}
		if ((*words)[0] == '-')
			option(q, &words);
		else
			*to++ = *words;
	}
	*to = NULL;
}

int main(int argc, char **argv)
{
	struct request q = { .fs = BINFMT_DIR, .flags = "POCF", .format = "kernel" };
	const char *name = argc > 1 ? argv[1] : "-h", *wrong;
	char dir[PATH_MAX];

	if (!strcmp(name, "-version") || !strcmp(name, "--version")) {
		puts("dragoman-binfmt version " VERSION);
		return 0;
	}
	if (!strcmp(name, "-h") || !strcmp(name, "-help") || !strcmp(name, "--help"))
		help();
	for (const struct command *c = commands; c->name; c++) {
		int status;

		if (strcmp(c->name, name))
			continue;
		q.dir = own_directory();
		if (c->run == cmd_image)
			q.args = argv + 2;  /* it has options of its own */
		else
			parse(&q, argv + 2);
		/* A relative path in a rule would be relative to whoever executes a program. */
		if (q.dir[0] != '/' && realpath(q.dir, dir))
			q.dir = dir;
		wrong = flags_wrong(q.flags);
		if (wrong)
			refuse("option -flags: %s", wrong);
		if (q.command && c->run != cmd_run)
			refuse("%s takes no command after --", c->name);
		status = c->run(&q);
		if (fflush(stdout) || ferror(stdout))
			refuse("cannot write the output");
		return status;
	}
	refuse("no command \"%s\" (-h lists them)", name);
}
