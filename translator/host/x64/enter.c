/*
 * Into guest execution and, from a signal handler, out of it.
 *
 * A memory fault of the guest is a fault of the host inside code that has no way to return an
 * error. setjmp/longjmp would do but for what longjmp does to the signal mask and for jumping out
 * of the handler's frame: here the handler edits the interrupted context instead and returns
 * normally, so the kernel restores mask and alternate stack itself.
 */
#include "translator/host.h"

#include "base/die.h"
#include "translator/ir.h"

_Static_assert(offsetof(struct vcpu, host_rsp) == 0, "host_call and host_leave address it");

__asm__(
	".text\n"
	".globl host_call\n"
	".type host_call, @function\n"
	"host_call:\n"
	"	push %rbp\n"
	"	push %rbx\n"
	"	push %r12\n"
	"	push %r13\n"
	"	push %r14\n"
	"	push %r15\n"
	"	push %rdi\n"
	"	mov %rsp, (%rdi)\n"
	"	mov %rsi, %rax\n"
	"	mov %rdx, %rsi\n"
	"	call *%rax\n"
	"	mov %eax, %esi\n"
	"	mov (%rsp), %rdi\n"
	/* rdi: the vcpu, esi: the reason. */
	".globl host_leave\n"
	".hidden host_leave\n"
	"host_leave:\n"
	"	mov (%rdi), %rsp\n"
	"	cld\n"
	"	mov %esi, %eax\n"
	"	pop %rdi\n"
	"	pop %r15\n"
	"	pop %r14\n"
	"	pop %r13\n"
	"	pop %r12\n"
	"	pop %rbx\n"
	"	pop %rbp\n"
	"	ret\n"
	".size host_call, . - host_call\n");

extern const char host_leave[];

/*
 * The general registers in the kernel's ucontext (arch/x86/include/uapi/asm/sigcontext.h), from
 * byte 40 on.
 */
enum { UC_GREGS = 40, UC_RDI = 8, UC_RSI = 9, UC_RIP = 16 };

void host_unwind(struct vcpu *c, void *uc, enum exit_reason reason)
{
	u64 *reg = (u64 *)((u8 *)uc + UC_GREGS);

	reg[UC_RIP] = (u64)host_leave;
	reg[UC_RDI] = (u64)c;
	reg[UC_RSI] = reason;
}

/*
 * Invalid and denormal are never taken from the unit.  It notes an invalid operation whenever one
 * traps, though for the guest there may be none (the minimum of a quiet NaN); and what it calls
 * denormal is any such operand, where the guest means one that it took for zero.
 */
u32 host_fpflags(u32 mxcsr)
{
	return mxcsr & (FPEXC_DIVZERO | FPEXC_OVERFLOW | FPEXC_UNDERFLOW | FPEXC_INEXACT);
}

u32 host_fp_control(u32 fpctl)
{
	static const u8 rc[4] = { [RND_NEAREST] = 0, [RND_DOWN] = 1, [RND_UP] = 2, [RND_ZERO] = 3 };
	/*
	 * Invalid operation stays unmasked: fault.c makes the guest's NaN where the host would make
	 * its own.  While flushing, so do denormal operand and underflow: guest and host agree
	 * neither on when a result is tiny nor on the flags, so each case is computed exactly;
	 * and so does division by zero, which takes precedence over a denormal dividend, and
	 * inexact, at first (take_back_flags()).
	 */
	enum {
		MASK_DENORMAL = 1 << 8, MASK_ZERO = 1 << 9, MASK_UNDERFLOW = 1 << 11,
		MASK_INEXACT = 1 << 12, MASK_OVERFLOW = 1 << 10, RC = 13,
		MASK_FLUSH = MASK_DENORMAL | MASK_ZERO | MASK_UNDERFLOW | MASK_INEXACT
	};

	return MASK_OVERFLOW | (u32)rc[fpctl & FPCTL_ROUND] << RC |
	       (fpctl & FPCTL_FLUSH ? 0 : MASK_FLUSH);
}

vec host_cas128(void *p, vec old, vec new)
{
	__asm__ volatile("lock cmpxchg16b %0"
			 : "+m"(*(u128 *)p), "+a"(old.d[0]), "+d"(old.d[1])
			 : "b"(new.d[0]), "c"(new.d[1])
			 : "cc", "memory");
	return old;
}

const u16 host_elf_machine = 62;   /* EM_X86_64 */
const u32 host_disas_arch = 3 /* CS_ARCH_X86 */, host_disas_mode = 1 << 3 /* CS_MODE_64 */;
