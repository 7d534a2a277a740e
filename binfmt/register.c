/*
 * Registering and unregistering, all or nothing.
 *
 * The kernel takes one rule per write and refuses a name that exists.  So everything that can be
 * known beforehand is looked at first, and what still fails half-way is undone in reverse.  A rule
 * is replaced by way of a second one: the new rule is tried under another name first, and serves
 * while the old one is exchanged, so at no moment is there none.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "binfmt/binfmt.h"

#define TRIAL_SUFFIX ".new"

static bool same_rule(const struct rule *a, const struct rule *b)
{
	return rules_same_files(a, b) && a->enabled == b->enabled && !strcmp(a->flags, b->flags) &&
	       !strcmp(a->interp, b->interp);
}

static const char *reason(int err)
{
	switch (-err) {
	case EACCES:
	case EPERM:  return "not permitted; become root, or use `dragoman-binfmt run`";
	case EEXIST: return "a rule of this name exists";
	case EINVAL: return "the kernel refuses the rule";
	case ENOENT:
	case ENOEXEC: return "the runner cannot be opened from here";
	}
	return strerror(-err);
}

/* The kernel knows flags in any order, and C as including O. */
static void normalize(struct rule *r)
{
	char flags[8] = "";

	for (const char *f = "POCF"; *f; f++)
		if (strchr(r->flags, *f) || (*f == 'O' && strchr(r->flags, 'C')))
			flags[strlen(flags)] = *f;
	memcpy(r->flags, flags, sizeof flags);
}

/* Exchanges old for new under the same name; 0, or a negative errno and nothing changed. */
static int replace(const char *fs, const struct rule *old, const struct rule *new)
{
	struct rule trial = *new;
	int err;

	snprintf(trial.name, sizeof trial.name, "%.50s" TRIAL_SUFFIX, new->name);
	misc_remove(fs, trial.name);  /* of a run that was killed */
	err = misc_add(fs, &trial);
	if (err < 0)
		return err;
	err = misc_remove(fs, old->name);
	if (err == 0) {
		err = misc_add(fs, new);
		if (err < 0)
			misc_add(fs, old);
	}
	misc_remove(fs, trial.name);
	return err;
}

/* Undoes the first n of what register_guests did. */
static void undo(const char *fs, const struct guest_info *g, const struct rule *old,
		 const char *done, unsigned n)
{
	while (n-- > 0) {
		if (done[n] == 'a')
			misc_remove(fs, g[n].want.name);
		else if (done[n] == 'r')
			replace(fs, &g[n].want, &old[n]);
	}
}

static bool check(const struct request *q, const struct guest_info *g)
{
	char line[2048];

	if (rule_matches_host(&g->want))
		return complain("%s: these are the host's own programs", g->name);
	if (access(g->want.interp, X_OK) < 0)
		return complain("%s: %s", g->want.interp, strerror(errno));
	return rule_line(&g->want, line, sizeof line);
}

bool register_guests(const struct request *q, const struct guest_info *guests, unsigned n)
{
	static struct guest_info g[MAX_GUESTS];
	static struct rule old[MAX_GUESTS];
	char done[MAX_GUESTS] = "";
	const char *why, *mend;
	int err;

	for (unsigned i = 0; i < n; i++) {
		g[i] = guests[i];
		normalize(&g[i].want);
		if (!check(q, &g[i]))
			return false;
	}
	why = misc_unusable(q->fs, &mend);
	if (why)
		return complain("%s (%s)", why, mend);
	for (unsigned i = 0; i < n; i++) {
		if (misc_get(q->fs, g[i].want.name, &old[i]) < 0)
			done[i] = 'a';
		else if (q->replace)
			done[i] = 'r';
		else if (same_rule(&old[i], &g[i].want))
			done[i] = '=';
		else
			return complain("%s: a rule of this name exists (flags %s, %s);"
					" nothing changed, -replace exchanges it", g[i].want.name,
					old[i].flags, old[i].interp);
	}
	for (unsigned i = 0; i < n; i++) {
		err = done[i] == 'a'   ? misc_add(q->fs, &g[i].want)
		      : done[i] == 'r' ? replace(q->fs, &old[i], &g[i].want)
				       : 0;
		if (err < 0) {
			undo(q->fs, g, old, done, i);
			return complain("%s: %s; nothing changed", g[i].want.name, reason(err));
		}
	}
	return true;
}

int cmd_register(struct request *q)
{
	static struct guest_info g[MAX_GUESTS];
	unsigned n = guests_find(q, g), k = 0;

	/* "All" are all that make sense; who names one wants to hear of it. */
	for (unsigned i = 0; i < n; i++)
		if (q->args[0] || !rule_matches_host(&g[i].want))
			g[k++] = g[i];
	return !register_guests(q, g, k);
}

/* Does one of the words mean this rule?  None: all rules of ours. */
static bool meant(const struct rule *r, char **words)
{
	struct guest_info g;

	if (strncmp(r->name, RUNNER_PREFIX, strlen(RUNNER_PREFIX)))
		return false;
	if (!words[0] || !strcmp(words[0], "all"))
		return true;
	g.want = *r;
	snprintf(g.name, sizeof g.name, "%s", r->name + strlen(RUNNER_PREFIX));
	while (*words && !guest_is(&g, *words))
		words++;
	return *words;
}

int cmd_unregister(struct request *q)
{
	static struct rule all[MAX_RULES], gone[MAX_RULES];
	const char *why, *mend;
	unsigned n, k = 0;
	int err = 0;

	why = misc_unusable(q->fs, &mend);
	if (why)
		refuse("%s (%s)", why, mend);
	n = misc_list(q->fs, all);
	for (char **word = q->args; *word; word++) {
		char *one[] = { *word, NULL };
		unsigned i = 0;

		while (i < n && !meant(&all[i], one))
			i++;
		if (i == n && strcmp(*word, "all"))
			refuse("%s: no such rule of ours; nothing changed", *word);
	}
	for (unsigned i = 0; i < n && err == 0; i++) {
		if (!meant(&all[i], q->args))
			continue;
		err = misc_remove(q->fs, all[i].name);
		if (err == 0)
			gone[k++] = all[i];
		else
			complain("%s: %s; nothing changed", all[i].name, reason(err));
	}
	while (err < 0 && k > 0)
		misc_add(q->fs, &gone[--k]);
	return err < 0;
}
