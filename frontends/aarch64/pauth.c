/*
 * Pointer authentication: FEAT_PAuth2 with FEAT_FPACCOMBINE, 48-bit addresses (DDI 0487, D8.10 and
 * the pseudocode functions AddPAC, Auth, Strip, ComputePAC).
 *
 * User mode under Linux has the top byte ignored for data and instructions alike, so the PAC is
 * bits 54..48, 7 bits; bit 55 says which half of the address space, and is what a stripped pointer
 * has in those bits.  (In the kernel's half this is what a kernel with TCR_EL1.TBI1 set has.)
 *
 * The algorithm is implementation-defined, which the architecture allows and ID_AA64ISAR1_EL1.API
 * says.  QARMA5 is some 200 instructions; compilers put a PACIASP and an AUTIASP into nearly every
 * function, and an attacker inside the process could read the keys from the runner's memory anyway.
 * So ComputePAC is one multiplication of pointer and modifier, each masked by half of the key:
 *
 *	N = M ^ K<127:64>
 *	H = (P ^ K<63:0>) * (2 * N + 1) + N
 *	PAC = H<63:57>
 *
 * P is the pointer, rotated so that the top byte and bit 55 take part with weight, and its PAC bits
 * zero: what the manual puts there follows from bit 55.  The second factor is odd, so that the
 * products of different pointers differ.
 *
 * A key that prctl has disabled makes its instructions leave the pointer alone.  That is a mask per
 * key, applied to the PAC, which costs less than a second kind of translation.
 */
#include "base/errno.h"
#include "base/host.h"
#include "base/host_nr.h"
#include "frontends/aarch64/a64.h"
#include "frontends/aarch64/decode.h"

enum { PAC_LSB = 48, PAC_BITS = 7, SELECT_BIT = 55 };
enum { HASH_SHIFT = 64 - PAC_BITS - PAC_LSB };
#define PAC_MASK (((1ull << PAC_BITS) - 1) << PAC_LSB)

/* Numbers as in the encodings, and as the bits of prctl(PR_PAC_RESET_KEYS). */
enum key { KEY_IA, KEY_IB, KEY_DA, KEY_DB, KEY_GA, KEYS };

enum { GRND_INSECURE = 4 };
enum { PR_PAC_RESET_KEYS = 54, PR_PAC_SET_ENABLED_KEYS = 60, PR_PAC_GET_ENABLED_KEYS = 61 };

/* A key's slots, in this order: low half, high half, mask. */
static unsigned key_slot(enum key k)
{
	return SLOT_APIA_LO + 3 * k;
}

static u64 *key_state(struct vcpu *c, enum key k)
{
	return vcpu_u64(c, OFF_APIA_LO + 24 * k);
}

_Static_assert(OFF_APGA_LO == OFF_APIA_LO + 24 * KEY_GA && SLOT_APGA_LO == SLOT_APIA_LO + 3 * KEY_GA,
	       "slots of the keys");

/* --- keys --- */

static void make_key(struct vcpu *c, enum key k)
{
	u64 *v = key_state(c, k);

	host_syscall3(HOST_NR_getrandom, (u64)v, 16, GRND_INSECURE);
}

void a64_pauth_exec(struct vcpu *c)
{
	if (!a64_has(FEAT_PAuth))
		return;
	for (unsigned k = 0; k < KEYS; k++) {
		make_key(c, k);
		key_state(c, k)[2] = PAC_MASK;
	}
}

static s64 reset_keys(struct vcpu *c, u64 keys)
{
	if (keys >> KEYS)
		return -EINVAL;
	for (unsigned k = 0; k < KEYS; k++)
		if (!keys || keys >> k & 1)
			make_key(c, k);
	return 0;
}

