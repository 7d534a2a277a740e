# The decoder generator and the tables: tables that must not build, and decoders held against binutils.

setup_file() {
	cd "$BATS_TEST_DIRNAME/.."
	make -s build/mkdecode build/gen/frontends/aarch64/decode.c build/gen/frontends/riscv/decode.c
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

# The decoder of frontends/$1, whose names begin with $2, against the disassembler of the command $4, where the
# file $3 explains differences; the rest are flags for the compiler.
against() {
	local folder=$1 name=$2 known=$3 theirs=$4
	shift 4
	gcc -std=gnu11 -O1 -Wall -Wextra -DDECODE_ONLY -DDECODE_NAME="$name" \
		-DDECODE_H="\"frontends/$folder/decode.h\"" "$@" -I. -Ibuild/gen -o "$BATS_TEST_TMPDIR/check" \
		tests/decoder/objdump.c base/insn.c "build/gen/frontends/$folder/decode.c"
	run "$BATS_TEST_TMPDIR/check" "$theirs" "$known" 40 200000
	echo "$output"
	[ "$status" = 0 ]
}

@test "the aarch64 decoder agrees with binutils" {
	command -v aarch64-linux-gnu-objdump || skip "no aarch64-linux-gnu-objdump"
	against aarch64 a64 tests/decoder/aarch64.known "aarch64-linux-gnu-objdump -m aarch64 -M no-aliases"
}

# The host's objdump may not know the extensions; the guest's own does.
@test "the riscv decoder agrees with binutils" {
	local root=build/sysroot/riscv64
	[ -x "$root/usr/bin/objdump" ] || skip "no $root/usr/bin/objdump"
	for variant in rv64 rv32; do
		cat tests/decoder/riscv.known > "$BATS_TEST_TMPDIR/known"
		[ $variant = rv64 ] || cat tests/decoder/riscv32.known >> "$BATS_TEST_TMPDIR/known"
		against riscv rv "$BATS_TEST_TMPDIR/known" "build/dragoman-riscv64 -L $root $root/usr/bin/objdump \
			-m riscv:$variant -M no-aliases,max" -DFILLER=0x0001 -DDECODE_VARIANT=$variant
	done
}

@test "the aarch64 decoder agrees with capstone" {
	gcc -std=gnu11 -O1 -Wall -Wextra -o "$BATS_TEST_TMPDIR/capstone" tests/decoder/capstone.c -lcapstone
	against aarch64 a64 tests/decoder/aarch64.capstone "$BATS_TEST_TMPDIR/capstone"
}
