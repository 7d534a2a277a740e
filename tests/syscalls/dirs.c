/* Directories, links, attributes of files. */
#include "test.h"
#include <dirent.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void listing(void)
{
	char *names[600], buffer[512];
	struct dirent64 *entry;
	DIR *dir;
	int count = 0, fd;
	long position = 0, bytes;
	unsigned sum = 0;

	CALL(mkdir("many", 0755));
	CALL(mkdir("many", 0755));
	for (int i = 0; i < 500; i++) {
		snprintf(buffer, sizeof(buffer), "many/file-%03d", i);
		close(open(buffer, O_CREAT | O_WRONLY, 0600));
	}
	dir = opendir("many");
	while ((entry = readdir64(dir)))
		if (entry->d_name[0] != '.')
			names[count++] = strdup(entry->d_name);
	VALUE(count);
	qsort(names, count, sizeof(names[0]), by_name);
	printf("%s %s\n", names[0], names[499]);
	rewinddir(dir);
	for (int i = 0; i < 250; i++)
		readdir64(dir);
	position = telldir(dir);
	entry = readdir64(dir);
	snprintf(buffer, sizeof(buffer), "%s", entry->d_name);
	for (int i = 0; i < 100; i++)
		readdir64(dir);
	seekdir(dir, position);
	/* A position may have 64 bits, and is a long here. */
	IS(sizeof(long) < 8 || strcmp(readdir64(dir)->d_name, buffer) == 0);
	closedir(dir);

	/* A small buffer: many calls, nothing lost or doubled. */
	fd = open("many", O_RDONLY | O_DIRECTORY);
	CALL(syscall(SYS_getdents64, fd, buffer, 1));
	while ((bytes = syscall(SYS_getdents64, fd, buffer, sizeof(buffer))) > 0)
		for (long at = 0; at < bytes; at += entry->d_reclen) {
			entry = (struct dirent64 *)(buffer + at);
			sum += entry->d_name[0] == 'f' ? atoi(entry->d_name + 5) : 0;
		}
	VALUE(sum);
	close(fd);
	CALL(syscall(SYS_getdents64, 0x7fff, buffer, sizeof(buffer)));
	CALL(rmdir("many"));
	CALL(chdir("many"));
	CALL(unlinkat(AT_FDCWD, "file-000", 0));
	CALL(chdir(".."));
	CALL(chdir("none"));
	getcwd(buffer, sizeof(buffer));
	IS(strcmp(buffer, test_directory) == 0);
	CALL(syscall(SYS_getcwd, buffer, 3));
	fd = open("many", O_RDONLY);
	CALL(fchdir(fd));
	CALL(chdir(".."));
	close(fd);
}

static void links(void)
{
	char buffer[64] = { 0 };
	struct stat st;

	close(open("f", O_CREAT | O_WRONLY, 0644));
	CALL(link("f", "g"));
	CALL(symlink("f", "s"));
	CALL(symlink("f", "s"));
	CALL(symlink("loop", "loop"));
	CALL(open("loop", O_RDONLY));
	CALL(open("s", O_RDONLY | O_NOFOLLOW));
	CALL(readlink("s", buffer, sizeof(buffer)));
	puts(buffer);
	CALL(readlink("f", buffer, sizeof(buffer)));
	CALL(syscall(SYS_readlinkat, AT_FDCWD, "s", buffer, 0));
	CALL(symlinkat("target", AT_FDCWD, "t"));
	CALL(readlinkat(AT_FDCWD, "t", buffer, 3));
	CALL(linkat(AT_FDCWD, "s", AT_FDCWD, "h", AT_SYMLINK_FOLLOW));
	stat("f", &st);
	VALUE(st.st_nlink);
	CALL(rename("g", "i"));
	CALL(rename("none", "i"));
	CALL(syscall(SYS_renameat2, AT_FDCWD, "i", AT_FDCWD, "f", 1 /* NOREPLACE */));
	CALL(syscall(SYS_renameat2, AT_FDCWD, "i", AT_FDCWD, "s", 2 /* EXCHANGE */));
	CALL(lstat("i", &st));
	IS(S_ISLNK(st.st_mode));
	CALL(unlink("i"));
	CALL(unlink("i"));
	CALL(mkdirat(AT_FDCWD, "d", 0700));
	CALL(unlink("d") < 0);
	CALL(rename("f", "d"));
	CALL(unlinkat(AT_FDCWD, "d", AT_REMOVEDIR));
	CALL(mkfifo("fifo", 0600));
	CALL(stat("fifo", &st));
	IS(S_ISFIFO(st.st_mode));
	CALL(open("fifo", O_WRONLY | O_NONBLOCK));
}

