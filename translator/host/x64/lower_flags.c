/*
 * Flags: comparisons, conditions, and what becomes of EFLAGS.
 *
 * A flags node emits its compare where it stands; its consumers usually follow at once.  When an
 * instruction in between would clobber EFLAGS, clobber_flags() packs the value first, unless
 * nothing needs it any more.
 */
#include "translator/host/x64/gen.h"

enum { PACK_MASK = FLAG_N | FLAG_Z | FLAG_C | FLAG_V };

void set_flags(struct gen *g, ref v, enum flags_form form)
{
	g->flags = v;
	g->flags_form = form;
}

static void cmc(struct gen *g)
{
	e8(&g->e, 0xf5);
	g->flags_form ^= FORM_DIRECT ^ FORM_INV;
}

/* Memory form of the result of UCOMIS, into eax; EFLAGS stays. */
static void pack_fp(struct gen *g)
{
	u8 *greater, *unordered, *equal;

	mov_ri(&g->e, RAX, FLAG_C);
	greater = jcc_short(&g->e, X_A);
	mov_ri(&g->e, RAX, FLAG_C | FLAG_V);
	unordered = jcc_short(&g->e, X_P);
	mov_ri(&g->e, RAX, FLAG_Z | FLAG_C);
	equal = jcc_short(&g->e, X_E);
	mov_ri(&g->e, RAX, FLAG_N);
	short_here(&g->e, greater);
	short_here(&g->e, unordered);
	short_here(&g->e, equal);
}

void pack_flags(struct gen *g, int r)
{
	if (g->flags_form == FORM_FP) {
		pack_fp(g);
	} else if (g->flags_form == FORM_BIT) {
		mov_ri(&g->e, RAX, FLAG_Z);
		mov_ri(&g->e, RCX, 0);
		op_rr(&g->e, OPC(0, 1, 0x40 | X_B), 0, RAX, RCX);
	} else {
		if (g->flags_form == FORM_INV)
			cmc(g);
		e8(&g->e, 0x9f);                                /* lahf */
		op_rr(&g->e, OPC(0, 1, 0x90 | X_O), 0, 0, RAX); /* seto al */
	}
	if (r != RAX)
		mov_rr(&g->e, 0, r, RAX);
}

/* The value in EFLAGS gets a place of its own if it is needed after the current node. */
static void keep_flags(struct gen *g, u32 next)
{
	ref v = g->flags;
	struct value *x = &g->v[v];

	if (!v || x->reg != NOREG || x->spill >= 0 || (x->home >= 0 && !x->dirty) ||
	    (next == NEVER && !x->dirty))
		return;
	if (next == NEVER) {
		flush_slots(g, CLASS_FLAGS);
	} else {
		int r = temp_gpr(g);

		pack_flags(g, r);
		bind_gpr(g, v, r);
	}
}

void clobber_flags(struct gen *g)
{
	if (!g->flags)
		return;
	keep_flags(g, next_after(g, g->flags));
	g->flags = 0;
}

/* EFLAGS := the memory form in eax. */
static void unpack_eax(struct gen *g)
{
	e8(&g->e, 0x04);   /* add al, 0x7f: OF := al == 1 */
	e8(&g->e, 0x7f);
	e8(&g->e, 0x9e);   /* sahf */
}

void need_flags(struct gen *g, ref v, int form)
{
	if (g->flags != v) {
		clobber_flags(g);
		copy_to_gpr(g, RAX, v);
		unpack_eax(g);
		set_flags(g, v, FORM_DIRECT);
	}
	if (form < 0 || g->flags_form == (enum flags_form)form)
		return;
	if (g->flags_form == FORM_FP || g->flags_form == FORM_BIT) {
		pack_flags(g, RAX);
		unpack_eax(g);
		g->flags_form = FORM_DIRECT;
	}
	if (g->flags_form != (enum flags_form)form)
		cmc(g);
}

