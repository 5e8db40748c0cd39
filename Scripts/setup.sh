#!/usr/bin/env bash
# Brings a Debian machine to the point where Save can be built, tested and measured. Safe to run as often as one likes:
# when nothing is missing it only asks dpkg and returns.
#
#   Scripts/setup.sh            what the server needs to build and run
#   Scripts/setup.sh --tests    and what the end-to-end tests need
#   Scripts/setup.sh --bench    and what the benchmarks need
#   Scripts/setup.sh --deb      and what the Debian package and its test need
set -euo pipefail

fail() {
    echo "setup: $*" >&2
    exit 1
}

packages=(
    libsqlite3-dev libpq-dev libcurl4-openssl-dev libmicrohttpd-dev libgnutls28-dev zlib1g-dev libarchive-dev
    libxml2-dev libssl-dev libargon2-dev libb2-dev libmd4c-dev pkg-config make curl ca-certificates python3 python3-venv
)
for option in "$@"; do
    case "$option" in
        --tests)
            packages+=(sqlite3 openssl npm cargo-web golang-go prometheus nginx-light caddy chromium skopeo buildah docker-registry)
            packages+=(postgresql-15 pgbouncer)
            # The source of the library that cargo reads versions with: our reader is compared with it.
            packages+=(librust-semver-dev)
            # mvn with the plugins of one deploy and one jar, Gradle and Ivy: 110 MB beside the Java that they run on.
            packages+=(maven libmaven-deploy-plugin-java libmaven-install-plugin-java libmaven-jar-plugin-java ivy gradle)
            ;;
        --bench) packages+=(sqlite3 nginx-light wrk) ;;
        --deb) packages+=(patchelf binutils debootstrap systemd) ;;
        *) fail "unknown option $option (known: --tests, --bench, --deb)" ;;
    esac
done

# The tool a package is wanted for, where a machine may have it from elsewhere.
present_otherwise() {
    case "$1" in
        make | curl | openssl | sqlite3 | npm | wrk | python3 | pkg-config | skopeo | buildah | docker-registry) command -v "$1" > /dev/null ;;
        # The plain package cargo of Debian 12 is of 2022 and reads no index over HTTP.
        cargo-web) [[ "$(cargo --version 2> /dev/null)" =~ ^cargo\ 1\.([0-9]+) ]] && ((BASH_REMATCH[1] >= 74)) ;;
        prometheus) command -v promtool > /dev/null ;;
        nginx-light) command -v nginx > /dev/null || [ -x /usr/sbin/nginx ] ;;
        python3-venv) python3 -c 'import venv, ensurepip' 2> /dev/null ;;
        *) return 1 ;;
    esac
}

missing=()
if command -v dpkg-query > /dev/null; then
    installed=" $(dpkg-query --show --showformat='${db:Status-Abbrev}|${Package} ' "${packages[@]}" 2> /dev/null || true)"
    for package in "${packages[@]}"; do
        [[ "$installed" == *"ii |$package "* ]] || present_otherwise "$package" || missing+=("$package")
    done
else
    for package in "${packages[@]}"; do
        present_otherwise "$package" || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] || fail "this machine is not a Debian; install by hand what these Debian packages hold: ${missing[*]}"
fi

if [ ${#missing[@]} -gt 0 ]; then
    echo "setup: installing ${missing[*]}"
    as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo > /dev/null || fail "not root and no sudo: ask an administrator to apt-get install ${missing[*]}"
        as_root=(sudo)
    fi

    # A package that brings a service (nginx) would start it. Debian asks policy-rc.d first: 101 means no.
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" > /dev/null
        "${as_root[@]}" chmod 755 "$policy"
        trap '"${as_root[@]}" rm -f "$policy"' EXIT
    fi
    install() {
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
            "${missing[@]}" > "$log" 2>&1
    }
    log=$(mktemp)
    # The lists are refreshed only when the packages cannot be had from those at hand.
    if ! install; then
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -q > "$log" 2>&1 \
            || { tail -n 5 "$log" >&2; fail "apt-get update failed: is a package mirror reachable?"; }
        install || { tail -n 5 "$log" >&2; fail "apt-get cannot install ${missing[*]}"; }
    fi
    rm -f "$log"
fi

command -v swift > /dev/null || fail "no swift in PATH: install the Swift 6.3 toolchain for this system and try again"
version=$(swift --version 2>&1) || fail "swift does not run on this machine: $(head -n 1 <<< "$version")"
if [[ "$version" =~ Swift\ version\ ([0-9]+)\.([0-9]+) ]]; then
    (( BASH_REMATCH[1] > 6 || (BASH_REMATCH[1] == 6 && BASH_REMATCH[2] >= 3) )) \
        || fail "Swift ${BASH_REMATCH[1]}.${BASH_REMATCH[2]} is too old: Save needs 6.3 or newer"
else
    fail "cannot read a version from: $(head -n 1 <<< "$version")"
fi
