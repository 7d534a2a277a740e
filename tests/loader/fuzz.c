/*
 * Ten thousand broken ELF files through the loader, built with the address and undefined-behaviour
 * sanitizers: whatever the headers say, the loader refuses with a line or maps a sane image.
 *
 * Files are made here, for a 64-bit little-endian and a 32-bit big-endian guest, and broken by a
 * generator of our own, so a number names a file: `fuzz COUNT [SEED [FILE...]]`; FILEs are real
 * programs of the first guest that are broken in the same ways.  The guest lives in a reservation,
 * at a base other than 0, so that a stray guest address is a crash and not a hit.
 */
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "base/space.h"
#include "loader/loader.h"

enum { VA_BITS = 32, HEAD = 1024, FILE_SIZE = 0x3000, PAGE = 4096 };

static const u8 vdso[100] = "not looked into by the loader";

static const struct guest guests[] = {
	{
		.name = "le64",
		.platform = "le64",
		.triplet = "none-le64",
		.elf_machine = 183,
		.elf_class = 2,
		.elf_data = 1,
		.word = 8,
		.va_bits = VA_BITS,
		.page_size = PAGE,
		.vdso = vdso,
		.vdso_size = sizeof vdso,
	},
	{
		.name = "be32",
		.triplet = "none-be32",
		.elf_machine = 8,
		.elf_class = 1,
		.elf_data = 2,
		.word = 4,
		.va_bits = VA_BITS,
		.page_size = PAGE,
		.elf_flags_mask = 0x20,
	},
};

static u64 state;
static u64 rnd(u64 below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 11) % below;
}

static void check(bool ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "fuzz: %s\n", what);
		abort();
	}
}

/* --- files --- */

static u8 *put(u8 *p, const struct guest *g, unsigned size, u64 v)
{
	for (unsigned i = 0; i < size; i++)
		p[g->elf_data == 2 ? size - 1 - i : i] = v >> 8 * i;
	return p + size;
}

static u8 *put_phdr(u8 *p, const struct guest *g, u32 type, u32 flags, u64 off, u64 va, u64 filesz,
		    u64 memsz)
{
	unsigned w = g->word;

	p = put(p, g, 4, type);
	if (w == 8)
		p = put(p, g, 4, flags);
	p = put(p, g, w, off);
	p = put(p, g, w, va);
	p = put(p, g, w, va);
	p = put(p, g, w, filesz);
	p = put(p, g, w, memsz);
	if (w == 4)
		p = put(p, g, 4, flags);
	return put(p, g, w, PAGE);
}

/* A program, or an interpreter, of three pages: headers and text, data, bss. */
static void make_file(u8 *f, const struct guest *g, bool fixed, const char *interp)
{
	u64 base = fixed ? 0x400000 : 0, phdrs = g->word == 8 ? 64 : 52, n = interp ? 5 : 3;
	u8 *p = f;

	memset(f, 0, FILE_SIZE);
	memcpy(p, "\177ELF", 4);
	p[4] = g->elf_class;
	p[5] = g->elf_data;
	p[6] = 1;
	p = put(f + 16, g, 2, fixed ? ET_EXEC : ET_DYN);
	p = put(p, g, 2, g->elf_machine);
	p = put(p, g, 4, 1);
	p = put(p, g, g->word, base + 0x800);
	p = put(p, g, g->word, phdrs);
	p = put(p, g, g->word, 0x2000);        /* section headers: there are none */
	p = put(p, g, 4, 0);
	p = put(p, g, 2, phdrs);
	p = put(p, g, 2, g->word == 8 ? 56 : 32);
	p = put(p, g, 2, n);
	p = put(p, g, 2, g->word == 8 ? 64 : 40);
	p = put(p, g, 2, 3);
	put(p, g, 2, 1);
	p = f + phdrs;
	if (interp) {
		p = put_phdr(p, g, PT_PHDR, 4, phdrs, base + phdrs, n * 56, n * 56);
		p = put_phdr(p, g, PT_INTERP, 4, 0x300, base + 0x300, strlen(interp) + 1,
			     strlen(interp) + 1);
		strcpy((char *)f + 0x300, interp);
	}
	p = put_phdr(p, g, PT_LOAD, 5, 0, base, 0x1000, 0x1000);
	p = put_phdr(p, g, PT_LOAD, 6, 0x1800, base + 0x2800, 0x900, 0x3000);
	put_phdr(p, g, PT_GNU_STACK, 6, 0, 0, 0, 0);
}

/* --- damage --- */

static u64 interesting(void)
{
	static const u64 v[] = { 0,
				 1,
				 2,
				 7,
				 0xff,
				 0x7fff,
				 0xffff,
				 0x1000,
				 0xfff,
				 0x1001,
				 0x400000,
				 0x7fffffff,
				 0x80000000,
				 0xffffffff,
				 0xfffff000,
				 1ull << 32,
				 1ull << 46,
				 1ull << 47,
				 (1ull << 47) - 1,
				 1ull << 63,
				 ~0ull,
				 ~0xfffull,
				 FILE_SIZE,
				 FILE_SIZE - 1,
				 0x10000,
				 1ull << 30,
				 1ull << 40 };

	return rnd(4) ? v[rnd(ARRAY_LEN(v))] : v[rnd(ARRAY_LEN(v))] + rnd(16) - 8;
}

