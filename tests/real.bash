# One case of tests/real/cases.txt: a script that runs Debian's programs for the guest.
#
# A case is its name after "== ", a script, and the output after "-- "; the format is described
# in the file itself.

: "${BUILD:=build}" "${TEST_GUEST:=aarch64}"
: "${RUNNER:=$BUILD/dragoman-$TEST_GUEST}" "${SYSROOT:=build/sysroot/$TEST_GUEST}"

# What the script calls: a program of the sysroot, under the runner.
guest() {
	local program=$1

	shift
	"$RUNNER" -L "$SYSROOT" "$SYSROOT/usr/bin/$program" "$@"
}

run_real_script() {
	local work

	work=$(mktemp -d "${TMPDIR:-/tmp}/dragoman-real-XXXXXX")
	(
		cd "$work" || exit 99
		export HOME=$work LC_ALL=C TZ=UTC PATH=/usr/local/bin:/usr/bin:/bin
		export GIT_CONFIG_NOSYSTEM=1 SYSROOT RUNNER
		unset LANG LANGUAGE PYTHONPATH PERL5LIB RUBYLIB BASH_ENV ENV MAKEFLAGS MAKELEVEL MFLAGS
		# Far more than any needs, on a machine that does much else; only what hangs meets it.
		timeout -k 5 900 bash -c "$(declare -f guest); $1" || [ $? != 124 ] || echo "timed out"
	) 2>&1 < /dev/null
	rm -rf "$work"
}

check_real() {
	local block script expected got

	block=$(awk -v name="== $1" '
		/^== / { on = $0 == name; next }
		on' tests/real/cases.txt | sed -f "tests/real/$TEST_GUEST.sed")
	script=$(printf '%s\n' "$block" | sed '/^-- /,$d')
	RUNNER=$(realpath "$RUNNER") SYSROOT=$(realpath "$SYSROOT")
	case $block in
	*'-- native'*)
		expected=$(run_real_script "guest() { \"\$@\"; }; $script") ;;
	*)
		expected=$(printf '%s\n' "$block" | sed -n '/^-- known/,$p' | sed 1d) ;;
	esac
	got=$(run_real_script "$script")
	diff <(echo "$expected") <(echo "$got")
}
