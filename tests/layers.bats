# The arrows of the house, and that the tool which holds them sees what it must.

setup() {
	cd "$BATS_TEST_DIRNAME/.."
	layers=$PWD/tools/layers.sh
}

@test "layers hold" {
	"$layers" "${BUILD:-build}"
}

@test "layers: an arrow upwards, a circle and an architecture's name are found" {
	cd "$BATS_TEST_TMPDIR"
	mkdir -p base translator
	echo '#include "base/b.h"' > base/a.h
	echo '#include "base/a.h"' > base/b.h
	printf '#include "translator/t.h"\n/* aarch64 in a comment */ int s390;\n' > base/c.c
	touch translator/t.h
	run "$layers"
	[ "$status" -eq 1 ]
	[[ $output == *"base/c.c includes translator/t.h: base may not use translator"* ]]
	[[ $output == *"headers in a circle"* ]]
	[[ $output == *"base/c.c:2:"*"an architecture in common code"* ]]
	[[ $output == *"3 wrong"* ]]
}
