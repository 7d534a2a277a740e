/*
 * The card: everything that common code may know about a guest, as data and a few functions.
 *
 * A runner holds exactly one card, the global `the_guest`; a guest family's folder defines it.
 * Common code never asks "is this architecture X", it reads a field.
 */
#ifndef BASE_GUEST_H
#define BASE_GUEST_H

#include "base/types.h"

struct insn_row;
struct syscall_row;
struct tr;
struct vcpu;

/* Types of slots and of IR values.  FLAGS are packed as FLAG_N.. below when in memory (u32). */
enum ir_type { T_NONE, T_I32, T_I64, T_F32, T_F64, T_V64, T_V128, T_FLAGS, T_COUNT };

/*
 * Memory form of FLAGS: the form in which x86-64's LAHF and SETO deliver them, and a free choice
 * elsewhere.
 */
enum { FLAG_V = 1 << 0, FLAG_C = 1 << 8, FLAG_Z = 1 << 14, FLAG_N = 1 << 15 };

enum slot_class { CLASS_GPR = 1, CLASS_VEC = 2, CLASS_FLAGS = 4, CLASS_SYS = 8, CLASS_ALL = 15 };

/* One piece of guest state that translated code reaches by GET and PUT. */
struct slot {
	const char *name;
	u16 off;      /* byte offset in vcpu.state; aligned to the size of the type */
	u8 type;      /* enum ir_type */
	u8 cls;       /* enum slot_class */
	s8 boundary;  /* host register number in which it travels between translations, or -1: memory */
};

/* What the frame functions need to know of a delivery. */
struct sigframe {
	const u8 *info;        /* 128 bytes: the guest's siginfo_t */
	u64 handler;           /* guest address */
	u64 restorer;          /* guest address, 0 if none */
	u64 mask;              /* blocked signals to restore */
	u64 altstack_sp, altstack_size;
	u32 altstack_flags;
	u32 signo;
	bool want_siginfo;     /* SA_SIGINFO */
	bool on_altstack;      /* the frame goes to the top of the alternate stack */
	gaddr fault_addr;      /* for SIGSEGV and SIGBUS, else 0 */
};

/* The four O_ flags that architectures moved (their uapi/asm/fcntl.h). */
struct open_flags {
	u32 direct, largefile, directory, nofollow;
};

struct cpu_model {
	const char *name;
	u64 features[4];       /* the guest family's own feature bits */
	u64 id;                /* main identification register */
	const char *what;      /* one line for -cpu help */
};

enum { MAX_SYSCALL_ARGS = 6 };

struct guest {
	const char *name;           /* as in dragoman-NAME */
	const char *machine;        /* uname -m */
	const char *platform;       /* AT_PLATFORM */
	const char *triplet;        /* GNU triplet of the sysroot, e.g. for /usr/TRIPLET */
	u16 elf_machine;            /* e_machine */
	u8 elf_class;               /* 1: 32 bits, 2: 64 bits */
	u8 elf_data;                /* 1: little, 2: big endian */
	u8 word;                    /* bytes of a long */
	u8 u64_align;               /* alignment of a 64-bit member in structures */
	u8 va_bits;
	u8 tag_bits;                /* uppermost bits of an address that accesses and jumps ignore */
	/*
	 * Accesses that must be aligned (MEM_ALIGN) need not be while all their bytes lie in an aligned block of so many;
	 * set by select_cpu; NULL: none.
	 */
	const u32 *atomic_block;
	u32 page_size;              /* smallest page that the guest's kernels use; run-time value may be larger */
	u32 insn_unit;              /* bytes; the pc is a multiple of it */
	/* A property (.note.gnu.property) and its bit that give executable segments space_arch_prot; 0: none. */
	u32 elf_property, elf_property_bit;
	u32 elf_flags_mask, elf_flags;  /* (e_flags & mask) == flags, or the file is refused */

	/* State */
	const struct slot *slots;
	u16 nslots;
	u16 sp_off, tls_off;        /* byte offsets in vcpu.state, 64 bits each */
	void (*reset)(struct vcpu *c, gaddr entry, gaddr sp);
	/*
	 * For a debugger, outside translated code: some slots' content is elsewhere while code runs (sticky flags,
	 * counters).  slots_fill brings their memory up to date before it is looked at; slot_changed makes true
	 * what was written to the memory of any slot.  NULL: there are none such.
	 */
	void (*slots_fill)(struct vcpu *c);
	void (*slot_changed)(struct vcpu *c, unsigned slot);
	/* A clone: child's state is a copy of the parent's; set its result, stack and TLS. */
	void (*clone_child)(struct vcpu *c, gaddr sp, bool set_tls, gaddr tls);