static s64 enable_keys(struct vcpu *c, u64 keys, u64 enabled)
{
	if (keys >> KEY_GA || enabled & ~keys)
		return -EINVAL;
	for (unsigned k = 0; k < KEY_GA; k++)
		if (keys >> k & 1)
			key_state(c, k)[2] = enabled >> k & 1 ? PAC_MASK : 0;
	return 0;
}

static s64 enabled_keys(struct vcpu *c)
{
	s64 enabled = 0;

	for (unsigned k = 0; k < KEY_GA; k++)
		enabled |= (s64)!!key_state(c, k)[2] << k;
	return enabled;
}

/* Documentation/arch/arm64/pointer-authentication.rst and the checks of sys_prctl(). */
s64 a64_prctl(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS])
{
	if (!a64_has(FEAT_PAuth))
		return -EINVAL;
	switch ((u32)a[0]) {
	case PR_PAC_RESET_KEYS:
		return a[2] || a[3] || a[4] ? -EINVAL : reset_keys(c, a[1]);
	case PR_PAC_SET_ENABLED_KEYS:
		return a[3] || a[4] ? -EINVAL : enable_keys(c, a[1], a[2]);
	case PR_PAC_GET_ENABLED_KEYS:
		return a[1] || a[2] || a[3] || a[4] ? -EINVAL : enabled_keys(c);
	default:
		return -EINVAL;
	}
}

/* --- the functions of the pseudocode --- */

static ref x_const(struct tr *t, u64 v)
{
	return ir_const(t, T_I64, v);
}

static ref x_key(struct tr *t, enum key k, unsigned part)
{
	return ir_get(t, key_slot(k) + part, T_I64);
}

/* Pointer (or first operand) and modifier, each masked by the key. */
static ref masked(struct tr *t, enum key k, unsigned part, ref v)
{
	return ir2(t, IR_XOR, T_I64, v, x_key(t, k, part));
}

/* v with the PAC that belongs to it added, or taken away again if it has one. */
static ref toggle_pac(struct tr *t, enum key k, ref v, ref modifier)
{
	ref p = ir2(t, IR_ROR, T_I64, v, ir_const(t, T_I32, PAC_LSB));
	ref n = masked(t, k, 1, modifier), h;

	p = masked(t, k, 0, ir2(t, IR_AND, T_I64, p, x_const(t, ~0ull << PAC_BITS)));
	h = ir2(t, IR_MUL, T_I64, p, irx(t, IR_LEA, T_I64, 0, n, n, 1));
	h = ir2(t, IR_ADD, T_I64, h, n);
	h = ir2(t, IR_SHR, T_I64, h, ir_const(t, T_I32, HASH_SHIFT));
	return ir2(t, IR_XOR, T_I64, v, ir2(t, IR_AND, T_I64, h, x_key(t, k, 2)));
}

/* Traps at this instruction if v has no proper PAC. */
static ref authenticate(struct tr *t, enum key k, ref v, ref modifier)
{
	ref r = toggle_pac(t, k, v, modifier);
	ref wrong = ir2(t, IR_XOR, T_I64, r, ir3(t, IR_SBFX, T_I64, r, SELECT_BIT, 1));

	irx(t, IR_TRAPCC, T_NONE, CC_NE, ir2(t, IR_ANDF, T_FLAGS, wrong, x_key(t, k, 2)), EXIT_TRAP,
	    A64_TRAP_PAC);
	return r;
}

/* Strip(): Linux ignores the top byte of addresses in the lower half only (TBI0), so that elsewhere it is code, too. */
static ref strip(struct tr *t, ref v)
{
	ref upper = ir3(t, IR_SBFX, T_I64, v, SELECT_BIT, 1);

	v = ir3(t, IR_BFI, T_I64, v, upper, PAC_BITS << 8 | PAC_LSB);
	return ir2(t, IR_OR, T_I64, v, ir2(t, IR_AND, T_I64, upper, x_const(t, 0xffull << 56)));
}

static ref add_or_authenticate(struct tr *t, unsigned aut, enum key k, ref v, ref modifier)
{
	return aut ? authenticate(t, k, v, modifier) : toggle_pac(t, k, v, modifier);
}

