/*
 * ELF headers: from bytes that anybody may have written to a description that the rest can trust.
 *
 * Every process that a user starts comes through here, so the file is not read: one pread() fetches
 * the header with its program headers (a second one where they lie elsewhere), and libelf
 * translates class and byte order from that window.  The window's section fields are cleared first:
 * libelf would otherwise look for section headers, which running a program does not need, and trust
 * their number.
 *
 * libelf translates but does not judge; all that follows from the numbers is checked here. 
 * Invariant: what elf_open() accepts can be mapped without any further arithmetic check: sizes do
 * not wrap, segments lie in the file and below the guest's ceiling, ascend, and do not overlap. 
 * The kernel is laxer in places (it lets a segment reach behind the end of the file, and the
 * program die of SIGBUS); a line that says "truncated" is worth more to a user.
 */
#include <gelf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <errno.h>
#include <unistd.h>

#include "base/die.h"
#include "base/elfnames.h"
#include "base/space.h"
#include "loader/image.h"

enum {
	WINDOW = 1024,          /* holds the headers of every ordinary program */
	MAX_PHDR_BYTES = 65536, /* as the kernel's load_elf_phdrs() */
};

bool load_fail(struct load_error *e, int status, int err, const char *fmt, ...)
{
	va_list ap;

	e->status = status;
	e->err = err;
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof e->text, fmt, ap);
	va_end(ap);
	return false;
}

static bool malformed(const struct elf_file *f, struct load_error *e, const char *why)
{
	return load_fail(e, EXIT_NOT_RUNNABLE, ENOEXEC, "%s: malformed ELF file: %s", f->path, why);
}

static bool truncated(const struct elf_file *f, struct load_error *e)
{
	return load_fail(e, EXIT_NOT_RUNNABLE, ENOEXEC, "%s: truncated ELF file", f->path);
}

/* The identification: is it ELF, and for this guest?  `ident` holds n bytes of the file. */
static bool check_ident(const struct elf_file *f, const u8 *ident, size_t n, const struct guest *g,
			struct load_error *e)
{
	const char *name, *runner;
	u16 machine;

	if (n < SELFMAG || memcmp(ident, ELFMAG, SELFMAG))
		return load_fail(e, EXIT_NOT_RUNNABLE, ENOEXEC, "%s: not an ELF file", f->path);
	if (n < 20)
		return truncated(f, e);
	if (ident[EI_CLASS] != ELFCLASS32 && ident[EI_CLASS] != ELFCLASS64)
		return malformed(f, e, "unknown class");
	if (ident[EI_DATA] != ELFDATA2LSB && ident[EI_DATA] != ELFDATA2MSB)
		return malformed(f, e, "unknown byte order");
	if (ident[EI_VERSION] != EV_CURRENT)
		return malformed(f, e, "unknown version");
	machine = elf_ident_machine(ident);
	if (machine == g->elf_machine && ident[EI_CLASS] == g->elf_class &&
	    ident[EI_DATA] == g->elf_data)
		return true;
	name = elf_machine_name(machine, ident[EI_CLASS], ident[EI_DATA], &runner);
	if (!name)
		return load_fail(e, EXIT_NOT_RUNNABLE, ENOEXEC,
				 "%s: ELF file for an unknown machine (%u)", f->path, machine);
	if (!runner)
		return load_fail(e, EXIT_NOT_RUNNABLE, ENOEXEC,
				 "%s: program for %s, this runner is for %s", f->path, name,
				 g->name);
	return load_fail(e, EXIT_NOT_RUNNABLE, ENOEXEC,
			 "%s: program for %s, this runner is for %s; use dragoman-%s", f->path,
			 name, g->name, runner);
}

/* Checks the header's own fields; *size of the file known. */
static bool check_header(struct elf_file *f, const GElf_Ehdr *h, const struct guest *g, u64 size,
			 struct load_error *e)
{
	size_t phentsize = g->elf_class == ELFCLASS64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);

	if (h->e_type != ET_EXEC && h->e_type != ET_DYN)
		return load_fail(e, EXIT_NOT_RUNNABLE, ENOEXEC, "%s: not an executable (%s)",
				 f->path,
				 h->e_type == ET_REL    ? "an object file"
				 : h->e_type == ET_CORE ? "a core dump"
							: "unknown ELF type");
	if (h->e_version != EV_CURRENT)
		return malformed(f, e, "unknown version");
	if ((h->e_flags & g->elf_flags_mask) != g->elf_flags)
		return load_fail(e, EXIT_NOT_RUNNABLE, ENOEXEC,
				 "%s: ABI flags 0x%x are not those of %s", f->path, h->e_flags,
				 g->name);
	if (h->e_phnum == 0 || h->e_phentsize != phentsize ||
	    h->e_phnum * phentsize > MAX_PHDR_BYTES)
		return malformed(f, e, "number or size of program headers");
	if (h->e_phoff > size || h->e_phnum * phentsize > size - h->e_phoff)
		return truncated(f, e);
	f->fixed = h->e_type == ET_EXEC;
	f->entry = h->e_entry;
	f->phoff = h->e_phoff;
	f->phnum = h->e_phnum;
	f->phentsize = phentsize;
	return true;
}

