# Real programs whose every block becomes a region at once.

@test "real programs, every block a region at once" {
	cd "$BATS_TEST_DIRNAME/../.."
	load "$PWD/tests/real"
	export DRAGOMAN_HOT=1
	sed -n 's/^== //p' tests/real/cases.txt | while read -r name; do
		echo "$name"
		check_real "$name" || exit 1
	done
}
