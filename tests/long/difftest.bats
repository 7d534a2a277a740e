# Ten million random aarch64 instructions, every row of the table in turn, against the oracle.

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.."
	command -v qemu-aarch64-static || skip "no qemu-aarch64-static to compare with"
	make -s difftest
}

@test "10,000,000 random instructions, compiled" {
	cd "$BATS_TEST_DIRNAME/../.."
	tests/aarch64/difftest/difftest -s 10000 -n 10000000
}

@test "2,000,000 random instructions, in regions" {
	cd "$BATS_TEST_DIRNAME/../.."
	tests/aarch64/difftest/difftest -e "${RUNNER:-build/dragoman-aarch64} -hot 1" -r 3 -s 30000 -n 2000000
}

@test "1,000,000 random instructions, interpreted" {
	cd "$BATS_TEST_DIRNAME/../.."
	tests/aarch64/difftest/difftest -e "${RUNNER:-build/dragoman-aarch64} -engine interp" -s 20000 -n 1000000
}
