/*
 * Vector operations: the forms of instructions that they share, logic, and moves between registers
 * and lanes.
 *
 * Constants are memory operands that follow the code: one micro-operation with the instruction that
 * uses them, where two moves through a general register would cost five.
 */
#include "translator/host/x64/vec.h"

void x_rrri(struct gen *g, u32 opc, int d, int a, int b, u8 imm)
{
	x_rrr(g, opc, d, a, b);
	e8(&g->e, imm);
}

void x_rri(struct gen *g, u32 opc, int d, int s, u8 imm)
{
	x_rr(g, opc, d, s);
	e8(&g->e, imm);
}

void x_rrc(struct gen *g, u32 opc, int d, int a, vec c)
{
	struct mem m = const_mem(g, c, 0);

	if (x64.avx) {
		vex_rrm(&g->e, opc, d, a, m);
	} else {
		move_xmm(g, d, a);
		op_rm(&g->e, opc, 0, d, m);
	}
}

void x_zero(struct gen *g, int d)
{
	x_rrr(g, OPC(0, 1, 0x57), d, d, d);
}

void x_shift(struct gen *g, enum vec_shift how, unsigned e, int d, int s, unsigned n)
{
	u32 opc = OPC(1, 1, 0x71 + e);

	if (how == VSH_RA && e == 2) {
		evex_rrr(&g->e, OPC(1, 1, 0x72) | OPC_W, how, d, s, 0);
	} else if (x64.avx) {
		vex_rrr(&g->e, opc, how, d, s);
	} else {
		move_xmm(g, d, s);
		op_rr(&g->e, opc, 0, how, d);
	}
	e8(&g->e, n);
}

/* The matrix of GF2P8AFFINEQB for a shift of bytes: byte 7 - i selects the bit that becomes bit i.
 */
static vec shift_matrix(enum vec_shift how, unsigned n)
{
	u64 m = 0;

	for (unsigned i = 0; i < 8; i++) {
		int from = how == VSH_LL ? (int)(i - n) : (int)(i + n);

		if (how == VSH_RA && from > 7)
			from = 7;
		if (from >= 0 && from < 8)
			m |= 1ull << from << 8 * (7 - i);
	}
	return splat(3, m);
}

static void shift_bytes(struct gen *g, enum vec_shift how, int d, int s, unsigned n)
{
	if (x64.gfni) {
		vex_rrm(&g->e, GF2P8AFFINEQB, d, s, const_mem(g, shift_matrix(how, n), 1));
		e8(&g->e, 0);
		return;
	}
	x_shift(g, how == VSH_LL ? VSH_LL : VSH_RL, 0, d, s, n);
	x_rrc(g, PAND, d, d, splat(0, how == VSH_LL ? 0xff << n & 0xff : 0xff >> n));
	if (how == VSH_RA) {
		/* sign extension of an 8 - n bit number */
		x_rrc(g, PXOR, d, d, splat(0, 0x80 >> n));
		x_rrc(g, PSUBB, d, d, splat(0, 0x80 >> n));
	}
}

bool x_shift_lanes(struct gen *g, enum vec_shift how, unsigned e, int d, int s, unsigned n)
{
	unsigned w = 8u << e;

	if (n >= w && how != VSH_RA) {
		x_zero(g, d);
		return true;
	}
	if (n >= w)
		n = w - 1;
	if (n == 0) {
		move_xmm(g, d, s);
	} else if (e == 0) {
		shift_bytes(g, how, d, s, n);
	} else if (how == VSH_RA && e == 3 && !x64.avx512) {
		/* d is not s: the sign's ones come in from the left */
		x_zero(g, XMM_SCRATCH);
		x_rrr(g, PCMPGTQ, XMM_SCRATCH, XMM_SCRATCH, s);
		x_shift(g, VSH_LL, 2, XMM_SCRATCH, XMM_SCRATCH, 64 - n);
		x_shift(g, VSH_RL, 2, d, s, n);
		x_rrr(g, POR, d, d, XMM_SCRATCH);
	} else {
		x_shift(g, how, e - 1, d, s, n);
	}
	return true;
}

void use_xmm2(struct gen *g, const struct ir_node *n, int *a, int *b, int *d)
{
	*a = use_xmm(g, n->a);
	*b = use_xmm(g, n->b);
	*d = def_xmm(g);
}

/* --- logic --- */

