# The aarch64 frontend: every instruction form of cases.txt, on each engine.

setup_file() {
	cd "$BATS_TEST_DIRNAME/.."
	make -s build/tests/aarch64/cases
}

cases() {
	cd "$BATS_TEST_DIRNAME/.."
	build/tests/aarch64/cases "$@" tests/aarch64/cases.txt tests/aarch64/cases_manual.txt tests/aarch64/cases_simd.txt
}

@test "cases on the interpreter; every base row has one" {
	cases -u
}

@test "cases on the interpreter, one instruction at a time" {
	cases -1
}

@test "cases on the JIT" {
	cases -e jit
}

@test "cases on the JIT, one instruction at a time" {
	cases -e jit -1
}

@test "what a processor model lacks is undefined" {
	cd "$BATS_TEST_DIRNAME/.."
	build/tests/aarch64/cases -c cortex-a53 tests/aarch64/cases_a53.txt
}

@test "the vdso is made from its source" {
	command -v aarch64-linux-gnu-gcc || skip "no cross compiler"
	cd "$BATS_TEST_DIRNAME/.."
	tools/vdso.sh frontends/aarch64 aarch64-linux-gnu- | cmp - frontends/aarch64/vdso_image.h
}
