# Programs that the kernel starts by binfmt_misc: they see what they would see on a machine of their own.
#
# tests/binfmt/start.c is built for the host and for the guest; the same commands, each in a directory of its
# own (local, guest: names of one length), must print the same.

bats_require_minimum_version 1.5.0
load binfmt

setup_file() {
	binfmt_setup_file
	command -v "$CROSS_CC" > /dev/null || return 0
	for kind in local guest; do
		mkdir -p "$D/$kind/root/tmp"
		[ $kind = local ] && cc=gcc || cc=$CROSS_CC
		$cc -O1 -w -static -o "$D/$kind/start" tests/binfmt/start.c
		(
			cd "$D/$kind"
			cp start root
			cp start other
			printf '#!%s/start one two\n' "$PWD" > script
			printf '#!%s/script  x \n' "$PWD" > outer
			printf '#!/start one two\n' > root/script
			printf '#!/script x\n' > root/outer
			printf 'just text\n' > text
			printf '#!/nonexistent\n' > lost
			chmod 755 script outer root/script root/outer text lost
			chmod 755 . root start root/start other
		)
	done
	cp "$D/local/start" "$D/guest/host-start"
	cp "$D/local/start" "$D/local/host-start"
	"$CROSS_CC" -nostdlib -static -Wl,-s -o "$D/tiny" tests/binfmt/tiny.S
}

setup() {
	need_cross
	need_private
}

# same SCRIPT: run by a shell in both directories.  The process name of what is executed by descriptor
# is left out: the kernel made it the number before 6.14, the file's name since.
same() {
	local kind

	for kind in local guest; do
		(cd "$D/$kind" && "$B" run -root ${FLAGS+-flags "$FLAGS"} -- env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
			bash -c "$1" 2>&1 < /dev/null) |
			sed "s|$D/$kind|DIR|g; s|\(execfn /dev/fd/.*\) comm .*|\1|" > "$D/$kind.out" || true
	done
	cat "$D/local.out"
	diff "$D/local.out" "$D/guest.out"
	[ -s "$D/local.out" ]
}

@test "arguments, descriptors, names" {
	same './start; ./start a "b c" ""; $PWD/start'
	same 'PATH=$PWD start a; cd root; ../start; cd /; $OLDPWD/start'
	same 'exec -a zero ./start a'
	same 'exec -a "" ./start a'
}

@test "closed descriptors" {
	same './start a 0<&-; ./start a 2>&-; ./start a 0<&- 2>&-; ./start a 5< start'
}

@test "no arguments at all" {
	same './host-start empty ./start'
	same './start empty ./start'
}

@test "scripts whose interpreter is a program of the guest, and scripts of scripts" {
	same './script a b; ./outer a b'
	same './host-start exec ./outer a; ./start exec ./outer a; ./start exec ./script a'
}

@test "a program of the guest executes its own kind, and the host's" {
	same './start exec ./start a; ./start exec ./host-start a; ./start exec ./host-start exec ./start a'
}

@test "fexecve: of a file, of a memfd" {
	same './host-start memfd ./start a; ./start memfd ./start a; ./start memfd ./host-start a'
	same './start fd ./start a; ./start memfd-cloexec ./start a; ./start memfd ./script a'
}

@test "many arguments, and too many" {
	same './host-start many ./start; ./start many ./start'
}

@test "errors come before the old image goes" {
	case $(uname -r) in
	[1-5].*|6.[0-9].*|6.1[0-3].*) skip "Linux 6.14 is the first that tells ETXTBSY without executing" ;;
	esac
	same './start errors ./other'
}

@test "flags O, P and F one by one" {
	FLAGS=P same './start a; ./script a; exec -a zero ./start'
	FLAGS=PF same './start a; exec -a zero ./start'
	FLAGS=PO same './start a; exec -a zero ./start'
	# Without P the kernel tells no argv[0] but the path.
	FLAGS=O same './start a; ./start -strace --; ./start exec ./start'
	run -0 "$B" run -flags "" -- bash -c "cd '$D/guest'; exec -a zero ./start a -version"
	[[ "$output" == "argc 3 ["*"/start] [a] [-version]"* ]] || [[ "$output" == "argc 3 [./start] [a] [-version]"* ]]
}

@test "-binfmt-P, the name that stands for flag P on kernels before 5.12" {
	ln -sf "$RUNNER" "$D/runner-binfmt-P"
	run -0 "$D/runner-binfmt-P" "$D/guest/start" zero -strace
	[[ "$output" == "argc 2 [zero] [-strace]"* ]]
}

@test "files that may be executed but not read" {
	[ "$(id -u)" = 0 ] || skip "not root"
	chmod 711 "$D/local/other" "$D/guest/other"
	(cd "$D/guest" && run -0 nobody "$B" run -- ./other a && [[ "$output" == "argc 2 [./other] [a]"* ]])
	(cd "$D/guest" && run -0 nobody "$B" run -- ./start exec ./other a && [[ "$output" == "argc 2 [./other] [a]"* ]])
	chmod 755 "$D/local/other" "$D/guest/other"
}

