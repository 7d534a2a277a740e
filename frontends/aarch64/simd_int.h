/*
 * The integer operations that several encodings share: vector, scalar and by-element forms of an
 * instruction differ in where their operands come from only.
 *
 * An operation is named by U:opcode as the manual's table has them; e is the log2 of the element's
 * bytes.
 */
#ifndef FRONTENDS_AARCH64_SIMD_INT_H
#define FRONTENDS_AARCH64_SIMD_INT_H

#include "frontends/aarch64/simd.h"

/* Advanced SIMD three same, U << 5 | opcode. */
enum same_op {
	S_SHADD = 0x00, S_SQADD, S_SRHADD, S_SHSUB = 0x04, S_SQSUB, S_CMGT, S_CMGE, S_SSHL, S_SQSHL,
	S_SRSHL,
	S_SQRSHL, S_SMAX, S_SMIN, S_SABD, S_SABA, S_ADD, S_CMTST, S_MLA, S_MUL, S_SMAXP, S_SMINP,
	S_SQDMULH, S_ADDP,
	S_UHADD = 0x20, S_UQADD, S_URHADD, S_UHSUB = 0x24, S_UQSUB, S_CMHI, S_CMHS, S_USHL, S_UQSHL,
	S_URSHL,
	S_UQRSHL, S_UMAX, S_UMIN, S_UABD, S_UABA, S_SUB, S_CMEQ, S_MLS, S_PMUL, S_UMAXP, S_UMINP,
	S_SQRDMULH
};

/* d is read by the accumulating ones alone.  The operands are of `type`; the result as well. */
ref simd_same(struct tr *t, enum same_op op, enum ir_type type, unsigned e, ref d, ref n, ref m);

/* Advanced SIMD three different, U << 4 | opcode. */
enum diff_op {
	D_SADDL, D_SADDW, D_SSUBL, D_SSUBW, D_ADDHN, D_SABAL, D_SUBHN, D_SABDL, D_SMLAL, D_SQDMLAL,
	D_SMLSL,
	D_SQDMLSL, D_SMULL, D_SQDMULL, D_PMULL,
	D_UADDL = 0x10, D_UADDW, D_USUBL, D_USUBW, D_RADDHN, D_UABAL, D_RSUBHN, D_UABDL, D_UMLAL,
	D_UMLSL = 0x1a,
	D_UMULL = 0x1c
};

/*
 * The widening ones: half is that of the narrow operands, e their size; d the old destination.  All
 * V128. ADDHN and its kin are not among them.
 */
ref simd_widening(struct tr *t, enum diff_op op, unsigned e, unsigned half, ref d, ref n, ref m);

/* v in elements of twice size e, clamped to what fits an element of size e; sets QC. */
enum clamp { CLAMP_SIGNED, CLAMP_UNSIGNED, CLAMP_SIGNED_TO_UNSIGNED };
ref simd_clamp(struct tr *t, enum clamp how, unsigned e, ref v);

/* --- simd_sat.c --- */

/* SQSHL, UQSHL and (CLAMP_SIGNED_TO_UNSIGNED) SQSHLU by an immediate. */
ref simd_shift_left_sat(struct tr *t, enum clamp how, enum ir_type type, unsigned e, ref n, unsigned count);

/* n shifted by the signed low byte of m, right if negative: SQSHL, URSHL and so on. */
enum { SHIFT_UNSIGNED = 1, SHIFT_ROUND = 2, SHIFT_SATURATE = 4 };
ref simd_shift_by(struct tr *t, unsigned how, enum ir_type type, unsigned e, ref n, ref m);

/* SUQADD: signed d + unsigned n; not is_signed: USQADD, unsigned d + signed n. */
ref simd_add_mixed_sat(struct tr *t, bool is_signed, enum ir_type type, unsigned e, ref d, ref n);

/* SQRDMLAH, SQRDMLSH; e is 1 or 2. */
ref simd_mla_high_sat(struct tr *t, bool subtract, enum ir_type type, unsigned e, ref d, ref n, ref m);

/* PMUL (e 0), PMULL (e 1: of zero-extended bytes). */
ref simd_poly_mul(struct tr *t, enum ir_type type, unsigned e, ref n, ref m);

/* --- */

/* v >> n rounded, 1 <= n <= element bits, no intermediate overflow. */
ref simd_round_shift(struct tr *t, enum ir_type type, unsigned e, bool is_signed, ref v, unsigned n);

/* SDOT and its kin: each lane of 32 bits plus the products of its four bytes, signed or not. */
ref simd_dot(struct tr *t, bool n_signed, bool m_signed, ref d, ref n, ref m);

/* BFMLALB (half 0), BFMLALT: d + the bfloat16 of that half of each pair. */
ref simd_bfmlal(struct tr *t, unsigned half, ref d, ref n, ref m);

/*
 * Operands of scalar integer forms of size e: the V64 for 3, else lane 0 with zeros above it.  No
 * operation but comparisons makes something of zeros, and comparisons are of size 3 alone.
 */
static inline ref scalar_operand(struct tr *t, unsigned n, unsigned e)
{
	return e == 3 ? v_get_as(t, n, T_V64) : vlane0(t, v_get(t, n), e);
}

static inline enum ir_type scalar_type(unsigned e)
{
	return e == 3 ? T_V64 : T_V128;
}

#endif
