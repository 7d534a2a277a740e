/*
 * Options by table: one row has the name, the argument, the environment variable, the help and the
 * handler.
 *
 * The names are those that users of qemu's user-mode emulators type already.  Every option but
 * those that only print has an environment variable, DRAGOMAN_X, and QEMU_X is honoured; the
 * command line wins. Under AT_SECURE (a set-user-ID program started through binfmt_misc with
 * credentials) the environment is somebody else's: it is not looked at.
 *
 * binfmt_misc calls us as `runner PATH [ARGV0] ARGS...`, with no options.  It is recognised by
 * AT_EXECFD (its flag O); whether ARGV0 is there (its flag P) by bit 0 of AT_FLAGS, or, for kernels
 * before 5.12, by "-binfmt-P" at the end of our own name.  Nothing is guessed from the arguments.
 *
 * An option that users know and we lack is refused in one line, which beats ignoring it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <limits.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "base/die.h"
#include "base/log.h"
#include "runner/options.h"
#include "translator/host.h"

struct option {
	const char *name;
	const char *arg;         /* name of the argument in the help, NULL: none */
	const char *env;         /* X of DRAGOMAN_X, NULL: none */
	const char *help;
	void (*handler)(struct options *o, const struct option *row, const char *arg);
	bool repeat;             /* for the programs that the program executes, too */
};

enum { AT_FLAGS_PRESERVE_ARGV0 = 1 };
enum { DEFAULT_HOT = 1000, MAX_HOT = 1 << 30 };

static const struct option options[];

/* --- values --- */

static u64 parse_number(const struct option *row, const char *arg, bool suffix)
{
	static const char letters[] = "KMGT";
	const char *letter;
	unsigned long long v;
	unsigned shift = 0;
	char *end;

	v = strtoull(arg, &end, 0);
	if (suffix && *end && (letter = strchr(letters, *end & ~0x20)) && *letter) {
		shift = 10 * (unsigned)(letter - letters + 1);
		end++;
	}
	if (end == arg || *end || *arg == '-' || v << shift >> shift != v)
		fail(EXIT_USAGE, "option -%s: \"%s\" is not a number", row->name, arg);
	return v << shift;
}

/* Sets NAME=VALUE in o->envp, or removes NAME if there is no '='. */
static void change_env(struct options *o, const char *item, size_t len)
{
	const char *eq = memchr(item, '=', len);
	size_t name = eq ? (size_t)(eq - item) : len, n = 0, k = 0;
	char **e;

	while (o->envp[n])
		n++;
	e = malloc((n + 2) * sizeof *e);
	if (!e)
		fail(EXIT_NOT_RUNNABLE, "out of memory");
	for (size_t i = 0; i < n; i++)
		if (strncmp(o->envp[i], item, name) || o->envp[i][name] != '=')
			e[k++] = o->envp[i];
	if (eq)
		e[k++] = strndup(item, len);
	e[k] = NULL;
	o->envp = e;
}

/* Length of a name that an environment variable may have at s, or 0. */
static size_t name_length(const char *s)
{
	return strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
}

/* --- handlers --- */

static void opt_sysroot(struct options *o, const struct option *row, const char *arg)
{
	char buf[PATH_MAX];

	/* Absolute: the program may change its directory before it executes another one. */
	o->sysroot = strdup(realpath(arg, buf) ? buf : arg);
	if (!strcmp(o->sysroot, "/"))
		o->sysroot = NULL;
}

static void opt_cpu(struct options *o, const struct option *row, const char *arg)
{
	const struct cpu_model *m;

	if (!strcmp(arg, "help") || !strcmp(arg, "?")) {
		for (m = the_guest.models; m && m->name; m++)
			printf("  %-16s %s\n", m->name, m->what ? m->what : "");
		exit(0);
	}
	for (m = the_guest.models; m && m->name; m++) {
		if (!strcmp(m->name, arg)) {
			o->cpu = m;
			return;
		}
	}
	fail(EXIT_USAGE, "option -cpu: no model \"%s\" (-cpu help lists them)", arg);
}

static void opt_strace(struct options *o, const struct option *row, const char *arg)
{
	o->strace = true;
	log_mask |= LOG_STRACE;
}

static void opt_summary(struct options *o, const struct option *row, const char *arg)
{
	o->summary = true;
}

