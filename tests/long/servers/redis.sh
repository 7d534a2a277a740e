#!/bin/bash
# A server under its benchmark; scripts, transactions, subscribers; saved, restarted, replicated.
set -e
cd /tmp
port=7379

start() {
	mkdir -p "/tmp/$1"
	redis-server --port "$1" --dir "/tmp/$1" --save '' --daemonize yes --logfile "/tmp/$1/log" "${@:2}" 2> /dev/null
	until [ "$(redis-cli -p "$1" ping 2> /dev/null)" = PONG ]; do sleep 0.1; done
}

cli() {
	redis-cli -p $port "$@"
}

start $port
redis-benchmark -p $port -q -n 5000 -c 50 | tr '\r' '\n' | sed -n 's/^\(.*\): .* requests per second.*/\1/p'
redis-benchmark -p $port -q -n 20000 -P 16 -c 20 --threads 2 -t set,get | tr '\r' '\n' |
	sed -n 's/^\(.*\): .* requests per second.*/\1/p'
cli flushall
cli set greeting hello
cli append greeting ', world'
cli eval 'local s = 0; for i = 1, 100000 do s = s + i; redis.call("rpush", "list", i % 7) end; return s' 0
cli --no-raw sort list limit 0 3 desc
printf 'multi\nincr n\nincrby n 41\nexec\n' | cli
(timeout 5 redis-cli -p $port subscribe news > news || true) & sleep 1
cli publish news 'it works'
wait; cat news
(cli blpop queue 20) & sleep 0.5; cli rpush queue job; wait
cli pexpire greeting 60000; cli object encoding list; cli dbsize

echo saved
cli bgsave
until cli info persistence | grep -q rdb_bgsave_in_progress:0; do sleep 0.1; done
cli info persistence | tr -d '\r' | grep rdb_last_bgsave_status
cli config set appendonly yes
until cli info persistence | grep -q aof_rewrite_in_progress:0; do sleep 0.1; done
cli set after rewrite
kill -9 "$(cli info server | tr -d '\r' | sed -n s/process_id://p)"
start $port --appendonly yes
cli get after; cli llen list; cli get n

echo replicated
start 7380 --replicaof "127.0.0.1 $port"
until redis-cli -p 7380 info replication | grep -q master_link_status:up; do sleep 0.1; done
cli set new value; cli wait 1 10000
redis-cli -p 7380 get new; redis-cli -p 7380 llen list
redis-cli -p 7380 shutdown nosave || true
cli shutdown nosave || true
grep -hcE 'crashed|ASSERTION|Guru' 7379/log 7380/log || true
echo the end
