/*
 * Instruction encoding for x86-64 (Intel SDM vol. 2, chapter 2).
 *
 * An opcode is one 32-bit description, from which the legacy, VEX and EVEX forms are all made, so
 * that a lowering names an instruction once and the host's features choose the form.
 */
#ifndef X64_EMIT_H
#define X64_EMIT_H

#include "base/die.h"
#include "base/types.h"

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15, NOREG = -1 };

enum { RIPREL = -2 };   /* base of a memory operand: a constant of the code (gen.h, const_mem) */

/* Operands that wait for the place of their constant, which follows the code. */
enum { MAX_CONST_REFS = 2048 };
struct const_refs {
	u32 n;
	struct { u8 *at; u16 constant; u8 tail; } ref[MAX_CONST_REFS];   /* field; bytes from it to the next instruction, less 4 */
};

/* Where code goes: written at w, executed at w + delta. */
struct code {
	u8 *w, *end;
	s64 delta;
	struct const_refs *refs;
};

static inline u64 code_pc(const struct code *e)
{
	return (u64)e->w + e->delta;
}

struct mem {
	s8 base, index;   /* NOREG: none */
	u8 scale;         /* log2; with base RIPREL: bytes of immediate that follow the displacement */
	bool gs;          /* relative to the gs base */
	s32 disp;         /* with base RIPREL: number of the constant */
	bool a32;         /* the sum wraps at 32 bits */
};

/* pp: 0 none, 1 66, 2 F3, 3 F2.  map: 0 one-byte, 1 0F, 2 0F38, 3 0F3A. */
#define OPC(pp, map, op) ((u32)((pp) << 16 | (map) << 12 | (op)))
#define OPC_W (1u << 20)     /* VEX.W / REX.W belongs to the instruction */
#define OPC_EVEX (1u << 21)  /* to be encoded by evex_rrr() (struct stub) */
#define opc_pp(o) ((o) >> 16 & 3)
#define opc_map(o) ((o) >> 12 & 15)
#define opc_op(o) ((o) & 255)

static inline void e8(struct code *e, u8 v) { *e->w++ = v; }
static inline void e32(struct code *e, u32 v) { memcpy(e->w, &v, 4); e->w += 4; }
static inline void e64(struct code *e, u64 v) { memcpy(e->w, &v, 8); e->w += 8; }

static inline void emit_modrm_reg(struct code *e, int reg, int rm)
{
	e8(e, 0xc0 | (reg & 7) << 3 | (rm & 7));
}

/* disp8_shift: EVEX's compressed displacement; 0 otherwise. */
static inline void emit_modrm_mem(struct code *e, int reg, struct mem m, unsigned disp8_shift)
{
	int r = (reg & 7) << 3;
	int mod;
	s32 d8 = m.disp >> disp8_shift;
	bool fits8 = (s32)((u32)d8 << disp8_shift) == m.disp && d8 == (s8)d8;

	if (m.base == RIPREL) {
		e8(e, 0x05 | r);
		/* one too many is noticed when the constants are placed */
		if (e->refs->n < MAX_CONST_REFS) {
			e->refs->ref[e->refs->n].at = e->w;
			e->refs->ref[e->refs->n].constant = m.disp;
			e->refs->ref[e->refs->n].tail = m.scale;
		}
		e->refs->n++;
		e32(e, 0);
		return;
	}
	if (m.base == NOREG) {
		e8(e, 0x04 | r);
		e8(e, m.scale << 6 | (m.index == NOREG ? 4 : m.index & 7) << 3 | 5);
		e32(e, m.disp);
		return;
	}
	mod = m.disp == 0 && (m.base & 7) != 5 ? 0 : fits8 ? 1 : 2;
	if (m.index != NOREG || (m.base & 7) == 4) {
		e8(e, mod << 6 | r | 4);
		e8(e, m.scale << 6 | (m.index == NOREG ? 4 : m.index & 7) << 3 | (m.base & 7));
	} else {
		e8(e, mod << 6 | r | (m.base & 7));
	}
	if (mod == 1)
		e8(e, (u8)d8);
	else if (mod == 2)
		e32(e, m.disp);
}

static inline void emit_legacy(struct code *e, u32 opc, int w, int reg, int index, int base,
			       bool force_rex)
{
	static const u8 prefix[4] = { 0, 0x66, 0xf3, 0xf2 };
	int rex = w << 3 | (reg > 7) << 2 | (index > 7) << 1 | (base > 7);

	if (opc_pp(opc))
		e8(e, prefix[opc_pp(opc)]);
	if (rex || force_rex)
		e8(e, 0x40 | rex);
	if (opc_map(opc) >= 1)
		e8(e, 0x0f);
	if (opc_map(opc) == 2)
		e8(e, 0x38);
	if (opc_map(opc) == 3)
		e8(e, 0x3a);
	e8(e, opc_op(opc));
}

