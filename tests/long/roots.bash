# Two roots unpacked from the same Debian packages, one for the guest and one for the host, and commands in them.
#
# What a program must do is what it does natively, in the same surroundings: private namespaces (ports are
# free, and nothing stays behind), the same files of /etc, the same user.  binfmt_misc starts the guest's programs.

roots_setup_file() {
	cd "$BATS_TEST_DIRNAME/../.."
	load "$PWD/tests/binfmt"
	BATS_TEST_DIRNAME=$PWD/tests binfmt_setup_file
	export ROOTS=$PWD/build/roots PATH=/usr/sbin:/usr/bin:/sbin:/bin
	[ "$TEST_GUEST" = aarch64 ] && [ "$(id -u)" = 0 ] && "$B" run -- true || return 0
	local machine

	for machine in "$TEST_GUEST" x86_64; do
		tools/sysroot.sh $machine "$ROOTS/$machine" tests/long/packages
		complete_root "$ROOTS/$machine"
	done
}

# What maintainer scripts would have written.
complete_root() {
	mkdir -p "$1/proc" "$1/dev" "$1/tmp" "$1/srv"
	cat > "$1/etc/passwd" <<- 'END'
		root:x:0:0:root:/root:/bin/sh
		user:x:1000:1000:user:/tmp:/bin/sh
		nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
	END
	printf 'root:x:0:\nuser:x:1000:\nnogroup:x:65534:\n' > "$1/etc/group"
	printf '127.0.0.1 localhost\n::1 localhost ip6-localhost\n' > "$1/etc/hosts"
	printf 'passwd: files\ngroup: files\nhosts: files dns\n' > "$1/etc/nsswitch.conf"
	cp tests/long/servers/* "$1/srv"
}

roots_setup() {
	cd "$BATS_TEST_DIRNAME/../.."
	load "$PWD/tests/binfmt"
	[ "$TEST_GUEST" = aarch64 ] || skip "no equal release of Debian for $TEST_GUEST and the host"
	[ "$(id -u)" = 0 ] || skip "not root"
	command -v ip > /dev/null || skip "no ip"
	need_private
}

# in_root MACHINE COMMAND...: as an ordinary user, with a /tmp that goes away.
in_root() {
	local root=$ROOTS/$1

	shift
	"$B" run -root -- unshare -mnpf --kill-child sh -c '
		root=$1; shift
		ip link set lo up
		mount -t proc none "$root/proc"; mount --rbind /dev "$root/dev"
		mount -t tmpfs -o mode=1777 none "$root/tmp"
		exec env -i PATH=/usr/sbin:/usr/bin HOME=/tmp LANG=C.UTF-8 TERM=dumb \
			chroot --userspec=1000:1000 "$root" "$@"' sh "$root" "$@" < /dev/null
}
