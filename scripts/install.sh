#!/usr/bin/env bash
# Install museod on this machine, to run under systemd. Run as root, again to upgrade; settings stay.
#
#   /opt/museod                     the virtual environment (a copy of the code: this checkout may go afterwards)
#   /usr/local/bin/museod           its command
#   /usr/lib/systemd/system         museod.service, museod.socket, museod@.service
#   /etc/museod/museod.env          settings; made from the example once
#   /etc/museod/credentials/NAME    secrets; MCP_JWT_SECRET and MCP_ENCRYPTION_KEYS are made once
#
# DESTDIR=/somewhere puts everything below that directory and starts nothing (for images and packages).
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/venv.sh"

readonly destination=${DESTDIR:-}
readonly prefix=$destination/opt/museod units=$root/systemd
readonly credentials=$destination/etc/museod/credentials

[ "$(uname -s)" = Linux ] || die 'museod runs on Linux.'
[ -n "$destination" ] || [ "$(id -u)" = 0 ] || die "this needs root: sudo $0"
command -v systemd-sysusers >/dev/null 2>&1 || die 'systemd is not installed here.' \
    'Without systemd, run `museod serve` under whatever supervises services on this machine.'
umask 022

# The daemon may not look below /root and /home, so its interpreter must not lie there (pyenv, uv).
PYTHON=${PYTHON:-/usr/bin/python3}
interpreter=$(readlink -f -- "$(command -v "$PYTHON" || true)")
case $interpreter in
    '') no_python ;;
    /root/* | /home/*) die "$interpreter lies where the daemon may not look; use the system's Python:" \
        "PYTHON=/usr/bin/python3 $0" ;;
esac
is_new_enough "$PYTHON" || no_python
export PYTHON

MUSEOD_EDITABLE=no make_venv "$prefix" ai
mkdir -p -- "$destination/usr/local/bin"
ln -sfn /opt/museod/bin/museod "$destination/usr/local/bin/museod"

install -D -m 0644 -t "$destination/usr/lib/systemd/system" \
    "$units/museod.service" "$units/museod.socket" "$units/museod@.service"
install -D -m 0644 "$units/museod.sysusers" "$destination/usr/lib/sysusers.d/museod.conf"
install -D -m 0644 "$units/museod.tmpfiles" "$destination/usr/lib/tmpfiles.d/museod.conf"
if [ -z "$destination" ]; then
    systemd-sysusers museod.conf
    systemd-tmpfiles --create museod.conf
else
    install -d -m 0755 "$destination/etc/museod"
    install -d -m 0700 "$credentials"
fi

# ---- settings and secrets that are not there yet

[ -e "$destination/etc/museod/museod.env" ] ||
    install -m 0644 "$units/museod.env.example" "$destination/etc/museod/museod.env"

random() { # a format of what `secrets` gives
    "$prefix/bin/python" -c "import base64, secrets; print($1)"
}
keep_secret() { # name, Python expression
    [ -e "$credentials/$1" ] || (umask 077 && random "$2" >"$credentials/$1.new" &&
        mv -- "$credentials/$1.new" "$credentials/$1")
}
keep_secret MCP_JWT_SECRET 'secrets.token_hex(32)'
keep_secret MCP_ENCRYPTION_KEYS '"k1:" + base64.b64encode(secrets.token_bytes(32)).decode()'

if [ -z "$destination" ] && [ -d /run/systemd/system ]; then
    systemctl daemon-reload
    if systemctl is-active --quiet museod.service; then systemctl restart museod.service; fi
fi

cat <<'TEXT'

museod is installed. Next:

  1. /etc/museod/museod.env                 where the shop's API is, and what pages and proxies are in front
  2. /etc/museod/credentials/MCP_API_KEY    the service account at the shop, each in its file:
     /etc/museod/credentials/MCP_API_SECRET   (umask 077; printf %s 'THE KEY' > /etc/museod/credentials/MCP_API_KEY)
  3. systemctl enable --now museod.socket museod.service
  4. museod status                          as root, or as a member of the group museod
TEXT
