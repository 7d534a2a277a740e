/*
 * From a load-reserved to its store-conditional (chapter "A", "Eventual Success of Store-Conditional
 * Instructions").
 *
 * A block ends at its first conditional branch, and compare-and-swap has one between LR and SC:
 *
 *     1: lr.w  a0, (a4)
 *        bne   a0, a2, 2f
 *        sc.w  t1, a5, (a4)
 *        bnez  t1, 1b
 *     2:
 *
 * So such a sequence is translated in one piece, as a part of its LR.  The SC then knows that the reservation is
 * its own, and becomes one compare-and-exchange.  What the manual guarantees success for qualifies: integer
 * computation and forward branches, within 16 instructions.
 *
 * A loop that is a read-modify-write becomes the host's, which does not repeat it, however many threads want the
 * same word:
 *
 *     1: lr.w  a0, (a4)
 *        add   t0, a0, a1
 *        sc.w  t1, t0, (a4)
 *        bnez  t1, 1b
 *
 * Only the registers' values after the loop are made then; that it may have gone round before is lost, as are its
 * separate faults: both accesses fault at the LR.
 */
#include "frontends/riscv/riscv.h"
#include "frontends/riscv/decode.h"

enum { CONSTRAINED = 16, CONSTRAINED_BYTES = 4 * CONSTRAINED };
enum { F_BNE = 1 };

/* An instruction that follows, with the fields that its row gives or implies. */
struct ahead {
	const struct insn_row *row;
	gaddr pc, next;
	u32 word;
	unsigned rd, rs1, rs2, f;
	s64 imm;
};

static bool does(const struct ahead *i, const char *handler)
{
	return i->row->handler && !strcmp(i->row->handler, handler);
}

/* The field's pieces put together, *width bits of them; of a register in three bits, its number. */
static u64 field(const struct ahead *i, const char *name, unsigned *width)
{
	u64 v = 0;

	*width = 0;
	for (unsigned k = 0; k < i->row->nfields; k++) {
		const struct insn_field *f = &i->row->fields[k];

		if (strcmp(f->name, name))
			continue;
		v |= (i->word >> f->lsb & ((1ull << f->width) - 1)) << f->to;
		*width = MAX(*width, f->to + f->width + 0u);
	}
	return *width == 3 && name[0] == 'r' ? v + 8 : v;
}

static unsigned reg(const struct ahead *i, const char *name, unsigned implied)
{
	unsigned width, r = (unsigned)field(i, name, &width);

	return width ? r : implied;
}

/* The instruction at pc, if it begins in the page that the LR begins in and is one. */
static bool look(const struct tr *t, gaddr pc, struct ahead *i)
{
	gaddr last = pc + 3;
	unsigned width;
	int insn;

	if ((last ^ t->pc) & ~(gaddr)(t->g->page_size - 1))
		return false;
	i->pc = pc;
	i->word = rv_fetch(pc, &i->next);
	if (i->next == pc)
		return false;
	insn = rv_base.decode(i->word);
	if (insn == rv_NONE || (rv_features_limited && !rv_insn_enabled(insn)))
		return false;
	i->row = &rv_rows[insn];
	i->rd = reg(i, "rd", 0);
	i->rs1 = reg(i, "rs1", i->rd);      /* as C.ADD and its like */
	i->rs2 = reg(i, "rs2", 0);          /* as C.BNEZ */
	i->f = (unsigned)field(i, "f", &width);
	if (insn == rv_C_BNEZ)
		i->f = F_BNE;
	i->imm = (s64)field(i, "imm", &width);
	if (width)
		i->imm = sext((u64)i->imm, width);
	return true;
}

static bool is_sc(const struct ahead *i, const struct rv_lr *lr)
{
	return does(i, "sc") && i->rs1 == lr->rs1 && i->f == lr->f;
}

/* Goes back to the LR if the SC failed. */
static bool repeats(const struct tr *t, const struct ahead *i, const struct ahead *sc)
{
	return does(i, "branch") && i->f == F_BNE && i->rs1 == sc->rd && !i->rs2 &&
	       i->pc + (u64)i->imm == t->pc;
}

