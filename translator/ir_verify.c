/*
 * The verifier: what every pass may rely on.  It checks the rows of ir.def (kinds and types of
 * operands, ranges of immediates) and the shape of a translation: values are defined before use,
 * each CALL has its ARGs right before it, and control never runs off the end.
 */
#include <stdio.h>

#include "base/die.h"
#include "base/log.h"
#include "base/vcpu.h"
#include "translator/eval.h"
#include "translator/ir.h"

struct check {
	const struct tr *t;
	const char *after;
	u32 i;               /* the node being checked */
	const struct ir_node *n;
	const struct ir_row *row;
};

static void bad(const struct check *k, const char *what)
{
	log_printf("broken translation of 0x%llx after %s:\n", (unsigned long long)k->t->start,
		   k->after);
	ir_print(k->t, log_printf);
	die("IR after %s: node %u (%s): %s", k->after, k->i, k->row->name, what);
}

#define WANT(cond, what)                  \
	do {                              \
		if (UNLIKELY(!(cond)))    \
			bad(k, what);     \
	} while (0)

static bool is_int(unsigned t)
{
	return t == T_I32 || t == T_I64;
}

static bool is_float(unsigned t)
{
	return t == T_F32 || t == T_F64;
}

static bool is_vector(unsigned t)
{
	return t == T_V64 || t == T_V128;
}

/* The type allowed by a row's kind; `own` is the node's. */
static bool type_fits(unsigned kind, unsigned type, unsigned own)
{
	switch (kind) {
	case K_T: return type == own && type != T_NONE;
	case K_W: return type == T_I32;
	case K_L: return type == T_I64;
	case K_I: return is_int(type);
	case K_F: return type == T_FLAGS;
	case K_S: return is_float(type);
	case K_V: return is_vector(type);
	case K_Q: return type == T_V128;
	default: return type != T_NONE;
	}
}

static void check_operand(const struct check *k, unsigned kind, u32 v)
{
	const struct tr *t = k->t;
	unsigned op;

	switch (kind) {
	case K_N:
		WANT(v == 0, "operand where the row has none");
		return;
	case K_U:
	case K_C:
		return;
	case K_K:
		WANT(v < t->g->nslots, "no such slot");
		return;
	case K_P:
		WANT(v < t->npool, "no such vector constant");
		return;
	default:
		break;
	}
	if (v == 0 && k->n->op == IR_EXIT && kind == K_A)
		return;
	WANT(v != 0, "missing operand");
	WANT(v < k->i, "used before it is defined");
	op = t->node[v].op;
	WANT(op != IR_NONE, "use of a deleted node");
	WANT(ir_rows[op].res != K_N, "use of a node without result");
	WANT(type_fits(kind, t->node[v].type, k->n->type), "operand of a wrong type");
}

/* The types among which an operation with an open result may choose. */
static bool result_fits(const struct ir_node *n, const struct ir_row *row)
{
	if (row->res == K_N)
		return true;
	if (row->res != K_T)
		return type_fits(row->res, n->type, n->type);
	switch (n->op) {
	case IR_GET:
	case IR_SELCC:
	case IR_LOAD: return n->type != T_NONE && (n->type != T_FLAGS || n->op == IR_GET);
	case IR_CALL: return true;
	case IR_CONSTV: return is_vector(n->type) || is_float(n->type);
	case IR_CAS: return is_int(n->type) || n->type == T_V128;
	default: break;
	}
	if (n->op >= IR_FADD && n->op <= IR_I2F)
		return is_float(n->type);
	if (n->op == IR_I2FBITS || n->op == IR_V2F)
		return is_float(n->type);
	if ((n->op >= IR_VDUP && n->op <= IR_VDUPL) || (n->op >= IR_VADD && n->op <= IR_VF2I))
		return is_vector(n->type);
	return is_int(n->type);
}

static bool narrower(unsigned slot, unsigned type)
{
	if (slot == type)
		return true;
	switch (type) {
	case T_I32: return slot == T_I64;
	case T_V64: return slot == T_V128;
	case T_F32:
	case T_F64: return is_vector(slot);
	default: return false;
	}
}

static bool round_fits(unsigned r)
{
	return r <= RND_CURRENT;
}

static void check_memory(const struct check *k)
{
	const struct ir_node *n = k->n;
	unsigned size = n->aux & MEM_SIZE;

	WANT(size <= MEM_128, "size of access");
	WANT(size != MEM_128 || n->type == T_V128, "16 bytes of something else than a V128");
	WANT(n->op == IR_LOAD || !(n->aux & MEM_SIGNED),
	     "signedness of something else than a load");
	WANT(!(n->aux & MEM_SIGNED) || is_int(n->type), "sign extension to a non-integer");
	if (n->op == IR_CAS && n->type == T_V128)
		WANT(size == MEM_128, "size of access");
	else if (n->type != T_V128)
		WANT(8u << size <= ir_width(n->type), "access larger than its type");
	if (n->op == IR_LOAD && (is_float(n->type) || n->type == T_V64))
		WANT(8u << size == ir_width(n->type), "partial load of a float or V64");
}

