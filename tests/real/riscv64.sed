s/@machine@/riscv64/g
s/@macro@/__riscv/g
s/@bfd@/riscv:rv64/g
s/@elf@/RISC-V/g
s/@file@/UCB RISC-V/g