static struct cond fp_cond(enum ir_cc cc)
{
	static const struct cond table[] = {
		[CC_EQ] = { X_E, X_NP, true },  [CC_NE] = { X_NE, X_P, false },
		[CC_CS] = { X_AE, X_P, false }, [CC_CC] = { X_B, X_NP, true },
		[CC_MI] = { X_B, X_NP, true },  [CC_PL] = { X_AE, X_P, false },
		[CC_VS] = { X_P, -1, false },   [CC_VC] = { X_NP, -1, false },
		[CC_HI] = { X_A, X_P, false },  [CC_LS] = { X_BE, X_NP, true },
		[CC_GE] = { X_AE, -1, false },  [CC_LT] = { X_B, -1, false },
		[CC_GT] = { X_A, -1, false },   [CC_LE] = { X_BE, -1, false },
	};

	return table[cc];
}

struct cond need_cond(struct gen *g, ref v, enum ir_cc cc)
{
	static const s8 inv[] = { X_E, X_NE, X_AE, X_B, X_S, X_NS, X_O, X_NO, X_A, X_BE, X_GE, X_L, X_G, X_LE };

	need_flags(g, v, -1);
	if (cc == CC_AL)
		return (struct cond){ X_O, X_NO, false };
	if (g->flags_form == FORM_FP)
		return fp_cond(cc);
	if (g->flags_form == FORM_BIT)
		return (struct cond){ cc == CC_EQ ? X_AE : X_B, -1, false };
	if (g->flags_form == FORM_DIRECT) {
		if (cc == CC_CS || cc == CC_CC)
			return (struct cond){ cc == CC_CS ? X_B : X_AE, -1, false };
		if (cc == CC_HI || cc == CC_LS)
			cmc(g);
	}
	return (struct cond){ inv[cc], -1, false };
}

struct cond cond_not(struct cond c)
{
	return (struct cond){ c.c1 ^ 1, c.c2 < 0 ? -1 : c.c2 ^ 1, !c.all };
}

static void lower_compare(struct gen *g, const struct ir_node *n)
{
	int w = g->t->node[n->a].type == T_I64;
	struct mem m;
	s32 imm;
	int a;

	clobber_flags(g);
	if (n->op == IR_SUBF && use_mem(g, n->a, &m) && imm_of(g, n->b, w, &imm)) {
		bool small = imm == (s8)imm;

		op_rm(&g->e, OPC(0, 0, small ? 0x83 : 0x81), w, ALU_CMP, m);
		if (small)
			e8(&g->e, imm);
		else
			e32(&g->e, imm);
		set_flags(g, g->i, FORM_INV);
		return;
	}
	if (n->op == IR_SUBF) {
		a = use_gpr(g, n->a);
		if (imm_of(g, n->b, w, &imm) && imm == 0)
			op_rr(&g->e, OPC(0, 0, 0x85), w, a, a);  /* test: CF = 0 = !C, as cmp a, 0 */
		else if (imm_of(g, n->b, w, &imm))
			alu_ri(&g->e, ALU_CMP, w, a, imm);
		else if (use_mem(g, n->b, &m))
			alu_rm(&g->e, ALU_CMP, w, a, m);
		else
			alu_rr(&g->e, ALU_CMP, w, a, use_gpr(g, n->b));
		set_flags(g, g->i, FORM_INV);
		return;
	}
	copy_to_gpr(g, RAX, n->a);
	if (imm_of(g, n->b, w, &imm))
		alu_ri(&g->e, ALU_ADD, w, RAX, imm);
	else
		alu_rr(&g->e, ALU_ADD, w, RAX, use_gpr(g, n->b));
	set_flags(g, g->i, FORM_DIRECT);
}

/* The consumer of the current flags node is one node that asks for EQ or NE. */
static bool only_zero_asked(struct gen *g)
{
	u32 j = g->v[g->i].next;
	u16 op = g->t->node[j].op;
	u8 cc = g->t->node[j].aux;

	return g->v[g->i].uses == 1 && (op == IR_EXITCC || op == IR_SETCC || op == IR_SELCC) &&
	       cc <= CC_NE;
}

