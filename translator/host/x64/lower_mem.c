/*
 * Guest memory.  The host's ordering is stronger than that of any guest but x86's own, so acquire
 * and release cost nothing; only a sequentially consistent store needs a locked instruction.
 *
 * A full barrier keeps loads behind it from overtaking stores before it.  Any locked instruction does that, at a
 * third of MFENCE's price (we have no non-temporal stores, which only MFENCE orders); so one that is near makes the
 * barrier superfluous.
 *
 * While the guest has one thread and shares no memory (tr.alone), an operation is atomic if no signal can come within.
 * Signals are delivered between translations and at polls, so that is nothing special: no locks, no barriers.
 *
 * Every access is a state point.  A load that faults leaves its register alone, so the value may take over the
 * register of what its slot held before (begin_put()), if it does so behind the point.
 */
#include "base/space.h"
#include "translator/host/x64/gen.h"

/* The address in a register of its own, its tag replaced by what makes it canonical. */
static struct mem untagged(struct gen *g, struct mem m)
{
	int r = temp_gpr(g), bits = g->g->tag_bits;
	bool gs = m.gs;

	m.gs = false;
	lea_rm(&g->e, 1, r, m);
	shift_ri(&g->e, SH_SHL, 1, r, bits);
	shift_ri(&g->e, SH_SAR, 1, r, bits);
	m = mem_bd(r, 0);
	m.gs = gs;
	return m;
}

struct mem address(struct gen *g, ref a, s32 disp)
{
	struct mem m = { NOREG, NOREG, 0, guest_base != 0, disp, g->t->node[a].type == T_I32 };
	const struct ir_node *n;

	if (UNLIKELY(g->t->untag))
		clobber_flags(g);
	a = real(g, a);
	n = &g->t->node[a];
	if (g->folded[a]) {
		m.base = use_gpr(g, n->a);
		m.index = use_gpr(g, n->b);
		if (n->op == IR_LEA) {
			m.scale = n->aux;
			m.disp += (s32)n->c;
		}
	} else {
		m.base = use_gpr(g, a);
	}
	return UNLIKELY(g->t->untag) ? untagged(g, m) : m;
}

/*
 * An address that must be aligned and is not: UD2 with the address in rax, which jit_fault() takes
 * for what it is.  Call after clobber_flags() and before the access; uses rcx.
 *
 * Within a block of 16 bytes, and so within a line of the host's cache, the host's loads, stores and locked
 * instructions are atomic however they lie.
 */
static void check_alignment(struct gen *g, const struct ir_node *n, struct mem m)
{
	int size = n->aux & MEM_SIZE;
	bool plain = m.index == NOREG && !m.disp;
	u32 block = g->g->atomic_block ? *g->g->atomic_block : 0;
	u8 *aligned, *within = NULL;

	if (!(n->aux & MEM_ALIGN) || size == MEM_8)
		return;
	m.gs = false;
	if (plain) {
		op_rr8(&g->e, OPC(0, 0, 0xf6), 0, 0, m.base);   /* test r8, imm8 */
	} else {
		lea_rm(&g->e, 1, RAX, m);
		e8(&g->e, 0xa8);   /* test al, imm8 */
	}
	e8(&g->e, (1 << size) - 1);
	aligned = jcc_short(&g->e, X_E);
	if (plain)
		mov_rr(&g->e, 1, RAX, m.base);
	if (1u << size < block) {
		mov_rr(&g->e, 0, RCX, RAX);
		alu_ri(&g->e, ALU_AND, 0, RCX, block - 1);
		alu_ri(&g->e, ALU_CMP, 0, RCX, block - (1 << size));
		within = jcc_short(&g->e, X_BE);
	}
	map_point(g);
	e8(&g->e, 0x0f);
	e8(&g->e, 0x0b);
	short_here(&g->e, aligned);
	if (within)
		short_here(&g->e, within);
}

static void xmm_op(struct gen *g, u32 opc, int r, struct mem m)
{
	if (x64.avx)
		vex_rrm(&g->e, opc, r, 0, m);
	else
		op_rm(&g->e, opc, 0, r, m);
}

