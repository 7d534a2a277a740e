#!/bin/sh
# Run the benchmark's programs side by side: natively, under the runner, and under each emulator
# of the same guest that is installed.  Called by `make bench`, which builds the programs.
#
# Usage: bench/run.sh [KERNEL...]
# Environment: RUNNER, BUILD, TEST_GUEST; BENCH_RUNS (5) rounds; BENCH_CLOCK=cpu counts processor
# time; QEMU names one more emulator to run; DRAGOMAN_CACHE as the runner knows it: by default a
# directory of the benchmark's own that begins empty, so all starts of a program but the first find
# what the one before has translated.  "off" measures first starts.

set -eu

build=${BUILD:-build}
guest=${TEST_GUEST:-aarch64}
runner=${RUNNER:-$build/dragoman-$guest}
[ "${BENCH_CLOCK:-wall}" = cpu ] && clock=-c || clock=

if ! [ -x "$runner" ]; then
	echo "bench/run.sh: $runner: not built" >&2
	exit 2
fi

if [ -z "${DRAGOMAN_CACHE:-}" ]; then
	rm -rf "$build/bench/cache"
	export DRAGOMAN_CACHE="$(readlink -f "$build")/bench/cache"
fi
echo "Translations are kept: $DRAGOMAN_CACHE"

# One name per different program: the distribution's two packages of one emulator both count.
set -- -- "$@"
for emulator in ${QEMU:-} "$(command -v "qemu-$guest" || true)" \
		"$(command -v "qemu-$guest-static" || true)"; do
	[ -x "$emulator" ] || continue
	case $emulator in
	*-static)	name=qemu-st ;;
	*)		name=qemu ;;
	esac
	[ "$emulator" = "${QEMU:-}" ] && name=other
	[ "$emulator" -ef "$runner" ] || set -- -e "$name=$emulator" "$@"
done
exec "$build/bench/driver" -n "${BENCH_RUNS:-5}" $clock -k bench/kernels.txt \
	-N "$build/bench/native" -G "$build/bench/$guest" -e "dragoman=$runner" "$@"