static void lower_test(struct gen *g, const struct ir_node *n)
{
	int w = g->t->node[n->a].type == T_I64;
	ref a = real(g, n->a), b = real(g, n->b);
	u64 c;
	s32 imm;

	clobber_flags(g);
	if (a != b && const_of(g, b, &c) && c && !(c & (c - 1)) && c > 0x7fffffff &&
	    only_zero_asked(g)) {
		op_rr(&g->e, OPC(0, 1, 0xba), 1, 4, use_gpr(g, a));  /* bt */
		e8(&g->e, __builtin_ctzll(c));
		set_flags(g, g->i, FORM_BIT);
		return;
	}
	if (a != b && imm_of(g, b, w, &imm)) {
		op_rr(&g->e, OPC(0, 0, 0xf7), w && imm < 0, 0, use_gpr(g, a));
		e32(&g->e, imm);
	} else {
		int ra = use_gpr(g, a);

		op_rr(&g->e, OPC(0, 0, 0x85), w, ra, use_gpr(g, b));
	}
	set_flags(g, g->i, FORM_DIRECT);
}

static void lower_carry_flags(struct gen *g, const struct ir_node *n)
{
	int w = g->t->node[n->a].type == T_I64;
	bool add = n->op == IR_ADCF;
	int b = use_gpr(g, n->b);

	need_flags(g, n->c, add ? FORM_DIRECT : FORM_INV);
	keep_flags(g, next_after(g, n->c));
	need_flags(g, n->c, add ? FORM_DIRECT : FORM_INV);
	copy_to_gpr(g, RAX, n->a);
	alu_rr(&g->e, add ? ALU_ADC : ALU_SBB, w, RAX, b);
	set_flags(g, g->i, add ? FORM_DIRECT : FORM_INV);
}

static void emit_ucomis(struct gen *g, ref a, ref b, bool signalling)
{
	u32 opc = OPC(g->t->node[a].type == T_F64, 1, signalling ? 0x2f : 0x2e);
	int ra = use_xmm(g, a), rb = use_xmm(g, b);

	if (x64.avx)
		vex_rrr(&g->e, opc, ra, 0, rb);
	else
		op_rr(&g->e, opc, 0, ra, rb);
}

/* Packed flags for the integer N << 3 | Z << 2 | C << 1 | V. */
static u32 pack_const(unsigned nzcv)
{
	return (nzcv & 8 ? FLAG_N : 0) | (nzcv & 4 ? FLAG_Z : 0) | (nzcv & 2 ? FLAG_C : 0) |
	       (nzcv & 1 ? FLAG_V : 0);
}

/* Jumps taken when c does not hold; fixed by short_here_both(). */
static void jump_unless(struct gen *g, struct cond c, u8 *from[2])
{
	from[0] = from[1] = NULL;
	if (c.c2 < 0 || c.all) {
		from[0] = jcc_short(&g->e, c.c1 ^ 1);
		if (c.c2 >= 0)
			from[1] = jcc_short(&g->e, c.c2 ^ 1);
	} else {
		u8 *yes = jcc_short(&g->e, c.c1);

		from[0] = jcc_short(&g->e, c.c2 ^ 1);
		short_here(&g->e, yes);
	}
}

static void land(struct gen *g, u8 *from[2])
{
	short_here(&g->e, from[0]);
	if (from[1])
		short_here(&g->e, from[1]);
}