/* --- instructions --- */

bool a64_tr_pac(struct tr *t, const struct a64_pac *a)
{
	ref modifier = a->Z ? x_const(t, 0) : xsp_get(t, a->rn, 1);

	x_put(t, a->rd, add_or_authenticate(t, a->aut, a->key, x_get(t, a->rd, 1), modifier));
	return true;
}

/*
 * CRm 1: X17 by X16; CRm 3: X30 by zero (even op2) or SP.  op2<1> is the key, op2<2> add or
 * authenticate.
 */
bool a64_tr_pac_hint(struct tr *t, const struct a64_pac_hint *a)
{
	unsigned rd = a->crm == 1 ? 17 : 30;
	ref modifier;

	if (!a64_has(FEAT_PAuth))
		return true;
	modifier = a->crm == 1 ? x_get(t, 16, 1) : a->op2 & 1 ? ir_get(t, SLOT_SP, T_I64) :
								x_const(t, 0);
	x_put(t, rd, add_or_authenticate(t, a->op2 >> 2, a->op2 >> 1 & 1, x_get(t, rd, 1), modifier));
	return true;
}

bool a64_tr_xpac_hint(struct tr *t, const struct a64_xpac_hint *a)
{
	if (a64_has(FEAT_PAuth))
		x_put(t, 30, strip(t, x_get(t, 30, 1)));
	return true;
}

bool a64_tr_xpac(struct tr *t, const struct a64_xpac *a)
{
	x_put(t, a->rd, strip(t, x_get(t, a->rd, 1)));
	return true;
}

/* 32 bits that depend on all of both operands and the key: the halves of the product, folded. */
bool a64_tr_pacga(struct tr *t, const struct a64_pacga *a)
{
	ref n = masked(t, KEY_GA, 0, x_get(t, a->rn, 1));
	ref m = masked(t, KEY_GA, 1, xsp_get(t, a->rm, 1));
	ref h = ir2(t, IR_XOR, T_I64, ir2(t, IR_MUL, T_I64, n, m), ir2(t, IR_MULHU, T_I64, n, m));

	x_put(t, a->rd, ir2(t, IR_AND, T_I64, h, x_const(t, 0xffffffff00000000)));
	return true;
}

/* op 0: BR, 1: BLR, 2: RET (always by SP); Z: by Xm or SP, else by zero. */
bool a64_tr_br_auth(struct tr *t, const struct a64_br_auth *a)
{
	static const u8 kind[] = { EXIT_JUMP, EXIT_CALL, EXIT_RET };
	bool ret = a->op == 2;
	ref modifier = ret ? ir_get(t, SLOT_SP, T_I64) : a->Z ? xsp_get(t, a->rm, 1) :
								x_const(t, 0);
	ref to = authenticate(t, a->M ? KEY_IB : KEY_IA, x_get(t, ret ? 30 : a->rn, 1), modifier);
	ref back = 0;

	if (a->op == 1) {
		back = ir_pc(t, t->pc + 4);
		x_put(t, 30, back);
	}
	irx(t, IR_EXIT, T_NONE, kind[a->op], to, back, ret ? 0 : a64_btype(t, a->op == 1, a->rn));
	return true;
}

bool a64_tr_ldra(struct tr *t, const struct a64_ldra *a)
{
	s64 offset = sext(a->S << 9 | a->imm9, 10) * 8;
	ref base = authenticate(t, a->M ? KEY_DB : KEY_DA, xsp_get(t, a->rn, 1), x_const(t, 0));
	ref v = irx(t, IR_LOAD, T_I64, MEM_64, base, 0, (u32)offset);

	if (a->W)
		xsp_put(t, a->rn, ir2(t, IR_ADD, T_I64, base, x_const(t, (u64)offset)));
	x_put(t, a->rt, v);
	return true;
}
