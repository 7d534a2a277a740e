# What the runner tells of itself: -d stats, -perfmap, -jitdump.  Figures are held against what the program is
# known to do, and against each other.

bats_require_minimum_version 1.5.0

setup_file() {
	cd "$BATS_TEST_DIRNAME/.."
	export RUNNER=${RUNNER:-build/dragoman-aarch64}
	export CROSS_CC=${CROSS_CC:-aarch64-linux-gnu-gcc}
	export D="$BATS_FILE_TMPDIR"
	[ -x "$RUNNER" ] || make -s -j2
	RUNNER=$(readlink -f "$RUNNER")
	command -v "$CROSS_CC" > /dev/null || skip "no $CROSS_CC"
	"$CROSS_CC" -O1 -static -o "$D/guest" tests/stats/guest.c
	gcc -O1 -o "$D/jitdump" tests/stats/jitdump.c
}

setup() {
	cd "$D"
	rm -f log
}

# stats ARGUMENT...: runs the guest; the report is in the file log.
stats() {
	"$RUNNER" -d stats -D "$D/log" "$@"
}

# figure NAME [COLUMN]: a figure of the report, 0 where it is not there.
figure() {
	awk -v name="$1" -v column="${2:-1}" '
		substr($0, 3, length(name)) == name && substr($0, 3 + length(name)) ~ /^ +[0-9]/ {
			split(substr($0, 3 + length(name)), f)
			value = f[column]
		}
		END { print value + 0 }' "${LOG:-$D/log}"
}

# in_range FIGURE LOW HIGH
in_range() {
	echo "$1 in $2..$3"
	[ "$1" -ge "$2" ] && [ "$1" -le "$3" ]
}

@test "-d stats: blocks, regions and their maps" {
	stats "$D/guest" loop
	cat log
	head -1 log | grep -qx "[0-9]* stats of $D/guest"
	in_range "$(figure blocks)" 50 20000
	in_range "$(figure regions)" 1 200
	# An instruction of 4 bytes takes some bytes of the host's, and not a hundred.
	in_range $(($(figure blocks 3) / $(figure blocks 2))) 3 60
	in_range "$(figure blocks 2)" "$(figure blocks)" 100000
	for column in 1 2 3 4; do
		[ "$(figure all $column)" = $(($(figure blocks $column) + $(figure regions $column))) ]
	done
	# The share that the report prints is that of the bytes that it prints.
	share=$(awk '$1 == "all" { sub(/%/, "", $6); print int($6 * 10 + 0.5) }' log)
	[ "$share" = $(($(figure all 4) * 1000 / $(figure all 3))) ]
	in_range "$share" 10 300
	awk '$1 == "translation" { exit !($2 > 0 && $4 + 0 > 0 && $7 > 0) }' log
	in_range "$(figure "links asked for")" 1 "$(figure "links made")"
	[ "$(figure entries)" = 1 ]
}

@test "-d stats: -hot 0 makes no regions, -hot 1 many" {
	stats -hot 0 "$D/guest" loop
	[ "$(figure regions)" = 0 ]
	[ "$(figure blocks)" -gt 0 ]
	blocks=$(figure blocks)
	stats -hot 1 "$D/guest" loop
	cat log
	[ "$(figure regions)" -gt 10 ]
	[ "$(figure regions)" -le "$(figure blocks)" ]
	in_range "$(figure blocks)" $((blocks / 2)) $((blocks * 2))
}

@test "-d stats: exits by cause" {
	stats "$D/guest" fault
	cat log
	[ "$(figure "  fault")" = 50 ]
	[ "$(figure entries)" = $(($(figure exits) + 1)) ]
	calls=$("$RUNNER" -strace "$D/guest" fault 2>&1 | grep -c '^[0-9]* [a-z].*(')
	# exit_group is one of them; those of the vdso are none.
	[ "$(figure "system calls")" = "$calls" ]
	stats "$D/guest" loop
	[ "$(figure "  fault")" = 0 ]
}

@test "-d stats: code that changes" {
	stats "$D/guest" code
	cat log
	[ "$(figure invalidations)" -ge 5 ]
	in_range "$(figure dropped)" 4 20
	stats -d nochain "$D/guest" code
	[ "$(figure "links made")" = 0 ]
}

@test "-d stats: operations that are done by calls of C" {
	# Without FMA3, which -hide all hides, one operation of the guest's is done by the interpreter's code.
	stats -hide all "$D/guest" fma
	cat log
	[ "$(figure "  FMA")" = 1 ]
	[ "$(figure "calls of C")" = "$(awk '/calls of C/ { on = 1; next } on { sum += $2 } END { print sum }' log)" ]
	stats -hide all "$D/guest" loop
	[ "$(figure "  FMA")" = 0 ]
}

