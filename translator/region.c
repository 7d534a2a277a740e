/*
 * Which blocks make a region.
 *
 * The profile is what block translations leave behind: each counts its entries, and an exit that was ever
 * taken is linked.  From the block that became hot the search follows linked exits to blocks that are about as
 * hot.  So a region is what runs together, whatever its shape: a loop nest, the hot part of a
 * function, a run of blocks without a loop.  What is cold stays outside, as exits.
 *
 * Rejected: finding loops in the guest's code first.  It needs a decoder of branches for each guest, finds
 * loops that never iterate, and does not see which side of a branch is taken.
 */
#include "translator/region.h"

#include "translator/cache.h"

enum {
	COLD = 16,             /* a block entered less than 1/COLD as often as the first one stays outside */
	SPAN = REGION_SPAN / 2 /* bytes of guest code to either side of the first block */
};

struct plan {
	struct tr_label *label;
	u32 block[TR_MAX_LABELS];   /* the block translation of each */
	u8 jumps[TR_MAX_LABELS];    /* ways in that only one line can continue along: unconditional jumps from elsewhere */
	bool falls[TR_MAX_LABELS];  /* code just before it runs into it */
	bool joins[TR_MAX_LABELS];  /* other ways in */
	u32 n, max;
};

static u32 find(const struct plan *p, gaddr pc)
{
	for (u32 k = 0; k < p->n; k++)
		if (p->label[k].pc == pc)
			return k;
	return p->n;
}

/* The block translation behind a link, which may have become a region itself. */
static u32 base_block(u32 n)
{
	return cache_block(n)->base ? cache_block(n)->base : n;
}

static bool fits(const struct plan *p, u32 n)
{
	const struct block *first = cache_block(p->block[0]), *b = cache_block(n);

	return b->valid && b->mode == first->mode && p->n < p->max &&
	       cache_entered(n) >= cache_entered(p->block[0]) / COLD &&
	       b->pc + SPAN > first->pc && b->end < first->pc + SPAN;
}

static void add_label(struct plan *p, u32 n)
{
	p->label[p->n] = (struct tr_label){ .pc = cache_block(n)->pc };
	p->block[p->n] = n;
	p->jumps[p->n] = 0;
	p->falls[p->n] = p->joins[p->n] = false;
	p->n++;
}

/* Exit x of a planned block. */
static void follow(struct plan *p, const struct exit *x)
{
	u32 n = x->linked ? base_block(x->linked) : 0, k;

	if (!n || x->kind == XK_CALL)
		return;
	k = find(p, cache_block(n)->pc);
	if (k == p->n) {
		if (!fits(p, n))
			return;
		add_label(p, n);
	}
	/* a line does not go back: each way back has a label, where signals are taken */
	if (x->kind != XK_JUMP || x->target < cache_block(x->block)->code_end)
		p->joins[k] = true;
	else if (x->target == cache_block(x->block)->code_end)
		p->falls[k] = true;
	else
		p->jumps[k]++;
	p->label[k].landing |= x->kind == XK_LANDING;
}

/* Labels that one line runs into or jumps to, and nothing else; where blocks overlap, a line runs in as well. */
static void find_single(struct plan *p)
{
	for (u32 k = 1; k < p->n; k++) {
		for (u32 j = 0; j < p->n; j++) {
			const struct block *b = cache_block(p->block[j]);

			p->falls[k] |= p->label[k].pc > b->pc && p->label[k].pc < b->code_end;
		}
		p->label[k].single = !p->joins[k] && p->jumps[k] + p->falls[k] == 1;
	}
}

/* By address, beginning with the first: loops are laid out as the compiler laid them out. */
static void sort(struct plan *p)
{
	gaddr first = p->label[0].pc;

	for (u32 k = 2; k < p->n; k++)
		for (u32 j = k; j > 1 && p->label[j].pc - first < p->label[j - 1].pc - first; j--) {
			struct tr_label l = p->label[j];

			p->label[j] = p->label[j - 1];
			p->label[j - 1] = l;
		}
}

u32 region_plan(u32 n, struct tr_label *label, u32 max)
{
	struct plan p = { .label = label, .max = max };

	add_label(&p, n);
	for (u32 k = 0; k < p.n; k++) {
		const struct block *b = cache_block(p.block[k]);

		for (u32 e = 0; e < b->nexits; e++)
			follow(&p, cache_exit(b->exits + e));
	}
	find_single(&p);
	sort(&p);
	return p.n;
}
