/* What the system says of itself: uname in the guest's words. */
#include "syscall/local.h"

/* struct new_utsname */
enum { UTS_LEN = 65 };
struct utsname {
	char sysname[UTS_LEN], nodename[UTS_LEN], release[UTS_LEN], version[UTS_LEN],
		machine[UTS_LEN];
	char domainname[UTS_LEN];
};

static void set(char dst[UTS_LEN], const char *src)
{
	size_t n = MIN(strlen(src), (size_t)UTS_LEN - 1);

	memset(dst, 0, UTS_LEN);
	memcpy(dst, src, n);
}

s64 sys_uname(struct vcpu *c, const u64 a[6])
{
	struct utsname u;
	s64 ret = host_syscall1(HOST_NR_uname, (u64)&u);

	if (ret < 0)
		return ret;
	set(u.machine, c->guest->machine);
	if (the_process.uname_release)
		set(u.release, the_process.uname_release);
	return copy_out(a[0], &u, sizeof u);
}
