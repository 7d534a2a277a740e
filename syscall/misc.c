/* Calls that fit no family: prctl, restart_syscall. */
#include "syscall/local.h"

/* linux/prctl.h, the rest is in consts.def */
enum {
	PR_GET_UNALIGN = 5, PR_SET_UNALIGN = 6, PR_GET_TSC = 25, PR_SET_TSC = 26,
	PR_SET_SYSCALL_USER_DISPATCH = 59, PR_SET_MDWE = 65, PR_GET_AUXV = 0x41555856,
};

s64 sys_prctl(struct vcpu *c, const u64 a[6])
{
	switch ((u32)a[0]) {
	case PR_GET_SECCOMP:
		return 0;
	case PR_SET_SECCOMP:                 /* filters are not converted: as a kernel without them */
	case PR_SET_MM:                      /* would describe the runner */
	case PR_SET_SYSCALL_USER_DISPATCH:   /* would catch the runner's own calls */
	case PR_SET_MDWE:                    /* would forbid the translator its code */
	case PR_GET_TSC:                     /* the host's architecture only */
	case PR_SET_TSC:
	case PR_GET_UNALIGN:
	case PR_SET_UNALIGN:
		return -EINVAL;
	case PR_GET_AUXV:
		if (a[3] || a[4])
			return -EINVAL;
		if (copy_out(a[1], the_process.auxv, MIN(a[2], the_process.auxv_size)) < 0)
			return -EFAULT;
		return the_process.auxv_size;
	case PR_GET_PDEATHSIG:
	case PR_SET_NAME:
	case PR_GET_NAME:
	case PR_GET_CHILD_SUBREAPER:
	case PR_GET_TID_ADDRESS:
		return host_syscall5(HOST_NR_prctl, a[0], (u64)g2h(a[1]), a[2], a[3], a[4]);
	default:
		return host_syscall5(HOST_NR_prctl, a[0], a[1], a[2], a[3], a[4]);
	}
}

/* The kernel makes this call itself after a stop; calls here are repeated from their own arguments. */
s64 sys_restart_syscall(struct vcpu *c, const u64 a[6])
{
	return -EINTR;
}
