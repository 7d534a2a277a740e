/*
 * Structures and values of the x86-64 kernel ABI that differ from Linux's generic ones
 * (arch/x86/include/uapi).
 */
#ifndef HOST_ABI_H
#define HOST_ABI_H

#include "base/types.h"

/* asm-generic/fcntl.h, which this host uses unchanged */
enum {
	HOST_O_DIRECT = 040000, HOST_O_LARGEFILE = 0100000, HOST_O_DIRECTORY = 0200000,
	HOST_O_NOFOLLOW = 0400000
};

/* struct stat of asm/stat.h */
struct host_stat {
	u64 st_dev, st_ino, st_nlink;
	u32 st_mode, st_uid, st_gid, pad0;
	u64 st_rdev;
	s64 st_size, st_blksize, st_blocks;
	u64 st_atime, st_atime_nsec, st_mtime, st_mtime_nsec, st_ctime, st_ctime_nsec;
	s64 unused[3];
};

/* struct epoll_event: packed on this host, for its 32-bit programs' sake (linux/eventpoll.h) */
struct host_epoll_event {
	u32 events;
	u64 data;
} __attribute__((packed));

/*
 * struct semid64_ds of asm/sembuf.h: unused words after the times, which the generic one lacks on
 * 64 bits
 */
struct host_semid64_ds {
	u8 sem_perm[48];
	s64 sem_otime, unused1, sem_ctime, unused2;
	u64 sem_nsems, unused3, unused4;
};

#endif
