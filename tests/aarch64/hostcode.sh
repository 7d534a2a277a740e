#!/bin/sh
# Write tests/aarch64/hostcode.txt anew from what the translator makes of its guest instructions.
#
# Usage: tests/aarch64/hostcode.sh < OLD > NEW
# A line that begins with neither # nor a tab is a run of guest instructions, separated by "; ", in which
# x20 points to memory and all else is zero.  The program shares memory first (mmap), since what is atomic for nobody
# has no locks.  Each is made a block of one program, and what -d out_asm says
# of it is printed below, without register numbers, addresses and immediates:
#
#	r w h b		a general register of 64, 32, 16, 8 bits; x: a vector register
#	s64		a slot of the guest's state; m64: memory; c128: a constant; i: an immediate
#	exit		the jump to the next translation; the stub that links it is left out, as are NOPs and the
#			count of executions at the head (sub c32, i; js i)
#	exact		the fault handler computes the result of the instruction that follows
#
# All other lines are kept.  Needed: the guest's assembler, and a host with what -hide avx512 leaves.

set -eu
build=${BUILD:-build}
runner=${RUNNER:-$build/dragoman-aarch64}
cross=${CROSS_CC:-aarch64-linux-gnu-gcc}
work=$(mktemp -d "${TMPDIR:-/tmp}/dragoman-hostcode-XXXXXX")
trap 'rm -rf "$work"' EXIT

cat > "$work/old"
awk '
	BEGIN {
		print ".arch armv8.6-a+crypto+sha3+fp16\n.text\n.global _start\n_start:\tadrp x20, memory"
		print "\tadd x20, x20, :lo12:memory"
		print "\tmov x1, #4096\n\tmov x2, #3\n\tmov x3, #0x21\n\tmov x4, #-1\n\tmov x8, #222\n\tsvc #0"
		for (i = 0; i < 9; i++)
			print "\tmov x" i ", #0"
		print "\tb block_1"
	}
	/^[^#\t]/ {
		gsub("; ", "\n\t")
		printf "block_%d:\n\t%s\n\tb block_%d\n\t.balign 64\n", ++n, $0, n + 1
	}
	END {
		printf "block_%d:\tmov x8, #93\n\tmov x0, #0\n\tsvc #0\n", n + 1
		print ".bss\n.balign 64\nmemory: .space 4096"
	}' "$work/old" > "$work/prog.S"
"$cross" -nostdlib -static -o "$work/prog" "$work/prog.S"
"${cross%gcc}nm" "$work/prog" | sed -n 's/^0*\([0-9a-f]*\) t block_\([0-9]*\)$/\2 \1/p' > "$work/blocks"
"$runner" -hide avx512 -d out_asm -D "$work/log" "$work/prog"

awk -v blocks="$work/blocks" -v log_file="$work/log" '
	function operand(s,  size) {
		if (s ~ /\[/) {
			size = s ~ /^byte/ ? 8 : s ~ /^word/ ? 16 : s ~ /^dword/ ? 32 : s ~ /^qword/ ? 64 : s ~ /^xmmword/ ? 128 : ""
			return (s ~ /\[r15 [-+] 0x[0-9a-f]+\]/ ? "s" : s ~ /\[rip/ ? "c" : "m") size
		}
		if (s ~ /^[xy]mm[0-9]+$/)
			return "x"
		if (s ~ /^-?(0x)?[0-9a-f]+$/ && s !~ /^[abcd][hl]$/)
			return "i"
		if (s ~ /^r([abcd]x|[sd]i|[sb]p|[0-9]+)$/)
			return "r"
		if (s ~ /^(e([abcd]x|[sd]i|[sb]p)|r[0-9]+d)$/)
			return "w"
		if (s ~ /^([abcd]x|[sd]i|[sb]p|r[0-9]+w)$/)
			return "h"
		if (s ~ /^([abcd][hl]|[sd]il|[sb]pl|r[0-9]+b)$/)
			return "b"
		return s
	}
	function finish(  i, n, text, stub) {
		for (i = 1; i < lines; i++)
			if (name[i] == "mov" && args[i] == "w, i" && name[i + 1] == "jmp" && args[i + 1] == "s64")
				stub[address[i]] = 1
		for (i = 1; i <= lines; i++) {
			if (name[i] ~ /^nop/ || (i == 1 && name[1] == "sub" && args[1] == "c32, i") ||
			    (i == 2 && name[2] == "js" && name[1] == "sub"))
				continue
			# the stub of an exit: its number, and away
			if (name[i] == "mov" && args[i] == "w, i" && name[i + 1] == "jmp" && args[i + 1] == "s64") {
				i++
				continue
			}
			# behind UD1 the disassembler is out of step
			if (name[i] ~ /^ud[12]b?$/ && i < lines && name[i] != "ud2") {
				text = text "; exact"
				n++
				break
			}
			if (name[i] == "jmp" && target[i] in stub)
				text = text (n++ ? "; " : "") "exit"
			else
				text = text (n++ ? "; " : "") name[i] (args[i] ? " " args[i] : "")
		}
		code[block] = n ": " text
		lines = 0
	}
	BEGIN {
		while ((getline < blocks) > 0)
			number["0x" $2] = $1
		while ((getline < log_file) > 0) {
			if ($1 == "OUT:") {
				finish()
				sub(":", "", $2)
				block = number[$2] + 0
				continue
			}
			name[++lines] = $2
			target[lines] = $3
			address[lines] = $1
			sub(":", "", address[lines])
			sub(/^ *0x[0-9a-f]+: *[^ ]+ */, "")
			sub(/ *$/, "")
			m = split($0, part, /, /)
			args[lines] = ""
			for (k = 1; k <= m; k++)
				args[lines] = args[lines] (k > 1 ? ", " : "") operand(part[k])
		}
		finish()
	}
	/^\t[0-9]+: / { next }
	{ print }
	/^[^#\t]/ { print "\t" code[++n] }' "$work/old"
