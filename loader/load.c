/*
 * From a path to a process that is ready to run: program, interpreter, vdso, stack.
 *
 * The interpreter (PT_INTERP) decides about the sysroot.  With -L there is one.  Without, the
 * places where distributions put a foreign C library are tried, and the one that holds the
 * interpreter serves the rest of the process as its sysroot; a static program never looks.  What
 * none of them has is taken from where the program says, which is right inside a foreign container.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/die.h"
#include "base/path.h"
#include "base/space.h"
#include "loader/image.h"

/* The name may be a FIFO's or a terminal's: opening it shall neither wait nor change anything. */
enum { OPEN_FLAGS = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY };

/*
 * Opens the interpreter of f; the descriptor or -1 and *e.  Sets img->sysroot; the opened name in
 * buf.
 */
static int open_interp(const struct elf_file *f, const struct load_request *q, struct image *img,
		       char *buf, size_t size, struct load_error *e)
{
	static char roots[2][PATH_MAX];
	const char *path;
	int fd;

	if (q->sysroot) {
		path = sysroot_path(q->sysroot, f->interp, buf, size);
		fd = open(path, OPEN_FLAGS);
	} else {
		fd = -1;
		snprintf(roots[0], PATH_MAX, "/usr/%s", q->g->triplet);
		snprintf(roots[1], PATH_MAX, "/etc/qemu-binfmt/%s", q->g->name);
		for (int i = 0; fd < 0 && i < 2; i++) {
			path = sysroot_path(roots[i], f->interp, buf, size);
			if (strcmp(path, f->interp) && (fd = open(path, OPEN_FLAGS)) >= 0)
				img->sysroot = roots[i];
		}
		if (fd < 0) {
			path = f->interp;
			fd = open(path, OPEN_FLAGS);
		}
	}
	if (fd < 0) {
		load_fail(e, errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_RUNNABLE, errno,
			  "%s: interpreter %s: %s%s", q->path, f->interp, strerror(errno),
			  errno != ENOENT ? ""
			  : q->sysroot    ? " (not under the directory of -L either)"
					  : " (name the root directory of its system with -L)");
		return -1;
	}
	if (path != buf)
		snprintf(buf, size, "%s", path);
	return fd;
}

static bool load_interp(const struct elf_file *f, const struct load_request *q, struct image *img,
			gaddr ceiling, struct load_error *e)
{
	static char name[PATH_MAX];
	struct elf_file in;
	gaddr bias;
	bool ok;
	int fd = open_interp(f, q, img, name, sizeof name, e);

	if (fd < 0)
		return false;
	ok = elf_open(&in, fd, name, q->g, ceiling, e);
	if (ok) {
		ok = elf_map(&in, q, true, ceiling, &bias, e);
		if (ok) {
			img->entry = in.entry + bias;
			img->interp_base = bias;
		}
		elf_close(&in);
	} else if (!q->sysroot) {
		size_t n = strlen(e->text);

		snprintf(e->text + n, sizeof e->text - n,
			 " (interpreter of %s; -L names the system it is from)", q->path);
	}
	close(fd);
	return ok;
}

/* The absolute name of an open file; falls back to `path` where /proc is not mounted. */
static const char *absolute(int fd, const char *path, char *buf, size_t size)
{
	char link[32], cwd[PATH_MAX];
	ssize_t n;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, buf, size - 1);
	if (n > 0 && buf[0] == '/') {
		buf[n] = 0;
		return buf;
	}
	if (path[0] == '/' || !getcwd(cwd, sizeof cwd))
		return path;
	if ((size_t)snprintf(buf, size, "%s/%s", cwd, path) >= size)
		return path;
	return buf;
}

static bool load_image(const struct load_request *q, int fd, struct image *img,
		       struct load_error *e)
{
	gaddr ceiling = guest_ceiling(q), bias;
	struct elf_file f;
	bool ok;

	if (!elf_open(&f, fd, q->path, q->g, ceiling, e))
		return false;
	f.path = img->exe;  /* the name of its mappings */
	ok = elf_map(&f, q, false, ceiling, &bias, e);
	if (ok) {
		img->exec_entry = img->entry = f.entry + bias;
		img->brk = f.hi + bias;
		img->code_start = f.lo + bias;
		img->code_end = f.hi + bias;
		/* As arch_randomize_brk(): the heap does not start right behind the image. */
		if (q->randomize)
			img->brk += ALIGN_DOWN(load_random(q) %
						       (q->g->word == 8 ? 1ull << 30 : 1ull << 25),
					       (u64)space_page());
		ok = !f.has_interp || load_interp(&f, q, img, ceiling, e);
	}
	if (ok) {
		img->vdso = vdso_map(q->g);
		ok = stack_build(q, &f, bias, ceiling, img, e);
	}
	elf_close(&f);
	return ok;
}

bool load_program(const struct load_request *q, struct image *img, struct load_error *e)
{
	static char exe[PATH_MAX];
	int fd = q->fd;
	bool ok;

	memset(img, 0, sizeof *img);
	img->sysroot = q->sysroot;
	if (fd < 0)
		fd = open(q->path, OPEN_FLAGS);
	if (fd < 0)
		return load_fail(
			e, errno == ENOENT || errno == ENOTDIR ? EXIT_NOT_FOUND : EXIT_NOT_RUNNABLE,
			errno, "%s: %s", q->path, strerror(errno));
	img->exe = absolute(fd, q->path, exe, sizeof exe);
	ok = load_image(q, fd, img, e);
	close(fd);
	return ok;
}
