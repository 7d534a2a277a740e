/* Names for guest code, from the symbol tables of the files that it was mapped from. */
#ifndef TRANSLATOR_SYMBOLS_H
#define TRANSLATOR_SYMBOLS_H

#include "base/types.h"

/*
 * Writes a name for the code at pc: "function", "function+0x10", or where no symbol is known "file+0x1234" (an offset
 * in the file), "[vdso]", or the address.  Printable, not empty, cut off at `size`.  Under the translator's lock.
 */
void symbol_name(gaddr pc, char *buf, size_t size);

#endif
