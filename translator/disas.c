/*
 * Disassembly by capstone, opened when first asked for: its tables are clean shared pages, so a
 * runner that never logs does not pay for them.  Capstone allocates, and libc's allocator knows
 * nothing of guest threads, hence the one lock around it and the instruction buffer that is made
 * once.
 */
#include "translator/disas.h"

#include <capstone/capstone.h>

#include "base/log.h"
#include "base/space.h"
#include "translator/host.h"

struct disas {
	bool tried, usable;
	csh handle;
	cs_insn *insn;
};

static struct disas guest_disas, host_disas;
static u32 lock;

static bool open_once(struct disas *d, u32 arch, u32 mode)
{
	if (!d->tried) {
		d->tried = true;
		d->usable = arch != (u32)-1 &&
			    cs_open((cs_arch)arch, (cs_mode)mode, &d->handle) == CS_ERR_OK;
		if (d->usable)
			d->insn = cs_malloc(d->handle);
		d->usable = d->usable && d->insn;
	}
	return d->usable;
}

static void log_bytes(u64 address, const u8 *p, u64 n)
{
	char hex[2 * 16 + 1];
	static const char digit[] = "0123456789abcdef";

	n = MIN(n, 16u);
	for (u64 i = 0; i < n; i++) {
		hex[2 * i] = digit[p[i] >> 4];
		hex[2 * i + 1] = digit[p[i] & 15];
	}
	hex[2 * n] = 0;
	log_printf("  0x%llx:  .byte %s\n", (unsigned long long)address, hex);
}

static void disas(struct disas *d, const u8 *p, u64 address, size_t left, unsigned unit)
{
	while (left) {
		const u8 *q = p;
		u64 a = address;
		size_t l = left, skip;

		if (d->usable && cs_disasm_iter(d->handle, &q, &l, &a, d->insn)) {
			log_printf("  0x%llx:  %-8s %s\n", (unsigned long long)address,
				   d->insn->mnemonic, d->insn->op_str);
			skip = left - l;
		} else {
			skip = MIN(left, unit);
			log_bytes(address, p, skip);
		}
		p += skip;
		address += skip;
		left -= skip;
	}
}

static void take(void)
{
	while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE))
		while (__atomic_load_n(&lock, __ATOMIC_RELAXED))
			;
}

void disas_log(const struct guest *g, gaddr pc, u64 len)
{
	take();
	open_once(&guest_disas, g->disas_arch, g->disas_mode);
	disas(&guest_disas, g2h(pc), pc, len, g->insn_unit);
	__atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
}

void disas_log_host(const void *p, u64 len)
{
	take();
	open_once(&host_disas, host_disas_arch, host_disas_mode);
	disas(&host_disas, p, (u64)p, len, 1);
	__atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
}
