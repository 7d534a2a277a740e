# The command line, the environment, and how the program sees what it was given.

bats_require_minimum_version 1.5.0

setup_file() {
	cd "$BATS_TEST_DIRNAME/.."
	export RUNNER=${RUNNER:-build/dragoman-aarch64}
	export CROSS_CC=${CROSS_CC:-aarch64-linux-gnu-gcc}
	export D="$BATS_FILE_TMPDIR"
	[ -x "$RUNNER" ] || make -s -j2
	RUNNER=$(readlink -f "$RUNNER")
	! command -v "$CROSS_CC" > /dev/null || "$CROSS_CC" -O1 -static -o "$D/show" tests/loader/show.c
}

setup() {
	cd "$BATS_TEST_DIRNAME/.."
}

need_cross() {
	[ -x "$D/show" ] || skip "no $CROSS_CC"
}

# says PATTERN ARGUMENT...: the runner ends with 0 and its output matches.
says() {
	local pattern=$1
	shift
	run -0 "$RUNNER" "$@"
	echo "wanted: $pattern; output: $output"
	[[ "$output" == $pattern ]]
}

# refuses PATTERN ARGUMENT...: status 1 and one line that matches.
refuses() {
	local pattern=$1
	shift
	run -1 "$RUNNER" "$@"
	echo "wanted: $pattern; output: $output"
	[ "${#lines[@]}" = 1 ]
	[[ "$output" == $pattern ]]
}

@test "mistakes on the command line" {
	refuses 'dragoman: unknown option -nonsense *-h*' -nonsense
	refuses 'dragoman: no program given; usage: *'
	refuses 'dragoman: no program given; usage: *' -strace
	refuses 'dragoman: option -L needs an argument*' -L
	refuses 'dragoman: option -cpu: no model "none"*' -cpu none x
	refuses 'dragoman: option -d: no item "nonsense"*' -d in_asm,nonsense x
	refuses 'dragoman: option -s: "12Q" is not a number' -s 12Q x
	refuses 'dragoman: option -s: "99999999999T" is not a number' -s 99999999999T x
	refuses 'dragoman: option -p: a page of 1000 bytes*' -p 1000 x
	refuses 'dragoman: option -E: "A" is not NAME=VALUE' -E A x
	refuses 'dragoman: option -hide: no "none"*' -hide avx,none x
	refuses 'dragoman: option -off: no "none"*' -off fold,none x
	refuses 'dragoman: option -engine: "x" is neither*' -engine x x
	refuses 'dragoman: option -D: /none/log: No such file*' -D /none/log x
}

@test "options that do not exist yet are refused" {
	for o in "-g 1234" "-plugin x" "-dfilter 0..1"; do
		refuses 'dragoman: option -* is not supported yet' $o x
	done
}

@test "options that print" {
	says 'dragoman-aarch64 version *' -version
	says 'dragoman-aarch64 version *' --version
	says 'Usage: dragoman-aarch64 *DRAGOMAN_LD_PREFIX *-strace *' -h
	says '*max *' -cpu help
	says '*in_asm *' -d help
	says '*all*' -hide help
	says '*fuse*' -off help
}

@test "arguments, and -- before the program" {
	need_cross
	says "$D/show|argv|a b|-L|--" "$D/show" argv "a b" -L --
	says "$D/show|argv" -- "$D/show" argv
	cp "$D/show" "$D/-odd"
	cd "$D"
	says "-odd|argv" -- -odd argv
	says "./-odd|argv" ./-odd argv
}

@test "-0" {
	need_cross
	says "other|argv" -0 other "$D/show" argv
	DRAGOMAN_ARGV0=env says "env|argv" "$D/show" argv
}

@test "-E and -U" {
	need_cross
	says $'*\nNEW=1,2\nSECOND=*' -E NEW=1,2,SECOND= "$D/show" environ
	OLD=1 says '*OLD=2*' -E OLD=2 "$D/show" environ
	OLD=1 run -0 "$RUNNER" -U OLD,HOME "$D/show" environ
	! grep -E '^(OLD|HOME)=' <<< "$output"
	DRAGOMAN_SET_ENV=FROM=env says '*FROM=env*' "$D/show" environ
	GONE=1 DRAGOMAN_UNSET_ENV=GONE run -0 "$RUNNER" "$D/show" environ
	! grep '^GONE=' <<< "$output"
}

