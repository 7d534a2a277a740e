/*
 * Translations that outlive the process; see persist.h.
 *
 * Short programs spend most of their time on being translated, each time anew.  So a process leaves what it has made
 * in files, one for each ELF file that it was made from, and the next process takes single translations from there:
 * copying one and moving its fields costs a small part of making it.
 *
 * What is found is trusted only as far as it can be checked.  A record holds the guest's bytes that the translation
 * was made from, and is used where memory has just these; the name and place of the guest's file do not matter.
 * Whatever else code depends on is in the key of the whole file (the runner's build, the processor's features, the
 * guest's processor) or in the record (floating-point mode, variant).  Guest addresses are moved by relocations, so
 * that it does not matter where the image lies.  A checksum finds damage; a file of somebody else's, or that somebody
 * else can write, is not opened.
 *
 * A file is never changed, but replaced by one with more in it: readers need no lock, and two processes that write at
 * the same time lose one's additions, which are made again.  It is replaced only when that is worth it, for writing
 * costs as much as reading all of it.
 *
 * Rejected: mapping whole translated images into the code cache, which would share memory between processes but asks
 * for addresses that do not change from run to run; and an index by content alone, which cannot say cheaply that
 * nothing is there.
 */
#include "translator/persist.h"

#include <stdio.h>

#include "base/errno.h"
#include "base/host.h"
#include "base/host_nr.h"
#include "base/space.h"
#include "host_abi.h"
#include "translator/cache.h"

enum {
	MAX_IMAGES = 256,
	IDENTITY = 1024,       /* bytes of an ELF file that tell it from others: headers, and the build-id as a rule */
	PATH_SIZE = 4096,
	MIN_FRESH = 16, WORTH = 8,   /* saved are at least so many, and one for so many in the file */
};
static const u64 MAX_FILE = 256 << 20, MAX_DIRECTORY = 1 << 30;   /* bytes */

/* include/uapi/linux/fcntl.h, stat.h; asm-generic/mman-common.h */
enum {
	O_WRONLY = 1, O_CREAT = 0100, O_EXCL = 0200, O_CLOEXEC = 02000000, AT_FDCWD = -100, AT_SYMLINK_NOFOLLOW = 0x100,
	S_IFMT = 0170000, S_IFREG = 0100000, S_IFDIR = 0040000, S_IWOTHERS = 022,
	PROT_READ = 1, MAP_PRIVATE = 2, MAP_FIXED = 0x10, RLIMIT_FSIZE = 1,
};

/* --- the file: header, slots of a hash table, records --- */

static const char magic[8] = "dragtr1";

struct header {
	char magic[8];
	u64 key, id;        /* of persist_init(); of the image */
	u64 size;           /* of the file */
	u32 nrecords, bits; /* 1 << bits slots follow */
};

struct record {
	u64 check;          /* of all that follows */
	u64 offset;         /* in the guest's file, of the first instruction */
	u32 size;           /* of the record, a multiple of 8 */
	u32 variant;
	struct saved s;
};

static inline u32 *slots(const struct header *h)
{
	return (u32 *)(h + 1);
}

/* A slot holds a record's offset in the file, in units of 8 bytes; 0: none. */
static inline struct record *record_at(const struct header *h, u32 slot)
{
	return (struct record *)((u8 *)h + 8ull * slot);
}

/* Against damage, not against malice.  Four lanes, since a multiplication takes several cycles; n is a multiple of 8. */
static u64 digest(const void *p, u64 n)
{
	const u64 odd = 0x9e3779b97f4a7c15;   /* 2^64 divided by the golden ratio */
	u64 lane[4] = { 1, 2, 3, 4 }, h = n, v[4];

	for (; n >= sizeof v; n -= sizeof v, p = (const u8 *)p + sizeof v) {
		memcpy(v, p, sizeof v);
		lane[0] = (lane[0] ^ v[0]) * odd;
		lane[1] = (lane[1] ^ v[1]) * odd;
		lane[2] = (lane[2] ^ v[2]) * odd;
		lane[3] = (lane[3] ^ v[3]) * odd;
	}
	memset(v, 0, sizeof v);
	memcpy(v, p, n);
	for (int k = 0; k < 4; k++)
		h = persist_mix(h, lane[k] ^ persist_mix(k, v[k]));
	return h;
}

