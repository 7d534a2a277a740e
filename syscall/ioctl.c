/*
 * ioctl.
 *
 * Request numbers are the generic ones on guest and host, and for 64-bit little-endian guests so
 * are the structures behind the requests.  So every request passes with its pointer moved;
 * ioctls.def states those that have been looked at, with what they point to, and gives -strace
 * their names.
 */
#include "syscall/local.h"
#include "syscall/table.h"

enum { IFREQ_SIZE = 40, IFREQ_SIZE32 = 32 };

/* With a struct ifreq that is shorter than the host's. */
static s64 with_ifreq(struct vcpu *c, const u64 a[6])
{
	u8 ifreq[IFREQ_SIZE] = { 0 };
	s64 ret;

	if (copy_in(ifreq, a[2], IFREQ_SIZE32) < 0)
		return -EFAULT;
	ret = blocking_syscall(c, HOST_NR_ioctl, a[0], (u32)a[1], (u64)ifreq, 0, 0, 0);
	return ret < 0 || copy_out(a[2], ifreq, IFREQ_SIZE32) == 0 ? ret : -EFAULT;
}

s64 sys_ioctl(struct vcpu *c, const u64 a[6])
{
	const struct ioctl_row *r = ioctl_find(a[1]);
	bool number = r && r->arg == IOCTL_INT;

	/*
	 * What is not in the table goes to the kernel, which knows it or answers ENOTTY: numbers
	 * and layouts of the generic ABI are the host's.  Not so where pointers or longs differ and
	 * nobody knows if the argument is one, or has some.
	 */
	if (!r && (guest_base || the_guest.word != 8))
		return -ENOTTY;
	if (r && r->layout && the_guest.word != 8)
		return r->layout == IOCTL_IFREQ ? with_ifreq(c, a) : -ENOTTY;
	return blocking_syscall(c, HOST_NR_ioctl, a[0], (u32)a[1],
				number || !a[2] ? a[2] : (u64)g2h(a[2]), 0, 0, 0);
}

static const struct ioctl_row rows[] = {
#define I(name, nr, arg, size) { nr, size, IOCTL_##arg, IOCTL_SAME, #name },
#define R(name, nr, arg, size) { nr, size, IOCTL_##arg, IOCTL_IFREQ, #name },
#define L(name, nr, arg, size) { nr, size, IOCTL_##arg, IOCTL_LONGS, #name },
#include "syscall/ioctls.def"
#undef I
#undef R
#undef L
};

const struct ioctl_row *ioctl_find(u32 nr)
{
	for (unsigned i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].nr == nr)
			return &rows[i];
	return NULL;
}
