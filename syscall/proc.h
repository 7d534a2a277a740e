/* What the two files of /proc share: text that is made, and text of the host that is read. */
#ifndef SYSCALL_PROC_H
#define SYSCALL_PROC_H

#include "syscall/local.h"

/* Content on its way to a descriptor. */
struct proc_out {
	int fd;
	size_t n;
	char buf[4096];
};
void proc_put(struct proc_out *o, const void *data, size_t n);
void proc_print(struct proc_out *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Reads a whole small host file; its length, 0 if it cannot be read. */
size_t proc_read_host(const char *path, char *buf, size_t size);

/* --- procmaps.c --- */

/* pid is 0 for this process, else another guest's. */
void proc_put_maps(struct proc_out *o, u64 pid);
void proc_put_smaps(struct proc_out *o, u64 pid);
/* True if a runner of this suite executes pid. */
bool proc_is_guest(u64 pid);
/* The program of another guest process, into buf; NULL if it cannot be learnt. */
const char *proc_exe_of(u64 pid, char *buf, size_t size);

#endif
