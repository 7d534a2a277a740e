/*
 * Integer arithmetic in lanes.
 *
 * Most operations are one instruction at some element sizes only; the others are made of identities
 * that stay within the element size, which beats widening.  64-bit elements without AVX-512 are
 * worth a sequence only where compilers use them.
 */
#include "translator/host/x64/vec.h"

/* Operations that are an instruction: opcodes by element size.  Those of 64 bits with OPC_W need
 * AVX-512. */
struct simple { u32 opc[4]; };

static const struct simple *simple_of(u16 op)
{
	static const struct simple add = { { PADDB, PADDW, PADDD, PADDQ } },
				   sub = { { PSUBB, PSUBW, PSUBD, PSUBQ } },
				   mul = { { NO_OPC, PMULLW, PMULLD, PMULLQ } },
				   smax = { { PMAXSB, PMAXSW, PMAXSD, PMAXSQ } },
				   smin = { { PMINSB, PMINSW, PMINSD, PMINSQ } },
				   umax = { { PMAXUB, PMAXUW, PMAXUD, PMAXUQ } },
				   umin = { { PMINUB, PMINUW, PMINUD, PMINUQ } },
				   sadds = { { PADDSB, PADDSW } }, uadds = { { PADDUSB, PADDUSW } },
				   ssubs = { { PSUBSB, PSUBSW } }, usubs = { { PSUBUSB, PSUBUSW } },
				   avgu = { { PAVGB, PAVGW } };

	switch (op) {
	case IR_VADD: return &add;
	case IR_VSUB: return &sub;
	case IR_VMUL: return &mul;
	case IR_VSMAX: return &smax;
	case IR_VSMIN: return &smin;
	case IR_VUMAX: return &umax;
	case IR_VUMIN: return &umin;
	case IR_VSADDS: return &sadds;
	case IR_VUADDS: return &uadds;
	case IR_VSSUBS: return &ssubs;
	case IR_VUSUBS: return &usubs;
	case IR_VAVGU: return &avgu;
	}
	return NULL;
}

/* The opcode of operation `op` on elements e, or NO_OPC. */
static u32 opcode(u16 op, unsigned e)
{
	const struct simple *s = simple_of(op);
	u32 opc = s ? s->opc[e] : NO_OPC;

	return (opc & OPC_W) && !x64.avx512 ? NO_OPC : opc;
}

/* x_rrr for opcodes of which the 64-bit form is AVX-512's. */
static void x_lanes(struct gen *g, u32 opc, int d, int a, int b)
{
	if (opc & OPC_W)
		evex_rrr(&g->e, opc, d, a, b, 0);
	else
		x_rrr(g, opc, d, a, b);
}

static void mul_bytes(struct gen *g, int d, int a, int b)
{
	vec low = splat(1, 0xff);

	/* odd bytes: the product with the other's odd byte alone has nothing below it */
	x_rrc(g, PAND, d, b, splat(1, 0xff00));
	x_shift(g, VSH_RL, 0, XMM_SCRATCH, a, 8);
	x_rrr(g, PMULLW, d, d, XMM_SCRATCH);
	x_rrr(g, PMULLW, XMM_SCRATCH, a, b);
	x_rrc(g, PAND, XMM_SCRATCH, XMM_SCRATCH, low);
	x_rrr(g, POR, d, d, XMM_SCRATCH);
}

static void mul_quads(struct gen *g, int d, int a, int b)
{
	x_shift(g, VSH_RL, 2, XMM_SCRATCH, a, 32);
	x_rrr(g, PMULUDQ, XMM_SCRATCH, XMM_SCRATCH, b);
	x_shift(g, VSH_RL, 2, XMM_SCRATCH2, b, 32);
	x_rrr(g, PMULUDQ, XMM_SCRATCH2, XMM_SCRATCH2, a);
	x_rrr(g, PADDQ, XMM_SCRATCH, XMM_SCRATCH, XMM_SCRATCH2);
	x_shift(g, VSH_LL, 2, XMM_SCRATCH, XMM_SCRATCH, 32);
	x_rrr(g, PMULUDQ, d, a, b);
	x_rrr(g, PADDQ, d, d, XMM_SCRATCH);
}

static void lower_neg(struct gen *g, const struct ir_node *n)
{
	int a = use_xmm(g, n->a), d = def_xmm(g);

	x_zero(g, d);
	x_rrr(g, opcode(IR_VSUB, n->aux), d, d, a);
}