static void attributes(void)
{
	struct timespec times[2] = { { 1000000000, 123456789 }, { 1234567890, 987654321 } };
	struct statx sx;
	struct stat st;
	struct statfs fs;
	struct statvfs vfs;
	int fd = open("attr", O_CREAT | O_RDWR, 0666);

	CALL(write(fd, "12345", 5));
	CALL(fstat(fd, &st));
	printf("%o %ld\n", st.st_mode, (long)st.st_size);
	VALUE(st.st_nlink);
	IS(st.st_uid == getuid() && st.st_blksize > 0);
	CALL(fchmod(fd, 0751));
	CALL(chmod("none", 0751));
	CALL(fchmodat(AT_FDCWD, "attr", 04711, 0));
	CALL(futimens(fd, times));
	CALL(stat("attr", &st));
	printf("%o %lld.%09ld %lld.%09ld\n", st.st_mode, (long long)st.st_atim.tv_sec, st.st_atim.tv_nsec,
		(long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	times[0].tv_nsec = UTIME_OMIT;
	times[1].tv_sec = -5;
	CALL(utimensat(AT_FDCWD, "attr", times, 0));
	CALL(statx(AT_FDCWD, "attr", 0, STATX_BASIC_STATS, &sx));
	printf("%o %llu %lld %lld\n", sx.stx_mode, sx.stx_size, (long long)sx.stx_atime.tv_sec,
		(long long)sx.stx_mtime.tv_sec);
	IS(sx.stx_ino == st.st_ino && makedev(sx.stx_dev_major, sx.stx_dev_minor) == st.st_dev);
	CALL(statx(fd, "", AT_EMPTY_PATH, STATX_SIZE, &sx));
	CALL(statx(fd, "", 0, STATX_SIZE, &sx));
	CALL(fstatat(AT_FDCWD, "none", &st, 0));
	CALL(stat("/dev/null", &st));
	printf("%o %u:%u\n", st.st_mode & S_IFMT, major(st.st_rdev), minor(st.st_rdev));
	CALL(statfs("/proc", &fs));
	VALUE(fs.f_type);
	VALUE(fs.f_namelen);
	CALL(statvfs(".", &vfs));
	IS(vfs.f_bsize > 0 && vfs.f_namemax == 255);
	CALL(chown("attr", -1, -1));
	CALL(fchownat(AT_FDCWD, "attr", getuid(), getgid(), AT_SYMLINK_NOFOLLOW));
	CALL(mknod("node", S_IFREG | 0600, 0));
	VALUE(umask(077));
	VALUE(umask(022));
	close(fd);
}

static void extended(void)
{
	char buffer[64] = { 0 };
	long got;

	/* tmpfs before Linux 6.6 has no user attributes: then all of this says so. */
	close(open("x", O_CREAT | O_WRONLY, 0600));
	if (setxattr("x", "user.test", "value", 5, 0) < 0) {
		IS(errno == EOPNOTSUPP);
		return;
	}
	CALL(setxattr("x", "user.test", "value", 5, XATTR_CREATE));
	CALL(getxattr("x", "user.test", buffer, sizeof(buffer)));
	puts(buffer);
	CALL(getxattr("x", "user.test", buffer, 2));
	CALL(getxattr("x", "user.none", buffer, 2));
	got = listxattr("x", buffer, sizeof(buffer));
	IS(got >= 10 && memmem(buffer, got, "user.test", 10));
	CALL(removexattr("x", "user.test"));
	CALL(lgetxattr("x", "user.test", buffer, sizeof(buffer)));
}

int main(void)
{
	test_begin();
	listing();
	links();
	attributes();
	extended();
	return 0;
}
