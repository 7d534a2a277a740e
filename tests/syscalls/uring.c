/* io_uring without a library: files, directories, links of operations, waiting. */
#include "test.h"
#include <linux/io_uring.h>
#include <linux/stat.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum { ENTRIES = 128 };
static int ring;
static struct io_uring_params p;
static unsigned *head, *tail, *mask, *array, *cq_head, *cq_tail, *cq_mask;
static struct io_uring_sqe *sqes;
static struct io_uring_cqe *cqes;
static unsigned queued;

static int set_up(unsigned flags)
{
	size_t size;
	char *at;

	memset(&p, 0, sizeof(p));
	p.flags = flags;
	ring = syscall(SYS_io_uring_setup, ENTRIES, &p);
	if (ring < 0)
		return -1;
	size = p.cq_off.cqes + p.cq_entries * sizeof(*cqes);
	at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring,
		  IORING_OFF_SQ_RING);
	sqes = mmap(NULL, p.sq_entries * sizeof(*sqes), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQES);
	if (at == MAP_FAILED || sqes == MAP_FAILED)
		return -1;
	head = (void *)(at + p.sq_off.head);
	tail = (void *)(at + p.sq_off.tail);
	mask = (void *)(at + p.sq_off.ring_mask);
	array = (void *)(at + p.sq_off.array);
	cq_head = (void *)(at + p.cq_off.head);
	cq_tail = (void *)(at + p.cq_off.tail);
	cq_mask = (void *)(at + p.cq_off.ring_mask);
	cqes = (void *)(at + p.cq_off.cqes);
	return 0;
}

static struct io_uring_sqe *add(int op, int fd, const void *addr, unsigned len, uint64_t off)
{
	unsigned i = *tail & *mask;
	struct io_uring_sqe *s = &sqes[i];

	memset(s, 0, sizeof(*s));
	s->opcode = op;
	s->fd = fd;
	s->addr = (uintptr_t)addr;
	s->len = len;
	s->off = off;
	s->user_data = queued++;
	array[i] = i;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	return s;
}

/* Submit what was added and wait for all of it; results in the order of adding. */
static int results[8];

static void run(const char *what)
{
	unsigned n = queued;

	printf("%s: %ld:", what,
	       (long)syscall(SYS_io_uring_enter, ring, n, n, IORING_ENTER_GETEVENTS, NULL, 0));
	while (*cq_head != __atomic_load_n(cq_tail, __ATOMIC_ACQUIRE)) {
		struct io_uring_cqe *c = &cqes[*cq_head & *cq_mask];

		results[c->user_data & 7] = c->res;
		__atomic_store_n(cq_head, *cq_head + 1, __ATOMIC_RELEASE);
	}
	for (unsigned i = 0; i < n; i++)
		if (results[i] < 0)
			printf(" %s", strerrorname_np(-results[i]));
		else
			printf(" %s", what[0] == 'o' ? "opened" : results[i] ? "some" : "0");
	printf("\n");
	queued = 0;
}

static void on_alarm(int number)
{
}

