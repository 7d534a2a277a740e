/*
 * Several messages in one call.  They pass to the host where the guest's pointers are the host's;
 * elsewhere the messages are sent and received one by one, which the calls allow: they may do fewer
 * than asked for.
 */
#include "syscall/convert.h"

static u64 host_ptr(gaddr a)
{
	return a ? (u64)g2h(a) : 0;
}

/*
 * struct mmsghdr: a struct msghdr of 7 words, and the length; its size is a multiple of the word's.
 */
static s64 one_by_one(struct vcpu *c, const u64 a[6], u64 nr, bool receive)
{
	const unsigned w = the_guest.word, len_off = 7 * w, size = 8 * w;
	struct host_iovec iov[IOV_MAX];
	struct host_msghdr m;
	u32 done;

	for (done = 0; done < (u32)a[2]; done++) {
		const gaddr at = a[1] + done * size;
		/* Only the first may wait. */
		const u32 flags = ((u32)a[3] & ~(u32)MSG_WAITFORONE) | (done ? MSG_DONTWAIT : 0);
		s64 ret = msghdr_in(at, &m, iov);

		if (ret == 0)
			ret = blocking_syscall(c, nr, a[0], (u64)&m, flags, 0, 0, 0);
		if (ret >= 0 && receive && msghdr_out(at, &m) < 0)
			ret = -EFAULT;
		if (ret < 0)
			return done ? done : ret;

		u32 len = ret;

		if (copy_out(at + len_off, &len, sizeof len) < 0)
			return -EFAULT;
	}
	return done;
}

s64 sys_sendmmsg(struct vcpu *c, const u64 a[6])
{
	if (pointers_differ())
		return one_by_one(c, a, HOST_NR_sendmsg, false);
	return blocking_syscall(c, HOST_NR_sendmmsg, a[0], a[1], a[2], a[3], 0, 0);
}

s64 sys_recvmmsg(struct vcpu *c, const u64 a[6])
{
	if (pointers_differ())
		return one_by_one(c, a, HOST_NR_recvmsg, true);
	return blocking_syscall(c, HOST_NR_recvmmsg, a[0], a[1], a[2], a[3], host_ptr(a[4]), 0);
}
