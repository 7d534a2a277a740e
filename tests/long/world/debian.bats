# A whole Debian of the guest's architecture is set up, and used, in a private instance of binfmt_misc: thousands of
# processes, maintainer scripts, set-user-ID programs.

load "$PWD/tests/world"

setup_file() {
	world_setup_file
	[ -n "$WHY_NOT" ] || first_stage "$D/first" > "$D/first.log" 2>&1 || { tail -3 "$D/first.log"; return 1; }
}

@test "debootstrap --second-stage, three times" {
	for i in 1 2 3; do
		rm -rf --one-file-system "$D/root"
		cp -ax "$D/first" "$D/root"
		run -0 second_stage "$D/root"
		[[ "$output" == *"I: Base system installed successfully." ]]
		[ ! -e "$D/root/debootstrap" ]
	done
}

@test "apt-get install, and set-user-ID programs of it" {
	[ -d "$D/root" ] && [ ! -e "$D/root/debootstrap" ] || skip "no system"
	world_apt "$D/root"
	cat > "$D/root/script" <<- 'END'
		set -e
		apt-get -qq update
		apt-get -qq install -y --no-install-recommends sudo hello > /dev/null
		hello
		echo 'nobody ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/nobody
		su nobody -s /bin/sh -c 'id -un; sudo -u daemon id -un; sudo id -un'
		dpkg --audit
	END
	run -0 --separate-stderr in_world "$D/root" 'chroot "$ROOT" sh /script'
	[ "$output" = $'Hello, world!\nnobody\ndaemon\nroot' ]
}
