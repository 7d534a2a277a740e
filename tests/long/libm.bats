# Mathematical functions of the guest's C libraries, a million arguments each.

setup() {
	cd "$BATS_TEST_DIRNAME/../.."
	load "$PWD/tests/libm"
}

@test "glibc's libm, 1,000,000 arguments a function" {
	check_libm glibc 1000000
}

@test "musl's libm, 1,000,000 arguments a function" {
	check_libm musl 1000000
}
