/*
 * Structures between guests with longs of 32 bits and the host.
 *
 * A structure is a row of structs.def; both layouts follow from its members, the guest's from the card.  So the
 * dispatcher converts what rows of syscalls.def say (IN, OUT), and handlers name a structure and no offset.  A
 * function per structure was the alternative; there would be one per structure and layout, and -strace has the
 * members already.
 */
#include "syscall/layout.h"
#include "syscall/convert.h"

#define M(type, name) { #name, MT_##type },
#define STRUCT(name, ...) \
	static const struct member members_##name[] = { __VA_ARGS__ { NULL, MT_END } };
#define PREFIX STRUCT
#include "syscall/structs.def"
#undef STRUCT
#undef PREFIX
#undef M

static const struct {
	const struct member *members;
	bool all;                /* they are all: not a PREFIX */
} structs[] = {
#define STRUCT(name, ...) { members_##name, true },
#define PREFIX(name, ...) { members_##name, false },
#include "syscall/structs.def"
#undef STRUCT
#undef PREFIX
};

/* Who lays out: the word size, and how 64 bits are aligned. */
struct abi { unsigned word, u64_align; };
static const struct abi host_abi = { 8, 8 };

static struct abi guest_abi(void)
{
	return (struct abi){ the_guest.word, MAX(the_guest.u64_align, the_guest.word) };
}

const struct member *struct_members(enum struct_id id)
{
	return structs[id].members;
}

static unsigned size_in(struct abi abi, enum member_type t)
{
	switch (t) {
	case MT_END: case MT_WORD:
		return 0;
	case MT_U16: case MT_OCT16:
		return 2;
	case MT_S32: case MT_U32: case MT_HEX32: case MT_OCT32:
		return 4;
	case MT_S64: case MT_U64: case MT_HEX64: case MT_NSEC:
		return 8;
	case MT_TIMEHI:
		return abi.word == 8 ? 0 : abi.word;
	default:
		return abi.word;
	}
}

static u64 align_in(struct abi abi, enum member_type t, u64 off)
{
	unsigned size = t == MT_WORD ? abi.word : size_in(abi, t);

	return size ? ALIGN_UP(off, size == 8 ? (u64)abi.u64_align : size) : off;
}

unsigned member_size(enum member_type t)
{
	return size_in(guest_abi(), t);
}

u64 member_align(enum member_type t, u64 off)
{
	return align_in(guest_abi(), t, off);
}

bool struct_differs(enum struct_id id)
{
	if (the_guest.word == 8 || !structs[id].all)
		return false;
	for (const struct member *m = structs[id].members; m->type != MT_END; m++)
		if (m->type >= MT_NSEC)
			return true;
	return false;
}

static u64 member_value(enum member_type t, const u8 *p, unsigned size)
{
	u64 v = 0;

	memcpy(&v, p, t == MT_NSEC ? the_guest.word : size);
	return t == MT_LONG || t == MT_S32 ? (u64)sext(v, 8 * size) : v;
}

/* Copies the members; the bytes of the copy, with what pads its end. */
static size_t relay(enum struct_id id, struct abi from, const u8 *src, struct abi to, u8 *dst)
{
	u64 s = 0, d = 0, time = 0;
	u8 *at = dst;
	unsigned align = 1;

	memset(dst, 0, STRUCT_MAX);
	for (const struct member *m = structs[id].members; m->type != MT_END; m++) {
		unsigned have = size_in(from, m->type), want = size_in(to, m->type);
		u64 v;

		s = align_in(from, m->type, s);
		d = align_in(to, m->type, d);
		align = MAX(align, MIN(want, to.u64_align));
		v = m->type == MT_TIMEHI && !have ? time >> 32 : member_value(m->type, src + s, have);
		if (m->type == MT_TIMELO) {
			time = v;
			at = dst + d;
		}
		if (m->type == MT_TIMEHI && !want) {
			v = (u32)time | v << 32;
			memcpy(at, &v, sizeof v);
		} else {
			memcpy(dst + d, &v, want);
		}
		s += have;
		d += want;
	}
	return ALIGN_UP(d, align);
}

static size_t guest_size(enum struct_id id)
{
	static const u8 nothing[STRUCT_MAX];
	u8 sink[STRUCT_MAX];

	return relay(id, host_abi, nothing, guest_abi(), sink);
}

size_t struct_to_guest(enum struct_id id, const void *host, void *guest)
{
	return relay(id, host_abi, host, guest_abi(), guest);
}

s64 struct_in(enum struct_id id, gaddr a, void *host)
{
	u8 guest[STRUCT_MAX];

	if (copy_in(guest, a, guest_size(id)) < 0)
		return -EFAULT;
	relay(id, guest_abi(), guest, host_abi, host);
	return 0;
}

s64 struct_out(enum struct_id id, gaddr a, const void *host)
{
	u8 guest[STRUCT_MAX];

	return copy_out(a, guest, struct_to_guest(id, host, guest));
}

s64 timespec_in(gaddr a, struct host_timespec *ts, u64 *host)
{
	u8 copy[STRUCT_MAX];

	if (!a || !struct_differs(STRUCT_timespec)) {
		*host = a ? (u64)g2h(a) : 0;
		return 0;
	}
	if (struct_in(STRUCT_timespec, a, copy) < 0)
		return -EFAULT;
	memcpy(ts, copy, sizeof *ts);
	*host = (u64)ts;
	return 0;
}

void timespec_back(gaddr a, const struct host_timespec *ts)
{
	if (a && struct_differs(STRUCT_timespec))
		copy_out(a, ts, sizeof *ts);
}
