/*
 * Integer arithmetic, logic, shifts and bit fields.
 *
 * Two-operand host instructions take over the register of a dying operand.  While EFLAGS holds a
 * value that is still needed, forms that leave it alone (lea, the BMI2 shifts) are preferred.
 */
#include "translator/host/x64/gen.h"

/* EFLAGS holds something that is needed after this node and has no other place. */
static bool flags_matter(const struct gen *g)
{
	return g->flags && g->v[g->flags].reg == NOREG && g->v[g->flags].spill < 0 &&
	       (next_after(g, g->flags) != NEVER || g->v[g->flags].dirty);
}

/* Operand b of an ALU operation into d: immediate, memory or register. */
static void alu_operand(struct gen *g, int op, int w, int d, ref b)
{
	struct mem m;
	s32 imm;

	if (imm_of(g, b, w, &imm))
		alu_ri(&g->e, op, w, d, imm);
	else if (use_mem(g, b, &m))
		alu_rm(&g->e, op, w, d, m);
	else
		alu_rr(&g->e, op, w, d, use_gpr(g, b));
}

/* Makes sure b is in hand before a's register is taken over. */
static void fetch(struct gen *g, ref b)
{
	struct mem m;
	u64 c;

	if (!const_of(g, b, &c) && !use_mem(g, b, &m))
		use_gpr(g, b);
}

static void lower_add(struct gen *g, const struct ir_node *n)
{
	int w = n->type == T_I64, d;
	ref a = n->a, b = n->b, f = g->v[g->i].flags;
	bool same;
	s32 imm;
	u64 c;

	if (!f && n->op == IR_SUB && const_of(g, b, &c) && (s64)c == (s32)c &&
	    (s32)c != INT32_MIN) {
		int ra = use_gpr(g, a);

		if (flags_matter(g) || !last_use(g, a)) {
			d = def_gpr(g);
			lea_rm(&g->e, w, d, mem_bd(ra, -(s32)c));
			return;
		}
	}
	if (!f && n->op == IR_ADD && (flags_matter(g) || (!last_use(g, a) && !last_use(g, b)))) {
		int ra = use_gpr(g, a);

		if (imm_of(g, b, w, &imm)) {
			d = def_gpr(g);
			lea_rm(&g->e, w, d, mem_bd(ra, imm));
		} else {
			int rb = use_gpr(g, b);

			d = def_gpr(g);
			lea_rm(&g->e, w, d, (struct mem){ ra, rb, 0, false, 0, false });
		}
		return;
	}
	if (n->op == IR_ADD && !last_use(g, a) && last_use(g, b) && g->v[real(g, b)].reg != NOREG) {
		a = n->b;
		b = n->a;
	}
	clobber_flags(g);
	fetch(g, b);
	if (g->v[real(g, a)].reg != NOREG)
		use_gpr(g, a);
	if (f && n->op == IR_ADD && g->t->node[f].op == IR_SUBF) {
		d = def_gpr_from(g, a, &same);
		alu_operand(g, ALU_SUB, w, d, g->t->node[f].b);
		set_flags(g, f, FORM_INV);
		return;
	}
	if (real(g, a) == real(g, b)) {
		int r = use_gpr(g, a);

		d = def_gpr_from(g, a, &same);
		alu_rr(&g->e, n->op == IR_ADD ? ALU_ADD : ALU_SUB, w, d, same ? d : r);
	} else {
		d = def_gpr_from(g, a, &same);
		alu_operand(g, n->op == IR_ADD ? ALU_ADD : ALU_SUB, w, d, b);
	}
	if (f) {
		set_flags(g, f, n->op == IR_ADD ? FORM_DIRECT : FORM_INV);
	}
}

