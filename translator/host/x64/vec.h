/*
 * Vector instructions by name, and what the lowerings of vector operations share.
 *
 * A lowering first asks for its registers (use_xmm, def_xmm, temp_xmm), then emits: allocation may
 * use xmm14 and xmm15, which after that are the lowering's own.  The result's register is never
 * that of an operand, so it can be written before the operands are read for the last time; a second
 * source that is also the destination must be avoided, as the SSE forms of x_rrr need xmm15 for it.
 */
#ifndef X64_VEC_H
#define X64_VEC_H

#include "translator/host/x64/gen.h"

enum {
	PADDB = OPC(1, 1, 0xfc), PADDW = OPC(1, 1, 0xfd), PADDD = OPC(1, 1, 0xfe), PADDQ = OPC(1, 1, 0xd4),
	PSUBB = OPC(1, 1, 0xf8), PSUBW = OPC(1, 1, 0xf9), PSUBD = OPC(1, 1, 0xfa), PSUBQ = OPC(1, 1, 0xfb),
	PADDSB = OPC(1, 1, 0xec), PADDSW = OPC(1, 1, 0xed), PADDUSB = OPC(1, 1, 0xdc), PADDUSW = OPC(1, 1, 0xdd),
	PSUBSB = OPC(1, 1, 0xe8), PSUBSW = OPC(1, 1, 0xe9), PSUBUSB = OPC(1, 1, 0xd8), PSUBUSW = OPC(1, 1, 0xd9),
	PAVGB = OPC(1, 1, 0xe0), PAVGW = OPC(1, 1, 0xe3), PSADBW = OPC(1, 1, 0xf6),
	PMADDWD = OPC(1, 1, 0xf5), PMULLW = OPC(1, 1, 0xd5), PMULHW = OPC(1, 1, 0xe5), PMULHUW = OPC(1, 1, 0xe4), PMULLD = OPC(1, 2, 0x40),
	PMULLQ = OPC(1, 2, 0x40) | OPC_W, PMULUDQ = OPC(1, 1, 0xf4), PMULDQ = OPC(1, 2, 0x28),
	PHADDW = OPC(1, 2, 0x01), PHADDD = OPC(1, 2, 0x02),
	PAND = OPC(1, 1, 0xdb), PANDN = OPC(1, 1, 0xdf), POR = OPC(1, 1, 0xeb), PXOR = OPC(1, 1, 0xef),
	PABSB = OPC(1, 2, 0x1c), PABSW = OPC(1, 2, 0x1d), PABSD = OPC(1, 2, 0x1e), PABSQ = OPC(1, 2, 0x1f) | OPC_W,
	PCMPEQB = OPC(1, 1, 0x74), PCMPEQW = OPC(1, 1, 0x75), PCMPEQD = OPC(1, 1, 0x76), PCMPEQQ = OPC(1, 2, 0x29),
	PCMPGTB = OPC(1, 1, 0x64), PCMPGTW = OPC(1, 1, 0x65), PCMPGTD = OPC(1, 1, 0x66), PCMPGTQ = OPC(1, 2, 0x37),
	PMINSB = OPC(1, 2, 0x38), PMINSW = OPC(1, 1, 0xea), PMINSD = OPC(1, 2, 0x39), PMINSQ = OPC(1, 2, 0x39) | OPC_W,
	PMAXSB = OPC(1, 2, 0x3c), PMAXSW = OPC(1, 1, 0xee), PMAXSD = OPC(1, 2, 0x3d), PMAXSQ = OPC(1, 2, 0x3d) | OPC_W,
	PMINUB = OPC(1, 1, 0xda), PMINUW = OPC(1, 2, 0x3a), PMINUD = OPC(1, 2, 0x3b), PMINUQ = OPC(1, 2, 0x3b) | OPC_W,
	PMAXUB = OPC(1, 1, 0xde), PMAXUW = OPC(1, 2, 0x3e), PMAXUD = OPC(1, 2, 0x3f), PMAXUQ = OPC(1, 2, 0x3f) | OPC_W,
	PUNPCKLBW = OPC(1, 1, 0x60), PUNPCKLWD = OPC(1, 1, 0x61), PUNPCKLDQ = OPC(1, 1, 0x62), PUNPCKLQDQ = OPC(1, 1, 0x6c),
	PUNPCKHBW = OPC(1, 1, 0x68), PUNPCKHWD = OPC(1, 1, 0x69), PUNPCKHDQ = OPC(1, 1, 0x6a), PUNPCKHQDQ = OPC(1, 1, 0x6d),
	PACKUSWB = OPC(1, 1, 0x67), PSHUFB = OPC(1, 2, 0x00), PSHUFD = OPC(1, 1, 0x70), PSHUFHW = OPC(2, 1, 0x70),
	PSHUFLW = OPC(3, 1, 0x70), SHUFPS = OPC(0, 1, 0xc6), PALIGNR = OPC(1, 3, 0x0f), PBLENDW = OPC(1, 3, 0x0e),
	INSERTPS = OPC(1, 3, 0x21), MOVDDUP = OPC(3, 1, 0x12), MOVQ = OPC(2, 1, 0x7e),
	VCVTPH2PS = OPC(1, 2, 0x13), VCVTPS2PH = OPC(1, 3, 0x1d),
	MOVD_TO_XMM = OPC(1, 1, 0x6e), MOVD_FROM_XMM = OPC(1, 1, 0x7e),
	PMOVZXBW = OPC(1, 2, 0x30), PMOVSXBW = OPC(1, 2, 0x20),
	/* AVX2 */
	VPBROADCASTB = OPC(1, 2, 0x78), VPBROADCASTW = OPC(1, 2, 0x79), VPBROADCASTD = OPC(1, 2, 0x58),
	VPBROADCASTQ = OPC(1, 2, 0x59), VPSLLVD = OPC(1, 2, 0x47), VPSRLVD = OPC(1, 2, 0x45), VPSRAVD = OPC(1, 2, 0x46),
	VBLENDVPS = OPC(1, 3, 0x4a), VBLENDVPD = OPC(1, 3, 0x4b), VPBLENDVB = OPC(1, 3, 0x4c),
	/* AVX-512 */
	VPTERNLOGD = OPC(1, 3, 0x25), VPSLLVW = OPC(1, 2, 0x12) | OPC_W, VPSRLVW = OPC(1, 2, 0x10) | OPC_W,
	VPSRAVW = OPC(1, 2, 0x11) | OPC_W, VPERMI2B = OPC(1, 2, 0x75), VPOPCNTB = OPC(1, 2, 0x54), VPLZCNTD = OPC(1, 2, 0x44),
	VRANGEPS = OPC(1, 3, 0x50), GF2P8AFFINEQB = OPC(1, 3, 0xce) | OPC_W,
	NO_OPC = 0,
};

