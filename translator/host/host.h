/*
 * A host: one struct of functions.  The common translator compiles, links and recovers state through it
 * and knows no host instruction.
 */
#ifndef TRANSLATOR_HOST_HOST_H
#define TRANSLATOR_HOST_HOST_H

#include "base/vcpu.h"
#include "translator/ir.h"

/* An exit of a translation that may be linked to another one. */
struct host_exit {
	gaddr target;     /* guest address */
	u32 patch;        /* offset in the translation of the 4-byte aligned field to patch */
	u32 stub;         /* offset of the code that asks the run-time to link */
};

enum { HOST_MAX_EXITS = 2 * TR_MAX_INSNS + 4, HOST_MAX_MAP = 16384 };

/* What a compilation gives besides code. */
struct host_out {
	u32 size;                  /* bytes of code */
	u32 nexits;
	u32 map_len;
	u32 exit_id;               /* in: number of the first exit; they are numbered from there */
	struct host_exit exit[HOST_MAX_EXITS];
	u8 map[HOST_MAX_MAP];      /* state maps, see statemap.h of the host */
};

/* The translation that a host pc belongs to, for recovery. */
struct host_where {
	gaddr start;               /* guest address of the translation */
	u64 code;                  /* host address of its first instruction */
	const u8 *map;
	u32 map_len;
};

struct host {
	const char *name;
	/* Looks at the processor; `hide` removes features (HOST_HIDE_*). */
	void (*init)(u32 hide);
	/* Emits the run-time's own code; returns its size.  rt[]: host addresses for vcpu.rt. */
	u32 (*runtime)(u8 *w, u64 x, u32 room, u64 *rt);
	/* Compiles t to w (executed at x); false if `room` does not suffice. */
	bool (*compile)(struct tr *t, u8 *w, u64 x, u32 room, struct host_out *out);
	/* Makes the field at w (executed at x) lead to `target`.  Atomic with respect to running code. */
	void (*patch)(u8 *w, u64 x, u64 target);
	/* Completes c->state and c->pc from the registers at a fault inside a translation. */
	void (*recover)(struct vcpu *c, const struct host_where *h, const void *uc);
	/* A floating-point exception inside a translation: true if the instruction was completed in uc. */
	bool (*fix_fp)(struct vcpu *c, void *uc);
	/* Makes uc leave translated code with c's exit reason `r`. */
	void (*leave)(struct vcpu *c, enum exit_reason r, void *uc);
	u64 (*uc_pc)(const void *uc);
	/* A fault on the return stack's guard pages: true if uc was mended to go on. */
	bool (*ret_stack_fault)(struct vcpu *c, u64 addr, void *uc);
	/* Enters code. */
	enum exit_reason (*enter)(struct vcpu *c, u64 code);
};

extern const struct host the_host;

/* What the host's run-time calls back (translator/jit.c): the host address to go on at. */
u64 jit_link(struct vcpu *c, u32 exit_id);
u64 jit_lookup(struct vcpu *c, gaddr pc);

/* Features that -hide may name. */
struct host_feature { const char *name; u32 bit; };
extern const struct host_feature host_features[];  /* ends with NULL */

#endif