static void lower_carry(struct gen *g, const struct ir_node *n)
{
	bool add = n->op == IR_ADC, same;
	int w = n->type == T_I64, b = use_gpr(g, n->b), d;
	ref f = g->v[g->i].flags;

	if (g->v[real(g, n->a)].reg != NOREG)
		use_gpr(g, n->a);
	need_flags(g, n->c, add ? FORM_DIRECT : FORM_INV);
	if (next_after(g, n->c) != NEVER || g->v[n->c].dirty) {
		clobber_flags(g);
		need_flags(g, n->c, add ? FORM_DIRECT : FORM_INV);
	}
	if (real(g, n->a) == real(g, n->b)) {
		d = def_gpr(g);
		mov_rr(&g->e, w, d, b);
	} else {
		d = def_gpr_from(g, n->a, &same);
	}
	alu_rr(&g->e, add ? ALU_ADC : ALU_SBB, w, d, b);
	g->flags = 0;
	if (f) {
		set_flags(g, f, add ? FORM_DIRECT : FORM_INV);
	}
}

static void lower_logic(struct gen *g, const struct ir_node *n, int op)
{
	int w = n->type == T_I64, d;
	ref a = n->a, b = n->b, f = g->v[g->i].flags;
	bool same;
	u64 c;

	if (const_of(g, b, &c) && op == ALU_AND && c <= 0xffffffff)
		w = 0;   /* clears the upper half as well */
	if (f)
		w = n->type == T_I64;
	if (!last_use(g, a) && last_use(g, b) && g->v[real(g, b)].reg != NOREG) {
		a = n->b;
		b = n->a;
	}
	clobber_flags(g);
	fetch(g, b);
	if (g->v[real(g, a)].reg != NOREG)
		use_gpr(g, a);
	d = def_gpr_from(g, a, &same);
	if (w == 0 && const_of(g, b, &c))
		alu_ri(&g->e, op, 0, d, (s32)c);
	else
		alu_operand(g, op, w, d, b);
	if (f) {
		set_flags(g, f, FORM_DIRECT);
	}
}

/* a op ~b */
static void lower_logic_not(struct gen *g, const struct ir_node *n)
{
	int w = n->type == T_I64, d;
	bool same;

	clobber_flags(g);
	if (n->op == IR_ANDN && x64.bmi1) {
		int a = use_gpr(g, n->a), b = use_gpr(g, n->b);

		d = def_gpr(g);
		vex_rrr(&g->e, OPC(0, 2, 0xf2) | (w ? OPC_W : 0), d, b, a);
		return;
	}
	copy_to_gpr(g, RAX, n->b);
	op_rr(&g->e, OPC(0, 0, 0xf7), w, 2, RAX);
	if (g->v[real(g, n->a)].reg != NOREG)
		use_gpr(g, n->a);
	d = def_gpr_from(g, n->a, &same);
	alu_rr(&g->e, n->op == IR_ANDN ? ALU_AND : n->op == IR_ORN ? ALU_OR : ALU_XOR, w, d, RAX);
}

static void lower_unary(struct gen *g, const struct ir_node *n)
{
	int w = n->type == T_I64, d;
	bool same;

	if (n->op == IR_NEG)
		clobber_flags(g);
	if (g->v[real(g, n->a)].reg != NOREG)
		use_gpr(g, n->a);
	d = def_gpr_from(g, n->a, &same);
	if (n->op == IR_BSWAP) {
		if (w || d > 7)
			e8(&g->e, 0x40 | w << 3 | (d > 7));
		e8(&g->e, 0x0f);
		e8(&g->e, 0xc8 | (d & 7));
	} else {
		op_rr(&g->e, OPC(0, 0, 0xf7), w, n->op == IR_NOT ? 2 : 3, d);
	}
}

