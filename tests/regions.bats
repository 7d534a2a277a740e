# Regions: the benchmark's kernels, which are nothing but hot code, say what they say natively, whether blocks
# become regions at once, soon, or never.

setup_file() {
	cd "$BATS_TEST_DIRNAME/.."
	make -s bench-programs
}

setup() {
	cd "$BATS_TEST_DIRNAME/.."
	: "${BUILD:=build}" "${TEST_GUEST:=aarch64}"
	: "${RUNNER:=$BUILD/dragoman-$TEST_GUEST}"
}

kernels_with() {
	for kernel in "$BUILD"/bench/native/*; do
		name=${kernel##*/}
		echo "$name $*"
		[ "$("$kernel")" = "$("$RUNNER" "$@" "$BUILD/bench/$TEST_GUEST/$name")" ]
	done
}

@test "kernels, every block a region at once" {
	kernels_with -hot 1
}

@test "kernels, regions early" {
	kernels_with -hot 7
}

@test "kernels, regions early, without the host's extensions" {
	kernels_with -hot 7 -hide all
}

@test "kernels, regions early, without our optimisations" {
	kernels_with -hot 7 -off all
}

@test "kernels, regions as usual" {
	kernels_with
}

@test "kernels, no regions" {
	kernels_with -hot 0
}

@test "system calls, signals and threads, every block a region at once" {
	load "$PWD/tests/syscalls"
	make -s test-programs
	export DRAGOMAN_HOT=1
	# Those with a folder are one guest's.
	for name in $(awk -v guest="${TEST_GUEST:-aarch64}" '!/^#/ && ($1 !~ "/" || $1 ~ "^" guest "/") { print $1 }' \
			tests/syscalls.txt); do
		echo "$name"
		check_syscalls "$name"
	done
}
