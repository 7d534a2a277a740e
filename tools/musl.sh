#!/bin/sh
# A C library for a guest that Debian has none for: musl, built from Debian's source into DIR.
#
# Debian's cross compiler for the wider sibling makes the code; the few functions that compilers call
# (libgcc) come from the package of its bare-metal sibling, which has them for this machine, too.  Both
# are fetched with apt, which checks their signatures, into DIR; nothing is installed.
#
# Usage: tools/musl.sh ARCH DIR
# Makes DIR/bin/ARCH-linux-gnu-gcc, which compiles and links static programs.

set -eu

arch=$1
mkdir -p "$2"
dir=$(cd "$2" && pwd)
# Debian's release that has a musl with this machine, if it is another than the host's.
suite=

case $arch in
riscv32)
	cc="riscv64-linux-gnu-gcc -march=rv32gc -mabi=ilp32d" suite=trixie
	bare=gcc-riscv64-unknown-elf libgcc=rv32imafdc/ilp32d ;;
*)
	echo "musl.sh: nothing known of '$arch'" >&2
	exit 2 ;;
esac

work=$dir/work
rm -rf "$work" "$dir/lib" "$dir/include" "$dir/bin"
mkdir -p "$work/etc/sources.list.d" "$work/state/lists/partial" "$work/cache/archives/partial" "$dir/lib" "$dir/bin"
cd "$work"

echo "musl.sh: fetching"
apt-get -qq download $bare > /dev/null 2>&1 || {
	apt-get -qq update || true
	apt-get -qq download $bare > /dev/null
}
: > status
uri=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2> /dev/null |
	grep -o '[a-z]*://[^ ]*/debian/\{0,1\}\( \|$\)' | head -1)
echo "deb-src ${uri:-http://deb.debian.org/debian} $suite main" > etc/sources.list
# How the host reaches the network (proxies, time-outs) is kept; its hooks are not.
{
	apt-config dump | grep '^Acquire::' || true
	cat <<-END
	APT::Sandbox::User "$(id -un)";
	Acquire::Languages "none";
	Debug::NoLocking "true";
	Dir::State "$work/state";
	Dir::State::status "$work/status";
	Dir::Cache "$work/cache";
	Dir::Etc "$work/etc";
	Dir::Etc::main "/dev/null";
	Dir::Etc::parts "/dev/null";
	Dir::Etc::trusted "/etc/apt/trusted.gpg";
	Dir::Etc::trustedparts "/etc/apt/trusted.gpg.d";
	END
} > apt.conf
APT_CONFIG=$work/apt.conf apt-get -qq update
APT_CONFIG=$work/apt.conf apt-get -qq --download-only source musl > /dev/null

tar xf musl_*.orig.tar.gz
dpkg-deb --fsys-tarfile $bare*.deb | tar x --wildcards "./usr/lib/gcc/*/$libgcc/libgcc.a"
cp usr/lib/gcc/*/*/$libgcc/libgcc.a "$dir/lib"

echo "musl.sh: building"
cd musl-*/
# musl 1.2.5 gives the kernel a restorer here, for which its structure has no place.
[ "$arch" != riscv32 ] || sed -i '/SA_RESTORER/d' arch/riscv32/bits/signal.h
CC=$cc CFLAGS=-w CROSS_COMPILE=${cc%%gcc *} LIBCC=$dir/lib/libgcc.a ./configure --target="$arch" --prefix="$dir" \
	--disable-shared > /dev/null
make -s -j"$(nproc)" install > /dev/null
# The kernel's headers are those of the sibling, which tell the two apart by themselves.
for headers in linux asm asm-generic; do
	ln -s "/usr/${cc%%-gcc *}/include/$headers" "$dir/include/$headers"
done

cat > "$dir/bin/$arch-linux-gnu-gcc" <<END
#!/bin/sh
# Made by tools/musl.sh: static programs for $arch.
compile="$cc -nostdinc -isystem $dir/include -isystem $(${cc%% *} -print-file-name=include)"
for arg; do
	case \$arg in
	-c | -S | -E)	exec \$compile "\$@" ;;
	-nostdlib)	exec \$compile "\$@" $dir/lib/libgcc.a ;;
	esac
done
exec \$compile -static -nostdlib $dir/lib/crt1.o $dir/lib/crti.o "\$@" -L$dir/lib -Wl,--start-group -lc $dir/lib/libgcc.a \\
	-Wl,--end-group $dir/lib/crtn.o
END
chmod +x "$dir/bin/$arch-linux-gnu-gcc"
rm -rf "$work"
