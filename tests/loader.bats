# What happens to files that cannot be run: one line on stderr, the shell's exit code, no crash.

bats_require_minimum_version 1.5.0

setup_file() {
	cd "$BATS_TEST_DIRNAME/.."
	export RUNNER=${RUNNER:-build/dragoman-aarch64}
	export CROSS_CC=${CROSS_CC:-aarch64-linux-gnu-gcc}
	export D="$BATS_FILE_TMPDIR"
	[ -x "$RUNNER" ] || make -s -j2
	echo 'int main(void) { return 7; }' > "$D/seven.c"
	command -v "$CROSS_CC" > /dev/null || return 0
	"$CROSS_CC" -static -o "$D/static" "$D/seven.c"
	"$CROSS_CC" -o "$D/dynamic" "$D/seven.c"
	"$CROSS_CC" -o "$D/lost" -Wl,--dynamic-linker=/lib/nowhere.so.1 "$D/seven.c"
}

setup() {
	cd "$BATS_TEST_DIRNAME/.."
}

# refuses STATUS PATTERN COMMAND...: the exit status, and one line on stderr that matches.
refuses() {
	local want=$1 pattern=$2
	shift 2
	run "-$want" "$@"
	echo "output: $output"
	[ "${#lines[@]}" = 1 ]
	[[ "$output" == $pattern ]]
}

