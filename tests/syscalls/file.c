/* Files: opening, reading, writing, positions, vectors, copies inside the kernel, locks. */
#include "test.h"
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

static void opening(void)
{
	int fd, copy;

	CALL(open("missing", O_RDONLY));
	CALL(open("", O_RDONLY));
	CALL(open("a", O_CREAT | O_EXCL | O_RDWR, 0640) >= 0);
	CALL(open("a", O_CREAT | O_EXCL | O_RDWR, 0640));
	CALL(open("a/b", O_RDONLY));
	CALL(open("a", O_RDONLY | O_DIRECTORY));
	CALL(open(".", O_WRONLY));
	CALL(openat(-1, "a", O_RDONLY));
	CALL(openat(AT_FDCWD, (char *)8, O_RDONLY));
	fd = open("a", O_RDWR | O_APPEND | O_CLOEXEC);
	VALUE(fcntl(fd, F_GETFD));
	IS((fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND)) == (O_RDWR | O_APPEND));
	CALL(fcntl(fd, F_SETFL, O_NONBLOCK));
	IS((fcntl(fd, F_GETFL) & (O_APPEND | O_NONBLOCK)) == O_NONBLOCK);
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 100);
	VALUE(copy);
	CALL(dup2(fd, 101));
	CALL(dup3(fd, 102, O_CLOEXEC));
	CALL(dup3(fd, fd, 0));
	CALL(dup(-1));
	CALL(close(copy));
	CALL(close(copy));
	CALL(syscall(SYS_close_range, 101, 102, 0));
	CALL(fcntl(101, F_GETFD));
	CALL(access("a", R_OK));
	CALL(access("none", R_OK));
	CALL(faccessat(AT_FDCWD, "a", W_OK, AT_EACCESS));
	CALL(truncate("a", 10));
	CALL(truncate("a", -1));
	close(fd);
	fd = open(".", O_TMPFILE | O_RDWR, 0600);
	IS(fd >= 0 || errno == EOPNOTSUPP);
	close(fd);
	fd = open("a", O_PATH);
	CALL(read(fd, &copy, 1));
	CALL(close(fd));
}

static void positions(void)
{
	char buffer[64] = { 0 };
	int fd = open("p", O_CREAT | O_RDWR, 0600);

	CALL(write(fd, "hello, world", 12));
	CALL(lseek(fd, 0, SEEK_CUR));
	CALL(lseek(fd, -5, SEEK_END));
	CALL(read(fd, buffer, sizeof(buffer)));
	puts(buffer);
	CALL(read(fd, buffer, sizeof(buffer)));
	CALL(lseek(fd, -100, SEEK_SET));
	CALL(lseek(fd, 0, 77));
	CALL(pread(fd, buffer, 5, 0));
	CALL(pwrite(fd, "HELLO", 5, 0));
	CALL(pwrite(fd, "far", 3, 1 << 20));
	CALL(lseek(fd, 0, SEEK_END));
	CALL(lseek(fd, 100, SEEK_DATA));
	CALL(ftruncate(fd, 7));
	CALL(lseek(fd, 0, SEEK_SET));
	memset(buffer, 0, sizeof(buffer));
	CALL(read(fd, buffer, sizeof(buffer)));
	puts(buffer);
	CALL(fallocate(fd, 0, 0, 5000));
	CALL(lseek(fd, 0, SEEK_END));
	CALL(posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL));
	CALL(fsync(fd));
	CALL(fdatasync(fd));
	CALL(sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE));
	CALL(lseek(fd, 0, SEEK_SET));
	CALL(read(fd, (char *)8, 10));
	CALL(write(fd, (char *)8, 10));
	CALL(write(-1, buffer, 1));
	CALL(lseek(fd, 0x123456789abc, SEEK_SET));
	CALL(close(fd));
	fd = open("p", O_RDONLY);
	CALL(write(fd, "x", 1));
	CALL(ftruncate(fd, 0));
	close(fd);
}

static void vectors(void)
{
	char one[5] = { 0 }, two[9] = { 0 };
	struct iovec out[3] = { { "abc", 3 }, { "", 0 }, { "defghij", 7 } };
	struct iovec in[2] = { { one, 4 }, { two, 8 } };
	int fd = open("v", O_CREAT | O_RDWR, 0600);

	CALL(writev(fd, out, 3));
	CALL(lseek(fd, 0, SEEK_SET));
	CALL(readv(fd, in, 2));
	printf("%s %s\n", one, two);
	CALL(pwritev(fd, out, 3, 3));
	CALL(preadv(fd, in, 2, 1));
	printf("%s %s\n", one, two);
	CALL(preadv2(fd, in, 2, 0, 0));
	CALL(readv(fd, in, -1));
	CALL(readv(fd, in, 2000));
	CALL(readv(fd, in, 0));
	CALL(writev(fd, (struct iovec *)16, 2));
	close(fd);
}

static void copies(void)
{
	char buffer[32] = { 0 };
	int from = open("v", O_RDONLY), to = open("w", O_CREAT | O_RDWR, 0600), ends[2];
	loff_t position = 2, end = 0;
	off_t offset = 1;

	CALL(sendfile(to, from, &offset, 4));
	VALUE(offset);
	CALL(sendfile(to, from, NULL, 3));
	CALL(copy_file_range(from, &position, to, NULL, 5, 0));
	VALUE(position);
	CALL(pread(to, buffer, sizeof(buffer), 0));
	puts(buffer);
	CALL(pipe2(ends, O_CLOEXEC));
	CALL(splice(from, &end, ends[1], NULL, 6, 0));
	VALUE(end);
	CALL(fcntl(ends[0], F_SETPIPE_SZ, 8192));
	memset(buffer, 0, sizeof(buffer));
	CALL(read(ends[0], buffer, sizeof(buffer)));
	puts(buffer);
	CALL(vmsplice(ends[1], &(struct iovec){ "vm", 2 }, 1, 0));
	CALL(read(ends[0], buffer, sizeof(buffer)));
	CALL(fcntl(ends[0], F_SETFL, O_NONBLOCK));
	CALL(read(ends[0], buffer, 1));
	CALL(close(ends[1]));
	CALL(read(ends[0], buffer, 1));
	close(ends[0]);
	CALL(pipe((int *)16));
	close(from);
	close(to);
}

static void locks(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 20 };
	int fd = open("l", O_CREAT | O_RDWR, 0600), other = open("l", O_RDWR);
	pid_t child;

	CALL(flock(fd, LOCK_EX));
	CALL(flock(other, LOCK_EX | LOCK_NB));
	CALL(flock(fd, LOCK_UN));
	CALL(flock(other, LOCK_EX | LOCK_NB));
	CALL(fcntl(fd, F_SETLK, &lock));
	child = fork();
	if (child == 0) {
		CALL(fcntl(other, F_SETLK, &lock));
		lock.l_start = 0;
		lock.l_len = 0;
		CALL(fcntl(other, F_GETLK, &lock));
		VALUE(lock.l_type == F_WRLCK);
		VALUE(lock.l_start);
		VALUE(lock.l_len);
		VALUE(lock.l_pid == getppid());
		_exit(0);
	}
	test_reap("locker", child);
	lock.l_pid = 0;
	CALL(fcntl(other, F_OFD_SETLK, &lock));
	CALL(fcntl(fd, F_GETSIG));
	close(fd);
	close(other);
}

int main(void)
{
	test_begin();
	opening();
	positions();
	vectors();
	copies();
	locks();
	return 0;
}
