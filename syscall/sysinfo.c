/* What the system says of itself: uname in the guest's words, sizes in units that they have room for. */
#include "syscall/layout.h"
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

/* The host's struct sysinfo. */
struct sysinfo {
	s64 uptime;
	u64 loads[3], totalram, freeram, sharedram, bufferram, totalswap, freeswap;
	u16 procs, pad;
	u64 totalhigh, freehigh;
	u32 mem_unit;
};

/* As the kernel for 32-bit programs: units grow until the numbers fit. */
s64 sys_sysinfo(struct vcpu *c, const u64 a[6])
{
	u8 buf[STRUCT_MAX] __attribute__((aligned(8)));
	struct sysinfo *s = (void *)buf;
	u64 *size[] = { &s->totalram, &s->freeram, &s->sharedram, &s->bufferram, &s->totalswap, &s->freeswap,
			&s->totalhigh, &s->freehigh };
	s64 ret = host_syscall1(HOST_NR_sysinfo, (u64)s);
	unsigned shift = 0;

	if (ret < 0)
		return ret;
	if ((s->totalram | s->totalswap) >> 32)
		while (s->mem_unit << shift < space_page())
			shift++;
	for (unsigned i = 0; i < ARRAY_LEN(size); i++)
		*size[i] >>= shift;
	s->mem_unit <<= shift;
	return struct_out(STRUCT_sysinfo, a[0], s);
}
