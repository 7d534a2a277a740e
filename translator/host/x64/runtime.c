/*
 * The run-time's own code: the way into translations, the way out, and what translations jump to when a
 * link or the inline table does not know the way.  All of it is emitted once, at the start of the code
 * cache, because it is reached and left with rsp on the return stack, where C cannot run.
 *
 * MXCSR is the guest's inside and the run-time's outside.  Invalid-operation exceptions are unmasked
 * inside: every difference between the guest's and the host's NaNs begins with one (fault.c).  So their
 * sticky bit says nothing; vcpu.fp_flags has the guest's.
 */
#include <ucontext.h>

#include "translator/host/x64/gen.h"
#include "translator/jit.h"

enum { RETURN_SCAN = 8 };   /* entries of the return stack to look through when its top does not match */

/* Byte offsets of the fields, from r15. */
#define FIELD(f) vcpu_mem(offsetof(struct vcpu, f))

static void ldmxcsr(struct code *e, struct mem m) { op_rm(e, OPC(0, 1, 0xae), 0, 2, m); }
static void stmxcsr(struct code *e, struct mem m) { op_rm(e, OPC(0, 1, 0xae), 0, 3, m); }

static const s8 callee_saved[] = { RBP, RBX, R12, R13, R14, R15 };

static void push(struct code *e, int r)
{
	if (r > 7)
		e8(e, 0x41);
	e8(e, 0x50 | (r & 7));
}

static void pop(struct code *e, int r)
{
	if (r > 7)
		e8(e, 0x41);
	e8(e, 0x58 | (r & 7));
}

/* enum exit_reason enter(struct vcpu *c, u64 code) */
static void emit_enter(struct code *e)
{
	for (unsigned k = 0; k < ARRAY_LEN(callee_saved); k++)
		push(e, callee_saved[k]);
	alu_ri(e, ALU_SUB, 1, RSP, 8);
	lea_rm(e, 1, R15, mem_bd(RDI, offsetof(struct vcpu, state) + VCPU_BIAS));
	store_r(e, 1, RSP, FIELD(host_rsp));
	stmxcsr(e, FIELD(host_mxcsr));
	ldmxcsr(e, FIELD(mxcsr));
	load_r(e, 1, RSP, FIELD(ret_rsp));
	op_rr(e, OPC(0, 0, 0xff), 0, 4, RSI);
}

/* eax: reason.  A fault inside a helper enters at *abort: rsp is then the C stack's already. */
static void emit_exit(struct code *e, u64 *abort)
{
	store_r(e, 1, RSP, FIELD(ret_rsp));
	*abort = code_pc(e);
	load_r(e, 1, RSP, FIELD(host_rsp));
	stmxcsr(e, FIELD(mxcsr));
	ldmxcsr(e, FIELD(host_mxcsr));
	alu_ri(e, ALU_ADD, 1, RSP, 8);
	for (int k = ARRAY_LEN(callee_saved) - 1; k >= 0; k--)
		pop(e, callee_saved[k]);
	e8(e, 0xc3);
}

/* Calls fn(c, rax) on the C stack and goes on at the address that it returns. */
static void emit_resolve(struct code *e, u64 fn)
{
	store_r(e, 1, RSP, FIELD(ret_rsp));
	load_r(e, 1, RSP, FIELD(host_rsp));
	lea_rm(e, 1, RDI, vcpu_mem(0));
	mov_rr(e, 1, RSI, RAX);
	mov_ri(e, RAX, fn);
	op_rr(e, OPC(0, 0, 0xff), 0, 2, RAX);
	load_r(e, 1, RSP, FIELD(ret_rsp));
	op_rr(e, OPC(0, 0, 0xff), 0, 4, RAX);
}

/*
 * A return to the guest address in rax that is not on top of the return stack.  After a longjmp or a
 * frame that was left otherwise it is a little below: entries above are dropped.
 */
static void emit_return(struct code *e, u64 indirect)
{
	for (int k = 1; k <= RETURN_SCAN; k++) {
		u8 *no;

		alu_rm(e, ALU_CMP, 1, RAX, mem_bd(RSP, 16 * k + 8));
		no = jcc_short(e, X_NE);
		lea_rm(e, 1, RSP, mem_bd(RSP, 16 * k));
		e8(e, 0xc3);
		short_here(e, no);
	}
	jmp_to(e, indirect);
}

/* Leaves with the reason in exit_arg. */
static void emit_leave(struct code *e, u64 exit)
{
	load_r(e, 0, RAX, FIELD(exit_arg));
	jmp_to(e, exit);
}