/* --- read-modify-write --- */

/* `w`: for LR.W only, since it computes no more than 32 bits. */
static const struct modify { const char *handler; u16 atomic, op; bool w; } modifies[] = {
	{ "add", IR_AADD, IR_ADD, false }, { "addw", IR_AADD, IR_ADD, true },
	{ "and", IR_AAND, IR_AND, false }, { "or", IR_AOR, IR_OR, false },
	{ "xor", IR_AXOR, IR_XOR, false },
};

static const struct modify *modify_of(const struct ahead *i, const struct rv_lr *lr)
{
	for (unsigned k = 0; k < ARRAY_LEN(modifies); k++)
		if (does(i, modifies[k].handler))
			return modifies[k].w && lr->f != MEM_32 ? NULL : &modifies[k];
	return NULL;
}

/* Whether a loop that writes r keeps what it starts from: the address, and the operand v. */
static bool harmless(unsigned r, const struct rv_lr *lr, unsigned v)
{
	return r && r != lr->rs1 && r != v;
}

static bool read_modify_write(struct tr *t, const struct rv_lr *lr)
{
	enum ir_type ty = lr->f == MEM_64 ? T_I64 : T_I32;
	const struct modify *m = NULL;
	struct ahead op, sc, back;
	unsigned v;
	ref old, new;

	if (!look(t, t->next, &op))
		return false;
	if (is_sc(&op, lr)) {
		sc = op;
		v = sc.rs2;
	} else {
		m = modify_of(&op, lr);
		if (!m || (op.rs1 != lr->rd && op.rs2 != lr->rd) || !look(t, op.next, &sc) ||
		    !is_sc(&sc, lr) || sc.rs2 != op.rd)
			return false;
		v = op.rs1 == lr->rd ? op.rs2 : op.rs1;
		if (!harmless(op.rd, lr, v))
			return false;
	}
	if (!look(t, sc.next, &back) || !repeats(t, &back, &sc) || !harmless(lr->rd, lr, v) ||
	    !harmless(sc.rd, lr, v))
		return false;
	old = irx(t, m ? m->atomic : IR_XCHG, ty, lr->f | MEM_ALIGN | MEM_SEQ, x_get(t, lr->rs1),
		  x_get_as(t, v, ty), 0);
	x_put(t, lr->rd, old);
	if (m) {
		ty = m->w ? T_I32 : T_XLEN;
		new = ir2(t, m->op, ty, x_get_as(t, lr->rd, ty), x_get_as(t, v, ty));
		x_put(t, op.rd, new);
	}
	rv_reservation_clear(t);
	x_put(t, sc.rd, x_imm(t, 0));
	t->next = back.next;
	return true;
}

/* --- in one piece --- */

/* Integer computation, which neither touches memory nor goes elsewhere. */
static bool computes(const struct ahead *i)
{
	return i->row->handler && !i->row->attrs;
}

/* The end of the SC that ends the sequence after t->next; 0: there is none. */
static gaddr end_of_sequence(const struct tr *t, const struct rv_lr *lr)
{
	gaddr out = 0, pc = t->next;
	struct ahead i;

	for (unsigned k = 1; k < CONSTRAINED && look(t, pc, &i); k++, pc = i.next) {
		if (is_sc(&i, lr))
			return !out || out >= i.next ? i.next : 0;
		if (does(&i, "branch") && i.imm > 0)
			out = out ? MIN(out, i.pc + (u64)i.imm) : i.pc + (u64)i.imm;
		else if (!computes(&i))
			return 0;
	}
	return 0;
}

bool rv_tr_lr(struct tr *t, const struct rv_lr *a)
{
	gaddr end;

	if (!t->single && read_modify_write(t, a))
		return true;
	rv_load_reserved(t, a);
	if (t->single)
		return true;
	for (end = end_of_sequence(t, a); t->next < end;) {
		u32 word;

		t->pc = t->next;
		ir_insn(t, t->pc);
		word = rv_fetch(t->pc, &t->next);
		if (!rv_base.translate(t, word)) {
			t->next = t->pc;     /* illegal: the builder will find out */
			break;
		}
	}
	return true;
}