/* General registers: op reg, rm.  w: 64-bit operands. */
static inline void op_rr(struct code *e, u32 opc, int w, int reg, int rm)
{
	emit_legacy(e, opc, w, reg, 0, rm, false);
	emit_modrm_reg(e, reg, rm);
}

/* The same where rm or reg is a byte register. */
static inline void op_rr8(struct code *e, u32 opc, int w, int reg, int rm)
{
	emit_legacy(e, opc, w, reg, 0, rm, true);
	emit_modrm_reg(e, reg, rm);
}

static inline void emit_address_prefixes(struct code *e, struct mem m)
{
	if (m.gs)
		e8(e, 0x65);
	if (m.a32)
		e8(e, 0x67);
}

static inline void op_rm(struct code *e, u32 opc, int w, int reg, struct mem m)
{
	emit_address_prefixes(e, m);
	emit_legacy(e, opc, w, reg, m.index, m.base, false);
	emit_modrm_mem(e, reg, m, 0);
}

/* A byte register stored or loaded. */
static inline void op_rm8(struct code *e, u32 opc, int reg, struct mem m)
{
	emit_address_prefixes(e, m);
	emit_legacy(e, opc, 0, reg, m.index, m.base, reg >= 4);
	emit_modrm_mem(e, reg, m, 0);
}

static inline void emit_vex(struct code *e, u32 opc, int L, int reg, int vvvv, int index, int base)
{
	bool w = opc & OPC_W;
	int last = (~vvvv & 15) << 3 | L << 2 | opc_pp(opc);

	if (opc_map(opc) == 1 && !w && index <= 7 && base <= 7) {
		e8(e, 0xc5);
		e8(e, (reg <= 7) << 7 | last);
	} else {
		e8(e, 0xc4);
		e8(e, (reg <= 7) << 7 | (index <= 7) << 6 | (base <= 7) << 5 | opc_map(opc));
		e8(e, w << 7 | last);
	}
	e8(e, opc_op(opc));
}

/* VEX, L = 0.  vvvv: second source, 0 where there is none. */
static inline void vex_rrr(struct code *e, u32 opc, int reg, int vvvv, int rm)
{
	emit_vex(e, opc, 0, reg, vvvv, 0, rm);
	emit_modrm_reg(e, reg, rm);
}

static inline void vex_rrm(struct code *e, u32 opc, int reg, int vvvv, struct mem m)
{
	emit_address_prefixes(e, m);
	emit_vex(e, opc, 0, reg, vvvv, m.index, m.base);
	emit_modrm_mem(e, reg, m, 0);
}

/* EVEX on xmm0..15, no masking unless k. */
static inline void evex_rrr(struct code *e, u32 opc, int reg, int vvvv, int rm, int k)
{
	e8(e, 0x62);
	e8(e, (reg <= 7) << 7 | 1 << 6 | (rm <= 7) << 5 | 1 << 4 | opc_map(opc));
	e8(e, !!(opc & OPC_W) << 7 | (~vvvv & 15) << 3 | 4 | opc_pp(opc));
	e8(e, 0x08 | k);
	e8(e, opc_op(opc));
	emit_modrm_reg(e, reg, rm);
}

/* --- the usual general-register instructions --- */

enum { ALU_ADD, ALU_OR, ALU_ADC, ALU_SBB, ALU_AND, ALU_SUB, ALU_XOR, ALU_CMP };
enum { SH_ROL, SH_ROR, SH_RCL, SH_RCR, SH_SHL, SH_SHR, SH_SAR = 7 };
enum { X_O, X_NO, X_B, X_AE, X_E, X_NE, X_BE, X_A, X_S, X_NS, X_P, X_NP, X_L, X_GE, X_LE, X_G };

static inline struct mem mem_bd(int base, s32 disp)
{
	return (struct mem){ base, NOREG, 0, false, disp, false };
}

static inline void mov_rr(struct code *e, int w, int d, int s)
{
	op_rr(e, OPC(0, 0, 0x8b), w, d, s);
}

