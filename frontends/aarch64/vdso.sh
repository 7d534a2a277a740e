#!/bin/sh
# Makes vdso_image.h from vdso.S: vdso.sh CROSS_PREFIX > vdso_image.h
set -e
cross=$1
dir=$(dirname "$0")
out=$(mktemp)
trap 'rm -f "$out"' EXIT
"${cross}gcc" -nostdlib -shared -Wl,-soname,linux-vdso.so.1 -Wl,--hash-style=both -Wl,-Bsymbolic \
	-Wl,--build-id=none -Wl,-z,max-page-size=4096 -Wl,-s -Wl,-T,"$dir/vdso.lds" -o "$out" "$dir/vdso.S"
size=$(stat -c %s "$out")
sigreturn=$("${cross}nm" -D "$out" | sed -n 's/^0*\([0-9a-f]*\) T __kernel_rt_sigreturn.*/0x\1/p')
echo "/* Made by vdso.sh from vdso.S; do not edit. */"
echo "enum { A64_VDSO_SIZE = $size, A64_VDSO_SIGRETURN = $sigreturn };"
echo "#define A64_VDSO_BYTES \\"
od -An -v -tx1 -w16 "$out" | sed 's/ \(..\)/ 0x\1,/g; s/^ /	/; $!s/$/ \\/'
