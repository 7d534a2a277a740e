/*
 * ELF identification by table: e_machine, class and byte order to a name.  The rows with class or
 * data 0 hold for any.  Names of runners are those of users' habits (qemu-NAME).  MIPS n32 shares
 * class and machine with o32 and is told apart by e_flags, which the 20 bytes read here do not
 * hold: it is called mips.
 */
#include "base/elfnames.h"

enum { ANY = 0, C32 = 1, C64 = 2, LE = 1, BE = 2, EI_CLASS_AT = 4, EI_DATA_AT = 5 };

static const struct {
	u16 machine;
	u8 elf_class, elf_data;
	const char *name, *runner;
} machines[] = {
	{ 2, C32, BE, "sparc", "sparc" },
	{ 3, C32, LE, "i386", "i386" },
	{ 4, C32, BE, "m68k", "m68k" },
	{ 6, C32, LE, "i486", "i386" },
	{ 8, C32, BE, "mips", "mips" },
	{ 8, C32, LE, "mipsel", "mipsel" },
	{ 8, C64, BE, "mips64", "mips64" },
	{ 8, C64, LE, "mips64el", "mips64el" },
	{ 15, C32, BE, "hppa", "hppa" },
	{ 18, C32, BE, "sparc32plus", "sparc32plus" },
	{ 20, C32, BE, "ppc", "ppc" },
	{ 21, C64, BE, "ppc64", "ppc64" },
	{ 21, C64, LE, "ppc64le", "ppc64le" },
	{ 22, C64, BE, "s390x", "s390x" },
	{ 22, C32, BE, "s390", NULL },
	{ 40, C32, LE, "arm", "arm" },
	{ 40, C32, BE, "armeb", "armeb" },
	{ 41, C64, LE, "alpha", "alpha" },
	{ 42, C32, LE, "sh4", "sh4" },
	{ 42, C32, BE, "sh4eb", "sh4eb" },
	{ 43, C64, BE, "sparc64", "sparc64" },
	{ 50, C64, LE, "ia64", NULL },
	{ 62, C64, LE, "x86_64", "x86_64" },
	{ 62, C32, LE, "x32", NULL },
	{ 76, ANY, ANY, "cris", NULL },
	{ 92, C32, BE, "or1k", "or1k" },
	{ 94, C32, LE, "xtensa", "xtensa" },
	{ 94, C32, BE, "xtensaeb", "xtensaeb" },
	{ 93, ANY, ANY, "arc", NULL },
	{ 164, C32, LE, "hexagon", "hexagon" },
	{ 183, C64, LE, "aarch64", "aarch64" },
	{ 183, C64, BE, "aarch64_be", "aarch64_be" },
	{ 189, C32, LE, "microblazeel", "microblazeel" },
	{ 189, C32, BE, "microblaze", "microblaze" },
	{ 243, C32, LE, "riscv32", "riscv32" },
	{ 243, C64, LE, "riscv64", "riscv64" },
	{ 252, C32, LE, "csky", NULL },
	{ 258, C64, LE, "loongarch64", "loongarch64" },
	{ 0x9026, C64, LE, "alpha", "alpha" },
};

const char *elf_machine_name(u16 machine, u8 elf_class, u8 elf_data, const char **runner)
{
	for (size_t i = 0; i < ARRAY_LEN(machines); i++) {
		if (machines[i].machine != machine)
			continue;
		if (machines[i].elf_class && machines[i].elf_class != elf_class)
			continue;
		if (machines[i].elf_data && machines[i].elf_data != elf_data)
			continue;
		*runner = machines[i].runner;
		return machines[i].name;
	}
	*runner = NULL;
	return NULL;
}

/* Where the names that container images are labelled with (GOARCH's) are others than ours. */
static const struct {
	const char *name, *platform;
} platforms[] = {
	{ "aarch64", "arm64" },
	{ "arm", "arm/v7" },
	{ "i386", "386" },
	{ "loongarch64", "loong64" },
	{ "mips64el", "mips64le" },
	{ "x86_64", "amd64" },
};

const char *elf_platform_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(platforms); i++)
		if (!strcmp(platforms[i].name, name))
			return platforms[i].platform;
	return NULL;
}

u16 elf_ident_machine(const u8 ident[ELF_IDENT_BYTES])
{
	return ident[EI_DATA_AT] == BE ? ident[18] << 8 | ident[19] : ident[19] << 8 | ident[18];
}

void elf_forget_sections(u8 *header)
{
	bool wide = header[EI_CLASS_AT] == C64;

	memset(header + (wide ? 0x28 : 0x20), 0, wide ? 8 : 4);  /* e_shoff */
	memset(header + (wide ? 0x3c : 0x30), 0, 4);             /* e_shnum, e_shstrndx */
}

void elf_set_phoff(u8 *header, u32 off)
{
	unsigned size = header[EI_CLASS_AT] == C64 ? 8 : 4;
	u8 *p = header + (size == 8 ? 0x20 : 0x1c);

	for (unsigned i = 0; i < size; i++)
		p[header[EI_DATA_AT] == BE ? size - 1 - i : i] = i < 4 ? off >> 8 * i : 0;
}
