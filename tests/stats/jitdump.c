/*
 * Reads a jitdump as the kernel's tools/perf/Documentation/jitdump-specification.txt has it, and prints address, size
 * and name of each JIT_CODE_LOAD in order.  Status 1 and a line for what the specification does not allow.
 *
 * Usage: jitdump FILE PID
 */
#include <elf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct header {
	uint32_t magic, version, total_size, elf_mach, pad1, pid;
	uint64_t timestamp, flags;
};

struct prefix {
	uint32_t id, total_size;
	uint64_t timestamp;
};

struct load {
	uint32_t pid, tid;
	uint64_t vma, code_addr, code_size, code_index;
};

static void bad(const char *what, long n)
{
	printf("bad %s, record %ld\n", what, n);
	exit(1);
}

static void read_load(FILE *f, const struct prefix *p, uint32_t pid, long n)
{
	uint32_t rest = p->total_size - sizeof *p - sizeof(struct load);
	struct load l;
	char *body;
	size_t name;

	if (p->total_size < sizeof *p + sizeof l || fread(&l, sizeof l, 1, f) != 1 || rest > 1 << 24)
		bad("size", n);
	body = malloc(rest);
	if (fread(body, 1, rest, f) != rest)
		bad("truncated body", n);
	name = strnlen(body, rest);
	if (name == 0 || name == rest || name + 1 + l.code_size != rest)
		bad("name or code size", n);
	if (l.pid != pid || !l.tid || l.vma != l.code_addr || l.code_index != (uint64_t)n)
		bad("field", n);
	printf("%llx %llx %s\n", (unsigned long long)l.code_addr, (unsigned long long)l.code_size, body);
	free(body);
}

int main(int argc, char **argv)
{
	FILE *f = argc == 3 ? fopen(argv[1], "r") : NULL;
	uint64_t last;
	struct header h;
	struct prefix p;

	if (!f || fread(&h, sizeof h, 1, f) != 1)
		bad("file", -1);
	if (h.magic != 0x4a695444 || h.version != 1 || h.total_size != sizeof h || h.elf_mach != EM_X86_64 ||
	    h.pid != strtoul(argv[2], NULL, 10) || h.flags)
		bad("header", -1);
	last = h.timestamp;
	for (long n = 0; fread(&p, sizeof p, 1, f) == 1; n++) {
		if (p.id != 0 || p.timestamp < last)
			bad("identifier or time", n);
		last = p.timestamp;
		read_load(f, &p, h.pid, n);
	}
	return 0;
}
