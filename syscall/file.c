/*
 * Opening, examining and linking to files: the calls whose flags or structures differ between guest
 * and host, or whose names may be virtual.
 */
#include "base/path.h"
#include "host_abi.h"
#include "syscall/local.h"

/* struct stat of asm-generic/stat.h on 64 bits. */
struct generic_stat {
	u64 st_dev, st_ino;
	u32 st_mode, st_nlink, st_uid, st_gid;
	u64 st_rdev, pad1;
	s64 st_size;
	s32 st_blksize, pad2;
	s64 st_blocks;
	s64 st_atime;
	u64 st_atime_nsec;
	s64 st_mtime;
	u64 st_mtime_nsec;
	s64 st_ctime;
	u64 st_ctime_nsec;
	u32 unused4, unused5;
};

static s64 stat_out(gaddr dst, const struct host_stat *h)
{
	struct generic_stat g = {
		.st_dev = h->st_dev, .st_ino = h->st_ino, .st_mode = h->st_mode, .st_nlink = h->st_nlink,
		.st_uid = h->st_uid, .st_gid = h->st_gid, .st_rdev = h->st_rdev, .st_size = h->st_size,
		.st_blksize = h->st_blksize, .st_blocks = h->st_blocks,
		.st_atime = h->st_atime, .st_atime_nsec = h->st_atime_nsec,
		.st_mtime = h->st_mtime, .st_mtime_nsec = h->st_mtime_nsec,
		.st_ctime = h->st_ctime, .st_ctime_nsec = h->st_ctime_nsec,
	};

	return copy_out(dst, &g, sizeof g);
}

s64 sys_fstat(struct vcpu *c, const u64 a[6])
{
	struct host_stat h;
	s64 ret = host_syscall2(HOST_NR_fstat, a[0], (u64)&h);

	return ret < 0 ? ret : stat_out(a[1], &h);
}

/*
 * Under the sysroot, looking a name up and examining the file share one descriptor; see
 * base/path.c.
 */
static s64 stat_name(int dirfd, const char *guest, struct host_stat *h, u32 flags)
{
	char buf[GUEST_PATH_MAX];
	const bool follow = !(flags & AT_SYMLINK_NOFOLLOW);
	const char *path = guest;
	s64 fd = -ENOENT;

	if (the_process.sysroot && sysroot_join(the_process.sysroot, guest, buf, sizeof buf))
		fd = sysroot_open(buf, O_PATH | O_CLOEXEC | (follow ? 0 : HOST_O_NOFOLLOW));
	else
		path = guest_path(dirfd, guest, follow ? PATH_FOLLOW : PATH_NOFOLLOW, buf,
				  sizeof buf);
	if (fd >= 0) {
		s64 ret = host_syscall4(HOST_NR_newfstatat, fd, (u64)"", (u64)h,
					flags | AT_EMPTY_PATH);

		host_syscall1(HOST_NR_close, fd);
		return ret;
	}
	if (fd != -ENOENT && fd != -ENOTDIR)
		path = guest_path(dirfd, guest, follow ? PATH_FOLLOW : PATH_NOFOLLOW, buf,
				  sizeof buf);
	return host_syscall4(HOST_NR_newfstatat, dirfd, (u64)path, (u64)h, flags);
}

s64 sys_newfstatat(struct vcpu *c, const u64 a[6])
{
	char guest[GUEST_PATH_MAX];
	struct host_stat h;
	s64 ret;

	/* Since 6.11 a null name is allowed with AT_EMPTY_PATH. */
	if (!a[1] && a[3] & AT_EMPTY_PATH) {
		ret = host_syscall4(HOST_NR_newfstatat, a[0], 0, (u64)&h, a[3]);
	} else {
		ret = copy_in_str(guest, a[1], sizeof guest);
		if (ret >= 0)
			ret = stat_name(a[0], guest, &h, a[3]);
	}
	return ret < 0 ? ret : stat_out(a[2], &h);
}

/* struct open_how of linux/openat2.h */
struct open_how {
	u64 flags, mode, resolve;
};
enum { OPEN_HOW_MAX = 256, RESOLVE_NO_SYMLINKS = 4, O_TMPFILE_ONLY = 020000000 };

static s64 open_name(struct vcpu *c, int dirfd, gaddr name, u32 flags, u32 mode)
{
	char guest[GUEST_PATH_MAX], buf[GUEST_PATH_MAX];
	s64 ret = copy_in_str(guest, name, sizeof guest);

	if (ret < 0)
		return ret;
	ret = proc_open(c, dirfd, guest, flags);
	if (ret != -PROC_NOT_VIRTUAL)
		return ret;

	/* Most names under the sysroot are opened, or known to be the host's, by the first call. */
	if (!(flags & (O_CREAT | O_TMPFILE_ONLY)) && the_process.sysroot &&
	    sysroot_join(the_process.sysroot, guest, buf, sizeof buf)) {
		const struct open_how how = { .flags = flags, .resolve = RESOLVE_NO_SYMLINKS };

		ret = blocking_syscall(c, HOST_NR_openat2, AT_FDCWD, (u64)buf, (u64)&how,
				       sizeof how, 0, 0);
		if (ret >= 0 || ret == -ERESTARTSYS)
			return ret;
		if (ret == -ENOENT || ret == -ENOTDIR)
			return blocking_syscall(c, HOST_NR_openat, dirfd, (u64)guest, flags, mode,
						0, 0);
	}

	enum path_use use = flags & HOST_O_NOFOLLOW ? PATH_NOFOLLOW : flags & O_CREAT ? PATH_CREATE : PATH_FOLLOW;
	const char *path = guest_path(dirfd, guest, use, buf, sizeof buf);

	return blocking_syscall(c, HOST_NR_openat, dirfd, (u64)path, flags, mode, 0, 0);
}

