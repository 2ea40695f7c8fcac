#!/usr/bin/env bash
# Ranks with curl: rank.sh ADDRESS < REQUEST.json, such as rank.sh http://127.0.0.1:8080.
# MILLIS is how long the answer is waited for (1000), TOKEN one of the server's tokens, if it has any.
# Prints the answer, or the error of a server that does not rank, and exits 1.
set -euo pipefail

address=${1:?rank.sh ADDRESS < REQUEST.json}
now() { date +%s%3N; }
deadline=$(($(now) + ${MILLIS:-1000}))
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/request"
# A token among the arguments would be seen in the list of processes.
[ -z "${TOKEN:-}" ] || printf 'header = "Authorization: Bearer %s"\n' "$TOKEN" >"$folder/token"
touch "$folder/token"

while :; do
  left=$((deadline - $(now)))
  [ "$left" -gt 0 ] || { echo "No answer in ${MILLIS:-1000} ms." >&2; exit 1; }
  status=$(curl --silent --show-error --config "$folder/token" --dump-header "$folder/headers" --output "$folder/answer" \
    --max-time "$((left / 1000)).$(printf %03d $((left % 1000)))" --write-out '%{http_code}' \
    --header 'Content-Type: application/json' --header "X-Timeout-Millis: $left" \
    --data-binary @"$folder/request" "$address/v1/rank") || exit 1
  [ "$status" != 200 ] || { cat "$folder/answer"; echo; exit 0; }
  # Only 429 and 503 may be better later, and say when.
  wait=$(sed -n 's/^[Rr]etry-[Aa]fter: *\([0-9]*\).*/\1/p' "$folder/headers")
  if [ -z "$wait" ] || [ $((wait * 1000)) -ge $((deadline - $(now))) ]; then
    cat "$folder/answer" >&2
    echo >&2
    exit 1
  fi
  sleep "$wait"
done
