#!/bin/sh
# The lists of docs/helpers.md, to stdout: helpers.sh PROGRAM
#
# Three of them, since they depend on the host: what every host has; the processor that most have
# (AVX2, FMA3, BMI, AES; the caller's must be one), and the second with FPCR.DN set.

list() {
	printf '\n## %s\n\n```\n' "$1"
	shift
	"$@" || exit 1
	printf '```\n'
}

list 'A processor with AVX2 and FMA3' "$1" avx512 sha
list 'The same, when FPCR.DN is set' "$1" -n avx512 sha
list 'The baseline, x86-64-v2' "$1" all
