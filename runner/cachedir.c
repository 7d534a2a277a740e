/*
 * Where translations are kept; see cachedir.h.
 *
 * By default it is the user's cache directory (XDG Base Directory Specification: $XDG_CACHE_HOME, or $HOME/.cache),
 * but only if that exists: a container that is being built has none, and gets no files that nobody asked for.  A
 * program with more rights than its caller neither uses nor leaves anything.
 */
#include "runner/cachedir.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/stat.h>

#include "base/die.h"
#include "translator/persist.h"

enum { PATH_SIZE = 4096 };

/* The linker's digest of the runner that this is (note NT_GNU_BUILD_ID); 0 without. */
static u64 build_id(void)
{
	const Elf64_Phdr *ph = (const Elf64_Phdr *)getauxval(AT_PHDR);
	u64 id = 0;

	for (u64 k = 0, n = getauxval(AT_PHNUM); ph && k < n; k++) {
		const u8 *p = (const u8 *)ph[k].p_vaddr, *end = p + ph[k].p_memsz;

		while (ph[k].p_type == PT_NOTE && (u64)(end - p) >= sizeof(Elf64_Nhdr)) {
			const Elf64_Nhdr *note = (const Elf64_Nhdr *)p;
			const u8 *desc = p + sizeof *note + ALIGN_UP(note->n_namesz, 4u);

			if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 && !memcmp(note + 1, "GNU", 4))
				for (u32 b = 0; b < note->n_descsz; b++)
					id = persist_mix(id, desc[b]);
			p = desc + ALIGN_UP(note->n_descsz, 4u);
		}
	}
	return id;
}

static bool is_directory(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

/* The user's, if it is there. */
static const char *default_directory(void)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	static char path[PATH_SIZE];
	int n;

	if (cache && *cache == '/')
		n = snprintf(path, sizeof path, "%s", cache);
	else if (home && *home == '/')
		n = snprintf(path, sizeof path, "%s/.cache", home);
	else
		return NULL;
	if (n >= (int)(sizeof path - sizeof "/dragoman") || !is_directory(path))
		return NULL;
	strcat(path, "/dragoman");
	return path;
}

void cachedir_choose(struct options *o)
{
	struct translator_config *t = &o->translator;
	u64 id = build_id();

	if (o->secure || !id)
		t->cache_dir = NULL;
	else if (!t->cache_dir)
		t->cache_dir = default_directory();
	else if (!strcmp(t->cache_dir, "off"))
		t->cache_dir = NULL;
	else if (*t->cache_dir != '/')
		fail(EXIT_USAGE, "option -cache: \"%s\" is neither an absolute path nor off", t->cache_dir);
	/* the position in the card's table says which model, the build which table */
	t->identity = persist_mix(id, o->cpu ? (u64)(o->cpu - the_guest.models) : ~0ull);
}
