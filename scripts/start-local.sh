#!/usr/bin/env bash
# Try museod out on this machine: the sandbox shop and the daemon, in guest mode, with the embedded store.
#
#   scripts/start-local.sh       from anywhere; Ctrl-C stops everything
#
# The first run makes .venv; later ones take seconds. State, secrets and logs lie in .state (or MCP_STATE_DIR).
# MCP_ORCHESTRATOR_PORT is the daemon's port (3300), MUSEO_SANDBOX_PORT the shop's (8000); where one is busy the
# next free one is taken. Other MCP_ variables (MCP_ANTHROPIC_API_KEY, MCP_LOG_LEVEL, ...) reach the daemon.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/venv.sh"

readonly ready_seconds=60 # four children and the store need two; a busy or slow machine some more
readonly stop_seconds=25  # the drain (10 s), the children's graces (5 s), and room

[ "$(uname -s)" = Linux ] || die "museod runs on Linux (this is $(uname -s)): it supervises its children by pidfd." \
    'Use a Linux machine or virtual machine; on Windows, scripts\start-local.bat uses WSL.'

make_venv "$root/.venv" ai
readonly museod="$root/.venv/bin/museod" python="$root/.venv/bin/python"

# ---- settings

state=${MCP_STATE_DIR:-$root/.state}
case $state in /*) ;; *) state=$PWD/$state ;; esac
logs=$state/logs
(umask 077 && mkdir -p -- "$state" "$logs") || die "$state cannot be made; set MCP_STATE_DIR to a writable directory."
# What would take the daemon elsewhere than to this shop and this store.
unset MCP_REDIS_URL MCP_REDIS_URL_FILE MCP_NODE_NAME MCP_TLS_CERT MCP_TLS_KEY RUNTIME_DIRECTORY STATE_DIRECTORY \
    MCP_API_KEY MCP_API_SECRET MCP_API_KEY_FILE MCP_API_SECRET_FILE
export MCP_STATE_DIR=$state MCP_AUTH=guest MCP_HOST=localhost

if [ -z "${MCP_JWT_SECRET:-}${MCP_JWT_SECRET_FILE:-}" ]; then
    export MCP_JWT_SECRET_FILE=$state/jwt-secret
    if [ ! -s "$MCP_JWT_SECRET_FILE" ]; then
        (umask 077 && "$python" -c 'import secrets; print(secrets.token_hex(32))' >"$MCP_JWT_SECRET_FILE.new")
        mv -- "$MCP_JWT_SECRET_FILE.new" "$MCP_JWT_SECRET_FILE"
    fi
fi

# ---- one at a time in a state directory (the kernel frees the lock whatever way this script ends)

if command -v flock >/dev/null 2>&1; then
    exec 9>>"$state/start-local.lock"
    flock -n 9 || die "museod is already running from $state: $(cat -- "$state/console-url" 2>/dev/null)" \
        'Stop that one with Ctrl-C, or give this one its own MCP_STATE_DIR.'
fi

# A unix socket's path has at most 107 bytes (sockaddr_un); for a longer one the socket goes to /tmp.
runtime=
if [ "$(printf %s "$state/museod.sock" | wc -c)" -gt 107 ]; then
    runtime=$(mktemp -d /tmp/museod.XXXXXX)
    export RUNTIME_DIRECTORY=$runtime
fi

# ---- starting and stopping

shop='' daemon=''

is_alive() { [ -n "$1" ] && kill -0 "$1" 2>/dev/null; }

# End the process group of `$1`: politely, then by force.
end() {
    is_alive "$1" || return 0
    kill -TERM "$1" 2>/dev/null || return 0
    local tenths=$((stop_seconds * 10))
    while is_alive "$1" && [ $((tenths -= 1)) -gt 0 ]; do sleep 0.1; done
    if is_alive "$1"; then kill -KILL -- "-$1" 2>/dev/null || true; fi
    wait "$1" 2>/dev/null || true
}

stop_all() {
    local code=$?
    trap '' INT TERM HUP
    trap - EXIT
    end "$daemon"
    end "$shop"
    rm -f -- "$state/console-url"
    [ -z "$runtime" ] || rm -rf -- "$runtime"
    exit "$code"
}
trap stop_all EXIT
# Being told to stop is no failure: like the daemon itself, exit 0.
trap 'note; note "Stopping..."; exit 0' INT TERM HUP

failed() {
    note "${0##*/}: $1"
    note "The end of $2:"
    tail -n 25 -- "$2" | sed 's/^/  | /' >&2
    exit 1
}

