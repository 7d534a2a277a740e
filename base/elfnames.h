/*
 * The one place that knows other guests by name: which runner an ELF file wants.
 *
 * Needed to say "use dragoman-X" and to hand a program to the sibling runner.
 */
#ifndef BASE_ELFNAMES_H
#define BASE_ELFNAMES_H

#include "base/types.h"

enum { ELF_IDENT_BYTES = 20 };  /* what the functions below read of a file */

/* e_machine in the byte order that the identification states. */
u16 elf_ident_machine(const u8 ident[ELF_IDENT_BYTES]);

/*
 * Name of the machine, NULL if it is none that we know.  *runner: NAME of its dragoman-NAME, NULL
 * if the file is the host's own or no runner is planned for it.
 */
const char *elf_machine_name(u16 machine, u8 elf_class, u8 elf_data, const char **runner);

/* The name that container platforms have for a machine, after "linux/"; NULL if it is the same. */
const char *elf_platform_name(const char *name);

/*
 * Edits of a raw header (64 or 52 bytes, as its class says) in its own class and byte order: no
 * sections; and the place of the program headers.
 */
void elf_forget_sections(u8 *header);
void elf_set_phoff(u8 *header, u32 off);

#endif
