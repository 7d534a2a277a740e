/*
 * Reading clocks, and what else a vdso offers: by the host's own vdso.
 *
 * Programs read clocks more often than they make any other call, and natively they do it without
 * entering the kernel.  The host's vdso is found once, from the auxiliary vector; where it lacks a
 * function the system call is made.  It writes through plain stores, so results go to our stack and
 * from there to the guest, whose pointer may be wrong.
 */
#include <sys/auxv.h>

#include "syscall/local.h"
#include "syscall/vdso.h"

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
typedef long clock_fn(s32 clock, struct timespec *ts);
typedef long getcpu_fn(u32 *cpu, u32 *node, void *unused);

static struct {
	clock_fn *clock_gettime, *clock_getres;
	getcpu_fn *getcpu;
} host_vdso;

static s64 gettime_by_call(s32 clock, struct timespec *ts)
{
	return host_syscall2(HOST_NR_clock_gettime, clock, (u64)ts);
}

static s64 getres_by_call(s32 clock, struct timespec *ts)
{
	return host_syscall2(HOST_NR_clock_getres, clock, (u64)ts);
}

static s64 getcpu_by_call(u32 *cpu, u32 *node, void *unused)
{
	return host_syscall3(HOST_NR_getcpu, (u64)cpu, (u64)node, 0);
}

/* Hosts differ in the prefix of the names. */
static bool is_function(const char *symbol, const char *name)
{
	if (!strncmp(symbol, "__vdso_", 7))
		return !strcmp(symbol + 7, name);
	return !strncmp(symbol, "__kernel_", 9) && !strcmp(symbol + 9, name);
}

/* The host's vdso; false if there is none that we understand. */
static bool find_vdso(const struct elf_sym **first, const char **names, u64 *bias)
{
	const u8 *base = (const u8 *)getauxval(AUX_SYSINFO_EHDR);
	const struct elf_header *h = (const void *)base;
	const struct elf_dyn *dyn = NULL;
	u64 strtab = 0, symtab = 0;
	bool loaded = false;

	*bias = 0;
	if (!base)
		return false;
	for (unsigned i = 0; i < h->phnum; i++) {
		const struct elf_phdr *p = (const void *)(base + h->phoff + i * h->phentsize);

		if (p->type == ELF_PT_LOAD && !loaded) {
			*bias = (u64)base + p->offset - p->vaddr;
			loaded = true;
		} else if (p->type == ELF_PT_DYNAMIC) {
			dyn = (const void *)(base + p->offset);
		}
	}
	for (; dyn && dyn->tag; dyn++) {
		if (dyn->tag == ELF_DT_STRTAB)
			strtab = *bias + dyn->val;
		else if (dyn->tag == ELF_DT_SYMTAB)
			symtab = *bias + dyn->val;
	}
	/*
	 * The string table follows the symbols in every vDSO; that spares the two kinds of hash
	 * tables.
	 */
	if (!symtab || strtab < symtab)
		return false;
	*first = (const struct elf_sym *)symtab;
	*names = (const char *)strtab;
	return true;
}

/* Threads that search at the same time find the same. */
static void find_functions(void)
{
	const struct elf_sym *s = NULL;
	const char *names = NULL;
	u64 bias;

	__atomic_store_n(&host_vdso.clock_getres, getres_by_call, __ATOMIC_RELAXED);
	__atomic_store_n(&host_vdso.getcpu, getcpu_by_call, __ATOMIC_RELAXED);

	clock_fn *gettime = gettime_by_call;
	bool found = find_vdso(&s, &names, &bias);

	for (; found && (u64)(s + 1) <= (u64)names; s++) {
		if (!s->shndx)
			continue;
		if (is_function(names + s->name, "clock_gettime"))
			gettime = (clock_fn *)(bias + s->value);
		else if (is_function(names + s->name, "clock_getres"))
			host_vdso.clock_getres = (clock_fn *)(bias + s->value);
		else if (is_function(names + s->name, "getcpu"))
			host_vdso.getcpu = (getcpu_fn *)(bias + s->value);
	}
	__atomic_store_n(&host_vdso.clock_gettime, gettime, __ATOMIC_RELEASE);
}

static inline void need_functions(void)
{
	if (UNLIKELY(!__atomic_load_n(&host_vdso.clock_gettime, __ATOMIC_ACQUIRE)))
		find_functions();
}

bool vdso_contains(gaddr pc)
{
	struct mapping m;

	return space_find(pc, &m) && m.start <= pc && m.name && !strcmp(m.name, "[vdso]");
}

u64 vdso_clock_gettime(u64 clock, u64 dst)
{
	struct timespec ts;
	s64 ret;

	need_functions();
	ret = host_vdso.clock_gettime(clock, &ts);
	return ret < 0 ? ret : copy_out(dst, &ts, sizeof ts);
}

u64 vdso_clock_getres(u64 clock, u64 dst)
{
	struct timespec ts;
	s64 ret;

	need_functions();
	ret = host_vdso.clock_getres(clock, &ts);
	return ret < 0 || !dst ? ret : copy_out(dst, &ts, sizeof ts);
}

u64 vdso_gettimeofday(u64 time, u64 zone)
{
	struct timespec ts;
	s32 tz[2];

	need_functions();
	if (time) {
		host_vdso.clock_gettime(CLOCK_REALTIME, &ts);
		ts.tv_nsec /= 1000;
		if (copy_out(time, &ts, sizeof ts) < 0)
			return -EFAULT;
	}
	if (!zone)
		return 0;
	host_syscall2(HOST_NR_gettimeofday, 0, (u64)tz);
	return copy_out(zone, tz, sizeof tz);
}

u64 vdso_time(u64 dst, u64 unused)
{
	struct timespec ts;

	need_functions();
	host_vdso.clock_gettime(CLOCK_REALTIME_COARSE, &ts);
	return dst && copy_out(dst, &ts.tv_sec, sizeof ts.tv_sec) < 0 ? -EFAULT : ts.tv_sec;
}

u64 vdso_getcpu(u64 cpu_dst, u64 node_dst)
{
	u32 cpu, node;
	s64 ret;

	need_functions();
	ret = host_vdso.getcpu(&cpu, &node, NULL);
	if (ret < 0)
		return ret;
	if ((cpu_dst && copy_out(cpu_dst, &cpu, sizeof cpu) < 0) ||
	    (node_dst && copy_out(node_dst, &node, sizeof node) < 0))
		return -EFAULT;
	return 0;
}

/* --- the system calls of the same names --- */

s64 sys_clock_gettime(struct vcpu *c, const u64 a[6])
{
	return vdso_clock_gettime(a[0], a[1]);
}

s64 sys_gettimeofday(struct vcpu *c, const u64 a[6])
{
	return vdso_gettimeofday(a[0], a[1]);
}