/* pinsrb, pinsrw into a cleared register */
static void load_small_xmm(struct gen *g, int size, int d, struct mem m)
{
	u32 opc = size == MEM_8 ? OPC(1, 3, 0x20) : OPC(1, 1, 0xc4);

	if (x64.avx) {
		vex_rrr(&g->e, OPC(0, 1, 0x57), d, d, d);
		map_point(g);
		vex_rrm(&g->e, opc, d, d, m);
	} else {
		op_rr(&g->e, OPC(0, 1, 0x57), 0, d, d);
		map_point(g);
		op_rm(&g->e, opc, 0, d, m);
	}
	e8(&g->e, 0);
}

static void byte_swap(struct gen *g, int size, int r)
{
	int w = size == MEM_64;

	if (size == MEM_16) {
		e8(&g->e, 0x66);
		op_rr(&g->e, OPC(0, 0, 0xc1), 0, SH_ROL, r);
		e8(&g->e, 8);
		return;
	}
	if (w || r > 7)
		e8(&g->e, 0x40 | w << 3 | (r > 7));
	e8(&g->e, 0x0f);
	e8(&g->e, 0xc8 | (r & 7));
}

static void lower_load(struct gen *g, const struct ir_node *n)
{
	struct mem m = address(g, n->a, n->c);
	int size = n->aux & MEM_SIZE, w = n->type == T_I64, d;
	bool sign = n->aux & MEM_SIGNED, swap = (n->aux & MEM_BE) && size != MEM_8;

	if (swap || n->aux & MEM_ALIGN)
		clobber_flags(g);
	check_alignment(g, n, m);
	if (g->v[g->i].kind == V_XMM) {
		if (n->type == T_F32)
			size = MEM_32;
		else if (n->type != T_V128)
			size = MEM_64;
		if (size <= MEM_16) {
			/* clears the register before it loads */
			g->v[g->i].early = false;
			load_small_xmm(g, size, def_xmm(g), m);
			return;
		}
		map_point(g);
		begin_put(g);
		d = def_xmm(g);
		xmm_op(g,
		       size == MEM_128 ? OPC(0, 1, 0x10) :
		       size == MEM_64  ? OPC(2, 1, 0x7e) :
					 OPC(2, 1, 0x10),
		       d, m);
		return;
	}
	map_point(g);
	begin_put(g);
	d = def_gpr(g);
	if (size == MEM_64 || (size == MEM_32 && !(sign && w)))
		load_r(&g->e, size == MEM_64, d, m);
	else if (size == MEM_32)
		op_rm(&g->e, OPC(0, 0, 0x63), 1, d, m);
	else if (sign && !swap)
		op_rm(&g->e, OPC(0, 1, size == MEM_8 ? 0xbe : 0xbf), w, d, m);
	else
		op_rm(&g->e, OPC(0, 1, size == MEM_8 ? 0xb6 : 0xb7), 0, d, m);
	if (swap) {
		byte_swap(g, size, d);
		if (sign && size == MEM_16)
			op_rr(&g->e, OPC(0, 1, 0xbf), w, d, d);
		else if (sign && w && size == MEM_32)
			op_rr(&g->e, OPC(0, 0, 0x63), 1, d, d);
	}
}

static void store_int(struct gen *g, int size, int r, struct mem m)
{
	if (size == MEM_8) {
		op_rm8(&g->e, OPC(0, 0, 0x88), r, m);
	} else {
		if (size == MEM_16)
			op_rm(&g->e, OPC(1, 0, 0x89), 0, r, m);
		else
			store_r(&g->e, size == MEM_64, r, m);
	}
}

static void store_imm(struct gen *g, int size, s32 imm, struct mem m)
{
	op_rm(&g->e, OPC(size == MEM_16, 0, size == MEM_8 ? 0xc6 : 0xc7), size == MEM_64, 0, m);
	if (size == MEM_8)
		e8(&g->e, imm);
	else if (size == MEM_16)
		e8(&g->e, imm), e8(&g->e, imm >> 8);
	else
		e32(&g->e, imm);
}

