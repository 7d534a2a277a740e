/*
 * The guest's vdso: what Linux maps into every arm64 process (vdso(7)).
 *
 * vdso_image.h is made from this file by `make vdso`, which needs a cross compiler, and is committed, so
 * that an ordinary build does not.  The time functions are plain system calls: the host's kernel answers
 * them as fast as we could, and no guest page has to be kept up to date.  __kernel_rt_sigreturn must be
 * exactly these two instructions: unwinders recognise the frame of a signal by them.
 */
	.text
	.macro syscall_function name, number
	.global \name
	.type \name, %function
	.balign 16
\name:	.cfi_startproc
	mov	x8, #\number
	svc	#0
	ret
	.cfi_endproc
	.size \name, . - \name
	.endm

	/* An unwinder looks up the call site, one byte before the return address. */
	nop
	.global __kernel_rt_sigreturn
	.type __kernel_rt_sigreturn, %function
__kernel_rt_sigreturn:
	mov	x8, #139
	svc	#0
	.size __kernel_rt_sigreturn, . - __kernel_rt_sigreturn

	syscall_function __kernel_gettimeofday, 169
	syscall_function __kernel_clock_gettime, 113
	syscall_function __kernel_clock_getres, 114
