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

/*
 * For a name about to be created: under the sysroot if its directory exists there and not on the
 * host.
 */
const char *sysroot_path_create(const char *sysroot, const char *path, char *buf, size_t size);

/*
 * For a caller that can use a descriptor: sysroot and name in one string, false if the sysroot does
 * not apply or the name must be walked.  Then open it with the host's flags: the descriptor;
 * -ENOENT or -ENOTDIR, and the name is the host's; or another negative errno, which says nothing: a
 * symbolic link is on the way, or the host's kernel lacks openat2.
 */
bool sysroot_join(const char *sysroot, const char *path, char *buf, size_t size);
s64 sysroot_open(const char *joined, u32 flags);

#endif
