/*
 * Runs cases.txt: one operation per line, three times, so that a wrong fold shows as well as a
 * wrong operation: as written with operands from the state, through the folding builder, and
 * through the builder with constant operands.
 *
 *   OP[.AUX] TYPE OPERAND... = RESULT [fpctl=N] [exc=LETTERS]
 *
 * AUX and TYPE are as ir_print shows them.  An operand is TYPE:VALUE, or VALUE when its type
 * follows from the row of ir.def; #N is an immediate.  VALUE: 0x hex bits (0xHIGH_LOW for vectors),
 * a decimal number, or for F32 and F64 also 1.5, inf, nan; FLAGS: letters of nzcv that are set, or
 * 0.  exc: i invalid, d denormal, z division by zero, o overflow, u underflow, x inexact: exactly
 * those must be raised.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/die.h"
#include "tests/ir/test.h"
#include "translator/eval.h"
#include "translator/translator.h"

struct operand {
	u8 kind, type;
	u32 imm;
	vec val;
};

struct op_case {
	const char *file;
	unsigned line;
	enum ir_op op;
	enum ir_type type;
	unsigned aux;
	struct operand operand[3];
	vec want;
	u32 fpctl, exc;
};

enum mode { RAW, EMIT, EMIT_CONST, MODES };
static const char *const mode_name[] = { "raw", "folded", "folded constants" };

static struct op_case cur;
static enum mode mode;

static bool is_ref(unsigned kind)
{
	return kind != K_N && kind != K_U && kind != K_P && kind != K_K && kind != K_C;
}

/* --- parsing --- */

static void syntax(const char *what, const char *word)
{
	die("%s:%u: %s: %s", cur.file, cur.line, what, word ? word : "end of line");
}

static bool type_named(const char *s, size_t len, enum ir_type *type)
{
	for (enum ir_type k = T_I32; k < T_COUNT; k++) {
		if (strlen(ir_type_name[k]) == len && !memcmp(ir_type_name[k], s, len)) {
			*type = k;
			return true;
		}
	}
	return false;
}

static vec parse_value(const char *s, enum ir_type type)
{
	vec v = { .d = { 0, 0 } };
	char *end;

	if (type == T_FLAGS) {
		v.s[0] = (strchr(s, 'n') ? FLAG_N : 0) | (strchr(s, 'z') ? FLAG_Z : 0) |
			 (strchr(s, 'c') ? FLAG_C : 0) | (strchr(s, 'v') ? FLAG_V : 0);
		return v;
	}
	if ((type == T_F32 || type == T_F64) && strncmp(s, "0x", 2)) {
		if (type == T_F32)
			v.f32[0] = strtof(s, &end);
		else
			v.f64[0] = strtod(s, &end);
	} else {
		v.d[0] = *s == '-' ? (u64)strtoll(s, &end, 0) : strtoull(s, &end, 0);
		if (*end == '_') {
			v.d[1] = v.d[0];
			v.d[0] = strtoull(end + 1, &end, 16);
		}
		if (type == T_I32)
			v.d[0] = (u32)v.d[0];
	}
	if (*end)
		syntax("not a value", s);
	return v;
}

static unsigned parse_aux(const struct ir_row *row, char *s)
{
	static const char *const round[] = { "n", "p", "m", "z", "a", "cur" };
	char *extra = strchr(s, '.');
	unsigned k;

	switch (row->aux) {
	case AUX_E:
		return (unsigned)__builtin_ctz((unsigned)atoi(s)) - 3;
	case AUX_CC:
		for (k = 0; k <= CC_AL; k++)
			if (!strcmp(ir_cc_name[k], s))
				return k;
		break;
	case AUX_RND:
		if (extra)
			*extra = 0;
		for (k = 0; k < ARRAY_LEN(round); k++)
			if (!strcmp(round[k], s))
				return k | (extra ? 0x80 : 0);
		break;
	default:
		for (k = 0; extra && k <= CC_AL; k++)  /* condition.nzcv */
			if (!strncmp(ir_cc_name[k], s, 2))
				return k | (unsigned)strtoul(extra + 1, NULL, 16) << 4;
		return (unsigned)strtoul(s, NULL, 0);
	}
	syntax("bad suffix", s);
	return 0;
}

static enum ir_type kind_type(unsigned kind)
{
	switch (kind) {
	case K_W: return T_I32;
	case K_L: return T_I64;
	case K_F: return T_FLAGS;
	case K_Q: return T_V128;
	default: return cur.type;
	}
}

static void parse_operand(struct operand *o, unsigned kind, char *s)
{
	enum ir_type type = kind_type(kind);
	char *colon;

	o->kind = kind;
	if (kind == K_N)
		return;
	if (!s)
		syntax("operand expected", s);
	if (kind == K_U) {
		if (*s != '#')
			syntax("immediate expected", s);
		o->imm = (u32)strtoll(s + 1, NULL, 0);
		return;
	}
	if (kind == K_P)
		type = T_V128;
	colon = strchr(s, ':');
	if (colon) {
		if (!type_named(s, (size_t)(colon - s), &type))
			syntax("no such type", s);
		s = colon + 1;
	}
	o->type = type;
	o->val = parse_value(s, type);
}

static u32 parse_exceptions(const char *s)
{
	static const char letters[] = "idzoux";
	u32 e = 0;

	for (; *s; s++)
		e |= 1u << (strchr(letters, *s) - letters);
	return e;
}

static const char *word(char **p)
{
	char *w = strtok(*p, " \t\n");

	*p = NULL;
	return w;
}

