/* Structures of structs.def between the guest's layout and the host's. */
#ifndef SYSCALL_LAYOUT_H
#define SYSCALL_LAYOUT_H

#include "syscall/internal.h"
#include "syscall/table.h"

enum member_type {
	MT_END,
	MT_S32,
	MT_U32,
	MT_HEX32,
	MT_OCT32,
	MT_U16,
	MT_OCT16,
	MT_S64,
	MT_U64,
	MT_HEX64,
	MT_NSEC,
	MT_LONG,
	MT_ULONG,
	MT_HEXL,
	MT_PTR,
	MT_RESTORER,
	MT_TIMELO,
	MT_TIMEHI,
	MT_WORD
};
struct member { const char *name; u8 type; };

/* The members of a structure, in order; the last one is MT_END. */
const struct member *struct_members(enum struct_id id);
/* Bytes of a member in the guest's layout, and the first offset at or behind `off` that it may have. */
unsigned member_size(enum member_type t);
u64 member_align(enum member_type t, u64 off);

enum { STRUCT_MAX = 160 };   /* bytes of the largest that is converted, in either layout */

/* The host could not take the guest's structure as it is. */
bool struct_differs(enum struct_id id);
/* The guest's structure at a to or from the host's: 0 or -EFAULT.  STRUCT_MAX bytes at `host` do. */
s64 struct_in(enum struct_id id, gaddr a, void *host);
s64 struct_out(enum struct_id id, gaddr a, const void *host);
/* The same where the guest's bytes are at hand; the number of them. */
size_t struct_to_guest(enum struct_id id, const void *host, void *guest);

/*
 * A timeout at a for the host's kernel: 0 or -EFAULT, and *host its host address, 0 for none; *ts holds a copy where
 * the guest's cannot be used.
 */
struct host_timespec { s64 sec, nsec; };
s64 timespec_in(gaddr a, struct host_timespec *ts, u64 *host);
/* What the kernel has written to it goes back, if anywhere; errors have no one to be told to, as in the kernel. */
void timespec_back(gaddr a, const struct host_timespec *ts);

#endif
