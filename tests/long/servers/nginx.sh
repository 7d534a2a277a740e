#!/bin/bash
# Two workers under load; a proxy with its cache; TLS; then new configuration, logs and binary while it serves.
set -e
mkdir -p /tmp/nginx/html
cd /tmp/nginx
nginx="/usr/sbin/nginx -c /tmp/nginx/conf"
seq 20000 > html/big
echo hello > html/index.html
cat > conf << 'END'
worker_processes 2;
error_log /tmp/nginx/error.log info;
pid /tmp/nginx/pid;
events { worker_connections 768; }
http {
	access_log /tmp/nginx/access.log;
	sendfile on;
	gzip on;
	gzip_types text/plain;
	default_type text/plain;
	client_body_temp_path body;
	proxy_temp_path proxy;
	fastcgi_temp_path fastcgi;
	uwsgi_temp_path uwsgi;
	scgi_temp_path scgi;
	proxy_cache_path cache keys_zone=z:1m;
	upstream up { server 127.0.0.1:7481; keepalive 8; }
	server {
		listen 7480;
		listen 7482 ssl;
		ssl_certificate /tmp/nginx/cert;
		ssl_certificate_key /tmp/nginx/key;
		root /tmp/nginx/html;
		location /p/ { proxy_pass http://up/; proxy_cache z; proxy_cache_valid 200 1s; }
	}
	server { listen 7481; root /tmp/nginx/html; }
}
END
sed -i 's|_temp_path |&/tmp/nginx/|; s|cache_path |&/tmp/nginx/|' conf
openssl req -x509 -newkey rsa:2048 -nodes -keyout key -out cert -subj /CN=localhost 2> /dev/null

get() {
	curl -s --retry 20 --retry-connrefused --retry-delay 1 "$@"
}

load() {
	ab -q "$@" | grep -E '^(Complete|Failed|Non-2xx|Document Length)'
}

$nginx -t 2>&1 | sed 's/.* file //'
$nginx
get http://127.0.0.1:7480/
get http://127.0.0.1:7480/p/
md5sum < html/big
get -k https://127.0.0.1:7482/big | md5sum
get --compressed http://127.0.0.1:7480/big | md5sum
get -r 100-199 http://127.0.0.1:7480/p/big | md5sum
load -n 5000 -c 40 http://127.0.0.1:7480/
load -n 10000 -k -c 100 http://127.0.0.1:7480/big
load -n 300 -c 10 https://127.0.0.1:7482/
wrk -t2 -c200 -d3 http://127.0.0.1:7480/p/ | grep -E 'Socket errors|Non-2xx' || echo no errors

echo changed while it serves
old=$(cat pid)
sed -i 's/^worker_processes 2/worker_processes 3/' conf
(load -n 20000 -k -c 20 http://127.0.0.1:7480/ | grep Complete) &
$nginx -s reload 2> /dev/null
wait %1
get http://127.0.0.1:7480/
mv access.log before
$nginx -s reopen 2> /dev/null
until [ -e access.log ]; do sleep 0.1; done; sleep 0.5
get http://127.0.0.1:7480/ > /dev/null; sleep 0.5
wc -l < access.log
kill -USR2 "$old"
until [ -e pid.oldbin ] && [ -s pid ]; do sleep 0.1; done
[ "$(cat pid)" != "$old" ] && echo upgraded
kill -QUIT "$old"
while [ -e pid.oldbin ]; do sleep 0.1; done
get http://127.0.0.1:7480/
$nginx -s quit 2> /dev/null
while [ -e pid ]; do sleep 0.1; done
grep -E 'alert|emerg|crit|exited on signal' error.log || echo nothing in the log
echo the end