/* What libuv does: changes to an epoll set in one call, many of them. */
static void epolls(void)
{
	struct epoll_event event = { EPOLLIN, { .u64 = 0x123456789abcdef0 } }, got = { 0 };
	int set = epoll_create1(0), ends[2];
	struct epoll_event events[ENTRIES];

	pipe(ends);
	add(IORING_OP_EPOLL_CTL, set, &event, EPOLL_CTL_ADD, ends[0]);
	add(IORING_OP_EPOLL_CTL, set, &event, EPOLL_CTL_ADD, ends[0]);
	run("epoll");
	write(ends[1], "x", 1);
	CALL(epoll_wait(set, &got, 1, 0));
	IS(got.events == EPOLLIN && got.data.u64 == 0x123456789abcdef0);
	for (int i = 0; i < ENTRIES; i++) {
		events[i] = (struct epoll_event){ EPOLLIN, { .u64 = 1000 + i } };
		add(IORING_OP_EPOLL_CTL, set, &events[i], EPOLL_CTL_MOD, ends[0]);
	}
	queued = 0;
	CALL(syscall(SYS_io_uring_enter, ring, ENTRIES, ENTRIES, IORING_ENTER_GETEVENTS, NULL, 0));
	for (int bad = 0;;) {
		if (*cq_head == __atomic_load_n(cq_tail, __ATOMIC_ACQUIRE)) {
			VALUE(bad);
			break;
		}
		bad += cqes[*cq_head & *cq_mask].res != 0;
		__atomic_store_n(cq_head, *cq_head + 1, __ATOMIC_RELEASE);
	}
	CALL(epoll_wait(set, &got, 1, 0));
	VALUE(got.data.u64);
	add(IORING_OP_EPOLL_CTL, set, (void *)8, EPOLL_CTL_MOD, ends[0]);
	run("epoll, no event");
	add(IORING_OP_EPOLL_CTL, set, NULL, EPOLL_CTL_DEL, ends[0]);
	run("epoll, delete");
	CALL(epoll_wait(set, &got, 1, 0));
	close(set);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	static char text[32], big[8];
	struct open_how { uint64_t flags, mode, resolve; } how = { O_RDONLY | O_DIRECTORY };
	struct __kernel_timespec brief = { 0, 1000000 };
	struct statx stx;
	struct io_uring_sqe *s;
	unsigned char probe_bytes[16 + 64 * 8] = { 0 };
	int file, pair[2];

	test_begin();
	if (set_up(0) < 0) {
		printf("io_uring_setup: %s\n", strerrorname_np(errno));
		return 0;
	}
	CALL(syscall(SYS_io_uring_register, ring, IORING_REGISTER_PROBE, probe_bytes, 64));
	IS(probe_bytes[16 + 8 * IORING_OP_OPENAT + 2] & 1);
	add(IORING_OP_NOP, -1, NULL, 0, 0);
	run("nop");
	mkdir("directory", 0700);
	close(open("plain", O_CREAT | O_WRONLY, 0600));
	symlink("plain", "link");
	add(IORING_OP_OPENAT, AT_FDCWD, "directory", 0, 0)->open_flags = O_RDONLY | O_DIRECTORY;
	add(IORING_OP_OPENAT, AT_FDCWD, "plain", 0, 0)->open_flags = O_RDONLY | O_DIRECTORY;
	add(IORING_OP_OPENAT, AT_FDCWD, "link", 0, 0)->open_flags = O_RDONLY | O_NOFOLLOW;
	add(IORING_OP_OPENAT, AT_FDCWD, "made", 0600, 0)->open_flags =
		O_RDWR | O_CREAT | O_EXCL | O_LARGEFILE;
	add(IORING_OP_OPENAT2, AT_FDCWD, "directory", sizeof(how), (uintptr_t)&how);
	s = add(IORING_OP_OPENAT2, AT_FDCWD, "plain", sizeof(how), (uintptr_t)&how);
	run("open");
	/* The operations are as they were. */
	IS(s->off == (uintptr_t)&how && sqes[1].open_flags == (O_RDONLY | O_DIRECTORY));
	IS(fcntl(results[0], F_GETFL) & O_DIRECTORY);
	file = results[3];

	s = add(IORING_OP_WRITE, file, "through the ring", 16, 0);
	s->flags = IOSQE_IO_LINK;
	s = add(IORING_OP_FSYNC, file, NULL, 0, 0);
	s->flags = IOSQE_IO_LINK;
	add(IORING_OP_READ, file, text, 16, 0);
	add(IORING_OP_READ, file, big, -1, 100);
	run("linked");
	puts(text);
	s = add(IORING_OP_STATX, AT_FDCWD, "made", STATX_SIZE, (uintptr_t)&stx);
	add(IORING_OP_MKDIRAT, AT_FDCWD, "new", 0700, 0);
	add(IORING_OP_RENAMEAT, AT_FDCWD, "made", AT_FDCWD, (uintptr_t)"moved");
	run("names");
	VALUE(stx.stx_size);
	CALL(access("moved", F_OK));
	add(IORING_OP_UNLINKAT, AT_FDCWD, "moved", 0, 0);
	add(IORING_OP_UNLINKAT, AT_FDCWD, "moved", 0, 0);
	run("unlink");
	add(IORING_OP_TIMEOUT, -1, &brief, 1, 0);
	run("timeout");
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	add(IORING_OP_RECV, pair[0], text, 5, 0);
	add(IORING_OP_SEND, pair[1], "hello", 5, 0);
	run("sockets");
	printf("%.5s\n", text);
	add(250, -1, NULL, 0, 0);
	run("unknown");

	epolls();

	/* Waiting is interrupted: by one signal of many, since the first may come before the call does. */
	signal(SIGALRM, on_alarm);
	ualarm(20000, 20000);
	sigaction(SIGALRM, &(struct sigaction){ .sa_handler = on_alarm }, NULL);
	CALL(syscall(SYS_io_uring_enter, ring, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0));
	ualarm(0, 0);
	signal(SIGALRM, SIG_DFL);
	alarm(900);
	CALL(syscall(SYS_io_uring_enter, 0, 0, 0, 0, NULL, 0));
	CALL(syscall(SYS_io_uring_enter, 999, 1, 0, 0, NULL, 0));
	close(ring);
	CALL(set_up(IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN));
	add(IORING_OP_NOP, -1, NULL, 0, 0);
	run("nop");
	return 0;
}
