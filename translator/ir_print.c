/* One line per node: `%12:i64 = ADD %3, 0x10`, `PUT x0, %12`. */
#include <stdarg.h>
#include <stdio.h>

#include "translator/ir.h"

struct line {
	char buf[256];
	size_t n;
};

static void add(struct line *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void add(struct line *l, const char *fmt, ...)
{
	va_list ap;
	int k;

	va_start(ap, fmt);
	k = vsnprintf(l->buf + l->n, sizeof l->buf - l->n, fmt, ap);
	va_end(ap);
	if (k > 0)
		l->n = MIN(l->n + (size_t)k, sizeof l->buf - 1);
}

static void add_operand(struct line *l, const struct tr *t, unsigned kind, u32 v, u64 pair,
			const char **sep)
{
	const struct ir_node *d;

	if (kind == K_N)
		return;
	add(l, "%s", *sep);
	*sep = ", ";
	switch (kind) {
	case K_U:
		add(l, "#%d", (s32)v);
		break;
	case K_K:
		add(l, "%s", t->g && v < t->g->nslots ? t->g->slots[v].name : "slot?");
		break;
	case K_P:
		if (v < t->npool)
			add(l, "0x%016llx_%016llx", (unsigned long long)t->pool[v].d[1],
			    (unsigned long long)t->pool[v].d[0]);
		else
			add(l, "pool?%u", v);
		break;
	case K_C:
		add(l, "0x%llx", (unsigned long long)pair);
		break;
	default:
		d = v && v < t->n ? &t->node[v] : NULL;
		if (d && d->op == IR_CONST)
			add(l, "0x%llx", (unsigned long long)(d->b | (u64)d->c << 32));
		else
			add(l, "%%%u", v);
		break;
	}
}

static void add_mem(struct line *l, unsigned aux)
{
	static const char *const order[] = { "", ".acq", ".seq", ".acqseq" };

	add(l, ".%u%s%s%s%s", 8u << (aux & MEM_SIZE), aux & MEM_SIGNED ? "s" : "",
	    order[(aux & MEM_ORDER) >> 4], aux & MEM_BE ? ".be" : "",
	    aux & MEM_ALIGN ? ".align" : "");
}

static void add_aux(struct line *l, const struct ir_node *n, const struct ir_row *row)
{
	static const char *const round[] = { "n", "p", "m", "z", "a", "cur" };

	switch (row->aux) {
	case AUX_E:
		add(l, ".%u", 8u << n->aux);
		break;
	case AUX_CC:
		add(l, ".%s", n->aux <= CC_AL ? ir_cc_name[n->aux] : "cc?");
		break;
	case AUX_MEM:
		add_mem(l, n->aux);
		break;
	case AUX_RND:
		add(l, ".%s%s",
		    (n->aux & RND_MASK) <= RND_CURRENT ? round[n->aux & RND_MASK] : "rnd?",
		    n->aux & 0x80 ? ".x" : "");
		break;
	default:
		if (n->op == IR_CCMPF || n->op == IR_CCMNF || n->op == IR_FCCMPF)
			add(l, ".%s.%x", (n->aux & 15) <= CC_AL ? ir_cc_name[n->aux & 15] : "cc?",
			    n->aux >> 4);
		else if (n->aux)
			add(l, ".%u", n->aux);
		break;
	}
}

void ir_print(const struct tr *t, void (*out)(const char *fmt, ...))
{
	for (u32 i = 1; i < t->n; i++) {
		const struct ir_node *n = &t->node[i];
		const struct ir_row *row = n->op < IR_COUNT ? &ir_rows[n->op] : &ir_rows[IR_NONE];
		u64 pair = n->b | (u64)n->c << 32;
		const char *sep = " ";
		struct line l = { .n = 0 };

		if (n->op == IR_NONE)
			continue;
		if (n->op == IR_INSN) {
			out("  ---- 0x%llx\n", (unsigned long long)pair);
			continue;
		}
		if (n->op == IR_LABEL) {
			out("label %u:\n", n->a);
			continue;
		}
		if (row->res != K_N)
			add(&l, "%%%u:%s = ", i,
			    n->type < T_COUNT ? ir_type_name[n->type] : "type?");
		add(&l, "%s", row->name);
		add_aux(&l, n, row);
		if (n->op == IR_CALL) {
			add(&l, " %s", ((const struct ir_helper *)pair)->name);
		} else {
			add_operand(&l, t, row->a, n->a, pair, &sep);
			add_operand(&l, t, row->b, n->b, pair, &sep);
			if (row->b != K_C)
				add_operand(&l, t, row->c, n->c, pair, &sep);
		}
		out("  %s\n", l.buf);
	}
}
