s/@machine@/aarch64/g
s/@macro@/__aarch64__/g
s/@bfd@/aarch64/g
s/@elf@/AArch64/g
s/@file@/ARM aarch64/g
