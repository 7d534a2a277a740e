/*
 * Integer operations on known operands: the builder's constant folding and the interpreter's
 * arithmetic.
 */
#ifndef TRANSLATOR_EVAL_H
#define TRANSLATOR_EVAL_H

#include "translator/ir.h"

/*
 * *out := the result of an integer operation of ir.def (ADD .. CRC32), zero-extended from its type.
 * a, b, c: operand values, zero-extended from their types, or the immediates of the node; aux as in
 * the node. False if `op` is not one of these.
 */
bool ir_eval(enum ir_op op, enum ir_type type, unsigned aux, u64 a, u64 b, u64 c, u64 *out);

/* The type's width in bits; 32 for FLAGS, 0 for NONE. */
unsigned ir_width(enum ir_type type);

/*
 * Packed FLAGS (FLAG_N ..) of ADDF SUBF ADCF SBCF ANDF on operands of `width` bits; cin: C of
 * operand c.
 */
u32 ir_eval_flags(enum ir_op op, unsigned width, u64 a, u64 b, bool cin);

/* True if the condition holds for packed FLAGS. */
bool ir_eval_cc(enum ir_cc cc, u32 flags);

/* N << 3 | Z << 2 | C << 1 | V to packed FLAGS and back. */
u32 ir_flags_pack(unsigned nzcv);
unsigned ir_flags_unpack(u32 flags);

#endif