static bool parse(char *line)
{
	char *p = line, *dot, *w = (char *)word(&p);
	const struct ir_row *row = NULL;
	char *aux = NULL;

	if (!w || *w == '#')
		return false;
	dot = strchr(w, '.');
	if (dot) {
		*dot = 0;
		aux = dot + 1;
	}
	for (unsigned op = 1; op < IR_COUNT; op++) {
		if (!strcmp(ir_rows[op].name, w)) {
			row = &ir_rows[op];
			cur.op = (enum ir_op)op;
		}
	}
	if (!row)
		syntax("no such operation", w);
	w = (char *)word(&p);
	if (!w || !type_named(w, strlen(w), &cur.type))
		syntax("type expected", w);
	cur.aux = aux ? parse_aux(row, aux) : 0;
	parse_operand(&cur.operand[0], row->a, row->a == K_N ? NULL : (char *)word(&p));
	parse_operand(&cur.operand[1], row->b, row->b == K_N ? NULL : (char *)word(&p));
	parse_operand(&cur.operand[2], row->c, row->c == K_N ? NULL : (char *)word(&p));
	w = (char *)word(&p);
	if (!w || strcmp(w, "="))
		syntax("= expected", w);
	w = (char *)word(&p);
	if (!w)
		syntax("result expected", w);
	cur.want = parse_value(w, cur.type);
	cur.fpctl = cur.exc = 0;
	while ((w = (char *)word(&p))) {
		if (!strncmp(w, "fpctl=", 6))
			cur.fpctl = (u32)strtoul(w + 6, NULL, 0);
		else if (!strncmp(w, "exc=", 4))
			cur.exc = parse_exceptions(w + 4);
		else
			syntax("what is this", w);
	}
	return true;
}

/* --- running --- */

static u32 build_operand(struct tr *t, const struct operand *o, unsigned n)
{
	switch (o->kind) {
	case K_N: return 0;
	case K_U: return o->imm;
	case K_P: return t->node[ir_constv(t, T_V128, o->val)].a;
	default: break;
	}
	switch (o->type) {
	case T_I32:
	case T_I64:
		return mode == EMIT_CONST ? ir_const(t, o->type, o->val.d[0])
					  : ir_get(t, S_I0 + n, o->type);
	case T_FLAGS:
		if (mode == EMIT_CONST)
			return ir1(t, IR_FLAGS, T_FLAGS,
				   ir_const(t, T_I32, ir_flags_unpack(o->val.s[0])));
		return ir_get(t, S_FL0 + n, T_FLAGS);
	default:
		return mode == EMIT_CONST ? ir_constv(t, o->type, o->val)
					  : ir_get(t, S_V0 + n, o->type);
	}
}

static unsigned result_slot(enum ir_type type)
{
	static const u8 slot[T_COUNT] = {
		[T_I32] = S_R_I32, [T_I64] = S_R_I64, [T_F32] = S_R_F32, [T_F64] = S_R_F64,
		[T_V64] = S_R_V64, [T_V128] = S_R_V128, [T_FLAGS] = S_R_FLAGS,
	};

	return slot[type];
}

static int translate_case(struct tr *t)
{
	u32 x[3], r;

	for (unsigned k = 0; k < 3; k++)
		x[k] = build_operand(t, &cur.operand[k], k);
	r = (mode == RAW ? ir_raw : ir_emit)(t, cur.op, cur.type, cur.aux, x[0], x[1], x[2]);
	ir_put(t, result_slot(cur.type), r);
	return test_end(t, 1);
}

static void set_inputs(void)
{
	struct test_state *s = test_state(test_cpu);

	memset(s, 0xa5, sizeof *s);
	for (unsigned k = 0; k < 3; k++) {
		const struct operand *o = &cur.operand[k];
		size_t size = ir_width(o->type) / 8;

		if (!is_ref(o->kind))
			continue;
		if (o->type == T_FLAGS)
			s->fl[k] = o->val.s[0] | FLAG_JUNK;
		else if (o->type == T_I32 || o->type == T_I64)
			memcpy(&s->i[k], &o->val, size);
		else
			memcpy(&s->v[k], &o->val, size);
	}
}

static void run_case(const char *text)
{
	const u8 *got = test_cpu->state + the_guest.slots[result_slot(cur.type)].off;
	unsigned bytes = ir_width(cur.type) / 8;
	enum exit_reason r;
	char hex[2 * 16 + 2];
	u32 exc, owed;

	for (mode = 0; mode < MODES; mode++) {
		set_inputs();
		translator_set_fpctl(test_cpu, cur.fpctl);
		translator_set_fpflags(test_cpu, 0);
		test_translate = translate_case;
		r = test_run();
		owed = test_exceptions_owed(cur.fpctl);
		exc = translator_fpflags(test_cpu) & owed;
		test_clean_flags(test_state(test_cpu));
		for (unsigned k = 0; k < bytes; k++)
			snprintf(hex + 2 * k, 3, "%02x", got[bytes - 1 - k]);
		result(r == EXIT_TRAP && !memcmp(got, &cur.want, bytes) && exc == (cur.exc & owed),
		       "%s:%u (%s): %s: got 0x%s exc %#x, exit %d", cur.file, cur.line,
		       mode_name[mode], text, hex, exc, r);
	}
}

void test_cases(const char *file)
{
	FILE *f = fopen(file, "r");
	char line[512], text[512];

	if (!f)
		die("cannot open %s", file);
	memset(&cur, 0, sizeof cur);
	cur.file = file;
	while (fgets(line, sizeof line, f)) {
		cur.line++;
		snprintf(text, sizeof text, "%.*s", (int)strcspn(line, "\n"), line);
		if (parse(line))
			run_case(text);
	}
	fclose(f);
}