static bool add_load(struct elf_file *f, const GElf_Phdr *p, u64 size, gaddr ceiling,
		     struct load_error *e)
{
	u64 page = space_page();
	struct elf_segment *s;

	if (p->p_filesz > p->p_memsz)
		return malformed(f, e, "a segment is larger in the file than in memory");
	if (p->p_memsz == 0)
		return true;
	if (p->p_vaddr >= ceiling || p->p_memsz > ceiling - p->p_vaddr ||
	    ALIGN_UP(p->p_vaddr + p->p_memsz, page) > ceiling)
		return malformed(f, e, "a segment lies outside the address space");
	if (p->p_filesz && (p->p_offset > size || p->p_filesz > size - p->p_offset))
		return truncated(f, e);
	if (p->p_filesz && (p->p_vaddr - p->p_offset) % page)
		return malformed(f, e, "a segment's address and file offset disagree");
	if (p->p_align & (p->p_align - 1))
		return malformed(f, e, "alignment of a segment");
	if (f->nsegs) {
		const struct elf_segment *prev = &f->segs[f->nsegs - 1];

		if (p->p_vaddr < prev->va + prev->memsz)
			return malformed(f, e, "segments overlap or are not in order");
	} else {
		f->lo = ALIGN_DOWN((u64)p->p_vaddr, page);
	}
	f->hi = ALIGN_UP(p->p_vaddr + p->p_memsz, page);
	f->align = MAX(f->align, p->p_align);
	s = &f->segs[f->nsegs++];
	*s = (struct elf_segment){
		.va = p->p_vaddr, .off = p->p_offset, .filesz = p->p_filesz, .memsz = p->p_memsz
	};
	s->prot = (p->p_flags & PF_R ? G_PROT_READ : 0) | (p->p_flags & PF_W ? G_PROT_WRITE : 0) |
		  (p->p_flags & PF_X ? G_PROT_EXEC : 0);
	/* Where the program headers are seen in memory, should no PT_PHDR say so. */
	if (!f->phdr && f->phoff >= p->p_offset && f->phoff - p->p_offset < p->p_filesz)
		f->phdr = p->p_vaddr + (f->phoff - p->p_offset);
	return true;
}

static bool read_interp(struct elf_file *f, const GElf_Phdr *p, u64 size, struct load_error *e)
{
	if (f->has_interp)
		return malformed(f, e, "more than one PT_INTERP");
	if (p->p_filesz < 2 || p->p_filesz > sizeof f->interp)
		return malformed(f, e, "length of PT_INTERP");
	if (p->p_offset > size || p->p_filesz > size - p->p_offset)
		return truncated(f, e);
	if (pread(f->fd, f->interp, p->p_filesz, p->p_offset) != (ssize_t)p->p_filesz)
		return truncated(f, e);
	if (f->interp[p->p_filesz - 1] || strlen(f->interp) < 1)
		return malformed(f, e, "PT_INTERP is not a path");
	f->has_interp = true;
	return true;
}

static u32 word_of(const struct guest *g, const u8 *p)
{
	u32 v;

	memcpy(&v, p, sizeof v);
	return g->elf_data == ELFDATA2MSB ? __builtin_bswap32(v) : v;
}

/*
 * PT_GNU_PROPERTY: one note of type NT_GNU_PROPERTY_TYPE_0, whose description is a list of properties {type, size,
 * data, padding}.  What is malformed says nothing, and is no error: old kernels do not look.
 */
static void read_property(struct elf_file *f, const GElf_Phdr *p, const struct guest *g)
{
	enum { NOTE = 16, PROPERTY_TYPE_0 = 5 };
	u32 align = g->elf_class == ELFCLASS64 ? 8 : 4;
	u8 note[1024];
	ssize_t n;

	if (!g->elf_property || p->p_filesz < NOTE || p->p_filesz > sizeof note)
		return;
	n = pread(f->fd, note, p->p_filesz, p->p_offset);
	if (n != (ssize_t)p->p_filesz || word_of(g, note) != 4 || word_of(g, note + 8) != PROPERTY_TYPE_0 ||
	    memcmp(note + 12, "GNU", 4))
		return;
	n = MIN((u64)n, NOTE + (u64)word_of(g, note + 4));
	for (ssize_t at = NOTE; at + 12 <= n;) {
		u32 size = word_of(g, note + at + 4);

		if (size > (u64)(n - at - 8))
			return;
		if (word_of(g, note + at) == g->elf_property && size == 4)
			f->property = word_of(g, note + at + 8) & g->elf_property_bit;
		at += 8 + ALIGN_UP(size, align);
	}
}