static void lower_shift(struct gen *g, const struct ir_node *n)
{
	static const u8 sub[] = { SH_SHL, SH_SHR, SH_SAR, SH_ROR };
	static const u8 pp[] = { 1, 3, 2 };
	int k = n->op - IR_SHL, w = n->type == T_I64, d;
	unsigned width = w ? 64 : 32;
	bool same;
	u64 c;

	if (const_of(g, n->b, &c)) {
		c &= width - 1;
		if (n->op == IR_ROR && x64.bmi2) {
			int a = use_gpr(g, n->a);

			d = def_gpr(g);
			vex_rrr(&g->e, OPC(3, 3, 0xf0) | (w ? OPC_W : 0), d, 0, a);
			e8(&g->e, c);
			return;
		}
		if (n->op == IR_SHL && c >= 1 && c <= 3 &&
		    (flags_matter(g) || (c == 1 && !last_use(g, n->a)))) {
			int a = use_gpr(g, n->a);

			d = def_gpr(g);
			lea_rm(&g->e, w, d, (struct mem){ NOREG, a, c, false, 0, false });
			return;
		}
		clobber_flags(g);
		if (g->v[real(g, n->a)].reg != NOREG)
			use_gpr(g, n->a);
		d = def_gpr_from(g, n->a, &same);
		if (c)
			shift_ri(&g->e, sub[k], w, d, c);
		else if (!w)
			mov_rr(&g->e, 0, d, d);
		return;
	}
	if (x64.bmi2 && n->op != IR_ROR) {
		int a = use_gpr(g, n->a), b = use_gpr(g, n->b);

		d = def_gpr(g);
		vex_rrr(&g->e, OPC(pp[k], 2, 0xf7) | (w ? OPC_W : 0), d, b, a);
		return;
	}
	clobber_flags(g);
	copy_to_gpr(g, RCX, n->b);
	if (g->v[real(g, n->a)].reg != NOREG)
		use_gpr(g, n->a);
	d = def_gpr_from(g, n->a, &same);
	op_rr(&g->e, OPC(0, 0, 0xd3), w, sub[k], d);
}

static void lower_mul(struct gen *g, const struct ir_node *n)
{
	int w = n->type == T_I64, d, b;
	bool same;
	s32 imm;

	clobber_flags(g);
	if (imm_of(g, n->b, w, &imm)) {
		int a = use_gpr(g, n->a);

		d = def_gpr(g);
		op_rr(&g->e, OPC(0, 0, imm == (s8)imm ? 0x6b : 0x69), w, d, a);
		if (imm == (s8)imm)
			e8(&g->e, imm);
		else
			e32(&g->e, imm);
		return;
	}
	b = use_gpr(g, n->b);
	if (g->v[real(g, n->a)].reg != NOREG)
		use_gpr(g, n->a);
	if (real(g, n->a) == real(g, n->b)) {
		d = def_gpr(g);
		mov_rr(&g->e, w, d, b);
	} else {
		d = def_gpr_from(g, n->a, &same);
	}
	op_rr(&g->e, OPC(0, 1, 0xaf), w, d, b);
}

static void lower_mulh(struct gen *g, const struct ir_node *n)
{
	int b = use_gpr(g, n->b), d;

	if (n->op == IR_MULHU && x64.bmi2) {
		/* mulx takes rdx: the only fixed register, and leaves the flags alone */
		take_gpr(g, RDX);
		b = use_gpr(g, n->b);
		copy_to_gpr(g, RDX, n->a);
		d = def_gpr(g);
		vex_rrr(&g->e, OPC(3, 2, 0xf6) | OPC_W, d, RAX, b);
		return;
	}
	clobber_flags(g);
	take_gpr(g, RDX);
	b = use_gpr(g, n->b);
	copy_to_gpr(g, RAX, n->a);
	op_rr(&g->e, OPC(0, 0, 0xf7), 1, n->op == IR_MULHU ? 4 : 5, b);
	bind_gpr(g, g->i, RDX);
}

/* cdq, cqo */
static void sign_extend_rax(struct gen *g, int w)
{
	if (w)
		e8(&g->e, 0x48);
	e8(&g->e, 0x99);
}

/*
 * x / 0 = 0 and MIN / -1 = MIN: the host traps on both, so they are kept away from its division.
 */
