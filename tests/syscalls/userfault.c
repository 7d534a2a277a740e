/* Page faults that the program handles itself. */
#include "test.h"
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>

static void *touch(void *page)
{
	return (void *)(long)*(volatile char *)page;
}

static void faults(void)
{
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | 1 /* UFFD_USER_MODE_ONLY */);
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range;
	struct uffdio_copy copy;
	struct uffd_msg message;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	static char page[4096];
	pthread_t thread;
	void *seen;
	char *at;

	if (fd < 0) {
		printf("userfaultfd: %s\n", strerrorname_np(errno));
		return;
	}
	CALL(ioctl(fd, UFFDIO_API, &api));
	at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	range = (struct uffdio_register){ .range = { (uintptr_t)at, 4096 },
					  .mode = UFFDIO_REGISTER_MODE_MISSING };
	CALL(ioctl(fd, UFFDIO_REGISTER, &range));
	pthread_create(&thread, NULL, touch, at + 5);
	CALL(poll(&p, 1, 5000));
	CALL(read(fd, &message, sizeof(message)));
	VALUE(message.event);
	IS((message.arg.pagefault.address & -4096ul) == (uintptr_t)at);
	page[5] = 77;
	copy = (struct uffdio_copy){ .dst = (uintptr_t)at, .src = (uintptr_t)page, .len = 4096 };
	CALL(ioctl(fd, UFFDIO_COPY, &copy));
	pthread_join(thread, &seen);
	VALUE((long)seen);
	close(fd);
}

int main(void)
{
	test_begin();
	faults();
	return 0;
}