	/* Translation: translate the instruction at t->pc, see translator/ir.h. */
	int (*translate)(struct tr *t);
	/*
	 * True if the FLAGS slots are certainly overwritten before being read when execution goes
	 * on at pc.
	 */
	bool (*flags_dead)(struct tr *t, gaddr pc);
	/*
	 * What else than code and mode a translation of pc depends on, as a number below 256; when it changes, the translations
	 * that it concerns are invalidated.  NULL: nothing.
	 */
	u32 (*variant)(gaddr pc);
	/*
	 * Whether the branch class `how` (EXIT's in translator/ir.def, not 0) may lead to pc, which is executable.  False:
	 * an undefined instruction there, with vcpu.landing the class.  NULL: any branch may lead anywhere.
	 */
	bool (*may_land)(gaddr pc, u32 how);
	u32 disas_arch, disas_mode; /* capstone's numbers; arch -1: none */

	/* Linux */
	u16 sysno_off;              /* where the system-call number is */
	u16 arg_off[MAX_SYSCALL_ARGS];
	u16 ret_off;
	/* The 16 rows from number 244 on, which are the architecture's own (syscall/table.h); or NULL. */
	const struct syscall_row *arch_syscalls;
	const struct open_flags *open_flags;  /* NULL: as in asm-generic/fcntl.h */
	const struct cpu_model *models;  /* ends with a NULL name; the first is the default */
	void (*select_cpu)(const struct cpu_model *m);
	u64 (*hwcap)(unsigned n);   /* AT_HWCAP (n = 1), AT_HWCAP2 (2), ... */
	/* Text of one processor for /proc/cpuinfo into buf; returns its length (as snprintf). */
	int (*cpuinfo)(char *buf, size_t size, unsigned cpu);
	/*
	 * Writes the frame and sets registers; false if the stack cannot be written (then SIGSEGV).
	 */
	bool (*push_frame)(struct vcpu *c, const struct sigframe *f);
	bool sa_restorer;           /* struct sigaction has a restorer member (the kernel's SA_RESTORER) */
	/* Reads the frame back; false if it is bad.  Fills mask and altstack_* of f. */
	bool (*pop_frame)(struct vcpu *c, struct sigframe *f);
	/* EXIT_TRAP with vcpu->trap: fills signo and code; si_addr is vcpu->pc.  May change pc. */
	void (*trap)(struct vcpu *c, s32 *signo, s32 *code);
	/*
	 * prctl operations that only this architecture's kernels have; -EINVAL for all others.
	 * NULL: none.
	 */
	s64 (*prctl)(struct vcpu *c, const u64 a[MAX_SYSCALL_ARGS]);
	/* Restart of an interrupted system call: step back to the instruction. */
	u32 syscall_insn_size;
	const u8 *vdso;             /* ELF image of the guest vdso, NULL: none */
	size_t vdso_size;
	u32 min_sigstack;           /* AT_MINSIGSTKSZ: bytes of a signal frame with all state; 0: not stated */
	gaddr vdso_sigreturn;       /* offset of the rt_sigreturn trampoline in the vdso */

	/* The row of the instruction table that `bytes`, 8 of them in the guest's order, begin with; NULL: none does. */
	const struct insn_row *(*insn_row)(const u8 *bytes);
	/* The registers for -d cpu, line by line; `line` ends each. */
	void (*dump)(const struct vcpu *c, void (*line)(const char *fmt, ...));
};

extern const struct guest the_guest;

/* Whether an access of `size` bytes at a, which must be aligned, is where it may not be. */
static inline bool guest_misaligned(const struct guest *g, u64 a, u32 size)
{
	u32 block = g->atomic_block ? *g->atomic_block : 0;

	return (a & (size - 1)) && (!block || (a & (block - 1)) + size > block);
}

/* The address that a tagged one means: what is ignored is as the bit below it. */
static inline u64 guest_untag(const struct guest *g, u64 a)
{
	return (u64)((s64)(a << g->tag_bits) >> g->tag_bits);
}

/* v as a register of the guest's word size holds it. */
static inline u64 guest_word(const struct guest *g, u64 v)
{
	return g->word == 4 ? (u32)v : v;
}

#endif