static void lower_div(struct gen *g, const struct ir_node *n)
{
	int w = n->type == T_I64, b;
	bool sign = n->op == IR_SDIV;
	u8 *zero, *done, *done2 = NULL, *go = NULL;
	u64 c = 0;
	bool known = const_of(g, n->b, &c) && c && c != (w ? ~0ull : 0xffffffffull);

	clobber_flags(g);
	take_gpr(g, RDX);
	b = use_gpr(g, n->b);
	copy_to_gpr(g, RAX, n->a);
	if (known) {
		if (sign)
			sign_extend_rax(g, w);
		else
			alu_rr(&g->e, ALU_XOR, 0, RDX, RDX);
		op_rr(&g->e, OPC(0, 0, 0xf7), w, sign ? 7 : 6, b);
	} else {
		op_rr(&g->e, OPC(0, 0, 0x85), w, b, b);
		zero = jcc_short(&g->e, X_E);
		if (sign) {
			alu_ri(&g->e, ALU_CMP, w, b, -1);
			go = jcc_short(&g->e, X_NE);
			op_rr(&g->e, OPC(0, 0, 0xf7), w, 3, RAX);       /* x / -1 = -x, MIN included */
			done2 = jmp_short(&g->e);
			short_here(&g->e, go);
			sign_extend_rax(g, w);
		} else {
			alu_rr(&g->e, ALU_XOR, 0, RDX, RDX);
		}
		op_rr(&g->e, OPC(0, 0, 0xf7), w, sign ? 7 : 6, b);
		done = jmp_short(&g->e);
		short_here(&g->e, zero);
		alu_rr(&g->e, ALU_XOR, 0, RAX, RAX);
		short_here(&g->e, done);
		if (done2)
			short_here(&g->e, done2);
	}
	bind_gpr(g, g->i, RDX);
	mov_rr(&g->e, w, RDX, RAX);
}

static void lower_extend(struct gen *g, const struct ir_node *n)
{
	int a = use_gpr(g, n->a), d = def_gpr(g), w = n->type == T_I64;

	if (n->op == IR_ZEXT) {
		if (n->b == 32)
			mov_rr(&g->e, 0, d, a);
		else if (n->b == 16)
			op_rr(&g->e, OPC(0, 1, 0xb7), 0, d, a);
		else
			op_rr8(&g->e, OPC(0, 1, 0xb6), 0, d, a);
	} else {
		if (n->b == 32)
			op_rr(&g->e, OPC(0, 0, 0x63), w, d, a);
		else if (n->b == 16)
			op_rr(&g->e, OPC(0, 1, 0xbf), w, d, a);
		else
			op_rr8(&g->e, OPC(0, 1, 0xbe), w, d, a);
	}
}

static void lower_ubfx(struct gen *g, const struct ir_node *n)
{
	int w = n->type == T_I64, d;
	unsigned lsb = n->b, width = n->c, total = w ? 64 : 32;
	bool same;

	if (lsb == 0 && (width == 8 || width == 16 || width == 32)) {
		struct ir_node x = *n;

		x.op = n->op == IR_UBFX ? IR_ZEXT : IR_SEXT;
		x.b = width;
		lower_extend(g, &x);
		return;
	}
	clobber_flags(g);
	if (g->v[real(g, n->a)].reg != NOREG)
		use_gpr(g, n->a);
	d = def_gpr_from(g, n->a, &same);
	if (n->op == IR_SBFX) {
		if (total - lsb - width)
			shift_ri(&g->e, SH_SHL, w, d, total - lsb - width);
		else if (!w)
			mov_rr(&g->e, 0, d, d);
		if (width != total)
			shift_ri(&g->e, SH_SAR, w, d, total - width);
		return;
	}
	if (lsb + width == total) {
		if (lsb)
			shift_ri(&g->e, SH_SHR, w, d, lsb);
		else if (!w)
			mov_rr(&g->e, 0, d, d);
	} else if (width < 32) {
		if (lsb)
			shift_ri(&g->e, SH_SHR, w, d, lsb);
		alu_ri(&g->e, ALU_AND, 0, d, (1u << width) - 1);
	} else {
		shift_ri(&g->e, SH_SHL, w, d, total - lsb - width);
		shift_ri(&g->e, SH_SHR, w, d, total - width);
	}
}

