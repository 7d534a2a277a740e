/* Waiting for several things: poll, select, epoll, eventfd, inotify. */
#include "test.h"
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/select.h>

static void polls(void)
{
	struct timespec soon = { 0, 10000000 };
	struct timeval brief = { 0, 10000 };
	struct pollfd set[3];
	fd_set reading, writing;
	int ends[2];

	CALL(pipe(ends));
	set[0] = (struct pollfd){ ends[0], POLLIN, 0 };
	set[1] = (struct pollfd){ ends[1], POLLOUT, 0 };
	set[2] = (struct pollfd){ -1, POLLIN, 7 };
	CALL(poll(set, 3, 0));
	printf("%d %d %d\n", set[0].revents, set[1].revents, set[2].revents);
	CALL(write(ends[1], "x", 1));
	CALL(ppoll(set, 3, &soon, NULL));
	printf("%d %d %d\n", set[0].revents, set[1].revents, set[2].revents);
	CALL(poll(set + 2, 1, 10));
	set[2].fd = 0x7fff;
	CALL(poll(set + 2, 1, 10));
	VALUE(set[2].revents);
	CALL(poll((struct pollfd *)8, 1, 0));
	FD_ZERO(&reading);
	FD_ZERO(&writing);
	FD_SET(ends[0], &reading);
	FD_SET(ends[1], &writing);
	CALL(select(ends[1] + 1, &reading, &writing, NULL, &brief));
	printf("%d %d\n", FD_ISSET(ends[0], &reading) != 0, FD_ISSET(ends[1], &writing) != 0);
	read(ends[0], set, 1);
	FD_ZERO(&writing);
	CALL(select(ends[0] + 1, &reading, NULL, NULL, &brief));
	VALUE(FD_ISSET(ends[0], &reading));
	CALL(pselect(0, NULL, NULL, NULL, &soon, NULL));
	CALL(select(-1, NULL, NULL, NULL, &brief));
	close(ends[1]);
	CALL(poll(set, 1, 0));
	VALUE(set[0].revents);
	FD_SET(ends[1], &reading);
	CALL(select(ends[1] + 1, &reading, NULL, NULL, &brief));
	close(ends[0]);
}

static void *writer(void *argument)
{
	test_sleep_ms(20);
	write(*(int *)argument, "late", 4);
	return NULL;
}

static void epolls(void)
{
	struct epoll_event event = { EPOLLIN | EPOLLET, { .u64 = 0x123456789abcdef0 } }, got[4];
	pthread_t thread;
	int ends[2], other[2], epoll = epoll_create1(EPOLL_CLOEXEC);

	CALL(pipe(ends));
	CALL(pipe(other));
	CALL(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event));
	CALL(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event));
	CALL(epoll_ctl(epoll, EPOLL_CTL_DEL, other[0], &event));
	CALL(epoll_ctl(epoll, EPOLL_CTL_ADD, epoll, &event));
	CALL(epoll_wait(epoll, got, 4, 0));
	write(ends[1], "x", 1);
	CALL(epoll_wait(epoll, got, 4, 100));
	IS(got[0].events == EPOLLIN && got[0].data.u64 == 0x123456789abcdef0);
	CALL(epoll_wait(epoll, got, 4, 0));		/* edge triggered: told once */
	event.events = EPOLLIN;
	event.data.u32 = 2;
	CALL(epoll_ctl(epoll, EPOLL_CTL_ADD, other[0], &event));
	event.events = EPOLLOUT | EPOLLONESHOT;
	event.data.u32 = 3;
	CALL(epoll_ctl(epoll, EPOLL_CTL_ADD, other[1], &event));
	CALL(epoll_wait(epoll, got, 4, 100));
	VALUE(got[0].data.u32);
	CALL(epoll_wait(epoll, got, 4, 0));
	pthread_create(&thread, NULL, writer, &other[1]);
	CALL(epoll_pwait(epoll, got, 4, 5000, NULL));
	VALUE(got[0].data.u32);
	pthread_join(thread, NULL);
	CALL(epoll_wait(epoll, got, 0, 0));
	CALL(epoll_ctl(epoll, EPOLL_CTL_MOD, other[0], &event));
	CALL(epoll_ctl(epoll, EPOLL_CTL_DEL, other[0], NULL));
	CALL(epoll_create(1));
	close(epoll);
	for (int i = 0; i < 2; i++) {
		close(ends[i]);
		close(other[i]);
	}
}

/* More events at once than anybody has a small buffer for; each is told once, and none is changed. */
static void many(void)
{
	enum { N = 700 };
	static struct epoll_event got[N + 1];
	static int told[N], fd[N];
	int epoll = epoll_create1(0), right = 0;
	struct rlimit files = { N + 100, N + 100 };
	long n;

	setrlimit(RLIMIT_NOFILE, &files);
	for (int i = 0; i < N; i++) {
		struct epoll_event event = { EPOLLIN | EPOLLET, { .u64 = i * 0x100000001ull } };

		fd[i] = eventfd(1, 0);
		epoll_ctl(epoll, EPOLL_CTL_ADD, fd[i], &event);
	}
	got[N].events = 77;
	for (int max = 129; (n = CALL(epoll_wait(epoll, got, max, 0))) > 0; max = N)
		for (int i = 0; i < n; i++) {
			uint32_t which = got[i].data.u64;

			right += which < N && got[i].events == EPOLLIN && got[i].data.u64 >> 32 == which &&
				 !told[which]++;
		}
	VALUE(right);
	IS(got[N].events == 77);
	CALL(epoll_wait(epoll, got, INT_MAX, 0));
	CALL(epoll_wait(epoll, got, -1, 0));
	write(fd[0], (uint64_t[]){ 1 }, 8);
	CALL(epoll_wait(epoll, (void *)8, 300, 0));
	for (int i = 0; i < N; i++)
		close(fd[i]);
	close(epoll);
}

static void events(void)
{
	uint64_t value = 5;
	int fd = eventfd(3, EFD_NONBLOCK | EFD_CLOEXEC);

	CALL(write(fd, &value, 8));
	CALL(read(fd, &value, 8));
	VALUE(value);
	CALL(read(fd, &value, 8));
	CALL(write(fd, &value, 4));
	value = -1;
	CALL(write(fd, &value, 8));
	close(fd);
	fd = eventfd(2, EFD_SEMAPHORE);
	CALL(read(fd, &value, 8));
	VALUE(value);
	close(fd);
}

static void notifications(void)
{
	char buffer[4096] __attribute__((aligned(8)));
	struct inotify_event *event;
	int fd = inotify_init1(IN_NONBLOCK), watch, file;
	long got;

	mkdir("watched", 0700);
	watch = inotify_add_watch(fd, "watched", IN_CREATE | IN_DELETE | IN_MODIFY | IN_MOVE);
	VALUE(watch);
	CALL(read(fd, buffer, sizeof(buffer)));
	file = open("watched/file", O_CREAT | O_WRONLY, 0600);
	write(file, "x", 1);
	close(file);
	rename("watched/file", "watched/moved");
	unlink("watched/moved");
	got = read(fd, buffer, sizeof(buffer));
	for (long at = 0; at < got; at += sizeof(*event) + event->len) {
		event = (struct inotify_event *)(buffer + at);
		printf("%d %x %s\n", event->wd, event->mask, event->name);
	}
	CALL(inotify_rm_watch(fd, watch));
	CALL(inotify_rm_watch(fd, 99));
	CALL(inotify_add_watch(fd, "none", IN_CREATE));
	close(fd);
}

int main(void)
{
	test_begin();
	polls();
	epolls();
	many();
	events();
	notifications();
	return 0;
}
