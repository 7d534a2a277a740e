/*
 * Which guests there are, and what their programs look like.
 *
 * The card of a guest (base/guest.h) decides which files its runner accepts, so nothing else may
 * say what to register: every runner prints its card's identification when asked by `-card`.  A
 * table in here would be a second list, and would know of guests whose runner is not installed.
 * Starting the runner also shows that it starts at all, before the kernel is told to rely on it.
 *
 * What a rule compares (ELF header, offsets 0 to 19): the identification, where any EI_OSABI passes
 * since toolchains write 0 (System V), 3 (GNU) and others there; e_type as ET_EXEC or ET_DYN, which
 * differ in the lowest bit; e_machine.  Where the card wants bits of e_flags, these too.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/elfnames.h"
#include "binfmt/binfmt.h"

extern const u8 __ehdr_start[];    /* this image's own ELF header, from the linker */

enum {
	EI_CLASS = 4, EI_DATA = 5, EI_VERSION = 6, EI_OSABI = 7, E_TYPE = 16, E_MACHINE = 18,
	E_VERSION = 20,
	ELFCLASS64 = 2, ELFDATA2MSB = 2, ET_EXEC = 2,
	FLAGS_AT_32 = 36, FLAGS_AT_64 = 48,
	CARD_LINE = 256,
};

static void put(u8 *at, bool big, u32 v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		at[big ? bytes - 1 - i : i] = v >> 8 * i;
}

static void make_pattern(struct rule *r, unsigned machine, unsigned elf_class, unsigned data,
			 u32 flags_mask, u32 flags)
{
	bool big = data == ELFDATA2MSB;

	memset(r->magic, 0, sizeof r->magic);
	memset(r->mask, 0, sizeof r->mask);
	memcpy(r->magic, "\177ELF", 4);
	r->magic[EI_CLASS] = elf_class;
	r->magic[EI_DATA] = data;
	r->magic[EI_VERSION] = 1;
	memset(r->mask, 0xff, E_VERSION);
	r->mask[EI_OSABI] = 0;
	put(r->magic + E_TYPE, big, ET_EXEC, 2);
	put(r->mask + E_TYPE, big, 0xfffe, 2);
	put(r->magic + E_MACHINE, big, machine, 2);
	r->size = E_VERSION;
	if (flags_mask) {
		unsigned at = elf_class == ELFCLASS64 ? FLAGS_AT_64 : FLAGS_AT_32;

		put(r->magic + at, big, flags, 4);
		put(r->mask + at, big, flags_mask, 4);
		r->size = at + 4;
	}
	r->offset = 0;
}