/* One instruction; its destination is one of its sources, and any of the three may be it. */
static void select_ternary(struct gen *g, const struct ir_node *n)
{
	enum { DEST_A = 0xca, DEST_B = 0xe2, DEST_C = 0xb8 };   /* truth tables */
	int a = use_xmm(g, n->a), b = use_xmm(g, n->b), c = use_xmm(g, n->c), d;
	bool same;

	if (last_use(g, n->c)) {
		d = def_xmm_from(g, n->c, &same);
		evex_rrr(&g->e, VPTERNLOGD, d, a, b, 0);
		e8(&g->e, DEST_C);
	} else if (last_use(g, n->b)) {
		d = def_xmm_from(g, n->b, &same);
		evex_rrr(&g->e, VPTERNLOGD, d, a, c, 0);
		e8(&g->e, DEST_B);
	} else {
		d = def_xmm_from(g, n->a, &same);
		evex_rrr(&g->e, VPTERNLOGD, d, b, c, 0);
		e8(&g->e, DEST_A);
	}
}

static void lower_select(struct gen *g, const struct ir_node *n)
{
	int a, b, c, d;

	if (x64.avx512) {
		select_ternary(g, n);
		return;
	}
	a = use_xmm(g, n->a);
	b = use_xmm(g, n->b);
	c = use_xmm(g, n->c);
	d = def_xmm(g);
	x_rrr(g, PAND, XMM_SCRATCH, a, b);
	x_rrr(g, PANDN, d, a, c);
	x_rrr(g, POR, d, d, XMM_SCRATCH);
}

static bool lower_logic(struct gen *g, const struct ir_node *n)
{
	int a, b, d;

	switch (n->op) {
	case IR_VAND: use_xmm2(g, n, &a, &b, &d); x_rrr(g, PAND, d, a, b); return true;
	case IR_VOR: use_xmm2(g, n, &a, &b, &d); x_rrr(g, POR, d, a, b); return true;
	case IR_VXOR: use_xmm2(g, n, &a, &b, &d); x_rrr(g, PXOR, d, a, b); return true;
	case IR_VANDN: use_xmm2(g, n, &a, &b, &d); x_rrr(g, PANDN, d, b, a); return true;
	case IR_VORN:
		use_xmm2(g, n, &a, &b, &d);
		x_rrc(g, PXOR, d, b, splat(3, ~0ull));
		x_rrr(g, POR, d, d, a);
		return true;
	case IR_VNOT:
		a = use_xmm(g, n->a);
		x_rrc(g, PXOR, def_xmm(g), a, splat(3, ~0ull));
		return true;
	case IR_VBSL: lower_select(g, n); return true;
	}
	return false;
}

/* --- between register files and lanes --- */

/* The instruction's second source is a general register: the SSE form must not take it for a
 * vector. */
static void insert(struct gen *g, unsigned e, int d, int a, int r, unsigned lane)
{
	static const u32 pinsr[] = { OPC(1, 3, 0x20), OPC(1, 1, 0xc4), OPC(1, 3, 0x22),
				     OPC(1, 3, 0x22) | OPC_W };

	if (!x64.avx)
		move_xmm(g, d, a);
	if (x64.avx)
		vex_rrr(&g->e, pinsr[e], d, a, r);
	else
		op_rr(&g->e, pinsr[e], e == 3, d, r);
	e8(&g->e, lane);
}

/* Zero-extends into the whole general register. */
static void extract(struct gen *g, unsigned e, int r, int v, unsigned lane)
{
	static const u32 pextr[] = { OPC(1, 3, 0x14), OPC(1, 3, 0x15), OPC(1, 3, 0x16),
				     OPC(1, 3, 0x16) | OPC_W };

	if (lane == 0 && e >= 2) {
		x_rr(g, MOVD_FROM_XMM | (e == 3 ? OPC_W : 0), v, r);
	} else if (e == 1) {
		x_rri(g, OPC(1, 1, 0xc5), r, v, lane);
	} else {
		x_rri(g, pextr[e], v, r, lane);
	}
}

static void lower_extract(struct gen *g, const struct ir_node *n)
{
	int a = use_xmm(g, n->a), d = def_gpr(g);

	extract(g, n->aux, d, a, n->b);
	if (n->op == IR_VGETS && n->aux == 0)
		op_rr8(&g->e, OPC(0, 1, 0xbe), n->type == T_I64, d, d);
	else if (n->op == IR_VGETS && n->aux == 1)
		op_rr(&g->e, OPC(0, 1, 0xbf), n->type == T_I64, d, d);
	else if (n->op == IR_VGETS && n->aux == 2 && n->type == T_I64)
		op_rr(&g->e, OPC(0, 0, 0x63), 1, d, d);
}

/* Lane 0 of s in every lane. */
static void broadcast(struct gen *g, unsigned e, int d, int s)
{
	static const u32 op[] = { VPBROADCASTB, VPBROADCASTW, VPBROADCASTD, VPBROADCASTQ };

	if (x64.avx2) {
		vex_rrr(&g->e, op[e], d, 0, s);
	} else if (e == 0) {
		x_zero(g, XMM_SCRATCH2);
		x_rrr(g, PSHUFB, d, s, XMM_SCRATCH2);
	} else if (e == 1) {
		x_rri(g, PSHUFLW, d, s, 0);
		x_rrr(g, PUNPCKLQDQ, d, d, d);
	} else if (e == 2) {
		x_rri(g, PSHUFD, d, s, 0);
	} else {
		x_rr(g, MOVDDUP, d, s);
	}
}

