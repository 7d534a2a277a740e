#ifndef BASE_SM4_H
#define BASE_SM4_H

#include "base/types.h"

/* sm4.c */
extern const u8 sm4_sbox[256];

#endif
