# The riscv32 frontend: every instruction form of cases.txt and cases_fp.txt, on each engine.

setup_file() {
	cd "$BATS_TEST_DIRNAME/.."
	make -s build/tests/riscv32/cases
}

cases() {
	cd "$BATS_TEST_DIRNAME/.."
	build/tests/riscv32/cases "$@" tests/riscv32/cases.txt tests/riscv32/cases_fp.txt tests/riscv64/cases_manual.txt
}

@test "riscv32: cases on the interpreter; every row has one" {
	cases -u
}

@test "riscv32: cases on the interpreter, one instruction at a time" {
	cases -1
}

@test "riscv32: cases on the JIT" {
	cases -e jit
}

@test "riscv32: cases on the JIT, one instruction at a time" {
	cases -e jit -1
}

@test "riscv32: what a processor model lacks is illegal" {
	cd "$BATS_TEST_DIRNAME/.."
	for engine in interp jit; do
		build/tests/riscv32/cases -e $engine -c rv32 tests/riscv32/cases_rv32.txt
	done
}

@test "riscv32: the vdso is made from its source" {
	command -v riscv64-linux-gnu-gcc || skip "no cross compiler"
	cd "$BATS_TEST_DIRNAME/.."
	tools/vdso.sh frontends/riscv riscv64-linux-gnu- -march=rv32gc -mabi=ilp32d | cmp - frontends/riscv/vdso_image_riscv32.h
}