static void lower_dup(struct gen *g, const struct ir_node *n)
{
	u64 c;
	int a, d;

	if (const_of(g, n->a, &c)) {
		load_constv(g, def_xmm(g), splat(n->aux, c));
		return;
	}
	a = use_gpr(g, n->a);
	d = def_xmm(g);
	if (x64.avx512) {
		static const u32 op[] = { OPC(1, 2, 0x7a), OPC(1, 2, 0x7b), OPC(1, 2, 0x7c),
					  OPC(1, 2, 0x7c) | OPC_W };

		evex_rrr(&g->e, op[n->aux], d, 0, a, 0);
		return;
	}
	x_rr(g, MOVD_TO_XMM | (n->aux == 3 ? OPC_W : 0), d, a);
	broadcast(g, n->aux, d, d);
}

static void lower_dup_lane(struct gen *g, const struct ir_node *n)
{
	unsigned e = n->aux, lane = n->b;
	int a = use_xmm(g, n->a), d = def_xmm(g);
	u64 from = 0;

	if (e == 3 && lane) {
		x_rri(g, PSHUFD, d, a, 0xee);
	} else if (e == 2) {
		x_rri(g, PSHUFD, d, a, lane * 0x55);
	} else if (lane == 0 && (e == 3 || x64.avx2)) {
		broadcast(g, e, d, a);
	} else {
		for (unsigned k = 0; k < 1u << e; k++)
			from |= (u64)((lane << e) + k) << 8 * k;
		x_rrc(g, PSHUFB, d, a, splat(e, from));
	}
}

/* a with lane `to` := lane `from` of b. */
static void lower_set_lane(struct gen *g, const struct ir_node *n)
{
	unsigned to = n->c & 15, from = n->c >> 4;
	int a, b, d;

	use_xmm2(g, n, &a, &b, &d);
	if (n->aux == 2) {
		x_rrri(g, INSERTPS, d, a, b, from << 6 | to << 4);
	} else if (n->aux == 3 && from == to) {
		x_rrri(g, PBLENDW, d, a, b, to ? 0xf0 : 0x0f);
	} else if (n->aux == 3 && to) {
		x_rrr(g, PUNPCKLQDQ, d, a, b);
	} else if (n->aux == 3) {
		x_rrr(g, PUNPCKHQDQ, d, b, a);
	} else {
		extract(g, n->aux, RAX, b, from);
		insert(g, n->aux, d, a, RAX, to);
	}
}

bool lower_vec_move(struct gen *g, const struct ir_node *n)
{
	int a, b, d;

	switch (n->op) {
	case IR_F2V:
		a = use_xmm(g, n->a);
		d = def_xmm(g);
		if (g->t->node[n->a].type == T_F32)
			x_rrri(g, INSERTPS, d, a, a, 0x0e);
		else
			x_rr(g, MOVQ, d, a);
		return true;
	case IR_ZEXTV:
		a = use_xmm(g, n->a);
		x_rr(g, MOVQ, def_xmm(g), a);
		return true;
	case IR_I2V:
		a = use_gpr(g, n->a);
		x_rr(g, MOVD_TO_XMM | (g->t->node[n->a].type == T_I64 ? OPC_W : 0), def_xmm(g), a);
		return true;
	case IR_VPAIR:
		a = use_gpr(g, n->a);
		b = use_gpr(g, n->b);
		d = def_xmm(g);
		x_rr(g, MOVD_TO_XMM | OPC_W, d, a);
		if (a == b)
			x_rrr(g, PUNPCKLQDQ, d, d, d);
		else
			insert(g, 3, d, d, b, 1);
		return true;
	case IR_VSET:
		a = use_xmm(g, n->a);
		b = use_gpr(g, n->b);
		insert(g, n->aux, def_xmm(g), a, b, n->c);
		return true;
	case IR_VDUP: lower_dup(g, n); return true;
	case IR_VDUPL: lower_dup_lane(g, n); return true;
	case IR_VGET: case IR_VGETS: lower_extract(g, n); return true;
	case IR_VSETL: lower_set_lane(g, n); return true;
	}
	return lower_logic(g, n);
}

bool lower_vec(struct gen *g, const struct ir_node *n)
{
	return lower_vec_move(g, n) || lower_vec_arith(g, n) || lower_vec_compare(g, n) ||
	       lower_vec_width(g, n) || lower_vec_shift(g, n) || lower_vec_shuffle(g, n) ||
	       lower_vec_float(g, n) || lower_crypto(g, n);
}
