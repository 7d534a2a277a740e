/*
 * Segments into memory, placed as Linux places them.
 *
 * The first segment is mapped over the whole span of the image, which claims the span in one step;
 * the part behind it is unmapped again and the others are mapped over it.  A position-independent
 * program goes to two thirds of the address space (the kernel's ELF_ET_DYN_BASE), an interpreter
 * where mmap would put it: then brk, which follows the program, has room to grow, and neither meets
 * the stack. Nothing is ever mapped over something else: the claim is MAP_FIXED_NOREPLACE, whose
 * failure for an ET_EXEC file is reported, and for others means another place.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/die.h"
#include "base/space.h"
#include "loader/image.h"

enum { PLACES = 16, RANDOM_PAGE_BITS = 28 };

gaddr guest_ceiling(const struct load_request *q)
{
	/* 47 bits are what an x86-64 kernel gives to a process that does not ask for more. */
	gaddr ceiling = 1ull << MIN(q->g->va_bits, 47);

	return q->reserved ? MIN(ceiling, ALIGN_DOWN(q->reserved, (u64)space_page()))
			   : ceiling - space_page();
}

u64 load_random(const struct load_request *q)
{
	static u64 state;
	u64 z;

	if (!state) {
		state = q->seed;
		if (!state && getrandom(&state, sizeof state, GRND_NONBLOCK) != sizeof state)
			state = (u64)&z;
	}
	/* splitmix64 (Steele, Lea, Flood): enough for addresses, and repeatable under -seed */
	z = state += 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* Maps the file part of a segment over [start, start + len): the address or a negative errno. */
static s64 map_file(const struct elf_file *f, const struct elf_segment *s, gaddr start, u64 len,
		    u32 flags)
{
	u64 page = space_page();
	u64 skew = s->va % page;

	if (!s->filesz)
		return space_mmap(start, len, s->prot, flags | G_MAP_PRIVATE | G_MAP_ANONYMOUS, -1,
				  0, NULL);
	return space_mmap(start, len, s->prot, flags | G_MAP_PRIVATE, f->fd, s->off - skew,
			  f->path);
}

/* Zeroes what follows the file's part of a segment that lies at `va`. */
static s64 map_bss(const struct elf_segment *s, gaddr va)
{
	u64 page = space_page();
	gaddr end = va + s->filesz, end_page = ALIGN_UP(end, page),
	      top = ALIGN_UP(va + s->memsz, page);
	s64 ret;

	if (s->memsz == s->filesz || !s->filesz)
		return 0;
	/* As the kernel: what cannot be written keeps the file's bytes. */
	if (s->prot & G_PROT_WRITE)
		memset(g2h(end), 0, end_page - end);
	if (top == end_page)
		return 0;
	ret = space_mmap(end_page, top - end_page, s->prot,
			 G_MAP_FIXED | G_MAP_PRIVATE | G_MAP_ANONYMOUS, -1, 0, NULL);
	return MIN(ret, 0);
}

/* Length of the mapping of a segment that comes from the file (or of all of it if none does). */
static u64 file_span(const struct elf_segment *s)
{
	u64 page = space_page();

	return ALIGN_UP(s->va + (s->filesz ? s->filesz : s->memsz), page) - ALIGN_DOWN(s->va, page);
}

/* Claims the whole span at f->lo + bias with the first segment. */
static s64 claim(const struct elf_file *f, gaddr bias)
{
	return map_file(f, &f->segs[0], f->lo + bias, f->hi - f->lo, G_MAP_FIXED_NOREPLACE);
}

static s64 claim_program(const struct elf_file *f, const struct load_request *q, gaddr ceiling,
			 gaddr *bias)
{
	u64 span = f->hi - f->lo;
	gaddr base = ALIGN_DOWN(ceiling / 3 * 2, f->align);
	u64 room = ceiling / 24, page = space_page();
	s64 ret = -ENOMEM;

	for (int i = 0; i < PLACES; i++) {
		u64 slide = q->randomize || i ? load_random(q) % MIN(room, page << RANDOM_PAGE_BITS)
					      : 0;
		gaddr at = ALIGN_DOWN(base + slide, f->align);

		if (at < page || at >= ceiling || span > ceiling - at)
			continue;
		*bias = at - f->lo;
		ret = claim(f, *bias);
		if (ret != -EEXIST)
			break;
	}
	return ret;
}

static s64 claim_interpreter(const struct elf_file *f, gaddr *bias)
{
	u64 span = f->hi - f->lo, page = space_page();
	s64 ret;

	if (f->align > 1ull << 30)
		return -ENOMEM;
	/*
	 * mmap chooses, with room for alignment; no other thread of the guest's can take it in
	 * between.
	 */
	ret = space_mmap(0, span + f->align - page, 0,
			 G_MAP_PRIVATE | G_MAP_ANONYMOUS | G_MAP_NORESERVE, -1, 0, NULL);
	if (ret < 0)
		return ret;
	*bias = ALIGN_UP((gaddr)ret, f->align) - f->lo;
	ret = space_munmap(ret, span + f->align - page);
	return ret < 0 ? ret : claim(f, *bias);
}

bool elf_map(const struct elf_file *f, const struct load_request *q, bool interpreter,
	     gaddr ceiling, gaddr *bias, struct load_error *e)
{
	u64 page = space_page();
	gaddr claimed_end;
	s64 ret;

	*bias = 0;
	if (f->fixed)
		ret = claim(f, 0);
	else if (interpreter)
		ret = claim_interpreter(f, bias);
	else
		ret = claim_program(f, q, ceiling, bias);
	if (ret < 0)
		return load_fail(e, EXIT_NOT_RUNNABLE, -ret,
				 "%s: no room for the image at 0x%llx: %s%s", f->path,
				 (unsigned long long)(f->lo + *bias), strerror(-ret),
				 f->fixed ? " (try -B)" : "");

	claimed_end = f->lo + *bias + file_span(&f->segs[0]);
	if (claimed_end < f->hi + *bias)
		space_munmap(claimed_end, f->hi + *bias - claimed_end);
	for (u32 i = 0; i < f->nsegs; i++) {
		const struct elf_segment *s = &f->segs[i];
		gaddr va = s->va + *bias;

		if (i > 0)
			ret = map_file(f, s, ALIGN_DOWN(va, page), file_span(s), G_MAP_FIXED);
		if (ret >= 0)
			ret = map_bss(s, va);
		if (ret < 0)
			return load_fail(e, EXIT_NOT_RUNNABLE, -ret, "%s: cannot map a segment: %s",
					 f->path, strerror(-ret));
	}
	return true;
}
