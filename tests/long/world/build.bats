# Packages of Debian are built from source by the guest's own tools, and their own tests pass.

load "$PWD/tests/world"

@test "zlib and hello: dpkg-source, configure, make, make check" {
	cat > "$BATS_TEST_TMPDIR/script" <<- 'END'
		set -e
		export DEBIAN_FRONTEND=noninteractive
		echo "deb-src $MIRROR $SUITE main" > /etc/apt/sources.list.d/source.list
		apt-get -qq update
		apt-get -qq install -y --no-install-recommends patch xz-utils > /dev/null 2>&1
		rm -rf /root/source; mkdir /root/source; cd /root/source
		apt-get -qq source --download-only zlib hello
		dpkg-source -x zlib_*.dsc zlib > log; dpkg-source -x hello_*.dsc hello > log
		(cd zlib; ./configure > log; make -j 2 > log 2>&1; make test 2>&1 | grep -c '\*\*\* zlib .*test OK \*\*\*')
		(cd hello; ./configure > log 2>&1; make -j 2 > log 2>&1; make check 2>&1 | grep -E '^# (F|X|E)'; ./hello)
	END
	run -0 --separate-stderr in_world "$WORLD" 'cp "$1" "$ROOT/run/script"; chroot "$ROOT" sh /run/script' \
		"$BATS_TEST_TMPDIR/script"
	echo "$output"
	[ "$output" = $'3\n# XFAIL: 0\n# FAIL:  0\n# XPASS: 0\n# ERROR: 0\nHello, world!' ]
}