@test "environment variables: ours before qemu's, the command line before both" {
	need_cross
	QEMU_UNAME=1.1 says '1.1 aarch64' "$D/show" uname
	QEMU_UNAME=1.1 DRAGOMAN_UNAME=2.2 says '2.2 aarch64' "$D/show" uname
	QEMU_UNAME=1.1 DRAGOMAN_UNAME=2.2 says '3.3 aarch64' -r 3.3 "$D/show" uname
}

@test "a set-user-ID runner ignores the environment" {
	need_cross
	[ "$(id -u)" = 0 ] || skip "not root"
	! findmnt -n -o OPTIONS -T "$D" 2> /dev/null | grep -q nosuid || skip "nosuid"
	cp "$RUNNER" "$D/runner"
	chmod a+x "$D" "$(dirname "$D")" "$(dirname "$(dirname "$D")")"
	chown 65534 "$D/runner"
	chmod 4755 "$D/runner"
	DRAGOMAN_UNAME=2.2 run -0 "$D/runner" "$D/show" uname
	[[ "$output" != 2.2* ]]
	DRAGOMAN_UNAME=2.2 run -0 "$D/runner" "$D/show" aux=23
	[ "$output" = 1 ]
}

@test "-s" {
	need_cross
	says 1 -s 64M "$D/show" stack=50000000
	run -139 "$RUNNER" -s 1M "$D/show" stack=50000000
}

@test "the stack follows ulimit -s" {
	need_cross
	(ulimit -Ss 65536; says 1 "$D/show" stack=50000000)
	(ulimit -Ss 1024; run -139 "$RUNNER" "$D/show" stack=50000000)
	(ulimit -Ss unlimited 2> /dev/null || exit 0; says 1 "$D/show" stack=50000000)
}

@test "-seed" {
	need_cross
	run -0 "$RUNNER" -seed 5 "$D/show" random
	one=$output
	run -0 "$RUNNER" -seed 5 "$D/show" random
	[ "${output%% *}" = "${one%% *}" ]
	run -0 "$RUNNER" -seed 6 "$D/show" random
	[ "${output%% *}" != "${one%% *}" ]
}

@test "-p" {
	need_cross
	says 16384 -p 16K "$D/show" aux=6
	says 65536 -p 65536 "$D/show" aux=6
}

@test "the name of the program" {
	need_cross
	cd "$D"
	says "$D/show ./show" ./show exe
	ln -sf show link
	says "$D/show ./link" ./link exe
}

@test "binfmt_misc with flag P, by name" {
	need_cross
	ln -sf "$RUNNER" "$D/runner-binfmt-P"
	run -0 "$D/runner-binfmt-P" "$D/show" name argv -strace
	[ "$output" = "name|argv|-strace" ]
}

@test "scripts run their interpreter" {
	need_cross
	printf '#! %s argv  x y \nignored\n' "$D/show" > "$D/script"
	says "$D/show|argv  x y|$D/script|argv|z" "$D/script" argv z
	printf '#!%s\n' "$D/show" > "$D/inner"
	printf '#!%s argv\n' "$D/inner" > "$D/outer"
	says "$D/show|$D/inner|argv|$D/outer|z" "$D/outer" z
}

@test "a program that dies of a signal" {
	need_cross
	run -134 "$RUNNER" "$D/show" abort
	[[ "$output" == *'dragoman: uncaught target signal 6 (Aborted) - core dumped'* ]]
	ln -sf "$RUNNER" "$D/qemu-aarch64"
	run -134 "$D/qemu-aarch64" "$D/show" abort
	[[ "$output" == *'qemu: uncaught target signal 6 (Aborted) - core dumped'* ]]
}

