# dragoman-binfmt: registering is all or nothing, mistakes are one line, and doctor finds what is wrong.

bats_require_minimum_version 1.5.0
load binfmt

setup_file() {
	binfmt_setup_file
}

# refuses PATTERN COMMAND: in a private instance; ends with 1 and one line that matches.
refuses() {
	run -1 private "$2"
	echo "wanted: $1; output: $output"
	[ "${#lines[@]}" = 1 ]
	[[ "$output" == $1 ]]
}

@test "the line: ELF, any EI_OSABI, ET_EXEC or ET_DYN, the guest's machine" {
	# Written by hand from the card's numbers, in the form that every distribution has.
	[ "$TEST_GUEST" = aarch64 ] || skip "the known line is aarch64's"
	run -0 "$B" show -path /usr/bin aarch64
	[ "$output" = ':dragoman-aarch64:M::\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00:\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:/usr/bin/dragoman-aarch64:POCF' ]
}

@test "a relative -dir becomes absolute in the rule" {
	cd "${B%/*}/.."
	run -0 "$B" show -dir "./$(basename "${B%/*}")/." "$TEST_GUEST"
	[ "$output" = "$("$B" show "$TEST_GUEST")" ]
}

@test "files for systemd and for binfmt-support" {
	run -0 "$B" show -systemd -path /usr/bin "$TEST_GUEST"
	[ "${#lines[@]}" = 2 ]
	[[ "${lines[0]}" == '#'* ]]
	[ "${lines[1]}" = "$("$B" show -path /usr/bin "$TEST_GUEST")" ]
	run -0 "$B" show -debian -flags PF -path /usr/bin "$TEST_GUEST"
	[ "${lines[0]}" = "package dragoman" ]
	[ "${lines[1]}" = "interpreter /usr/bin/$NAME" ]
	[[ "$output" == *$'\nmagic \\x7fELF'* && "$output" == *$'\nmask \\xff'* ]]
	[[ "$output" == *$'\ncredentials no\npreserve yes\nfix_binary yes' ]]
}

@test "systemd-binfmt takes its file" {
	need_private
	tool=$(command -v systemd-binfmt || echo /usr/lib/systemd/systemd-binfmt)
	[ -x "$tool" ] || skip "no systemd-binfmt"
	"$B" show -systemd > "$D/dragoman.conf"
	private "'$tool' '$D/dragoman.conf'; '$B' status | grep -q '^$NAME .*enabled .*POCF'; '$B' doctor"
}

@test "update-binfmts takes its file" {
	need_private
	[ -x /usr/sbin/update-binfmts ] || skip "no update-binfmts"
	mkdir -p "$D/import" "$D/admin"
	"$B" show -debian "$TEST_GUEST" > "$D/import/$NAME"
	private "/usr/sbin/update-binfmts --admindir '$D/admin' --importdir '$D/import' --import $NAME
		'$B' status | grep -q '^$NAME .*enabled .*POCF'; '$B' doctor"
}

@test "register and unregister" {
	need_private
	run -0 private "
		[ ! -e $FS/$NAME ]
		'$B' register
		grep -qx 'flags: POCF' $FS/$NAME
		grep -qx 'interpreter $RUNNER' $FS/$NAME
		'$B' register $TEST_GUEST       # again, the same: nothing to do
		'$B' unregister $TEST_GUEST
		[ ! -e $FS/$NAME ]"
	[ -z "$output" ]
}

@test "flags" {
	need_private
	private "'$B' register -flags P; grep -qx 'flags: P' $FS/$NAME"
	private "'$B' register -flags ''; grep -qx 'flags: ' $FS/$NAME"
	private "'$B' register -flags C; grep -qx 'flags: OC' $FS/$NAME; '$B' register -flags C"
	refuses '*option -flags: only P, O, C and F are flags' "'$B' register -flags PX"
	refuses '*option -flags: a letter stands there twice' "'$B' register -flags PP"
}

@test "a rule of the same name stays, unless -replace is said" {
	need_private
	refuses "*$NAME: a rule of this name exists (flags P, */other); nothing changed*" "
		echo ':$NAME:M::abc::/other:P' > $FS/register; '$B' register"
	private "
		echo ':$NAME:M::abc::/other:P' > $FS/register
		! '$B' register 2> '$D/err'
		grep -qx 'interpreter /other' $FS/$NAME
		'$B' register -replace
		grep -qx 'interpreter $RUNNER' $FS/$NAME
		[ \$(ls $FS | wc -l) = 3 ]"
}