/*
 * NAME=VALUE,NAME=VALUE: a comma separates only where an assignment follows, for values may hold
 * commas.
 */
static void opt_set_env(struct options *o, const struct option *row, const char *arg)
{
	while (*arg) {
		size_t len = strcspn(arg, ",");

		while (arg[len]) {
			size_t name = name_length(arg + len + 1);

			if (name && arg[len + 1 + name] == '=')
				break;
			len += 1 + strcspn(arg + len + 1, ",");
		}
		if (!memchr(arg, '=', len) || *arg == '=')
			fail(EXIT_USAGE, "option -%s: \"%s\" is not NAME=VALUE", row->name, arg);
		change_env(o, arg, len);
		arg += len + (arg[len] == ',');
	}
}

static void opt_unset_env(struct options *o, const struct option *row, const char *arg)
{
	while (*arg) {
		size_t len = strcspn(arg, ",");

		if (!len || memchr(arg, '=', len))
			fail(EXIT_USAGE, "option -%s: \"%s\" is not a name", row->name, arg);
		change_env(o, arg, len);
		arg += len + (arg[len] == ',');
	}
}

static void opt_argv0(struct options *o, const struct option *row, const char *arg)
{
	o->argv0 = arg;
}

/*
 * From our own execve (syscall/process.c): a program found under the sysroot was executed by
 * another name.
 */
static void opt_execfn(struct options *o, const struct option *row, const char *arg)
{
	o->execfn = arg;
}

/* From our own execve: a program that has no name is open at this descriptor. */
static void opt_execfd(struct options *o, const struct option *row, const char *arg)
{
	o->fd = (int)parse_number(row, arg, false);
}

static void opt_uname(struct options *o, const struct option *row, const char *arg)
{
	o->uname_release = arg;
}

static void opt_stack(struct options *o, const struct option *row, const char *arg)
{
	o->stack_size = parse_number(row, arg, true);
	if (!o->stack_size)
		fail(EXIT_USAGE, "option -s: a stack of no bytes");
}

static void opt_base(struct options *o, const struct option *row, const char *arg)
{
	o->guest_base = parse_number(row, arg, true);
}

static void opt_reserved(struct options *o, const struct option *row, const char *arg)
{
	o->reserved = parse_number(row, arg, true);
}

static void opt_page(struct options *o, const struct option *row, const char *arg)
{
	u64 v = parse_number(row, arg, true);

	if (v < (u64)sysconf(_SC_PAGESIZE) || v > 1 << 20 || (v & (v - 1)))
		fail(EXIT_USAGE, "option -p: a page of %s bytes is not possible here", arg);
	o->page = v;
}

static void opt_log(struct options *o, const struct option *row, const char *arg)
{
	const struct log_name *n;
	const char *bad;

	if (!strcmp(arg, "help") || !strcmp(arg, "?")) {
		for (n = log_names; n->name; n++)
			printf("  %-10s %s\n", n->name, n->what);
		exit(0);
	}
	if (!log_parse(arg, &bad))
		fail(EXIT_USAGE, "option -d: no item \"%.*s\" (-d help lists them)",
		     (int)strcspn(bad, ","), bad);
	o->strace = log_on(LOG_STRACE);
}

static void open_log(const char *arg, bool fresh)
{
	int ret = log_open(arg, fresh);

	if (ret < 0)
		fail(EXIT_USAGE, "option -D: %s: %s", arg, strerror(-ret));
}

static void opt_logfile(struct options *o, const struct option *row, const char *arg)
{
	open_log(arg, true);
}

/* From our own execve: the same log goes on. */
static void opt_log_on(struct options *o, const struct option *row, const char *arg)
{
	open_log(arg, false);
}

static void opt_single(struct options *o, const struct option *row, const char *arg)
{
	o->translator.single = true;
}

static void opt_seed(struct options *o, const struct option *row, const char *arg)
{
	o->seed = parse_number(row, arg, false);
}

static void opt_engine(struct options *o, const struct option *row, const char *arg)
{
	if (!strcmp(arg, "jit"))
		o->translator.engine = ENGINE_JIT;
	else if (!strcmp(arg, "interp"))
		o->translator.engine = ENGINE_INTERP;
	else
		fail(EXIT_USAGE, "option -engine: \"%s\" is neither jit nor interp", arg);
}

