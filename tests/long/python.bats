# Python's own tests of what touches the system: a module fails where it fails natively, or nowhere.
#
# The tests are Debian's package, and for sqlite3, which that lacks, the release's source.  Some depend on time, and
# fail on a machine that is busy enough: a module that fails in other places than natively gets a second chance.

bats_require_minimum_version 1.5.0

setup_file() {
	load roots
	roots_setup_file
	[ -d "$ROOTS" ] || return 0
	sqlite_tests || echo "no tests of sqlite3" >&3
}

# As tools/sysroot.sh fetches packages, with its private state of apt, a source.
sqlite_tests() {
	local apt=$ROOTS/x86_64.apt work=$BATS_FILE_TMPDIR/source tests=usr/lib/python3.11/test machine

	[ ! -e "$ROOTS/x86_64/$tests/test_sqlite3" ] || return 0
	mkdir -p "$work/etc/sources.list.d" "$work/lists/partial"
	cd "$work" || return 1
	[ ! -e "$apt/etc/sources.list" ] || sed 's/^deb /deb-src /' "$apt/etc/sources.list" > etc/sources.list
	for file in "$apt"/etc/sources.list.d/*.sources; do
		[ ! -e "$file" ] || sed 's/^Types:.*/Types: deb-src/' "$file" > "etc/sources.list.d/${file##*/}"
	done
	{
		grep -v 'Dir::Etc "' "$apt/apt.conf"
		printf 'Dir::Etc "%s";\nDir::State::Lists "%s";\n' "$work/etc" "$work/lists"
	} > apt.conf
	APT_CONFIG=$work/apt.conf apt-get -qq update || return 1
	APT_CONFIG=$work/apt.conf apt-get -qq source --download-only --tar-only python3.11 || return 1
	tar -xf python3.11_*.orig.tar.* --strip-components 2 --wildcards '*/Lib/test/test_sqlite3' || return 1
	for machine in x86_64 "$TEST_GUEST"; do
		cp -r test/test_sqlite3 "$ROOTS/$machine/$tests" || return 1
	done
}

setup() {
	load roots
	roots_setup
}

# run_module MACHINE MODULE: its log, and in another file what failed.
run_module() {
	local log=$BATS_TEST_TMPDIR/$1.log

	in_root "$1" timeout -k 10 3000 python3.11 -m test -v -u all,-gui,-largefile,-network,-urlfetch,-cpu "$2" \
		> "$log" 2>&1
	# A module that came to no end has failed, in a place of its own.
	grep -aq '^Ran [1-9][0-9]* test' "$log" || echo "$1 did not end" > "$BATS_TEST_TMPDIR/$1.failed"
	grep -aE '^(ERROR|FAIL): ' "$log" | sort -u >> "$BATS_TEST_TMPDIR/$1.failed"
	grep -aE '^Ran |^(OK|FAILED)' "$log"
}

new_failures() {
	rm -f "$BATS_TEST_TMPDIR"/*.failed
	run_module x86_64 "$1" || true
	run_module "$TEST_GUEST" "$1" || true
	comm -13 "$BATS_TEST_TMPDIR"/x86_64.failed "$BATS_TEST_TMPDIR/$TEST_GUEST.failed" > "$BATS_TEST_TMPDIR/new"
	cat "$BATS_TEST_TMPDIR/new"
	[ -s "$BATS_TEST_TMPDIR/new" ]
}

as_natively() {
	! new_failures "$1" || ! new_failures "$1"
}

@test "python: test_asyncio" { as_natively test_asyncio; }
@test "python: test_ctypes" { as_natively test_ctypes; }
@test "python: test_mmap" { as_natively test_mmap; }
@test "python: test_multiprocessing_fork" { as_natively test_multiprocessing_fork; }
@test "python: test_multiprocessing_forkserver" { as_natively test_multiprocessing_forkserver; }
@test "python: test_multiprocessing_spawn" { as_natively test_multiprocessing_spawn; }
@test "python: test_os" { as_natively test_os; }
@test "python: test_posix" { as_natively test_posix; }
@test "python: test_selectors" { as_natively test_selectors; }
@test "python: test_signal" { as_natively test_signal; }
@test "python: test_socket" { as_natively test_socket; }
@test "python: test_sqlite3" { as_natively test_sqlite3; }
@test "python: test_subprocess" { as_natively test_subprocess; }
@test "python: test_threading" { as_natively test_threading; }
