/*
 * The guest's vdso: what Linux maps into every riscv process (vdso(7)).
 *
 * vdso_image.h and vdso_image_riscv32.h are made from this file by `make vdso`, which needs a cross compiler, and are committed, so
 * that an ordinary build does not.  All functions are plain system calls: the host's kernel answers the
 * time as fast as we could, and no guest page has to be kept up to date.  RV32's has no clock functions, as the
 * kernel's.  __vdso_rt_sigreturn must be
 * exactly these two instructions: unwinders recognise the frame of a signal by them.
 */
	.text
	.option norelax
	.option norvc
	.macro syscall_function name, number
	.global \name
	.type \name, %function
	.balign 16
\name:	.cfi_startproc
	li	a7, \number
	ecall
	ret
	.cfi_endproc
	.size \name, . - \name
	.endm

	/* An unwinder looks up the call site, one byte before the return address. */
	nop
	.global __vdso_rt_sigreturn
	.type __vdso_rt_sigreturn, %function
__vdso_rt_sigreturn:
	li	a7, 139
	ecall
	.size __vdso_rt_sigreturn, . - __vdso_rt_sigreturn

#if __riscv_xlen == 64
	syscall_function __vdso_gettimeofday, 169
	syscall_function __vdso_clock_gettime, 113
	syscall_function __vdso_clock_getres, 114
#endif
	syscall_function __vdso_getcpu, 168
	syscall_function __vdso_riscv_hwprobe, 258
	syscall_function __vdso_flush_icache, 259
