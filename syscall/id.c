/*
 * Limits.
 *
 * The runner lives in the process whose limits the guest sets.  A limit on address space or data
 * that fits the guest would starve the translator, so those two are remembered and reported, and
 * not given to the host.
 */
#include "syscall/local.h"

/* struct rlimit64 */
struct limit {
	u64 cur, max;
};

static struct { bool set; struct limit l; } kept_as, kept_data;

static s64 host_prlimit(s32 pid, u32 which, const struct limit *new, struct limit *old)
{
	return host_syscall4(HOST_NR_prlimit64, pid, which, (u64)new, (u64)old);
}

static s64 kept_limit(__typeof__(kept_as) *k, u32 which, const struct limit *new, struct limit *old)
{
	struct limit now;
	s64 ret = host_prlimit(0, which, NULL, &now);

	if (ret < 0)
		return ret;
	if (k->set)
		now = k->l;
	if (old)
		*old = now;
	if (!new)
		return 0;
	if (new->cur > new->max)
		return -EINVAL;
	if (new->max > now.max && host_syscall0(HOST_NR_geteuid) != 0)
		return -EPERM;
	k->l = *new;
	k->set = true;
	return 0;
}

static s64 limit(s32 pid, u32 which, gaddr new, gaddr old)
{
	struct limit n, o;
	s64 ret;

	if (new && copy_in(&n, new, sizeof n) < 0)
		return -EFAULT;

	bool ours = !pid || pid == host_syscall0(HOST_NR_getpid);

	if (ours && which == RLIMIT_AS)
		ret = kept_limit(&kept_as, which, new ? &n : NULL, &o);
	else if (ours && which == RLIMIT_DATA)
		ret = kept_limit(&kept_data, which, new ? &n : NULL, &o);
	else
		ret = host_prlimit(pid, which, new ? &n : NULL, &o);
	if (ret < 0)
		return ret;
	return old ? copy_out(old, &o, sizeof o) : 0;
}

s64 sys_prlimit64(struct vcpu *c, const u64 a[6])
{
	return limit(a[0], a[1], a[2], a[3]);
}

s64 sys_getrlimit(struct vcpu *c, const u64 a[6])
{
	return a[1] ? limit(0, a[0], 0, a[1]) : -EFAULT;
}

s64 sys_setrlimit(struct vcpu *c, const u64 a[6])
{
	return a[1] ? limit(0, a[0], a[1], 0) : -EFAULT;
}