static void lower_abs(struct gen *g, const struct ir_node *n)
{
	static const u32 op[] = { PABSB, PABSW, PABSD };
	int a = use_xmm(g, n->a), d = def_xmm(g);

	if (n->aux < 3) {
		x_rr(g, op[n->aux], d, a);
	} else if (x64.avx512) {
		evex_rrr(&g->e, PABSQ, d, 0, a, 0);
	} else {
		x_zero(g, XMM_SCRATCH);
		x_rrr(g, PCMPGTQ, XMM_SCRATCH, XMM_SCRATCH, a);
		x_rrr(g, PXOR, d, a, XMM_SCRATCH);
		x_rrr(g, PSUBQ, d, d, XMM_SCRATCH);
	}
}

/* All ones in the elements (32 or 64 bits) whose sign bit is set; s == d is allowed. */
static void sign_mask(struct gen *g, unsigned e, int d, int s)
{
	if (e == 3 && x64.avx512) {
		x_shift(g, VSH_RA, 2, d, s, 63);
		return;
	}
	x_shift(g, VSH_RA, 1, d, s, 31);
	if (e == 3)
		x_rri(g, PSHUFD, d, d, 0xf5);
}

/*
 * 32 and 64 bits, signed: the sum overflowed where its sign differs from both operands' (of a
 * difference: where the operands' signs differ and the result's is not the first's).  The first
 * one's sign then says which way.
 */
static void saturate_signed(struct gen *g, const struct ir_node *n)
{
	bool add = n->op == IR_VSADDS;
	unsigned e = n->aux;
	int a, b, d, over = temp_xmm(g);

	use_xmm2(g, n, &a, &b, &d);
	x_rrr(g, opcode(add ? IR_VADD : IR_VSUB, e), d, a, b);
	x_rrr(g, PXOR, over, a, d);
	x_rrr(g, PXOR, XMM_SCRATCH, add ? d : a, b);
	x_rrr(g, PAND, over, over, XMM_SCRATCH);
	sign_mask(g, e, XMM_SCRATCH, a);
	x_rrc(g, PXOR, XMM_SCRATCH, XMM_SCRATCH, splat(e, ~0ull >> (65 - (8u << e))));
	sign_mask(g, e, over, over);
	x_rrr(g, PAND, XMM_SCRATCH, XMM_SCRATCH, over);
	x_rrr(g, PANDN, over, over, d);
	x_rrr(g, POR, d, over, XMM_SCRATCH);
}

/* 32 and 64 bits, unsigned: a + min(b, ~a), max(a, b) - b. */
static void saturate_unsigned(struct gen *g, const struct ir_node *n)
{
	bool add = n->op == IR_VUADDS;
	unsigned e = n->aux;
	u32 op = opcode(add ? IR_VUMIN : IR_VUMAX, e);
	int a, b, d;

	use_xmm2(g, n, &a, &b, &d);
	if (op && add) {
		x_rrc(g, PXOR, XMM_SCRATCH, a, splat(3, ~0ull));
		x_lanes(g, op, d, b, XMM_SCRATCH);
		x_rrr(g, opcode(IR_VADD, e), d, d, a);
	} else if (op) {
		x_lanes(g, op, d, a, b);
		x_rrr(g, opcode(IR_VSUB, e), d, d, b);
	} else if (add) {
		/* carry: a & b | (a | b) & ~sum */
		x_rrr(g, PADDQ, d, a, b);
		x_rrr(g, POR, XMM_SCRATCH, a, b);
		x_rrr(g, PANDN, XMM_SCRATCH2, d, XMM_SCRATCH);
		x_rrr(g, PAND, XMM_SCRATCH, a, b);
		x_rrr(g, POR, XMM_SCRATCH, XMM_SCRATCH, XMM_SCRATCH2);
		sign_mask(g, e, XMM_SCRATCH, XMM_SCRATCH);
		x_rrr(g, POR, d, d, XMM_SCRATCH);
	} else {
		/* borrow: ~a & b | ~(a ^ b) & difference */
		x_rrr(g, PXOR, d, a, b);
		x_rrr(g, PSUBQ, XMM_SCRATCH2, a, b);
		x_rrr(g, PANDN, d, d, XMM_SCRATCH2);
		x_rrr(g, PANDN, XMM_SCRATCH, a, b);
		x_rrr(g, POR, d, d, XMM_SCRATCH);
		sign_mask(g, e, d, d);
		x_rrr(g, PANDN, d, d, XMM_SCRATCH2);
	}
}

