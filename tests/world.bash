# A Debian of the guest's architecture with compilers and languages, under a private instance of binfmt_misc.
#
# The system is made once, by debootstrap and apt, all of whose programs are the guest's but for the first stage; it
# stays in build/world/GUEST.  A case of tests/world/cases.txt is a script that runs in it, as often as the case says.
#
# Needs root (Debian's identities), debootstrap and the network.
# Environment: WORLD, another place for the system; WORLD_TIMES, another number of runs; WORLD_LIMIT, the seconds after
# which one run counts as hung (600); MIRROR.

bats_require_minimum_version 1.5.0
export TOP=${TOP:-$PWD}

case ${TEST_GUEST:=aarch64} in
aarch64) ARCH=arm64 SUITE=bookworm ;;
riscv64) ARCH=riscv64 SUITE=trixie ;;
*)       ARCH= ;;
esac
: "${MIRROR:=http://deb.debian.org/debian}"
export ARCH SUITE MIRROR

# Why there is no such system here, or nothing.
world_missing() {
	[ -n "$ARCH" ] || echo "no Debian for $TEST_GUEST"
	[ "$(id -u)" = 0 ] || echo "not root"
	command -v debootstrap > /dev/null || echo "no debootstrap"
	"$B" run -- true 2>&1
}

# in_world ROOT SCRIPT ARGUMENT...: a script of the host's sh, where ROOT has the file systems that programs expect.
in_world() {
	ROOT=$1 "$B" run -root -- sh -uc '
		for dir in proc dev sys run tmp dev/shm; do
			[ -d "$ROOT/$dir" ] || mkdir -p "$ROOT/$dir" || exit
		done
		mount --rbind /proc "$ROOT/proc" && mount --rbind /dev "$ROOT/dev" && mount --rbind /sys "$ROOT/sys" &&
			mount -t tmpfs tmpfs "$ROOT/dev/shm" && mount -t tmpfs tmpfs "$ROOT/run" || exit
		'"$2" sh "${@:3}"
}

# A user namespace makes no device nodes: `container` has debootstrap take that well.
second_stage() {
	"$B" run -root -- env container=lxc chroot "$1" /debootstrap/debootstrap --second-stage
}

# first_stage DIR: what debootstrap does with the host's programs.  A device node in it could not be removed again.
first_stage() {
	debootstrap --foreign --variant=minbase --arch="$ARCH" "$SUITE" "$1" "$MIRROR"
}

world_apt() {
	cp /etc/resolv.conf "$1/etc"
	apt-config dump | grep '^Acquire::.*[Pp]roxy' > "$1/etc/apt/apt.conf.d/proxy" || true
}

make_world() {
	local packages

	packages=$(sed 's/#.*//' tests/world/packages | tr -s ' \t\n' ' ')
	[ "$(cat "$WORLD.stamp" 2> /dev/null)" != "$packages" ] || return 0
	mkdir -p "$(dirname "$WORLD")"
	rm -rf --one-file-system "$WORLD" "$WORLD.stamp"
	first_stage "$WORLD" && second_stage "$WORLD" && world_apt "$WORLD" || return
	in_world "$WORLD" 'chroot "$ROOT" sh -c "apt-get -q update && DEBIAN_FRONTEND=noninteractive \
		apt-get -qy -o Dpkg::Use-Pty=0 install --no-install-recommends $1"' "$packages" || return
	printf '%s' "$packages" > "$WORLD.stamp"
}

world_setup_file() {
	cd "$TOP"
	load "$TOP/tests/binfmt"
	BATS_TEST_DIRNAME=$TOP/tests binfmt_setup_file
	export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C WORLD=${WORLD:-$TOP/build/world/$TEST_GUEST}
	export WHY_NOT=$(world_missing | head -n 1)
}

# The whole of it, for the files of tests that use the system: each waits for the one that makes it.
make_world_file() {
	world_setup_file
	[ -z "$WHY_NOT" ] || return 0
	mkdir -p "$(dirname "$WORLD")"
	exec 8> "$WORLD.lock"
	flock 8
	make_world > "$WORLD.log" 2>&1 < /dev/null || { tail -n 20 "$WORLD.log"; return 1; }
	exec 8>&-
}

setup_file() {
	make_world_file
}

setup() {
	cd "$TOP"
	[ -z "$WHY_NOT" ] || skip "$WHY_NOT"
}

check_world() {
	local name=$1 times block

	times=${name##*(} times=${WORLD_TIMES:-${times%)}}
	block=$(awk -v name="== $name" '
		/^== / { on = $0 == name; next }
		on' tests/world/cases.txt)
	printf '%s\n' "$block" | sed '/^-- /,$d' > "$BATS_TEST_TMPDIR/script"
	printf '%s\n' "$block" | sed -n '/^-- known/,$p' | sed 1d > "$BATS_TEST_TMPDIR/expected"
	in_world "$WORLD" 'i=0
		while [ $i -lt $1 ]; do
			i=$((i + 1)) status=0
			rm -rf "$ROOT/run/case"
			mkdir -p "$ROOT/run/case"
			cp "$2/script" "$ROOT/run/script"
			timeout -k 5 $3 chroot "$ROOT" /usr/bin/env -i LC_ALL=C.UTF-8 TZ=UTC HOME=/root \
				PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
				sh -c "cd /run/case && . /run/script" > "$2/out" 2>&1 < /dev/null || status=$?
			if ! diff "$2/expected" "$2/out"; then
				echo "run $i of $1, exit status $status"
				exit 1
			fi
		done' "$times" "$BATS_TEST_TMPDIR" "${WORLD_LIMIT:-600}"
}