static inline void mov_ri(struct code *e, int d, u64 v)
{
	if (v <= 0xffffffff) {
		if (d > 7)
			e8(e, 0x41);
		e8(e, 0xb8 | (d & 7));
		e32(e, v);
	} else if ((s64)v == (s32)v) {
		op_rr(e, OPC(0, 0, 0xc7), 1, 0, d);
		e32(e, v);
	} else {
		e8(e, 0x48 | (d > 7));
		e8(e, 0xb8 | (d & 7));
		e64(e, v);
	}
}

static inline void load_r(struct code *e, int w, int d, struct mem m)
{
	op_rm(e, OPC(0, 0, 0x8b), w, d, m);
}
static inline void store_r(struct code *e, int w, int s, struct mem m)
{
	op_rm(e, OPC(0, 0, 0x89), w, s, m);
}

static inline void alu_rr(struct code *e, int op, int w, int d, int s)
{
	op_rr(e, OPC(0, 0, op << 3 | 3), w, d, s);
}

static inline void alu_rm(struct code *e, int op, int w, int d, struct mem m)
{
	op_rm(e, OPC(0, 0, op << 3 | 3), w, d, m);
}

static inline void alu_ri(struct code *e, int op, int w, int d, s32 v)
{
	bool small = v == (s8)v;

	op_rr(e, OPC(0, 0, small ? 0x83 : 0x81), w, op, d);
	if (small)
		e8(e, v);
	else
		e32(e, v);
}

static inline void shift_ri(struct code *e, int op, int w, int d, unsigned n)
{
	op_rr(e, OPC(0, 0, 0xc1), w, op, d);
	e8(e, n);
}

static inline void lea_rm(struct code *e, int w, int d, struct mem m)
{
	op_rm(e, OPC(0, 0, 0x8d), w, d, m);
}

/* lea d, [rip + (target - end of instruction)]; target within +-2 GiB. */
static inline void lea_rip(struct code *e, int d, u64 target)
{
	e8(e, 0x48 | (d > 7) << 2);
	e8(e, 0x8d);
	e8(e, 5 | (d & 7) << 3);
	e32(e, target - (code_pc(e) + 4));
}

/* op dword [rip + (address - end of instruction)], v; address within +-2 GiB. */
static inline void alu_at(struct code *e, int op, u64 address, s8 v)
{
	e8(e, 0x83);
	e8(e, 5 | op << 3);
	e32(e, address - (code_pc(e) + 5));
	e8(e, v);
}

static inline bool rel32_fits(const struct code *e, u64 target)
{
	s64 d = target - (code_pc(e) + 16);

	return d == (s32)d;
}

/* Branches: to a host address, or forward to a label fixed later. */
static inline void jmp_to(struct code *e, u64 target)
{
	e8(e, 0xe9);
	e32(e, target - (code_pc(e) + 4));
}

static inline void call_to(struct code *e, u64 target)
{
	e8(e, 0xe8);
	e32(e, target - (code_pc(e) + 4));
}

static inline void jcc_to(struct code *e, int cc, u64 target)
{
	e8(e, 0x0f);
	e8(e, 0x80 | cc);
	e32(e, target - (code_pc(e) + 4));
}

/* Short forward jump; returns the place to give to short_here(). */
static inline u8 *jcc_short(struct code *e, int cc)
{
	e8(e, 0x70 | cc);
	e8(e, 0);
	return e->w;
}

static inline u8 *jmp_short(struct code *e)
{
	e8(e, 0xeb);
	e8(e, 0);
	return e->w;
}

static inline void short_here(struct code *e, u8 *from)
{
	s64 d = e->w - from;

	BUG_ON(d > 127);
	from[-1] = d;
}

/* Long forward jump; the place for rel32_here(). */
static inline u8 *jcc_long(struct code *e, int cc)
{
	jcc_to(e, cc, 0);
	return e->w;
}

static inline void rel32_here(struct code *e, u8 *from)
{
	s32 d = e->w - from;

	memcpy(from - 4, &d, 4);
}

/* n bytes of no-operation, n <= 8. */
static inline void nops(struct code *e, unsigned n)
{
	static const u8 nop[9][8] = {
		{ 0 }, { 0x90 }, { 0x66, 0x90 }, { 0x0f, 0x1f, 0 }, { 0x0f, 0x1f, 0x40, 0 },
		{ 0x0f, 0x1f, 0x44, 0, 0 }, { 0x66, 0x0f, 0x1f, 0x44, 0, 0 }, { 0x0f, 0x1f, 0x80, 0, 0, 0, 0 },
		{ 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0 },
	};

	memcpy(e->w, nop[n], n);
	e->w += n;
}

#endif
