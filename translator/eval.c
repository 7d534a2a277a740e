/*
 * What the integer operations of ir.def compute, once: the builder folds with it and the
 * interpreter executes with it.  A wrong row therefore shows in both, but never differs between
 * them; the backends are held against it by tests/ir.
 */
#include "translator/eval.h"

#include "base/die.h"

unsigned ir_width(enum ir_type type)
{
	static const u8 width[T_COUNT] = {
		[T_I32] = 32, [T_I64] = 64, [T_F32] = 32, [T_F64] = 64,
		[T_V64] = 64, [T_V128] = 128, [T_FLAGS] = 32,
	};

	BUG_ON(type >= T_COUNT);
	return width[type];
}

static u64 sdiv(s64 a, s64 b)
{
	if (!b)
		return 0;
	if (b == -1)
		return -(u64)a;
	return (u64)(a / b);
}

static u64 reverse_bits(u64 v, unsigned w)
{
	u64 r = 0;

	for (unsigned i = 0; i < w; i++)
		r |= (v >> i & 1) << (w - 1 - i);
	return r;
}

static u32 crc32(u32 crc, u64 data, unsigned aux)
{
	u32 poly = aux & 4 ? 0x82f63b78 : 0xedb88320;  /* Castagnoli, IEEE 802.3; bit-reversed */

	for (unsigned i = 0; i < 8u << (aux & 3); i++) {
		crc ^= data >> i & 1;
		crc = crc >> 1 ^ (crc & 1 ? poly : 0);
	}
	return crc;
}

bool ir_eval(enum ir_op op, enum ir_type type, unsigned aux, u64 a, u64 b, u64 c, u64 *out)
{
	unsigned w = type == T_I32 ? 32 : 64;
	u64 mask = ~0ull >> (64 - w), r, field;

	switch (op) {
	case IR_ADD: r = a + b; break;
	case IR_SUB: r = a - b; break;
	case IR_MUL: r = a * b; break;
	case IR_MULHU: r = (u64)((u128)a * b >> 64); break;
	case IR_MULHS: r = (u64)((s128)(s64)a * (s64)b >> 64); break;
	case IR_UDIV: r = b ? a / b : 0; break;
	case IR_SDIV: r = sdiv(sext(a, w), sext(b, w)); break;
	case IR_AND: r = a & b; break;
	case IR_OR: r = a | b; break;
	case IR_XOR: r = a ^ b; break;
	case IR_ANDN: r = a & ~b; break;
	case IR_ORN: r = a | ~b; break;
	case IR_XORN: r = a ^ ~b; break;
	case IR_NOT: r = ~a; break;
	case IR_NEG: r = -a; break;
	case IR_SHL: r = a << (b & (w - 1)); break;
	case IR_SHR: r = a >> (b & (w - 1)); break;
	case IR_SAR: r = (u64)(sext(a, w) >> (b & (w - 1))); break;
	case IR_ROR:
		b &= w - 1;
		r = b ? a >> b | a << (w - b) : a;
		break;
	case IR_EXTR: r = c ? b >> c | a << (w - c) : b; break;
	case IR_CLZ: r = a ? (unsigned)__builtin_clzll(a) - (64 - w) : w; break;
	case IR_CTZ: r = a ? (unsigned)__builtin_ctzll(a) : w; break;
	case IR_POPCNT: r = (unsigned)__builtin_popcountll(a); break;
	case IR_BSWAP: r = __builtin_bswap64(a) >> (64 - w); break;
	case IR_RBIT: r = reverse_bits(a, w); break;
	case IR_ZEXT: r = a & ~0ull >> (64 - b); break;
	case IR_SEXT: r = (u64)sext(a, b); break;
	case IR_TRUNC: r = a; break;
	case IR_UBFX: r = a >> b & ~0ull >> (64 - c); break;
	case IR_SBFX: r = (u64)sext(a >> b, c); break;
	case IR_BFI:
		field = ~0ull >> (64 - (c >> 8)) << (c & 255);
		r = (a & ~field) | (b << (c & 255) & field);
		break;
	case IR_LEA: r = a + (b << aux) + (u64)(s64)(s32)c; break;
	case IR_CRC32: r = crc32((u32)a, b, aux); break;
	default: return false;
	}
	*out = r & mask;
	return true;
}

u32 ir_eval_flags(enum ir_op op, unsigned width, u64 a, u64 b, bool cin)
{
	u64 mask = ~0ull >> (64 - width), r;
	u128 sum;
	u32 f = 0;

	a &= mask;
	if (op == IR_ANDF) {
		r = a & b;
	} else {
		if (op == IR_SUBF || op == IR_SBCF)
			b = ~b;
		b &= mask;
		sum = (u128)a + b + (op == IR_ADDF ? 0 : op == IR_SUBF ? 1 : cin);
		r = (u64)sum & mask;
		if (sum >> width)
			f |= FLAG_C;
		if ((~(a ^ b) & (a ^ r)) >> (width - 1) & 1)
			f |= FLAG_V;
	}
	if (r >> (width - 1) & 1)
		f |= FLAG_N;
	if (!(r & mask))
		f |= FLAG_Z;
	return f;
}

bool ir_eval_cc(enum ir_cc cc, u32 f)
{
	bool n = f & FLAG_N, z = f & FLAG_Z, c = f & FLAG_C, v = f & FLAG_V, r;

	if (cc >= CC_AL)
		return true;
	switch (cc & ~1u) {
	case CC_EQ: r = z; break;
	case CC_CS: r = c; break;
	case CC_MI: r = n; break;
	case CC_VS: r = v; break;
	case CC_HI: r = c && !z; break;
	case CC_GE: r = n == v; break;
	default: r = !z && n == v; break;
	}
	return r != (cc & 1);
}

u32 ir_flags_pack(unsigned nzcv)
{
	return (nzcv & 8 ? FLAG_N : 0) | (nzcv & 4 ? FLAG_Z : 0) | (nzcv & 2 ? FLAG_C : 0) |
	       (nzcv & 1 ? FLAG_V : 0);
}

unsigned ir_flags_unpack(u32 f)
{
	return (f & FLAG_N ? 8 : 0) | (f & FLAG_Z ? 4 : 0) | (f & FLAG_C ? 2 : 0) |
	       (f & FLAG_V ? 1 : 0);
}