s64 sys_openat(struct vcpu *c, const u64 a[6])
{
	return open_name(c, a[0], a[1], open_flags_to_host(a[2]), a[3]);
}

s64 sys_openat2(struct vcpu *c, const u64 a[6])
{
	struct {
		struct open_how how;
		u8 later[OPEN_HOW_MAX - sizeof(struct open_how)];
	} h;
	char guest[GUEST_PATH_MAX], buf[GUEST_PATH_MAX];
	const size_t size = a[3];
	const char *path = guest;
	s64 ret;

	if (size < sizeof h.how)
		return -EINVAL;
	if (size > sizeof h)
		return -E2BIG;
	if (copy_in(&h, a[2], size) < 0)
		return -EFAULT;
	ret = copy_in_str(guest, a[1], sizeof guest);
	if (ret < 0)
		return ret;
	h.how.flags = (h.how.flags & ~0xffffffffull) | open_flags_to_host(h.how.flags);
	/*
	 * With restrictions on resolution the name is meant literally: neither /proc nor the
	 * sysroot apply.
	 */
	if (!h.how.resolve) {
		ret = proc_open(c, a[0], guest, h.how.flags);
		if (ret != -PROC_NOT_VIRTUAL)
			return ret;
		path = guest_path(a[0], guest,
				  h.how.flags & HOST_O_NOFOLLOW ? PATH_NOFOLLOW : PATH_FOLLOW, buf,
				  sizeof buf);
	}
	return blocking_syscall(c, HOST_NR_openat2, a[0], (u64)path, (u64)&h, size, 0, 0);
}

s64 sys_open_by_handle_at(struct vcpu *c, const u64 a[6])
{
	return blocking_syscall(c, HOST_NR_open_by_handle_at, a[0], (u64)g2h(a[1]),
				open_flags_to_host(a[2]), 0, 0, 0);
}

s64 sys_fanotify_init(struct vcpu *c, const u64 a[6])
{
	return host_syscall2(HOST_NR_fanotify_init, a[0], open_flags_to_host(a[1]));
}

s64 sys_readlinkat(struct vcpu *c, const u64 a[6])
{
	char guest[GUEST_PATH_MAX], buf[GUEST_PATH_MAX];
	s64 ret = copy_in_str(guest, a[1], sizeof guest);

	if (ret < 0)
		return ret;
	if ((s32)a[3] <= 0)
		return -EINVAL;
	ret = proc_readlink(a[0], guest, buf, MIN((u32)a[3], sizeof buf));
	if (ret != -PROC_NOT_VIRTUAL)
		return ret < 0 || copy_out(a[2], buf, ret) == 0 ? ret : -EFAULT;

	const char *path = guest_path(a[0], guest, PATH_NOFOLLOW, buf, sizeof buf);

	return host_syscall4(HOST_NR_readlinkat, a[0], (u64)path, (u64)g2h(a[2]), a[3]);
}

/* --- sizes and offsets of 64 bits, where a long has 32 --- */

s64 sys_llseek(struct vcpu *c, const u64 a[6])
{
	s64 ret = host_syscall3(HOST_NR_lseek, a[0], a[1] << 32 | (u32)a[2], a[4]);

	return ret < 0 ? ret : copy_out(a[3], &ret, sizeof ret);
}

/* The host's struct statfs; the guest's struct statfs64 has words of 32 bits around its five numbers. */
struct host_statfs {
	s64 type, bsize;
	u64 blocks, bfree, bavail, files, ffree;
	s32 fsid[2];
	s64 namelen, frsize, flags, spare[4];
};
struct statfs64 {
	u32 type, bsize;
	u64 blocks, bfree, bavail, files, ffree;
	s32 fsid[2];
	u32 namelen, frsize, flags, spare[4];
};

static s64 statfs64_out(gaddr dst, u64 size, const struct host_statfs *h)
{
	const struct statfs64 g = {
		.type = h->type, .bsize = h->bsize, .blocks = h->blocks, .bfree = h->bfree, .bavail = h->bavail,
		.files = h->files, .ffree = h->ffree, .fsid = { h->fsid[0], h->fsid[1] }, .namelen = h->namelen,
		.frsize = h->frsize, .flags = h->flags,
	};

	return size != sizeof g ? -EINVAL : copy_out(dst, &g, sizeof g);
}

s64 sys_statfs64(struct vcpu *c, const u64 a[6])
{
	char buf[GUEST_PATH_MAX];
	struct host_statfs h;
	const char *path;
	s64 ret = guest_path_in(AT_FDCWD, a[0], PATH_FOLLOW, buf, &path);

	if (ret == 0)
		ret = host_syscall2(HOST_NR_statfs, (u64)path, (u64)&h);
	return ret < 0 ? ret : statfs64_out(a[2], a[1], &h);
}

s64 sys_fstatfs64(struct vcpu *c, const u64 a[6])
{
	struct host_statfs h;
	s64 ret = host_syscall2(HOST_NR_fstatfs, a[0], (u64)&h);

	return ret < 0 ? ret : statfs64_out(a[2], a[1], &h);
}
