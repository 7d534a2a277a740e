#!/bin/sh
# Hold the arrows of the house: who may include whom, and who may call whom.
#
#	base -> translator, syscall, loader, semihosting -> frontends -> runner, system, binfmt
#
# A directory may use itself and what stands to its left; the four of one rank may not use each
# other, so what two of them need lives in base.  Includes alone do not show it all (a prototype
# can be written by hand), so the objects' symbols are held to the same table.  Headers may not
# include each other in a circle.  Common code may not name an architecture: facts about one are
# data, in frontends/ (guests) or in the host directories.
#
# Usage: tools/layers.sh [BUILD]	the symbols are checked only if BUILD has objects

set -u
build=${1:-build}
dirs="base translator syscall loader semihosting frontends runner system binfmt"

# Which names an architecture may have, and where a name may stand: the two sides of a table of
# ELF machine names, and the host's own directories.
names='aarch64|arm64|armv[4-9]|riscv|x86[-_]64|i[3-6]86|amd64|mips|powerpc|ppc64|s390|sparc|loongarch|m68k|xtensa|hexagon|alpha_'
exempt='^(base/elfnames\.(c|h)|base/host/|translator/host/[^/]*/|syscall/host/|loader/host/)'

# shellcheck disable=SC2046
set -- $(find $dirs -name '*.[chS]' -o -name '*.def' 2> /dev/null | sort)

{
	# "I FILE INCLUDED" for every include by path; "N FILE LINE TEXT" for every name.
	for file; do
		sed -n 's/^[ \t]*#[ \t]*include[ \t]*"\([^"]*\)".*/\1/p' "$file" | sed "s|^|I $file |"
	done
	for file; do
		case $file in frontends/*) continue ;; esac
		if echo "$file" | grep -qE "$exempt"; then continue; fi
		case $file in */*aarch64*|*/*x86*) echo "N $file:0: the file's own name" ;; esac
		# A comment may explain by example; code may not.
		awk '{
			line = $0; out = ""
			while (line != "") {
				if (inside) {
					i = index(line, "*/")
					if (!i) { line = ""; break }
					inside = 0; line = substr(line, i + 2); continue
				}
				i = index(line, "/*")
				if (!i) { out = out line; break }
				out = out substr(line, 1, i - 1); inside = 1; line = substr(line, i + 2)
			}
			sub(/\/\/.*/, "", out)
			print FNR ": " out
		}' "$file" | grep -iE "$names" | sed "s|^|N $file:|"
	done
	# "D DIR SYMBOL" for what objects define, "U OBJECT DIR SYMBOL" for what they need.
	for dir in $dirs; do
		for object in $(find "$build/$dir" -name '*.o' 2> /dev/null); do
			nm -P "$object" 2> /dev/null | awk -v dir="$dir" -v object="${object#"$build"/}" '
				$2 ~ /^[TDBRVWC]$/ { print "D", dir, $1 }
				$2 == "U" { print "U", object, dir, $1 }'
		done
	done
} | awk '
BEGIN {
	rank["base"] = 1
	rank["translator"] = rank["syscall"] = rank["loader"] = rank["semihosting"] = 2
	rank["frontends"] = 3
	rank["runner"] = rank["system"] = rank["binfmt"] = 4
	# The card: declared in base, defined by the one front end that a runner is linked with.
	provided["the_guest"] = 1
}
function top(path) { sub(/\/.*/, "", path); return path }
function allowed(from, to) { return from == to || rank[to] < rank[from] }
function complain(text) { print "layers: " text; bad++ }
$1 == "I" {
	to = $3
	if (to !~ /\//) {	# beside the file, or made by the build
		to = $2; sub(/[^\/]*$/, "", to); to = to $3
	}
	if ((top(to) in rank) && !allowed(top($2), top(to)))
		complain($2 " includes " $3 ": " top($2) " may not use " top(to))
	if (to ~ /\.h$/ && $2 ~ /\.h$/)
		edges[$2] = edges[$2] " " to
	includes++
}
$1 == "N" { sub(/^N /, ""); complain($0 ": an architecture in common code") }
$1 == "D" { defined[$3] = defined[$3] " " $2 }
$1 == "U" { need[++needs] = $2 " " $3 " " $4 }
# Depth first over the headers; state 1 is "on the way", 2 is "done".
function visit(header, way,	i, n, next_ones) {
	if (state[header] == 2)
		return
	if (state[header] == 1) {
		complain("headers in a circle:" way " " header)
		return
	}
	state[header] = 1
	n = split(edges[header], next_ones, " ")
	for (i = 1; i <= n; i++)
		visit(next_ones[i], way " " header)
	state[header] = 2
}
END {
	for (header in edges)
		visit(header, "")
	for (i = 1; i <= needs; i++) {
		split(need[i], u, " ")
		n = split(defined[u[3]], where, " ")
		good = n == 0 || u[3] in provided	# none defines it: the library'"'"'s
		for (j = 1; j <= n; j++)
			good = good || allowed(u[2], where[j])
		if (!good)
			complain(u[1] " uses " u[3] " of" defined[u[3]] ": " u[2] " may not")
		symbols++
	}
	printf "layers: %d includes and %d symbols, %d wrong\n", includes, symbols, bad
	exit bad > 0
}'
