# The random differential test of the aarch64 frontend, a short run of it: every row of the table many times.
# The long run is in tests/long.

setup_file() {
	cd "$BATS_TEST_DIRNAME/.."
	command -v qemu-aarch64-static || skip "no qemu-aarch64-static to compare with"
	make -s difftest
}

setup() {
	cd "$BATS_TEST_DIRNAME/.."
}

@test "100,000 random instructions, compiled" {
	tests/aarch64/difftest/difftest -n 100000
}

@test "20,000 random instructions, interpreted" {
	tests/aarch64/difftest/difftest -e "${RUNNER:-build/dragoman-aarch64} -engine interp" -s 1000 -n 20000
}

@test "20,000 random instructions, each alone" {
	tests/aarch64/difftest/difftest -e "${RUNNER:-build/dragoman-aarch64} -one-insn-per-tb" -s 2000 -n 20000
}

@test "50,000 random instructions, in regions" {
	tests/aarch64/difftest/difftest -e "${RUNNER:-build/dragoman-aarch64} -hot 1" -r 3 -s 4000 -n 50000
}

@test "50,000 random instructions, compiled for a host of x86-64-v2" {
	tests/aarch64/difftest/difftest -e "${RUNNER:-build/dragoman-aarch64} -hide avx" -s 3000 -n 50000
}
