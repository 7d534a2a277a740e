/* Memory: maps, protections, moves, brk, advice, locks, memfd. */
#include "test.h"

static size_t page;

/* The mapping's permissions as /proc/self/maps shows them, or "none". */
static const char *shown(void *address)
{
	static char perms[5];
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512];

	strcpy(perms, "none");
	while (maps && fgets(line, sizeof(line), maps)) {
		unsigned long start, end;
		char p[5];

		if (sscanf(line, "%lx-%lx %4s", &start, &end, p) == 3 &&
				(unsigned long)address >= start && (unsigned long)address < end)
			strcpy(perms, p);
	}
	if (maps)
		fclose(maps);
	return perms;
}

static void maps(void)
{
	unsigned char *p, *q, residency[4];
	int fd = open("m", O_CREAT | O_RDWR, 0600);

	p = mmap(NULL, 8 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	IS(p != MAP_FAILED && (uintptr_t)p % page == 0);
	VALUE(p[0] + p[8 * page - 1]);
	memset(p, 0xa5, 8 * page);
	puts(shown(p));
	CALL(mprotect(p + page, page, PROT_READ));
	puts(shown(p + page));
	puts(shown(p + 2 * page));
	CALL(mprotect(p + 1, page, PROT_READ));
	CALL(munmap(p + 1, page));
	CALL(munmap(p + 2 * page, page));
	puts(shown(p + 2 * page));
	CALL(mprotect(p, 4 * page, PROT_READ | PROT_WRITE));
	CALL(munmap(p + 2 * page, page));
	CALL(munmap(p, 0));

	/* Fixed placement. */
	q = mmap(p + 2 * page, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
		-1, 0);
	IS(q == p + 2 * page);
	q = mmap(p + 3 * page, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
		-1, 0);
	IS(q == MAP_FAILED && errno == EEXIST);
	q = mmap(p + 3 * page, page, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	IS(q == p + 3 * page && q[0] == 0);
	VALUE(p[4 * page]);
	IS(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED &&
		errno == EINVAL);
	IS(mmap(NULL, page, PROT_READ, MAP_PRIVATE, -1, 0) == MAP_FAILED && errno == EBADF);
	IS(mmap(NULL, page, PROT_READ, MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == EINVAL);
	IS(mmap(NULL, page, PROT_READ, MAP_PRIVATE, fd, 1) == MAP_FAILED && errno == EINVAL);
	IS(mmap(NULL, (size_t)1 << 60, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
		MAP_FAILED && errno == ENOMEM);

	/* Files, shared and private. */
	CALL(ftruncate(fd, 2 * page));
	q = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	strcpy((char *)q + page, "shared");
	CALL(msync(q, 2 * page, MS_SYNC));
	{
		char buffer[8] = { 0 };

		CALL(pread(fd, buffer, 7, page));
		puts(buffer);
	}
	p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, page);
	puts((char *)p);
	strcpy((char *)p, "private");
	puts((char *)q + page);
	CALL(mincore(q, 2 * page, residency));
	CALL(mincore(q, 2 * page, (unsigned char *)8));
	CALL(munmap(q, 2 * page));
	CALL(munmap(p, page));
	CALL(madvise(p, page, MADV_DONTNEED));

	/* A large reservation, used in a few places. */
	p = mmap(NULL, (size_t)64 << 30, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
		 0);
	IS(p != MAP_FAILED);
	CALL(mprotect(p + ((size_t)33 << 30), page, PROT_READ | PROT_WRITE));
	p[(size_t)33 << 30] = 1;
	CALL(madvise(p + ((size_t)33 << 30), page, MADV_DONTNEED));
	VALUE(p[(size_t)33 << 30]);
	CALL(madvise(p, page, 12345));
	CALL(munmap(p, (size_t)64 << 30));
	close(fd);
}

static void moves(void)
{
	unsigned char *p, *q, *r;

	p = mmap(NULL, 16 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < 16; i++)
		p[i * page] = i + 1;
	munmap(p + 8 * page, 8 * page);
	q = mremap(p, 8 * page, 16 * page, 0);		/* in place, into what was freed */
	IS(q == p);
	VALUE(q[7 * page] + q[8 * page]);
	IS(mremap(p, 16 * page, 4 * page, 0) == p);
	puts(shown(p + 4 * page));
	r = mmap(p + 4 * page, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	IS(mremap(p, 4 * page, 8 * page, 0) == MAP_FAILED && errno == ENOMEM);
	q = mremap(p, 4 * page, 8 * page, MREMAP_MAYMOVE);
	IS(q != MAP_FAILED && q != p);
	VALUE(q[3 * page]);
	puts(shown(p));
	IS(mremap(p, page, 2 * page, MREMAP_MAYMOVE) == MAP_FAILED && errno == EFAULT);
	IS(mremap(q + 1, page, page, 0) == MAP_FAILED && errno == EINVAL);
	r = mmap(NULL, 8 * page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	IS(mremap(q, 8 * page, 8 * page, MREMAP_MAYMOVE | MREMAP_FIXED, r) == r);
	VALUE(r[0]);
	puts(shown(r));
	/* By the raw call: the library's wrapper leaves the unused address undefined. */
	q = (void *)syscall(SYS_mremap, r, 8 * page, 8 * page, MREMAP_MAYMOVE | MREMAP_DONTUNMAP,
			    0);
	IS(q != MAP_FAILED && q[0] == 1 && r[0] == 0);
}

static void heap(void)
{
	char *start = sbrk(0), *end;

	IS((char *)sbrk(3 * page) == start);
	memset(start, 1, 3 * page);
	end = sbrk(0);
	VALUE(end - start == (long)(3 * page));
	IS(brk(start + page) == 0 && sbrk(0) == start + page);
	IS(brk(start + 2 * page) == 0 && start[page + 8] == 0);
	IS(syscall(SYS_brk, 0) == (long)(start + 2 * page));
	IS(syscall(SYS_brk, 16) == (long)(start + 2 * page));
	IS(brk(start + ((size_t)1 << 50)) < 0 && errno == ENOMEM);
}

static void others(void)
{
	unsigned char *p, *q;
	int fd = memfd_create("name", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	char buffer[8] = { 0 };
	pid_t child;

	CALL(ftruncate(fd, page));
	p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	q = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, 0);
	p[10] = 42;
	VALUE(q[10]);
	CALL(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	munmap(p, page);
	CALL(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
	CALL(fcntl(fd, F_GET_SEALS));
	CALL(ftruncate(fd, 0));
	CALL(pread(fd, buffer, 1, 10));
	VALUE(buffer[0]);

	/* Shared memory stays shared across fork; private memory does not. */
	p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	q = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	child = fork();
	if (child == 0) {
		p[0] = 7;
		q[0] = 7;
		_exit(0);
	}
	test_reap("child", child);
	VALUE(p[0]);
	VALUE(q[0]);
	CALL(madvise(q, page, MADV_WIPEONFORK));
	q[0] = 9;
	child = fork();
	if (child == 0)
		_exit(q[0]);
	test_reap("wiped", child);
	CALL(mlock(p, page));
	CALL(munlock(p, page));
	CALL(mlock((void *)page, page) < 0);
}

int main(void)
{
	test_begin();
	page = sysconf(_SC_PAGESIZE);
	VALUE(page);
	maps();
	moves();
	heap();
	others();
	return 0;
}
