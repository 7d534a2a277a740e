/*
 * Pointers inside structures: struct iovec and struct msghdr, for guests whose addresses are not
 * the host's.
 *
 * With guest_base 0 and 64-bit words these structures pass as they are and nothing here runs.
 * Otherwise they are rebuilt on the stack with host pointers.  Control messages contain no pointers
 * and pass.
 */
#include "syscall/convert.h"

/* A word of the guest at index i of the array at a; false if it cannot be read. */
static bool word_in(gaddr a, unsigned i, u64 *v)
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

s64 msghdr_in(gaddr a, struct host_msghdr *m, struct host_iovec *iov)
{
	u64 w[MSG_WORDS];
	s64 n;

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
	return 0;
}

/* What recvmsg changes. */
s64 msghdr_out(gaddr a, const struct host_msghdr *m)
{
	const unsigned w = the_guest.word;

	if (copy_out(a + MSG_NAMELEN * w, &m->namelen, sizeof m->namelen) < 0 ||
	    copy_out(a + MSG_CONTROLLEN * w, &m->controllen, w) < 0 ||
	    copy_out(a + MSG_FLAGS * w, &m->flags, sizeof m->flags) < 0)
		return -EFAULT;
	return 0;
}
