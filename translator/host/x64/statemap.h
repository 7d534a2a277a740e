/*
 * State maps: where each slot's value is at each point that may fault.
 *
 * A translation's map is a byte stream of points in code order.  A point holds only what changed
 * since the one before: varint of the host offset's increase, signed varint of the guest pc's, a
 * count, and (slot, location) pairs.  To recover, the stream is replayed up to the last point that
 * begins at or before the faulting instruction.
 *
 * What costs bytes is a slot that moves; most points have one or two.
 */
#ifndef X64_STATEMAP_H
#define X64_STATEMAP_H

#include "base/types.h"

enum location {
	LOC_HOME,            /* the slot's own memory */
	LOC_GPR = 1,         /* + register */
	LOC_XMM = 17,        /* + register: all 16 bytes */
	LOC_XMM_F64 = 33,    /* + register: low 8 bytes, the rest of the slot is zero */
	LOC_XMM_F32 = 49,    /* + register: low 4 bytes, the rest is zero; of 8 bytes: ones */
	LOC_SPILL = 65,      /* a byte follows: index, as wide as the slot */
	LOC_SPILL_F64,
	LOC_SPILL_F32,
	LOC_CONST,           /* 8 bytes follow */
	LOC_CONSTV,          /* 16 bytes follow */
	LOC_PC,              /* signed varint: distance from the translation's guest address */
	LOC_EFLAGS,          /* FLAGS in EFLAGS, direct */
	LOC_EFLAGS_INV,      /* with C inverted */
	LOC_EFLAGS_FP        /* as UCOMIS leaves them */
};

#endif
