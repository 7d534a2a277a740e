#!/bin/sh
# Write one bats test per row of data: bats (1.8) only knows tests that stand in a file, and a
# loop inside one test would stop at its first failure and count as one.
#
# Usage: tests/mkbats.sh KIND < NAMES > FILE
# Each line of NAMES becomes a test that calls check_KIND with it; tests/KIND.bash defines that.

set -eu

kind=$1

printf '# Written by tests/mkbats.sh from the cases of tests/%s.\n\n' "$kind"
printf 'load "%s/tests/%s"\n\n' "$PWD" "$kind"
while IFS= read -r name; do
	printf '@test "%s: %s" {\n\tcheck_%s "%s"\n}\n\n' "$kind" "$name" "$kind" "$name"
done
