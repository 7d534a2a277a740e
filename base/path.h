/* Names under the sysroot of -L. */
#ifndef BASE_PATH_H
#define BASE_PATH_H

#include "base/types.h"

/*
 * Looks up an absolute guest path under the sysroot, resolving absolute symbolic links inside it.
 * The path to open (in buf) if it exists there, else `path` itself.  `path` may not lie in buf.
 */
const char *sysroot_path(const char *sysroot, const char *path, char *buf, size_t size);

/* The same without following a symbolic link in the last component (lstat, readlink, unlink). */
const char *sysroot_path_nofollow(const char *sysroot, const char *path, char *buf, size_t size);

/* For a name about to be created: under the sysroot if its directory exists there and not on the host. */
const char *sysroot_path_create(const char *sysroot, const char *path, char *buf, size_t size);

#endif
