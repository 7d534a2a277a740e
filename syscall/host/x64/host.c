/*
 * x86-64: the few instructions and layouts of the system-call layer that C cannot say.
 *
 * Blocking calls.  A signal may come after the check of `attention` and before the kernel is
 * entered; the call would then sleep although a signal waits to be delivered.  Every blocking call
 * is therefore made by the one `syscall` instruction below, and the signal handler moves a pc found
 * between the check and it to the exit.  When the kernel itself was interrupted and wants to
 * restart (its SA_RESTART rule), it has put the pc back on the instruction: that the call was
 * entered shows in rcx, which `syscall` overwrites with the address after it and which we clear
 * before.
 */
#include "base/die.h"
#include "syscall/task.h"

#include <sys/auxv.h>

/*
 * The kernel's struct ucontext and sigcontext (arch/x86/include/uapi/asm/sigcontext.h), in 64-bit
 * words.
 */
enum { UC_RAX = 5 + 13, UC_RCX = 5 + 14, UC_RIP = 5 + 16, UC_MASK = 37 };

extern const char host_block_begin[], host_block_syscall[], host_block_end[];
extern const char host_block_not_started[], host_block_rewound[];

__asm__(".text\n"
	".p2align 4\n"
	".globl host_blocking_call, host_sigreturn, host_clone, host_exit_unmap\n"
	".hidden host_blocking_call, host_sigreturn, host_clone, host_exit_unmap\n"
	".globl host_block_begin, host_block_syscall, host_block_end, host_block_not_started, host_block_rewound\n"
	".hidden host_block_begin, host_block_syscall, host_block_end, host_block_not_started, host_block_rewound\n"
	".type host_blocking_call, @function\n"
	"host_blocking_call:\n"      /* rdi = attention, rsi = nr, rdx rcx r8 r9 and two on the stack: arguments */
	"	mov %rdi, %r11\n"
	"	mov %rsi, %rax\n"
	"	mov %rdx, %rdi\n"
	"	mov %rcx, %rsi\n"
	"	mov %r8, %rdx\n"
	"	mov %r9, %r10\n"
	"	mov 8(%rsp), %r8\n"
	"	mov 16(%rsp), %r9\n"
	"	xor %ecx, %ecx\n"
	"host_block_begin:\n"
	"	cmpl $0, (%r11)\n"
	"	jne host_block_not_started\n"
	"host_block_syscall:\n"
	"	syscall\n"
	"host_block_end:\n"
	"	ret\n"
	"host_block_not_started:\n"
	"	mov $-4090, %rax\n"
	"	ret\n"
	"host_block_rewound:\n"
	"	mov $-4091, %rax\n"
	"	ret\n"
	".size host_blocking_call, . - host_blocking_call\n"

	".type host_sigreturn, @function\n"
	"host_sigreturn:\n"
	"	mov $15, %eax\n"         /* rt_sigreturn */
	"	syscall\n"
	".size host_sigreturn, . - host_sigreturn\n"

	".type host_clone, @function\n"
	"host_clone:\n"              /* rdi = nr, rsi rdx rcx r8 r9: arguments */
	"	mov %rdi, %rax\n"
	"	mov %rsi, %rdi\n"
	"	mov %rdx, %rsi\n"
	"	mov %rcx, %rdx\n"
	"	mov %r8, %r10\n"
	"	mov %r9, %r8\n"
	"	syscall\n"
	"	test %rax, %rax\n"
	"	jz 1f\n"
	"	ret\n"
	"1:	xor %ebp, %ebp\n"
	"	pop %rax\n"
	"	pop %rdi\n"
	"	call *%rax\n"
	"	hlt\n"
	".size host_clone, . - host_clone\n"

	".type host_exit_unmap, @function\n"
	"host_exit_unmap:\n"
	"	mov %edx, %ebx\n"
	"	mov $11, %eax\n"         /* munmap */
	"	syscall\n"
	"	mov %ebx, %edi\n"
	"	mov $60, %eax\n"         /* exit */
	"	syscall\n"
	"	hlt\n"
	".size host_exit_unmap, . - host_exit_unmap\n");

_Static_assert(HOST_NOT_STARTED == 4090 && HOST_REWOUND == 4091, "the numbers in the code above");

void host_blocking_interrupt(void *uc)
{
	u64 *w = uc;

	if (w[UC_RIP] < (u64)host_block_begin || w[UC_RIP] > (u64)host_block_syscall)
		return;
	if (w[UC_RIP] == (u64)host_block_syscall && w[UC_RCX] == (u64)host_block_end)
		w[UC_RIP] = (u64)host_block_rewound;
	else
		w[UC_RIP] = (u64)host_block_not_started;
}

u64 host_signal_pc(const void *uc)
{
	return ((const u64 *)uc)[UC_RIP];
}

void host_signal_set_pc(void *uc, u64 pc)
{
	((u64 *)uc)[UC_RIP] = pc;
}

u64 *host_signal_mask(void *uc)
{
	return (u64 *)uc + UC_MASK;
}

u64 *host_clone_stack(u8 *top, void (*fn)(void *), void *arg)
{
	u64 *sp = (u64 *)ALIGN_DOWN((u64)top, 16) - 2;

	sp[0] = (u64)fn;
	sp[1] = (u64)arg;
	return sp;
}

s64 host_clone_args(u64 flags, u64 stack, u64 parent_tid, u64 child_tid, u64 tls)
{
	if (!stack)
		return host_syscall5(HOST_NR_clone, flags, 0, parent_tid, child_tid, tls);
	return host_clone(HOST_NR_clone, flags, stack, parent_tid, child_tid, tls);
}

/* Size of the static thread-local storage, which lies just below the thread pointer. */
static u64 tls_segment(void)
{
	const u8 *ph = (const u8 *)getauxval(3 /* AT_PHDR */);
	u64 n = getauxval(5 /* AT_PHNUM */), size = 0;

	for (u64 i = 0; i < n; i++, ph += 56) {
		u32 type;

		memcpy(&type, ph, sizeof type);
		if (type == 7 /* PT_TLS */)
			size = ALIGN_UP(*(const u64 *)(ph + 40) + *(const u64 *)(ph + 48), 64ull);
	}
	return size;
}

u64 host_tls_copy(u8 *mem)
{
	enum { THREAD_BYTES = 1024 };  /* more than libc's thread structure has */
	static u64 segment = ~0ull;
	u64 tp = (u64)__builtin_thread_pointer(), copy;

	if (segment == ~0ull)
		segment = tls_segment();
	BUG_ON(segment + THREAD_BYTES + 64 > HOST_TLS_SIZE);
	copy = ALIGN_UP((u64)mem + segment, 64ull);
	/*
	 * The first thread's area lies in the image's data or in libc's heap: reading past it is
	 * harmless.
	 */
	copy_in((void *)(copy - segment), h2g((void *)(tp - segment)), segment);
	copy_in((void *)copy, h2g((void *)tp), THREAD_BYTES);
	memcpy((void *)copy, &copy, sizeof copy);
	return copy;
}
