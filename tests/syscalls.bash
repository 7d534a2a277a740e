# One program of tests/syscalls: run for the guest, and held against the host or a known answer.
# The outputs stay beside the program, for whoever has to look.

: "${BUILD:=build}" "${TEST_GUEST:=aarch64}"
: "${RUNNER:=$BUILD/dragoman-$TEST_GUEST}" "${SYSROOT:=build/sysroot/$TEST_GUEST}"

check_syscalls() {
	local guest=$BUILD/tests/syscalls/$TEST_GUEST/$1 native=$BUILD/tests/syscalls/native/$1 expected status=0

	"$RUNNER" "$guest" > "$guest.out" 2>&1 < /dev/null || status=$?
	if [ "$status" -ne 0 ]; then
		echo "exit status $status"
		tail -5 "$guest.out"
		return 1
	fi
	expected=tests/syscalls/$1.expected
	if ! [ -r "$expected" ]; then
		"$native" > "$native.out" 2>&1 < /dev/null
		expected=$native.out
	fi
	diff "$expected" "$guest.out"
}
