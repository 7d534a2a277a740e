/*
 * `doctor`: what stands between a foreign program and its runner, and what mends it.
 *
 * Each finding is one line and, if something can be done, the command that does it.  The last word
 * has a test: a file that bears the guest's ELF header and nothing else is executed.  Our runner
 * refuses it as malformed, in its own words; anything else (ENOEXEC, another program's words) shows
 * that the kernel does not come to us, whatever the rules say.  The file is in memory only and
 * needs no directory to write to.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/host.h"
#include "base/host_nr.h"
#include "binfmt/binfmt.h"

enum level { OK, NOTE, BAD };
enum { PROBE_BYTES = 64, PROBE_SECONDS = 10 };

static const char *const level_names[] = { "ok", "note", "bad" };
static bool json;
static unsigned n_findings, n_bad;

/* One finding; `mend` NULL if there is nothing to do. */
static void found(enum level l, const char *mend, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void found(enum level l, const char *mend, const char *fmt, ...)
{
	char text[2 * PATH_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	n_bad += l == BAD;
	if (!json) {
		printf("%-5s %s\n", level_names[l], text);
		if (mend)
			printf("      mend: %s\n", mend);
		return;
	}
	printf("%s{\"level\": \"%s\", \"what\": ", n_findings++ ? ",\n " : "[", level_names[l]);
	json_string(text);
	if (mend) {
		printf(", \"mend\": ");
		json_string(mend);
	}
	putchar('}');
}

/* --- the probe --- */

static int probe_file(const struct rule *want)
{
	u8 header[PROBE_BYTES] = { 0 };
	int fd = memfd_create("dragoman-probe", 0);

	memcpy(header, want->magic, want->size);
	if (fd >= 0 && write(fd, header, sizeof header) != sizeof header) {
		close(fd);
		return -1;
	}
	return fd;
}

/*
 * Executes the probe; what came on stderr in buf.  The errno of execve, 0 if it began, -1 if
 * nothing could be tried.
 */
static int run_probe(const struct rule *want, char *buf, size_t size)
{
	char *argv[] = { "probe", NULL }, *none[] = { NULL };
	int fd = probe_file(want), out[2], err[2], result = 0, status;
	size_t n = 0;
	ssize_t k;
	pid_t pid;

	buf[0] = 0;
	if (fd < 0 || pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		alarm(PROBE_SECONDS);
		dup2(out[1], 1);
		dup2(out[1], 2);
		result = -host_syscall5(HOST_NR_execveat, fd, (u64)"", (u64)argv, (u64)none,
					AT_EMPTY_PATH);
		_exit(write(err[1], &result, sizeof result) != sizeof result);
	}
	close(fd);
	close(out[1]);
	close(err[1]);
	if (pid > 0 && read(err[0], &result, sizeof result) != sizeof result)
		result = 0;
	while (pid > 0 && n < size - 1 && (k = read(out[0], buf + n, size - 1 - n)) > 0)
		n += k;
	buf[n] = 0;
	close(out[0]);
	close(err[0]);
	if (pid < 0)
		return -1;
	waitpid(pid, &status, 0);
	return result;
}

static void check_probe(const struct guest_info *g, bool registered)
{
	char said[512], mend[128];
	int err = run_probe(&g->want, said, sizeof said);

	snprintf(mend, sizeof mend, "dragoman-binfmt register -replace %s", g->name);
	said[strcspn(said, "\n")] = 0;
	if (err < 0)
		found(NOTE, NULL, "%s: a program could not be tried (%s)", g->name,
		      strerror(errno));
	else if (err == ENOEXEC && !registered)
		return;
	else if (err == ENOEXEC)
		found(BAD, mend, "%s: the kernel does not know what to do with a program", g->name);
	else if (err)
		found(BAD, mend, "%s: a program does not start: %s", g->name, strerror(err));
	else if (strncmp(said, "dragoman: ", 10))
		found(BAD, mend, "%s: another interpreter gets the programs%s%s%s", g->name,
		      said[0] ? "; it said \"" : "", said, said[0] ? "\"" : "");
	else
		found(OK, NULL, "%s: programs come to dragoman", g->name);
}

/* --- rules --- */

static void check_flags(const struct rule *r, const char *mend)
{
	if (!strchr(r->flags, 'F'))
		found(NOTE, mend, "%s has no flag F: in chroots and containers programs find no %s",
		      r->name, r->interp);
	if (!strchr(r->flags, 'C'))
		found(NOTE, mend, "%s has no flag C: set-user-ID programs lose their privilege",
		      r->name);
	if (!strchr(r->flags, 'O') && !strchr(r->flags, 'C'))
		found(NOTE, mend, "%s has no flag O: programs that cannot be read do not start",
		      r->name);
	if (!strchr(r->flags, 'P'))
		found(NOTE, mend, "%s has no flag P: programs see their path as argv[0]", r->name);
}

/* Is it there?  What else is wrong with it is said, too. */
static bool check_rule(const struct request *q, const struct guest_info *g)
{
	char mend[128], enable[PATH_MAX + 64];
	struct rule r;

	snprintf(mend, sizeof mend, "dragoman-binfmt register %s", g->name);
	if (misc_get(q->fs, g->want.name, &r) < 0) {
		found(BAD, mend, "%s is not registered", g->name);
		return false;
	}
	snprintf(mend, sizeof mend, "dragoman-binfmt register -replace %s", g->name);
	if (!r.enabled) {
		snprintf(enable, sizeof enable, "echo 1 > %s/%s", q->fs, r.name);
		found(BAD, enable, "%s is disabled", r.name);
	}
	if (!rules_same_files(&r, &g->want))
		found(BAD, mend, "%s does not match %s's programs", r.name, g->name);
	if (access(r.interp, X_OK) < 0) {
		/* With F the kernel has it open; programs run, but the next boot will miss it. */
		found(strchr(r.flags, 'F') ? NOTE : BAD, mend, "%s: its runner %s: %s", r.name,
		      r.interp, strerror(errno));
	} else if (strcmp(r.interp, g->want.interp)) {
		found(NOTE, NULL, "%s: its runner is %s, not %s", r.name, r.interp, g->want.interp);
	}
	check_flags(&r, mend);
	return true;
}

/* The kernel asks the rule that was registered last first; which one that is, the probe shows. */
static void check_rivals(const struct request *q, const struct guest_info *g,
			 const struct rule *rules, unsigned n)
{
	char mend[PATH_MAX + 128];

	for (unsigned i = 0; i < n; i++) {
		const struct rule *r = &rules[i];

		if (!r->enabled || !strcmp(r->name, g->want.name) ||
		    !rules_overlap(r, &g->want))
			continue;
		snprintf(mend, sizeof mend, "echo -1 > %s/%.64s", q->fs, r->name);
		found(NOTE, mend, "%s (%s) matches %s's programs, too", r->name, r->interp,
		      g->name);
	}
}

/* --- the kernel --- */

static void check_kernel(const struct request *q)
{
	char enable[PATH_MAX + 64];
	const char *mend, *why = misc_unusable(q->fs, &mend);

	if (kernel_has(6, 7))
		found(OK, NULL, "Linux %s: `dragoman-binfmt run` can do without root",
		      kernel_release());
	else
		found(NOTE, NULL, "Linux %s: only root can register (6.7 is the first where"
		      " a user namespace has rules of its own)", kernel_release());
	if (why)
		found(access(q->fs, F_OK) || strstr(why, "not mounted") || strstr(why, "has no")
			      ? BAD : NOTE, mend, "%s", why);
	if (!misc_enabled(q->fs)) {
		snprintf(enable, sizeof enable, "echo 1 > %s/status", q->fs);
		found(BAD, enable, "binfmt_misc is disabled as a whole");
	}
}

static void tell_broken(const char *path)
{
	found(BAD, NULL, "%s does not run, or is no runner of this version", path);
}

int cmd_doctor(struct request *q)
{
	static struct guest_info g[MAX_GUESTS];
	static struct rule rules[MAX_RULES];
	unsigned n = guests_find(q, g), n_rules = misc_list(q->fs, rules);

	json = q->json;
	check_kernel(q);
	guests_broken(q, tell_broken);
	for (unsigned i = 0; i < n; i++) {
		bool registered;

		if (!q->args[0] && rule_matches_host(&g[i].want))
			continue;
		registered = check_rule(q, &g[i]);
		check_rivals(q, &g[i], rules, n_rules);
		check_probe(&g[i], registered);
	}
	if (json)
		puts("]");
	else if (!n_bad)
		puts("nothing is wrong");
	return n_bad > 0;
}
