#!/bin/sh
# Install what the build and the tests need from Debian's packages, or say what is missing.
#
# Looking costs a few milliseconds, so `make demo` may call this every time.  With root the
# missing packages are installed; without it they are named, with the command that would do it,
# and the exit status is 1.
#
# Usage: tools/deps.sh [-n]	-n: only look

set -eu

build="gcc make libc6-dev musl-dev musl-tools libelf-dev libcapstone-dev zlib1g-dev"
tests="bats python3 gcc-aarch64-linux-gnu g++-aarch64-linux-gnu libc6-dev-arm64-cross gcc-riscv64-linux-gnu libc6-dev-riscv64-cross"
# An emulator to compare with in `make bench`: used where it is, never needed.
optional="qemu-user-static"

missing_of() {
	for package in "$@"; do
		case $(dpkg-query -W -f '${Status}' "$package" 2> /dev/null || true) in
		*' installed')	;;
		*)		printf ' %s' "$package" ;;
		esac
	done
}

if ! command -v dpkg-query > /dev/null; then
	echo "deps.sh: not a Debian system; needed are the equivalents of: $build $tests" >&2
	exit 1
fi
# shellcheck disable=SC2086
missing=$(missing_of $build $tests)
# shellcheck disable=SC2086
wished=$(missing_of $optional)
if [ -z "$missing" ]; then
	[ -z "$wished" ] || echo "deps.sh: not needed, but make bench compares with it:$wished"
	exit 0
fi
if [ "${1:-}" = -n ] || [ "$(id -u)" -ne 0 ]; then
	echo "deps.sh: missing packages:$missing" >&2
	echo "deps.sh: as root: apt-get install$missing" >&2
	exit 1
fi

echo "deps.sh: installing$missing"
export DEBIAN_FRONTEND=noninteractive
# Fetch Debian's lists only where the ones at hand do not know the packages any more.
# shellcheck disable=SC2086
apt-get -qq install -y --no-install-recommends $missing > /dev/null 2>&1 || {
	apt-get -qq update || true
	apt-get -qq install -y --no-install-recommends $missing > /dev/null
}
