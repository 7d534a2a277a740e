/* Disassembly for logs. */
#ifndef TRANSLATOR_DISAS_H
#define TRANSLATOR_DISAS_H

#include "base/guest.h"

/*
 * Logs the guest instructions in [pc, pc + len), one per line; bytes that cannot be decoded as
 * such.
 */
void disas_log(const struct guest *g, gaddr pc, u64 len);
/* The same for host code at p. */
void disas_log_host(const void *p, u64 len);

#endif