# A second guest, whose runner is a script that plays the card.  Once $1/busy exists it leaves itself
# open for writing, which -card does not show and the kernel does not take with flag F.
second_guest() {
	mkdir -p "$1"
	cp "$RUNNER" "$1"
	rm -f "$1/dragoman-zz"
	cat > "$1/dragoman-zz" <<- 'END'
		#!/bin/sh
		if [ -e "${0%/*}/busy" ]; then
			exec 9>> "$0"
			sleep 60 > /dev/null 2>&1 3>&- &
		fi
		echo zz 4660 2 1 0x3 0x2
	END
	chmod 755 "$1/dragoman-zz"
}

@test "several guests, and e_flags" {
	need_private
	second_guest "$D/two"
	private "'$B' register -dir '$D/two'; [ -e $FS/$NAME ]
		grep -qx 'magic 7f454c460201010000000000000000000200341200000000$(printf '%048d' 0)02000000' \
			$FS/dragoman-zz
		grep -qx 'mask ffffffffffffff00fffffffffffffffffeffffff00000000$(printf '%048d' 0)03000000' \
			$FS/dragoman-zz"
}

@test "several: all or nothing" {
	need_private
	second_guest "$D/all"
	touch "$D/all/busy"
	run -0 private "! '$B' register -dir '$D/all'; [ \$(ls $FS | wc -l) = 2 ]"
	[ "$output" = 'dragoman-binfmt: dragoman-zz: Text file busy; nothing changed' ]
	rm "$D/all/busy"
	second_guest "$D/all"
	refuses '*dragoman-zz: a rule of this name exists*nothing changed*' "
		echo ':dragoman-zz:M::abc::/other:P' > $FS/register; '$B' register -dir '$D/all' -flags P"
	private "
		echo ':dragoman-zz:M::abc::/other:P' > $FS/register
		! '$B' register -dir '$D/all' -flags P 2> /dev/null
		[ ! -e $FS/$NAME ]"
}

@test "several replaced: all or none" {
	need_private
	second_guest "$D/again"
	private "
		'$B' register -dir '$D/again' -flags P
		cat $FS/dragoman-* > '$D/before'
		touch '$D/again/busy'
		! '$B' register -dir '$D/again' -replace 2> '$D/err'
		grep -q 'dragoman-zz: Text file busy; nothing changed' '$D/err'
		[ \$(wc -l < '$D/err') = 1 ]
		cat $FS/dragoman-* | cmp - '$D/before'
		[ \$(ls $FS | wc -l) = 4 ]"
}

@test "a replacement that fails leaves a rule whose runner is gone" {
	need_private
	mkdir -p "$D/gone"
	cp "$RUNNER" "$D/gone"
	second_guest "$D/late"
	mv "$D/late/dragoman-zz" "$D/late/$NAME"
	sed -i "s/echo zz 4660/echo $TEST_GUEST 4660/" "$D/late/$NAME"
	touch "$D/late/busy"
	private "
		'$B' register -dir '$D/gone'
		rm '$D/gone/$NAME'
		! '$B' register -replace -dir '$D/late' 2> /dev/null
		grep -qx 'interpreter $D/gone/$NAME' $FS/$NAME
		[ \$(ls $FS | wc -l) = 3 ]"
}

@test "what the kernel would cut or misread is refused" {
	need_private
	long=/$(printf '%0110d' 0)
	refuses '*too long for binfmt_misc*' "
		mount -t tmpfs none /mnt; mkdir /mnt$long; cp '$RUNNER' /mnt$long
		'$B' register -dir /mnt$long"
	mkdir -p "$D/a:b" "$D/c
d"
	cp "$RUNNER" "$D/a:b"
	cp "$RUNNER" "$D/c
d"
	private "'$B' register -dir '$D/a:b'; grep -qx 'interpreter $D/a:b/$NAME' $FS/$NAME"
	run -1 private "'$B' register -dir '$D/c
d'"
	[[ "$output" == *'a path that binfmt_misc cannot take' ]]
}

@test "unregister: unknown names change nothing, others' rules stay" {
	need_private
	refuses '*nonsense: no such rule of ours; nothing changed' "'$B' register; '$B' unregister $TEST_GUEST nonsense"
	private "
		echo ':other:M::abc::/other:P' > $FS/register
		'$B' register
		! '$B' unregister $TEST_GUEST nonsense 2> /dev/null
		[ -e $FS/$NAME ]
		! '$B' unregister other 2> /dev/null
		'$B' unregister
		[ -e $FS/other ]; [ ! -e $FS/$NAME ]"
}

