/*
 * Copies between guest and host memory that survive any pointer.
 *
 * Asking the record of mappings first would be slow and wrong: another thread may unmap in between,
 * and a file may be shorter than its mapping.  So we just copy, and when the host faults inside the
 * few instructions below, the signal handler (syscall/signal.c) continues at copy_fault, which
 * returns -EFAULT.  The instructions keep nothing on the stack and touch only caller-saved
 * registers: from any of them a plain return is right.
 *
 * Short copies, the rule for system calls, go by eight bytes; `rep movsb` takes over where its
 * start-up cost is small against the copy.
 */
#include "base/errno.h"
#include "base/host.h"
#include "base/space.h"

int copy_bytes(void *dst, const void *src, size_t n);
s64 copy_str_bytes(char *dst, const char *src, size_t size);
extern const char copy_begin[], copy_end[], copy_fault[];

__asm__(".text\n"
	".p2align 4\n"
	".globl copy_begin, copy_end, copy_fault, copy_bytes, copy_str_bytes\n"
	".hidden copy_begin, copy_end, copy_fault, copy_bytes, copy_str_bytes\n"
	".type copy_bytes, @function\n"
	".type copy_str_bytes, @function\n"
	"copy_begin:\n"
	"copy_bytes:\n"           /* rdi = dst, rsi = src, rdx = n */
	"	xor %eax, %eax\n"
	"	cmp $256, %rdx\n"
	"	jae 3f\n"
	"	sub $8, %rdx\n"
	"	jb 2f\n"
	"1:	mov (%rsi), %rcx\n"
	"	mov %rcx, (%rdi)\n"
	"	add $8, %rsi\n"
	"	add $8, %rdi\n"
	"	sub $8, %rdx\n"
	"	jae 1b\n"
	"2:	add $8, %rdx\n"
	"	jz 6f\n"               /* even a repetition of nothing takes its time */
	"3:	mov %rdx, %rcx\n"
	"	rep movsb\n"
	"6:	ret\n"
	".size copy_bytes, . - copy_bytes\n"
	"copy_str_bytes:\n"       /* rdi = dst, rsi = src, rdx = size; the length, or size if no NUL was met */
	"	xor %eax, %eax\n"
	"4:	cmp %rdx, %rax\n"
	"	jae 5f\n"
	"	movzbl (%rsi,%rax), %ecx\n"
	"	mov %cl, (%rdi,%rax)\n"
	"	inc %rax\n"
	"	test %ecx, %ecx\n"
	"	jnz 4b\n"
	"	dec %rax\n"
	"5:	ret\n"
	".size copy_str_bytes, . - copy_str_bytes\n"
	"copy_end:\n"
	"copy_fault:\n"
	"	mov $-14, %rax\n"
	"	ret\n");

int copy_in(void *dst, gaddr src, size_t n)
{
	return copy_bytes(dst, g2h(src), n);
}

int copy_out(gaddr dst, const void *src, size_t n)
{
	return copy_bytes(g2h(dst), src, n);
}

s64 copy_in_str(char *dst, gaddr src, size_t size)
{
	s64 n = copy_str_bytes(dst, g2h(src), size);

	return n >= 0 && (size_t)n >= size ? -ENAMETOOLONG : n;
}

u64 copy_fixup(u64 host_pc)
{
	return host_pc >= (u64)copy_begin && host_pc < (u64)copy_end ? (u64)copy_fault : 0;
}