/* The bits of NAME,NAME; help lists the names. */
static u32 parse_items(const struct option *row, const char *arg, const struct host_item *table)
{
	const struct host_item *f;
	u32 bits = 0;

	if (!strcmp(arg, "help")) {
		for (f = table; f->name; f++)
			printf("  %s\n", f->name);
		exit(0);
	}
	while (*arg) {
		size_t len = strcspn(arg, ",");

		for (f = table; f->name; f++)
			if (strlen(f->name) == len && !memcmp(f->name, arg, len))
				break;
		if (!f->name)
			fail(EXIT_USAGE, "option -%s: no \"%.*s\" (-%s help lists what there is)", row->name, (int)len, arg,
			     row->name);
		bits |= f->bit;
		arg += len + (arg[len] == ',');
	}
	return bits;
}

static void opt_hide(struct options *o, const struct option *row, const char *arg)
{
	o->translator.hide |= parse_items(row, arg, host_features);
}

static void opt_off(struct options *o, const struct option *row, const char *arg)
{
	o->translator.off |= parse_items(row, arg, host_optimisations);
}

static void opt_hot(struct options *o, const struct option *row, const char *arg)
{
	u64 n = parse_number(row, arg, false);

	if (n > MAX_HOT)
		fail(EXIT_USAGE, "option -hot: %s is more than %d", arg, MAX_HOT);
	o->translator.hot = (u32)n;
}

static void opt_cache(struct options *o, const struct option *row, const char *arg)
{
	o->translator.cache_dir = arg;
}

static void opt_code(struct options *o, const struct option *row, const char *arg)
{
	u64 n = parse_number(row, arg, true);

	if (n < CACHE_MIN_CODE || n > CACHE_MAX_CODE)
		fail(EXIT_USAGE, "option -code: %s is not between %dM and %dM", arg, CACHE_MIN_CODE >> 20,
		     CACHE_MAX_CODE >> 20);
	o->translator.code = n;
}

static void opt_perfmap(struct options *o, const struct option *row, const char *arg)
{
	o->translator.perfmap = true;
}

static void opt_jitdump(struct options *o, const struct option *row, const char *arg)
{
	o->translator.jitdump = true;
}

static void opt_lacking(struct options *o, const struct option *row, const char *arg)
{
	fail(EXIT_USAGE, "option -%s (%s) is not supported yet", row->name, row->help);
}

static void opt_version(struct options *o, const struct option *row, const char *arg)
{
	printf("dragoman-%s version " VERSION "\n", the_guest.name);
	exit(0);
}

/*
 * The card's identification, for whoever has to know which files are ours (binfmt/guests.c):
 * NAME e_machine class data e_flags-mask e_flags.
 */
static void opt_card(struct options *o, const struct option *row, const char *arg)
{
	printf("%s %u %u %u %#x %#x\n", the_guest.name, the_guest.elf_machine, the_guest.elf_class,
	       the_guest.elf_data, the_guest.elf_flags_mask, the_guest.elf_flags);
	exit(0);
}

static void opt_help(struct options *o, const struct option *row, const char *arg)
{
	char left[40];

	printf("Usage: dragoman-%s [OPTION...] [--] PROGRAM [ARGUMENT...]\n"
	       "Runs a Linux program for %s.\n\n"
	       "  %-22s %-24s %s\n",
	       the_guest.name, the_guest.name, "Option", "Environment", "Meaning");
	for (row = options; row->name; row++) {
		if (row->handler == opt_lacking || !row->help)
			continue;
		snprintf(left, sizeof left, "-%s %s", row->name, row->arg ? row->arg : "");
		printf("  %-22s %s%-*s %s\n", left, row->env ? "DRAGOMAN_" : "", row->env ? 15 : 24,
		       row->env ? row->env : "", row->help);
	}
	printf("\nQEMU_X is read where DRAGOMAN_X is not set.\n");
	exit(0);
}

