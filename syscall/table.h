/*
 * The rows of syscalls.def as data: what dispatcher and strace look at.
 *
 * An argument is one word: its kind, and in the upper byte what the kind refers to (the argument
 * that holds a length, a structure, a set of constants).
 */
#ifndef SYSCALL_TABLE_H
#define SYSCALL_TABLE_H

#include "base/types.h"

struct vcpu;

enum { NR_SYSCALLS = 463 };

/* The numbers that the generic table leaves to architectures (__NR_arch_specific_syscall). */
enum { NR_ARCH_FIRST = 244, NR_ARCH_SYSCALLS = 16 };

enum call_mode { MODE_NONE, MODE_PASS, MODE_FLAT, MODE_BLOCK, MODE_FN, MODE_NOSYS };

enum arg_kind {
	K_NONE,
	/*
	 * numbers: K_OFF and K_HEX64 have 64 bits, and take two registers of 32 (low half first); K_OFFHIGH is what
	 * preadv has its offset's high half in, and is read with that
	 */
	K_INT, K_UINT, K_LONG, K_ULONG, K_SIZE, K_OFF, K_OFFHIGH, K_HEX, K_HEX64, K_OCT, K_FD, K_DIRFD, K_SIG, K_FLAGS,
	K_ENUM, K_IOCTL,
	/* pointers, from here on: moved by guest_base */
	K_ADDR,    /* of memory that is managed and not accessed: its tag is always ignored */
	K_PTR, K_STR, K_STRV, K_INBUF, K_OUTBUF, K_IOVIN, K_IOVOUT, K_MSGHDR, K_IN, K_OUT, K_SIGSET,
	K_SIGSETOUT,
	K_SOCKADDR, K_SOCKADDROUT, K_FDPAIR, K_POLLFDS,
	/* names, from here on: through the sysroot */
	K_PATH,    /* a last symbolic link is followed */
	K_LPATH,   /* it is not */
	K_NPATH,   /* about to be created */
	K_PATHF,   /* it is, unless AT_SYMLINK_NOFOLLOW is in the given argument */
	K_COUNT,
	K_FIRST_PTR = K_ADDR, K_FIRST_PATH = K_PATH,
};

enum const_set {
#define SET(name) SET_##name,
#define C(set, name, value)
#include "syscall/consts.def"
#undef SET
#undef C
	SET_COUNT
};

enum struct_id {
#define STRUCT(name, ...) STRUCT_##name,
#define PREFIX STRUCT
#include "syscall/structs.def"
#undef STRUCT
#undef PREFIX
	STRUCT_COUNT
};

struct syscall_row {
	const char *name;
	s64 (*fn)(struct vcpu *c, const u64 a[6]);
	const char *partial;    /* NULL: full support; MODE_NOSYS: why not */
	u16 host;               /* the host's number, MODE_PASS, MODE_FLAT and MODE_BLOCK */
	u8 mode;                /* enum call_mode */
	bool paths;             /* an argument is of a path kind */
	bool addrs;             /* an argument is a K_ADDR */
	u16 arg[6];             /* enum arg_kind, and in the upper byte what it refers to */
};

static inline enum arg_kind arg_kind(u16 arg)
{
	return arg & 0xff;
}

static inline unsigned arg_ref(u16 arg)
{
	return arg >> 8;
}

extern const struct syscall_row syscall_table[NR_SYSCALLS];

/* The row of a number, which the guest's own table may have; an empty one (MODE_NONE) for none. */
const struct syscall_row *syscall_find(u32 nr);

/* A request of ioctl(2): what the argument is, and how many bytes it points to (0: varies). */
enum ioctl_arg { IOCTL_NO, IOCTL_INT, IOCTL_GET, IOCTL_SET, IOCTL_BOTH };
enum ioctl_layout { IOCTL_SAME, IOCTL_IFREQ, IOCTL_LONGS };
struct ioctl_row { u32 nr; u16 size; u8 arg, layout; const char *name; };
const struct ioctl_row *ioctl_find(u32 nr);   /* NULL: not in ioctls.def */

#endif