/*
 * Second opcode byte's extension of the shifts by an immediate; the opcode is 0x71 + log2 of the
 * size, less one.
 */
enum vec_shift { VSH_RL = 2, VSH_RA = 4, VSH_LL = 6 };

/* The masks of a constant with `v` in each element of 8 << e bits. */
static inline vec splat(unsigned e, u64 v)
{
	vec r = { .d = { 0, 0 } };

	for (unsigned k = 0; k < 16u >> e; k++)
		memcpy(r.b + (k << e), &v, 1u << e);
	return r;
}

/* --- lower_vec.c --- */
void x_rrri(struct gen *g, u32 opc, int d, int a, int b, u8 imm);
void x_rri(struct gen *g, u32 opc, int d, int s, u8 imm);
void x_rrc(struct gen *g, u32 opc, int d, int a, vec c);          /* d := a op constant */
void x_zero(struct gen *g, int d);
/* Every element of 2 << e bytes, e 0 w, 1 d, 2 q, shifted by n; VSH_RA of q needs AVX-512. */
void x_shift(struct gen *g, enum vec_shift how, unsigned e, int d, int s, unsigned n);
/*
 * As x_shift for any element size (8 << e bits) and n <= bits; d is not s.  False: no such form
 * here.
 */
bool x_shift_lanes(struct gen *g, enum vec_shift how, unsigned e, int d, int s, unsigned n);
void use_xmm2(struct gen *g, const struct ir_node *n, int *a, int *b, int *d);

static inline bool is_v64(const struct gen *g, ref v)
{
	return g->t->node[v].type == T_V64;
}

/* --- one family each; false: not one of its operations, or not in this form --- */
bool lower_vec_move(struct gen *g, const struct ir_node *n);
bool lower_vec_arith(struct gen *g, const struct ir_node *n);
bool lower_vec_compare(struct gen *g, const struct ir_node *n);
bool lower_vec_width(struct gen *g, const struct ir_node *n);
bool lower_vec_shift(struct gen *g, const struct ir_node *n);
bool lower_vec_shuffle(struct gen *g, const struct ir_node *n);
bool lower_vec_float(struct gen *g, const struct ir_node *n);
bool lower_crypto(struct gen *g, const struct ir_node *n);

#endif
