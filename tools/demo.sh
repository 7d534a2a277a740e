#!/bin/sh
# Show the runner at work: real Debian programs of another architecture, from their packages.
# Called by `make demo`, which has installed, built and fetched what this needs.
#
# Each command is printed before its output.  Nothing is registered with the kernel: a program
# that another one starts is a foreign program too, and the runner takes care of that by itself.
#
# Environment: RUNNER, SYSROOT, TEST_GUEST.

set -eu

guest=${TEST_GUEST:-aarch64}
runner=$(realpath "${RUNNER:-build/dragoman-$guest}")
sysroot=$(realpath "${SYSROOT:-build/sysroot/$guest}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Not the caller's PATH: its other directories hold programs of this machine.
export LC_ALL=C HOME="$work" PATH=/usr/bin:/bin

# Print a command, then run it in the guest's bash, in an empty directory.
show() {
	printf '\n%s $ %s\n' "$guest" "$1"
	(cd "$work" && "$runner" -L "$sysroot" "$sysroot/usr/bin/bash" -c "$1") ||
		{ echo "demo.sh: exit status $?"; failed=1; }
}
failed=0

echo "This machine is $(uname -m); each command below is run by"
echo "  $runner -L $sysroot $sysroot/usr/bin/bash -c COMMAND"

show 'uname -m; file -b $(command -v bash) 2>/dev/null | cut -d, -f1-2'
show 'for w in the quick brown fox; do echo $w; done | sort | (read first; echo "first: $first"; wc -l)'
show 'seq 1 1000000 | sha256sum'
show "python3 -c 'import platform, json, sqlite3; print(json.dumps({\"machine\": platform.machine(), \"pi\": 22 / 7, \"sqlite\": sqlite3.sqlite_version}))'"
show "perl -e 'printf \"%s has %d letters\n\", \$_, length for sort qw(perl runs here too)'"
cat > "$work/hello.c" <<'END'
#include <stdio.h>
#include <sys/utsname.h>
int main(void)
{
	struct utsname u;

	uname(&u);
	printf("compiled and run on %s, pointers of %zu bytes\n", u.machine, sizeof(void *));
	return 0;
}
END
show 'cat hello.c; gcc -O2 -Wall -o hello hello.c && ./hello'
show "sqlite3 :memory: \"create table t (x); insert into t values (1), (2), (3); select sum(x), avg(x) from t\""
show 'git init -q r && cd r && echo text > f && git add f && git -c user.name=a -c user.email=a@b commit -qm "first commit" && git log --format=%s'

echo
exit $failed
