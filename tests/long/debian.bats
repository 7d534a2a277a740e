# A whole Debian of the guest's architecture is set up, and used, in a private instance of binfmt_misc: thousands of
# processes, maintainer scripts, set-user-ID programs.
#
# Needs root (Debian's identities), debootstrap and the network.

bats_require_minimum_version 1.5.0

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.."
	load "$PWD/tests/binfmt"
	BATS_TEST_DIRNAME=$PWD/tests binfmt_setup_file
	export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C MIRROR=${MIRROR:-http://deb.debian.org/debian}
	case $TEST_GUEST in
	aarch64) export ARCH=arm64 SUITE=bookworm ;;
	riscv64) export ARCH=riscv64 SUITE=trixie ;;
	*)       export ARCH= ;;
	esac
	[ -n "$ARCH" ] && [ "$(id -u)" = 0 ] && command -v debootstrap > /dev/null || return 0
	"$B" run -- true || return 0
	debootstrap --foreign --variant=minbase --arch=$ARCH $SUITE "$D/first" "$MIRROR" > "$D/first.log" 2>&1 ||
		{ tail -3 "$D/first.log"; return 1; }
}

setup() {
	cd "$BATS_TEST_DIRNAME/../.."
	load "$PWD/tests/binfmt"
	[ "$(id -u)" = 0 ] || skip "not root"
	command -v debootstrap > /dev/null || skip "no debootstrap"
	[ -n "$ARCH" ] || skip "no Debian for $TEST_GUEST"
	need_private
}

# A user namespace makes no device nodes: `container` has debootstrap take that well.
second_stage() {
	cp -ax "$D/first" "$D/root"
	run -0 "$B" run -root -- env container=lxc chroot "$D/root" /debootstrap/debootstrap --second-stage
	[[ "$output" == *"I: Base system installed successfully." ]]
	[ ! -e "$D/root/debootstrap" ]
}

@test "debootstrap --second-stage, three times" {
	for i in 1 2 3; do
		rm -rf --one-file-system "$D/root"
		second_stage
	done
}

@test "apt-get install, and set-user-ID programs of it" {
	[ -d "$D/root" ] && [ ! -e "$D/root/debootstrap" ] || skip "no system"
	cp /etc/resolv.conf "$D/root/etc"
	! proxy=$(apt-config dump | grep '^Acquire::.*[Pp]roxy') || echo "$proxy" > "$D/root/etc/apt/apt.conf.d/proxy"
	cat > "$D/root/script" <<- 'END'
		set -e
		apt-get -qq update
		apt-get -qq install -y --no-install-recommends sudo hello > /dev/null
		hello
		echo 'nobody ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/nobody
		su nobody -s /bin/sh -c 'id -un; sudo -u daemon id -un; sudo id -un'
		dpkg --audit
	END
	run -0 --separate-stderr "$B" run -root -- sh -euc "
		rm -rf '$D/root/proc'; mkdir '$D/root/proc'
		mount --rbind /proc '$D/root/proc'; mount --rbind /dev '$D/root/dev'
		exec chroot '$D/root' sh /script"
	[ "$output" = $'Hello, world!\nnobody\ndaemon\nroot' ]
}