# edit FILE OFFSET BYTES: overwrites bytes (in printf's notation).
edit() {
	printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

need_cross() {
	[ -x "$D/static" ] || skip "no $CROSS_CC"
}

@test "no such file" {
	refuses 127 'dragoman: */none: No such file or directory' "$RUNNER" "$D/none"
	refuses 127 'dragoman: */seven.c/x: Not a directory' "$RUNNER" "$D/seven.c/x"
}

@test "not ELF" {
	refuses 126 'dragoman: *seven.c: not an ELF file' "$RUNNER" "$D/seven.c"
	: > "$D/empty"
	refuses 126 'dragoman: *empty: not an ELF file' "$RUNNER" "$D/empty"
}

@test "a directory, a device, a FIFO" {
	refuses 126 'dragoman: *: is a directory' "$RUNNER" "$D"
	refuses 126 'dragoman: *: not a regular file' "$RUNNER" /dev/null
	mkfifo "$D/fifo"
	refuses 126 'dragoman: *: not a regular file' timeout 60 "$RUNNER" "$D/fifo"
}

@test "a file that may not be read" {
	[ "$(id -u)" != 0 ] || ! command -v setpriv > /dev/null && [ "$(id -u)" = 0 ] && skip "root reads all"
	cp "$D/seven.c" "$D/secret"
	chmod 0 "$D/secret"
	if [ "$(id -u)" = 0 ]; then
		cp "$RUNNER" "$D/runner"
		chmod 755 "$D" "$D/runner"
		chmod a+x "$(dirname "$D")" "$(dirname "$(dirname "$D")")"
		refuses 126 'dragoman: *secret: Permission denied' \
			setpriv --reuid=65534 --regid=65534 --clear-groups "$D/runner" "$D/secret"
	else
		refuses 126 'dragoman: *secret: Permission denied' "$RUNNER" "$D/secret"
	fi
}

@test "a program for another architecture names its runner" {
	printf '\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0\363\0' > "$D/riscv"
	refuses 126 'dragoman: *: program for riscv64, *; use dragoman-riscv64' "$RUNNER" "$D/riscv"
	printf '\177ELF\2\2\1\0\0\0\0\0\0\0\0\0\0\2\0\26' > "$D/s390"
	refuses 126 'dragoman: *: program for s390x, *; use dragoman-s390x' "$RUNNER" "$D/s390"
	printf '\177ELF\1\1\1\0\0\0\0\0\0\0\0\0\2\0\50\0' > "$D/arm"
	refuses 126 'dragoman: *: program for arm, *; use dragoman-arm' "$RUNNER" "$D/arm"
	printf '\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0\377\376' > "$D/unknown"
	refuses 126 'dragoman: *: ELF file for an unknown machine (65279)' "$RUNNER" "$D/unknown"
}

@test "truncated files" {
	need_cross
	for n in 4 19 40 63; do
		head -c $n "$D/static" > "$D/short"
		refuses 126 'dragoman: *short: truncated ELF file' "$RUNNER" "$D/short"
	done
	for n in 64 100 5000 300000; do
		head -c $n "$D/static" > "$D/short"
		refuses 126 'dragoman: *short: truncated ELF file' "$RUNNER" "$D/short"
	done
}

@test "hostile headers" {
	need_cross
	# offset, bytes, message: the ELF header is 64 bytes, program headers of 56 bytes follow
	while read -r off bytes why; do
		cp "$D/static" "$D/hostile"
		edit "$D/hostile" "$off" "$bytes"
		refuses 126 "dragoman: *hostile: *$why*" "$RUNNER" "$D/hostile"
	done <<-'END'
		4 \3 unknown class
		5 \3 unknown byte order
		6 \0 unknown version
		16 \1 an object file
		16 \4 a core dump
		32 \377\377\377\377\377\377\377\377 truncated
		54 \1 program headers
		56 \0\0 program headers
		56 \377\377 program headers
		72 \1\0\0\0 address and file offset disagree
		80 \0\0\0\0\0\0\0\200 outside the address space
		96 \377\377\377\377\377\377\0\0 larger in the file
		104 \0\0\0\0\0\0\0\0 larger in the file
		104 \0\0\0\0\0\377\377\377 outside the address space
		112 \3\0\0\0\0\0\0\0 alignment
		136 \0\10\100\0 overlap
	END
}

@test "an interpreter that is missing" {
	need_cross
	refuses 127 'dragoman: *lost: interpreter /lib/nowhere.so.1: No such file or directory *-L*' "$RUNNER" "$D/lost"
	mkdir -p "$D/root"
	refuses 127 'dragoman: *lost: interpreter *: No such file or directory *-L*' "$RUNNER" -L "$D/root" "$D/lost"
}

@test "an interpreter that is none" {
	need_cross
	mkdir -p "$D/bad/lib"
	echo text > "$D/bad/lib/nowhere.so.1"
	refuses 126 'dragoman: *nowhere.so.1: not an ELF file' "$RUNNER" -L "$D/bad" "$D/lost"
	mkfifo "$D/bad/lib/fifo" && mv "$D/bad/lib/fifo" "$D/bad/lib/nowhere.so.1"
	refuses 126 'dragoman: *nowhere.so.1: not a regular file' timeout 60 "$RUNNER" -L "$D/bad" "$D/lost"
}

@test "scripts: an interpreter that is missing, and one that is the host's" {
	printf '#!/nowhere/sh -x\n' > "$D/script"
	refuses 127 'dragoman: /nowhere/sh: No such file or directory (interpreter of the script *-L*)' "$RUNNER" "$D/script"
	printf '#!%s\n' "$(readlink -f "$RUNNER")" > "$D/script"
	refuses 126 'dragoman: *: program for x86_64, * dragoman-x86_64 ?interpreter of the script *' "$RUNNER" "$D/script"
	printf '#! \n' > "$D/script"
	refuses 126 'dragoman: *: not an ELF file' "$RUNNER" "$D/script"
	printf '#!%s\n' "$D/script" > "$D/script"
	refuses 126 'dragoman: *' "$RUNNER" "$D/script"
}

@test "ten thousand broken files crash nothing" {
	gcc -std=gnu11 -D_GNU_SOURCE -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -I. -Ibase/host/x64 \
		-o "$D/fuzz" tests/loader/fuzz.c loader/*.c \
		base/elfnames.c base/space.c base/host/x64/copy.c base/path.c base/die.c -lelf
	"$D/fuzz" 10000 1
	[ ! -x "$D/static" ] || "$D/fuzz" 2000 2 "$D/static" "$D/dynamic"
}
