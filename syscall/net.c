/*
 * Several messages in one call.  They pass to the host where the guest's pointers are the host's;
 * elsewhere the messages are sent and received one by one, which the calls allow: they may do fewer
 * than asked for.
 */
#include "syscall/convert.h"
#include "syscall/layout.h"

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
	u8 control[CONTROL_MAX] __attribute__((aligned(8)));
	struct host_msghdr m;
	u32 done;

	for (done = 0; done < (u32)a[2]; done++) {
		const gaddr at = a[1] + done * size;
		/* Only the first may wait. */
		const u32 flags = ((u32)a[3] & ~(u32)MSG_WAITFORONE) | (done ? MSG_DONTWAIT : 0);
		s64 ret = msghdr_in(at, receive, &m, iov, control);

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

/* --- options, where a long has 32 bits --- */

/* include/uapi/asm-generic/socket.h, linux/in.h; what holds longs or pointers */
enum { SO_RCVTIMEO_OLD = 20, SO_SNDTIMEO_OLD, SO_ATTACH_FILTER = 26, SO_ATTACH_REUSEPORT_CBPF = 51 };
enum { MCAST_JOIN_GROUP = 42, MCAST_MSFILTER = 48, LEVEL_IP = 0, LEVEL_IPV6 = 41 };

static bool is_timeout(const u64 a[6])
{
	return (s32)a[1] == SOL_SOCKET && ((u32)a[2] == SO_RCVTIMEO_OLD || (u32)a[2] == SO_SNDTIMEO_OLD);
}

static bool not_converted(const u64 a[6])
{
	if ((s32)a[1] == SOL_SOCKET)
		return (u32)a[2] == SO_ATTACH_FILTER || (u32)a[2] == SO_ATTACH_REUSEPORT_CBPF;
	return (a[1] == LEVEL_IP || a[1] == LEVEL_IPV6) && a[2] >= MCAST_JOIN_GROUP && a[2] <= MCAST_MSFILTER;
}

s64 sys_setsockopt(struct vcpu *c, const u64 a[6])
{
	u8 time[STRUCT_MAX];

	if (not_converted(a))
		return -ENOPROTOOPT;
	if (!is_timeout(a))
		return host_syscall5(HOST_NR_setsockopt, a[0], a[1], a[2], host_ptr(a[3]), a[4]);
	if ((s32)a[4] < (s32)(2 * the_guest.word))
		return -EINVAL;
	if (struct_in(STRUCT_timeval, a[3], time) < 0)
		return -EFAULT;
	return host_syscall5(HOST_NR_setsockopt, a[0], a[1], a[2], (u64)time, 16);
}

s64 sys_getsockopt(struct vcpu *c, const u64 a[6])
{
	u8 time[STRUCT_MAX], guest[STRUCT_MAX];
	u32 len, host_len = 16;
	s64 ret;

	if (not_converted(a))
		return -ENOPROTOOPT;
	if (!is_timeout(a))
		return host_syscall5(HOST_NR_getsockopt, a[0], a[1], a[2], host_ptr(a[3]), host_ptr(a[4]));
	if (copy_in(&len, a[4], sizeof len) < 0)
		return -EFAULT;
	ret = host_syscall5(HOST_NR_getsockopt, a[0], a[1], a[2], (u64)time, (u64)&host_len);
	if (ret < 0)
		return ret;
	len = MIN(len, (u32)struct_to_guest(STRUCT_timeval, time, guest));
	return copy_out(a[3], guest, len) < 0 || copy_out(a[4], &len, sizeof len) < 0 ? -EFAULT : 0;
}