static u64 check_of(const struct record *r)
{
	return digest(&r->offset, r->size - offsetof(struct record, offset));
}

static u64 slot_of(u64 offset, u32 mode, u32 variant)
{
	return persist_mix(persist_mix(offset, mode), variant);
}

/* --- images: files that the guest has mapped, at one place --- */

static struct image {
	u64 dev, ino, bias;         /* address - offset in the file */
	u64 id;                     /* 0: nothing is kept of it */
	const struct header *file;  /* NULL: none */
	u32 fresh;                  /* scratch of persist_save() */
	u64 fresh_bytes;
} images[MAX_IMAGES];
static u32 nimages;

static struct {
	const char *dir;
	u64 key;
	u32 first;   /* translations before this one are not ours to save */
	bool checked, good;
} persist;


void persist_begin(void)
{
	persist.first = cache_next();
}

void persist_init(const char *dir, u64 key)
{
	persist.dir = dir;
	persist.key = key;
	persist_begin();
}

static bool ours(const struct host_stat *st, u32 type)
{
	return (st->st_mode & S_IFMT) == type && !(st->st_mode & S_IWOTHERS) &&
	       st->st_uid == host_syscall0(HOST_NR_geteuid);
}

/* The directory is there, and nobody else can put anything into it. */
static bool directory_good(void)
{
	struct host_stat st;

	if (!persist.checked) {
		host_syscall2(HOST_NR_mkdir, (u64)persist.dir, 0700);
		persist.good = !host_syscall4(HOST_NR_newfstatat, (u64)AT_FDCWD, (u64)persist.dir, (u64)&st,
					      AT_SYMLINK_NOFOLLOW) && ours(&st, S_IFDIR);
		persist.checked = true;
	}
	return persist.good;
}

static bool file_name(char path[PATH_SIZE], u64 id, const char *suffix)
{
	return snprintf(path, PATH_SIZE, "%s/%016llx%s", persist.dir, (unsigned long long)persist_mix(persist.key, id),
			suffix) < PATH_SIZE;
}

static bool is_file_of(const struct header *h, u64 size, u64 id)
{
	return !memcmp(h->magic, magic, sizeof magic) && h->key == persist.key && h->id == id && h->size == size &&
	       h->bits < 28 &&
	       sizeof *h + (sizeof(u32) << h->bits) + sizeof(struct record) <= size;
}

/* The file for an image, mapped; NULL if there is none that is good. */
static const struct header *open_file(u64 id)
{
	char path[PATH_SIZE];
	const struct header *h;
	struct host_stat st;
	s64 fd, at;

	if (!directory_good() || !file_name(path, id, ""))
		return NULL;
	fd = host_syscall4(HOST_NR_openat, (u64)AT_FDCWD, (u64)path, O_CLOEXEC | HOST_O_NOFOLLOW, 0);
	if (is_error(fd))
		return NULL;
	at = host_syscall2(HOST_NR_fstat, fd, (u64)&st);
	if (!at && (!ours(&st, S_IFREG) || (u64)st.st_size < sizeof *h || (u64)st.st_size > MAX_FILE))
		at = -EACCES;
	if (!at)
		at = space_own_map(st.st_size);
	if (!is_error(at)) {
		s64 place = at;

		at = host_syscall6(HOST_NR_mmap, place, st.st_size, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0);
		if (is_error(at))
			host_syscall2(HOST_NR_munmap, place, st.st_size);
	}
	host_syscall1(HOST_NR_close, fd);
	if (is_error(at))
		return NULL;
	h = (const struct header *)at;
	if (is_file_of(h, st.st_size, id))
		return h;
	host_syscall2(HOST_NR_munmap, at, st.st_size);
	return NULL;
}

