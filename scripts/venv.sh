# shellcheck shell=bash
# The virtual environment of this checkout, for the scripts beside this file, which source it.
#
# `make_venv DIRECTORY EXTRAS [PACKAGE...]` installs museod into DIRECTORY with the versions that constraints.txt
# pins; uv does the work where there is one. The installation is editable, and skipped when pyproject.toml,
# constraints.txt and the rest are what DIRECTORY was made from; with MUSEOD_EDITABLE=no it is a copy.

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
readonly root

note() { printf '%s\n' "$*" >&2; }

die() {
    note "${0##*/}: $1"
    shift
    local line
    for line in "$@"; do note "  $line"; done
    exit 1
}

# The command `$1` that gives us a Python of 3.11 or newer, or nothing.
is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
    local name
    for name in ${PYTHON:+"$PYTHON"} python3 python3.14 python3.13 python3.12 python3.11 python; do
        if command -v "$name" >/dev/null 2>&1 && is_new_enough "$name"; then
            printf '%s\n' "$name"
            return
        fi
    done
}

no_python() {
    local found='no Python 3 was found'
    if command -v python3 >/dev/null 2>&1; then found="found $(python3 --version 2>&1) at $(command -v python3)"; fi
    die "museod needs Python 3.11 or newer; $found." \
        'Debian 12, Ubuntu 24.04 and later:  sudo apt install python3 python3-venv' \
        'Elsewhere install uv, which fetches a Python of its own:  https://docs.astral.sh/uv/' \
        'A Python that is not on PATH:  PYTHON=/path/to/python3.11 '"$0"
}

as_root() { if [ "$(id -u)" = 0 ]; then printf ''; else printf 'sudo '; fi; }

create_venv() {
    local directory=$1 python
    rm -rf -- "$directory"
    if command -v uv >/dev/null 2>&1; then
        run_uv venv --quiet --python "${PYTHON:->=3.11}" "$directory" ||
            die 'uv could not make the virtual environment (its words are above).'
        return
    fi
    python=$(find_python)
    [ -n "$python" ] || no_python
    if ! "$python" -c 'import venv, ensurepip' >/dev/null 2>&1; then
        local version
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        die "Python $version is here, but its venv module is not. Install it, then run this again:" \
            "$(as_root)apt install python$version-venv"
    fi
    "$python" -m venv "$directory" || die "$python could not make $directory (its words are above)."
}

# What the environment in `$1` was made from: when this changes, it is installed anew. A virtual environment
# cannot be moved, so its place is part of it.
venv_stamp() {
    { printf '%s\n' "$@"; cat -- "$root/pyproject.toml" "$root/scripts/constraints.txt"; } | sha256sum | cut -c1-64
}

# uv knows the public certificate authorities only; the system's store has a company's own as well.
run_uv() {
    local store=/etc/ssl/certs/ca-certificates.crt
    if [ -s "$store" ]; then SSL_CERT_FILE=${SSL_CERT_FILE:-$store} uv "$@"; else uv "$@"; fi
}

install_into() {
    local directory=$1
    shift
    if command -v uv >/dev/null 2>&1; then
        VIRTUAL_ENV=$directory run_uv pip install --quiet --python "$directory/bin/python" "$@"
    else
        "$directory/bin/python" -m pip install --quiet --disable-pip-version-check --no-input "$@"
    fi
}

make_venv() {
    local directory=$1 extras=$2 package="$root[$2]" stamp_file stamp first=${2%%,*}
    shift 2
    stamp=$(venv_stamp "$directory" "$extras" "$@")
    stamp_file="$directory/.museod-${extras//,/-}"
    if [ "${MUSEOD_EDITABLE:-yes}" = yes ] && [ -x "$directory/bin/museod" ] &&
        "$directory/bin/python" -c '' 2>/dev/null && [ "$(cat -- "$stamp_file" 2>/dev/null)" = "$stamp" ]; then
        return
    fi
    # One that uv made has no pip; without uv it is made again.
    if ! "$directory/bin/python" -c '' 2>/dev/null ||
        { ! command -v uv >/dev/null 2>&1 && ! "$directory/bin/python" -c 'import pip' 2>/dev/null; }; then
        create_venv "$directory"
    fi
    note "Installing museod into $directory (once; this takes a minute)..."
    # setuptools first and no isolated build, so that the build gets pinned versions too.
    local pinned=(-c "$root/scripts/constraints.txt" --no-build-isolation)
    install_into "$directory" "${pinned[@]}" setuptools "$@" || no_installation
    if [ "${MUSEOD_EDITABLE:-yes}" = yes ]; then
        install_into "$directory" "${pinned[@]}" -e "$package" || no_installation
    else
        install_into "$directory" "${pinned[@]}" "$package" || no_installation
        # Anew even where its version is the one that is there: the code may have changed.
        install_into "$directory" --no-build-isolation --no-deps --force-reinstall "$root" || no_installation
    fi
    # Whoever needs only the first of these extras has them now.
    venv_stamp "$directory" "$first" >"$directory/.museod-$first"
    printf '%s\n' "$stamp" >"$stamp_file"
}

no_installation() {
    die 'The installation failed (its words are above). It needs PyPI or a mirror of it (PIP_INDEX_URL).'
}
