/*
 * The one run loop.  Translated code runs until it wants something; the reason says which layer is
 * asked.
 *
 * Signals are delivered here and nowhere else: guest state is complete between two runs, so a frame
 * can be built from it.  The order matters: the request to stop is taken back before the queue is
 * looked at, so that a signal which arrives in between kicks again.
 */
#include <stdarg.h>
#include <stdio.h>

#include "base/guest.h"
#include "base/insn.h"
#include "base/log.h"
#include "base/space.h"
#include "runner/loop.h"
#include "translator/translator.h"

/* Linux's generic numbers (include/uapi/asm-generic/siginfo.h) */
enum { G_SIGILL = 4, G_SIGSEGV = 11, G_ILL_ILLOPC = 1, G_SEGV_MAPERR = 1, G_SEGV_ACCERR = 2 };

/* Where it is, its bytes, and the feature that somebody who has built for a larger processor misses. */
static void describe_undefined(struct vcpu *c, char *text, size_t size)
{
	static const char hex[] = "0123456789abcdef";
	const struct insn_row *row = NULL;
	u8 insn[8] = { 0 };
	unsigned n = 0;
	char bytes[3 * sizeof insn + 1] = "";

	while (n < sizeof insn && copy_in(insn + n, c->pc + n, 1) == 0)
		n++;
	if (c->guest->insn_row)
		row = c->guest->insn_row(insn);
	n = MIN(n, row ? row->width / 8u : MAX(c->guest->insn_unit, 4u));
	for (unsigned i = 0; i < n; i++) {
		bytes[3 * i] = ' ';
		bytes[3 * i + 1] = hex[insn[i] >> 4];
		bytes[3 * i + 2] = hex[insn[i] & 15];
	}
	snprintf(text, size, "undefined instruction at 0x%llx, bytes%s%s%s%s%s", (unsigned long long)c->pc, bytes,
		 row ? ": " : "", row ? row->name : "", row && row->feature ? ", which needs " : "",
		 row && row->feature ? row->feature : "");
}

static void undefined(struct vcpu *c)
{
	char text[160];

	if (log_on(LOG_UNIMP)) {
		describe_undefined(c, text, sizeof text);
		log_printf("%s\n", text);
	}
	signal_force(c, G_SIGILL, G_ILL_ILLOPC, c->pc);
}

static void not_executable(struct vcpu *c)
{
	struct mapping m;
	bool mapped = space_find(c->fault_addr, &m) && m.start <= c->fault_addr;

	signal_force(c, G_SIGSEGV, mapped ? G_SEGV_ACCERR : G_SEGV_MAPERR, c->fault_addr);
}

static void trap(struct vcpu *c)
{
	s32 signo, code;

	c->guest->trap(c, &signo, &code);
	signal_force(c, signo, code, c->pc);
}

static void __attribute__((format(printf, 1, 2))) log_register_line(const char *fmt, ...)
{
	char line[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	log_printf("%s\n", line);
}

static void log_registers(struct vcpu *c)
{
	if (c->guest->slots_fill)
		c->guest->slots_fill(c);
	c->guest->dump(c, log_register_line);
}

void run_loop(struct vcpu *c)
{
	enum exit_reason r;

	for (;;) {
		r = translator_run(c);
		if (log_on(LOG_CPU))
			log_registers(c);
		switch (r) {
		case EXIT_NONE:
		case EXIT_POLL:
			break;
		case EXIT_SYSCALL:
			syscall_run(c);
			break;
		case EXIT_TRAP:
			trap(c);
			break;
		case EXIT_UNDEF:
			undefined(c);
			break;
		case EXIT_NOEXEC:
			not_executable(c);
			break;
		case EXIT_FAULT:
			signal_force(c, c->fault_signal, c->fault_code, c->fault_addr);
			break;
		}
		if (UNLIKELY(c->poll)) {
			translator_unkick(c);
			signal_deliver(c);
		}
	}
}

static void ending(struct vcpu *c, bool alone)
{
	translator_ending(c, alone, the_process.exe);
}

const struct syscall_hooks loop_hooks = {
	.run_thread = run_loop,
	.fault = translator_fault,
	.kick = translator_kick,
	.unkick = translator_unkick,
	.invalidate = translator_invalidate,
	.memory_shared = translator_memory_shared,
	.fork_prepare = translator_fork_prepare,
	.fork_parent = translator_fork_parent,
	.fork_child = translator_fork_child,
	.ending = ending,
	.undefined = describe_undefined,
	.vcpu_init = vcpu_init,
	.vcpu_done = vcpu_done,
};
