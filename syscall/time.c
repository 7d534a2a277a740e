/*
 * Reading clocks.
 *
 * Programs read clocks more often than they make any other call, and natively they do it without
 * entering the kernel.  Here the guest's call has already been paid for; the host's vDSO answers it
 * at a fifth of the price of a host system call.  It is found once, from the auxiliary vector;
 * without it the system call is made. The vDSO writes through plain stores, so results go to our
 * stack and from there to the guest.
 */
#include <sys/auxv.h>

#include "syscall/local.h"

/* What of an ELF file's structures the search needs (System V gABI, 64 bits). */
struct elf_header { u8 ident[16]; u16 type, machine; u32 version; u64 entry, phoff, shoff; u32 flags; u16 ehsize, phentsize, phnum; };
struct elf_phdr { u32 type, flags; u64 offset, vaddr, paddr, filesz, memsz, align; };
struct elf_dyn { s64 tag; u64 val; };
struct elf_sym { u32 name; u8 info, other; u16 shndx; u64 value, size; };
enum {
	ELF_PT_LOAD = 1, ELF_PT_DYNAMIC = 2, ELF_DT_STRTAB = 5, ELF_DT_SYMTAB = 6,
	AUX_SYSINFO_EHDR = 33
};

struct timespec { s64 tv_sec, tv_nsec; };
typedef int gettime_fn(s64 clock, struct timespec *ts);

static s64 gettime_by_call(u32 clock, struct timespec *ts)
{
	return host_syscall2(HOST_NR_clock_gettime, clock, (u64)ts);
}

static gettime_fn *find_in_vdso(void)
{
	const u8 *base = (const u8 *)getauxval(AUX_SYSINFO_EHDR);
	const struct elf_header *h = (const void *)base;
	const struct elf_dyn *dyn = NULL;
	u64 bias = 0, strtab = 0, symtab = 0;
	bool loaded = false;

	if (!base)
		return NULL;
	for (unsigned i = 0; i < h->phnum; i++) {
		const struct elf_phdr *p = (const void *)(base + h->phoff + i * h->phentsize);

		if (p->type == ELF_PT_LOAD && !loaded) {
			bias = (u64)base + p->offset - p->vaddr;
			loaded = true;
		} else if (p->type == ELF_PT_DYNAMIC) {
			dyn = (const void *)(base + p->offset);
		}
	}
	for (; dyn && dyn->tag; dyn++) {
		if (dyn->tag == ELF_DT_STRTAB)
			strtab = bias + dyn->val;
		else if (dyn->tag == ELF_DT_SYMTAB)
			symtab = bias + dyn->val;
	}
	/*
	 * The string table follows the symbols in every vDSO; that spares the two kinds of hash
	 * tables.
	 */
	if (!symtab || strtab < symtab)
		return NULL;
	for (const struct elf_sym *s = (const void *)symtab; (u64)(s + 1) <= strtab; s++)
		if (s->shndx && !strcmp((const char *)strtab + s->name, "__vdso_clock_gettime"))
			return (gettime_fn *)(bias + s->value);
	return NULL;
}

static s64 gettime(u32 clock, struct timespec *ts)
{
	static gettime_fn *volatile vdso;
	static volatile bool searched;

	/* Threads that search at the same time find the same. */
	if (!searched) {
		vdso = find_in_vdso();
		searched = true;
	}
	return vdso ? vdso((s32)clock, ts) : gettime_by_call(clock, ts);
}

s64 sys_clock_gettime(struct vcpu *c, const u64 a[6])
{
	struct timespec ts;
	s64 ret = gettime(a[0], &ts);

	return ret < 0 ? ret : copy_out(a[1], &ts, sizeof ts);
}

s64 sys_gettimeofday(struct vcpu *c, const u64 a[6])
{
	struct timespec ts;
	s32 zone[2];

	if (a[0]) {
		gettime(CLOCK_REALTIME, &ts);
		ts.tv_nsec /= 1000;
		if (copy_out(a[0], &ts, sizeof ts) < 0)
			return -EFAULT;
	}
	if (!a[1])
		return 0;
	host_syscall2(HOST_NR_gettimeofday, 0, (u64)zone);
	return copy_out(a[1], zone, sizeof zone);
}
