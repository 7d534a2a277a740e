/*
 * What Linux offers by descriptors and numbers of its own: netlink, notification, keys, mounts,
 * barriers.
 */
#include "test.h"
#include <linux/if_link.h>
#include <linux/landlock.h>
#include <linux/membarrier.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>

#ifndef SYS_open_tree
#define SYS_open_tree 428
#endif

/* The loopback interface, by a dump of all links. */
static void netlink(void)
{
	struct { struct nlmsghdr head; struct ifinfomsg info;
	} ask = {
		{ .nlmsg_len = sizeof(ask),
		  .nlmsg_type = RTM_GETLINK,
		  .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		  .nlmsg_seq = 7 },
		{ .ifi_family = AF_UNSPEC },
	};
	struct sockaddr_nl address = { .nl_family = AF_NETLINK };
	static char answer[65536];
	struct ifreq request = { .ifr_name = "lo" };
	int s = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), loopback = 0, done = 0;

	CALL(bind(s, (struct sockaddr *)&address, sizeof(address)));
	CALL(sendto(s, &ask, sizeof(ask), 0, (struct sockaddr *)&address, sizeof(address)));
	while (!done) {
		ssize_t n = recv(s, answer, sizeof(answer), 0);

		if (n <= 0)
			break;
		for (struct nlmsghdr *h = (void *)answer; NLMSG_OK(h, n); h = NLMSG_NEXT(h, n)) {
			if (h->nlmsg_type == NLMSG_DONE)
				done = 1;
			if (h->nlmsg_type != RTM_NEWLINK)
				continue;
			struct ifinfomsg *info = NLMSG_DATA(h);
			int left = IFLA_PAYLOAD(h);

			for (struct rtattr *a = IFLA_RTA(info); RTA_OK(a, left);
			     a = RTA_NEXT(a, left))
				if (a->rta_type == IFLA_IFNAME && strcmp(RTA_DATA(a), "lo") == 0)
					loopback = info->ifi_index;
		}
	}
	VALUE(loopback);
	VALUE(done);
	CALL(ioctl(s, SIOCGIFINDEX, &request));
	IS(request.ifr_ifindex == loopback);
	close(s);
}

static void notification(void)
{
	char buffer[1024], *p;
	int in = inotify_init1(IN_NONBLOCK), watch, fan;
	ssize_t n;

	CALL(mkdir("watched", 0700));
	watch = inotify_add_watch(in, "watched", IN_CREATE | IN_DELETE | IN_MOVE | IN_CLOSE_WRITE);
	close(open("watched/one", O_CREAT | O_WRONLY, 0600));
	CALL(rename("watched/one", "watched/two"));
	CALL(unlink("watched/two"));
	n = read(in, buffer, sizeof(buffer));
	for (p = buffer; p < buffer + n;
	     p += sizeof(struct inotify_event) + ((struct inotify_event *)p)->len) {
		struct inotify_event *e = (void *)p;

		printf("%#x %s\n", e->mask, e->len ? e->name : "");
	}
	CALL(read(in, buffer, sizeof(buffer)));
	CALL(inotify_rm_watch(in, watch));
	CALL(inotify_rm_watch(in, 99));
	close(in);
	fan = WORKS(fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_FID, O_RDONLY));
	if (fan >= 0) {
		CALL(fanotify_mark(fan, FAN_MARK_ADD, FAN_CREATE | FAN_ONDIR, AT_FDCWD, "watched"));
		mkdir("watched/dir", 0700);
		n = read(fan, buffer, sizeof(buffer));
		IS(n > (ssize_t)sizeof(struct fanotify_event_metadata));
		IS(((struct fanotify_event_metadata *)buffer)->mask == (FAN_CREATE | FAN_ONDIR));
		close(fan);
	}
}

static void barriers(void)
{
	IS(syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0) > 0);
	CALL(syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0));
	CALL(syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0));
	CALL(syscall(SYS_membarrier, 1 << 30, 0, 0));
	/* Restartable sequences: there in all their parts, or in none. */
	long query = syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);
	int none = syscall(SYS_rseq, NULL, 0, 0, 0) < 0 && errno == ENOSYS;

	IS(none == !(query & MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ));
	IS(none == !(query & MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ));
	IS(none == (syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ, 0, 0) < 0 &&
		    errno == EINVAL));
	IS(none == (syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ, 0, 0) < 0 &&
		    errno == EINVAL));
	IS(none == (getauxval(27 /* AT_RSEQ_FEATURE_SIZE */) == 0));
}

static void landlock(void)
{
	struct landlock_ruleset_attr attr = { .handled_access_fs = LANDLOCK_ACCESS_FS_WRITE_FILE };
	pid_t child;
	int fd;

	WORKS(syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION));
	fd = WORKS(syscall(SYS_landlock_create_ruleset, &attr, 8, 0));
	if (fd < 0)
		return;
	child = fork();
	if (child == 0) {
		syscall(SYS_prctl, 38 /* PR_SET_NO_NEW_PRIVS */, 1, 0, 0, 0);
		if (syscall(SYS_landlock_restrict_self, fd, 0) < 0)
			_exit(1);
		_exit(open("watched/forbidden", O_WRONLY | O_CREAT, 0600) < 0 && errno == EACCES
			      ? 2
			      : 3);
	}
	test_reap("landlock", child);
}

