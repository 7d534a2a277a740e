# What the tests of binfmt share: a private instance of binfmt_misc, and who may have one.

binfmt_setup_file() {
	cd "$BATS_TEST_DIRNAME/.."
	export BUILD=${BUILD:-build} TEST_GUEST=${TEST_GUEST:-aarch64}
	export CROSS_CC=${CROSS_CC:-$TEST_GUEST-linux-gnu-gcc}
	export NAME=dragoman-$TEST_GUEST FS=/proc/sys/fs/binfmt_misc D="$BATS_FILE_TMPDIR"
	# One guest, however many are built.
	mkdir "$D/bin"
	cp "$BUILD/dragoman-binfmt" "$BUILD/dragoman-$TEST_GUEST" "$D/bin"
	export B=$D/bin/dragoman-binfmt RUNNER=$D/bin/dragoman-$TEST_GUEST
	# Other users must get here.
	local dir=$D
	while [ "$dir" != "${TMPDIR:-/tmp}" ] && [ "$dir" != / ]; do
		chmod a+x "$dir"
		dir=$(dirname "$dir")
	done
}

# What refuses namespaces is the machine (a kernel before 6.7, a container, a sysctl).
need_private() {
	WHY=$("$B" run -- true 2>&1) || skip "$WHY"
}

need_cross() {
	command -v "$CROSS_CC" > /dev/null || skip "no $CROSS_CC"
}

# private COMMAND: a shell's command line where nothing is registered yet, as root of a namespace.
private() {
	"$B" run -root -- sh -euc "\"$B\" unregister; $1"
}

# Somebody without any privilege.
nobody() {
	if [ "$(id -u)" = 0 ]; then
		setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
	else
		"$@"
	fi
}