# A program that belongs to somebody else, in both directories.
setuid_copies() {
	[ "$(id -u)" = 0 ] || skip "not root"
	! findmnt -n -o OPTIONS -T "$D" 2> /dev/null | grep -q nosuid || skip "nosuid"
	for kind in local guest; do
		cp "$D/$kind/start" "$D/$kind/setuid"
		chown 65534 "$D/$kind/setuid"
		chmod 4755 "$D/$kind/setuid"
	done
}

@test "set-user-ID: by flag C, from the host and from the guest" {
	setuid_copies
	same './setuid a; ./start exec ./setuid a; ./setuid exec ./start a; ./start exec ./start exec ./setuid'
	grep -q '^ids 0 65534 secure 1' "$D/guest.out"
	FLAGS=POF run -0 "$B" run -flags POF -- "$D/guest/setuid"
	[[ "$output" == *"ids 0 0 secure 0"* ]]
}

@test "set-user-ID: the runner trusts nothing of the environment" {
	setuid_copies
	same 'export X=1 DRAGOMAN_SET_ENV=X=2 QEMU_SET_ENV=X=3 DRAGOMAN_ARGV0=no; ./setuid a
		./setuid exec ./start a'
	run -0 "$B" run -- env DRAGOMAN_STRACE=1 DRAGOMAN_LOG_FILENAME="$D/written" "$D/guest/setuid"
	[[ "$output" != *"getuid("* ]]
	[ ! -e "$D/written" ]
	# The same without privilege: the variables are heard.
	run -0 "$B" run -- env DRAGOMAN_SET_ENV=X=2 "$D/guest/start"
	[[ "$output" == *$'\nX=2' ]]
}

@test "a bare chroot: no /proc, no /dev, no runner" {
	same '/usr/sbin/chroot root /start a
		/usr/sbin/chroot root /start exec /start a
		/usr/sbin/chroot root /start memfd /start a
		/usr/sbin/chroot root /script a
		/usr/sbin/chroot root /outer a'
	# What debootstrap leaves behind: in the chroot the link leads to itself.
	ln -s /proc "$D/local/root/proc"
	ln -s /proc "$D/guest/root/proc"
	same '/usr/sbin/chroot root /start exec /start a
		/usr/sbin/chroot root /start memfd /start a'
	rm "$D/local/root/proc" "$D/guest/root/proc"
	# A guest's exec of a script there: only the name that is left of it differs.
	run -0 "$B" run -root -- chroot "$D/guest/root" /start exec /outer a
	[[ "$output" == "argc 6 [/start] [one two] [/script] [x] [/outer] [a]"* ]]
	# Nothing was left in it.
	[ "$(ls "$D/guest/root")" = "$(ls "$D/local/root")" ]
}

@test "without F a bare chroot has no runner, and the kernel says so" {
	run -127 "$B" run -root -flags POC -- chroot "$D/guest/root" /start
}

@test "the tiny program that container builders probe with" {
	cp "$D/tiny" "$D/guest/root/check"
	run -7 "$B" run -- "$D/tiny"
	run -7 "$B" run -root -- chroot "$D/guest/root" /check
	run -7 "$RUNNER" "$D/tiny"
	rm "$D/guest/root/check"
}

@test "a program of another guest goes to that runner, where it lies beside ours" {
	# A file that says it is for another machine: no more than a header, but with its program headers.
	cp "$D/guest/start" "$D/guest/foreign"
	printf '\x15\x00' | dd of="$D/guest/foreign" bs=1 seek=18 conv=notrunc status=none  # ppc64le
	cd "$D/guest"
	run -0 "$RUNNER" ./start exec ./foreign a
	[ "$output" = "exec: Exec format error" ]
	run -126 "$D/bin/$NAME" ./foreign
	[[ "$output" == "dragoman: ./foreign: program for ppc64le, this runner is for $TEST_GUEST; use dragoman-ppc64le" ]]
	printf '#!/bin/sh\nshift $(($# - 2)); echo "sibling got $*"\n' > "$D/bin/dragoman-ppc64le"
	chmod 755 "$D/bin/dragoman-ppc64le"
	run -0 "$D/bin/$NAME" ./start exec ./foreign a
	[ "$output" = "sibling got ./foreign a" ]
	# Our options go along, but not the processor: it has others.
	printf '#!/bin/sh\necho "sibling got $*"\n' > "$D/bin/dragoman-ppc64le"
	run -0 "$D/bin/$NAME" -cpu max -r 9.9 ./start exec ./foreign a
	[[ "$output" == "sibling got "*"-r 9.9 -0 ./foreign -- ./foreign a" && "$output" != *cpu* ]]
}

@test "two hundred programs in a pipeline" {
	same 'for i in $(seq 200); do ./start $i | head -1; done'
}