static const struct option options[] = {
	{ "L",               "DIR",     "LD_PREFIX",    "root of the guest's system, for interpreter and libraries", opt_sysroot, true },
	{ "cpu",             "NAME",    "CPU",          "processor model; help lists them",             opt_cpu,       true },
	{ "strace",          NULL,      "STRACE",       "print system calls",                           opt_strace,    true },
	{ "strace-c",        NULL,      "STRACE_C",     "count system calls and their times; a table when a process ends", opt_summary, true },
	{ "E",               "K=V,...", "SET_ENV",      "set variables of the program's environment",   opt_set_env,   false },
	{ "U",               "K,...",   "UNSET_ENV",    "remove variables of the program's environment", opt_unset_env, false },
	{ "0",               "ARGV0",   "ARGV0",        "the program's argv[0]",                        opt_argv0,     false },
	{ "execfn",          "NAME",    NULL,           NULL,                                           opt_execfn,    false },
	{ "execfd",          "NUMBER",  NULL,           NULL,                                           opt_execfd,    false },
	{ "r",               "RELEASE", "UNAME",        "kernel release that uname tells",              opt_uname,     true },
	{ "s",               "SIZE",    "STACK_SIZE",   "size of the stack (K, M, G; default: ulimit -s)", opt_stack,  true },
	{ "B",               "ADDR",    "GUEST_BASE",   "host address of the program's address 0",      opt_base,      true },
	{ "R",               "SIZE",    "RESERVED_VA",  "address space to reserve for the program",     opt_reserved,  true },
	{ "p",               "SIZE",    "PAGESIZE",     "page size that the program sees",              opt_page,      true },
	{ "d",               "ITEM,...", "LOG",         "what to log; help lists the items",            opt_log,       true },
	{ "D",               "FILE",    "LOG_FILENAME", "where to log (%d: process id; default: stderr)", opt_logfile, true },
	{ "D+",              "FILE",    NULL,           NULL,                                           opt_log_on,    true },
	{ "one-insn-per-tb", NULL,      "ONE_INSN_PER_TB", "translate one instruction at a time",       opt_single,    true },
	{ "singlestep",      NULL,      "SINGLESTEP",   "the same, by its old name",                    opt_single,    true },
	{ "seed",            "NUMBER",  "RAND_SEED",    "make addresses and AT_RANDOM repeatable",      opt_seed,      true },
	{ "engine",          "NAME",    "ENGINE",       "jit (default) or interp, the slow reference",  opt_engine,    true },
	{ "hide",            "NAME,...", "HIDE",        "host features not to use; help lists them",    opt_hide,   true },
	{ "off",             "NAME,...", "OFF",         "optimisations to switch off; help lists them", opt_off,       true },
	{ "hot",             "NUMBER",  "HOT",          "entries of a block that make it hot (0: never)", opt_hot,     true },
	{ "g",               "PORT",    "GDB",          "gdb remote stub",                              opt_lacking,   false },
	{ "dfilter",         "RANGE,...", "DFILTER",    "addresses to log",                             opt_lacking,   true },
	{ "plugin",          "FILE",    "PLUGIN",       "plugins",                                      opt_lacking,   true },
	{ "code",            "SIZE",    "CODE",         "memory for translated code at most (1M to 128M)", opt_code,    true },
	{ "cache",           "DIR",     "CACHE",        "keep translations in DIR (off: nowhere)", opt_cache,        true },
	{ "perfmap",         NULL,      "PERFMAP",      "name the code for perf: /tmp/perf-PID.map",    opt_perfmap,   true },
	{ "jitdump",         NULL,      "JITDUMP",      "the code itself, for perf inject: jit-PID.dump", opt_jitdump,   true },
	{ "M",               "NAME",    NULL,           "a whole machine",                              opt_lacking,   false },
	{ "machine",         "NAME",    NULL,           "a whole machine",                              opt_lacking,   false },
	{ "card",            NULL,      NULL,           NULL,                                           opt_card,      false },
	{ "version",         NULL,      NULL,           "print the version",                            opt_version,   false },
	{ "h",               NULL,      NULL,           "print this",                                   opt_help,      false },
	{ "help",            NULL,      NULL,           "print this",                                   opt_help,      false },
	{ 0 },
};

/* --- the three sources --- */

