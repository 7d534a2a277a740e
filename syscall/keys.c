/*
 * Keyrings: keyctl is some thirty calls in one, and which of its arguments are pointers depends on the first.
 *
 * Nothing else differs, so there is one row per operation that has pointers.  What a kernel newer than the rows
 * knows besides passes as numbers, and fails where addresses differ.
 */
#include "syscall/convert.h"

enum { KEYCTL_INSTANTIATE_IOV = 20, KEYCTL_DH_COMPUTE = 23 };

/* include/uapi/linux/keyctl.h; bit n: argument n is a pointer. */
static const struct { u8 op, pointers; } keyctl_rows[] = {
	{ 1,  1 << 1 },                            /* JOIN_SESSION_KEYRING */
	{ 2,  1 << 2 },                            /* UPDATE */
	{ 6,  1 << 2 },                            /* DESCRIBE */
	{ 10, 1 << 2 | 1 << 3 },                   /* SEARCH */
	{ 11, 1 << 2 },                            /* READ */
	{ 12, 1 << 2 },                            /* INSTANTIATE */
	{ 17, 1 << 2 },                            /* GET_SECURITY */
	{ 23, 1 << 1 | 1 << 2 | 1 << 4 },          /* DH_COMPUTE */
	{ 24, 1 << 3 | 1 << 4 },                   /* PKEY_QUERY */
	{ 25, 1 << 1 | 1 << 2 | 1 << 3 | 1 << 4 }, /* PKEY_ENCRYPT */
	{ 26, 1 << 1 | 1 << 2 | 1 << 3 | 1 << 4 }, /* PKEY_DECRYPT */
	{ 27, 1 << 1 | 1 << 2 | 1 << 3 | 1 << 4 }, /* PKEY_SIGN */
	{ 28, 1 << 1 | 1 << 2 | 1 << 3 | 1 << 4 }, /* PKEY_VERIFY */
	{ 29, 1 << 2 | 1 << 3 },                   /* RESTRICT_KEYRING */
	{ 31, 1 << 1 },                            /* CAPABILITIES */
};

static s64 instantiate_iov(const u64 a[6])
{
	struct host_iovec iov[IOV_MAX];
	s64 n = iov_in(a[2], a[3], iov);

	return n < 0 ? n : host_syscall5(HOST_NR_keyctl, KEYCTL_INSTANTIATE_IOV, a[1], (u64)iov, n, a[4]);
}

/* Its last argument, a structure of pointers, says how to derive a key: NULL in all common use. */
s64 sys_keyctl(struct vcpu *c, const u64 a[6])
{
	u64 h[5];

	memcpy(h, a, sizeof h);
	if (!pointers_differ())
		return host_syscall5(HOST_NR_keyctl, h[0], h[1], h[2], h[3], h[4]);
	if ((u32)a[0] == KEYCTL_INSTANTIATE_IOV && a[2])
		return instantiate_iov(a);
	if ((u32)a[0] == KEYCTL_DH_COMPUTE && a[4])
		return -EOPNOTSUPP;
	for (unsigned r = 0; r < ARRAY_LEN(keyctl_rows); r++)
		for (unsigned i = 1; keyctl_rows[r].op == (u32)a[0] && i < ARRAY_LEN(h); i++)
			if (keyctl_rows[r].pointers >> i & 1 && h[i])
				h[i] = (u64)g2h(guest_untag(&the_guest, h[i]));
	return host_syscall5(HOST_NR_keyctl, h[0], h[1], h[2], h[3], h[4]);
}
