# The guest's C libraries' mathematical functions give the oracle's bits: check_libm LIBRARY COUNT

: "${BUILD:=build}" "${TEST_GUEST:=aarch64}"
: "${RUNNER:=$BUILD/dragoman-$TEST_GUEST}"

check_libm() {
	local program=$BUILD/tests/libm/$1 oracle=qemu-$TEST_GUEST-static function

	command -v "$oracle" || skip "no $oracle to compare with"
	make -s libm
	"$oracle" "$program" "$2" > "$BATS_TEST_TMPDIR/want" &
	"$RUNNER" "$program" "$2" > "$BATS_TEST_TMPDIR/got"
	wait $!
	function=$(diff "$BATS_TEST_TMPDIR/want" "$BATS_TEST_TMPDIR/got" | sed -n 's/^> \([a-z0-9]*\) .*/\1/p' | head -1)
	if [ -n "$function" ]; then
		diff "$BATS_TEST_TMPDIR/want" "$BATS_TEST_TMPDIR/got"
		echo "the first thousand arguments of $function that differ:"
		diff <("$oracle" "$program" "$2" "$function") <("$RUNNER" "$program" "$2" "$function") | head -4
		return 1
	fi
	[ "$(wc -l < "$BATS_TEST_TMPDIR/want")" -eq 20 ]
}
