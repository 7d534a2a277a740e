# Translations that outlive the process (translator/persist.c): they are used, they are right, and nothing that is
# found on the disk does harm.

bats_require_minimum_version 1.5.0

setup_file() {
	cd "$BATS_TEST_DIRNAME/.."
	export RUNNER=${RUNNER:-build/dragoman-aarch64}
	export CROSS_CC=${CROSS_CC:-aarch64-linux-gnu-gcc}
	[ -x "$RUNNER" ] || make -s -j2
	RUNNER=$(readlink -f "$RUNNER")
	command -v "$CROSS_CC" > /dev/null || skip "no $CROSS_CC"
	"$CROSS_CC" -O1 -static -o "$BATS_FILE_TMPDIR/guest" tests/persist/guest.c -lm
	"$CROSS_CC" -O1 -static -DANSWER=43 -Wl,--build-id=none -o "$BATS_FILE_TMPDIR/other" tests/persist/guest.c -lm
	"$CROSS_CC" -O1 -static -Wl,--build-id=none -o "$BATS_FILE_TMPDIR/one" tests/persist/guest.c -lm
	"$CROSS_CC" -O1 -static-pie -o "$BATS_FILE_TMPDIR/pie" tests/persist/guest.c -lm
}

setup() {
	cd "$BATS_FILE_TMPDIR"
	export DRAGOMAN_CACHE=$BATS_TEST_TMPDIR/cache
	answer="42 0 2002 $(python3 -c '
from math import sqrt
print("%.6f" % sum(sqrt(n) * (i % 7) for i, n in enumerate(sorted(i * 7919 % 2003 for i in range(2000)))))')"
}

# guest [OPTION...] PROGRAM: runs it and holds what it says against the answer; the report is in the file log.
guest() {
	local status=0
	"$RUNNER" -d stats -D "$BATS_TEST_TMPDIR/log" "$@" > "$BATS_TEST_TMPDIR/out" || status=$?
	echo "$* -> $status, $(cat "$BATS_TEST_TMPDIR/out")"
	[ "$status" -eq 42 ] && [ "$(cat "$BATS_TEST_TMPDIR/out")" = "$answer" ]
}

# figure NAME: a figure of the report, 0 where it is not there.
figure() {
	sed -n "s/^  $1  *\([0-9][0-9]*\).*/\1/p" "$BATS_TEST_TMPDIR/log" | grep . || echo 0
}

made() {
	figure blocks
}

restored() {
	figure "from the disk"
}

@test "the second process translates next to nothing" {
	guest ./guest
	first=$(made)
	[ "$first" -gt 300 ]
	[ "$(restored)" -eq 0 ]
	[ "$(ls "$DRAGOMAN_CACHE" | wc -l)" -eq 1 ]
	guest ./guest
	echo "first $first, then $(made) and $(restored)"
	[ "$(made)" -lt $((first / 20)) ]
	[ "$(restored)" -ge $((first - first / 20)) ]
	# the loop's region, too
	[ "$(figure regions)" -eq 0 ]
}

@test "images at other addresses, and every variant of running" {
	for i in 1 2 3; do
		guest ./pie
	done
	[ "$(restored)" -gt 300 ]
	for options in "-hot 1" "-hot 0" "-hide avx" "-hide all" "-cpu cortex-a53" "-hot 3"; do
		for i in 1 2 3; do
			guest $options ./pie
			guest $options ./guest
		done
		[ "$(restored)" -gt 300 ]
	done
}

@test "what code depends on keeps translations apart" {
	guest ./guest
	for options in "-hot 0" "-hide avx" "-cpu cortex-a53"; do
		guest $options ./guest
		echo "$options: $(restored)"
		[ "$(restored)" -eq 0 ]
	done
	# whoever looks at translations sees them made
	"$RUNNER" -d in_asm,stats -D "$BATS_TEST_TMPDIR/log" ./guest > /dev/null || true
	[ "$(restored)" -eq 0 ]
	grep -q '^IN: ' "$BATS_TEST_TMPDIR/log"
}

@test "another program of the same name, size and headers is another program" {
	cmp -n 1024 one other
	run ! cmp -s one other
	cp one same
	guest ./same
	guest ./same
	[ "$(restored)" -gt 300 ]
	cat other > same
	answer=${answer/42/43}
	run -43 "$RUNNER" ./same
	[ "$output" = "$answer" ]
	run -43 "$RUNNER" ./same
	[ "$output" = "$answer" ]
}

