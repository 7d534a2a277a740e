/*
 * Units of the differential test: a random word of a row, in a place where it can run.
 *
 * Registers are chosen so that sequences keep what they stand on: general registers are x0..x26 and
 * the zero register, while x28 is the base of memory operands and x27 their index, both set before each
 * (x29 is a copy of the base, x30 the way back, sp the caller's).  What the manual leaves open
 * (CONSTRAINED UNPREDICTABLE: a pair that loads one register twice, a status register that is also
 * the address) is not made.  Branches go to the next word or one further, loads relative to
 * the pc read the sequence's own initial state, exclusive stores mostly follow an exclusive load, copies come in
 * threes, and signed pointers are authenticated.
 */
#include <string.h>

#include "tests/aarch64/difftest/gen.h"

enum {
	R_LINK = 25, R_TARGET = 26,    /* of branches, and for other words around the tested one */
	 R_INDEX = 27, R_BASE = 28,
	MOV_LINK = 0xaa1e03f9,     /* mov x25, x30 */
	MOV_BACK = 0xaa1903fe,     /* mov x30, x25 */
	MOV_SEEN = 0xaa1e03f8,     /* mov x24, x30 */
	SKIPPED = 0x9100075a,      /* add x26, x26, #1 */
	CLREX = 0xd5033f5f,
	OPCODE_SIMD = 1 << 26
};

static bool in_group(const struct insn_row *r, const char *text)
{
	return strstr(r->group, text) != NULL;
}

static bool is_handler(const struct insn_row *r, const char *name)
{
	return !strcmp(r->handler, name);
}

bool row_testable(const struct insn_row *r)
{
	static const char *const out[] = {
		"svc",   /* calls the kernel */
		"hlt",   /* semihosting */
		"wfxt",  /* waits */
	};

	if (!r->handler || (in_group(r, "Memory Copy and Memory Set") && !strcmp(r->handler, "-")))
		return false;
	for (unsigned i = 0; i < sizeof out / sizeof *out; i++)
		if (is_handler(r, out[i]))
			return false;
	/* the same among the hints */
	return !(is_handler(r, "hint") && strstr(r->name, "WF"));
}

static uint32_t field(uint32_t w, const struct insn_row *r, const char *name)
{
	for (unsigned i = 0; i < r->nfields; i++)
		if (!strcmp(r->fields[i].name, name))
			return w >> r->fields[i].lsb & ((1ull << r->fields[i].width) - 1);
	return 0;
}

static uint32_t with(uint32_t w, const struct insn_row *r, const char *name, uint32_t v)
{
	for (unsigned i = 0; i < r->nfields; i++) {
		const struct insn_field *f = &r->fields[i];
		uint32_t m = ((1ull << f->width) - 1) << f->lsb;

		if (!strcmp(f->name, name))
			return (w & ~m) | (v << f->lsb & m);
	}
	return w;
}

/* Does 31 mean sp in some field of this row? */
static bool names_sp(const struct insn_row *r)
{
	return is_handler(r, "addsub_imm") || is_handler(r, "addsub_ext") || is_handler(r, "logical_imm");
}

/* Is the field `name` of a row that has vector registers a general one? */
static bool is_general(const struct insn_row *r, const char *name)
{
	if (!in_group(r, "SIMD") && !(r->attrs & a64_ATTR_mem && r->value & r->mask & OPCODE_SIMD))
		return true;
	if (strstr(r->handler, "gpr") || strstr(r->handler, "cvt") || strstr(r->handler, "copy"))
		return true;
	return r->attrs & a64_ATTR_mem && strcmp(name, "rt") && strcmp(name, "rt2");
}

/* A word that the architecture defines, with registers and addresses as above. */
static bool keeps_to_rules(const struct insn_row *r, uint32_t w)
{
	uint32_t rt = field(w, r, "rt"), rs = field(w, r, "rs");
	bool pair = strstr(r->name, "LDP") || strstr(r->name, "LDNP") || strstr(r->name, "LDXP") ||
		    strstr(r->name, "LDAXP");

	if (pair && rt == field(w, r, "rt2"))
		return false;
	if ((is_handler(r, "stxr") || is_handler(r, "stxp")) &&
	    (rs == rt || (is_handler(r, "stxp") && rs == field(w, r, "rt2"))))
		return false;
	return insn_matches(r, w) && a64_decode(w) == (enum a64_insn)(r - a64_rows);
}

