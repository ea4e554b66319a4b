#!/usr/bin/env bash
# Installs the packages of tools/packages.txt that are missing, as root or through sudo. Idempotent; asks nothing.
#   tools/install.sh build   what building and running needs
#   tools/install.sh all     and what the checks need
set -euo pipefail

list="$(dirname "$(readlink -f "$0")")/packages.txt"
case "${1:-}" in
build) wanted=$(sed -n '/^\[check\]/q; p' "$list") ;;
all) wanted=$(cat "$list") ;;
*)
    echo "usage: tools/install.sh build|all" >&2
    exit 2
    ;;
esac

missing=()
while read -r package _; do
    case "$package" in
    '' | '#'* | '['*) continue ;;
    esac
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    if [ "$state" != installed ]; then
        missing+=("$package")
    fi
done <<<"$wanted"

if [ ${#missing[@]} -eq 0 ]; then
    exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "tools/install.sh: error: not root, and there is no sudo; as root, install: ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
fi

echo "installing: ${missing[*]}"
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -q
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
