/*
 * A disassembler of aarch64 that prints as objdump does, by capstone, so that objdump.c can hold the decoder
 * against both:	capstone [options of objdump, not looked at] FILE
 */
#include <capstone/capstone.h>
#include <stdint.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	FILE *f = argc > 1 ? fopen(argv[argc - 1], "r") : NULL;
	uint32_t word;
	csh handle;

	if (!f || cs_open(CS_ARCH_ARM64, CS_MODE_LITTLE_ENDIAN, &handle))
		return 1;
	for (unsigned long at = 0; fread(&word, sizeof word, 1, f) == 1; at += 4) {
		cs_insn *insn;
		size_t n = cs_disasm(handle, (const uint8_t *)&word, sizeof word, 0, 1, &insn);

		printf("%8lx:\t%08x \t%s\t%s\n", at, word, n ? insn->mnemonic : ".inst", n ? insn->op_str : "");
		if (n)
			cs_free(insn, n);
	}
	return 0;
}
