/* The just-in-time engine: the code cache and what connects translations in it. */
#ifndef TRANSLATOR_JIT_H
#define TRANSLATOR_JIT_H

#include "base/vcpu.h"
#include "translator/translator.h"

void jit_init(const struct guest *g, const struct translator_config *cfg,
	      bool (*executable)(gaddr a, u64 len));
/* False: no memory. */
bool jit_vcpu_init(struct vcpu *c);
void jit_vcpu_done(struct vcpu *c);
enum exit_reason jit_run(struct vcpu *c);
/* See translator_fault(). */
bool jit_fault(struct vcpu *c, int signo, int code, u64 addr, void *uc);
/* c->fpctl has another FPCTL_MODE: c goes on in other translations.  Also for helpers. */
void jit_mode_changed(struct vcpu *c);
void jit_kick(struct vcpu *c);
void jit_invalidate(gaddr start, gaddr end);
void jit_memory_shared(void);
void jit_fork_prepare(void);
void jit_fork_parent(void);
void jit_fork_child(struct vcpu *c);
/* See translator_ending(). */
void jit_ending(struct vcpu *c, bool alone, const char *name);

#endif