static bool read_phdrs(struct elf_file *f, Elf *elf, u64 size, gaddr ceiling, const struct guest *g, struct load_error *e)
{
	u64 page = space_page();
	GElf_Phdr p;

	f->segs = calloc(f->phnum, sizeof *f->segs);
	if (!f->segs)
		return load_fail(e, EXIT_NOT_RUNNABLE, ENOMEM, "%s: out of memory", f->path);
	f->align = page;
	for (u32 i = 0; i < f->phnum; i++) {
		if (!gelf_getphdr(elf, i, &p))
			return malformed(f, e, "program headers");
		switch (p.p_type) {
		case PT_LOAD:
			if (!add_load(f, &p, size, ceiling, e))
				return false;
			break;
		case PT_INTERP:
			if (!read_interp(f, &p, size, e))
				return false;
			break;
		case PT_PHDR:
			f->phdr = p.p_vaddr;
			break;
		case PT_GNU_PROPERTY:
			read_property(f, &p, g);
			break;
		case PT_GNU_STACK:
			f->exec_stack = p.p_flags & PF_X;
			break;
		}
	}
	/* of a program with an interpreter that one takes care */
	for (u32 i = 0; i < f->nsegs && f->property && !f->has_interp; i++)
		if (f->segs[i].prot & G_PROT_EXEC)
			f->segs[i].prot |= space_arch_prot;
	if (!f->nsegs)
		return malformed(f, e, "nothing to load");
	if (f->hi - f->lo > ceiling / 2)
		return malformed(f, e, "the image does not fit into the address space");
	if (f->phdr && (f->phdr < f->lo || f->phdr >= f->hi))
		return malformed(f, e, "PT_PHDR lies outside the image");
	return true;
}

/*
 * Checks the header in head[0..n) and copies it and the program headers together into a buffer for
 * libelf; the caller frees it.  NULL and *e on error.
 */
static u8 *make_window(struct elf_file *f, u8 *head, size_t n, u64 size, const struct guest *g,
		       size_t *len, struct load_error *e)
{
	size_t ehsize = g->elf_class == ELFCLASS64 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
	size_t table;
	GElf_Ehdr h;
	Elf *elf;
	u8 *w;
	bool ok;

	if (n < ehsize) {
		truncated(f, e);
		return NULL;
	}
	elf_forget_sections(head);
	elf = elf_memory((char *)head, ehsize);
	ok = elf && gelf_getehdr(elf, &h);
	elf_end(elf);
	if (!ok) {
		malformed(f, e, "header");
		return NULL;
	}
	if (!check_header(f, &h, g, size, e))
		return NULL;
	table = (size_t)f->phnum * f->phentsize;
	w = malloc(ehsize + table);
	if (!w) {
		load_fail(e, EXIT_NOT_RUNNABLE, ENOMEM, "%s: out of memory", f->path);
		return NULL;
	}
	memcpy(w, head, ehsize);
	elf_set_phoff(w, ehsize);
	*len = ehsize + table;
	if (f->phoff <= n && table <= n - f->phoff) {
		memcpy(w + ehsize, head + f->phoff, table);
	} else if (pread(f->fd, w + ehsize, table, f->phoff) != (ssize_t)table) {
		truncated(f, e);
		free(w);
		w = NULL;
	}
	return w;
}

bool elf_open(struct elf_file *f, int fd, const char *path, const struct guest *g, gaddr ceiling,
	      struct load_error *e)
{
	u8 head[WINDOW] __attribute__((aligned(16)));
	struct stat st;
	size_t len = 0;
	ssize_t n;
	Elf *elf;
	bool ok;
	u8 *w;

	memset(f, 0, offsetof(struct elf_file, interp));
	f->nsegs = 0;
	f->segs = NULL;
	f->fd = fd;
	f->path = path;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return load_fail(e, EXIT_NOT_RUNNABLE, EACCES, "%s: %s", path,
				 S_ISDIR(st.st_mode) ? "is a directory" : "not a regular file");
	n = pread(fd, head, sizeof head, 0);
	if (n < 0)
		return load_fail(e, EXIT_NOT_RUNNABLE, errno, "%s: cannot be read: %s", path,
				 strerror(errno));
	if (!check_ident(f, head, n, g, e))
		return false;
	elf_version(EV_CURRENT);
	w = make_window(f, head, n, st.st_size, g, &len, e);
	if (!w)
		return false;
	elf = elf_memory((char *)w, len);
	ok = elf ? read_phdrs(f, elf, st.st_size, ceiling, g, e) : malformed(f, e, "program headers");
	elf_end(elf);
	free(w);
	if (!ok)
		elf_close(f);
	return ok;
}

void elf_close(struct elf_file *f)
{
	free(f->segs);
	f->segs = NULL;
}
