/* Structures with pointers inside, between guest and host. */
#ifndef SYSCALL_CONVERT_H
#define SYSCALL_CONVERT_H

#include "syscall/internal.h"

enum { IOV_MAX = 1024 };   /* UIO_MAXIOV */

struct host_iovec { u64 base, len; };
struct host_msghdr {
	u64 name;
	u32 namelen, pad;
	u64 iov, iovlen, control, controllen;
	u32 flags, pad2;
};

/* True if these structures need conversion at all. */
static inline bool pointers_differ(void)
{
	return guest_base || the_guest.word != 8 || the_process.tagged_addr;
}

/* Word i of the array of words at a; false if it cannot be read. */
bool word_in(gaddr a, u64 i, u64 *v);
/* n vectors at a; out has IOV_MAX places.  n, -EFAULT or -EINVAL. */
s64 iov_in(gaddr a, u64 n, struct host_iovec *out);
/*
 * A message header and its vectors.  0 or a negative errno.  `control` takes the control messages to send, or
 * those to be received, where their header is another than the host's.
 */
enum { CONTROL_MAX = 16384 };
s64 msghdr_in(gaddr a, bool receive, struct host_msghdr *m, struct host_iovec *iov, u8 control[CONTROL_MAX]);
/* The fields that recvmsg sets, back to the guest.  0 or -EFAULT. */
s64 msghdr_out(gaddr a, const struct host_msghdr *m);

#endif