@test "the host's own programs are not registered" {
	need_private
	mkdir -p "$D/self"
	cp "$RUNNER" "$D/self"
	native=$(od -An -tu2 -j18 -N2 "$B" | tr -d ' ')
	printf '#!/bin/sh\necho native %s 2 1 0 0\n' "$native" > "$D/self/dragoman-native"
	chmod 755 "$D/self/dragoman-native"
	private "'$B' register -dir '$D/self'; [ -e $FS/$NAME ]; [ ! -e $FS/dragoman-native ]"
	refuses "*native: these are the host's own programs" "'$B' register -dir '$D/self' native"
}

@test "mistakes" {
	refuses_here() {
		run -1 "$B" "${@:2}"
		echo "wanted: $1; output: $output"
		[ "${#lines[@]}" = 1 ]
		[[ "$output" == $1 ]]
	}
	refuses_here '*no command "nonsense"*' nonsense
	refuses_here '*unknown option -nonsense*' register -nonsense
	refuses_here '*option -dir needs an argument' register -dir
	refuses_here '*no runner for "nonsense" in *' register nonsense
	refuses_here '*no runner (dragoman-GUEST) in /*' register -dir /
	refuses_here '*/nonexistent: No such file or directory' register -dir /nonexistent
	refuses_here '*option -path: "bin" is not an absolute path' show -path bin
	refuses_here '*show takes no command after --' show -- true
	refuses_here '*not mounted at /tmp *mount -t binfmt_misc*' register -fs /tmp
	refuses_here '*not mounted at /tmp *mount -t binfmt_misc*' unregister -fs /tmp
}

@test "no right to register" {
	need_private
	[ "$(id -u)" = 0 ] || skip "not root"
	run -1 "$B" run -- setpriv --reuid 65534 --regid 65534 --clear-groups "$B" register -replace
	[ "${#lines[@]}" = 1 ]
	[[ "$output" == *'no right to register in '*'become root, or use `dragoman-binfmt run`)' ]]
}

@test "run: without any privilege, as the same user" {
	need_private
	run -0 nobody "$B" run -- sh -c "id -u; ls $FS"
	[[ "$output" == "$(nobody id -u)"*"$NAME"* ]]
	run -0 nobody "$B" run -root -- id -u
	[ "$output" = 0 ]
	run -0 nobody "$B" run -flags PF "$TEST_GUEST" -- cat "$FS/$NAME"
	[[ "$output" == *"flags: PF"* ]]
	SHELL=/bin/pwd run -0 nobody "$B" run
	[ "$output" = "$PWD" ]
	run -127 "$B" run -- ./nonexistent
	run -126 "$B" run -- /
	run -3 "$B" run -- sh -c 'exit 3'
}

@test "run: in itself, and refused where namespaces are" {
	need_private
	run -0 nobody "$B" run -- "$B" run -- echo inner
	[ "$output" = inner ]
	run -1 unshare -Ur sh -c "echo 0 > /proc/sys/user/max_user_namespaces; exec '$B' run -- true"
	[ "${#lines[@]}" = 1 ]
	[[ "$output" == *'a new user namespace: '*'/proc/sys/user/max_user_namespaces' ]]
}

@test "a kernel that is too old is named" {
	need_private
	run -1 unshare -Ur sh -c "echo 0 > /proc/sys/user/max_user_namespaces
		exec setarch --uname-2.6 '$B' run -- true"
	[ "${#lines[@]}" = 1 ]
	[[ "$output" == *'(Linux 2.6.'*'private instances of binfmt_misc need Linux 6.7' ]]
	run private "'$B' register; setarch --uname-2.6 '$B' doctor"
	[[ "$output" == *"note  Linux 2.6."*"only root can register"* ]]
}

@test "status" {
	need_private
	run -0 private "'$B' status"
	[ "$output" = "nothing is registered" ]
	run -0 private "'$B' register; echo ':o\"ther:M:3:abc:\\xff\\xf0\\xff:/o:' > $FS/register; '$B' status -json"
	python3 - "$output" "$RUNNER" "$TEST_GUEST" <<- 'END'
		import json, sys
		s = json.loads(sys.argv[1])
		assert s["enabled"] is True and s["problem"] == "", s
		r = {x["name"]: x for x in s["rules"]}
		ours = r["dragoman-" + sys.argv[3]]
		assert ours["flags"] == "POCF" and ours["interpreter"] == sys.argv[2] and ours["enabled"], ours
		assert ours["magic"].startswith("7f454c46") and len(ours["mask"]) == 40, ours
		other = r['o"ther']
		assert (other["offset"], other["magic"], other["mask"]) == (3, "616263", "fff0ff"), other
	END
}

