/*
 * The functions of the guest's vdso.
 *
 * A vdso is guest code that reads a clock without a system call.  Ours cannot read the host's clock
 * data (its layout is the kernel's own affair), so the body of each function is one instruction
 * word that does not exist otherwise, which the frontend translates, in the pages of the vdso only,
 * to a call of the C function below.  Translated code calls it as any helper: nothing is left,
 * nothing saved that is not live.
 *
 * A frontend makes its helpers from VDSO_CALLS: two words in, the guest's result out (0 or a
 * negative errno, as the system call of that name gives).
 */
#ifndef SYSCALL_VDSO_H
#define SYSCALL_VDSO_H

#include "base/types.h"

#define VDSO_CALLS(X) X(clock_gettime) X(clock_getres) X(gettimeofday) X(time) X(getcpu)

enum vdso_call {
#define X(name) VDSO_##name,
	VDSO_CALLS(X)
#undef X
	VDSO_COUNT
};

/* u64 vdso_clock_gettime(u64 clock, u64 ts) and so on; pointers are guest addresses. */
#define X(name) u64 vdso_##name(u64 a, u64 b);
VDSO_CALLS(X)
#undef X

/* True if guest code at pc may contain such words. */
bool vdso_contains(gaddr pc);

#endif
