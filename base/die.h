/*
 * Errors that are not the guest's to see.
 *
 * die() is for our own bugs and for a host that refuses what we cannot do without: one line on
 * stderr that says what to report, then abort-like termination.  Errors of the user's input use
 * fail() with the shell's exit codes.  Both are async-signal-safe and need no heap.
 */
#ifndef BASE_DIE_H
#define BASE_DIE_H

#include "base/types.h"

enum { EXIT_USAGE = 1, EXIT_NOT_RUNNABLE = 126, EXIT_NOT_FOUND = 127 };

/* Prints "dragoman: internal error: ..." and where to report it; kills the process with SIGABRT. */
void die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* Prints "dragoman: ..." and exits the whole process with `status`. */
void fail(int status, const char *fmt, ...) __attribute__((noreturn, format(printf, 2, 3)));

#define BUG_ON(cond)                                                        \
	do {                                                                \
		if (UNLIKELY(cond))                                         \
			die("%s:%d: %s", __FILE__, __LINE__, #cond);        \
	} while (0)

#endif
