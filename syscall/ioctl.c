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

s64 sys_ioctl(struct vcpu *c, const u64 a[6])
{
	const struct ioctl_row *r = ioctl_find(a[1]);
	bool number = r && r->arg == IOCTL_INT;

	/*
	 * What is not in the table goes to the kernel, which knows it or answers ENOTTY: numbers
	 * and layouts of the generic ABI are the host's.  Not so where pointers differ and nobody
	 * knows if the argument is one.
	 */
	if (!r && guest_base)
		return -ENOTTY;
	return blocking_syscall(c, HOST_NR_ioctl, a[0], (u32)a[1],
				number || !a[2] ? a[2] : (u64)g2h(a[2]), 0, 0, 0);
}

static const struct ioctl_row rows[] = {
#define I(name, nr, arg, size) { nr, size, IOCTL_##arg, #name },
#include "syscall/ioctls.def"
#undef I
};

const struct ioctl_row *ioctl_find(u32 nr)
{
	for (unsigned i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].nr == nr)
			return &rows[i];
	return NULL;
}