static void lower_conditional_compare(struct gen *g, const struct ir_node *n)
{
	enum ir_cc cc = n->aux & 15;
	u32 other = pack_const(n->aux >> 4);
	bool fp = n->op == IR_FCCMPF, sub = n->op == IR_CCMPF, always = cc == CC_AL;
	int w = g->t->node[n->b].type == T_I64, rb = 0, rc = 0;
	bool imm_ok = false;
	s32 imm = 0;
	struct cond c;
	u8 *no[2], *done;

	if (fp) {
		use_xmm(g, n->b);
		use_xmm(g, n->c);
	} else {
		rb = use_gpr(g, n->b);
		imm_ok = imm_of(g, n->c, w, &imm);
		if (!imm_ok)
			rc = use_gpr(g, n->c);
	}
	if (always) {
		clobber_flags(g);
	} else {
		need_flags(g, n->a, -1);
		keep_flags(g, next_after(g, n->a));
		c = need_cond(g, n->a, cc);
		jump_unless(g, c, no);
	}
	if (fp) {
		emit_ucomis(g, n->b, n->c, n->aux >> 8);
		if (always) {
			set_flags(g, g->i, FORM_FP);
			return;
		}
		pack_fp(g);
		done = jmp_short(&g->e);
		land(g, no);
		mov_ri(&g->e, RAX, other);
		short_here(&g->e, done);
		unpack_eax(g);
		set_flags(g, g->i, FORM_DIRECT);
		return;
	}
	if (!sub)
		mov_rr(&g->e, w, RAX, rb);
	if (imm_ok)
		alu_ri(&g->e, sub ? ALU_CMP : ALU_ADD, w, sub ? rb : RAX, imm);
	else
		alu_rr(&g->e, sub ? ALU_CMP : ALU_ADD, w, sub ? rb : RAX, rc);
	if (always) {
		set_flags(g, g->i, sub ? FORM_INV : FORM_DIRECT);
		return;
	}
	done = jmp_short(&g->e);
	land(g, no);
	mov_ri(&g->e, RAX, sub ? other ^ FLAG_C : other);
	unpack_eax(g);
	short_here(&g->e, done);
	set_flags(g, g->i, sub ? FORM_INV : FORM_DIRECT);
}

/* Spread or gather four bits; r may be any register. */
static void lower_nzcv(struct gen *g, const struct ir_node *n)
{
	bool pack = n->op == IR_FLAGS;
	int d;

	if (!x64.bmi2 && !(g->flags == n->a && last_use(g, n->a)))
		clobber_flags(g);
	if (!pack && g->flags == n->a && g->v[n->a].reg == NOREG)
		pack_flags(g, RAX);
	else
		copy_to_gpr(g, RAX, n->a);
	if (x64.bmi2) {
		mov_ri(&g->e, RCX, PACK_MASK);
		d = def_gpr(g);
		vex_rrr(&g->e, OPC(pack ? 3 : 2, 2, 0xf5), d, RAX, RCX);  /* pdep, pext */
		return;
	}
	g->flags = 0;
	d = def_gpr(g);
	if (pack) {
		/* N Z: bits 3 2 to 15 14; C: 1 to 8; V stays */
		mov_rr(&g->e, 0, RCX, RAX);
		shift_ri(&g->e, SH_SHL, 0, RCX, 12);
		alu_ri(&g->e, ALU_AND, 0, RCX, FLAG_N | FLAG_Z);
		mov_rr(&g->e, 0, d, RAX);
		shift_ri(&g->e, SH_SHL, 0, d, 7);
		alu_ri(&g->e, ALU_AND, 0, d, FLAG_C);
		alu_ri(&g->e, ALU_AND, 0, RAX, FLAG_V);
	} else {
		mov_rr(&g->e, 0, RCX, RAX);
		shift_ri(&g->e, SH_SHR, 0, RCX, 12);
		alu_ri(&g->e, ALU_AND, 0, RCX, 12);
		mov_rr(&g->e, 0, d, RAX);
		shift_ri(&g->e, SH_SHR, 0, d, 7);
		alu_ri(&g->e, ALU_AND, 0, d, 2);
		alu_ri(&g->e, ALU_AND, 0, RAX, 1);
	}
	alu_rr(&g->e, ALU_OR, 0, d, RCX);
	alu_rr(&g->e, ALU_OR, 0, d, RAX);
}

