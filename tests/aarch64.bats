# The aarch64 frontend: every instruction form of cases.txt, on each engine.

setup_file() {
	cd "$BATS_TEST_DIRNAME/.."
	make -s build/tests/aarch64/cases
}

cases() {
	cd "$BATS_TEST_DIRNAME/.."
	build/tests/aarch64/cases "$@" tests/aarch64/cases.txt tests/aarch64/cases_manual.txt tests/aarch64/cases_simd.txt tests/aarch64/cases_ext.txt
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

@test "processor models: capabilities, registers and cpuinfo agree" {
	cd "$BATS_TEST_DIRNAME/.."
	: "${RUNNER:=build/dragoman-aarch64}"
	program=build/tests/syscalls/aarch64/aarch64/features
	[ -x $program ] || skip "no cross compiler"
	for model in $("$RUNNER" -cpu help | awk '{ print $1 }'); do
		run "$RUNNER" -cpu "$model" $program count
		echo "$model: $output"
		[ "${lines[-1]}" = agree ]
		[[ "$model ${lines[0]}" = @(max 4|cortex-a[57]*\ 7|cortex-a76\ 15|neoverse-n1\ 15|neoverse-v1\ 33)* ]]
	done
}

@test "docs/helpers.md names what is not inline, and why" {
	cd "$BATS_TEST_DIRNAME/.."
	make -s build/tests/aarch64/helpers
	for name in $(build/tests/aarch64/helpers all avx | sed -n 's/^\(.*\):.*/\1/p'); do
		grep -q "^|.*\b$name\b.*|" docs/helpers.md
	done
	grep -qw avx2 /proc/cpuinfo && grep -qw fma /proc/cpuinfo || skip "another processor than the lists are for"
	tests/aarch64/helpers.sh build/tests/aarch64/helpers > build/helpers.now
	sed -n '/^## /,$p' docs/helpers.md | diff - <(sed 1d build/helpers.now)
}

@test "the vdso is made from its source" {
	command -v aarch64-linux-gnu-gcc || skip "no cross compiler"
	cd "$BATS_TEST_DIRNAME/.."
	tools/vdso.sh frontends/aarch64 aarch64-linux-gnu- | cmp - frontends/aarch64/vdso_image.h
}

# The host code of the interpreter's fallback on poorer hosts is another, so only where all of it can be made.
@test "hot instructions are made into the host code that was reviewed" {
	command -v aarch64-linux-gnu-gcc || skip "no cross compiler"
	cd "$BATS_TEST_DIRNAME/.."
	for feature in avx2 bmi1 bmi2 abm fma aes pclmulqdq; do
		grep -qw "$feature" /proc/cpuinfo || skip "a host without $feature"
	done
	make -s "${RUNNER:-build/dragoman-aarch64}"
	tests/aarch64/hostcode.sh < tests/aarch64/hostcode.txt | diff tests/aarch64/hostcode.txt -
}
