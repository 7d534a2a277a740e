/*
 * The initial stack as execve(2) leaves it: strings at the top, below them argc, argv, envp and the
 * auxiliary vector, words of the guest's size and byte order (the processor supplement of the
 * guest's System V ABI, "Initial process stack"; Linux: create_elf_tables()).
 *
 * The whole stack is one mapping of the soft limit's size, without swap reservation and without
 * huge pages: a page that is not touched costs nothing, and a stack that a program sized by ulimit
 * works.  The guard below it and room for a larger limit are base/space.c's.
 */
#include <elf.h>
#include <errno.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/die.h"
#include "base/space.h"
#include "loader/image.h"

enum {
	MIN_STACK = 128 << 10,        /* the kernel's ARG_MAX floor */
	DEFAULT_STACK = 8 << 20,
	MAX_AUX = 28,
};

/* Where the next string or word goes; in host memory, which the stack's is. */
struct builder {
	const struct guest *g;
	u64 p;      /* guest address, going down for strings, up for words */
};

static u64 stack_size(const struct load_request *q, gaddr ceiling)
{
	u64 size = q->stack_size;

	if (size == ~0ull)
		size = 1ull << 30;
	size = MAX(MIN_STACK, MIN(size, ceiling / 16));
	return ALIGN_UP(size, (u64)space_page());
}

static bool map_stack(u64 size, u32 prot, gaddr *start)
{
	s64 at = space_map_stack(size, prot);

	if (at < 0)
		return false;
	*start = at;
	madvise(g2h(*start), size, MADV_NOHUGEPAGE);
	return true;
}

static void put_word(struct builder *b, u64 v)
{
	u8 *p = g2h(b->p);

	for (unsigned i = 0; i < b->g->word; i++)
		p[b->g->elf_data == ELFDATA2MSB ? b->g->word - 1u - i : i] = v >> 8 * i;
	b->p += b->g->word;
}

static void put_aux(struct builder *b, u64 type, u64 v)
{
	put_word(b, type);
	put_word(b, v);
}

static gaddr push_bytes(struct builder *b, const void *s, size_t n)
{
	b->p -= n;
	memcpy(g2h(b->p), s, n);
	return b->p;
}

static gaddr push_string(struct builder *b, const char *s)
{
	return push_bytes(b, s, strlen(s) + 1);
}

/* Strings and words that the stack must hold, in bytes, and their numbers. */
static u64 count(char *const *v, u64 *n)
{
	u64 bytes = 0;

	for (*n = 0; v[*n]; ++*n)
		bytes += strlen(v[*n]) + 1;
	return bytes;
}

/*
 * Pushes strings in a way that the first lies lowest, as the kernel does; they then follow each
 * other.
 */
static gaddr push_strings(struct builder *b, char *const *v, u64 n)
{
	while (n > 0)
		push_string(b, v[--n]);
	return b->p;
}

static void put_pointers(struct builder *b, gaddr strings, char *const *v, u64 n)
{
	for (u64 i = 0; i < n; i++) {
		put_word(b, strings);
		strings += strlen(v[i]) + 1;
	}
	put_word(b, 0);
}

static void put_auxv(struct builder *b, const struct load_request *q, const struct elf_file *f,
		     gaddr bias, const struct image *img, gaddr platform, gaddr random,
		     gaddr execfn)
{
	const struct guest *g = q->g;

	if (img->vdso)
		put_aux(b, AT_SYSINFO_EHDR, img->vdso);
	put_aux(b, AT_HWCAP, g->hwcap ? g->hwcap(1) : 0);
	put_aux(b, AT_PAGESZ, space_page());
	put_aux(b, AT_CLKTCK, 100);
	put_aux(b, AT_PHDR, f->phdr ? f->phdr + bias : 0);
	put_aux(b, AT_PHENT, f->phentsize);
	put_aux(b, AT_PHNUM, f->phnum);
	put_aux(b, AT_BASE, img->interp_base);
	put_aux(b, AT_FLAGS, 0);
	put_aux(b, AT_ENTRY, img->exec_entry);
	put_aux(b, AT_UID, getauxval(AT_UID));
	put_aux(b, AT_EUID, getauxval(AT_EUID));
	put_aux(b, AT_GID, getauxval(AT_GID));
	put_aux(b, AT_EGID, getauxval(AT_EGID));
	put_aux(b, AT_SECURE, q->secure);
	put_aux(b, AT_RANDOM, random);
	put_aux(b, AT_HWCAP2, g->hwcap ? g->hwcap(2) : 0);
	put_aux(b, AT_EXECFN, execfn);
	if (platform)
		put_aux(b, AT_PLATFORM, platform);
	if (g->min_sigstack)
		put_aux(b, AT_MINSIGSTKSZ, g->min_sigstack);
	put_aux(b, AT_NULL, 0);
}

bool stack_build(const struct load_request *q, const struct elf_file *f, gaddr bias, gaddr ceiling,
		 struct image *img, struct load_error *e)
{
	const struct guest *g = q->g;
	u64 size = stack_size(q, ceiling), argc, envc, strings, words;
	u32 prot = G_PROT_READ | G_PROT_WRITE | (f->exec_stack ? G_PROT_EXEC : 0);
	struct builder b = { .g = g };
	const char *name = q->execfn ? q->execfn : q->path;
	gaddr execfn, random, platform = 0;
	u64 rnd[2];

	strings = count(q->argv, &argc) + count(q->envp, &envc);
	words = (argc + envc + 3 + 2 * MAX_AUX) * g->word;
	strings += strlen(name) + 1 + 256;
	if (strings + words > size - size / 4)
		return load_fail(e, EXIT_NOT_RUNNABLE, E2BIG, "%s: %s", q->path, strerror(E2BIG));
	while (!map_stack(size, prot, &img->stack_start)) {
		/* An address-space limit, perhaps: Linux would only fail when the stack grows. */
		if (size / 2 < MAX(DEFAULT_STACK, (strings + words) * 2))
			return load_fail(e, EXIT_NOT_RUNNABLE, ENOMEM,
					 "%s: no room for a stack of %llu KiB", q->path,
					 (unsigned long long)size >> 10);
		size = ALIGN_UP(size / 2, (u64)space_page());
	}
	img->stack_size = size;

	b.p = img->stack_start + size - g->word;  /* a null word ends the stack */
	execfn = push_string(&b, name);
	img->env_end = b.p;
	img->env_start = push_strings(&b, q->envp, envc);
	img->arg_end = b.p;
	img->arg_start = push_strings(&b, q->argv, argc);
	b.p -= q->randomize ? load_random(q) % 8192 : 0;
	b.p = ALIGN_DOWN(b.p, 16);
	if (g->platform)
		platform = push_string(&b, g->platform);
	rnd[0] = load_random(q);
	rnd[1] = load_random(q);
	random = push_bytes(&b, rnd, sizeof rnd);

	img->sp = ALIGN_DOWN(b.p - words, 16);
	b.p = img->sp;
	put_word(&b, argc);
	put_pointers(&b, img->arg_start, q->argv, argc);
	put_pointers(&b, img->env_start, q->envp, envc);
	img->auxv = b.p;
	put_auxv(&b, q, f, bias, img, platform, random, execfn);
	img->auxv_size = b.p - img->auxv;
	return true;
}
