/*
 * The base integer instructions (chapters RV32I and RV64I), in the width of a register.
 *
 * There are no flags: a branch is a compare and an exit, which the backend makes one host compare
 * and one jump.  Comparisons with x0 are the common ones and are tests of the other register.
 *
 * Large constants, addresses and far calls come as pairs (LUI or AUIPC, and an instruction that
 * adds the low part).  They need no recognition: the first leaves a constant or a PC node in its
 * register, and the builder folds the second into it.  Only JALR has to look whether its target is
 * known by that.
 */
#include "frontends/riscv/riscv.h"
#include "frontends/riscv/decode.h"

/* --- constants --- */

bool rv_tr_lui(struct tr *t, const struct rv_lui *a)
{
	x_put(t, a->rd, x_imm(t, a->imm));
	return true;
}

bool rv_tr_auipc(struct tr *t, const struct rv_auipc *a)
{
	x_put(t, a->rd, x_pc(t, t->pc + (u64)(s64)a->imm));
	return true;
}

/* --- integer computation --- */

static ref flags_of_compare(struct tr *t, ref a, ref b)
{
	return ir2(t, IR_SUBF, T_FLAGS, a, b);
}

static ref less(struct tr *t, enum ir_cc cc, ref a, ref b)
{
	return irx(t, IR_SETCC, T_XLEN, cc, flags_of_compare(t, a, b), 0, 0);
}

static ref is_zero(struct tr *t, enum ir_cc cc, ref a)
{
	return irx(t, IR_SETCC, T_XLEN, cc, ir2(t, IR_ANDF, T_FLAGS, a, a), 0, 0);
}

bool rv_tr_addi(struct tr *t, const struct rv_addi *a)
{
	x_put(t, a->rd, ir2(t, IR_ADD, T_XLEN, x_get(t, a->rs1), x_imm(t, a->imm)));
	return true;
}

bool rv_tr_slti(struct tr *t, const struct rv_slti *a)
{
	x_put(t, a->rd, less(t, CC_LT, x_get(t, a->rs1), x_imm(t, a->imm)));
	return true;
}

/* SLTIU with 1 is SEQZ. */
bool rv_tr_sltiu(struct tr *t, const struct rv_sltiu *a)
{
	ref x = x_get(t, a->rs1);

	x_put(t, a->rd, a->imm == 1 ? is_zero(t, CC_EQ, x) : less(t, CC_CC, x, x_imm(t, a->imm)));
	return true;
}

bool rv_tr_xori(struct tr *t, const struct rv_xori *a)
{
	x_put(t, a->rd, ir2(t, IR_XOR, T_XLEN, x_get(t, a->rs1), x_imm(t, a->imm)));
	return true;
}

bool rv_tr_ori(struct tr *t, const struct rv_ori *a)
{
	x_put(t, a->rd, ir2(t, IR_OR, T_XLEN, x_get(t, a->rs1), x_imm(t, a->imm)));
	return true;
}

bool rv_tr_andi(struct tr *t, const struct rv_andi *a)
{
	x_put(t, a->rd, ir2(t, IR_AND, T_XLEN, x_get(t, a->rs1), x_imm(t, a->imm)));
	return true;
}

static ref shift(struct tr *t, enum ir_op op, ref x, unsigned n)
{
	return ir2(t, op, ir_type_of(t, x), x, ir_const(t, T_I32, n));
}

bool rv_tr_slli(struct tr *t, const struct rv_slli *a)
{
	x_put(t, a->rd, shift(t, IR_SHL, x_get(t, a->rs1), a->shamt));
	return true;
}

/*
 * A right shift behind a left shift by constants takes a field out: what compilers write to extend a
 * narrower value, and to scale it for an index on the way.
 */
static ref shift_right(struct tr *t, bool sign, ref x, unsigned n)
{
	const struct ir_node *shl = &t->node[x];
	enum ir_op field = sign ? IR_SBFX : IR_UBFX;
	u64 k;

	if (shl->op != IR_SHL || !ir_is_const(t, shl->b, &k) || !k || !n)
		return shift(t, sign ? IR_SAR : IR_SHR, x, n);
	if (k <= n)
		return ir3(t, field, T_XLEN, shl->a, n - (u32)k, rv_base.xlen - n);
	return shift(t, IR_SHL, ir3(t, field, T_XLEN, shl->a, 0, rv_base.xlen - (u32)k), (u32)k - n);
}

bool rv_tr_srli(struct tr *t, const struct rv_srli *a)
{
	x_put(t, a->rd, shift_right(t, false, x_get(t, a->rs1), a->shamt));
	return true;
}

bool rv_tr_srai(struct tr *t, const struct rv_srai *a)
{
	x_put(t, a->rd, shift_right(t, true, x_get(t, a->rs1), a->shamt));
	return true;
}

bool rv_tr_add(struct tr *t, const struct rv_add *a)
{
	x_put(t, a->rd, ir2(t, IR_ADD, T_XLEN, x_get(t, a->rs1), x_get(t, a->rs2)));
	return true;
}

