#!/bin/sh
# Write one bats test per row of data: bats (1.8) only knows tests that stand in a file, and a
# loop inside one test would stop at its first failure and count as one.
#
# Usage: tests/mkbats.sh KIND GUEST < NAMES > FILE
# Each line of NAMES becomes a test that calls check_KIND with it; tests/KIND.bash defines that.
# RUNNER and SYSROOT of the environment are TEST_GUEST's: another guest has its own.

set -eu

kind=$1 guest=$2

printf '# Written by tests/mkbats.sh from the cases of tests/%s.\n\n' "$kind"
printf '[ "${TEST_GUEST:-}" = %s ] || { TEST_GUEST=%s; unset RUNNER SYSROOT; }\n' "$guest" "$guest"
printf 'load "%s/tests/%s"\n\n' "$PWD" "$kind"
while IFS= read -r name; do
	printf '@test "%s %s: %s" {\n\tcheck_%s "%s"\n}\n\n' "$guest" "$kind" "$name" "$kind" "$name"
done
