# Ten million random riscv64 instructions, every row of the table in turn, against the oracle.

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.."
	export ORACLE="${ORACLE:-qemu-riscv64}"
	case $("$ORACLE" --version 2> /dev/null) in
	*"version "[1-9][0-9].*) ;;
	*) skip "no $ORACLE of version 10 to compare with" ;;
	esac
	make -s difftest-riscv64
}

setup() {
	cd "$BATS_TEST_DIRNAME/../.."
	runner=build/dragoman-riscv64
}

@test "riscv64: 10,000,000 random instructions, compiled" {
	tests/riscv64/difftest/difftest -e "$runner" -s 10000 -n 1350000
}

@test "riscv64: 2,000,000 random instructions, in regions" {
	tests/riscv64/difftest/difftest -e "$runner -hot 1" -s 30000 -n 270000
}

@test "riscv64: 1,000,000 random instructions, interpreted" {
	tests/riscv64/difftest/difftest -e "$runner -engine interp" -s 20000 -n 135000
}
