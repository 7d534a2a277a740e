/* What the user asked for: command line, environment, and how binfmt_misc called us. */
#ifndef RUNNER_OPTIONS_H
#define RUNNER_OPTIONS_H

#include "base/guest.h"
#include "translator/translator.h"

struct options {
	/* The program */
	const char *program;
	int fd;                  /* already open (binfmt_misc's flag O, or -execfd), or -1 */
	bool by_kernel;          /* binfmt_misc started us: execve can have it do so again */
	char **argv;             /* the guest's, argv[0] as it shall see it */
	char **envp;             /* the guest's, after -E and -U */
	bool secure;             /* AT_SECURE: the environment has no say */
	bool as_qemu;            /* called by a qemu name: messages that tools look for bear it */
	/* Options */
	const char *execfn;      /* the name by which a guest executed the program, if not `program`; NULL */
	const char *sysroot, *argv0, *uname_release;
	const struct cpu_model *cpu;
	bool strace, summary;
	u64 stack_size, guest_base, reserved, seed;
	u32 page;
	struct translator_config translator;
	char **repeat;           /* the options that a re-execution repeats, NULL-terminated */
};

/* Fills *o; prints and exits for -h, -version, lists, and for all mistakes. */
void options_parse(struct options *o, int argc, char **argv, char **envp);

#endif