/* Whether nobody can tell atomic accesses from others; the code then depends on that. */
static bool alone(struct gen *g)
{
	if (!g->t->alone || x64_off & OPT_ALONE)
		return false;
	g->t->relies_alone = true;
	return true;
}

static bool is_rmw(const struct ir_node *n)
{
	return n->op >= IR_CAS && n->op <= IR_AUMIN;
}

/*
 * Whether no load comes before the next locked instruction of the line: then that one is the barrier.  (Another
 * FENCE does not count, which may count on this one.)
 */
static bool barrier_follows(const struct gen *g)
{
	for (u32 i = g->i + 1; i < g->t->n; i++) {
		const struct ir_node *n = &g->t->node[i];

		if (is_rmw(n))
			return true;
		if (n->op == IR_LOAD || n->op == IR_LABEL || n->op == IR_CALL || ir_rows[n->op].effect == E_EXIT)
			return false;
	}
	return false;
}

/* Whether no store has come since the last locked instruction or barrier of the line. */
static bool barrier_precedes(const struct gen *g)
{
	for (u32 i = g->i - 1; i; i--) {
		const struct ir_node *n = &g->t->node[i];

		if (is_rmw(n) || (n->op == IR_FENCE && n->aux == 0))
			return true;
		if (n->op == IR_STORE || n->op == IR_LABEL || n->op == IR_CALL)
			return false;
	}
	return false;
}

/* XCHG is locked, and leaves EFLAGS alone. */
static void barrier(struct gen *g)
{
	if (!barrier_precedes(g) && !barrier_follows(g) && !alone(g))
		op_rm(&g->e, OPC(0, 0, 0x87), 0, RAX, vcpu_mem(offsetof(struct vcpu, arg)));
}

static void lower_store(struct gen *g, const struct ir_node *n)
{
	int size = n->aux & MEM_SIZE, r;
	bool seq = (n->aux & MEM_ORDER) == MEM_SEQ && !alone(g), swap = (n->aux & MEM_BE) && size != MEM_8;
	struct mem m = address(g, n->a, n->c);
	s32 imm;

	if (swap || n->aux & MEM_ALIGN)
		clobber_flags(g);
	check_alignment(g, n, m);
	if (g->v[real(g, n->b)].kind == V_XMM) {
		r = use_xmm(g, n->b);
		map_point(g);
		if (size <= MEM_16) {
			xmm_op(g, OPC(1, 3, size == MEM_8 ? 0x14 : 0x15), r, m);
			e8(&g->e, 0);
		} else {
			xmm_op(g,
			       size == MEM_128 ? OPC(0, 1, 0x11) :
			       size == MEM_64  ? OPC(1, 1, 0xd6) :
						 OPC(2, 1, 0x11),
			       r, m);
		}
		if (seq)
			barrier(g);
		return;
	}
	if (swap) {
		copy_to_gpr(g, RAX, n->b);
		byte_swap(g, size, RAX);
		map_point(g);
		store_int(g, size, RAX, m);
		return;
	}
	if (seq) {
		copy_to_gpr(g, RAX, n->b);
		map_point(g);
		if (size == MEM_8)
			op_rm8(&g->e, OPC(0, 0, 0x86), RAX, m);
		else
			op_rm(&g->e, OPC(size == MEM_16, 0, 0x87), size == MEM_64, RAX, m);
		return;
	}
	if (imm_of(g, n->b, size == MEM_64, &imm)) {
		map_point(g);
		store_imm(g, size, imm, m);
		return;
	}
	r = use_gpr(g, n->b);
	map_point(g);
	store_int(g, size, r, m);
}

static void zero_extend(struct gen *g, int size, int d, int s)
{
	if (size == MEM_8)
		op_rr8(&g->e, OPC(0, 1, 0xb6), 0, d, s);
	else if (size == MEM_16)
		op_rr(&g->e, OPC(0, 1, 0xb7), 0, d, s);
	else
		mov_rr(&g->e, size == MEM_64, d, s);
}