/* EFLAGS stays: what a guest without flags branches on is often the compare behind the value. */
static void lower_setcc(struct gen *g, const struct ir_node *n)
{
	struct cond c = need_cond(g, n->a, n->aux);
	int d = def_gpr(g);

	mov_ri(&g->e, d, 0);
	op_rr8(&g->e, OPC(0, 1, 0x90 | c.c1), 0, 0, d);
	if (c.c2 < 0)
		return;
	mov_ri(&g->e, RAX, !c.all);
	op_rr(&g->e, OPC(0, 1, 0x40 | (c.all ? c.c2 ^ 1 : c.c2)), 0, d, RAX);   /* cmov */
}

static void lower_selcc(struct gen *g, const struct ir_node *n)
{
	bool fp = g->v[g->i].kind == V_XMM, same;
	int w = n->type == T_I64, d, other;
	ref yes = n->b, no = n->c;
	struct cond c;

	if (n->b == n->c || real(g, n->b) == real(g, n->c)) {
		if (fp)
			def_xmm_from(g, n->b, &same);
		else
			def_gpr_from(g, n->b, &same);
		return;
	}
	if (fp) {
		u8 *skip[2];

		other = use_xmm(g, yes);
		use_xmm(g, no);
		c = need_cond(g, n->a, n->aux);
		d = def_xmm_from(g, no, &same);
		jump_unless(g, c, skip);
		if (x64.avx)
			vex_rrr(&g->e, OPC(0, 1, 0x28), d, 0, other);
		else
			op_rr(&g->e, OPC(0, 1, 0x28), 0, d, other);
		land(g, skip);
		return;
	}
	use_gpr(g, yes);
	c = need_cond(g, n->a, n->aux);
	/* start from the operand that can be overwritten */
	if (last_use(g, yes) && !last_use(g, no)) {
		ref swap = yes;

		yes = no;
		no = swap;
		c = cond_not(c);
	}
	if (c.all) {
		ref swap = yes;

		yes = no;
		no = swap;
		c = cond_not(c);
	}
	other = use_gpr(g, yes);
	d = def_gpr_from(g, no, &same);
	op_rr(&g->e, OPC(0, 1, 0x40 | c.c1), w, d, other);
	if (c.c2 >= 0)
		op_rr(&g->e, OPC(0, 1, 0x40 | c.c2), w, d, other);
}

static void lower_any(struct gen *g, const struct ir_node *n)
{
	int r = use_xmm(g, n->a);

	clobber_flags(g);
	if (g->t->node[n->a].type == T_V64) {
		if (x64.avx)
			vex_rrr(&g->e, OPC(2, 1, 0x7e), XMM_SCRATCH, 0, r);
		else
			op_rr(&g->e, OPC(2, 1, 0x7e), 0, XMM_SCRATCH, r);
		r = XMM_SCRATCH;
	}
	if (x64.avx)
		vex_rrr(&g->e, OPC(1, 2, 0x17), r, 0, r);
	else
		op_rr(&g->e, OPC(1, 2, 0x17), 0, r, r);
	set_flags(g, g->i, FORM_INV);   /* ptest a, a leaves CF = 1: C = 0 */
}

bool lower_flags(struct gen *g, const struct ir_node *n)
{
	switch (n->op) {
	case IR_SUBF: case IR_ADDF:
		lower_compare(g, n);
		return true;
	case IR_ANDF:
		lower_test(g, n);
		return true;
	case IR_ADCF: case IR_SBCF:
		lower_carry_flags(g, n);
		return true;
	case IR_FCMPF:
		clobber_flags(g);
		emit_ucomis(g, n->a, n->b, n->aux);
		set_flags(g, g->i, FORM_FP);
		return true;
	case IR_CCMPF: case IR_CCMNF: case IR_FCCMPF:
		lower_conditional_compare(g, n);
		return true;
	case IR_FLAGS: case IR_NZCV:
		lower_nzcv(g, n);
		return true;
	case IR_SETCC:
		lower_setcc(g, n);
		return true;
	case IR_SELCC:
		lower_selcc(g, n);
		return true;
	case IR_VANYNZ:
		lower_any(g, n);
		return true;
	}
	return false;
}
