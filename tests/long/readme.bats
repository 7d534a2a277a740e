# The lines of the README that tell how others call us, taken from it and run.
#
# Each build tool is used where it is installed (Debian: cmake, meson, golang-go, cargo), on the small projects of
# tests/long/tools.

bats_require_minimum_version 1.5.0

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.."
	load "$PWD/tests/binfmt"
	BATS_TEST_DIRNAME=$PWD/tests binfmt_setup_file
	export README=$PWD/README.md TOOLS="$D/tools" HOME="$D/home"
	mkdir -p "$HOME" "$D/bin"
	cp -r tests/long/tools "$TOOLS"
	# As installed: the names of the README in the PATH.
	ln -s "$RUNNER" "$B" "$D/bin"
	export PATH=$D/bin:/usr/bin:/bin:/usr/sbin:/sbin
	export TRIPLET=$TEST_GUEST-linux-gnu
}

setup() {
	cd "$BATS_TEST_DIRNAME/../.."
	load "$PWD/tests/binfmt"
	need_cross
	[ "$TEST_GUEST" = aarch64 ] || skip "the README's lines are aarch64's"
}

need() {
	command -v "$1" > /dev/null || skip "no $1"
}

# The setting of a build tool: what stands in backquotes in its row of the table, the first or the Nth.
setting() {
	local text

	text=$(sed -n "s/^| $1 | //p" "$README" | cut -d '`' -f $((2 * ${2:-1})))
	[ -n "$text" ] || { echo "the README has no such row: $1" >&2; return 1; }
	printf '%s' "$text"
}

@test "directly" {
	line=$(sed -n 's|^ *\(dragoman-aarch64 -L /usr/aarch64-linux-gnu \./prog\).*|\1|p' "$README")
	[ -n "$line" ]
	cd "$D"
	"$CROSS_CC" -o prog tools/prog.c
	run -0 $line one
	[ "$output" = aarch64 ]
}

@test "CMake" {
	need cmake
	value=$(setting CMake)
	eval "cmake -S '$TOOLS/cmake' -B '$D/cmake' -DCMAKE_SYSTEM_NAME=Linux \
		-DCMAKE_SYSTEM_PROCESSOR=$TEST_GUEST -DCMAKE_C_COMPILER=$CROSS_CC $value"
	cmake --build "$D/cmake"
	cd "$D/cmake"
	run -0 ctest --output-on-failure
	[[ "$output" == *"100% tests passed, 0 tests failed out of 1"* ]]
}

@test "meson" {
	need meson
	need ninja
	value=$(setting meson 2)
	sed "s|@README@|$value|; s|@CC@|$CROSS_CC|; s|@TRIPLET@|$TRIPLET|; s|@GUEST@|$TEST_GUEST|" \
		"$TOOLS/meson/cross.in" > "$TOOLS/meson/cross"
	meson setup "$D/meson" "$TOOLS/meson" --cross-file "$TOOLS/meson/cross"
	run -0 meson test -C "$D/meson"
	[[ "$output" == *"Ok: "*1*"Fail: "*0* ]]
}

@test "go" {
	need go
	cd "$TOOLS/go"
	line=$(setting go 1)
	run -0 env GOPROXY=off GOFLAGS=-v bash -c "$line"
	[[ "$output" == *"GOARCH is arm64"*PASS* ]]
	name=$(setting go 2)
	ln -s "$RUNNER" "$D/bin/$name"
	run -0 env GOPROXY=off GOARCH=arm64 go test -v -count 1 ./...
	[[ "$output" == *"GOARCH is arm64"*PASS* ]]
}

# Debian's cargo has the standard library of its own machine only: the guest's is fetched as tools/sysroot.sh
# fetches packages, and goes nowhere but here.
rust_sysroot() {
	local libdir state=$PWD/build/sysroot/$TEST_GUEST.apt/apt.conf

	libdir=$(rustc --print target-libdir --target "$TEST_GUEST-unknown-linux-gnu")
	[ ! -e "$libdir" ] || { echo; return; }
	[ -r "$state" ] || return 1
	mkdir -p "$D/rust" && cd "$D/rust" || return 1
	APT_CONFIG=$state apt-get -qq download libstd-rust-dev > /dev/null 2>&1 || return 1
	dpkg-deb -x libstd-rust-dev_*.deb . || return 1
	[ -e "usr${libdir#"$(rustc --print sysroot)"}" ] || return 1
	echo "--sysroot $PWD/usr"
}

@test "cargo" {
	need cargo
	need rustc
	flags=$(rust_sysroot) || skip "no Rust standard library for $TEST_GUEST"
	cd "$TOOLS/cargo"
	export CARGO_NET_OFFLINE=true CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUSTFLAGS=$flags
	export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=$CROSS_CC
	eval "export $(setting cargo)"
	run -0 cargo run -q --target aarch64-unknown-linux-gnu -- a b
	[ "$output" = 'aarch64 ["a", "b"]' ]
	run -0 cargo test --target aarch64-unknown-linux-gnu
	[[ "$output" == *"test threads ... ok"* && "$output" == *"2 passed; 0 failed"* ]]
}

# The indented lines after "**$1", joined where they continue; what stands after # is for people.
block() {
	awk -v start="**$1" '
		index($0, start) == 1 { on = 1; next }
		on && /^    / { seen = 1; sub(/^    /, ""); sub(/ +# .*/, ""); print; next }
		on && seen { exit }' "$README"
}

@test "binfmt_misc" {
	need_private
	"$CROSS_CC" -o "$D/dynamic" -static tests/long/tools/prog.c
	commands=$(block binfmt_misc)
	echo "$commands"
	while IFS= read -r line; do
		echo "+ $line"
		case $line in
		*register*)
			private "set -x; $line; [ \"\$('$D/dynamic' one)\" = aarch64 ]" ;;
		*doctor*)
			private "dragoman-binfmt register; $line" ;;
		*"run -- make check")
			run -0 nobody ${line%make check} "$D/dynamic" one
			[ "$output" = aarch64 ] ;;
		*)
			echo "a line that is not tested"; false ;;
		esac
	done <<< "$commands"
	[ "$(wc -l <<< "$commands")" -ge 3 ]
}

@test "a chroot" {
	need_private
	line=$(block "A chroot")
	[ -n "$line" ]
	mkdir -p "$D/chroot/usr/bin" "$D/chroot/bin"
	"$CROSS_CC" -static -o "$D/chroot/bin/bash" tests/long/tools/prog.c
	cd "$D/bin"
	run unshare -Ur sh -c "${line//DIR/$D/chroot} one"
	[ "$status" = 0 ]
	[ "$output" = aarch64 ]
	# With binfmt: chroot DIR is all.
	run -0 "$B" run -root -- chroot "$D/chroot" /bin/bash one
	[ "$output" = aarch64 ]
}
