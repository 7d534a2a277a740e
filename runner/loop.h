/* The run loop: what happens outside translated code, for every guest. */
#ifndef RUNNER_LOOP_H
#define RUNNER_LOOP_H

#include "base/vcpu.h"
#include "syscall/syscall.h"

/* Runs a guest thread until it ends the thread or the process. */
void run_loop(struct vcpu *c) __attribute__((noreturn));

/* The translator's functions as the system-call layer calls them. */
extern const struct syscall_hooks loop_hooks;

#endif
