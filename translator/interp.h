/* The reference: executes a translation node by node.  Slow and obviously right. */
#ifndef TRANSLATOR_INTERP_H
#define TRANSLATOR_INTERP_H

#include "base/vcpu.h"
#include "translator/ir.h"

/*
 * Executes t on c until an exit; c->pc and c->state are then complete.  EXIT_NONE: c->pc is the
 * next guest address.  Memory faults are the host's: c->pc is kept at the current instruction and
 * state is written by every PUT, so that the handler finds them complete.
 */
enum exit_reason interp_run(struct vcpu *c, const struct tr *t);

#endif