static void namespaces(void)
{
	pid_t child = fork();

	if (child == 0) {
		char name[64];
		int tree;

		if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWUTS) < 0)
			_exit(errno == EPERM ? 10 : 11);
		if (sethostname("inside", 6) < 0 || gethostname(name, sizeof(name)) < 0 ||
		    strcmp(name, "inside"))
			_exit(12);
		if (mount("none", "watched", "tmpfs", 0, "size=64k") < 0)
			_exit(13);
		if (mkdir("watched/here", 0700) < 0)
			_exit(14);
		tree = syscall(SYS_open_tree, AT_FDCWD, "watched", 1 /* OPEN_TREE_CLONE */);
		if (tree < 0)
			_exit(15);
		_exit(faccessat(tree, "here", F_OK, 0) == 0 ? 0 : 16);
	}
	test_reap("namespaces", child);
	child = syscall(SYS_clone, CLONE_NEWUSER | CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
	if (child == 0)
		_exit(getpid() == 1 ? 0 : 1);
	test_reap("pid namespace", child);
}

static void keys(void)
{
	char text[16] = "";
	long key =
		syscall(SYS_add_key, "user", "dragoman-test", "secret", 6, -1 /* thread keyring */);

	if (key < 0) {
		printf("add_key: %s\n", strerrorname_np(errno));
		return;
	}
	CALL(syscall(SYS_keyctl, 11 /* KEYCTL_READ */, key, text, sizeof(text)));
	puts(text);
	CALL(syscall(SYS_keyctl, 2 /* KEYCTL_UPDATE */, key, "changed", 7));
	CALL(syscall(SYS_keyctl, 11, key, text, sizeof(text)));
	puts(text);
	CALL(syscall(SYS_keyctl, 11, key, NULL, 0));
	IS(syscall(SYS_keyctl, 10 /* KEYCTL_SEARCH */, -1, "user", "dragoman-test", 0) == key);
	CALL(syscall(SYS_keyctl, 10, -1, "user", "dragoman-none", 0));
	memset(text, 0, sizeof(text));
	IS(syscall(SYS_keyctl, 6 /* KEYCTL_DESCRIBE */, key, text, 5) > 20 && !memcmp(text, "user;", 5));
	CALL(syscall(SYS_keyctl, 6, key, (void *)8, 100));
	CALL(syscall(SYS_keyctl, 99, key, 0, 0));
	CALL(syscall(SYS_request_key, "user", "dragoman-none", NULL, 0));
}

/* Where pages are, without moving any: more of them than fit in one piece. */
static void pages(void)
{
	enum { N = 600 };
	char *at = mmap(NULL, N * 4096ul, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	static void *page[N];
	static int status[N];
	int there = 0, absent = 0;
	struct iovec range = { at, 8192 };
	int self;

	for (int i = 0; i < N; i++) {
		page[i] = at + i * 4096ul;
		if (i % 3 == 0)
			at[i * 4096ul] = 1;
	}
	CALL(syscall(SYS_move_pages, 0, (long)N, page, NULL, status, 0));
	for (int i = 0; i < N; i++) {
		there += status[i] >= 0 && i % 3 == 0;
		absent += status[i] < 0 && i % 3;
	}
	VALUE(there);
	VALUE(absent);
	CALL(syscall(SYS_move_pages, 0, 1L, (void *)8, NULL, status, 0));
	self = syscall(SYS_pidfd_open, getpid(), 0);
	CALL(syscall(SYS_process_madvise, self, &range, 1, MADV_COLD, 0));
	range.iov_base = (void *)4096;
	CALL(syscall(SYS_process_madvise, self, &range, 1, MADV_COLD, 0));
	CALL(syscall(SYS_process_madvise, self, (void *)8, 1, MADV_COLD, 0));
	close(self);
	munmap(at, N * 4096ul);
}

static void others(void)
{
	struct iovec here, there;
	static char from[] = "across", to[8];
	uint64_t n = 3;
	int e = eventfd(0, EFD_SEMAPHORE | EFD_NONBLOCK), p;
	char bytes[16];

	write(e, &n, sizeof(n));
	CALL(read(e, &n, sizeof(n)));
	VALUE(n);
	here = (struct iovec){ to, 6 };
	there = (struct iovec){ from, 6 };
	CALL(process_vm_readv(getpid(), &here, 1, &there, 1, 0));
	puts(to);
	struct iovec pieces[3] = { { to, 2 }, { NULL, 0 }, { to + 2, 5 } }, all = { from, 7 };

	strcpy(to, "tworan");
	CALL(process_vm_writev(getpid(), pieces, 3, &all, 1, 0));
	puts(from);
	there.iov_base = (void *)8;
	CALL(process_vm_readv(getpid(), &here, 1, &there, 1, 0));
	here.iov_base = (void *)8;
	CALL(process_vm_readv(getpid(), &here, 1, &all, 1, 0));
	CALL(process_vm_readv(getpid(), &here, 1025, &all, 1, 0));
	CALL(process_vm_readv(getpid(), &here, 1, (void *)8, 1, 0));
	CALL(process_vm_readv(getpid(), &here, 1, &all, 1, 1));
	CALL(getrandom(bytes, sizeof(bytes), GRND_NONBLOCK));
	p = syscall(SYS_pidfd_open, getpid(), 0);
	IS(p >= 0);
	CALL(syscall(SYS_pidfd_send_signal, p, 0, NULL, 0));
	CALL(syscall(SYS_pidfd_getfd, p, 1000, 0));
	CALL(syscall(SYS_close_range, 900, 1000, 0));
	CALL(syscall(SYS_close_range, 2, 1, 0));
	CALL(syscall(SYS_memfd_create, "x", 0x80000000));
	CALL(syscall(SYS_kcmp, getpid(), getpid(), 0 /* KCMP_FILE */, 1, 1));
}

int main(void)
{
	test_begin();
	netlink();
	notification();
	barriers();
	landlock();
	namespaces();
	keys();
	pages();
	others();
	return 0;
}