bool rv_tr_sub(struct tr *t, const struct rv_sub *a)
{
	x_put(t, a->rd, ir2(t, IR_SUB, T_XLEN, x_get(t, a->rs1), x_get(t, a->rs2)));
	return true;
}

bool rv_tr_sll(struct tr *t, const struct rv_sll *a)
{
	x_put(t, a->rd, ir2(t, IR_SHL, T_XLEN, x_get(t, a->rs1), x_get(t, a->rs2)));
	return true;
}

bool rv_tr_slt(struct tr *t, const struct rv_slt *a)
{
	x_put(t, a->rd, less(t, CC_LT, x_get(t, a->rs1), x_get(t, a->rs2)));
	return true;
}

/* SLTU of x0 is SNEZ. */
bool rv_tr_sltu(struct tr *t, const struct rv_sltu *a)
{
	ref y = x_get(t, a->rs2);

	x_put(t, a->rd, a->rs1 ? less(t, CC_CC, x_get(t, a->rs1), y) : is_zero(t, CC_NE, y));
	return true;
}

bool rv_tr_xor(struct tr *t, const struct rv_xor *a)
{
	x_put(t, a->rd, ir2(t, IR_XOR, T_XLEN, x_get(t, a->rs1), x_get(t, a->rs2)));
	return true;
}

bool rv_tr_srl(struct tr *t, const struct rv_srl *a)
{
	x_put(t, a->rd, ir2(t, IR_SHR, T_XLEN, x_get(t, a->rs1), x_get(t, a->rs2)));
	return true;
}

bool rv_tr_sra(struct tr *t, const struct rv_sra *a)
{
	x_put(t, a->rd, ir2(t, IR_SAR, T_XLEN, x_get(t, a->rs1), x_get(t, a->rs2)));
	return true;
}

bool rv_tr_or(struct tr *t, const struct rv_or *a)
{
	x_put(t, a->rd, ir2(t, IR_OR, T_XLEN, x_get(t, a->rs1), x_get(t, a->rs2)));
	return true;
}

bool rv_tr_and(struct tr *t, const struct rv_and *a)
{
	x_put(t, a->rd, ir2(t, IR_AND, T_XLEN, x_get(t, a->rs1), x_get(t, a->rs2)));
	return true;
}

/* --- the W forms: low halves, the result sign-extended by x_put --- */

/* ADDIW with 0 is SEXT.W. */
bool rv_tr_addiw(struct tr *t, const struct rv_addiw *a)
{
	x_put(t, a->rd, ir2(t, IR_ADD, T_I32, w_get(t, a->rs1), ir_const(t, T_I32, (u32)a->imm)));
	return true;
}

bool rv_tr_slliw(struct tr *t, const struct rv_slliw *a)
{
	x_put(t, a->rd, shift(t, IR_SHL, w_get(t, a->rs1), a->shamt));
	return true;
}

bool rv_tr_srliw(struct tr *t, const struct rv_srliw *a)
{
	x_put(t, a->rd, shift(t, IR_SHR, w_get(t, a->rs1), a->shamt));
	return true;
}

bool rv_tr_sraiw(struct tr *t, const struct rv_sraiw *a)
{
	x_put(t, a->rd, shift(t, IR_SAR, w_get(t, a->rs1), a->shamt));
	return true;
}

bool rv_tr_addw(struct tr *t, const struct rv_addw *a)
{
	x_put(t, a->rd, ir2(t, IR_ADD, T_I32, w_get(t, a->rs1), w_get(t, a->rs2)));
	return true;
}

bool rv_tr_subw(struct tr *t, const struct rv_subw *a)
{
	x_put(t, a->rd, ir2(t, IR_SUB, T_I32, w_get(t, a->rs1), w_get(t, a->rs2)));
	return true;
}

bool rv_tr_sllw(struct tr *t, const struct rv_sllw *a)
{
	x_put(t, a->rd, ir2(t, IR_SHL, T_I32, w_get(t, a->rs1), w_get(t, a->rs2)));
	return true;
}

bool rv_tr_srlw(struct tr *t, const struct rv_srlw *a)
{
	x_put(t, a->rd, ir2(t, IR_SHR, T_I32, w_get(t, a->rs1), w_get(t, a->rs2)));
	return true;
}

bool rv_tr_sraw(struct tr *t, const struct rv_sraw *a)
{
	x_put(t, a->rd, ir2(t, IR_SAR, T_I32, w_get(t, a->rs1), w_get(t, a->rs2)));
	return true;
}

/* --- control transfer --- */

/* Chapter "Unconditional Jumps": x1 and x5 are the registers that hold return addresses. */
static bool is_link(unsigned reg)
{
	return reg == REG_RA || reg == REG_T0;
}

static void jump(struct tr *t, unsigned rd, ref to, enum ir_exit kind)
{
	ref back = ir_pc(t, t->next);

	x_put(t, rd, back);
	irx(t, IR_EXIT, T_NONE, kind, to, kind == EXIT_CALL ? back : 0, 0);
}

bool rv_tr_jal(struct tr *t, const struct rv_jal *a)
{
	jump(t, a->rd, x_pc(t, t->pc + (u64)(s64)a->imm), is_link(a->rd) ? EXIT_CALL : EXIT_JUMP);
	return true;
}