@test "damage is found" {
	guest ./guest
	file=$(echo "$DRAGOMAN_CACHE"/*)
	cp "$file" whole
	size=$(stat -c %s whole)
	for i in $(seq 60); do
		cp whole damaged
		at=$(((i * 2654435761 + 17) % size))
		[ "$i" -gt 20 ] || at=$((i * 4))
		printf '\377\377\377\377\377\377' | dd of=damaged bs=1 seek=$at conv=notrunc status=none
		[ "$i" -le 50 ] || truncate -s $at damaged
		mv damaged "$file"
		guest ./guest
	done
	: > "$file"
	guest ./guest
	guest ./guest
	[ "$(restored)" -gt 300 ]
}

@test "only what is ours, and only ours to write, is read" {
	guest ./guest
	chmod g+w "$DRAGOMAN_CACHE"/*
	guest ./guest
	[ "$(restored)" -eq 0 ]
	rm -r "$DRAGOMAN_CACHE"
	guest ./guest
	chmod o+w "$DRAGOMAN_CACHE"
	guest ./guest
	[ "$(restored)" -eq 0 ]
	chmod o-w "$DRAGOMAN_CACHE"
	guest ./guest
	[ "$(restored)" -gt 300 ]
	mv "$DRAGOMAN_CACHE" "$BATS_TEST_TMPDIR/real"
	ln -s real "$DRAGOMAN_CACHE"
	guest ./guest
	[ "$(restored)" -eq 0 ]
	if [ "$(id -u)" -eq 0 ]; then
		rm "$DRAGOMAN_CACHE"
		mv "$BATS_TEST_TMPDIR/real" "$DRAGOMAN_CACHE"
		chown 12345 "$DRAGOMAN_CACHE"/*
		guest ./guest
		[ "$(restored)" -eq 0 ]
	fi
}

@test "no place to write is no trouble" {
	DRAGOMAN_CACHE=$BATS_TEST_TMPDIR/none/cache guest ./guest
	[ ! -e "$BATS_TEST_TMPDIR/none" ]
	DRAGOMAN_CACHE=/proc/cache guest ./guest
	DRAGOMAN_CACHE=/dev/full guest ./guest
	(ulimit -f 8; "$RUNNER" ./guest > /dev/null || [ $? -eq 42 ])
	[ -z "$(ls "$DRAGOMAN_CACHE")" ]
	run -1 "$RUNNER" -cache relative ./guest
	[[ $output == *"neither an absolute path nor off"* ]]
}

@test "by default in the user's cache directory, if there is one" {
	unset DRAGOMAN_CACHE
	export HOME=$BATS_TEST_TMPDIR/home XDG_CACHE_HOME=
	mkdir "$HOME"
	guest ./guest
	[ -z "$(ls -A "$HOME")" ]
	mkdir "$HOME/.cache"
	guest ./guest
	[ "$(ls "$HOME/.cache/dragoman" | wc -l)" -eq 1 ]
	[ "$(stat -c %a "$HOME/.cache/dragoman")" = 700 ]
	export XDG_CACHE_HOME=$BATS_TEST_TMPDIR/xdg
	mkdir "$XDG_CACHE_HOME"
	guest ./guest
	[ "$(restored)" -eq 0 ]
	guest ./guest
	[ "$(restored)" -gt 300 ]
	guest -cache off ./guest
	[ "$(restored)" -eq 0 ]
}

@test "the directory does not grow without bounds" {
	mkdir -m 700 "$DRAGOMAN_CACHE"
	truncate -s 700M "$DRAGOMAN_CACHE/a" "$DRAGOMAN_CACHE/b"
	touch -d '2 days ago' "$DRAGOMAN_CACHE/a"
	touch -d '3 days ago' "$DRAGOMAN_CACHE/b"
	guest ./guest
	ls -la "$DRAGOMAN_CACHE"
	[ -e "$DRAGOMAN_CACHE/a" ]
	[ ! -e "$DRAGOMAN_CACHE/b" ]
	guest ./guest
	[ "$(restored)" -gt 300 ]
}

@test "many processes at once" {
	for i in $(seq 12); do
		"$RUNNER" -hot 1 ./pie > "$BATS_TEST_TMPDIR/out.$i" &
	done
	wait
	for i in $(seq 12); do
		[ "$(cat "$BATS_TEST_TMPDIR/out.$i")" = "$answer" ]
	done
	[ "$(ls "$DRAGOMAN_CACHE" | wc -l)" -eq 1 ]
	guest -hot 1 ./pie
	[ "$(restored)" -gt 300 ]
}

@test "system calls, signals and threads, from the disk, blocks and regions" {
	cd "$BATS_TEST_DIRNAME/.."
	load "$PWD/tests/syscalls"
	make -s test-programs
	export DRAGOMAN_HOT=1
	for run in first second; do
		for name in $(awk -v guest="${TEST_GUEST:-aarch64}" \
				'!/^#/ && ($1 !~ "/" || $1 ~ "^" guest "/") { print $1 }' tests/syscalls.txt); do
			echo "$run: $name"
			check_syscalls "$name"
		done
	done
}
