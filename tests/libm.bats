# Mathematical functions of the guest's C libraries, some thousand arguments each; a million in tests/long.

setup() {
	cd "$BATS_TEST_DIRNAME/.."
	load "$PWD/tests/libm"
}

@test "glibc's libm, 20,000 arguments a function" {
	check_libm glibc 20000
}

@test "musl's libm, 20,000 arguments a function" {
	check_libm musl 20000
}
