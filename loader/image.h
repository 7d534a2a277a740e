/* What the files of the loader share with each other, and with nobody else. */
#ifndef LOADER_IMAGE_H
#define LOADER_IMAGE_H

#include <limits.h>

#include "loader/loader.h"

/* One PT_LOAD, checked: see elf_open(). */
struct elf_segment {
	gaddr va;
	u64 off, filesz, memsz;
	u32 prot;            /* G_PROT_* */
};

/* An ELF file of the guest: what its headers promise, checked against file and address space. */
struct elf_file {
	int fd;
	const char *path;    /* for messages */
	bool fixed;          /* ET_EXEC: addresses are absolute; else relative to the base */
	gaddr entry;
	u64 phoff;
	u32 phnum, phentsize;
	gaddr phdr;          /* the program headers in memory, relative as the segments; 0: none */
	gaddr lo, hi;        /* page-aligned span of the segments */
	u64 align;           /* largest p_align, at least a page */
	bool exec_stack;
	bool property;       /* it has the card's elf_property */
	bool has_interp;
	char interp[PATH_MAX];
	u32 nsegs;
	struct elf_segment *segs;  /* ascending, disjoint */
};

/* Fills *e (one line) and returns false, for `return load_fail(...)`.  err: positive errno. */
bool load_fail(struct load_error *e, int status, int err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * Reads and checks the headers of fd; maps nothing.  `ceiling` is the first address above the
 * guest's. False and *e for anything that the kernel would refuse, and for what it would let crash
 * later.
 */
bool elf_open(struct elf_file *f, int fd, const char *path, const struct guest *g, gaddr ceiling,
	      struct load_error *e);
void elf_close(struct elf_file *f);

/* Maps the segments; *bias is what was added to their addresses (0 for ET_EXEC). */
bool elf_map(const struct elf_file *f, const struct load_request *q, bool interpreter,
	     gaddr ceiling, gaddr *bias, struct load_error *e);

/* First address above everything that the guest may use. */
gaddr guest_ceiling(const struct load_request *q);

/* Random bits for addresses and AT_RANDOM, from the kernel or from q->seed. */
u64 load_random(const struct load_request *q);

/* Maps the card's vdso; its address, 0 if the guest has none. */
gaddr vdso_map(const struct guest *g);

/* Maps the stack and fills it; sets img->sp, stack_*, arg_*, env_*, auxv*. */
bool stack_build(const struct load_request *q, const struct elf_file *f, gaddr bias, gaddr ceiling,
		 struct image *img, struct load_error *e);

#endif
