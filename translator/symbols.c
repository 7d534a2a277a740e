/*
 * Symbols for profiles.
 *
 * A file is read when code of it is first named, so that a program pays for what runs and not for what it maps.
 * Which file that is the guest's memory map says by device and inode, and the host's map by name: a guest's own
 * dynamic linker maps libraries without telling us a path.
 *
 * libelf is asked for headers only.  Symbols and strings are read into memory of the runner's zone, since what libelf
 * allocates for large sections would lie where the guest maps.  All numbers of the file are judged here: an odd file
 * costs the names, not the run.  Symbols are kept by offset in the file, so that it does not matter where, and in how
 * many pieces, it is mapped.
 */
#include "translator/symbols.h"

#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/host.h"
#include "base/host_nr.h"
#include "base/space.h"

enum { MAX_MODULES = 256, MAX_TABLE = 256 << 20, MAX_CODE_SEGMENTS = 8, NAME_SIZE = 4096 };
enum { HOST_AT_FDCWD = -100, HOST_O_CLOEXEC = 02000000, HOST_SEEK_END = 2 };

struct symbol {
	u64 off, size;        /* in the file; size 0: up to the next symbol */
	const char *name;
};

static struct module {
	u64 dev, ino;
	char file[64];        /* last part of its name */
	struct symbol *sym;   /* ascending */
	u32 n;
} modules[MAX_MODULES];
static u32 nmodules;

/* What is executable in the file. */
struct layout {
	struct { u64 va, off, size; } seg[MAX_CODE_SEGMENTS];
	u32 n;
};

/* --- reading a file --- */

/* The path of what the host has mapped at address a, from /proc/self/maps; false if it does not say. */
static bool host_file(u64 a, char path[NAME_SIZE])
{
	static char buf[2 * NAME_SIZE];
	s64 fd = host_syscall4(HOST_NR_openat, (u64)HOST_AT_FDCWD, (u64)"/proc/self/maps", HOST_O_CLOEXEC, 0), r;
	bool found = false;
	size_t n = 0;

	if (fd < 0)
		return false;
	while (!found && (r = host_syscall3(HOST_NR_read, fd, (u64)(buf + n), sizeof buf - 1 - n)) > 0) {
		char *line = buf, *end;

		n += r;
		buf[n] = 0;
		for (; !found && (end = strchr(line, '\n')); line = end + 1) {
			unsigned long long lo, hi;
			char *name = strchr(line, '/');

			*end = 0;
			found = sscanf(line, "%llx-%llx", &lo, &hi) == 2 && lo <= a && a < hi;
			if (found)
				snprintf(path, NAME_SIZE, "%s", name ? name : "");
		}
		n = strlen(line);
		memmove(buf, line, n);
	}
	host_syscall1(HOST_NR_close, fd);
	return found && *path;
}

/* [off, off + len) of the file in memory of ours, and a zero byte behind; NULL if it cannot be had. */
static u8 *read_table(int fd, u64 off, u64 len)
{
	s64 end = host_syscall3(HOST_NR_lseek, fd, 0, HOST_SEEK_END), p;
	u64 done = 0;

	if (!len || len > MAX_TABLE || end < 0 || off > (u64)end || len > (u64)end - off)
		return NULL;
	p = space_own_map(len + 1);
	if (p < 0 && p > -4096)
		return NULL;
	while (done < len) {
		s64 r = host_syscall4(HOST_NR_pread64, fd, p + done, len - done, off + done);

		if (r <= 0)
			return NULL;
		done += r;
	}
	return (u8 *)p;
}

static void find_code(Elf *elf, struct layout *l)
{
	GElf_Phdr ph;
	size_t n;

	if (elf_getphdrnum(elf, &n))
		return;
	for (size_t k = 0; k < n && l->n < MAX_CODE_SEGMENTS; k++) {
		if (!gelf_getphdr(elf, (int)k, &ph) || ph.p_type != PT_LOAD || !(ph.p_flags & PF_X))
			continue;
		l->seg[l->n].va = ph.p_vaddr;
		l->seg[l->n].off = ph.p_offset;
		l->seg[l->n++].size = ph.p_filesz;
	}
}

/* The table of all symbols, else that for the dynamic linker. */
static bool find_table(Elf *elf, GElf_Shdr *symbols, GElf_Shdr *strings)
{
	Elf_Scn *scn = NULL;
	bool found = false;
	GElf_Shdr sh;

	while ((scn = elf_nextscn(elf, scn))) {
		if (!gelf_getshdr(scn, &sh) ||
		    !(sh.sh_type == SHT_SYMTAB || (sh.sh_type == SHT_DYNSYM && !found)))
			continue;
		*symbols = sh;
		found = true;
		if (sh.sh_type == SHT_SYMTAB)
			break;
	}
	return found && gelf_getshdr(elf_getscn(elf, symbols->sh_link), strings) && strings->sh_type == SHT_STRTAB;
}

/* Functions, and labels of assembly code that other files may use. */
static bool names_code(u8 info)
{
	unsigned type = GELF_ST_TYPE(info);

	return type == STT_FUNC || type == STT_GNU_IFUNC ||
	       (type == STT_NOTYPE && GELF_ST_BIND(info) != STB_LOCAL);
}

static void add_symbol(struct module *m, const struct layout *l, u64 va, u64 size, const char *name)
{
	for (u32 k = 0; k < l->n; k++) {
		if (va - l->seg[k].va >= l->seg[k].size)
			continue;
		m->sym[m->n++] = (struct symbol){ va - l->seg[k].va + l->seg[k].off, size, name };
		return;
	}
}