static uint32_t make_word(struct dt_seq *q, const struct insn_row *r)
{
	bool memory = r->attrs & a64_ATTR_mem, far = rnd() % 32 == 0;
	uint32_t w;

	do {
		w = insn_random(r, rnd);
		for (unsigned i = 0; i < r->nfields; i++) {
			const struct insn_field *f = &r->fields[i];
			unsigned v = w >> f->lsb & 31;

			if (f->name[0] != 'r' || f->width != 5 || (r->mask >> f->lsb & 31) == 31)
				continue;
			if (memory && !strcmp(f->name, "rn"))
				v = R_BASE;
			else if (memory && !strcmp(f->name, "rm"))
				v = v % 8 || !in_group(r, "SIMD") ? R_INDEX : 31;
			else if (is_general(r, f->name))
				v = rnd() % 16 || names_sp(r) ? v % 27 : 31;
			w = with(w, r, f->name, v);
		}
		if (memory && !far)
			w = with(w, r, "imm12", field(w, r, "imm12") % 64);
	} while (!keeps_to_rules(r, w));
	if (memory)
		q->memory = far ? DT_ALL : q->memory ? q->memory : DT_ONLY_NEAR;
	return w;
}

/* --- words around the tested one --- */

struct unit {
	uint32_t code[12];
	unsigned n, tested;
};

static void put(struct unit *u, uint32_t w)
{
	u->code[u->n++] = w;
}

static void put_tested(struct unit *u, uint32_t w)
{
	u->tested = u->n;
	put(u, w);
}

/* Base and index.  A base that is not aligned is as good as any for all but ordered accesses. */
static void put_address(struct unit *u)
{
	if (rnd() % 4)
		put(u, 0xaa1d03fc);                                  /* mov x28, x29 */
	else
		put(u, 0x910003bc | (rnd() % 64) << 10);             /* add x28, x29, #imm */
	if (rnd() % 8)
		put(u, 0x5280001b | (rnd() % 256) << 5);             /* mov w27, #imm */
	else
		put(u, 0x9280001b | (rnd() % 64) << 5);              /* mov x27, #~imm */
}

/* A load that opens the monitor for the exclusive store w, into registers that go by. */
static uint32_t load_for(uint32_t w)
{
	bool pair = w >> 21 & 1;

	return (w & 0xc0200000) | 0x085f0000 | (pair ? R_TARGET : 31) << 10 | R_BASE << 5 | R_LINK;
}

static void memory_unit(struct unit *u, struct dt_seq *q, const struct insn_row *r)
{
	uint32_t w = make_word(q, r);

	put_address(u);
	if (is_handler(r, "stxr") || is_handler(r, "stxp")) {
		put(u, CLREX);
		if (rnd() % 8)
			put(u, load_for(w));
	}
	put_tested(u, w);
}

/*
 * The three instructions of a copy or set, one of them the tested one: addresses and length are made for it, and the
 * flags, in which the registers' format shows, are cleared behind it.  Copies that only go forward do not overlap.
 */
static void mops_unit(struct unit *u, struct dt_seq *q, const struct insn_row *r)
{
	bool set = is_handler(r, "set"), forward = !strncmp(r->name, "CPYF", 4);
	unsigned rd = rnd() % 8, rs = 8 + rnd() % 8, rn = 16 + rnd() % 8, lsb = set ? 14 : 22;
	uint32_t w = with(with(with(insn_random(r, rnd), r, "rd", rd), r, "rs", rs), r, "rn", rn);
	uint32_t from = forward ? 0xd1040000 : rnd() % 2 ? 0xd1000000 : 0x91000000;   /* sub or add xs, x29, #imm */

	q->memory = q->memory ? q->memory : DT_ONLY_NEAR;
	if (!set)
		put(u, (from + ((rnd() % 0x600) << 10)) | 29 << 5 | rs);
	put(u, 0x91000000 | (rnd() % 0xe00) << 10 | 29 << 5 | rd);
	put(u, 0x52800000 | (rnd() % 4 ? rnd() % 256 : rnd() % 4) << 5 | rn);
	for (uint32_t stage = 0; stage < 3; stage++) {
		if ((w >> lsb & 3) == stage)
			put_tested(u, w);
		else
			put(u, (w & ~(3u << lsb)) | stage << lsb);
	}
	put(u, 0xd51b421f);                                          /* msr nzcv, xzr */
}

