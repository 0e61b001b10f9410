# shellcheck shell=bash
# Sourced by scripts that test a running server: starts one as a child process, and stops only that one.
#
# Sets `server` (its process id, empty when none runs) and exports BERTH_URL and BERTH_BINARY.

server=''

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# start_server PROGRAM LOG [OPTION...]: serves, the embedded model without options, on a free port and waits until
# the server answers.
start_server() {
    local program=$1 log=$2 port deadline
    shift 2
    port=$(free_port)
    export BERTH_URL="http://127.0.0.1:$port" BERTH_BINARY="$PWD/$program"
    # Not the store of whoever runs this: it may hold keys.
    BERTH_STORE=$(mktemp -d)/berth.sqlite
    export BERTH_STORE
    "$program" serve --port "$port" "$@" >"$log" 2>&1 &
    server=$!
    deadline=$((SECONDS + 60))
    until python3 -c 'import sys, urllib.request as r; r.urlopen(sys.argv[1], timeout=2)' \
        "$BERTH_URL/health" 2>/dev/null; do
        if ! kill -0 "$server" 2>/dev/null || [ $SECONDS -ge $deadline ]; then
            echo "The server did not answer; its last words:"
            tail -n 20 "$log"
            return 1
        fi
        sleep 0.2
    done
}

# SIGTERM, then the server's own exit status: 0 when it drained. Status 1 when it had ended before.
stop_server() {
    local status=0
    if [ -n "$server" ]; then
        kill -TERM "$server" 2>/dev/null || status=1
        wait "$server" || status=$?
        server=''
    fi
    return "$status"
}
