# Which file a guest's name means: the sysroot's, the host's, or a virtual one of /proc; and -strace's lines.

setup_file() {
	cd "$BATS_TEST_DIRNAME/.."
	export RUNNER=${RUNNER:-build/dragoman-aarch64} CROSS_CC=${CROSS_CC:-aarch64-linux-gnu-gcc}
	export D="$BATS_FILE_TMPDIR" G="$BATS_FILE_TMPDIR/names" R="$BATS_FILE_TMPDIR/root"
	command -v "$CROSS_CC" > /dev/null || return 0
	"$CROSS_CC" -O2 -static -o "$G" tests/names/names.c
	mkdir -p "$R/opt/dir" "$R/opt/only" "$R/etc" "$R/tmp" "$R/home"
	echo sysroot > "$R/opt/dir/file"
	echo inner > "$R/etc/passwd"
	echo wrong > "$R/tmp/names-test"
	ln -s /opt/dir/file "$R/opt/absolute"
	ln -s dir/file "$R/opt/relative"
	ln -s /opt/dir "$R/opt/absdir"
	ln -s /opt/absdir "$R/opt/chain"
	ln -s ../../../../opt/dir/file "$R/opt/climber"
	ln -s /opt/loop "$R/opt/loop"
	ln -s /nowhere/at/all "$R/opt/dangling"
}

setup() {
	cd "$BATS_TEST_DIRNAME/.."
	[ -x "$G" ] || skip "no $CROSS_CC"
}

# names EXPECTED OPERATION...: under the sysroot.
names() {
	local want=$1
	shift
	run "$RUNNER" -L "$R" "$G" "$@"
	echo "$*: $output"
	[ "$output" = "$want" ]
}

@test "a name under the sysroot hides the host's" {
	names inner read /etc/passwd
	names sysroot read /opt/dir/file
	names "100000 8" stat /opt/dir/file
}

@test "a name that the sysroot lacks is the host's" {
	run "$RUNNER" -L "$R" "$G" read /etc/hostname
	[ "$output" = "$(head -c 256 /etc/hostname)" ]
	names ENOENT read /opt/missing
	names ENOTDIR read /etc/hostname/x
}

@test "absolute links are resolved inside, in every position" {
	names sysroot read /opt/absolute
	names sysroot read /opt/absdir/file
	names sysroot read /opt/chain/file
	names "100000 8" stat /opt/chain/file
	names done opendir /opt/chain
	names done access /opt/chain/file
}

@test "relative links and dots stay inside" {
	names sysroot read /opt/relative
	names sysroot read /opt/climber
	names sysroot read /../../opt/./dir/../dir/file
	names inner read //etc//passwd
}

@test "links that are not followed" {
	names ELOOP read-nofollow /opt/absolute
	names "120000 13" lstat /opt/absolute
	names /opt/dir/file readlink /opt/absolute
	names "120000 15" lstat /opt/dangling
	names ENOENT stat /opt/dangling
}

@test "a loop ends" {
	run timeout 60 "$RUNNER" -L "$R" "$G" read /opt/loop
	[ "$status" = 1 ]
}

@test "places of the running system are the host's" {
	echo host > /tmp/names-test
	names host read /tmp/names-test
	rm /tmp/names-test
	names done access /dev/null
	names ENOENT access /home/nobody-has-this-name
}

@test "new names go where their directory is" {
	names done create /opt/only/new
	[ -f "$R/opt/only/new" ]
	names done mkdir /opt/only/sub
	[ -d "$R/opt/only/sub" ]
	names done unlink /opt/only/new
	[ ! -e "$R/opt/only/new" ]
	names done create "$D/outside"
	[ -f "$D/outside" ]
}

@test "relative names follow the working directory" {
	names sysroot chdir-read /opt/absdir file
}

@test "/proc/self/exe is the program, by any of its names" {
	names "$G" readlink /proc/self/exe
	names "$G" readlink /proc/thread-self/exe
	names "$G" readlink //proc/./self/exe
	names "100000 $(stat -c %s "$G")" stat /proc/self/exe
	run "$RUNNER" "$G" chdir-read /proc/self cmdline
	[[ "$output" == *chdir-read* ]]
	[[ "$output" != *dragoman* ]]
}

@test "-strace names calls, flags, texts and errors" {
	run "$RUNNER" -strace "$G" opendir /etc/passwd
	[[ "$output" == *'openat(AT_FDCWD, "/etc/passwd", O_RDONLY|O_DIRECTORY, 0'*') = -1 ENOTDIR (Not a directory)'* ]]
	[[ "$output" == *'write(1, "ENOTDIR\n", 8) = 8'* ]]
	[[ "$output" == *'exit_group(1) = ?'* ]]
}

@test "every generic system call has a row, and the table prints" {
	run make -s syscalls
	[[ "${lines[0]}" == "318 system calls: "* ]]
}
