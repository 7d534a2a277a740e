/*
 * Pointers inside structures: struct iovec and struct msghdr, for guests whose addresses are not
 * the host's.
 *
 * With guest_base 0 and 64-bit words these structures pass as they are and nothing here runs.
 * Otherwise they are rebuilt on the stack with host pointers.  Control messages contain no pointers
 * and pass, but where their header, which has a long, is another.
 */
#include "syscall/convert.h"

bool word_in(gaddr a, u64 i, u64 *v)
{
	*v = 0;
	return copy_in(v, a + i * the_guest.word, the_guest.word) == 0;
}

static u64 host_ptr(gaddr a)
{
	if (the_process.tagged_addr)
		a = guest_untag(&the_guest, a);
	return a ? (u64)g2h(a) : 0;
}

s64 iov_in(gaddr a, u64 n, struct host_iovec *out)
{
	if (n > IOV_MAX)
		return -EINVAL;
	for (unsigned i = 0; i < n; i++) {
		if (!word_in(a, 2 * i, &out[i].base) || !word_in(a, 2 * i + 1, &out[i].len))
			return -EFAULT;
		out[i].base = host_ptr(out[i].base);
	}
	return n;
}

/* struct msghdr in words of the guest: name, namelen, iov, iovlen, control, controllen, flags */
enum {
	MSG_NAME, MSG_NAMELEN, MSG_IOV, MSG_IOVLEN, MSG_CONTROL, MSG_CONTROLLEN, MSG_FLAGS,
	MSG_WORDS
};

/* struct cmsghdr: a length that counts the header, level, type; what it has follows, all aligned as a long. */
struct cmsg { u64 len; s32 level, type; };
enum { CMSG_TAIL = 2 * sizeof(s32) };

/* The control messages of n bytes at a for the host, in `out`; their length there or a negative errno. */
static s64 control_in(gaddr a, u64 n, u8 *out)
{
	const unsigned w = the_guest.word;
	u64 used = 0;

	for (u64 at = 0; n - at >= w + CMSG_TAIL && at < n; ) {
		struct cmsg h = { 0 };
		u64 data, room;

		if (copy_in(&h.len, a + at, w) < 0 || copy_in(&h.level, a + at + w, CMSG_TAIL) < 0)
			return -EFAULT;
		if (h.len < w + CMSG_TAIL || h.len > n - at)
			return -EINVAL;
		data = h.len - w - CMSG_TAIL;
		room = sizeof h + ALIGN_UP(data, 8);
		if (used + room > CONTROL_MAX)
			return -ENOBUFS;
		if (copy_in(out + used + sizeof h, a + at + w + CMSG_TAIL, data) < 0)
			return -EFAULT;
		at += ALIGN_UP(h.len, w);
		h.len = sizeof h + data;
		memcpy(out + used, &h, sizeof h);
		used += room;
	}
	return used;
}

enum { SCM_RIGHTS = 1 };

/* Of a message with `data` bytes only `fits` reach the guest: descriptors that nobody would know of are closed. */
static void drop_rest(const struct cmsg *h, const u8 *body, u64 fits, u64 data)
{
	s32 fd;

	if (h->level != SOL_SOCKET || h->type != SCM_RIGHTS)
		return;
	for (u64 i = fits; i + sizeof fd <= data; i += sizeof fd) {
		memcpy(&fd, body + i, sizeof fd);
		host_syscall1(HOST_NR_close, fd);
	}
}

/* The host's control messages for the guest, which has `room` bytes at a; what did not fit is noted in *flags. */
static s64 control_out(gaddr a, u64 room, const u8 *in, u64 n, u32 *flags)
{
	const unsigned w = the_guest.word, head = w + CMSG_TAIL;
	u64 used = 0;

	for (u64 at = 0; at < n && n - at >= sizeof(struct cmsg); ) {
		struct cmsg h;
		const u8 *body = in + at + sizeof h;
		u64 data, fits, len;

		memcpy(&h, in + at, sizeof h);
		if (h.len < sizeof h || h.len > n - at)
			break;
		data = h.len - sizeof h;
		fits = room - used > head ? MIN(data, room - used - head) : 0;
		if (h.level == SOL_SOCKET && h.type == SCM_RIGHTS)
			fits = ALIGN_DOWN(fits, 4);
		if (fits < data) {
			*flags |= MSG_CTRUNC;
			drop_rest(&h, body, fits, data);
		}
		if (fits || (!data && room - used >= head)) {
			len = head + fits;
			if (copy_out(a + used, &len, w) < 0 || copy_out(a + used + w, &h.level, CMSG_TAIL) < 0 ||
			    copy_out(a + used + head, body, fits) < 0)
				return -EFAULT;
			used += MIN(ALIGN_UP(len, w), room - used);
		}
		at += ALIGN_UP(h.len, 8);
	}
	return used;
}

s64 msghdr_in(gaddr a, bool receive, struct host_msghdr *m, struct host_iovec *iov, u8 control[CONTROL_MAX])
{
	u64 w[MSG_WORDS];
	s64 n, len;

	for (unsigned i = 0; i < MSG_WORDS; i++)
		if (!word_in(a, i, &w[i]) && i != MSG_FLAGS)
			return -EFAULT;
	if (w[MSG_IOVLEN] > IOV_MAX)
		return -EMSGSIZE;
	n = iov_in(w[MSG_IOV], w[MSG_IOVLEN], iov);
	if (n < 0)
		return n;
	*m = (struct host_msghdr){
		.name = host_ptr(w[MSG_NAME]),
		.namelen = w[MSG_NAMELEN],
		.iov = (u64)iov,
		.iovlen = n,
		.control = host_ptr(w[MSG_CONTROL]),
		.controllen = w[MSG_CONTROLLEN],
		.flags = w[MSG_FLAGS],
	};
	if (the_guest.word == 8 || !w[MSG_CONTROL])
		return 0;
	/* The host's messages are longer than the guest's, by less than these are long. */
	len = receive ? (s64)MIN(2 * w[MSG_CONTROLLEN], (u64)CONTROL_MAX)
		      : control_in(w[MSG_CONTROL], w[MSG_CONTROLLEN], control);
	if (len < 0)
		return len;
	m->control = (u64)control;
	m->controllen = len;
	return 0;
}

/* What recvmsg changes. */
s64 msghdr_out(gaddr a, const struct host_msghdr *m)
{
	const unsigned w = the_guest.word;
	u64 control, room, len = m->controllen;
	u32 flags = m->flags;

	if (w != 8 && m->control) {
		s64 r;

		if (!word_in(a, MSG_CONTROL, &control) || !word_in(a, MSG_CONTROLLEN, &room))
			return -EFAULT;
		r = control_out(control, room, (const u8 *)m->control, len, &flags);
		if (r < 0)
			return r;
		len = r;
	}

	if (copy_out(a + MSG_NAMELEN * w, &m->namelen, sizeof m->namelen) < 0 ||
	    copy_out(a + MSG_CONTROLLEN * w, &len, w) < 0 ||
	    copy_out(a + MSG_FLAGS * w, &flags, sizeof flags) < 0)
		return -EFAULT;
	return 0;
}
