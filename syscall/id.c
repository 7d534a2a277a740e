/*
 * Limits.
 *
 * The runner lives in the process whose limits the guest sets and inherits.  A limit on address
 * space or data that fits the guest would starve the translator, and a small one on the stack the
 * runner's own.  So these three are kept here: the guest's mappings are counted against them
 * (base/space.h), and the host's soft limits are as high as the hard ones allow.  Before another
 * program is executed the host gets what the guest has set, so that a native program finds it, and
 * the next runner does the same again.
 *
 * The child of a vfork shares our memory but not its parent's limits: what it sets goes to the host
 * at once.
 */
#include "syscall/task.h"

enum { RUNNER_STACK = 1 << 20, RAISED_STACK = 8 << 20 };
#define NO_LIMIT (~0ull)

/* struct rlimit64 */
struct limit {
	u64 cur, max;
};

static struct kept {
	u32 which;
	struct limit guest, host;
} kept[] = { { .which = RLIMIT_AS }, { .which = RLIMIT_DATA }, { .which = RLIMIT_STACK } };
enum { AS, DATA, STACK };

static s64 host_prlimit(s32 pid, u32 which, const struct limit *new, struct limit *old)
{
	return host_syscall4(HOST_NR_prlimit64, pid, which, (u64)new, (u64)old);
}

static struct kept *find(u32 which)
{
	for (unsigned i = 0; i < ARRAY_LEN(kept); i++)
		if (kept[i].which == which)
			return &kept[i];
	return NULL;
}

/* What the host's soft limit is while the guest's is `cur`. */
static u64 raised(const struct kept *k, u64 cur)
{
	if (k->which != RLIMIT_STACK)
		return k->host.max;
	return cur < RUNNER_STACK ? MIN(k->host.max, (u64)RAISED_STACK) : MIN(cur, k->host.max);
}

static void raise_host(struct kept *k)
{
	struct limit l = { raised(k, k->guest.cur), k->host.max };

	if (l.cur != k->host.cur && host_prlimit(0, k->which, &l, NULL) == 0)
		k->host = l;
}

u64 limits_init(u64 *room)
{
	for (unsigned i = 0; i < ARRAY_LEN(kept); i++) {
		struct kept *k = &kept[i];

		k->host = (struct limit){ NO_LIMIT, NO_LIMIT };
		host_prlimit(0, k->which, NULL, &k->host);
		k->guest = k->host;
		raise_host(k);
	}
	space_set_limits(kept[AS].guest.cur, kept[DATA].guest.cur);
	*room = MIN(kept[AS].host.cur, kept[DATA].host.cur);
	return kept[STACK].guest.cur;
}

void limits_exec(struct task *t, bool prepare)
{
	for (unsigned i = 0; i < ARRAY_LEN(kept); i++) {
		struct kept *k = &kept[i];
		struct limit l = k->guest;

		if (t->own_limits >> i & 1)
			continue;
		l.max = MIN(l.max, k->host.max);
		if (prepare && (l.cur != k->host.cur || l.max != k->host.max)) {
			host_prlimit(0, k->which, &l, NULL);
			if (!t->vfork_child)
				k->host = l;
		} else if (!prepare) {
			raise_host(k);
		}
	}
}

static s64 kept_limit(struct task *t, struct kept *k, const struct limit *new, struct limit *old)
{
	*old = k->guest;
	if (!new)
		return 0;
	if (new->cur > new->max)
		return -EINVAL;
	if (new->max > k->guest.max && host_syscall0(HOST_NR_geteuid) != 0)
		return -EPERM;
	if (t->vfork_child) {
		t->own_limits |= 1u << (k - kept);
		return host_prlimit(0, k->which, new, NULL);
	}
	k->guest = *new;
	if (k->which == RLIMIT_STACK) {
		raise_host(k);
		space_stack_limit(new->cur);
	} else {
		space_set_limits(kept[AS].guest.cur, kept[DATA].guest.cur);
	}
	return 0;
}

static s64 limit(struct vcpu *c, s32 pid, u32 which, gaddr new, gaddr old)
{
	bool ours = !pid || pid == host_syscall0(HOST_NR_getpid);
	struct kept *k = ours ? find(which) : NULL;
	struct limit n, o;
	s64 ret;

	if (new && copy_in(&n, new, sizeof n) < 0)
		return -EFAULT;
	if (k)
		ret = kept_limit(c->task, k, new ? &n : NULL, &o);
	else
		ret = host_prlimit(pid, which, new ? &n : NULL, &o);
	if (ret < 0)
		return ret;
	return old ? copy_out(old, &o, sizeof o) : 0;
}

s64 sys_prlimit64(struct vcpu *c, const u64 a[6])
{
	return limit(c, a[0], a[1], a[2], a[3]);
}

s64 sys_getrlimit(struct vcpu *c, const u64 a[6])
{
	return a[1] ? limit(c, 0, a[0], 0, a[1]) : -EFAULT;
}

s64 sys_setrlimit(struct vcpu *c, const u64 a[6])
{
	return a[1] ? limit(c, 0, a[0], a[1], 0) : -EFAULT;
}
