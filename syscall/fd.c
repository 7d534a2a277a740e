/*
 * Descriptors: the calls that carry open flags, whose numbers architectures moved.
 *
 * The four moved flags are translated through the card's struct open_flags; the rest of the word is
 * equal everywhere the generic ABI is used.  O_TMPFILE contains O_DIRECTORY and comes out right by
 * itself.
 */
#include "host_abi.h"
#include "syscall/layout.h"
#include "syscall/local.h"
#include "syscall/task.h"

static const struct open_flags generic = { O_DIRECT, O_LARGEFILE, O_DIRECTORY, O_NOFOLLOW };
static const struct open_flags host = { HOST_O_DIRECT, HOST_O_LARGEFILE, HOST_O_DIRECTORY,
					HOST_O_NOFOLLOW };

static u32 move_flags(u32 v, const struct open_flags *from, const struct open_flags *to)
{
	u32 r = v & ~(from->direct | from->largefile | from->directory | from->nofollow);

	r |= v & from->direct ? to->direct : 0;
	r |= v & from->largefile ? to->largefile : 0;
	r |= v & from->directory ? to->directory : 0;
	r |= v & from->nofollow ? to->nofollow : 0;
	return r;
}

static const struct open_flags *guest_flags(void)
{
	return the_guest.open_flags ? the_guest.open_flags : &generic;
}

u32 open_flags_to_host(u32 v)
{
	return move_flags(v, guest_flags(), &host);
}

u32 open_flags_to_guest(u32 v)
{
	return move_flags(v, &host, guest_flags());
}

u32 open_flags_to_generic(u32 v)
{
	return move_flags(v, guest_flags(), &generic);
}

/* Where a long has 32 bits, these take what the others take elsewhere: struct flock64. */
enum { F_GETLK64 = 12, F_SETLK64, F_SETLKW64 };

/* struct flock, whose offsets are longs. */
static s64 lock_short(struct vcpu *c, const u64 a[6])
{
	u8 lock[STRUCT_MAX];
	s64 ret;

	if (struct_in(STRUCT_flock, a[2], lock) < 0)
		return -EFAULT;
	ret = blocking_syscall(c, HOST_NR_fcntl, a[0], a[1], (u64)lock, 0, 0, 0);
	return ret < 0 || (u32)a[1] != F_GETLK ? ret : struct_out(STRUCT_flock, a[2], lock);
}

/* The commands of 32-bit guests that are others. */
static s64 fcntl_short(struct vcpu *c, const u64 a[6])
{
	if ((u32)a[1] <= F_SETLKW)
		return lock_short(c, a);
	return blocking_syscall(c, HOST_NR_fcntl, a[0], a[1] - (F_GETLK64 - F_GETLK), (u64)g2h(a[2]), 0, 0, 0);
}

s64 sys_fcntl(struct vcpu *c, const u64 a[6])
{
	/* A pointer for some; those of a thread that has asked may carry tags. */
	const gaddr at = c->task->tagged_addr ? guest_untag(&the_guest, a[2]) : a[2];
	s64 ret;

	if (the_guest.word != 8 && (((u32)a[1] >= F_GETLK && (u32)a[1] <= F_SETLKW) ||
				    ((u32)a[1] >= F_GETLK64 && (u32)a[1] <= F_SETLKW64)))
		return fcntl_short(c, a);
	switch ((u32)a[1]) {
	case F_GETFL:
		ret = host_syscall2(HOST_NR_fcntl, a[0], F_GETFL);
		return ret < 0 ? ret : open_flags_to_guest(ret);
	case F_SETFL:
		return host_syscall3(HOST_NR_fcntl, a[0], F_SETFL, open_flags_to_host(a[2]));
	case F_SETLKW:
	case F_OFD_SETLKW:
		return blocking_syscall(c, HOST_NR_fcntl, a[0], a[1], (u64)g2h(at), 0, 0, 0);
	case F_GETLK:
	case F_SETLK:
	case F_OFD_GETLK:
	case F_OFD_SETLK:
	case F_GETOWN_EX:
	case F_SETOWN_EX:
	case F_GET_RW_HINT:
	case F_SET_RW_HINT:
		return host_syscall3(HOST_NR_fcntl, a[0], a[1], (u64)g2h(at));
	default:
		return host_syscall3(HOST_NR_fcntl, a[0], a[1], a[2]);
	}
}

s64 sys_pipe2(struct vcpu *c, const u64 a[6])
{
	return host_syscall2(HOST_NR_pipe2, (u64)g2h(a[0]), open_flags_to_host(a[1]));
}