# finds LEVEL PATTERN COMMAND: doctor says so after COMMAND.
finds() {
	run private "$3; '$B' doctor || true"
	echo "wanted: $1 $2; output: $output"
	[[ "$output" == *"$1 "*$2* ]]
}

@test "doctor: all well" {
	need_private
	run -0 private "'$B' register; '$B' doctor"
	[[ "$output" == *"ok    $TEST_GUEST: programs come to dragoman"*"nothing is wrong" ]]
}

@test "doctor: what is wrong, and what mends it" {
	need_private
	finds bad "$TEST_GUEST is not registered*mend: dragoman-binfmt register $TEST_GUEST" true
	finds bad "binfmt_misc is disabled as a whole*mend: echo 1 > $FS/status" \
		"'$B' register; echo 0 > $FS/status"
	finds bad "$NAME is disabled*mend: echo 1 > $FS/$NAME" "'$B' register; echo 0 > $FS/$NAME"
	finds note "$NAME has no flag F" "'$B' register -flags POC"
	finds note "$NAME has no flag C" "'$B' register -flags POF"
	finds note "$NAME has no flag P" "'$B' register -flags OCF"
	finds note "$NAME has no flag O" "'$B' register -flags PF"
	finds bad "$NAME does not match $TEST_GUEST's programs" \
		"echo ':$NAME:M::abc::$RUNNER:POCF' > $FS/register"
	finds bad "$NAME: its runner /gone: No such file" \
		"'$B' show | sed 's|:$RUNNER:.*|:/gone:P|' > $FS/register"
	finds bad "$TEST_GUEST: a program does not start: No such file" \
		"'$B' show | sed 's|:$RUNNER:.*|:/gone:P|' > $FS/register"
	mkdir -p "$D/broken"
	cp "$RUNNER" "$D/broken"
	printf '#!/bin/sh\nexit 1\n' > "$D/broken/dragoman-zz"
	chmod 755 "$D/broken/dragoman-zz"
	run -1 private "'$B' register; '$B' doctor -dir '$D/broken'"
	[[ "$output" == *"bad   $D/broken/dragoman-zz does not run"* ]]
	run -1 "$B" doctor -fs "$D"
	[[ "$output" == *"bad   binfmt_misc is not mounted at $D"*"mend: mount -t binfmt_misc"* ]]
}

@test "doctor: another interpreter in the way" {
	need_private
	rival="'$B' show | sed 's|$NAME|qemu-x|; s|:$RUNNER:|:/bin/echo:|' > $FS/register"
	finds note "qemu-x (/bin/echo) matches $TEST_GUEST's programs, too*mend: echo -1 > $FS/qemu-x" \
		"$rival; '$B' register"
	# What was registered last is asked first.
	finds ok "$TEST_GUEST: programs come to dragoman" "$rival; '$B' register"
	finds bad "$TEST_GUEST: another interpreter gets the programs; it said \"/dev/fd/" \
		"'$B' register; $rival"
	run private "'$B' register; $rival; '$B' doctor"
	[ "$status" = 1 ]
}

@test "doctor -json" {
	need_private
	run private "'$B' register; '$B' doctor -json"
	[ "$status" = 0 ]
	python3 -c 'import json, sys; d = json.loads(sys.argv[1]); assert all(x["level"] == "ok" for x in d), d' "$output"
	run private "'$B' doctor -json"
	[ "$status" = 1 ]
	python3 -c 'import json, sys; d = json.loads(sys.argv[1])
assert [x for x in d if x["level"] == "bad" and x["mend"]], d' "$output"
}

@test "make install-binfmt" {
	make -s install-binfmt DESTDIR="$D/dest" PREFIX=/usr BUILD="$BUILD" > /dev/null
	[ "$(sed -n 2p "$D/dest/usr/lib/binfmt.d/$NAME.conf")" = "$("$B" show -path /usr/bin "$TEST_GUEST")" ]
	grep -qx "interpreter /usr/bin/$NAME" "$D/dest/usr/share/binfmts/$NAME"
	[ -x "$D/dest/usr/bin/dragoman-binfmt" ]
}
