/*
 * dragoman-binfmt: what its files share.
 *
 * A *rule* is one entry of the kernel's binfmt_misc: programs whose first bytes match `magic` under
 * `mask` are started by `interp`.  The same structure holds what we want to register and what the
 * kernel says is there, so that the two can be compared.
 */
#ifndef BINFMT_BINFMT_H
#define BINFMT_BINFMT_H

#include <limits.h>

#include "base/types.h"

#define BINFMT_DIR "/proc/sys/fs/binfmt_misc"
#define RUNNER_PREFIX "dragoman-"     /* of runners, and of the names of our rules */

enum {
	RULE_BYTES = 256,  /* BINPRM_BUF_SIZE: what the kernel has of the file to look at */
	RULE_NAME = 64,
	MAX_RULES = 256,
	MAX_GUESTS = 64,
};

struct rule {
	char name[RULE_NAME];
	char interp[PATH_MAX];
	char flags[8];           /* of "POCF", in this order */
	u8 magic[RULE_BYTES], mask[RULE_BYTES];
	unsigned offset, size;   /* size 0: goes by the file's extension, or could not be read */
	bool enabled;
};

struct guest_info {
	char name[RULE_NAME];    /* as in dragoman-NAME */
	char runner[PATH_MAX];   /* where it is now */
	struct rule want;        /* what is to be registered */
};

/* The command line. */
struct request {
	const char *fs;          /* the mounted binfmt_misc */
	const char *dir;         /* where the runners are */
	const char *path;        /* the directory that rules shall name; NULL: `dir` */
	const char *flags;
	bool replace, json, root;
	const char *format;      /* of show: "kernel", "systemd", "debian" */
	char **args;             /* the words after the options, NULL-terminated */
	char **command;          /* after "--"; NULL: none */
};

/* --- main.c --- */

/* "dragoman-binfmt: ..." on stderr, in one line; false, so that it can be returned. */
bool complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The same, and exit(1). */
void refuse(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* --- guests.c --- */

/*
 * The guests whose runners lie in q->dir, sorted by name, at most MAX_GUESTS; those named in
 * q->args (all if there are none).  Exits if one is named that is not there, or if there are none.
 */
unsigned guests_find(const struct request *q, struct guest_info *g);

/* Tells the path of each program in q->dir that has a runner's name and does not answer as one. */
void guests_broken(const struct request *q, void (*tell)(const char *path));

/* Is `word` this guest's name, or the one that container platforms have for it? */
bool guest_is(const struct guest_info *g, const char *word);

/* The platform's name of a guest, "linux/" not included. */
const char *guest_platform(const char *name);

/* The platform of the machine that we run on. */
const char *host_platform(void);

/* Does the rule match programs of this host?  To register such a rule is to lose the machine. */
bool rule_matches_host(const struct rule *r);

/* --- rule.c --- */

/* The line for .../register and for binfmt.d, without newline; false if it cannot be written so. */
bool rule_line(const struct rule *r, char *buf, size_t size);

/* Appends "\x7fELF..." to buf, a string in `size` bytes. */
void rule_escape(const u8 *bytes, unsigned n, char *buf, size_t size);

/* Takes the text of .../NAME apart. */
void rule_parse(struct rule *r, const char *name, char *text);

/* NULL if flags may be given to the kernel; else why not. */
const char *flags_wrong(const char *flags);

/* Is there a file that both would match? */
bool rules_overlap(const struct rule *a, const struct rule *b);

/* Do both match the same files? */
bool rules_same_files(const struct rule *a, const struct rule *b);

/* --- misc.c: the file system; results are 0 or a negative errno --- */

/* Why rules can not be read or written under `fs`, in *why with what mends it; NULL: they can. */
const char *misc_unusable(const char *fs, const char **mend);

/* All rules of the kernel, at most MAX_RULES; their number. */
unsigned misc_list(const char *fs, struct rule *rules);
int misc_get(const char *fs, const char *name, struct rule *r);
int misc_add(const char *fs, const struct rule *r);
int misc_remove(const char *fs, const char *name);
bool misc_enabled(const char *fs);

/* Running kernel at least major.minor? */
bool kernel_has(unsigned major, unsigned minor);
const char *kernel_release(void);

/* --- register.c --- */

/* Registers all n guests, or none; false after a line that says why. */
bool register_guests(const struct request *q, const struct guest_info *g, unsigned n);
int cmd_register(struct request *q);
int cmd_unregister(struct request *q);

/* --- the other commands; the result is the exit status --- */
int cmd_status(struct request *q);
int cmd_show(struct request *q);
int cmd_doctor(struct request *q);
int cmd_run(struct request *q);
int cmd_image(struct request *q);

/* --- status.c --- */

/* A string of JSON, quotes included. */
void json_string(const char *s);

#endif