@test "-d stats: each process reports, however it ends" {
	stats "$D/guest" fork
	[ "$(grep -c ' stats of ' log)" = 2 ]
	[ "$(awk '/ stats of / { print $1 }' log | sort -u | wc -l)" = 2 ]
	# The child tells what it did itself.
	child=$(sed '2,$ { / stats of /,$d }' log)
	[ "$(LOG=/dev/stdin figure blocks <<< "$child")" -lt "$(figure blocks)" ]
	run -3 stats "$D/guest" thread
	[ "$(grep -c ' stats of ' log)" = 1 ]
	run -134 stats "$D/guest" die
	[ "$(grep -c ' stats of ' log)" = 1 ]
}

@test "-d stats: of programs that are executed" {
	[ -x "$SYSROOT/bin/bash" ] || skip "no sysroot"
	stats -L "$SYSROOT" "$SYSROOT/bin/bash" -c '/bin/true; exec /bin/true'
	grep ' stats of ' log
	[ "$(grep -c ' stats of .*/bash$' log)" = 2 ]
	[ "$(grep -c ' stats of .*/true$' log)" = 2 ]
}

@test "-d stats: through -D, and nothing of it without the option" {
	run -0 "$RUNNER" -d stats "$D/guest" loop
	[[ "$output" == *" stats of $D/guest"* ]]
	run -0 "$RUNNER" "$D/guest" loop
	[ -z "$output" ]
	stats -D "$D/log.%d" "$D/guest" fork
	[ "$(ls "$D"/log.* | wc -l)" = 2 ]
	rm "$D"/log.*
}

# profile ARGUMENT...: runs the guest; its process's number is in pid.
profile() {
	rm -f "$D"/jit-*.dump
	"$RUNNER" "$@" &
	pid=$!
	wait "$pid"
}

# Lines are START SIZE NAME; translations lie one behind the other.
well_formed() {
	awk '
		!/^[0-9a-f]+ [0-9a-f]+ [^ ].*$/ { print "line: " $0; bad = 1 }
		{ start = ("0x" $1) + 0 }
		END { exit bad || NR < 50 }' "$1"
	# No two overlap.
	while read -r start size _; do
		echo "$((16#$start)) $((16#$size))"
	done < "$1" | sort -n | awk '$1 < end { print "overlap at " $1; bad = 1 } { end = $1 + $2 } END { exit bad }'
}

@test "-perfmap" {
	profile -perfmap "$D/guest" loop
	map=/tmp/perf-$pid.map
	well_formed "$map"
	grep -E '^[0-9a-f]+ [0-9a-f]+ main$' "$map"
	grep -E '^[0-9a-f]+ [0-9a-f]+ main\+0x[0-9a-f]+ \[region\]$' "$map"
	grep -E ' __libc_start_main' "$map"
	rm "$map"
	profile -perfmap -hot 0 "$D/guest" loop
	! grep '\[region\]' "/tmp/perf-$pid.map"
	rm "/tmp/perf-$pid.map"
}

@test "-perfmap: as many lines as translations" {
	profile -perfmap -d stats -D "$D/log" "$D/guest" loop
	[ "$(wc -l < "/tmp/perf-$pid.map")" = $(($(figure all) + 1)) ]
	[ "$(grep -c '\[region\]' "/tmp/perf-$pid.map")" = "$(figure regions)" ]
	rm "/tmp/perf-$pid.map"
}

@test "-perfmap: names of shared libraries" {
	[ -x "$SYSROOT/bin/true" ] || skip "no sysroot"
	profile -perfmap -L "$SYSROOT" "$SYSROOT/bin/bash" -c 'printf %d 3 > /dev/null; echo a'
	map=/tmp/perf-$pid.map
	well_formed "$map"
	# bash itself is stripped, but what it exports is there; libc's names are from its own file
	grep -E ' (mem|str)[a-z]+(\+|$)' "$map"
	grep -E ' ld-linux-[a-z0-9-]+\.so\.[0-9]\+0x|_dl_' "$map"
	rm "$map"
}

@test "-jitdump" {
	profile -jitdump -perfmap "$D/guest" loop
	dump=jit-$pid.dump
	[ -f "$dump" ]
	"$D/jitdump" "$dump" "$pid" > records
	grep -E '^[0-9a-f]+ [0-9a-f]+ main$' records
	diff records "/tmp/perf-$pid.map"
	rm "/tmp/perf-$pid.map"
}

@test "-jitdump: a forked child has one of its own, with what it inherited" {
	profile -jitdump "$D/guest" fork
	[ "$(ls jit-*.dump | wc -l)" = 2 ]
	for dump in jit-*.dump; do
		n=${dump#jit-}
		"$D/jitdump" "$dump" "${n%.dump}" > records
		grep -E ' main$' records
		if [ "${n%.dump}" = "$pid" ]; then
			! grep child_work records
		else
			grep child_work records
		fi
	done
}

@test "perf inject reads the jitdump" {
	command -v perf > /dev/null || skip "no perf"
	rm -f jit-*.dump
	perf record -q -k 1 -o perf.data "$RUNNER" -jitdump "$D/guest" loop 2> /dev/null || skip "perf record does not work here"
	perf inject --jit -i perf.data -o injected.data
	perf report -i injected.data --stdio 2> /dev/null | grep -E 'main.*\[region\]'
	rm -f jitted-*.so perf.data injected.data
}
