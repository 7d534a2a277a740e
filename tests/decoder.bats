# The decoder generator and the tables: tables that must not build, and decoders held against binutils.

setup_file() {
	cd "$BATS_TEST_DIRNAME/.."
	make -s build/mkdecode build/gen/frontends/aarch64/decode.c
}

setup() {
	cd "$BATS_TEST_DIRNAME/.."
}

# Each of decoder/*.tbl says in its first line which error mkdecode must find.
@test "mkdecode refuses tables with mistakes" {
	for table in tests/decoder/*.tbl; do
		expect=$(sed -n '1s/^# expect: //p' "$table")
		[ -n "$expect" ]
		run build/mkdecode -o "$BATS_TEST_TMPDIR/decode" "$table"
		if [ "$status" != 1 ] || [[ "$output" != *"$expect"* ]]; then
			echo "$table: status $status, expected: $expect"
			echo "$output"
			return 1
		fi
		[ ! -e "$BATS_TEST_TMPDIR/decode.c" ]
	done
}

@test "mkdecode's errors name the lines of both rows" {
	run build/mkdecode -o "$BATS_TEST_TMPDIR/decode" tests/decoder/overlap.tbl
	[[ "$output" == tests/decoder/overlap.tbl:7:*overlaps*tests/decoder/overlap.tbl:6* ]]
}

# What tests/decoder/NAME.c expects of the decoder made from NAME.good.
decoder_of() {
	build/mkdecode -o "$BATS_TEST_TMPDIR/$1" tests/decoder/$1.good
	gcc -std=gnu11 -O1 -Wall -Wextra -Werror -I. -I"$BATS_TEST_TMPDIR" -o "$BATS_TEST_TMPDIR/$1" \
		tests/decoder/$1.c base/insn.c "$BATS_TEST_TMPDIR/$1.c"
	"$BATS_TEST_TMPDIR/$1"
}

@test "every clause of a table comes to what it says" {
	decoder_of syntax
}

@test "instructions of two widths, fields in pieces" {
	decoder_of widths
}

@test "the aarch64 decoder agrees with binutils" {
	command -v aarch64-linux-gnu-objdump || skip "no aarch64-linux-gnu-objdump"
	gcc -std=gnu11 -O1 -Wall -Wextra -DDECODE_ONLY -I. -Ibuild/gen -o "$BATS_TEST_TMPDIR/check" \
		tests/decoder/objdump.c base/insn.c build/gen/frontends/aarch64/decode.c
	run "$BATS_TEST_TMPDIR/check" aarch64-linux-gnu-objdump tests/decoder/aarch64.known 40 200000
	echo "$output"
	[ "$status" = 0 ]
}
