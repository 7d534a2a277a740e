/*
 * The table of contents: what the user wants, the address space, the program, the engine, go.
 *
 * A short program lives for a millisecond, so nothing here prepares what may not be needed, and
 * everything that allocates with malloc is over before the first guest instruction: guest threads
 * are raw clones that share this C library without its knowing.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/die.h"
#include "base/guest.h"
#include "base/host.h"
#include "base/host_nr.h"
#include "base/log.h"
#include "base/space.h"
#include "base/vcpu.h"
#include "loader/loader.h"
#include "runner/cachedir.h"
#include "runner/loop.h"
#include "runner/options.h"
#include "runner/script.h"
#include "syscall/syscall.h"
#include "translator/translator.h"

enum {
	MAX_SCRIPTS = 5,  /* the kernel's limit of interpreters that are scripts themselves */
	MAX_AUXV = 512,   /* bytes */
};

static struct vcpu main_vcpu;

static bool executable(gaddr a, u64 len)
{
	return space_check(a, len, G_PROT_EXEC);
}

static bool randomize(const struct options *o)
{
	int persona = personality(0xffffffff);

	return persona == -1 || !(persona & ADDR_NO_RANDOMIZE);
}

/* -R: claims the guest's part of the address space, at -B or where there is room. */
static void reserve(struct options *o)
{
	void *want = (void *)o->guest_base;
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (want ? MAP_FIXED_NOREPLACE : 0);
	void *at;

	o->reserved = ALIGN_DOWN(o->reserved, (u64)o->page);
	at = mmap(want, o->reserved, PROT_NONE, flags, -1, 0);
	if (at == MAP_FAILED || (want && at != want))
		fail(EXIT_NOT_RUNNABLE,
		     "cannot reserve %llu MiB of address space at %p (options -R and -B)",
		     (unsigned long long)o->reserved >> 20, want);
	o->guest_base = (u64)at;
}

static void load(struct options *o, struct image *img)
{
	struct load_request q = {
		.execfn = o->execfn,
		.sysroot = o->sysroot,
		.envp = o->envp,
		.stack_size = o->stack_size,
		.reserved = o->reserved,
		.g = &the_guest,
		.secure = o->secure,
		.randomize = randomize(o),
		.seed = o->seed,
	};
	const char *script = NULL, *name;
	struct load_error e;

	for (int i = 0; ; i++) {
		q.path = o->program;
		q.fd = o->fd;
		q.argv = o->argv;
		if (load_program(&q, img, &e))
			return;
		/* Scripts are looked for last, so that programs do not pay for the look. */
		if (e.err != ENOEXEC || i == MAX_SCRIPTS)
			break;
		name = o->program;
		if (!script_resolve(o))
			break;
		script = name;
	}
	if (script)
		fail(e.status, "%s (interpreter of the script %s%s)", e.text, script,
		     o->sysroot ? "" : "; -L names the system it is from");
	fail(e.status, "%s", e.text);
}

/* struct prctl_mm_map (include/uapi/linux/prctl.h) */
struct mm_map {
	u64 start_code, end_code, start_data, end_data, start_brk, brk, start_stack;
	u64 arg_start, arg_end, env_start, env_end;
	const void *auxv;
	u32 auxv_size, exe_fd;
};

/*
 * Tells the kernel where the guest's image, stack, arguments and auxiliary vector are, so that
 * cmdline, environ, auxv and stat of /proc say it to all processes, as ps and the guests' view of
 * each other. Needs no privilege, but a kernel that can do it (CONFIG_CHECKPOINT_RESTORE); others
 * show the runner. The break stays ours, and must be told the way it is.
 */
static void tell_kernel(const struct image *img)
{
	const u64 low = 65536;   /* of no interest, but the kernel wants it to be an address */
	struct mm_map m = {
		.start_code = img->code_start + guest_base, .end_code = img->code_end + guest_base,
		.start_data = low, .end_data = low,
		.start_stack = img->sp + guest_base,
		.arg_start = img->arg_start + guest_base, .arg_end = img->arg_end + guest_base,
		.env_start = img->env_start + guest_base, .env_end = img->env_end + guest_base,
		.auxv = g2h(img->auxv), .auxv_size = img->auxv_size, .exe_fd = ~0u,
	};

	m.start_brk = m.brk = host_syscall1(HOST_NR_brk, 0);
	host_syscall5(HOST_NR_prctl, PR_SET_MM, PR_SET_MM_MAP, (u64)&m, sizeof m, 0);
}

static void describe_process(const struct options *o, const struct image *img)
{
	static u8 auxv[MAX_AUXV];
	const char *name = o->execfn ? o->execfn : img->exe, *base = strrchr(name, '/');

	memcpy(auxv, g2h(img->auxv), MIN(img->auxv_size, sizeof auxv));
	/* Under binfmt_misc it is the guest program's name. */
	the_process.runner = o->by_kernel ? NULL : (const char *)getauxval(AT_EXECFN);
	the_process.called = o->as_qemu ? "qemu" : "dragoman";
	the_process.exe = img->exe;
	the_process.vdso = img->vdso;
	the_process.sysroot = img->sysroot;
	the_process.runner_argv = o->repeat;
	the_process.uname_release = o->uname_release;
	the_process.strace = o->strace;
	the_process.summary = o->summary;
	the_process.stack_start = img->stack_start;
	the_process.stack_size = img->stack_size;
	the_process.auxv = auxv;
	the_process.auxv_size = MIN(img->auxv_size, sizeof auxv);
	the_process.arg_start = img->arg_start;
	the_process.arg_end = img->arg_end;
	the_process.env_start = img->env_start;
	the_process.env_end = img->env_end;
	prctl(PR_SET_NAME, base ? base + 1 : name);
	tell_kernel(img);
}

int main(int argc, char **argv, char **envp)
{
	struct vcpu *c = &main_vcpu;
	struct options o;
	struct image img;
	u64 stack, room;

	options_parse(&o, argc, argv, envp);
	if (log_mask || o.summary)
		log_keep_stderr();
	if (the_guest.select_cpu)
		the_guest.select_cpu(o.cpu);

	if (o.reserved)
		reserve(&o);
	space_init(the_guest.va_bits, o.page, o.guest_base, o.reserved);
	stack = limits_init(&room);
	if (!o.stack_size)
		o.stack_size = stack;
	o.translator.room = room;
	cachedir_choose(&o);
	load(&o, &img);
	space_set_brk(img.brk);
	describe_process(&o, &img);

	/* The registers are shown at what leaves translated code. */
	o.translator.syscall = log_on(LOG_CPU) ? NULL : syscall_run;
	translator_init(&the_guest, &o.translator, executable);
	space_on_exec_change = translator_invalidate;
	space_on_shared = translator_memory_shared;
	if (!vcpu_init(c, &the_guest))
		fail(EXIT_NOT_RUNNABLE, "no memory for the first thread");
	syscall_init(c, &loop_hooks);
	the_guest.reset(c, img.entry, img.sp);
	run_loop(c);
}