/*
 * Pointer authentication: keys and algorithm are the implementation's, so what is signed is authenticated, or its
 * code is taken off, before the unit ends.
 */
enum {
	PACI = 0xdac10000, PAC_ZERO = 1 << 13 | 31 << 5, PAC_AUT = 1 << 12, HINT_AUT = 1 << 7,
	XPACI = 0xdac143e0, XPACD = 0xdac147e0
};

static void sign_unit(struct unit *u, struct dt_seq *q, const struct insn_row *r)
{
	bool hint = is_handler(r, "pac_hint");
	uint32_t aut = hint ? HINT_AUT : PAC_AUT, w, rd;

	do {
		w = make_word(q, r);
		rd = hint ? 17 : w & 31;
	} while (!hint && (rd > 26 || rd == (w >> 5 & 31)));
	put(u, 0xd340b800 | rd << 5 | rd);                           /* ubfx xd, xd, #0, #47 */
	if (w & aut) {
		put(u, w & ~aut);
		put_tested(u, w);
	} else {
		put_tested(u, w);
		put(u, w | aut);
	}
}

static void pacga_unit(struct unit *u, struct dt_seq *q, const struct insn_row *r)
{
	uint32_t w = with(make_word(q, r), r, "rd", rnd() % 27);

	put_tested(u, w);
	put(u, 0x2a0003e0 | (w & 31) << 16 | (w & 31));              /* mov wd, wd */
}

/* XPACLRI is about the way back. */
static void xpac_hint_unit(struct unit *u, struct dt_seq *q, const struct insn_row *r)
{
	put(u, MOV_LINK);
	put(u, 0xaa0003fe | (rnd() % 24) << 16);                     /* mov x30, xn */
	put_tested(u, make_word(q, r));
	put(u, MOV_SEEN);
	put(u, MOV_BACK);
}

static void ldra_unit(struct unit *u, struct dt_seq *q, const struct insn_row *r)
{
	uint32_t w = with(make_word(q, r), r, "S", 0);

	w = with(w, r, "imm9", w >> 12 & 0x7f);
	put_address(u);
	put(u, PACI | PAC_ZERO | (2 | (w >> 23 & 1)) << 10 | R_BASE);
	put_tested(u, w);
	put(u, XPACD | R_BASE);
}

static void branch_auth_unit(struct unit *u, struct dt_seq *q, const struct insn_row *r)
{
	bool ret = !strncmp(r->name, "RET", 3), by_zero = !(r->value >> 24 & 1);
	uint32_t skip = rnd() % 2, w = make_word(q, r), key = w >> 10 & 1, target = ret ? 30 : R_TARGET;

	if ((w & 31) == R_TARGET)
		w = with(w, r, "rm", 0);
	if (!ret)
		w = with(w, r, "rn", R_TARGET);
	put(u, MOV_LINK);
	put(u, 0x10000000 | (3 + skip) << 5 | target);               /* adr */
	if (ret)
		put(u, 0xd503233f | key << 6);                       /* paciasp, pacibsp */
	else
		put(u, PACI | key << 10 | (by_zero ? PAC_ZERO : (w & 31) << 5) | target);
	put_tested(u, w);
	put(u, SKIPPED);
	put(u, ret ? 0xd50320ff /* xpaclri */ : XPACI | R_TARGET);
	if (r->attrs & a64_ATTR_call)
		put(u, MOV_SEEN);
	put(u, MOV_BACK);
}

static void literal_unit(struct unit *u, struct dt_seq *q, const struct insn_row *r, unsigned at)
{
	int first = -(int)(sizeof *q - sizeof q->code) / 4, words = sizeof q->in / 4 - 4;
	uint32_t w = make_word(q, r);

	q->memory = DT_NONE;
	put_tested(u, with(w, r, "imm19", first - (int)at + (int)(rnd() % words)));
}