# The first port from `$1` on that is free on 127.0.0.1 and ::1.
free_port() {
    "$python" - "$1" <<'PYTHON'
import errno, socket, sys

def is_free(port):
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            with socket.socket(family) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((host, port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
    return True

first = int(sys.argv[1])
print(next((port for port in range(first, min(first + 200, 65536)) if is_free(port)), ""))
PYTHON
}

choose_port() { # the name to tell, the wanted port
    local found
    case $2 in '' | *[!0-9]*) die "$1: $2 is no port number." ;; esac
    found=$(free_port "$2")
    [ -n "$found" ] || die "$1: no free port from $2 on."
    [ "$found" = "$2" ] || note "Port $2 is busy: $1 takes $found."
    printf '%s\n' "$found"
}

# Run `$2...` in a process group of its own, so that Ctrl-C reaches it through this script only; its output goes
# to the log `$1`, that of the run before is kept as .1.
launch() {
    local log=$1
    shift
    [ ! -e "$log" ] || mv -f -- "$log" "$log.1"
    set -m
    "$@" >"$log" 2>&1 </dev/null 9>&- &
    set +m
}

# The status line of `GET $2` on port `$1`; an empty text when nobody answers.
ask() {
    local line=''
    { exec 8<>"/dev/tcp/127.0.0.1/$1"; } 2>/dev/null || return 0
    printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$2" >&8 2>/dev/null || true
    IFS= read -r -t 5 line <&8 || true
    exec 8>&-
    printf '%s\n' "$line"
}

await() { # the name to tell, process, log, port, path
    local end=$((SECONDS + ready_seconds))
    until [[ $(ask "$4" "$5") == 'HTTP/1.1 200'* ]]; do
        is_alive "$2" || failed "$1 did not start." "$3"
        [ "$SECONDS" -lt "$end" ] || failed "$1 was not ready after $ready_seconds s." "$3"
        sleep 0.1
    done
}

shop_port=$(choose_port 'the sandbox shop' "${MUSEO_SANDBOX_PORT:-8000}")
launch "$logs/sandbox.log" "$museod" sandbox --port "$shop_port" --state "$state/sandbox.sqlite"
shop=$!
await 'The sandbox shop' "$shop" "$logs/sandbox.log" "$shop_port" /health

export MCP_MUSEO_API_URL=http://127.0.0.1:$shop_port
port=$(choose_port museod "${MCP_ORCHESTRATOR_PORT:-3300}")
export MCP_ORCHESTRATOR_PORT=$port
launch "$logs/museod.log" "$museod" serve
daemon=$!
await 'museod' "$daemon" "$logs/museod.log" "$port" /ready
printf 'http://localhost:%s/\n' "$port" >"$state/console-url"

token=$("$museod" token --role admin --sub admin --ttl 12h) || failed 'No token could be made.' "$logs/museod.log"
settings="MCP_STATE_DIR=$(printf %q "$state")"
[ -z "$runtime" ] || settings="RUNTIME_DIRECTORY=$(printf %q "$runtime") $settings"

cat <<TEXT

museod is ready.

  Console       http://localhost:$port/
  WebSocket     ws://localhost:$port
  MCP           http://localhost:$port/mcp
  Sandbox shop  $MCP_MUSEO_API_URL
  Logs          $logs

  Admin token, good for 12 hours:
  $token

  Try it in another shell:
  $settings $(printf %q "$museod") chat "Do you have iPhone 15?"

Ctrl-C stops everything.
TEXT

"$museod" status >"$logs/status.txt" 2>&1 || {
    note 'Not everything is well yet:'
    sed 's/^/  /' "$logs/status.txt" >&2
}

# Until one of them ends, which neither does by itself, or a signal comes.
wait -n "$shop" "$daemon" || true
if is_alive "$shop"; then failed 'museod has ended.' "$logs/museod.log"; fi
failed 'The sandbox shop has ended.' "$logs/sandbox.log"
