/* Registers as the kernel sets them, and as -d cpu shows them: the cards' functions. */
#include "frontends/riscv/riscv.h"

void rv_reset(struct vcpu *c, gaddr entry, gaddr sp)
{
	memset(c->state, 0, sizeof c->state);
	c->pc = entry;
	*vcpu_u64(c, OFF_X2) = sp;
	*vcpu_u64(c, OFF_RESADDR) = RES_NONE;
	rv_fp_reset(c);
}

void rv_clone_child(struct vcpu *c, gaddr sp, bool set_tls, gaddr tls)
{
	*vcpu_u64(c, OFF_X10) = 0;
	*vcpu_u64(c, OFF_RESADDR) = RES_NONE;
	if (sp)
		*vcpu_u64(c, OFF_X2) = sp;
	if (set_tls)
		*vcpu_u64(c, OFF_X4) = tls;
}

void rv_dump(const struct vcpu *c, void (*line)(const char *fmt, ...))
{
	static const char name[32][4] = {
		"zr", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0",
		"a1", "a2", "a3", "a4", "a5", "a6", "a7", "s2", "s3", "s4", "s5",
		"s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6"
	};
	const u64 *x = (const u64 *)(const void *)c->state;

	const int digits = rv_base.xlen / 4;

	line("pc  %0*llx fcsr %02x", digits, (unsigned long long)c->pc, *(const u32 *)(const void *)(c->state + OFF_FCSR));
	for (unsigned i = 0; i < 32; i += 4)
		line("%-3s %0*llx %-3s %0*llx %-3s %0*llx %-3s %0*llx", name[i], digits,
		     (unsigned long long)x[i], name[i + 1], digits, (unsigned long long)x[i + 1],
		     name[i + 2], digits, (unsigned long long)x[i + 2], name[i + 3], digits,
		     (unsigned long long)x[i + 3]);
}