static void check_aux(const struct check *k)
{
	const struct ir_node *n = k->n;

	switch (k->row->aux) {
	case AUX_E:
		WANT(n->aux <= 3, "element size");
		if (n->op == IR_VFWIDEN || n->op == IR_VFNARROW)
			WANT(n->aux == 1 || n->aux == 2, "element size of the narrower floats");
		else
			WANT(n->op < IR_VFADD || n->op > IR_VFNARROW || n->aux >= 2,
			     "element size of floats");
		WANT((n->op != IR_VNARROW && n->op != IR_VWIDENU && n->op != IR_VWIDENS) ||
			     n->aux < 3,
		     "element size");
		break;
	case AUX_CC:
		WANT(n->aux <= CC_AL, "condition");
		break;
	case AUX_MEM:
		check_memory(k);
		break;
	case AUX_RND:
		WANT(round_fits(n->aux & RND_MASK), "rounding");
		break;
	default:
		break;
	}
}

/* Lane number within a vector of `type` with elements of size aux. */
static bool lane_fits(const struct ir_node *n, unsigned type, u32 lane)
{
	return lane < (ir_width(type) / 8) >> n->aux;
}

static void check_integer(const struct check *k)
{
	const struct ir_node *n = k->n;
	unsigned w = ir_width(n->type), wa = k->row->a == K_I ? ir_width(k->t->node[n->a].type) : 0;

	switch (n->op) {
	case IR_ZEXT:
	case IR_SEXT:
		WANT(n->b == 8 || n->b == 16 || n->b == 32, "width of extension");
		WANT(n->b <= wa && n->b <= w, "extension from more bits than there are");
		break;
	case IR_UBFX:
	case IR_SBFX:
		WANT(n->c >= 1 && n->b < w && n->c <= w && n->b + n->c <= w, "bit field");
		break;
	case IR_BFI:
		WANT(n->c >> 8 >= 1 && (n->c & 255) + (n->c >> 8) <= w, "bit field");
		break;
	case IR_EXTR:
		WANT(n->c < w, "shift count");
		break;
	case IR_LEA:
		WANT(n->aux <= 3, "scale");
		break;
	case IR_CRC32:
		WANT(n->aux <= 7, "size");
		WANT(8u << (n->aux & 3) <= ir_width(k->t->node[n->b].type),
		     "more bytes than there are");
		break;
	case IR_ADDF: case IR_SUBF: case IR_ADCF: case IR_SBCF: case IR_ANDF:
	case IR_FCMPF:
		WANT(k->t->node[n->a].type == k->t->node[n->b].type, "operands of different types");
		break;
	case IR_CCMPF:
	case IR_CCMNF:
	case IR_FCCMPF:
		WANT(k->t->node[n->b].type == k->t->node[n->c].type, "operands of different types");
		WANT((n->aux & 15) <= CC_AL, "condition");
		break;
	default:
		break;
	}
}

static void check_vector(const struct check *k)
{
	const struct ir_node *n = k->n;
	unsigned bits = k->row->aux == AUX_E ? 8u << n->aux : 0;

	switch (n->op) {
	case IR_VDUPL:
	case IR_VGET:
	case IR_VGETS:
		WANT(lane_fits(n, T_V128, n->b), "lane");
		WANT(n->op == IR_VDUPL || bits <= ir_width(n->type), "lane wider than the result");
		break;
	case IR_VSET:
		WANT(lane_fits(n, T_V128, n->c), "lane");
		WANT(bits <= ir_width(k->t->node[n->b].type), "lane wider than the value");
		break;
	case IR_VDUP:
		WANT(bits <= ir_width(k->t->node[n->a].type), "lane wider than the value");
		break;
	case IR_VSETL:
		WANT(lane_fits(n, T_V128, n->c & 15) && lane_fits(n, T_V128, n->c >> 4), "lane");
		break;
	case IR_VSHLI:
		WANT(n->b < bits, "shift count");
		break;
	case IR_VSHRI:
	case IR_VSARI:
		WANT(n->b <= bits, "shift count");
		break;
	case IR_VWIDENU:
	case IR_VWIDENS:
		WANT(n->b <= 1 && (n->b == 0 || k->t->node[n->a].type == T_V128), "half");
		break;
	case IR_VFWIDEN:
		WANT(n->b <= 3 && (!(n->b & 1) || k->t->node[n->a].type == T_V128), "half");
		break;
	case IR_VMULLU:
	case IR_VMULLS:
		WANT(n->c <= 1 && k->t->node[n->a].type == k->t->node[n->b].type, "half");
		WANT(n->c == 0 || k->t->node[n->a].type == T_V128, "half");
		break;
	case IR_VPADD:
	case IR_VFPADD:
		WANT(ir_width(n->type) >= 2 * bits, "pairs of one lane");
		break;
	case IR_VREV:
		WANT(n->b <= 4 && 1u << n->b > 1u << n->aux && 8u << n->b <= ir_width(n->type),
		     "container");
		break;
	case IR_VEXT:
		WANT(n->c <= 15, "position");
		break;
	case IR_SHA1R:
		WANT(n->aux <= 2, "function");
		break;
	case IR_CLMUL:
		WANT((n->c & ~0x11u) == 0, "lanes");
		break;
	default:
		break;
	}
}

