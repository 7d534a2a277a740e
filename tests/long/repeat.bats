# What must not happen even once in many runs.  Only `make check-all` has the time.

setup() {
	cd "$BATS_TEST_DIRNAME/../.."
	load "$PWD/tests/syscalls"
}

repeat() {
	local times=$1 i

	for ((i = 1; i <= times; i++)); do
		check_syscalls "$2" || { echo "run $i of $times"; return 1; }
	done
}

@test "64 threads, 100 times" {
	repeat 100 threads
}

@test "futexes, robust locks, exec and exit with threads, 30 times" {
	repeat 30 tasks
}

@test "interrupted calls and loops, 20 times" {
	repeat 20 interrupt
}

@test "what a handler sees, 20 times" {
	repeat 20 "$TEST_GUEST/context"
}

# Short programs of Debian, each in many processes, and each time the same output.
@test "bash, dash, coreutils, make, perl, python, ruby and their kind, 50 times" {
	load "$PWD/tests/real"
	for name in "bash: echo and arithmetic" "bash: pipes, subshells, here-documents" \
			"bash: exit statuses, traps, jobs" dash "coreutils: files" gawk perl lua5.4 ruby sqlite3 make \
			"python3: threads, subprocesses, sqlite3, files"; do
		for i in {1..50}; do
			check_real "$name" || { echo "$name, run $i of 50"; return 1; }
		done
	done
}

# Not proc: what it shows of another process would be host addresses.  Not uring, userfault: what is not there with -B.
@test "programs that do not live at their own addresses" {
	export DRAGOMAN_GUEST_BASE=0x300000000000
	for program in $(awk '$2 == "native" && $1 != "proc" && $1 !~ /^(uring|userfault)$/ { print $1 }' tests/syscalls.txt); do
		check_syscalls "$program" || { echo "$program"; return 1; }
	done
}

# A call that fails is the guest's affair; the runner itself neither crashes nor gives up.
@test "host calls that fail now and then" {
	command -v strace > /dev/null || skip "no strace"
	for program in threads process memory tasks exec; do
		for call in mmap:error=ENOMEM clone:error=EAGAIN openat:error=EMFILE mprotect:error=ENOMEM \
				mremap:error=ENOMEM madvise:error=EAGAIN; do
			# Some of the programs wait for what never begins.
			timeout 10 strace -f -o "$BATS_TEST_TMPDIR/trace" -e trace="${call%%:*}" -e inject="$call:when=30+3" \
				"$RUNNER" "$BUILD/tests/syscalls/$TEST_GUEST/$program" > "$BATS_TEST_TMPDIR/out" 2>&1 < /dev/null || true
			if grep -E 'internal error|dragoman: no |in the runner' "$BATS_TEST_TMPDIR/out"; then
				echo "$program, $call"
				return 1
			fi
		done
	done
}