static void load_zext(struct gen *g, int size, int d, struct mem m)
{
	if (size <= MEM_16)
		op_rm(&g->e, OPC(0, 1, size == MEM_8 ? 0xb6 : 0xb7), 0, d, m);
	else
		load_r(&g->e, size == MEM_64, d, m);
}

static void lock(struct gen *g, struct mem m)
{
	if (!alone(g))
		e8(&g->e, 0xf0);
	if (m.gs)
		e8(&g->e, 0x65);
}

/* A locked instruction with register r; `op8` is the byte form, op8 + 1 the others. */
static void locked(struct gen *g, u32 op8, int size, int r, struct mem m)
{
	lock(g, m);
	m.gs = false;
	if (size == MEM_8)
		op_rm8(&g->e, op8, r, m);
	else
		op_rm(&g->e, (op8 + 1) | (size == MEM_16 ? OPC(1, 0, 0) : 0), size == MEM_64, r, m);
}

/* XCHG without its lock. */
static void load_and_store(struct gen *g, const struct ir_node *n, int size, struct mem m)
{
	int r = use_gpr(g, n->b);

	map_point(g);
	if (g->v[g->i].next != NEVER)
		load_zext(g, size, RCX, m);
	store_int(g, size, r, m);
	if (g->v[g->i].next != NEVER)
		mov_rr(&g->e, size == MEM_64, def_gpr(g), RCX);
}

static void lower_xchg(struct gen *g, const struct ir_node *n)
{
	int size = n->aux & MEM_SIZE, r;
	struct mem m = address(g, n->a, n->c);
	bool add = n->op == IR_AADD;

	if (add || n->aux & MEM_ALIGN)
		clobber_flags(g);
	check_alignment(g, n, m);
	if (add && g->v[g->i].next == NEVER) {
		r = use_gpr(g, n->b);
		map_point(g);
		locked(g, OPC(0, 0, ALU_ADD << 3), size, r, m);
		return;
	}
	if (!add && alone(g)) {
		load_and_store(g, n, size, m);
		return;
	}
	copy_to_gpr(g, RAX, n->b);
	map_point(g);
	if (add)
		locked(g, OPC(0, 1, 0xc0), size, RAX, m);
	else if (size == MEM_8)
		op_rm8(&g->e, OPC(0, 0, 0x86), RAX, m);
	else
		op_rm(&g->e, OPC(size == MEM_16, 0, 0x87), size == MEM_64, RAX, m);
	if (g->v[g->i].next != NEVER)
		zero_extend(g, size, def_gpr(g), RAX);
}

static void lower_cas(struct gen *g, const struct ir_node *n)
{
	int size = n->aux & MEM_SIZE, r;
	struct mem m;

	clobber_flags(g);
	m = address(g, n->a, 0);
	r = use_gpr(g, n->c);
	check_alignment(g, n, m);
	copy_to_gpr(g, RAX, n->b);
	map_point(g);
	locked(g, OPC(0, 1, 0xb0), size, r, m);
	if (g->v[g->i].next != NEVER)
		zero_extend(g, size, def_gpr(g), RAX);
	if (g->v[g->i].flags)
		set_flags(g, g->v[g->i].flags, FORM_INV);
}

static void xmm_to_gprs(struct gen *g, ref v, int lo, int hi)
{
	int r = use_xmm(g, v);

	if (x64.avx) {
		vex_rrr(&g->e, OPC(1, 1, 0x7e) | OPC_W, r, 0, lo);
		vex_rrr(&g->e, OPC(1, 3, 0x16) | OPC_W, r, 0, hi);
	} else {
		op_rr(&g->e, OPC(1, 1, 0x7e), 1, r, lo);
		op_rr(&g->e, OPC(1, 3, 0x16), 1, r, hi);
	}
	e8(&g->e, 1);
}