/*
 * Called, so its return address is on top of the return stack, with which rsp is the C stack's during the
 * call of jit_syscall().  MXCSR stays the guest's: no system call does floating point.
 */
static void emit_syscall(struct code *e, u64 leave)
{
	u8 *other;

	alu_ri(e, ALU_ADD, 1, RSP, 8);
	store_r(e, 1, RSP, FIELD(ret_rsp));
	load_r(e, 1, RSP, FIELD(host_rsp));
	stmxcsr(e, FIELD(mxcsr));
	lea_rm(e, 1, RDI, vcpu_mem(0));
	mov_ri(e, RAX, (u64)jit_syscall);
	op_rr(e, OPC(0, 0, 0xff), 0, 2, RAX);
	load_r(e, 1, RSP, FIELD(ret_rsp));
	op_rr(e, OPC(0, 0, 0x84), 0, RAX, RAX);   /* test al, al */
	other = jcc_short(e, X_E);
	alu_ri(e, ALU_SUB, 1, RSP, 8);
	e8(e, 0xc3);
	short_here(e, other);
	ldmxcsr(e, FIELD(mxcsr));
	jmp_to(e, leave);
}

static struct { u64 enter, exit, abort; } entry;

u32 host_runtime(u8 *w, u64 x, u64 rt[RT_COUNT])
{
	struct code e = { .w = w, .end = w + 4096, .delta = (s64)(x - (u64)w) };

	entry.enter = code_pc(&e);
	emit_enter(&e);
	rt[RT_EXIT] = entry.exit = code_pc(&e);
	emit_exit(&e, &entry.abort);
	rt[RT_LINK] = code_pc(&e);
	emit_resolve(&e, (u64)jit_link);
	rt[RT_INDIRECT] = code_pc(&e);
	emit_resolve(&e, (u64)jit_lookup);
	rt[RT_RETURN] = code_pc(&e);
	emit_return(&e, rt[RT_INDIRECT]);
	rt[RT_HOT] = code_pc(&e);
	emit_resolve(&e, (u64)jit_hot);
	rt[RT_LEAVE] = code_pc(&e);
	emit_leave(&e, entry.exit);
	rt[RT_SYSCALL] = code_pc(&e);
	emit_syscall(&e, rt[RT_LEAVE]);
	return e.w - w;
}

enum exit_reason host_enter(struct vcpu *c, u64 code)
{
	return ((enum exit_reason (*)(struct vcpu *, u64))entry.enter)(c, code);
}

void host_leave_code(struct vcpu *c, enum exit_reason reason, void *uc, bool in_helper)
{
	greg_t *r = ((ucontext_t *)uc)->uc_mcontext.gregs;

	r[REG_RIP] = in_helper ? entry.abort : entry.exit;
	r[REG_R15] = (greg_t)(c->state + VCPU_BIAS);
	r[REG_RAX] = reason;
}

/*
 * Running off the low end: the oldest entries are of no use any more, so the stack begins anew, and the
 * returns that they were for are indirect jumps.
 */
bool host_ret_stack_fault(struct vcpu *c, u64 addr, void *uc)
{
	greg_t *r = ((ucontext_t *)uc)->uc_mcontext.gregs;

	if (addr >= c->ret_base || addr < c->ret_base - RET_STACK_GUARD)
		return false;
	r[REG_RSP] = c->ret_top;
	return true;
}

u64 host_fault_pc(const void *uc)
{
	return ((const ucontext_t *)uc)->uc_mcontext.gregs[REG_RIP];
}

gaddr host_misaligned_address(const void *uc)
{
	return ((const ucontext_t *)uc)->uc_mcontext.gregs[REG_RAX];
}

static u32 read_mxcsr(void)
{
	u32 v;

	__asm__ volatile("stmxcsr %0" : "=m"(v));
	return v;
}

static void write_mxcsr(u32 v)
{
	__asm__ volatile("ldmxcsr %0" : : "m"(v));
}

/* Where this changes the mode, the exit that follows looks the way up anew (lower_exit.c). */
void x64_take_fpctl(struct vcpu *c)
{
	bool other_mode = (c->fpctl ^ c->exit_arg) & FPCTL_MODE;

	c->fpctl = c->exit_arg;
	c->fp_flags |= host_fpflags(read_mxcsr());
	write_mxcsr(host_fp_control(c->fpctl));
	if (other_mode)
		jit_mode_changed(c);
}

void x64_fpflags(struct vcpu *c)
{
	c->exit_arg = c->fp_flags | host_fpflags(read_mxcsr());
}

void x64_set_fpflags(struct vcpu *c)
{
	c->fp_flags = c->exit_arg;
	write_mxcsr(host_fp_control(c->fpctl));
}