/* Starts `runner -card` with no environment; its line in buf. */
static bool ask(const char *runner, char *buf, size_t size)
{
	char *argv[] = { (char *)runner, "-card", NULL }, *none[] = { NULL };
	int p[2], status, null;
	size_t n = 0;
	ssize_t k;
	pid_t pid;

	if (pipe2(p, O_CLOEXEC) < 0)
		return false;
	pid = fork();
	if (pid == 0) {
		null = open("/dev/null", O_WRONLY | O_CLOEXEC);
		if (null < 0)
			close(2);
		else
			dup2(null, 2);
		dup2(p[1], 1);
		execve(runner, argv, none);
		_exit(127);
	}
	close(p[1]);
	while (pid > 0 && n < size - 1 && (k = read(p[0], buf + n, size - 1 - n)) > 0)
		n += k;
	buf[n] = 0;
	close(p[0]);
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static bool read_card(const struct request *q, const char *name, struct guest_info *g)
{
	unsigned machine, elf_class, data, flags_mask, flags;
	char line[CARD_LINE], said[RULE_NAME];

	if (snprintf(g->runner, sizeof g->runner, "%s/" RUNNER_PREFIX "%s", q->dir, name) >=
		    (int)sizeof g->runner ||
	    snprintf(g->name, sizeof g->name, "%s", name) >= (int)sizeof g->name)
		return false;
	if (!ask(g->runner, line, sizeof line) ||
	    sscanf(line, "%63s %u %u %u %i %i", said, &machine, &elf_class, &data,
		   (int *)&flags_mask, (int *)&flags) != 6 || strcmp(said, name))
		return false;
	make_pattern(&g->want, machine, elf_class, data, flags_mask, flags);
	snprintf(g->want.name, sizeof g->want.name, RUNNER_PREFIX "%.50s", name);
	snprintf(g->want.interp, sizeof g->want.interp, "%.*s/" RUNNER_PREFIX "%s", PATH_MAX - 80,
		 q->path ? q->path : q->dir, name);
	snprintf(g->want.flags, sizeof g->want.flags, "%s", q->flags);
	g->want.enabled = true;
	return true;
}

const char *guest_platform(const char *name)
{
	const char *p = elf_platform_name(name);

	return p ? p : name;
}

const char *host_platform(void)
{
	const char *runner, *name = elf_machine_name(elf_ident_machine(__ehdr_start),
						     __ehdr_start[EI_CLASS],
						     __ehdr_start[EI_DATA], &runner);

	return guest_platform(name ? name : "unknown");
}

bool rule_matches_host(const struct rule *r)
{
	for (unsigned i = 0; i < r->size; i++)
		if ((__ehdr_start[r->offset + i] ^ r->magic[i]) & r->mask[i])
			return false;
	return r->size && r->offset + r->size <= FLAGS_AT_64 + 4;
}

bool guest_is(const struct guest_info *g, const char *word)
{
	if (!strncmp(word, "linux/", 6))
		word += 6;
	return !strcmp(word, g->name) || !strcmp(word, guest_platform(g->name)) ||
	       !strcmp(word, g->want.name);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct guest_info *)a)->name, ((const struct guest_info *)b)->name);
}

/* All guests of q->dir; `broken`, if not NULL, hears of programs that should be runners. */
static unsigned find_all(const struct request *q, struct guest_info *g,
			 void (*broken)(const char *path))
{
	const size_t prefix = strlen(RUNNER_PREFIX);
	DIR *d = opendir(q->dir);
	struct dirent *e;
	unsigned n = 0;

	if (!d)
		refuse("%s: %s", q->dir, strerror(errno));
	while (n < MAX_GUESTS && (e = readdir(d))) {
		if (strncmp(e->d_name, RUNNER_PREFIX, prefix) ||
		    !strcmp(e->d_name, RUNNER_PREFIX "binfmt"))
			continue;
		if (read_card(q, e->d_name + prefix, &g[n]))
			n++;
		else if (broken && access(g[n].runner, X_OK) == 0)
			broken(g[n].runner);
	}
	closedir(d);
	qsort(g, n, sizeof *g, by_name);
	return n;
}

unsigned guests_find(const struct request *q, struct guest_info *g)
{
	struct guest_info tmp;
	unsigned n, k = 0, i;

	if (q->path && (q->path[0] != '/' || strlen(q->path) > PATH_MAX - 80))
		refuse("option -path: \"%s\" is not an absolute path", q->path);
	n = find_all(q, g, NULL);
	if (!n)
		refuse("no runner (" RUNNER_PREFIX "GUEST) in %s; -dir says where they are",
		       q->dir);
	if (!q->args[0] || !strcmp(q->args[0], "all"))
		return n;
	/* Move what is named to the front, each once. */
	for (char **word = q->args; *word; word++) {
		for (i = 0; i < n && !guest_is(&g[i], *word); i++)
			;
		if (i == n)
			refuse("no runner for \"%s\" in %s", *word, q->dir);
		if (i < k)
			continue;
		tmp = g[k];
		g[k++] = g[i];
		g[i] = tmp;
	}
	return k;
}

void guests_broken(const struct request *q, void (*tell)(const char *path))
{
	static struct guest_info g[MAX_GUESTS];

	find_all(q, g, tell);
}