struct search { u64 dev, ino; gaddr start; };

static bool find_start(const struct mapping *m, void *arg)
{
	struct search *s = arg;

	if (m->dev != s->dev || m->ino != s->ino || m->off || m->end - m->start < IDENTITY)
		return true;
	s->start = m->start;
	return false;
}

/* What tells the image from others, by its beginning; 0: it is no ELF file, or its beginning is not to be seen. */
static u64 identity(u64 dev, u64 ino)
{
	struct search s = { dev, ino, 0 };
	u8 head[IDENTITY];
	u64 id;

	space_walk(find_start, &s);
	if (!s.start || copy_in(head, s.start, sizeof head) < 0 || memcmp(head, "\177ELF", 4))
		return 0;
	id = digest(head, sizeof head);
	return id ? id : 1;
}

u32 persist_image(gaddr pc)
{
	struct mapping m;
	struct image *i;
	u64 bias;

	if (!persist.dir || !space_find(pc, &m) || m.start > pc || !m.ino || m.prot & G_PROT_WRITE)
		return 0;
	bias = m.start - m.off;
	for (i = images; i < images + nimages; i++)
		if (i->ino == m.ino && i->dev == m.dev && i->bias == bias)
			return i->id ? (u32)(i - images) + 1 : 0;
	if (nimages == MAX_IMAGES)
		return 0;
	*i = (struct image){ .dev = m.dev, .ino = m.ino, .bias = bias, .id = identity(m.dev, m.ino) };
	nimages++;
	if (!i->id)
		return 0;
	i->file = open_file(i->id);
	return nimages;
}

/* --- taking --- */

static bool in_file(const struct header *h, u32 slot)
{
	u64 at = 8ull * slot;

	return at >= sizeof *h && at <= h->size - sizeof(struct record);
}

/* The record in this slot, which is in the file, if it is whole. */
static const struct record *checked(const struct header *h, u32 slot)
{
	const struct record *r = record_at(h, slot);
	u64 size;

	if (r->size % 8 || r->size > h->size - 8ull * slot || r->size < sizeof *r)
		return NULL;
	size = saved_size(&r->s);
	if (!size || ALIGN_UP(offsetof(struct record, s) + size, 8ul) != r->size || check_of(r) != r->check)
		return NULL;
	return r;
}

static bool is_of(const struct record *r, u64 offset, u32 mode, u32 variant)
{
	return r->offset == offset && r->s.mode == mode && r->variant == variant;
}

static const struct record *find(const struct header *h, u64 offset, u32 mode, u32 variant)
{
	u64 mask = (1ull << h->bits) - 1, k = slot_of(offset, mode, variant) & mask;
	u32 slot;

	for (u64 tries = 0; tries <= mask && (slot = slots(h)[k]); tries++, k = (k + 1) & mask)
		if (in_file(h, slot) && is_of(record_at(h, slot), offset, mode, variant))
			return checked(h, slot);
	return NULL;
}

/* Guest code comes in words of 2 bytes at least, and is short. */
static bool same_bytes(const void *a, const void *b, u64 n)
{
	u64 v, w;
	u16 x, y;

	for (; n >= 8; n -= 8, a = (const u8 *)a + 8, b = (const u8 *)b + 8) {
		memcpy(&v, a, 8);
		memcpy(&w, b, 8);
		if (v != w)
			return false;
	}
	for (; n >= 2; n -= 2, a = (const u8 *)a + 2, b = (const u8 *)b + 2) {
		memcpy(&x, a, 2);
		memcpy(&y, b, 2);
		if (x != y)
			return false;
	}
	return !n || *(const u8 *)a == *(const u8 *)b;
}

