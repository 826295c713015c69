#!/usr/bin/env bash
# Protects a small API with a key of your own: makes the key, starts both, calls three times, ends everything.
set -euo pipefail
cd "$(dirname "$0")"
jotgate=../../packages/gateway/bin/jotgate.js

# The ports it uses; set them when yours are taken.
export API_PORT=${API_PORT:-9000}
port=${PORT:-8080}
admin=${ADMIN_PORT:-8081}

work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; wait; rm -rf "$work"' EXIT
sed "s/9000/$API_PORT/" jotgate.yaml >"$work/jotgate.yaml"
node $jotgate keys generate --out "$work/keys" >/dev/null

node api.mjs &
node $jotgate start --config "$work/jotgate.yaml" --data "$work/data" --workers 1 \
  --address 127.0.0.1 --port "$port" --admin-port "$admin" --grace 0 --log json >"$work/log" &
until curl -sf "http://127.0.0.1:$admin/readyz" >/dev/null; do sleep 0.2; done

token=$(node $jotgate token sign --key "$work/keys/private.pem" --iss https://tokens.example.com --aud orders-api --sub alice)
call() { curl -s -o "$work/body" -w '%{http_code} ' "$@" && cat "$work/body"; echo; }

echo 'With a token:'
call "http://127.0.0.1:$port/orders/17" -H "Authorization: Bearer $token"
echo 'Without one:'
call "http://127.0.0.1:$port/orders/17"
echo 'Where a scope is wanted that it does not have:'
call "http://127.0.0.1:$port/orders/admin/users" -H "Authorization: Bearer $token"