static void damage(u8 *f, size_t n, const struct guest *g)
{
	unsigned phdr0 = g->word == 8 ? 64 : 52, phdr = g->word == 8 ? 56 : 32;
	unsigned at, size;

	switch (rnd(6)) {
	case 0:
		f[rnd(n)] ^= 1 << rnd(8);
		break;
	case 1:
		f[rnd(n)] = rnd(256);
		break;
	case 2:  /* a field of the header */
		size = 1 << (1 + rnd(3));
		put(f + 16 + rnd((phdr0 - 16) / size) * size, g, size, interesting());
		break;
	case 3:  /* a field of a program header */
		size = rnd(2) ? 4 : g->word;
		at = phdr0 + rnd(6) * phdr + rnd(phdr / size) * size;
		if (at + size <= n)
			put(f + at, g, size, interesting());
		break;
	case 4:  /* another type of segment */
		at = phdr0 + rnd(6) * phdr;
		if (at + 4 <= n)
			put(f + at, g, 4, rnd(2) ? PT_LOAD : rnd(10));
		break;
	case 5:  /* two program headers the same, or swapped */
		at = phdr0 + rnd(4) * phdr;
		if (at + 2 * phdr <= n)
			memmove(f + at + phdr, f + at, phdr);
		break;
	}
}

/* --- the run --- */

static bool unmap(const struct mapping *m, void *arg)
{
	struct mapping *first = arg;

	*first = *m;
	return false;
}

static bool in_range(const struct mapping *m, void *arg)
{
	check(m->start < m->end && m->end <= 1ull << VA_BITS,
	      "a mapping lies outside the guest's space");
	check(m->start % PAGE == 0 && m->end % PAGE == 0, "a mapping of parts of a page");
	return true;
}

static void write_file(int fd, const u8 *data, size_t n)
{
	check(ftruncate(fd, 0) == 0 && pwrite(fd, data, n, 0) == (ssize_t)n, "cannot write");
}

static unsigned loaded, refused;

static void load_one(int fd, const struct guest *g, const char *root, u64 seed)
{
	char *argv[] = { "program", "argument", NULL }, *envp[] = { "A=B", NULL };
	struct load_request q = { .path = "program",
				  .fd = dup(fd),
				  .sysroot = root,
				  .argv = argv,
				  .envp = envp,
				  .g = g,
				  .reserved = 1ull << VA_BITS,
				  .randomize = seed & 1,
				  .seed = seed };
	struct load_error e = { 0 };
	struct mapping first;
	struct image img;
	u64 argc = 0;

	if (load_program(&q, &img, &e)) {
		loaded++;
		check(img.sp % 16 == 0, "the stack pointer is not aligned");
		for (unsigned i = 0; i < g->word; i++)
			argc = argc << 8 |
			       ((u8 *)g2h(img.sp))[g->elf_data == 2 ? i : g->word - 1u - i];
		check(argc == 2, "argc");
		check(img.brk % PAGE == 0, "brk is not aligned");
	} else {
		refused++;
		check(e.status == 126 || e.status == 127, "exit status of an error");
		check(e.err > 0 && *e.text && !strchr(e.text, '\n'), "text of an error");
	}
	space_walk(in_range, NULL);
	for (first.end = 0, space_walk(unmap, &first); first.end;
	     first.end = 0, space_walk(unmap, &first))
		check(space_munmap(first.start, first.end - first.start) == 0, "cannot unmap");
}

static size_t read_head(const char *name, u8 *buf, size_t size)
{
	int fd = open(name, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size);

	check(n > HEAD, "cannot read a file to start from");
	close(fd);
	return n;
}

int main(int argc, char **argv)
{
	unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 0) : 10000;
	u64 seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	unsigned extra = argc > 3 ? argc - 3 : 0;
	void *base = mmap(NULL, 1ull << VA_BITS, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	int fd = memfd_create("program", 0), interp_fd;
	char root[] = "/tmp/loader-fuzz.XXXXXX", interp[64];
	static u8 file[1 << 20];

	check(base != MAP_FAILED && fd >= 0 && mkdtemp(root), "no room");
	snprintf(interp, sizeof interp, "%s/ld.so", root);
	interp_fd = open(interp, O_CREAT | O_RDWR, 0700);
	check(interp_fd >= 0, "cannot write");
	space_init(VA_BITS, PAGE, (u64)base, 1ull << VA_BITS);
	for (unsigned long i = 0; i < count; i++) {
		const struct guest *g = &guests[extra ? 0 : i % ARRAY_LEN(guests)];
		bool break_interp;
		size_t n = FILE_SIZE;
		u8 in[FILE_SIZE];

		state = (seed * 1000003 + i) * 0x9e3779b97f4a7c15 | 1;
		rnd(1);
		if (extra && i % 2)
			n = read_head(argv[3 + rnd(extra)], file, sizeof file);
		else
			make_file(file, g, rnd(2), rnd(2) ? "/ld.so" : NULL);
		make_file(in, g, false, NULL);
		break_interp = rnd(3) == 0;
		for (unsigned k = rnd(4); k-- > 0; )
			damage(break_interp ? in : file, HEAD, g);
		if (rnd(8) == 0)
			n = rnd(rnd(2) ? n : 256);
		write_file(fd, file, n);
		write_file(interp_fd, in, sizeof in);
		load_one(fd, g, root, i + 1);
	}
	unlink(interp);
	rmdir(root);
	printf("%u loaded, %u refused, none crashed\n", loaded, refused);
	return 0;
}
