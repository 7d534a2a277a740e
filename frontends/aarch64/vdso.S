/*
 * The guest's vdso: what Linux maps into every arm64 process (vdso(7)).
 *
 * vdso_image.h is made from this file by `make vdso`, which needs a cross compiler, and is committed, so
 * that an ordinary build does not.  A function's body is one UDF: 0x4d00 and the function's place in
 * VDSO_CALLS of syscall/vdso.h, which says the rest.  __kernel_rt_sigreturn must be exactly these two
 * instructions: unwinders recognise the frame of a signal by them.
 */
	.text
	.macro function name, number
	.global \name
	.type \name, %function
	.balign 16
\name:	.cfi_startproc
	udf	#(0x4d00 + \number)
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

	function __kernel_clock_gettime, 0
	function __kernel_clock_getres, 1
	function __kernel_gettimeofday, 2
