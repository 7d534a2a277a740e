/* From a file to a process image: ELF, interpreter, stack, auxiliary vector, vdso. */
#ifndef LOADER_LOADER_H
#define LOADER_LOADER_H

#include "base/guest.h"

struct image {
	gaddr entry;        /* where execution begins: the interpreter's, if any */
	gaddr sp;           /* initial stack pointer */
	gaddr exec_entry;   /* AT_ENTRY */
	gaddr code_start, code_end;  /* the program's image */
	gaddr brk;          /* first address after the image, page-aligned */
	gaddr interp_base;  /* AT_BASE */
	gaddr vdso;
	gaddr stack_start, stack_size;
	gaddr arg_start, arg_end, env_start, env_end;
	gaddr auxv;         /* guest address of the auxiliary vector */
	size_t auxv_size;   /* bytes, AT_NULL included */
	const char *exe;    /* absolute path */
	const char *sysroot;/* -L, or the default one that held the interpreter, or NULL */
};

struct load_request {
	const char *path;       /* the program */
	const char *execfn;     /* AT_EXECFN, or NULL: path */
	int fd;                 /* already open (AT_EXECFD), or -1 */
	const char *sysroot;    /* -L, or NULL */
	char *const *argv, *const *envp;
	u64 stack_size;         /* in bytes; ~0: not limited */
	u64 reserved;           /* -R: bytes of address space, or 0: all there is */
	const struct guest *g;
	bool secure;            /* AT_SECURE */
	bool randomize;         /* addresses; false as with personality ADDR_NO_RANDOMIZE */
	u64 seed;               /* -seed; where not 0, addresses and AT_RANDOM follow from it */
};

/* Why a file cannot be run; `status` is the shell's exit code, `text` one line without newline. */
struct load_error {
	int status;
	int err;                /* positive errno as execve would give, for the guest's execve */
	char text[512];
};

/* Maps everything and builds the stack.  False and *e on error; memory may then be partly mapped. */
bool load_program(const struct load_request *q, struct image *img, struct load_error *e);

#endif
