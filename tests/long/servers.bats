# Servers under load, from their packages: forked and threaded workers, epoll, shared memory, signals that change
# the program while it serves, a crash that is recovered from, a database's own just-in-time compiler.

bats_require_minimum_version 1.5.0

setup_file() {
	load roots
	roots_setup_file
}

setup() {
	load roots
	roots_setup
}

# As natively, line by line; the scripts print nothing that depends on time.
serves() {
	local want got

	want=$(in_root x86_64 timeout 300 bash "/srv/$1.sh" 2>&1)
	got=$(in_root "$TEST_GUEST" timeout 600 bash "/srv/$1.sh" 2>&1)
	echo "$got"
	[ "$(tail -1 <<< "$want")" = "the end" ]
	diff <(echo "$want") <(echo "$got")
}

@test "redis-server, redis-benchmark, a replica" {
	serves redis
}

@test "nginx under ab and wrk: TLS, a proxy with its cache, reload, upgrade" {
	serves nginx
}

@test "PostgreSQL: initdb, pgbench, parallel queries, compiled ones, a crash" {
	serves postgresql
}
