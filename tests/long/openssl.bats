# Debian's OpenSSL for arm64 finds the cryptographic instructions, computes with them what the native one and its
# own plain code compute, and is at least eight times as fast as under the oracle.

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.."
	: "${BUILD:=build}"
	export RUNNER=$(realpath "${RUNNER:-$BUILD/dragoman-aarch64}") SYSROOT=$(realpath "${SYSROOT:-build/sysroot/aarch64}")
	head -c 1000003 /dev/urandom > "$BATS_FILE_TMPDIR/data"
}

setup() {
	cd "$BATS_FILE_TMPDIR"
}

guest_openssl() {
	"$RUNNER" -L "$SYSROOT" "$SYSROOT/usr/bin/openssl" "$@"
}

plain_openssl() {
	OPENSSL_armcap=0 guest_openssl "$@"
}

# Bits of OPENSSL_armcap, crypto/arm_arch.h: NEON 0, AES 2, SHA1 3, SHA256 4, PMULL 5, SHA512 6.
@test "OPENSSL_armcap has NEON, AES, SHA1, SHA256, PMULL and SHA512" {
	local caps=$(guest_openssl info -cpusettings)

	echo "$caps"
	(( (${caps#OPENSSL_armcap=} & 0x7d) == 0x7d ))
}

@test "digests agree with the native ones and with plain code" {
	local name

	for name in sha1 sha224 sha256 sha384 sha512 sha512-256 sha3-256 shake256 sm3 blake2b512; do
		openssl dgst -r -$name data > want
		guest_openssl dgst -r -$name data | cmp - want
		plain_openssl dgst -r -$name data | cmp - want
	done
}

@test "ciphers agree with the native ones and with plain code" {
	local key=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f name k

	for name in aes-128-cbc aes-192-cbc aes-256-cbc aes-128-ctr aes-256-ctr aes-256-ecb aes-256-ofb chacha20 \
		sm4-cbc sm4-ctr; do
		k=${key:0:32}
		case $name in
		*192*) k=${key:0:48} ;;
		*256*|chacha20) k=$key ;;
		esac
		openssl enc -$name -K $k -iv ${key:0:32} -in data > want 2> /dev/null
		guest_openssl enc -$name -K $k -iv ${key:0:32} -in data 2> /dev/null | cmp - want
		plain_openssl enc -$name -K $k -iv ${key:0:32} -in data 2> /dev/null | cmp - want
		guest_openssl enc -d -$name -K $k -iv ${key:0:32} -in want 2> /dev/null | cmp - data
	done
}

@test "what the one encrypts and authenticates by AES-GCM, the other accepts" {
	local name from to

	openssl req -x509 -newkey rsa:2048 -nodes -keyout key -out cert -subj /CN=x 2> /dev/null
	for name in aes-128-gcm aes-256-gcm; do
		for from in openssl guest_openssl plain_openssl; do
			$from cms -encrypt -binary -$name -outform DER -in data -out sealed cert
			for to in openssl guest_openssl plain_openssl; do
				$to cms -decrypt -binary -inform DER -inkey key -in sealed | cmp - data
			done
		done
	done
}

# The best of three, in kilobytes a second.
speed() {
	local i

	for i in 1 2 3; do
		"$@" -L "$SYSROOT" "$SYSROOT/usr/bin/openssl" speed -seconds 1 -bytes 16384 -evp aes-256-gcm 2> /dev/null |
			sed -n 's/^AES-256-GCM *\([0-9]*\).*/\1/p'
	done | sort -n | tail -1
}

@test "AES-256-GCM is eight times as fast as under qemu" {
	local oracle=${ORACLE:-qemu-aarch64-static -cpu max} ours theirs

	command -v ${oracle%% *} || skip "no ${oracle%% *} to compare with"
	ours=$(speed "$RUNNER") theirs=$(speed $oracle)
	echo "$ours kB/s, $theirs kB/s"
	[ "$ours" -ge $((8 * theirs)) ]
}
