/*
 * AES, carry-less products, SHA-1 and SHA-256.
 *
 * The guest's steps are halves of the host's rounds: with a key of zero the host's last round is
 * the substitution step alone, and its inverse before a full round leaves only the mixing of
 * columns.  A substitution whose one use is the mixing that belongs to it becomes a full round in
 * its place, and the mixing nothing.
 *
 * The host's SHA instructions exist in the two-operand form only, and one takes xmm0 unasked.
 */
#include "translator/host/x64/vec.h"

enum {
	AESENC = OPC(1, 2, 0xdc),
	AESENCLAST = OPC(1, 2, 0xdd),
	AESDEC = OPC(1, 2, 0xde),
	AESDECLAST = OPC(1, 2, 0xdf),
	AESIMC = OPC(1, 2, 0xdb),
	PCLMULQDQ = OPC(1, 3, 0x44),
	SHA1RNDS4 = OPC(0, 3, 0xcc),
	SHA256RNDS2 = OPC(0, 2, 0xcb),
	SHA256MSG1 = OPC(0, 2, 0xcc),
	SHA256MSG2 = OPC(0, 2, 0xcd)
};

/* True where substitution v does what `mix`, its one user, would. */
static bool is_full_round(const struct gen *g, ref v, u16 mix)
{
	const struct tr *t = g->t;

	v = real(g, v);
	return g->v[v].uses == 1 && t->node[v].op == (mix == IR_AESMC ? IR_AESENC : IR_AESDEC);
}

static void lower_substitution(struct gen *g, const struct ir_node *n)
{
	bool enc = n->op == IR_AESENC;
	u16 mix = enc ? IR_AESMC : IR_AESIMC;
	u32 next = g->v[g->i].next;
	bool full = g->v[g->i].uses == 1 && next != NEVER && g->t->node[next].op == mix;
	int a = use_xmm(g, n->a), d = def_xmm(g);

	x_zero(g, XMM_SCRATCH);
	x_rrr(g, enc ? full ? AESENC : AESENCLAST : full ? AESDEC : AESDECLAST, d, a, XMM_SCRATCH);
}

static void lower_mix(struct gen *g, const struct ir_node *n)
{
	int a, d;
	bool same;

	if (is_full_round(g, n->a, n->op)) {
		use_xmm(g, n->a);
		def_xmm_from(g, n->a, &same);
		return;
	}
	a = use_xmm(g, n->a);
	d = def_xmm(g);
	if (n->op == IR_AESIMC) {
		x_rr(g, AESIMC, d, a);
		return;
	}
	x_zero(g, XMM_SCRATCH);
	x_rrr(g, AESDECLAST, d, a, XMM_SCRATCH);
	x_rrr(g, AESENC, d, d, XMM_SCRATCH);
}

/* The host adds the rounds' constant, which the message words have already. */
static void lower_sha1(struct gen *g, const struct ir_node *n)
{
	static const u32 constant[] = { 0x5a827999, 0x6ed9eba1, 0x8f1bbcdc };
	int a, b, d;

	use_xmm2(g, n, &a, &b, &d);
	x_rrc(g, PADDD, XMM_SCRATCH, b, splat(2, -constant[n->aux]));
	move_xmm(g, d, a);
	op_rr(&g->e, SHA1RNDS4, 0, d, XMM_SCRATCH);
	e8(&g->e, n->aux);
}

static void lower_sha256(struct gen *g, const struct ir_node *n)
{
	int a = use_xmm(g, n->a), b = use_xmm(g, n->b), w = use_xmm(g, n->c), d = def_xmm(g);

	move_xmm(g, XMM_SCRATCH2, 0);
	move_xmm(g, XMM_SCRATCH, a);
	move_xmm(g, 0, w);
	op_rr(&g->e, SHA256RNDS2, 0, XMM_SCRATCH, b == 0 ? XMM_SCRATCH2 : b);
	move_xmm(g, 0, XMM_SCRATCH2);
	move_xmm(g, d, XMM_SCRATCH);
}

bool lower_crypto(struct gen *g, const struct ir_node *n)
{
	int a, b, d;

	switch (n->op) {
	case IR_AESENC:
	case IR_AESDEC:
		if (x64.aes)
			lower_substitution(g, n);
		return x64.aes;
	case IR_AESMC:
	case IR_AESIMC:
		if (x64.aes)
			lower_mix(g, n);
		return x64.aes;
	case IR_CLMUL:
		if (!x64.pclmul)
			return false;
		use_xmm2(g, n, &a, &b, &d);
		x_rrri(g, PCLMULQDQ, d, a, b, n->c & 0x11);
		return true;
	case IR_SHA1R:
		if (x64.sha)
			lower_sha1(g, n);
		return x64.sha;
	case IR_SHA256R:
		if (x64.sha)
			lower_sha256(g, n);
		return x64.sha;
	case IR_SHA256S0:
	case IR_SHA256S1:
		if (!x64.sha)
			return false;
		use_xmm2(g, n, &a, &b, &d);
		move_xmm(g, d, a);
		op_rr(&g->e, n->op == IR_SHA256S0 ? SHA256MSG1 : SHA256MSG2, 0, d, b);
		return true;
	}
	return false;
}
