/* What is registered, for people and for programs; and the rules as configuration files. */
#include <errno.h>
#include <stdio.h>

#include "binfmt/binfmt.h"

void json_string(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			printf("\\%c", *s);
		else if ((u8)*s < ' ')
			printf("\\u%04x", (u8)*s);
		else
			putchar(*s);
	}
	putchar('"');
}

static void json_hex(const char *key, const u8 *bytes, unsigned n)
{
	printf(", \"%s\": \"", key);
	for (unsigned i = 0; i < n; i++)
		printf("%02x", bytes[i]);
	putchar('"');
}

static void json_member(const char *key, const char *s)
{
	printf(", \"%s\": ", key);
	json_string(s);
}

static void json_rule(const struct rule *r)
{
	printf("{\"name\": ");
	json_string(r->name);
	printf(", \"enabled\": %s", r->enabled ? "true" : "false");
	json_member("interpreter", r->interp);
	json_member("flags", r->flags);
	printf(", \"offset\": %u", r->offset);
	json_hex("magic", r->magic, r->size);
	json_hex("mask", r->mask, r->size);
	printf("}");
}

static bool ours(const struct rule *r)
{
	return !strncmp(r->name, RUNNER_PREFIX, strlen(RUNNER_PREFIX));
}

static void status_json(const struct request *q, const char *why, const struct rule *r, unsigned n)
{
	printf("{\"kernel\": ");
	json_string(kernel_release());
	json_member("fs", q->fs);
	json_member("problem", why ? why : "");
	printf(", \"enabled\": %s, \"rules\": [", misc_enabled(q->fs) ? "true" : "false");
	for (unsigned i = 0; i < n; i++) {
		printf(i ? ",\n  " : "\n  ");
		json_rule(&r[i]);
	}
	printf("%s]}\n", n ? "\n" : "");
}

int cmd_status(struct request *q)
{
	static struct rule rules[MAX_RULES];
	unsigned n = misc_list(q->fs, rules), shown = 0;
	const char *mend, *why = misc_unusable(q->fs, &mend);

	if (q->args[0])
		refuse("status: \"%s\" is too much", q->args[0]);
	if (q->json) {
		status_json(q, why, rules, n);
		return 0;
	}
	if (!misc_enabled(q->fs))
		printf("binfmt_misc is disabled as a whole\n");
	for (unsigned i = 0; i < n; i++) {
		if (!ours(&rules[i]))
			continue;
		printf("%-24s %-8s %-4s %s\n", rules[i].name,
		       rules[i].enabled ? "enabled" : "disabled", rules[i].flags, rules[i].interp);
		shown++;
	}
	/* Reading needs no right to write; only the lack of rules asks for a reason. */
	if (!shown)
		printf("nothing is registered%s%s\n", n == 0 && why ? ": " : "",
		       n == 0 && why ? why : "");
	return 0;
}

/* A file of Debian's binfmt-support (update-binfmts(8), --import). */
static void show_debian(const struct rule *r)
{
	char magic[2048] = "", mask[2048] = "";

	rule_escape(r->magic, r->size, magic, sizeof magic);
	rule_escape(r->mask, r->size, mask, sizeof mask);
	printf("package dragoman\ninterpreter %s\nmagic %s\nmask %s\n"
	       "credentials %s\npreserve %s\nfix_binary %s\n",
	       r->interp, magic, mask, strchr(r->flags, 'C') ? "yes" : "no",
	       strchr(r->flags, 'P') ? "yes" : "no", strchr(r->flags, 'F') ? "yes" : "no");
}

int cmd_show(struct request *q)
{
	static struct guest_info g[MAX_GUESTS];
	unsigned n = guests_find(q, g);
	bool debian = !strcmp(q->format, "debian");
	char line[2048];

	if (debian && n != 1)
		refuse("show -debian: one guest for each file, please");
	if (!strcmp(q->format, "systemd"))
		puts("# Programs of other architectures are run by Dragoman; see binfmt.d(5).");
	for (unsigned i = 0; i < n; i++) {
		if (debian)
			show_debian(&g[i].want);
		else if (rule_line(&g[i].want, line, sizeof line))
			puts(line);
		else
			return 1;
	}
	return 0;
}