u32 persist_load(u32 image, gaddr pc, u32 mode, u32 variant, u32 base,
		 bool (*executable)(gaddr a, u64 len))
{
	const struct image *i = &images[image - 1];
	const struct record *r;
	const struct saved *s;
	gaddr lo;
	u64 n;

	if (!i->file)
		return 0;
	r = find(i->file, pc - i->bias, mode, variant);
	if (!r)
		return 0;
	s = &r->s;
	lo = pc + (s->lo - s->pc);
	n = s->end - s->lo;
	if (!executable(lo, n) || !same_bytes(g2h(lo), (const u8 *)s + saved_size(s) - n, n))
		return 0;
	return cache_restore(s, pc, base, variant & VARIANT_ALONE);
}

/* --- saving --- */

/* Where the next file is put together. */
struct writer {
	struct header *h;
	u64 used, size;
};

static bool add_slot(struct header *h, const struct record *r)
{
	u64 mask = (1ull << h->bits) - 1, k = slot_of(r->offset, r->s.mode, r->variant) & mask;

	for (; slots(h)[k]; k = (k + 1) & mask) {
		const struct record *other = record_at(h, slots(h)[k]);

		if (is_of(other, r->offset, r->s.mode, r->variant))
			return false;
	}
	slots(h)[k] = ((const u8 *)r - (const u8 *)h) / 8;
	h->nrecords++;
	return true;
}

/* The record at the end of what is written counts, unless there is one like it. */
static void take(struct writer *w, const struct record *r)
{
	if (add_slot(w->h, r))
		w->used += r->size;
}

static u64 record_size(u32 n)
{
	return ALIGN_UP(offsetof(struct record, s) + cache_saved_size(n), 8ul);
}

/* Translations of image i that are not yet in its file. */
static void put_fresh(struct writer *w, const struct image *i, u32 (*variant)(gaddr pc))
{
	u32 number = (u32)(i - images) + 1;

	for (u32 n = persist.first; n < cache_next(); n++) {
		struct record *r = (struct record *)((u8 *)w->h + w->used);
		struct block *b = cache_block(n);

		if (b->image != number || !b->valid || record_size(n) > w->size - w->used)
			continue;
		r->offset = b->pc - i->bias;
		r->size = record_size(n);
		r->variant = variant(b->pc) | (b->base ? VARIANT_REGION : 0) | (b->alone ? VARIANT_ALONE : 0);
		cache_save(n, &r->s);
		r->check = check_of(r);
		take(w, r);
	}
}

static void put_old(struct writer *w, const struct header *old)
{
	u64 at = sizeof *old + (sizeof(u32) << old->bits);

	while (in_file(old, at / 8)) {
		const struct record *r = checked(old, at / 8);
		struct record *copy = (struct record *)((u8 *)w->h + w->used);

		if (!r || r->size > w->size - w->used)
			return;
		memcpy(copy, r, r->size);
		take(w, copy);
		at += r->size;
	}
}

static bool write_all(int fd, const void *p, u64 n)
{
	while (n) {
		s64 r = host_syscall3(HOST_NR_write, fd, (u64)p, n);

		if (r <= 0)
			return false;
		p = (const u8 *)p + r;
		n -= r;
	}
	return true;
}

/* Files of this size may be written: else it would cost the process its life (SIGXFSZ). */
static bool size_allowed(u64 n)
{
	u64 limit[2];

	return !host_syscall4(HOST_NR_prlimit64, 0, RLIMIT_FSIZE, 0, (u64)limit) && n <= limit[0];
}

/* Complete under another name, then at its place at once. */
static void write_file(u64 id, const void *p, u64 n)
{
	char path[PATH_SIZE], temporary[PATH_SIZE], suffix[32];
	bool ok;
	s64 fd;

	if (!size_allowed(n))
		return;
	snprintf(suffix, sizeof suffix, ".%d", (int)host_syscall0(HOST_NR_getpid));
	if (!file_name(path, id, "") || !file_name(temporary, id, suffix))
		return;
	fd = host_syscall4(HOST_NR_openat, (u64)AT_FDCWD, (u64)temporary,
			   O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | HOST_O_NOFOLLOW, 0600);
	if (is_error(fd))
		return;
	ok = write_all((int)fd, p, n);
	host_syscall1(HOST_NR_close, fd);
	if (!ok || is_error(host_syscall2(HOST_NR_rename, (u64)temporary, (u64)path)))
		host_syscall1(HOST_NR_unlink, (u64)temporary);
}