static void branch_unit(struct unit *u, const struct insn_row *r, struct dt_seq *q)
{
	unsigned skip = rnd() % 2;
	bool by_register = in_group(r, "Unconditional branch (register)"), call = r->attrs & a64_ATTR_call;
	uint32_t w = make_word(q, r);

	if (by_register || call)
		put(u, MOV_LINK);
	if (by_register) {
		put(u, 0x10000000 | (2 + skip) << 5 | R_TARGET);     /* adr x26, . + 8 or + 12 */
		put_tested(u, with(w, r, "rn", R_TARGET));
	} else {
		w = with(w, r, "imm19", 1 + skip);
		w = with(w, r, "imm14", 1 + skip);
		put_tested(u, with(w, r, "imm26", 1 + skip));
	}
	put(u, SKIPPED);
	if (call) {
		put(u, MOV_SEEN);
		put(u, MOV_BACK);
	}
}

/* Moves between NZCV, FPCR, FPSR and a register, and now and then what user mode may not touch. */
static void sysreg_unit(struct unit *u, const struct insn_row *r, struct dt_seq *q)
{
	static const uint32_t known[] = { 0x1b4200, 0x1b4400, 0x1b4420 };
	uint32_t w = make_word(q, r), which = rnd() % 3, v;

	if (strstr(r->name, "NZCV")) {
		put_tested(u, w);
		return;
	}
	if (rnd() % 16 == 0) {
		put_tested(u, w | 1 << 18);      /* op1 of exception levels above */
		return;
	}
	w = (w & 0xffe0001f) | known[which];
	if (is_handler(r, "msr_reg")) {
		v = which == 0 ? rnd() & 0xf0000000 : which == 1 ? random_fpcr() : rnd() & 0x0800009f;
		put(u, 0x52800000 | (v & 0xffff) << 5 | R_TARGET);         /* mov w26, #low */
		put(u, 0x72a00000 | (v >> 16) << 5 | R_TARGET);            /* movk w26, #high, lsl 16 */
		w = (w & ~31) | R_TARGET;
	}
	put_tested(u, w);
}

/* Cache maintenance that user mode may do, and what it may not. */
static void sys_unit(struct unit *u, const struct insn_row *r, struct dt_seq *q)
{
	static const uint32_t known[] = { 0xd50b7520, 0xd50b7a20, 0xd50b7b20, 0xd50b7e20, 0xd50b7c20, 0xd50b7d20 };
	uint32_t w = make_word(q, r);

	put_address(u);
	if (rnd() % 8 && !strcmp(r->name, "SYS"))
		w = known[rnd() % 6] | R_BASE;
	else if ((w >> 5 & 0x3fff) == 0x1ba1)    /* DC ZVA, whose block is the implementation's */
		w ^= 0x20;
	put_tested(u, w);
}

static void make_unit(struct unit *u, struct dt_seq *q, const struct insn_row *r, unsigned at)
{
	if (in_group(r, "Memory Copy and Memory Set"))
		mops_unit(u, q, r);
	else if (is_handler(r, "pac") || is_handler(r, "pac_hint"))
		sign_unit(u, q, r);
	else if (is_handler(r, "pacga"))
		pacga_unit(u, q, r);
	else if (is_handler(r, "xpac_hint"))
		xpac_hint_unit(u, q, r);
	else if (is_handler(r, "ldra"))
		ldra_unit(u, q, r);
	else if (is_handler(r, "br_auth"))
		branch_auth_unit(u, q, r);
	else if (is_handler(r, "sys"))
		sys_unit(u, r, q);
	else if (is_handler(r, "mrs") || is_handler(r, "msr_reg"))
		sysreg_unit(u, r, q);
	else if (in_group(r, "literal"))
		literal_unit(u, q, r, at);
	else if (r->attrs & a64_ATTR_mem)
		memory_unit(u, q, r);
	else if (is_handler(r, "b") || is_handler(r, "bl") || r->attrs & a64_ATTR_cond ||
		 in_group(r, "Unconditional branch"))
		branch_unit(u, r, q);
	else
		put_tested(u, make_word(q, r));
}

bool add_unit(struct dt_seq *q, const struct insn_row *r)
{
	unsigned n = q->nunits ? 64 - __builtin_clzll(q->ends) : 0;
	uint32_t memory = q->memory;
	struct unit u = { .n = 0 };

	make_unit(&u, q, r, n);
	if (n + u.n > DT_MAX_CODE) {
		q->memory = memory;
		return false;
	}
	if (q->memory < memory)
		q->memory = memory;
	memcpy(q->code + n, u.code, u.n * 4);
	q->code[n + u.n] = DT_RET;
	q->ends |= 1ull << (n + u.n - 1);
	q->tested |= 1ull << (n + u.tested);
	q->nunits++;
	return true;
}