static void lower_bfi(struct gen *g, const struct ir_node *n)
{
	int w = n->type == T_I64, d;
	unsigned lsb = n->c & 255, width = n->c >> 8 & 255;
	u64 mask = (~0ull >> (64 - width)) << lsb, keep = ~mask;
	bool same;

	clobber_flags(g);
	copy_to_gpr(g, RAX, n->b);
	if (width < 32) {
		alu_ri(&g->e, ALU_AND, 0, RAX, (1u << width) - 1);
		if (lsb)
			shift_ri(&g->e, SH_SHL, w, RAX, lsb);
	} else {
		shift_ri(&g->e, SH_SHL, w, RAX, (w ? 64 : 32) - width);
		if ((w ? 64 : 32) - width - lsb)
			shift_ri(&g->e, SH_SHR, w, RAX, (w ? 64 : 32) - width - lsb);
	}
	if (g->v[real(g, n->a)].reg != NOREG)
		use_gpr(g, n->a);
	d = def_gpr_from(g, n->a, &same);
	if (!w || (s64)keep == (s32)keep) {
		alu_ri(&g->e, ALU_AND, w, d, (s32)keep);
	} else {
		load_const(g, RCX, keep);
		alu_rr(&g->e, ALU_AND, 1, d, RCX);
	}
	alu_rr(&g->e, ALU_OR, w, d, RAX);
}

static void lower_extr(struct gen *g, const struct ir_node *n)
{
	int w = n->type == T_I64, b, a, d;
	bool same;

	clobber_flags(g);
	a = use_gpr(g, n->a);
	b = use_gpr(g, n->b);
	if (real(g, n->a) == real(g, n->b)) {
		d = def_gpr(g);
		mov_rr(&g->e, w, d, b);
	} else {
		d = def_gpr_from(g, n->b, &same);
	}
	if (!w && !n->c)
		mov_rr(&g->e, 0, d, d);
	if (n->c) {
		op_rr(&g->e, OPC(0, 1, 0xac), w, a, d);
		e8(&g->e, n->c);
	}
}

static void lower_count(struct gen *g, const struct ir_node *n)
{
	int w = n->type == T_I64, a, d;
	bool clz = n->op == IR_CLZ;

	clobber_flags(g);
	a = use_gpr(g, n->a);
	d = def_gpr(g);
	if (n->op == IR_POPCNT) {
		op_rr(&g->e, OPC(2, 1, 0xb8), w, d, a);
	} else if (clz ? x64.lzcnt : x64.bmi1) {
		op_rr(&g->e, OPC(2, 1, clz ? 0xbd : 0xbc), w, d, a);
	} else {
		/* bsr and bsf leave the destination alone for 0 */
		mov_ri(&g->e, RAX, clz ? (w ? 127 : 63) : (w ? 64 : 32));
		op_rr(&g->e, OPC(0, 1, clz ? 0xbd : 0xbc), w, d, a);
		op_rr(&g->e, OPC(0, 1, 0x44), 0, d, RAX);
		if (clz)
			alu_ri(&g->e, ALU_XOR, 0, d, w ? 63 : 31);
	}
}

