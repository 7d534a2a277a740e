/*
 * Waiting for descriptors.
 *
 * Two things keep these from passing through: a temporary signal mask, which is the guest's and
 * therefore the signal code's business, and struct epoll_event, which one host packs and the
 * generic ABI does not.
 */
#include "host_abi.h"
#include "syscall/convert.h"
#include "syscall/layout.h"
#include "syscall/local.h"

/* struct epoll_event where nobody packs it */
struct generic_epoll_event {
	u32 events, pad;
	u64 data;
};

enum { SIGSET_SIZE = 8, EVENTS_AT_ONCE = 128 };

/* A pointer argument for the host, null kept null. */
static u64 ptr(u64 a)
{
	return a ? (u64)g2h(a) : 0;
}

/* The call with the guest's mask at address `set` in force, or the current one if it is 0. */
static s64 wait_masked(struct vcpu *c, gaddr set, u64 size, u64 nr, u64 a, u64 b, u64 d, u64 e,
		       u64 f)
{
	u64 mask;

	if (!set)
		return blocking_syscall(c, nr, a, b, d, e, f, 0);
	if (size != SIGSET_SIZE)
		return -EINVAL;
	if (copy_in(&mask, set, sizeof mask) < 0)
		return -EFAULT;
	return blocking_syscall_sigmask(c, mask, nr, a, b, d, e, f, 0);
}

/* The kernel writes the time that is left back to the timeout of these two. */
s64 sys_ppoll(struct vcpu *c, const u64 a[6])
{
	struct host_timespec ts;
	u64 timeout;
	s64 ret;

	if (timespec_in(a[2], &ts, &timeout) < 0)
		return -EFAULT;
	ret = wait_masked(c, a[3], a[4], HOST_NR_ppoll, ptr(a[0]), a[1], timeout, 0, 0);
	timespec_back(a[2], &ts);
	return ret;
}

/*
 * A set of descriptors is an array of longs: the host would touch four bytes more than there are where a long of the
 * guest's has four.
 */
enum { SET_MAX = 8192 / 8 };

static s64 sets_in(const u64 a[6], u64 bytes, u8 set[3][SET_MAX], u64 host[3])
{
	for (unsigned i = 0; i < 3; i++) {
		host[i] = ptr(a[1 + i]);
		if (the_guest.word == 8 || !a[1 + i] || bytes > SET_MAX)
			continue;
		memset(set[i], 0, ALIGN_UP(bytes, 8));
		if (copy_in(set[i], a[1 + i], bytes) < 0)
			return -EFAULT;
		host[i] = (u64)set[i];
	}
	return 0;
}

s64 sys_pselect6(struct vcpu *c, const u64 a[6])
{
	const u64 bytes = ALIGN_UP(MAX((s32)a[0], 0), 8 * (s32)the_guest.word) / 8;
	u8 set[3][SET_MAX] __attribute__((aligned(8)));
	u64 mask[2] = { 0, 0 }, host[3], timeout;
	struct host_timespec ts;
	s64 ret;

	if (a[5] && (!word_in(a[5], 0, &mask[0]) || !word_in(a[5], 1, &mask[1])))
		return -EFAULT;
	if (timespec_in(a[4], &ts, &timeout) < 0 || sets_in(a, bytes, set, host) < 0)
		return -EFAULT;
	ret = wait_masked(c, mask[0], mask[1], HOST_NR_pselect6, a[0], host[0], host[1], host[2], timeout);
	timespec_back(a[4], &ts);
	for (unsigned i = 0; ret >= 0 && i < 3; i++)
		if (host[i] == (u64)set[i] && copy_out(a[1 + i], set[i], bytes) < 0)
			return -EFAULT;
	return ret;
}

s64 sys_io_pgetevents(struct vcpu *c, const u64 a[6])
{
	u64 set[2] = { 0, 0 };

	if (a[5] && copy_in(set, a[5], sizeof set) < 0)
		return -EFAULT;
	return wait_masked(c, set[0], set[1], HOST_NR_io_pgetevents, a[0], a[1], a[2], ptr(a[3]),
			   ptr(a[4]));
}

s64 epoll_event_in(struct host_epoll_event *h, gaddr from)
{
	struct generic_epoll_event g;

	if (copy_in(&g, from, sizeof g) < 0)
		return -EFAULT;
	*h = (struct host_epoll_event){ .events = g.events, .data = g.data };
	return 0;
}

s64 sys_epoll_ctl(struct vcpu *c, const u64 a[6])
{
	struct host_epoll_event h;

	if ((u32)a[1] == EPOLL_CTL_DEL)
		return host_syscall4(HOST_NR_epoll_ctl, a[0], a[1], a[2], 0);
	if (epoll_event_in(&h, a[3]) < 0)
		return -EFAULT;
	return host_syscall4(HOST_NR_epoll_ctl, a[0], a[1], a[2], (u64)&h);
}

/*
 * The host's events lie at dst, and become the guest's there: theirs are no smaller, so that going
 * from the last to the first no event is overwritten before it was read.
 */
static s64 spread_events(gaddr dst, s64 n)
{
	struct host_epoll_event h[EVENTS_AT_ONCE];
	struct generic_epoll_event g[EVENTS_AT_ONCE];

	for (s64 end = n, start; end > 0; end = start) {
		start = MAX(0, end - EVENTS_AT_ONCE);
		if (copy_in(h, dst + start * sizeof h[0], (end - start) * sizeof h[0]) < 0)
			return -EFAULT;
		for (s64 i = 0; i < end - start; i++)
			g[i] = (struct generic_epoll_event){ .events = h[i].events, .data = h[i].data };
		if (copy_out(dst + start * sizeof g[0], g, (end - start) * sizeof g[0]) < 0)
			return -EFAULT;
	}
	return n;
}

/*
 * The kernel writes to the guest's array, however long that is: servers ask for hundreds of events,
 * and a buffer of ours would have to be as long, or they would see fewer than are ready.
 */
static s64 epoll_wait(struct vcpu *c, const u64 a[6], u64 nr, u64 timeout)
{
	const s32 most = INT32_MAX / sizeof(struct generic_epoll_event);  /* fs/eventpoll.c, EP_MAX_EVENTS */
	s64 n;

	_Static_assert(sizeof(struct host_epoll_event) <= sizeof(struct generic_epoll_event),
		       "events that grow in place");
	if ((s32)a[2] > most)
		return -EINVAL;
	n = wait_masked(c, a[4], a[5], nr, a[0], ptr(a[1]), a[2], timeout, 0);
	return n > 0 ? spread_events(a[1], n) : n;
}

s64 sys_epoll_pwait(struct vcpu *c, const u64 a[6])
{
	return epoll_wait(c, a, HOST_NR_epoll_pwait, a[3]);
}

s64 sys_epoll_pwait2(struct vcpu *c, const u64 a[6])
{
	struct host_timespec ts;
	u64 timeout;

	if (timespec_in(a[3], &ts, &timeout) < 0)
		return -EFAULT;
	return epoll_wait(c, a, HOST_NR_epoll_pwait2, timeout);
}