/* Remembers an option that was in force, for execve. */
static void remember(struct options *o, const struct option *row, const char *arg)
{
	static size_t n;
	char *dashed;

	if (!row->repeat)
		return;
	o->repeat = realloc(o->repeat, (n + 3) * sizeof *o->repeat);
	dashed = malloc(strlen(row->name) + 3);
	if (!o->repeat || !dashed)
		fail(EXIT_NOT_RUNNABLE, "out of memory");
	dashed[0] = '-';
	strcpy(dashed + 1, row->name);
	if (row->handler == opt_logfile)
		strcat(dashed, "+");
	o->repeat[n++] = dashed;
	if (row->arg)
		o->repeat[n++] =
			(char *)(row->handler == opt_sysroot && o->sysroot ? o->sysroot : arg);
	o->repeat[n] = NULL;
}

static void apply(struct options *o, const struct option *row, const char *arg)
{
	row->handler(o, row, arg);
	remember(o, row, arg);
}

/* The value in the environment of the variable PREFIX_NAME, or NULL. */
static const char *find_env(char **envp, const char *prefix, const char *name)
{
	size_t np = strlen(prefix), nn = strlen(name);

	for (; *envp; envp++)
		if (!strncmp(*envp, prefix, np) && !strncmp(*envp + np, name, nn) &&
		    (*envp)[np + nn] == '=')
			return *envp + np + nn + 1;
	return NULL;
}

static void options_from_environment(struct options *o, char **envp)
{
	bool any = false;

	for (char **e = envp; *e && !any; e++)
		any = !strncmp(*e, "DRAGOMAN_", 9) || !strncmp(*e, "QEMU_", 5);
	if (!any)
		return;
	for (const struct option *row = options; row->name; row++) {
		const char *v = NULL;

		if (row->env)
			v = find_env(envp, "DRAGOMAN_", row->env);
		if (row->env && !v)
			v = find_env(envp, "QEMU_", row->env);
		if (v)
			apply(o, row, v);
	}
}

/* Options from argv[1] on; the index of the program. */
static int options_from_arguments(struct options *o, int argc, char **argv)
{
	const struct option *row;
	int i = 1;

	while (i < argc && argv[i][0] == '-' && argv[i][1]) {
		const char *name = argv[i++] + 1;

		if (!strcmp(name, "-"))
			break;
		name += *name == '-';
		for (row = options; row->name && strcmp(row->name, name); row++)
			;
		if (!row->name)
			fail(EXIT_USAGE, "unknown option %s (-h lists the options)", argv[i - 1]);
		if (row->arg && i == argc)
			fail(EXIT_USAGE, "option -%s needs an argument (%s)", row->name, row->arg);
		apply(o, row, row->arg ? argv[i++] : NULL);
	}
	if (i == argc)
		fail(EXIT_USAGE,
		     "no program given; usage: dragoman-%s [OPTION...] [--] PROGRAM [ARGUMENT...]",
		     the_guest.name);
	return i;
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), k = strlen(end);

	return n >= k && !strcmp(s + n - k, end);
}

void options_parse(struct options *o, int argc, char **argv, char **envp)
{
	static char *none[1];
	const char *self = argc ? argv[0] : "", *slash = strrchr(self, '/');
	bool preserve =
		(getauxval(AT_FLAGS) & AT_FLAGS_PRESERVE_ARGV0) || ends_with(self, "-binfmt-P");
	bool execfd;
	int i = 1;

	memset(o, 0, sizeof *o);
	/* A descriptor may be 0: only errno tells that from none. */
	errno = 0;
	o->fd = (int)getauxval(AT_EXECFD);
	execfd = errno == 0;
	if (!execfd)
		o->fd = -1;
	o->by_kernel = execfd || preserve;
	o->envp = envp;
	o->secure = getauxval(AT_SECURE);
	o->as_qemu = !strncmp(slash ? slash + 1 : self, "qemu-", 5);
	o->page = the_guest.page_size;
	o->cpu = the_guest.models;
	o->translator.hot = DEFAULT_HOT;
	if (!o->secure)
		options_from_environment(o, envp);
	if (o->by_kernel) {
		if (argc < 2 + preserve)
			fail(EXIT_USAGE, "binfmt_misc gave no program");
		o->program = argv[1];
		o->execfn = (const char *)getauxval(AT_EXECFN);  /* a script's name, perhaps */
		i = preserve ? 2 : 1;
	} else {
		i = options_from_arguments(o, argc, argv);
		o->program = argv[i];
	}
	if (!o->repeat)
		o->repeat = none;
	o->argv = argv + i;
	if (o->argv0)
		o->argv[0] = (char *)o->argv0;
}