/* struct linux_dirent64 */
struct entry {
	u64 d_ino;
	s64 d_off;
	u16 d_reclen;
	u8 d_type;
	char d_name[];
};

/* The bytes of all files in the directory; and the one that was written first, in path. */
static u64 survey(int fd, char path[PATH_SIZE])
{
	u64 bytes = 0, oldest = ~0ull;
	_Alignas(8) char buf[8192];
	struct host_stat st;
	s64 n;

	while ((n = host_syscall3(HOST_NR_getdents64, fd, (u64)buf, sizeof buf)) > 0)
		for (s64 at = 0; at < n; ) {
			const struct entry *e = (const struct entry *)(buf + at);

			at += e->d_reclen;
			if (is_error(host_syscall4(HOST_NR_newfstatat, fd, (u64)e->d_name, (u64)&st,
						   AT_SYMLINK_NOFOLLOW)) || (st.st_mode & S_IFMT) != S_IFREG)
				continue;
			bytes += st.st_size;
			if (st.st_mtime < oldest &&
			    snprintf(path, PATH_SIZE, "%s/%s", persist.dir, e->d_name) < PATH_SIZE)
				oldest = st.st_mtime;
		}
	return bytes;
}

/* What was written longest ago goes while there is too much. */
static void make_way(void)
{
	char path[PATH_SIZE];
	u64 bytes;

	do {
		s64 fd = host_syscall4(HOST_NR_openat, (u64)AT_FDCWD, (u64)persist.dir, O_CLOEXEC | HOST_O_DIRECTORY, 0);

		if (is_error(fd))
			return;
		bytes = survey((int)fd, path);
		host_syscall1(HOST_NR_close, fd);
	} while (bytes > MAX_DIRECTORY && !host_syscall1(HOST_NR_unlink, (u64)path));
}

static void save(struct image *i, u32 (*variant)(gaddr pc))
{
	const struct header *old = open_file(i->id);   /* which another process may have replaced */
	struct writer w = { .size = i->fresh_bytes };
	u32 records = i->fresh, bits = 4;
	s64 at;

	if (old && i->fresh < old->nrecords / WORTH)
		goto out;
	if (old && w.size + old->size <= MAX_FILE) {
		records += old->nrecords;
		w.size += old->size;
	} else if (w.size > MAX_FILE) {
		goto out;
	}
	while (1ull << bits < 2ull * records)
		bits++;
	w.used = sizeof *w.h + (sizeof(u32) << bits);
	w.size += w.used;
	at = space_own_map(w.size);
	if (is_error(at))
		goto out;
	w.h = (struct header *)at;
	*w.h = (struct header){ .key = persist.key, .id = i->id, .bits = bits };
	memcpy(w.h->magic, magic, sizeof magic);
	/* In the order of their making, which is that of their use; what was made anew had changed. */
	put_fresh(&w, i, variant);
	if (old && records > i->fresh)
		put_old(&w, old);
	w.h->size = w.used;
	write_file(i->id, w.h, w.used);
	host_syscall2(HOST_NR_munmap, at, w.size);
	if (!old)
		make_way();
out:
	if (old)
		host_syscall2(HOST_NR_munmap, (u64)old, old->size);
}

void persist_save(u32 (*variant)(gaddr pc))
{
	if (!persist.dir || !directory_good())
		return;
	for (u32 k = 0; k < nimages; k++)
		images[k].fresh = images[k].fresh_bytes = 0;
	for (u32 n = persist.first; n < cache_next(); n++) {
		const struct block *b = cache_block(n);

		if (!b->image || !b->valid)
			continue;
		images[b->image - 1].fresh++;
		images[b->image - 1].fresh_bytes += record_size(n);
	}
	for (struct image *i = images; i < images + nimages; i++)
		if (i->fresh >= MIN_FRESH)
			save(i, variant);
	persist.first = cache_next();
}
