/* What the files of this half of the layer (names, descriptors, /proc) ask of each other. */
#ifndef SYSCALL_LOCAL_H
#define SYSCALL_LOCAL_H

#include "syscall/internal.h"

/* O_ flags between the guest's and the host's numbering; all others are equal. */
u32 open_flags_to_host(u32 guest);
u32 open_flags_to_guest(u32 host);
/* To the generic numbering of consts.def, for printing. */
u32 open_flags_to_generic(u32 guest);

/*
 * Virtual files of /proc.  path is the guest's, relative to dirfd. proc_open: a descriptor with the
 * content (flags are the host's), a negative errno, or -PROC_NOT_VIRTUAL. proc_readlink: the length
 * written to buf, or -PROC_NOT_VIRTUAL. proc_exe: the program if path names the symbolic link to
 * that of a guest process (the answer may lie in buf), else NULL.
 */
enum { PROC_NOT_VIRTUAL = 0x7ff0001 };
s64 proc_open(struct vcpu *c, int dirfd, const char *path, u32 flags);
s64 proc_readlink(int dirfd, const char *path, char *buf, size_t size);
const char *proc_exe(int dirfd, const char *path, char *buf, size_t size);

/* The host's form of the struct epoll_event at a guest's address; -EFAULT (poll.c). */
struct host_epoll_event;
s64 epoll_event_in(struct host_epoll_event *h, gaddr from);

/* In a forked child: nobody else looks through rings (uring.c). */
void uring_forked(void);

#endif