static void check_float(const struct check *k)
{
	const struct ir_node *n = k->n;

	if (ir_rounds(n->op))
		WANT(n->aux >> 4 <= 1 + RND_AWAY, "static rounding");
	switch (n->op) {
	case IR_FBOX:
		WANT(n->type == T_F64 && k->t->node[n->a].type == T_F32, "what is boxed where");
		break;
	case IR_FUNBOX:
		WANT(n->type == T_F32 && k->t->node[n->a].type == T_F64, "what is boxed where");
		break;
	case IR_I2FBITS:
	case IR_F2IBITS:
		WANT(ir_width(n->type) == ir_width(k->t->node[n->a].type), "bits of another width");
		break;
	case IR_I2F:
	case IR_F2I:
		WANT(n->b <= 64, "fraction bits");
		break;
	case IR_FCVT:
		WANT(n->type != k->t->node[n->a].type, "conversion to the same type");
		break;
	case IR_FCVTH:
		WANT(n->aux & 1 ? n->type == T_F32 : k->t->node[n->a].type == T_F32,
		     "half not in an F32");
		break;
	case IR_VFRINT:
		WANT(round_fits(n->b & RND_MASK), "rounding");
		break;
	case IR_VF2I:
		WANT(round_fits(n->b & RND_MASK) && n->b >> 8 <= 64, "rounding or fraction bits");
		break;
	default:
		break;
	}
}

static bool is_pc(const struct tr *t, ref r)
{
	return t->node[r].op == IR_PC;
}

static void check_state(const struct check *k)
{
	const struct tr *t = k->t;
	const struct ir_node *n = k->n;

	switch (n->op) {
	case IR_GET:
		WANT(narrower(t->g->slots[n->a].type, n->type), "type is not a part of the slot's");
		break;
	case IR_PUT:
		WANT(t->node[n->b].type == t->g->slots[n->a].type, "type is not the slot's");
		break;
	case IR_EXIT:
		WANT(n->aux <= EXIT_SYNC, "kind of exit");
		WANT(n->aux != EXIT_CALL ? n->b == 0 : is_pc(t, n->b), "return address");
		WANT(type_fits(K_L, t->node[n->a].type, T_NONE), "target");
		break;
	case IR_EXITCC:
		WANT(is_pc(t, n->b), "target is not a PC");
		break;
	case IR_TRAPCC:
		WANT(n->b <= EXIT_FAULT, "exit reason");
		break;
	case IR_TRAP:
		WANT(is_pc(t, n->a), "pc is not a PC");
		WANT(n->b <= EXIT_FAULT, "exit reason");
		break;
	default:
		break;
	}
}

void ir_verify(const struct tr *t, const char *after)
{
	struct check check = { .t = t, .after = after, .n = &t->node[0], .row = &ir_rows[IR_NONE] };
	struct check *k = &check;
	unsigned args = 0, last = IR_NONE;
	bool insn = false;

	for (k->i = 1; k->i < t->n; k->i++) {
		k->n = &t->node[k->i];
		if (k->n->op == IR_NONE)
			continue;
		WANT(k->n->op < IR_COUNT, "no such operation");
		k->row = &ir_rows[k->n->op];
		check_operand(k, k->row->a, k->n->a);
		check_operand(k, k->row->b, k->n->b);
		if (k->row->b != K_C)
			check_operand(k, k->row->c, k->n->c);
		WANT(result_fits(k->n, k->row), "type of the result");
		check_aux(k);
		check_integer(k);
		check_vector(k);
		check_float(k);
		check_state(k);
		if (k->n->op == IR_CALL)
			WANT(args == ((const struct ir_helper *)(k->n->b | (u64)k->n->c << 32))
					     ->nargs,
			     "number of arguments");
		else
			WANT(k->n->op == IR_ARG || args == 0, "arguments without a call");
		args = k->n->op == IR_ARG ? args + 1 : 0;
		insn |= k->n->op == IR_INSN;
		if (k->n->op == IR_LABEL)
			WANT(last == IR_NONE || last == IR_EXIT || last == IR_TRAP, "falls into a label");
		last = k->n->op;
	}
	WANT(last == IR_EXIT || last == IR_TRAP, "does not end with an exit");
	WANT(insn, "no guest instruction");
}