/* (a | b) - ((a ^ b) >> 1) rounds up, (a & b) + ((a ^ b) >> 1) down. */
static void lower_average(struct gen *g, const struct ir_node *n)
{
	unsigned e = n->aux;
	int a, b, d, half = temp_xmm(g);

	use_xmm2(g, n, &a, &b, &d);
	if (n->op == IR_VHADDU && e <= 1) {
		/* the rounded average is one more where the sum is odd */
		x_rrr(g, PXOR, half, a, b);
		x_rrc(g, PAND, half, half, splat(e, 1));
		x_rrr(g, opcode(IR_VAVGU, e), d, a, b);
		x_rrr(g, opcode(IR_VSUB, e), d, d, half);
		return;
	}
	x_rrr(g, PXOR, d, a, b);
	x_shift_lanes(g, n->op == IR_VHADDS ? VSH_RA : VSH_RL, e, half, d, 1);
	x_rrr(g, n->op == IR_VAVGU ? POR : PAND, d, a, b);
	x_rrr(g, opcode(n->op == IR_VAVGU ? IR_VSUB : IR_VADD, e), d, d, half);
}

static bool lower_difference(struct gen *g, const struct ir_node *n)
{
	bool is_signed = n->op == IR_VABDS;
	unsigned e = n->aux;
	u32 max = opcode(is_signed ? IR_VSMAX : IR_VUMAX, e),
	    min = opcode(is_signed ? IR_VSMIN : IR_VUMIN, e);
	int a, b, d;

	if (!max)
		return false;
	use_xmm2(g, n, &a, &b, &d);
	if (!is_signed && e <= 1) {
		x_rrr(g, opcode(IR_VUSUBS, e), XMM_SCRATCH, a, b);
		x_rrr(g, opcode(IR_VUSUBS, e), d, b, a);
		x_rrr(g, POR, d, d, XMM_SCRATCH);
	} else {
		x_lanes(g, max, d, a, b);
		x_lanes(g, min, XMM_SCRATCH, a, b);
		x_rrr(g, opcode(IR_VSUB, e), d, d, XMM_SCRATCH);
	}
	return true;
}

/* Pairs of bytes of s, as words; d is not s. */
static void add_byte_pairs(struct gen *g, int d, int s)
{
	x_shift(g, VSH_RL, 0, d, s, 8);
	x_rrr(g, PADDB, d, d, s);
	x_rrc(g, PAND, d, d, splat(1, 0xff));
}

static bool lower_pairwise(struct gen *g, const struct ir_node *n)
{
	bool half = n->type == T_V64;
	unsigned e = n->aux;
	int a, b, d;

	if (half && e == 3)
		return false;
	use_xmm2(g, n, &a, &b, &d);
	if (half) {
		/* all pairs in one register */
		x_rrr(g, PUNPCKLQDQ, XMM_SCRATCH, a, b);
		a = b = XMM_SCRATCH;
	}
	switch (e) {
	case 0:
		add_byte_pairs(g, d, a);
		if (half) {
			x_rrr(g, PACKUSWB, d, d, d);
			break;
		}
		add_byte_pairs(g, XMM_SCRATCH2, b);
		x_rrr(g, PACKUSWB, d, d, XMM_SCRATCH2);
		break;
	case 1: x_rrr(g, PHADDW, d, a, b); break;
	case 2: x_rrr(g, PHADDD, d, a, b); break;
	default:
		x_rrr(g, PUNPCKLQDQ, XMM_SCRATCH, a, b);
		x_rrr(g, PUNPCKHQDQ, d, a, b);
		x_rrr(g, PADDQ, d, d, XMM_SCRATCH);
		break;
	}
	return true;
}

bool lower_vec_arith(struct gen *g, const struct ir_node *n)
{
	unsigned e = n->aux;
	u32 opc = simple_of(n->op) ? opcode(n->op, e) : NO_OPC;
	int a, b, d;

	if (opc) {
		use_xmm2(g, n, &a, &b, &d);
		x_lanes(g, opc, d, a, b);
		return true;
	}
	switch (n->op) {
	case IR_VMADD:
		use_xmm2(g, n, &a, &b, &d);
		x_rrr(g, PMADDWD, d, a, b);
		return true;
	case IR_VMUL:
		use_xmm2(g, n, &a, &b, &d);
		(e == 0 ? mul_bytes : mul_quads)(g, d, a, b);
		return true;
	case IR_VNEG: lower_neg(g, n); return true;
	case IR_VABS: lower_abs(g, n); return true;
	case IR_VSADDS: case IR_VSSUBS: saturate_signed(g, n); return true;
	case IR_VUADDS: case IR_VUSUBS: saturate_unsigned(g, n); return true;
	case IR_VAVGU: case IR_VHADDU: case IR_VHADDS: lower_average(g, n); return true;
	case IR_VABDU: case IR_VABDS: return lower_difference(g, n);
	case IR_VPADD: return lower_pairwise(g, n);
	}
	return false;
}
