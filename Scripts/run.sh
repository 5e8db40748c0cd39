#!/usr/bin/env bash
# A server to try: listens on 127.0.0.1, keeps its data in ./data, and holds on first start a proxy of the index this
# machine's pip uses, a hosted repository, a group over both and a Raw repository. Ctrl-C stops it; the data stays.
#
#   Scripts/run.sh [--port 8080] [--data data]
set -euo pipefail
cd "$(dirname "$0")/.."

port=8080 data=data
while [ $# -gt 0 ]; do
    case "$1" in
        --port) port=$2; shift 2 ;;
        --data) data=$2; shift 2 ;;
        *) echo "run: unknown option $1 (known: --port, --data)" >&2; exit 2 ;;
    esac
done
server=.build/release/save-server
[ -x "$server" ] || { echo "run: no $server; make build makes it" >&2; exit 1; }

# The index may stand on a private network or behind a mirror; the server asks only addresses that are listed.
upstream=$(python3 Scripts/demo.py index)
allow=$(python3 Scripts/demo.py hosts <<< "$upstream")
export SAVE_OUTBOUND_ALLOW="${SAVE_OUTBOUND_ALLOW:+$SAVE_OUTBOUND_ALLOW,}$allow"

# The lines to paste should not scroll away.
export SAVE_ACCESS_LOG="${SAVE_ACCESS_LOG:-$data/access.log}"

# No load balancer watches a server to try: Ctrl-C need not wait for one.
export SAVE_DRAIN_DELAY="${SAVE_DRAIN_DELAY:-0}"

# Tells one address that was written from another. The file is not removed: it may be that of a server which runs already.
written() { stat -c '%i %y' "$data/listen" 2> /dev/null || true; }
before=$(written)
"$server" serve --listen "127.0.0.1:$port" --data "$data" &
pid=$!
# Ctrl-C and `kill` both become the server's own orderly stop; its exit status is this script's.
trap 'kill -TERM "$pid" 2> /dev/null' INT TERM
trap 'kill -HUP "$pid" 2> /dev/null' HUP

for _ in $(seq 1 150); do
    [ "$(written)" != "$before" ] && break
    kill -0 "$pid" 2> /dev/null || break
    sleep 0.1
done
if [ -s "$data/listen" ] && [ "$(written)" != "$before" ] && kill -0 "$pid" 2> /dev/null; then
    python3 Scripts/demo.py create --data "$data" <<< "$upstream" || true
fi

status=0
while :; do
    wait "$pid" && status=0 || status=$?
    # `wait` also returns when a signal arrives; only the server's end ends the script.
    kill -0 "$pid" 2> /dev/null || break
done
exit "$status"
