#!/bin/sh
# Makes vdso_image.h of a guest from the vdso.S and vdso.lds of its folder:
#	vdso.sh FOLDER CROSS_PREFIX [FLAG...] > vdso_image.h
# FLAGs are the compiler's, where the folder has several guests.
# The symbol of the signal trampoline is the one that ends in rt_sigreturn.
set -e
dir=$1 cross=$2
shift 2
out=$(mktemp)
trap 'rm -f "$out"' EXIT
"${cross}gcc" "$@" -nostdlib -shared -Wl,-soname,linux-vdso.so.1 -Wl,--hash-style=both -Wl,-Bsymbolic \
	-Wl,--build-id=none -Wl,-z,max-page-size=4096 -Wl,-s -Wl,-T,"$dir/vdso.lds" -o "$out" "$dir/vdso.S"
size=$(stat -c %s "$out")
sigreturn=$("${cross}nm" -D "$out" | sed -n 's/^0*\([0-9a-f]*\) T .*rt_sigreturn.*/0x\1/p')
echo "/* Made by tools/vdso.sh from vdso.S; do not edit. */"
echo "enum { VDSO_SIZE = $size, VDSO_SIGRETURN = $sigreturn };"
echo "#define VDSO_BYTES \\"
od -An -v -tx1 -w16 "$out" | sed 's/ \(..\)/ 0x\1,/g; s/^ /	/; $!s/$/ \\/'
