/* What the folder of the host (translator/host/H) gives to the rest of the translator. */
#ifndef TRANSLATOR_HOST_H
#define TRANSLATOR_HOST_H

#include "base/types.h"
#include "base/vcpu.h"

/*
 * Calls fn(c, arg) so that host_unwind can abandon it: records the stack in c->host_rsp.  Returns fn's
 * result or the reason given to host_unwind.  Does not nest.
 */
enum exit_reason host_call(struct vcpu *c, enum exit_reason (*fn)(struct vcpu *, void *), void *arg);

/* In a signal handler: changes the host's ucontext_t so that the interrupted host_call of c returns reason. */
void host_unwind(struct vcpu *c, void *uc, enum exit_reason reason);

/* The host's control word (vcpu.mxcsr without sticky flags) for FPCTL bits. */
u32 host_fp_control(u32 fpctl);

/* If the 16 bytes at p (16-byte aligned) equal old: replaces them.  Returns what they were.  Sequentially consistent. */
vec host_cas128(void *p, vec old, vec new);

/* Capstone's numbers for host code. */
extern const u32 host_disas_arch, host_disas_mode;

#endif
