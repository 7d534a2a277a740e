#!/bin/sh
# Unpack a foreign Debian into build/sysroot/ARCH, for the tests and the demonstration.
#
# The usual way (dpkg --add-architecture, or debootstrap) changes the user's machine or wants
# root.  Here apt gets a private state, an empty dpkg database and the foreign architecture; its
# own solver says which packages the list needs, and they are unpacked.  No maintainer script
# runs, since each is a program of the foreign machine: the few links that they would have made
# are made at the end of this script.
#
# Usage: tools/sysroot.sh [ARCH [DIR [LIST]]]
# ARCH is the guest's name (aarch64); the packages are those of the file LIST (tests/real/packages).
# A stamp holds the list that was unpacked: a second call with the same list does nothing.

set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
arch=${1:-aarch64}
root=${2:-$top/build/sysroot/$arch}
list=${3:-$top/tests/real/packages}
# The release, if it must be another than the host's: the first that has the architecture.
suite=

case $arch in
aarch64)	debian=arm64 ;;
arm)		debian=armhf ;;
ppc64le)	debian=ppc64el ;;
riscv64)	debian=riscv64 suite=trixie ;;
s390x)		debian=s390x ;;
mips64el)	debian=mips64el ;;
x86_64)		debian=amd64 ;;
i386)		debian=i386 ;;
*)
	echo "sysroot.sh: Debian has no architecture for guest '$arch'" >&2
	exit 2 ;;
esac
if ! [ -r "$list" ]; then
	echo "sysroot.sh: $list: no such list of packages" >&2
	exit 2
fi

packages=$(sed 's/#.*//' "$list" | tr -s ' \t\n' ' ')
mkdir -p "$root"
root=$(cd "$root" && pwd)
stamp=$root.stamp
if [ -r "$stamp" ] && [ "$(cat "$stamp")" = "$packages" ]; then
	exit 0
fi

for tool in apt-get dpkg-deb tar; do
	if ! command -v $tool > /dev/null; then
		echo "sysroot.sh: needs $tool (a Debian host)" >&2
		exit 1
	fi
done

# The private state of apt lies beside the tree, never in it.
apt=$root.apt
mkdir -p "$apt/etc/sources.list.d" "$apt/etc/preferences.d" "$apt/state/lists/partial" \
	"$apt/cache/archives/partial"
: > "$apt/status"

# Only the host's entries for Debian itself: other vendors seldom have the architecture, and one
# that fails would fail the update.
rm -f "$apt"/etc/sources.list "$apt"/etc/sources.list.d/*
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
	[ -r "$file" ] || continue
	sed -n -e '/^deb .*debian/{s/arch=[^] ]*//;s/\[ *\]//;p;}' "$file" >> "$apt/etc/sources.list"
done
for file in /etc/apt/sources.list.d/*.sources; do
	if [ -r "$file" ] && grep -q '^URIs:.*/debian' "$file"; then
		sed '/^Architectures:/d' "$file" > "$apt/etc/sources.list.d/${file##*/}"
	fi
done
if ! [ -s "$apt/etc/sources.list" ] && ! ls "$apt"/etc/sources.list.d/* > /dev/null 2>&1; then
	echo "deb http://deb.debian.org/debian bookworm main" > "$apt/etc/sources.list"
fi

if [ -n "$suite" ]; then
	# The release alone, from where the host gets its own: updates of another come and go.
	uri=$(cat "$apt"/etc/sources.list "$apt"/etc/sources.list.d/* 2> /dev/null |
		grep -o '[a-z]*://[^ ]*/debian/\{0,1\}\( \|$\)' | head -1)
	rm -f "$apt"/etc/sources.list.d/*
	echo "deb ${uri:-http://deb.debian.org/debian} $suite main" > "$apt/etc/sources.list"
fi

# How the host reaches the network (proxies, time-outs) is kept; its hooks are not.
{
	apt-config dump | grep '^Acquire::' || true
	cat <<-END
	APT::Architecture "$debian";
	#clear APT::Architectures;
	APT::Architectures { "$debian"; };
	APT::Sandbox::User "$(id -un)";
	APT::Install-Recommends "false";
	APT::Get::Assume-Yes "true";
	Acquire::Languages "none";
	Debug::NoLocking "true";
	Dir::State "$apt/state";
	Dir::State::status "$apt/status";
	Dir::Cache "$apt/cache";
	Dir::Etc "$apt/etc";
	Dir::Etc::main "/dev/null";
	Dir::Etc::parts "/dev/null";
	Dir::Etc::trusted "/etc/apt/trusted.gpg";
	Dir::Etc::trustedparts "/etc/apt/trusted.gpg.d";
	Dir::Log "$apt";
	END
} > "$apt/apt.conf"
export APT_CONFIG="$apt/apt.conf"

echo "sysroot.sh: reading Debian's list of $debian packages"
apt-get -qq update
echo "sysroot.sh: fetching"
rm -f "$apt"/cache/archives/*.deb
# shellcheck disable=SC2086
apt-get -qq --download-only install $packages

# Debian's merged /usr: the links must exist before a package brings files below them, and tar
# is told to follow them (dpkg-deb -x would put a directory in their place).
rm -rf "$root" "$stamp"
mkdir -p "$root/usr" "$root/etc/alternatives"
for dir in bin sbin lib; do
	mkdir -p "$root/usr/$dir"
	ln -s "usr/$dir" "$root/$dir"
done
echo "sysroot.sh: unpacking $(ls "$apt"/cache/archives/*.deb | wc -l) packages"
printf '%s\0' "$apt"/cache/archives/*.deb |
	xargs -0 -n 1 -P "$(nproc)" sh -c 'dpkg-deb --fsys-tarfile "$1" |
		tar -x -C "$0" --keep-directory-symlink --no-same-owner' "$root"

rm -f "$apt"/cache/archives/*.deb

# What maintainer scripts and update-alternatives would have done.
link() {
	if [ -e "$root/usr/bin/$1" ] && ! [ -e "$root/usr/bin/$2" ]; then
		ln -s "$1" "$root/usr/bin/$2"
	fi
}
link gawk awk
link gcc cc
link g++ c++
link lua5.4 lua
link dash sh
link less pager

# Empty directories of the tree would hide the host's, which the guest is meant to see there.
for dir in boot dev home media mnt opt proc root run srv sys tmp var/tmp; do
	rmdir "$root/$dir" 2> /dev/null || true
done

printf '%s' "$packages" > "$stamp"
echo "sysroot.sh: $root holds $(du -sh "$root" | cut -f 1)"
