#!/bin/bash
# A cluster from nothing, its benchmark, parallel and compiled queries, and a restart after a crash.
set -e
export PATH=/usr/lib/postgresql/15/bin:$PATH PGHOST=/tmp PGPORT=7532 PGDATABASE=bench
cd /tmp
initdb -D data --no-sync -E UTF8 --locale=C.UTF-8 > log.initdb 2>&1 || cat log.initdb
printf "unix_socket_directories = '/tmp'\nport = $PGPORT\nfsync = off\njit = off\n" >> data/postgresql.conf

server() {
	pg_ctl -D data -l log -w "$@" | tail -1
}

bench() {
	pgbench "$@" 2>&1 | grep -E 'query mode|number of (clients|threads|failed)'
}

server start
createdb bench
pgbench -i -s 2 2>&1 | tail -1 | cut -d' ' -f1
bench -c 8 -j 2 -T 5
bench -n -h 127.0.0.1 -S -c 4 -j 2 -T 3 -M prepared
psql -At 2>&1 << 'END'
select (select sum(abalance) from pgbench_accounts) = (select sum(delta) from pgbench_history), count(*) > 100 from pgbench_history;
create table t as select i, md5(i::text) h, i % 1000 * 0.25 r from generate_series(1, 50000) i;
create index on t(h); analyze t;
select count(*), md5(string_agg(h, '' order by i)), sum(r) from t;
set max_parallel_workers_per_gather = 2; set parallel_setup_cost = 0; set parallel_tuple_cost = 0;
set min_parallel_table_scan_size = 0;
explain (costs off) select count(*) from t where h like 'a%';
select count(*) from t where h like 'a%';
set max_parallel_workers_per_gather = 0;
set jit = on;
select pg_jit_available();
set jit_above_cost = 0; set jit_inline_above_cost = 0; set jit_optimize_above_cost = 0;
select sum(i * 2 + length(h)) from t where i % 3 = 1 and h < 'c';
set jit = off;
select regexp_replace('abc123', '[0-9]+', 'X'), '2024-02-29'::date + interval '1 year', 10::numeric / 3, sqrt(2.0::float8);
do $$ begin raise exception 'x'; exception when others then raise notice 'caught %', sqlerrm; end $$;
select 1 / 0;
begin; savepoint s; delete from t; rollback to s; commit;
set statement_timeout = 200; select pg_sleep(20); reset statement_timeout;
vacuum full t; checkpoint;
select count(*) from t;
END

echo a backend is killed, then all of it
psql -c 'select pg_sleep(100)' > /dev/null 2>&1 &
until backend=$(psql -Atc "select pid from pg_stat_activity where query like 'select pg_sleep%'" | grep .); do sleep 0.2; done
kill -9 "$backend"; wait || true
until psql -Atc 'select count(*) from t' 2> /dev/null; do sleep 0.2; done
server -m immediate stop
server start
psql -Atc 'select count(*) from t'
server -m fast stop
grep -E 'PANIC|signal (4|6|7|8|11):' log || echo nothing in the log
echo the end
