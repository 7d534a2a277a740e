# The container image: well formed by its own digests, reproducible, and its entry point keeps to the contract.

bats_require_minimum_version 1.5.0
load binfmt

setup_file() {
	binfmt_setup_file
	export IMAGE="$D/image.tar" ROOT="$D/rootfs"
	binfmt/image.sh "$IMAGE" 9.9 "$RUNNER" "$B" > /dev/null
	mkdir -p "$D/layout" "$ROOT/proc"
	tar -C "$D/layout" -xf "$IMAGE"
	tar -C "$ROOT" -xzf "$(layer)"
	! command -v "$CROSS_CC" > /dev/null ||
		"$CROSS_CC" -nostdlib -static -Wl,-s -o "$D/tiny" tests/binfmt/tiny.S
}

layer() {
	ls -S "$D"/layout/blobs/sha256/* | head -1
}

# json FILE PROGRAM: a Python expression over j, the file's content.
json() {
	python3 -c 'import json, sys
j = json.load(open(sys.argv[1]))
print(eval(sys.argv[2]))' "$1" "$2"
}

# What a container's runtime does: its own namespaces (here a user's too), /proc, the image's root, the entry
# point's words and no environment but PATH.  COMMANDS see it as `image ARGUMENT...`.
container() {
	unshare -Ur --mount --pid --fork sh -euc '
		mount -t proc proc "$ROOT/proc"
		# The first call mounts binfmt_misc in its own mount namespace; the instance is kept by this one.
		mkdir -p "$D/keep"
		mount -t binfmt_misc none "$D/keep"
		image() {
			unshare --mount env -i PATH=/usr/bin /usr/sbin/chroot "$ROOT" $ENTRY "$@"
		}
		'"$1"
}

need_container() {
	need_private
	ENTRY=$(json "$D"/layout/blobs/sha256/"$(config)" '" ".join(j["config"]["Entrypoint"])')
	export ENTRY
}

manifest() {
	json "$D/layout/index.json" 'j["manifests"][0]["digest"].split(":")[1]'
}

config() {
	json "$D/layout/blobs/sha256/$(manifest)" 'j["config"]["digest"].split(":")[1]'
}

@test "every blob has the digest that is its name, and the size that is said" {
	cd "$D/layout/blobs/sha256"
	[ "$(ls | wc -l)" = 3 ]
	for blob in *; do
		echo "$blob  $blob" | sha256sum -c --quiet
	done
	[ "$(json ../../index.json 'j["manifests"][0]["size"]')" = "$(stat -c %s "$(manifest)")" ]
	[ "$(json "$(manifest)" 'j["config"]["size"]')" = "$(stat -c %s "$(config)")" ]
	[ "$(json "$(manifest)" 'j["layers"][0]["size"]')" = "$(stat -c %s "$(layer)")" ]
	[ "$(json "$(manifest)" 'j["layers"][0]["digest"]')" = "sha256:$(basename "$(layer)")" ]
	[ "$(json "$(config)" 'j["rootfs"]["diff_ids"]')" = "['sha256:$(zcat "$(layer)" | sha256sum | cut -d ' ' -f 1)']" ]
	[ "$(json ../../oci-layout 'j["imageLayoutVersion"]')" = 1.0.0 ]
	# docker load before the OCI layout.
	[ "$(json ../../manifest.json 'j[0]["Config"]')" = "blobs/sha256/$(config)" ]
	[ "$(json ../../manifest.json 'j[0]["RepoTags"]')" = "['dragoman:9.9']" ]
}

@test "a tool of others reads it" {
	command -v skopeo > /dev/null || skip "no skopeo"
	skopeo inspect "oci-archive:$IMAGE" | grep -q '"org.opencontainers.image.version": "9.9"'
	skopeo copy --quiet --insecure-policy "oci-archive:$IMAGE" "dir:$D/copied"
	skopeo copy --quiet --insecure-policy "docker-archive:$IMAGE" "dir:$D/copied2"
}

@test "the same files make the same image" {
	sleep 1
	cp "$IMAGE" "$D/first"
	(umask 077; TZ=Asia/Tokyo binfmt/image.sh "$D/second" 9.9 "$RUNNER" "$B")
	cmp "$D/first" "$D/second"
}

@test "static binaries, readable by all, owned by root" {
	run -0 tar -tvzf "$(layer)"
	[[ "$output" == *"-rwxr-xr-x 0/0 "*" usr/bin/dragoman-binfmt"* ]]
	[[ "$output" == *"-rwxr-xr-x 0/0 "*" usr/bin/$NAME"* ]]
	! LC_ALL=C readelf -l "$ROOT"/usr/bin/* | grep INTERP
}

@test "--version, --help, without arguments" {
	need_container
	run -0 container 'image --version'
	[[ "$output" == "dragoman "* ]]
	run -0 container 'image --help'
	[[ "$output" == *--install*--uninstall* ]]
	run -0 --separate-stderr container 'image'
	[ -z "$stderr" ]
	echo "$output" > "$D/json"
	[ "$(json "$D/json" 'j["supported"]')" = "['linux/$(json "$D/layout/blobs/sha256/$(config)" 'j["architecture"]')']" ]
	[ "$(json "$D/json" 'j["emulators"]')" = "[]" ]
}

@test "--install: programs run, also when the container is gone" {
	need_container
	need_cross
	for what in all "$TEST_GUEST" --install="$TEST_GUEST"; do
		words="--install $what"
		[ "$what" != "--install=$TEST_GUEST" ] || words=$what
		run -0 --separate-stderr container "image $words; [ -e \"\$D/keep/$NAME\" ]
			grep -qx 'flags: POCF' \"\$D/keep/$NAME\"
			\"\$D/tiny\" && exit 1 || [ \$? = 7 ]"
		[ -z "$stderr" ]
		echo "$output" > "$D/json"
		[ "$(json "$D/json" 'j["emulators"]')" = "['$NAME']" ]
		[ "$(json "$D/json" 'len(j["supported"])')" = 2 ]
	done
}

@test "--install with the platform's name, and twice" {
	need_container
	[ "$TEST_GUEST" = aarch64 ] || skip "the known name is aarch64's"
	run -0 --separate-stderr container 'image --install arm64 > "$D/json"; image --install linux/arm64 > "$D/again"'
	[ -z "$stderr" ]
	grep -q '"linux/arm64"' "$D/json"
	cmp "$D/json" "$D/again"
}

@test "--install of a newer image: the newer runner" {
	need_container
	need_cross
	cat > "$D/newer.c" <<- 'END'
		#include <stdio.h>
		#include <string.h>
		int main(int argc, char **argv)
		{
			puts(argc > 1 && !strcmp(argv[1], "-card") ? CARD : "the newer runner");
		}
	END
	gcc -static -DCARD="\"$("$RUNNER" -card)\"" -o "$D/newer" "$D/newer.c"
	cp "$ROOT/usr/bin/$NAME" "$D/older"
	run -0 container "image --install all > /dev/null
		cp \"\$D/newer\" \"\$ROOT/usr/bin/new\"; mv \"\$ROOT/usr/bin/new\" \"\$ROOT/usr/bin/$NAME\"
		\"\$D/tiny\" && exit 1 || [ \$? = 7 ]
		image --install all > /dev/null; \"\$D/tiny\""
	mv "$D/older" "$ROOT/usr/bin/$NAME"
	[ "$output" = "the newer runner" ]
}

@test "--uninstall: by platform, name or pattern" {
	need_container
	for name in "$TEST_GUEST" "$NAME" 'dragoman-*' all; do
		run -0 --separate-stderr container "image --install all > /dev/null; image --uninstall '$name'"
		[ -z "$stderr" ]
		echo "$output" > "$D/json"
		[ "$(json "$D/json" 'j["emulators"]')" = "[]" ]
	done
	# Another's rule only by its own name.
	run -0 container "echo ':qemu-x:M::abc::/other:P' > \"\$D/keep/register\"
		image --install all > /dev/null; image --uninstall all > /dev/null; [ -e \"\$D/keep/qemu-x\" ]
		image --uninstall 'qemu-*' > /dev/null; [ ! -e \"\$D/keep/qemu-x\" ]"
}

@test "failures: one line on stderr, status 1, nothing changed" {
	need_container
	fails() {
		run -1 --separate-stderr container "$2"
		echo "wanted: $1; stderr: $stderr"
		[ "${#stderr_lines[@]}" = 1 ]
		[[ "$stderr" == $1 ]]
	}
	fails '*no runner for "nonsense" in /usr/bin' 'image --install nonsense'
	fails '*nonsense: no such rule; nothing changed' "image --install all > /dev/null; image --uninstall $TEST_GUEST,nonsense"
	fails '*unknown argument nonsense*' 'image nonsense'
	fails '*option --install needs an argument' 'image --install'
	fails '*not mounted at *' 'umount "$ROOT/proc"; image --install all' ||
		fails '*/proc/sys/fs/binfmt_misc: No such file or directory*' 'umount "$ROOT/proc"; image --install all'
}

@test "a container without privilege is told so" {
	need_container
	run -1 --separate-stderr container "exec setpriv --bounding-set -sys_admin --inh-caps -sys_admin \
		env -i PATH=/usr/bin /usr/sbin/chroot '$ROOT' $ENTRY --install all"
	[ "${#stderr_lines[@]}" = 1 ]
	[[ "$stderr" == *'the container must be privileged'* ]]
	# What is supported can be asked all the same.
	run -0 --separate-stderr container "exec setpriv --bounding-set -sys_admin --inh-caps -sys_admin \
		env -i PATH=/usr/bin /usr/sbin/chroot '$ROOT' $ENTRY"
	[[ "$output" == *'"emulators": []'* ]]
}

@test "make image" {
	make -s image BUILD="$BUILD"
	[ -s "$BUILD/dragoman-image.tar" ]
}