/* Bits within bytes by three exchanges, then the bytes. */
static void lower_rbit(struct gen *g, const struct ir_node *n)
{
	static const struct { u64 mask; u8 shift; } step[] = {
		{ 0x5555555555555555, 1 }, { 0x3333333333333333, 2 }, { 0x0f0f0f0f0f0f0f0f, 4 },
	};
	int w = n->type == T_I64, d, t;
	bool same;

	clobber_flags(g);
	if (g->v[real(g, n->a)].reg != NOREG)
		use_gpr(g, n->a);
	d = def_gpr_from(g, n->a, &same);
	t = temp_gpr(g);
	for (unsigned k = 0; k < ARRAY_LEN(step); k++) {
		load_const(g, RAX, w ? step[k].mask : (u32)step[k].mask);
		mov_rr(&g->e, w, t, d);
		shift_ri(&g->e, SH_SHR, w, t, step[k].shift);
		alu_rr(&g->e, ALU_AND, w, t, RAX);
		alu_rr(&g->e, ALU_AND, w, d, RAX);
		shift_ri(&g->e, SH_SHL, w, d, step[k].shift);
		alu_rr(&g->e, ALU_OR, w, d, t);
	}
	e8(&g->e, 0x40 | w << 3 | (d > 7));
	e8(&g->e, 0x0f);
	e8(&g->e, 0xc8 | (d & 7));
}

static void lower_lea(struct gen *g, const struct ir_node *n)
{
	int a = use_gpr(g, n->a), b = use_gpr(g, n->b), d = def_gpr(g);

	lea_rm(&g->e, n->type == T_I64, d, (struct mem){ a, b, n->aux, false, (s32)n->c, false });
}

/* SSE4.2 has the Castagnoli polynomial; the other is a call. */
static u32 crc32_ieee(u32 crc, u64 v, u32 bytes)
{
	for (u32 k = 0; k < bytes; k++, v >>= 8) {
		crc ^= v & 255;
		for (int j = 0; j < 8; j++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return crc;
}

static void lower_crc32(struct gen *g, const struct ir_node *n)
{
	unsigned size = n->aux & 3;
	bool same;
	int b, d;

	if (!(n->aux & 4)) {
		call_helper(g, (void *)crc32_ieee, 2, (const ref[]){ n->a, n->b }, 1,
			    (const u64[]){ 1u << size });
		return;
	}
	clobber_flags(g);
	b = use_gpr(g, n->b);
	if (g->v[real(g, n->a)].reg != NOREG)
		use_gpr(g, n->a);
	if (real(g, n->a) == real(g, n->b)) {
		d = def_gpr(g);
		mov_rr(&g->e, 0, d, b);
	} else {
		d = def_gpr_from(g, n->a, &same);
	}
	if (size == 1)
		e8(&g->e, 0x66);
	if (size == 0)
		op_rr8(&g->e, OPC(3, 2, 0xf0), 0, d, b);
	else
		op_rr(&g->e, OPC(3, 2, 0xf1), size == 3, d, b);
}

bool lower_int(struct gen *g, const struct ir_node *n)
{
	switch (n->op) {
	case IR_ADD: case IR_SUB: lower_add(g, n); return true;
	case IR_ADC: case IR_SBC: lower_carry(g, n); return true;
	case IR_AND: lower_logic(g, n, ALU_AND); return true;
	case IR_OR: lower_logic(g, n, ALU_OR); return true;
	case IR_XOR: lower_logic(g, n, ALU_XOR); return true;
	case IR_ANDN: case IR_ORN: case IR_XORN: lower_logic_not(g, n); return true;
	case IR_NOT: case IR_NEG: case IR_BSWAP: lower_unary(g, n); return true;
	case IR_SHL: case IR_SHR: case IR_SAR: case IR_ROR: lower_shift(g, n); return true;
	case IR_MUL: lower_mul(g, n); return true;
	case IR_MULHU: case IR_MULHS: lower_mulh(g, n); return true;
	case IR_UDIV: case IR_SDIV: lower_div(g, n); return true;
	case IR_ZEXT: case IR_SEXT: lower_extend(g, n); return true;
	case IR_UBFX: case IR_SBFX: lower_ubfx(g, n); return true;
	case IR_BFI: lower_bfi(g, n); return true;
	case IR_EXTR: lower_extr(g, n); return true;
	case IR_CLZ: case IR_CTZ: case IR_POPCNT: lower_count(g, n); return true;
	case IR_RBIT: lower_rbit(g, n); return true;
	case IR_LEA: lower_lea(g, n); return true;
	case IR_CRC32: lower_crc32(g, n); return true;
	}
	return false;
}
