# The code cache when it is full: bounded, emptied while threads run, and right.

bats_require_minimum_version 1.5.0

setup_file() {
	cd "$BATS_TEST_DIRNAME/.."
	export RUNNER=${RUNNER:-build/dragoman-aarch64}
	export CROSS_CC=${CROSS_CC:-aarch64-linux-gnu-gcc}
	[ -x "$RUNNER" ] || make -s -j2
	RUNNER=$(readlink -f "$RUNNER")
	command -v "$CROSS_CC" > /dev/null || skip "no $CROSS_CC"
	"$CROSS_CC" -O1 -static -pthread -o "$BATS_FILE_TMPDIR/generate" tests/cache/generate.c
}

setup() {
	cd "$BATS_FILE_TMPDIR"
}

# generate OPTION... -- THREADS FUNCTIONS: all is right; peak is then the most memory used, in KiB.
generate() {
	local options=()
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	"$RUNNER" -d stats -D "$BATS_TEST_TMPDIR/log" "${options[@]}" ./generate "$@" > "$BATS_TEST_TMPDIR/out"
	[ "$(head -1 "$BATS_TEST_TMPDIR/out")" = "0 wrong" ]
	peak=$(sed -n 's/ KiB$//p' "$BATS_TEST_TMPDIR/out")
	flushes=$(awk '/^  cache flushes/ { n += $3 } END { print n + 0 }' "$BATS_TEST_TMPDIR/log")
	echo "${options[*]}: $peak KiB, $flushes flushes"
}

@test "a program that generates code without end stays within -code" {
	generate -code 1M -- 1 60000
	small=$peak
	[ "$flushes" -ge 3 ]
	generate -code 1M -- 1 240000
	[ "$flushes" -ge 12 ]
	# four times as much code, and no more memory
	[ "$peak" -lt $((small + 1024)) ]
	[ "$peak" -lt 9216 ]
}

@test "without a limit it takes more, and is not emptied" {
	generate -- 1 60000
	[ "$flushes" -eq 0 ]
	[ "$peak" -gt 12288 ]
}

@test "emptied while threads run" {
	generate -code 1M -- 8 15000
	[ "$flushes" -ge 3 ]
	generate -code 1M -hot 1 -- 8 15000
	[ "$flushes" -ge 3 ]
}

@test "forks: code that two processes have in common" {
	generate -- 1 300 6
	generate -hot 1 -- 1 300 6
	generate -hot 0 -- 1 3000 4
	generate -code 1M -- 2 8000 3
	[ "$flushes" -ge 3 ]
}

@test "a limit that cannot be" {
	for size in 0 1000K 129M 1x; do
		run -1 "$RUNNER" -code $size ./generate 1 1
		[[ $output == *"option -code: "* ]]
	done
}
