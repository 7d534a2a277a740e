/*
 * The log: what -d items and -strace print, to stderr or the file of -D.
 *
 * Lines are formatted on the stack and written with one write(2), so threads do not mix them and
 * guest threads may log.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/types.h"

enum log_item {
	LOG_IN_ASM = 1, LOG_OP = 2, LOG_OUT_ASM = 4, LOG_INT = 8, LOG_CPU = 16, LOG_STRACE = 32,
	LOG_UNIMP = 64,
	LOG_NOCHAIN = 128, LOG_STATS = 256
};
extern u32 log_mask;

struct log_name { const char *name; u32 bit; const char *what; };
extern const struct log_name log_names[];   /* ends with NULL */

/*
 * Items separated by commas; false and *bad (the unknown item) on error.  "help" is the caller's.
 */
bool log_parse(const char *items, const char **bad);
/*
 * -D FILE ("%d" becomes the pid); 0 or a negative errno.  `fresh`: what the file held goes away.  The
 * name must stay valid.
 */
int log_open(const char *file, bool fresh);
/* There will be a log: standard error gets a descriptor that the guest does not close. */
void log_keep_stderr(void);
/* In a forked child: a log of its own, if the name has "%d". */
void log_forked(void);
/* At most 4095 bytes, written as given: the caller ends its lines. */
void log_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static inline bool log_on(u32 items)
{
	return UNLIKELY(log_mask & items);
}

#endif