static int by_offset(const void *pa, const void *pb)
{
	const struct symbol *a = pa, *b = pb;

	return a->off != b->off ? (a->off < b->off ? -1 : 1) : 0;
}

/* Entry k of a symbol table in the host's byte order. */
static GElf_Sym entry(const u8 *table, size_t k, bool wide)
{
	Elf32_Sym s;

	if (wide)
		return ((const Elf64_Sym *)(const void *)table)[k];
	s = ((const Elf32_Sym *)(const void *)table)[k];
	return (GElf_Sym){ s.st_name, s.st_info, s.st_other, s.st_shndx, s.st_value, s.st_size };
}

static void read_symbols(struct module *m, Elf *elf, int fd)
{
	bool wide = gelf_getclass(elf) == ELFCLASS64;
	size_t size = wide ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym), count;
	const char *ident = elf_getident(elf, NULL);
	struct layout l = { .n = 0 };
	GElf_Shdr symbols, strings;
	Elf_Data data;
	u8 *table, *names;
	s64 p;

	if (!ident || !find_table(elf, &symbols, &strings))
		return;
	find_code(elf, &l);
	count = symbols.sh_size / size;
	table = read_table(fd, symbols.sh_offset, count * size);
	names = read_table(fd, strings.sh_offset, strings.sh_size);
	p = table && names ? space_own_map(count * sizeof *m->sym) : -1;
	if (p < 0)
		return;
	data = (Elf_Data){ .d_buf = table, .d_type = ELF_T_SYM, .d_version = EV_CURRENT, .d_size = count * size };
	if (!gelf_xlatetom(elf, &data, &data, (unsigned char)ident[EI_DATA]))
		return;
	m->sym = (struct symbol *)p;
	for (size_t k = 0; k < count; k++) {
		GElf_Sym s = entry(table, k, wide);

		if (names_code(s.st_info) && s.st_shndx != SHN_UNDEF && s.st_name < strings.sh_size &&
		    names[s.st_name])
			add_symbol(m, &l, s.st_value, s.st_size, (const char *)names + s.st_name);
	}
	host_syscall2(HOST_NR_munmap, (u64)table, count * size);
	qsort(m->sym, m->n, sizeof *m->sym, by_offset);
}

static void read_module(struct module *m, const char *path)
{
	const char *slash = strrchr(path, '/');
	s64 fd = host_syscall4(HOST_NR_openat, (u64)HOST_AT_FDCWD, (u64)path, HOST_O_CLOEXEC, 0);
	u64 st[18];   /* struct stat: st_dev, st_ino, ... */
	Elf *elf;

	snprintf(m->file, sizeof m->file, "%.63s", slash ? slash + 1 : path);
	if (fd < 0)
		return;
	/* Another file may have taken the name since. */
	if (host_syscall2(HOST_NR_fstat, fd, (u64)st) == 0 && st[1] == m->ino &&
	    elf_version(EV_CURRENT) != EV_NONE && (elf = elf_begin((int)fd, ELF_C_READ, NULL))) {
		if (elf_kind(elf) == ELF_K_ELF)
			read_symbols(m, elf, (int)fd);
		elf_end(elf);
	}
	host_syscall1(HOST_NR_close, fd);
}

static struct module *module_at(gaddr pc, const struct mapping *map)
{
	char path[NAME_SIZE];
	struct module *m;

	for (u32 k = 0; k < nmodules; k++)
		if (modules[k].ino == map->ino && modules[k].dev == map->dev)
			return &modules[k];
	if (nmodules == MAX_MODULES || !host_file((u64)g2h(pc), path))
		return NULL;
	m = &modules[nmodules++];
	*m = (struct module){ .dev = map->dev, .ino = map->ino };
	read_module(m, path);
	return m;
}

/* --- asking --- */

static const struct symbol *find(const struct module *m, u64 off)
{
	u32 lo = 0, hi = m->n;
	const struct symbol *s;

	while (lo < hi) {
		u32 mid = (lo + hi) / 2;

		if (m->sym[mid].off <= off)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo)
		return NULL;
	s = &m->sym[lo - 1];
	return !s->size || off - s->off < s->size ? s : NULL;
}

static void name_at(gaddr pc, char *buf, size_t size)
{
	const struct symbol *s;
	struct module *m;
	struct mapping map;
	u64 off;

	if (!space_find(pc, &map) || map.start > pc) {
		snprintf(buf, size, "0x%llx", (unsigned long long)pc);
		return;
	}
	off = pc - map.start + map.off;
	m = map.ino ? module_at(pc, &map) : NULL;
	s = m ? find(m, off) : NULL;
	if (s && s->off == off)
		snprintf(buf, size, "%s", s->name);
	else if (s)
		snprintf(buf, size, "%s+0x%llx", s->name, (unsigned long long)(off - s->off));
	else if (m)
		snprintf(buf, size, "%s+0x%llx", m->file, (unsigned long long)off);
	else
		snprintf(buf, size, "%s+0x%llx", map.name ? map.name : "[anon]", (unsigned long long)pc);
}

void symbol_name(gaddr pc, char *buf, size_t size)
{
	name_at(pc, buf, size);
	for (char *p = buf; *p; p++)
		if ((u8)*p < ' ' || *p == 127)
			*p = '?';
}
