# The guest's address space: placement, protection, moves, the break, and copies that meet bad pointers.

setup_file() {
	cd "$BATS_TEST_DIRNAME/.."
	gcc -std=gnu11 -O1 -g -Wall -I. -Ibase/host/x64 -static -o "$BATS_FILE_TMPDIR/space" \
		tests/space/space.c base/space.c base/host/x64/copy.c
}

@test "a guest that shares the host's address space" {
	[ "$("$BATS_FILE_TMPDIR/space")" = ok ]
}

@test "a guest in a reservation of its own" {
	[ "$("$BATS_FILE_TMPDIR/space" reserved)" = ok ]
}