static void lower_cas16(struct gen *g, const struct ir_node *n)
{
	struct mem m;
	int d;

	clobber_flags(g);
	take_gpr(g, RDX);
	take_gpr(g, RBX);
	m = address(g, n->a, 0);
	check_alignment(g, n, m);
	xmm_to_gprs(g, n->b, RAX, RDX);
	xmm_to_gprs(g, n->c, RBX, RCX);
	d = def_xmm(g);
	map_point(g);
	lock(g, m);
	m.gs = false;
	op_rm(&g->e, OPC(0, 1, 0xc7), 1, 1, m);   /* cmpxchg16b */
	if (x64.avx) {
		vex_rrr(&g->e, OPC(1, 1, 0x6e) | OPC_W, d, 0, RAX);
		vex_rrr(&g->e, OPC(1, 3, 0x22) | OPC_W, d, d, RDX);
	} else {
		op_rr(&g->e, OPC(1, 1, 0x6e), 1, d, RAX);
		op_rr(&g->e, OPC(1, 3, 0x22), 1, d, RDX);
	}
	e8(&g->e, 1);
}

/* Operations that the host has only without the old value: a compare-and-exchange loop if others look. */
static void lower_rmw(struct gen *g, const struct ir_node *n)
{
	int size = n->aux & MEM_SIZE, w = size == MEM_64, b;
	bool logic = n->op == IR_AAND || n->op == IR_AOR || n->op == IR_AXOR;
	bool sign = n->op == IR_ASMAX || n->op == IR_ASMIN;
	int alu = n->op == IR_AAND ? ALU_AND : n->op == IR_AOR ? ALU_OR : ALU_XOR;
	struct mem m;
	u8 *again, *back;

	clobber_flags(g);
	m = address(g, n->a, n->c);
	b = use_gpr(g, n->b);
	check_alignment(g, n, m);
	if (logic && g->v[g->i].next == NEVER) {
		map_point(g);
		locked(g, OPC(0, 0, alu << 3), size, b, m);
		return;
	}
	if (!logic && size <= MEM_16) {
		int x = temp_gpr(g);

		if (size == MEM_8)
			op_rr8(&g->e, OPC(0, 1, sign ? 0xbe : 0xb6), 0, x, b);
		else
			op_rr(&g->e, OPC(0, 1, sign ? 0xbf : 0xb7), 0, x, b);
		b = x;
	}
	map_point(g);
	load_zext(g, size, RAX, m);
	again = g->e.w;
	if (!logic && sign && size <= MEM_16)
		op_rr(&g->e, OPC(0, 1, size == MEM_8 ? 0xbe : 0xbf), 0, RCX, RAX);
	else if (!logic && size <= MEM_16)
		zero_extend(g, size, RCX, RAX);
	else
		mov_rr(&g->e, w, RCX, RAX);
	if (logic) {
		alu_rr(&g->e, alu, w, RCX, b);
	} else {
		int less = sign ? X_L : X_B, greater = sign ? X_G : X_A;
		bool max = n->op == IR_ASMAX || n->op == IR_AUMAX;

		alu_rr(&g->e, ALU_CMP, w, RCX, b);
		op_rr(&g->e, OPC(0, 1, 0x40 | (max ? less : greater)), w, RCX, b);
	}
	if (alone(g)) {
		store_int(g, size, RCX, m);
	} else {
		locked(g, OPC(0, 1, 0xb0), size, RCX, m);
		back = jcc_short(&g->e, X_NE);
		back[-1] = again - back;
	}
	if (g->v[g->i].next != NEVER)
		zero_extend(g, size, def_gpr(g), RAX);
}

bool lower_mem(struct gen *g, const struct ir_node *n)
{
	switch (n->op) {
	case IR_LOAD: lower_load(g, n); return true;
	case IR_STORE: lower_store(g, n); return true;
	case IR_XCHG: case IR_AADD: lower_xchg(g, n); return true;
	case IR_CAS:
		if (n->type == T_V128)
			lower_cas16(g, n);
		else
			lower_cas(g, n);
		return true;
	case IR_AAND: case IR_AOR: case IR_AXOR:
	case IR_ASMAX: case IR_ASMIN: case IR_AUMAX: case IR_AUMIN:
		lower_rmw(g, n);
		return true;
	case IR_FENCE:
		if (n->aux == 0)
			barrier(g);
		return true;
	}
	return false;
}
