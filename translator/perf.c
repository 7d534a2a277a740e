/*
 * -perfmap and -jitdump; see perf.h.
 *
 * Files are written as translations are made, unbuffered: a profile is most wanted of what does not end well, and who
 * asks for one does not mind a system call for each translation.  Writing the map at the end would need no more than
 * the cache, but not after SIGKILL.
 *
 * A file is opened at the first translation.  That serves a forked child, too: it has a number of its own, and begins
 * with what it has inherited; one that only execs writes nothing.
 */
#include "translator/perf.h"

#include <stdio.h>
#include <time.h>

#include "base/host.h"
#include "base/host_nr.h"
#include "base/log.h"
#include "base/space.h"
#include "translator/cache.h"
#include "translator/host.h"
#include "translator/symbols.h"

enum {
	HOST_O_RDWR = 2, HOST_O_CREAT = 0100, HOST_O_TRUNC = 01000, HOST_O_APPEND = 02000, HOST_O_NOFOLLOW = 0400000,
	HOST_O_CLOEXEC = 02000000
};
enum { HOST_AT_FDCWD = -100, HOST_F_DUPFD_CLOEXEC = 1030, FD_MIN = 900 };
enum { PROT_READ = 1, PROT_EXEC = 4, MAP_PRIVATE = 2, MAP_FIXED = 0x10 };
enum { NAME_SIZE = 512, PAGE = 4096 };

/* The specification's records */
enum { JITDUMP_MAGIC = 0x4a695444, JITDUMP_VERSION = 1, JIT_CODE_LOAD = 0 };

struct jitdump_header {
	u32 magic, version, total_size, elf_mach, pad1, pid;
	u64 timestamp, flags;
};

struct jitdump_load {
	u32 id, total_size;
	u64 timestamp;
	u32 pid, tid;
	u64 vma, code_addr, code_size, code_index;
	/* the name, a zero byte, the code */
};

static struct {
	bool map, dump;      /* wanted */
	bool open;
	int map_fd, dump_fd; /* -1: none */
	u64 since;           /* when this process began to run the code */
	u64 index;           /* of the next jitdump_load */
	u32 pid;
	void *marker;        /* a page that is mapped from the dump, so that perf record sees its name */
} perf;

/* perf record -k 1 stamps its samples with the same clock. */
static u64 now(void)
{
	struct timespec ts = { 0, 0 };

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (u64)ts.tv_sec * 1000000000 + (u64)ts.tv_nsec;
}

void perf_init(bool map, bool dump)
{
	perf.map = map;
	perf.dump = dump;
	if (map || dump)
		perf.since = now();
}

/* Out of the way of the numbers that guests use; -1 and a line if it cannot be. */
static int create(const char *path, u32 flags)
{
	s64 fd, high;

	fd = host_syscall4(HOST_NR_openat, (u64)HOST_AT_FDCWD, (u64)path,
			   HOST_O_RDWR | HOST_O_CREAT | HOST_O_TRUNC | HOST_O_NOFOLLOW | HOST_O_CLOEXEC | flags, 0644);
	if (fd < 0) {
		log_printf("dragoman: cannot write %s (error %d)\n", path, (int)-fd);
		return -1;
	}
	high = host_syscall3(HOST_NR_fcntl, fd, HOST_F_DUPFD_CLOEXEC, FD_MIN);
	if (high < 0)
		return (int)fd;
	host_syscall1(HOST_NR_close, fd);
	return (int)high;
}

/* The guest may have closed the file: then the rest is not written. */
static void put(int fd, const void *p, u64 n)
{
	while (n) {
		s64 r = host_syscall3(HOST_NR_write, fd, (u64)p, n);

		if (r <= 0)
			return;
		p = (const u8 *)p + r;
		n -= r;
	}
}

static void put_line(u64 at, const char *name, u64 size)
{
	char line[NAME_SIZE + 48];
	int n = snprintf(line, sizeof line, "%llx %llx %s\n", (unsigned long long)at, (unsigned long long)size, name);

	put(perf.map_fd, line, MIN((size_t)n, sizeof line - 1));
}

static void put_code(u64 at, const char *name, u64 size, u64 when)
{
	struct jitdump_load r = {
		.id = JIT_CODE_LOAD, .total_size = sizeof r + strlen(name) + 1 + size, .timestamp = when,
		.pid = perf.pid, .tid = host_syscall0(HOST_NR_gettid), .vma = at, .code_addr = at, .code_size = size,
		.code_index = perf.index++,
	};

	put(perf.dump_fd, &r, sizeof r);
	put(perf.dump_fd, name, strlen(name) + 1);
	put(perf.dump_fd, (const void *)at, size);
}

static void describe(u64 at, const char *name, u64 size, u64 when)
{
	if (perf.map_fd >= 0)
		put_line(at, name, size);
	if (perf.dump_fd >= 0)
		put_code(at, name, size, when);
}

/* The run-time's own code. */
static const char runtime_name[] = "[run-time]";

static void describe_block(u32 n, u64 when)
{
	const struct block *b = cache_block(n);
	char name[NAME_SIZE];

	symbol_name(b->pc, name, sizeof name - sizeof " [region]");
	if (b->base)
		strcat(name, " [region]");
	describe(cache_address(b->code), name, b->code_size, when);
}

static void open_dump(void)
{
	struct jitdump_header h = {
		.magic = JITDUMP_MAGIC, .version = JITDUMP_VERSION, .total_size = sizeof h, .elf_mach = host_elf_machine,
		.pid = perf.pid, .timestamp = perf.since,
	};
	char path[32];
	s64 page;

	snprintf(path, sizeof path, "jit-%u.dump", perf.pid);
	perf.dump_fd = create(path, HOST_O_APPEND);
	if (perf.dump_fd < 0)
		return;
	put(perf.dump_fd, &h, sizeof h);
	if (!perf.marker) {
		page = space_own_map(PAGE);
		if (page < 0 && page > -4096)
			return;
		perf.marker = (void *)page;
	}
	host_syscall6(HOST_NR_mmap, (u64)perf.marker, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED,
		      perf.dump_fd, 0);
}

/* Opens the files and tells what is there: the run-time's own code, and blocks before n. */
static void begin(u32 n)
{
	char path[32];

	perf.open = true;
	perf.map_fd = perf.dump_fd = -1;
	perf.index = 0;
	perf.pid = host_syscall0(HOST_NR_getpid);
	if (perf.map) {
		snprintf(path, sizeof path, "/tmp/perf-%u.map", perf.pid);
		perf.map_fd = create(path, HOST_O_APPEND);
	}
	if (perf.dump)
		open_dump();
	describe(cache_address(0), runtime_name, cache_runtime_size(), perf.since);
	for (u32 k = 1; k < n; k++)
		if (cache_block(k)->valid)
			describe_block(k, perf.since);
}

void perf_block(u32 n)
{
	if (LIKELY(!perf.map && !perf.dump))
		return;
	if (!perf.open)
		begin(n);
	describe_block(n, now());
}

void perf_flushed(void)
{
	if (!perf.open || perf.map_fd < 0)
		return;
	host_syscall2(HOST_NR_ftruncate, perf.map_fd, 0);
	put_line(cache_address(0), runtime_name, cache_runtime_size());
}

void perf_forked(void)
{
	if (!perf.map && !perf.dump)
		return;
	perf.since = now();
	if (!perf.open)
		return;
	perf.open = false;
	if (perf.map_fd >= 0)
		host_syscall1(HOST_NR_close, perf.map_fd);
	if (perf.dump_fd >= 0)
		host_syscall1(HOST_NR_close, perf.dump_fd);
}
