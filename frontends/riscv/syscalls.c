/*
 * The system calls that only riscv has (arch/riscv/kernel/sys_riscv.c and sys_hwprobe.c of Linux).
 */
#define ROW_FIRST NR_ARCH_FIRST
#include "syscall/rows.h"

#include "frontends/riscv/riscv.h"

/* --- riscv_flush_icache --- */

enum { FLUSH_ICACHE_LOCAL = 1 };

/*
 * The kernel flushes everything, for now; the range is what it promises to respect.  All threads
 * share translations, so a local flush reaches them all, too.
 */
static s64 sys_riscv_flush_icache(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	if (a[2] & ~(u64)FLUSH_ICACHE_LOCAL)
		return -EINVAL;
	rv_code_written(a[0], a[1]);
	return 0;
}

/* --- riscv_hwprobe --- */

/* include/uapi/asm/hwprobe.h */
enum {
	KEY_MVENDORID, KEY_MARCHID, KEY_MIMPID, KEY_BASE_BEHAVIOR, KEY_IMA_EXT_0, KEY_CPUPERF_0,
	KEY_ZICBOZ_BLOCK_SIZE, KEY_HIGHEST_VIRT_ADDRESS, KEY_TIME_CSR_FREQ,
	KEY_MISALIGNED_SCALAR_PERF, KEY_MISALIGNED_VECTOR_PERF, KEY_VENDOR_EXT_THEAD_0,
	KEY_ZICBOM_BLOCK_SIZE, KEY_VENDOR_EXT_SIFIVE_0, KEY_VENDOR_EXT_MIPS_0, KEY_ZICBOP_BLOCK_SIZE
};
enum { BASE_BEHAVIOR_IMA = 1, MISALIGNED_FAST = 3, MISALIGNED_VECTOR_UNSUPPORTED = 4 };
enum { HWPROBE_WHICH_CPUS = 1 };

struct hwprobe_pair { s64 key; u64 value; };

/* All processors are the same.  An unknown key becomes -1. */
static void probe(struct hwprobe_pair *p)
{
	p->value = 0;
	switch (p->key) {
	case KEY_MVENDORID:
	case KEY_MARCHID:
	case KEY_MIMPID:
	case KEY_VENDOR_EXT_THEAD_0:
	case KEY_VENDOR_EXT_SIFIVE_0:
	case KEY_VENDOR_EXT_MIPS_0:
		break;
	case KEY_BASE_BEHAVIOR:
		p->value = BASE_BEHAVIOR_IMA;
		break;
	case KEY_IMA_EXT_0:
		p->value = rv_hwprobe_extensions();
		break;
	case KEY_CPUPERF_0:
	case KEY_MISALIGNED_SCALAR_PERF:
		p->value = MISALIGNED_FAST;
		break;
	case KEY_MISALIGNED_VECTOR_PERF:
		p->value = MISALIGNED_VECTOR_UNSUPPORTED;
		break;
	case KEY_ZICBOZ_BLOCK_SIZE:
		p->value = rv_has(EXT_Zicboz) ? RV_CACHE_BLOCK : 0;
		break;
	case KEY_ZICBOM_BLOCK_SIZE:
		p->value = rv_has(EXT_Zicbom) ? RV_CACHE_BLOCK : 0;
		break;
	case KEY_ZICBOP_BLOCK_SIZE:
		p->value = rv_has(EXT_Zicbop) ? RV_CACHE_BLOCK : 0;
		break;
	case KEY_HIGHEST_VIRT_ADDRESS:
		p->value = (1ull << the_guest.va_bits) - 1;
		break;
	case KEY_TIME_CSR_FREQ:
		p->value = RV_TIME_FREQ;
		break;
	default:
		p->key = -1;
	}
}

/* Keys whose values are sets of bits: a processor matches that has all that are asked for. */
static bool is_set(s64 key)
{
	return key == KEY_BASE_BEHAVIOR || key == KEY_IMA_EXT_0 || key == KEY_CPUPERF_0;
}

enum { MAX_CPU_BYTES = 128 };

static bool no_cpu(const u8 *set, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (set[i])
			return false;
	return true;
}

/* Which of the processors `cpus` have these values: since they are the same, all or none. */
static s64 which_cpus(gaddr pairs, u64 count, u64 size, gaddr cpus)
{
	u8 set[MAX_CPU_BYTES] = { 0 };
	struct hwprobe_pair p, mine;
	bool all = true;
	s64 n;

	if (!size || !cpus)
		return -EINVAL;
	size = MIN(size, (u64)sizeof set);
	if (copy_in(set, cpus, size))
		return -EFAULT;
	if (no_cpu(set, size)) {
		n = host_syscall3(HOST_NR_sched_getaffinity, 0, sizeof set, (u64)set);
		if (n < 0)
			return n;
	}
	for (u64 i = 0; i < count; i++, pairs += sizeof p) {
		if (copy_in(&p, pairs, sizeof p))
			return -EFAULT;
		mine.key = p.key;
		probe(&mine);
		if (mine.key < 0) {
			p.key = -1;
			p.value = 0;
			if (copy_out(pairs, &p, sizeof p))
				return -EFAULT;
			all = false;
		} else if (is_set(p.key) ? (mine.value & p.value) != p.value : mine.value != p.value) {
			all = false;
		}
	}
	if (!all)
		memset(set, 0, sizeof set);
	return copy_out(cpus, set, size);
}

static s64 sys_riscv_hwprobe(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	gaddr pairs = a[0], cpus = a[3];
	u64 size = MIN(a[2], (u64)MAX_CPU_BYTES);
	u8 set[MAX_CPU_BYTES];
	struct hwprobe_pair p;

	if ((u32)a[4] == HWPROBE_WHICH_CPUS)
		return which_cpus(pairs, a[1], a[2], cpus);
	if ((u32)a[4])
		return -EINVAL;
	if (size || cpus) {
		if (copy_in(set, cpus, size))
			return -EFAULT;
		if (no_cpu(set, size))
			return -EINVAL;
	}
	for (u64 i = 0; i < a[1]; i++, pairs += sizeof p) {
		if (copy_in(&p, pairs, sizeof p))
			return -EFAULT;
		probe(&p);
		if (copy_out(pairs, &p, sizeof p))
			return -EFAULT;
	}
	return 0;
}

const struct syscall_row rv_syscalls[NR_ARCH_SYSCALLS] = {
FN(258, riscv_hwprobe,      FULL, PTR, SIZE, SIZE, PTR, HEX)
FN(259, riscv_flush_icache, FULL, PTR, PTR, HEX)
};
