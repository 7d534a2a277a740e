# One program of tests/syscalls: run for the guest, and held against the host or a known answer.
# The outputs stay beside the program, for whoever has to look; several files of tests run the same
# programs at the same time, so each has its own.

: "${BUILD:=build}" "${TEST_GUEST:=aarch64}"
: "${RUNNER:=$BUILD/dragoman-$TEST_GUEST}" "${SYSROOT:=build/sysroot/$TEST_GUEST}"

check_syscalls() {
	local guest=$BUILD/tests/syscalls/$TEST_GUEST/$1 native=$BUILD/tests/syscalls/native/$1
	local out=$guest.$(basename "$BATS_TEST_FILENAME" .bats).out expected status=0

	"$RUNNER" "$guest" > "$out" 2>&1 < /dev/null || status=$?
	if [ "$status" -ne 0 ]; then
		echo "exit status $status"
		tail -5 "$out"
		return 1
	fi
	expected=tests/syscalls/$1.expected
	if ! [ -r "$expected" ]; then
		"$native" > "$out.native" 2>&1 < /dev/null
		expected=$out.native
	fi
	diff "$expected" "$out"
}
