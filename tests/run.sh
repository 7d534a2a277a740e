#!/bin/sh
# Run bats files side by side, show what failed, and end with "N passed, N failed".
#
# Usage: tests/run.sh FILE.bats...
# Environment: TEST_JOBS, how many files run at a time (2); BUILD.
# A file that ends badly without naming a failed test (it does not parse, or was killed) counts
# as one failure: nothing that went wrong may look like success.

set -u
# Tests call make: as if from a shell, not as a part of the make that runs us.
unset MAKEFLAGS MAKELEVEL MFLAGS
# What a test sees does not depend on what ran before.
export DRAGOMAN_CACHE=off

results=${BUILD:-build}/tests/results
mkdir -p "$results"
rm -f "$results"/*

printf '%s\n' "$@" | xargs -P "${TEST_JOBS:-2}" -I FILE sh -c '
	name=$(basename "$1" .bats)
	begin=$(date +%s)
	bats --tap "$1" > "$2/$name.tap" 2>&1 < /dev/null || echo $? > "$2/$name.status"
	grep "^not ok" "$2/$name.tap"
	echo "$name: $(grep -c "^ok" "$2/$name.tap") passed," \
		"$(grep -c "^not ok" "$2/$name.tap") failed, $(($(date +%s) - begin)) s"
' sh FILE "$results"

passed=$(cat "$results"/*.tap | grep -c '^ok')
failed=$(cat "$results"/*.tap | grep -c '^not ok')
for status in "$results"/*.status; do
	[ -e "$status" ] || continue
	tap=${status%.status}.tap
	if ! grep -q '^not ok' "$tap"; then
		echo "${tap##*/}: ended with status $(cat "$status")"
		tail -5 "$tap"
		failed=$((failed + 1))
	fi
done
if [ "$failed" -gt 0 ]; then
	echo
	echo "What failed, in full (also in $results):"
	cat "$results"/*.tap | awk '/^(ok|1\.\.)/ { on = 0 } /^not ok/ { on = 1; n = 0 } on && n++ < 25' |
		head -400
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
