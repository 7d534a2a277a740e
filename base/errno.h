/*
 * Error numbers as the kernel returns them, negated.  Not libc's <errno.h>: no file includes both.
 */
#ifndef BASE_ERRNO_H
#define BASE_ERRNO_H

#include "base/types.h"

enum errno_nr {
#define E(name, nr, text) name = nr,
#include "base/errno.def"
#undef E
	EWOULDBLOCK = EAGAIN,
	ENOTSUP = EOPNOTSUPP,
};

/* Results above this one, as unsigned, are negated error numbers. */
#define MAX_ERRNO 4095

static inline bool is_error(s64 ret)
{
	return (u64)ret > (u64)-MAX_ERRNO - 1;
}

#endif
