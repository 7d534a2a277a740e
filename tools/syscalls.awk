# Prints the support table of syscall/syscalls.def (or syscalls32.def) in Markdown: a sum, what is not passed or
# handled in full, and the names of what is.
/^(PASS|FLAT|BLOCK|FN|NOSYS)(_AS)?\(/ {
	line = $0
	total++
	mode = substr(line, 1, index(line, "(") - 1)
	split(line, f, ",")
	name = f[2]
	gsub(/ /, "", name)
	sub(/\).*/, "", name)
	why = ""
	if (match(line, /"[^"]*"/))
		why = substr(line, RSTART + 1, RLENGTH - 2)
	if (mode == "NOSYS") {
		none[++n_none] = "| " name " | none | " why " |"
	} else if (why != "") {
		part[++n_part] = "| " name " | partial | " why " |"
	} else {
		full++
		names = names (names == "" ? "" : ", ") name
	}
}
END {
	printf "%d system calls: %d in full, %d in part, %d not.\n\n", total, full, n_part, n_none
	print "| call | support | what is missing |"
	print "|---|---|---|"
	for (i = 1; i <= n_part; i++)
		print part[i]
	for (i = 1; i <= n_none; i++)
		print none[i]
	print "\nIn full: " names "."
}
