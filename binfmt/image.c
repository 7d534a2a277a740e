/*
 * The entry point of a container image that installs emulators.
 *
 * Scripts and actions call such images in one way: `IMAGE --install all|arm64,...`, `--uninstall
 * NAME`, `--version`, and without arguments to read which platforms the machine can run now:
 * {"supported":[...],"emulators":[...]} on stdout, which also ends every other call.  They take
 * words on stderr together with a non-zero status as failure, so success is silent there.
 *
 * The container is privileged and brings its own /proc, usually without binfmt_misc: it is mounted
 * here, which the container's end undoes.  The rules stay as long as the machine has it mounted
 * itself (systemd does; since Linux 6.7 the last unmount ends them), and F keeps the runner's file
 * alive in them.  So an image that is installed again must always replace: the file may be newer.
 */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>

#include "binfmt/binfmt.h"

enum { MAX_WORDS = 256 };

static void image_help(void)
{
	puts("Usage: IMAGE [--install all|PLATFORM,...] [--uninstall NAME,...] [--version]\n"
	     "Installs Dragoman's runners for foreign programs on the machine, from a privileged\n"
	     "container: docker run --privileged --rm IMAGE --install all\n"
	     "PLATFORM is what container images are labelled with; NAME may also be the name of a\n"
	     "rule, or a pattern (dragoman-*).");
	exit(0);
}

/* Splits at commas, in place. */
static unsigned split(char *list, char **words)
{
	unsigned n = 0;

	for (char *w = strtok(list, ","); w && n < MAX_WORDS; w = strtok(NULL, ","))
		words[n++] = w;
	words[n] = NULL;
	return n;
}

static void mount_if_missing(const char *fs)
{
	const char *mend, *why = misc_unusable(fs, &mend);

	if (why && strstr(why, "not mounted"))
		mount("binfmt_misc", fs, "binfmt_misc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
}

static void need_privilege(const char *fs)
{
	const char *mend, *why = misc_unusable(fs, &mend);

	if (why)
		refuse("%s (the container must be privileged: docker run --privileged; and the"
		       " kernel must have binfmt_misc: modprobe binfmt_misc)", why);
}

static bool install(struct request *q, char *list)
{
	static struct guest_info g[MAX_GUESTS];
	char *words[MAX_WORDS + 1];
	bool all = !strcmp(list, "all");
	unsigned n, k = 0;

	split(list, words);
	q->args = words;
	q->replace = true;
	n = guests_find(q, g);
	need_privilege(q->fs);
	for (unsigned i = 0; i < n; i++)
		if (!all || !rule_matches_host(&g[i].want))
			g[k++] = g[i];
	return register_guests(q, g, k);
}

/* Does `word` mean this rule: its name, a pattern of it, or the platform of one of ours? */
static bool means(const char *word, const struct rule *r)
{
	const size_t prefix = strlen(RUNNER_PREFIX);

	if (!fnmatch(word, r->name, 0))
		return true;
	if (strncmp(r->name, RUNNER_PREFIX, prefix))
		return false;
	if (!strncmp(word, "linux/", 6))
		word += 6;
	return !strcmp(word, "all") || !strcmp(word, r->name + prefix) ||
	       !strcmp(word, guest_platform(r->name + prefix));
}

static bool uninstall(const struct request *q, char *list)
{
	static struct rule rules[MAX_RULES];
	unsigned n = misc_list(q->fs, rules);
	char *words[MAX_WORDS + 1];

	need_privilege(q->fs);
	split(list, words);
	/* First look, then remove: a name that is wrong changes nothing. */
	for (char **w = words; *w; w++) {
		unsigned i = 0;

		while (i < n && !means(*w, &rules[i]))
			i++;
		if (i == n)
			return complain("%s: no such rule; nothing changed", *w);
	}
	for (unsigned i = 0; i < n; i++) {
		for (char **w = words; *w; w++) {
			int err = means(*w, &rules[i]) ? misc_remove(q->fs, rules[i].name) : 1;

			if (err < 0)
				return complain("%s: %s", rules[i].name, strerror(-err));
			if (err == 0)
				break;
		}
	}
	return true;
}

static void print_list(const char *key, char **items, unsigned n)
{
	printf("  \"%s\": [", key);
	for (unsigned i = 0; i < n; i++) {
		printf(i ? ",\n    " : "\n    ");
		json_string(items[i]);
	}
	printf("%s]", n ? "\n  " : "");
}

/* What the machine runs: its own programs, and those for which an enabled rule of ours stands. */
static void print_support(const struct request *q)
{
	static struct rule rules[MAX_RULES];
	static char platforms[MAX_RULES + 1][RULE_NAME + 8];
	char *supported[MAX_RULES + 1], *emulators[MAX_RULES];
	unsigned n = misc_list(q->fs, rules), k = 0, e = 0;
	const size_t prefix = strlen(RUNNER_PREFIX);

	snprintf(platforms[k], sizeof *platforms, "linux/%s", host_platform());
	supported[k] = platforms[k];
	k++;
	for (unsigned i = 0; i < n; i++) {
		if (!rules[i].enabled || !misc_enabled(q->fs))
			continue;
		emulators[e++] = rules[i].name;
		if (strncmp(rules[i].name, RUNNER_PREFIX, prefix))
			continue;
		snprintf(platforms[k], sizeof *platforms, "linux/%s",
			 guest_platform(rules[i].name + prefix));
		supported[k] = platforms[k];
		k++;
	}
	puts("{");
	print_list("supported", supported, k);
	puts(",");
	print_list("emulators", emulators, e);
	puts("\n}");
}

/* The value of option NAME at *word, "--NAME=VALUE" or "--NAME VALUE", one dash or two; or NULL. */
static char *value_of(char ***word, const char *name)
{
	char *w = **word;
	size_t n = strlen(name);

	if (*w++ != '-')
		return NULL;
	w += *w == '-';
	if (strncmp(w, name, n) || (w[n] && w[n] != '='))
		return NULL;
	if (w[n])
		return w + n + 1;
	if (!(*word)[1])
		refuse("option --%s needs an argument", name);
	return *++*word;
}

static bool is(const char *word, const char *name)
{
	return word[0] == '-' && !strcmp(word + 1 + (word[1] == '-'), name);
}

int cmd_image(struct request *q)
{
	char *v;

	mount_if_missing(q->fs);
	for (char **w = q->args, **words = q->args; *words; words++) {
		w = words;
		if (is(*w, "version")) {
			puts("dragoman " VERSION);
			return 0;
		}
		if (is(*w, "h") || is(*w, "help"))
			image_help();
		if ((v = value_of(&words, "install"))) {
			if (!install(q, v))
				return 1;
		} else if ((v = value_of(&words, "uninstall"))) {
			if (!uninstall(q, v))
				return 1;
		} else {
			refuse("unknown argument %s (--help lists them)", *w);
		}
	}
	print_support(q);
	return 0;
}
