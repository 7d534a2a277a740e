/*
 * The host's system calls, raw: the result is the kernel's, a negative errno included.
 *
 * Guest threads have no libc thread of their own, so nothing that runs on them may touch errno;
 * and the guest must see the kernel's answer, not libc's idea of it.
 */
#ifndef BASE_HOST_H
#define BASE_HOST_H

#include "base/types.h"

static inline s64 host_syscall6(u64 nr, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f)
{
	s64 ret;
	register u64 r10 __asm__("r10") = d;
	register u64 r8 __asm__("r8") = e;
	register u64 r9 __asm__("r9") = f;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "0"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

#define host_syscall5(n, a, b, c, d, e) host_syscall6(n, a, b, c, d, e, 0)
#define host_syscall4(n, a, b, c, d) host_syscall6(n, a, b, c, d, 0, 0)
#define host_syscall3(n, a, b, c) host_syscall6(n, a, b, c, 0, 0, 0)
#define host_syscall2(n, a, b) host_syscall6(n, a, b, 0, 0, 0, 0)
#define host_syscall1(n, a) host_syscall6(n, a, 0, 0, 0, 0, 0)
#define host_syscall0(n) host_syscall6(n, 0, 0, 0, 0, 0, 0)

#endif
