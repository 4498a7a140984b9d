#!/usr/bin/env bash
# Install what the tests need on a fresh machine, then run every check and every test.
#
#   scripts/test.sh              all of it; the exit code is 0 only if all passed
#   scripts/test.sh fast         some groups of: check fast e2e browser
#
# The groups: `check` (format, lint, types, import contracts), `fast`, `e2e` (the whole daemon, and what takes
# more than a few seconds), `browser` (the console page in headless Chromium). All of it ends within 20 minutes.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/venv.sh"
cd -- "$root"
exec </dev/null # nothing here asks anybody

readonly total_seconds=1170 # all groups together: 20 minutes less the end of the last one
readonly -A group_seconds=([check]=180 [fast]=420 [e2e]=600 [browser]=180)

groups=("$@")
[ ${#groups[@]} -gt 0 ] || groups=(check fast e2e browser)
for group in "${groups[@]}"; do
    [ -n "${group_seconds[$group]:-}" ] || die "$group is no group of tests: check, fast, e2e or browser."
done
wants() { [[ " ${groups[*]} " == *" $1 "* ]]; }

# ---- what the machine lacks

missing=()
chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
if wants browser && [ -z "$chromium" ]; then missing+=(chromium); fi
# The official conformance suite of MCP is a program for node.
if wants e2e && ! command -v npm >/dev/null 2>&1; then missing+=(npm); fi
if ! command -v uv >/dev/null 2>&1; then
    python=$(find_python)
    if [ -z "$python" ]; then
        missing+=(python3 python3-venv)
    elif ! "$python" -c 'import venv, ensurepip' >/dev/null 2>&1; then
        missing+=("python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv")
    fi
fi

install_packages() {
    local sudo=()
    command -v apt-get >/dev/null 2>&1 || return 1
    if [ "$(id -u)" != 0 ]; then
        sudo -n true 2>/dev/null || return 1
        sudo=(sudo -n)
    fi
    note "Installing ${missing[*]}..."
    local apt=("${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120)
    "${apt[@]}" update >/dev/null || true # an old index may do
    "${apt[@]}" install -y --no-install-recommends "${missing[@]}" >/dev/null
}

declare -A results=()
if [ ${#missing[@]} -gt 0 ] && ! install_packages; then
    note "${0##*/}: these packages are missing and could not be installed: ${missing[*]}" \
        "(not root and no sudo without a password, or no apt). Install them: sudo apt install ${missing[*]}"
    [[ " ${missing[*]} " != *" python3"* ]] || exit 1
    # What can run still does; what cannot has failed and says why (so do the conformance tests without npm).
    if [ -z "$chromium" ]; then results[browser]='failed: no Chromium'; fi
fi
chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
export MUSEOD_CHROMIUM=$chromium

make_venv "$root/.venv" ai,dev playwright

# ---- the groups

run_group() { # name, command...
    local name=$1 limit=${group_seconds[$1]} left=$((total_seconds - SECONDS)) code=0 began=$SECONDS
    shift
    wants "$name" || return 0
    [ -z "${results[$name]:-}" ] || return 0
    [ "$left" -ge "$limit" ] || limit=$left
    if [ "$limit" -le 0 ]; then
        results[$name]='failed: no time left'
        return 0
    fi
    printf '\n==== %s (at most %d s): %s\n' "$name" "$limit" "$*"
    # The interrupt lets the tests' fixtures end the daemons that they started; who does not listen is killed.
    timeout --signal=INT --kill-after=20 "$limit" "$@" || code=$?
    case $code in
        0) results[$name]="passed in $((SECONDS - began)) s" ;;
        124 | 137) results[$name]="failed: not done after $limit s" ;;
        5) results[$name]='failed: no tests were found' ;;
        *) results[$name]="failed (exit code $code)" ;;
    esac
}

pytest=(.venv/bin/python -m pytest -q --color="${MUSEOD_TEST_COLOR:-auto}")
run_group check scripts/check
run_group fast "${pytest[@]}" -m 'not slow and not e2e' --ignore=tests/browser
run_group e2e "${pytest[@]}" -m 'slow or e2e' --ignore=tests/browser
run_group browser "${pytest[@]}" tests/browser

printf '\n==== result\n'
code=0
for group in check fast e2e browser; do
    wants "$group" || continue
    printf '%-8s %s\n' "$group" "${results[$group]}"
    [[ ${results[$group]} == passed* ]] || code=1
done
exit "$code"