/* (rs1 + imm) with bit 0 cleared; an address known at translation time becomes a direct jump. */
static ref jalr_target(struct tr *t, unsigned rs1, int imm)
{
	ref to = ir2(t, IR_ADD, T_XLEN, x_get(t, rs1), x_imm(t, imm));
	const struct ir_node *n = &t->node[to];

	if (n->op == IR_TRUNC)
		n = &t->node[n->a];
	if (n->op == IR_PC || n->op == IR_CONST)
		return x_pc(t, (n->b | (u64)n->c << 32) & ~1ull);
	return x_wide(t, ir2(t, IR_AND, T_XLEN, to, x_imm(t, ~1ll)));
}

/* The table of return-address stack hints: rd links: push; else rs1 links: pop. */
bool rv_tr_jalr(struct tr *t, const struct rv_jalr *a)
{
	ref to = jalr_target(t, a->rs1, a->imm);
	bool known = t->node[to].op == IR_PC;

	if (is_link(a->rd))
		jump(t, a->rd, to, EXIT_CALL);
	else
		jump(t, a->rd, to, is_link(a->rs1) && !known ? EXIT_RET : EXIT_JUMP);
	return true;
}

enum branch { BEQ, BNE, BLT = 4, BGE, BLTU, BGEU };

/* x against x0: the condition for a test of x, CC_AL if it always holds, -1 if never. */
static int cc_of_test(enum branch f, bool x_is_rs1)
{
	switch (f) {
	case BEQ: return CC_EQ;
	case BNE: return CC_NE;
	case BLT: return x_is_rs1 ? CC_LT : CC_GT;
	case BGE: return x_is_rs1 ? CC_GE : CC_LE;
	case BLTU: return x_is_rs1 ? -1 : CC_NE;
	default: return x_is_rs1 ? CC_AL : CC_EQ;
	}
}

/* Does the host still have the flags that x was made from?  Only what leaves them alone came since. */
static bool flags_at_hand(const struct tr *t, ref x)
{
	for (ref i = t->n - 1; i > x; i--)
		switch (t->node[i].op) {
		case IR_PUT: case IR_GET: case IR_INSN: case IR_CONST: case IR_PC: case IR_ZEXT:
			break;
		default:
			return false;
		}
	return true;
}

/*
 * A branch on the result of a comparison (SLT, FLT.D, SC) is one on the comparison.  The flags, and *cc for "x is
 * not 0"; 0: x is another value.
 */
static ref flags_behind(const struct tr *t, ref x, int *cc)
{
	const struct ir_node *n = &t->node[x];

	if (n->op == IR_ZEXT)
		n = &t->node[x = n->a];
	if (n->op != IR_SETCC || !flags_at_hand(t, x))
		return 0;
	*cc = n->aux;
	return n->a;
}

bool rv_tr_branch(struct tr *t, const struct rv_branch *a)
{
	static const u8 cc[8] = {
		[BEQ] = CC_EQ, [BNE] = CC_NE, [BLT] = CC_LT, [BGE] = CC_GE, [BLTU] = CC_CC,
		[BGEU] = CC_CS
	};
	ref to = x_pc(t, t->pc + (u64)(s64)a->imm), flags, x;
	int c, of;

	if (a->rs1 && a->rs2) {
		flags = flags_of_compare(t, x_get(t, a->rs1), x_get(t, a->rs2));
		irx(t, IR_EXITCC, T_NONE, cc[a->f], flags, to, 0);
		return true;
	}
	c = cc_of_test(a->f, a->rs1 || !a->rs2);
	if (!a->rs1 && !a->rs2)
		c = a->f == BEQ || a->f == BGE || a->f == BGEU ? CC_AL : -1;
	if (c == CC_AL) {
		irx(t, IR_EXIT, T_NONE, EXIT_JUMP, to, 0, 0);
	} else if (c >= 0) {
		x = x_get(t, a->rs1 | a->rs2);
		flags = c == CC_EQ || c == CC_NE ? flags_behind(t, x, &of) : 0;
		if (flags)
			c = c == CC_NE ? of : of ^ 1;
		else
			flags = ir2(t, IR_ANDF, T_FLAGS, x, x);
		irx(t, IR_EXITCC, T_NONE, (unsigned)c, flags, to, 0);
	}
	return true;
}

/* --- loads and stores --- */

bool rv_tr_load(struct tr *t, const struct rv_load *a)
{
	unsigned mem = a->f & 4 ? a->f & 3 : a->f | MEM_SIGNED;

	x_put(t, a->rd, irx(t, IR_LOAD, T_XLEN, mem, x_get(t, a->rs1), 0, (u32)a->imm));
	return true;
}

bool rv_tr_store(struct tr *t, const struct rv_store *a)
{
	ref v = a->f == MEM_64 ? x_get(t, a->rs2) : w_get(t, a->rs2);

	irx(t, IR_STORE, ir_type_of(t, v), a->f, x_get(t, a->rs1), v, (u32)a->imm);
	return true;
}
