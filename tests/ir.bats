# The intermediate representation: builder, verifier, interpreter, software floating point and backend.

setup_file() {
	cd "$BATS_TEST_DIRNAME/.."
	make -s ir-test
}

setup() {
	cd "$BATS_TEST_DIRNAME/.."
	ir_test="${BUILD:-build}/tests/ir/ir-test"
}

# What it prints last is "N passed, N failed"; bats shows all of it when the status is not 0.
for_engines() {
	for engine in interp jit; do
		echo "engine $engine: $*"
		"$ir_test" "$engine" "$@"
	done
}

@test "operations give the manuals' results" {
	for_engines cases tests/ir/cases.txt
}

@test "state, memory, faults, exits, helpers, verifier" {
	for_engines blocks
}

@test "floating-point control and sticky exceptions in the middle of a program" {
	for_engines modes
}

@test "folding cannot be seen" {
	for_engines folding 3000
}

@test "random programs over all operations" {
	for_engines random 2000
}

@test "software floating point agrees with the host's unit" {
	"$ir_test" softfp 3000
}
