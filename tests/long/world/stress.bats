# stress-ng's stressors, each for two seconds and with its own checks: what ends well on the host ends well here.
#
# Both run as one who is root of a user namespace only, and without privilege outside of it: some of the stressors do
# to a machine whatever they are allowed to do.  The host's stress-ng is the judge; they need not be of one version,
# since a stressor that one of the two does not have is left out.

load "$PWD/tests/world"

# Left out: those that take a processor for themselves, change the machine's clock or devices, or need the host's
# architecture.
LEFT_OUT='softlockup|cpu-online|memhotplug|watchdog|x86cpuid|x86syscall|smi|ioport|reboot|clock|sysfs|rawdev|dev'
# What is not there yet (README): ptrace, by which vm-segv watches its children, too, and seccomp filters.
LEFT_OUT="$LEFT_OUT|ptrace|vm-segv|seccomp"
# Only where the stressor decides by the machine it finds, or by luck.
LEFT_OUT="$LEFT_OUT|tmpfs|rawsock|kvm"

setup_file() {
	make_world_file
	[ -n "$WHY_NOT" ] || command -v stress-ng > /dev/null || export WHY_NOT="no stress-ng to compare with"
	[ -z "$WHY_NOT" ] || return 0
	stress-ng --stressors | tr ' ' '\n' | grep -vxE "$LEFT_OUT|" > "$D/all"
	# Another user must get there, and make directories to mount on.
	mkdir -p "$WORLD/mnt" "$WORLD/proc" "$WORLD/dev" "$WORLD/sys"
	chmod a+rx "$D" "$WORLD"
}

# stress ROOT CLASS INSTANCES: the stressors of a class, a line "NAME STATUS" each.  Status 0, it ended well;
# 3 and 4, it cannot run here; 1, there is none of this name, or none could run.
stress() {
	local list

	list=$(stress-ng --class "$2?" 2>&1 | sed 's/.*://' | tr ' ' '\n' | grep -xFf "$D/all")
	[ -n "$list" ] || return 1
	ROOT=$1 setpriv --reuid 54321 --regid 54321 --clear-groups nice -n 10 "$B" run -root -- sh -uc '
		for dir in proc dev sys; do
			[ "$ROOT" = / ] || mount --rbind /$dir "$ROOT/$dir" || exit
		done
		mount -t tmpfs -o size=2g tmpfs "$ROOT/mnt" || exit
		exec chroot "$ROOT" sh -uc "cd /mnt; n=\$1; shift; for name; do
			timeout -k 5 120 stress-ng --temp-path /mnt --\$name \$n --timeout 2s --verify --oomable > log 2>&1
			status=\$?
			echo \"\$name \$status\"
			[ \$status = 0 ] || grep -E \"fail|error\" log >&2
		done" sh "$@"' sh "$3" $list
}

# What fails under us only.
same_stress() {
	stress / "$1" "$2" > "$BATS_TEST_TMPDIR/native" 2> /dev/null
	stress "$WORLD" "$1" "$2" > "$BATS_TEST_TMPDIR/guest" 2> "$BATS_TEST_TMPDIR/errors"
	[ "$(grep -c ' 0$' "$BATS_TEST_TMPDIR/native")" -gt 3 ]
	grep ' 0$' "$BATS_TEST_TMPDIR/native" | grep -vxFf "$BATS_TEST_TMPDIR/guest" > "$BATS_TEST_TMPDIR/failed" || return 0
	# It may be one that the guest's stress-ng has not.
	cut -d ' ' -f 1 "$BATS_TEST_TMPDIR/failed" | while read -r name; do
		grep "^$name " "$BATS_TEST_TMPDIR/guest"
	done | grep -v ' [14]$' || return 0
	cat "$BATS_TEST_TMPDIR/errors"
	return 1
}

@test "os" {
	same_stress os 1
}

@test "scheduler, four of each" {
	same_stress scheduler 4
}

@test "memory, two of each" {
	same_stress memory 2
}

@test "vm, two of each" {
	same_stress vm 2
}

@test "interrupts and signals" {
	same_stress interrupt 2
}

@test "pipes" {
	same_stress pipe 2
}

@test "processor, caches" {
	same_stress cpu 1
	same_stress cpu-cache 1
}