@test "a program that dies of an instruction says which, and what it needs" {
	[ "$TEST_GUEST" = aarch64 ] || skip "instructions of aarch64"
	need_cross
	line='dragoman: uncaught target signal 4 (Illegal instruction) - core dumped'
	# udf #7; ptrue p0.b; ldadd wzr, w1, [sp]; ret
	run -132 "$RUNNER" "$D/show" code=00000007
	[[ "$output" =~ ^'dragoman: undefined instruction at 0x'[0-9a-f]+', bytes 07 00 00 00: UDF'$'\n'"$line"$ ]]
	run -132 "$RUNNER" "$D/show" code=2518e3e0
	[[ "$output" == *', bytes e0 e3 18 25: SVE, which needs SVE'$'\n'"$line" ]]
	run -132 "$RUNNER" -cpu cortex-a53 "$D/show" code=b83f03e1,d65f03c0
	[[ "$output" == *', bytes e1 03 3f b8: LDADD, which needs LSE'$'\n'"$line" ]]
	run -0 "$RUNNER" -cpu max "$D/show" code=b83f03e1,d65f03c0
	# Nothing of the kind where the program sent the signal itself.
	run -132 "$RUNNER" "$D/show" raise=4
	[ "$output" = "$line" ]
}

@test "-strace, and -D" {
	need_cross
	says '*uname(*' -strace "$D/show" uname
	says '1.0 aarch64' -r 1.0 -strace -D "$D/log.%d" "$D/show" uname
	grep -q 'uname(' "$D"/log.[0-9]*
}

@test "-strace-c" {
	need_cross
	run -0 "$RUNNER" -strace-c "$D/show" uname
	[[ "$output" == *"system calls"*"% time"*" 1           uname"*" 1           exit_group"*"total"* ]]
	run -0 "$RUNNER" -strace-c -D "$D/counts" "$D/show" uname
	[[ "$output" != *"% time"* ]] && grep -q '^100.00 .* total$' "$D/counts"
	DRAGOMAN_STRACE_C=1 says '*% time*total' "$D/show" uname
}

@test "-D and programs that the program executes" {
	[ -x "$BUILD/tests/syscalls/aarch64/limits" ] || skip "no cross compiler"
	"$RUNNER" -strace -D "$D/all" "$BUILD/tests/syscalls/aarch64/limits" > "$D/out"
	[ "$(grep -c 'execve("/proc/self/exe"' "$D/all")" -eq 3 ]
	[ "$(cut -d' ' -f1 "$D/all" | sort -u | wc -l)" -ge 4 ]
	"$RUNNER" -strace -D "$D/each.%d" "$BUILD/tests/syscalls/aarch64/limits" > "$D/out"
	for log in "$D"/each.*; do
		[ "$(tail -1 "$log" | cut -d' ' -f1)" = "${log##*.}" ]
	done
}

@test "under no address-space layout is the runner in the way" {
	need_cross
	for options in "" -R "-R -L" -L; do
		says "$D/show|argv" "$D/show" argv
		[ -z "$options" ] || run -0 setarch $options "$RUNNER" "$D/show" argv
	done
	(ulimit -s unlimited 2> /dev/null && says "$D/show|argv" "$D/show" argv)
	for limit in 4000000 400000 100000; do
		(ulimit -v $limit; says "$D/show|argv" "$D/show" argv)
	done
}

@test "-B and -R: a program that does not live at its own addresses" {
	need_cross
	for engine in jit interp; do
		says "$D/show|argv" -engine $engine -R 4G "$D/show" argv
		says "$D/show|argv" -engine $engine -B 0x300000000000 "$D/show" argv
		says "$D/show|argv" -engine $engine -R 64G -B 0x300000000000 "$D/show" argv
	done
	run -126 "$RUNNER" -R 4G -B 0x200000000000 "$D/show"
	[[ "$output" == 'dragoman: cannot reserve '* ]]
}

@test "-hide" {
	need_cross
	says "$D/show|argv" -hide avx512,bmi "$D/show" argv
	says "$D/show|argv" -hide all "$D/show" argv
}
