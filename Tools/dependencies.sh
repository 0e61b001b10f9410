#!/usr/bin/env bash
# Finds what this machine lacks to build (or also to test) Berth, and installs it.
#
#   Tools/dependencies.sh build|test|neon
#
# `neon` is what `make neon` needs beside a build: a C library for 64-bit ARM, and QEMU.
#
# On success the path of a usable `swift` is printed on standard output; everything else goes to
# standard error. Debian 12 and Ubuntu are known; elsewhere the missing packages are only named.
#   root             installs at once, saying so
#   a terminal       asks one question, then uses sudo
#   neither          prints the exact command and exits with status 1
set -euo pipefail

# The oldest toolchain that understands the package's settings.
readonly needed_major=6 needed_minor=2
# Tests point this at a made-up file system.
readonly system_root=${BERTH_SYSTEM_ROOT:-}

say() { printf '%s\n' "$*" >&2; }

find_swift() {
    local candidate
    if command -v swift; then return; fi
    for candidate in "$HOME/.local/share/swiftly/bin/swift" /opt/swift/usr/bin/swift; do
        if [ -x "$system_root$candidate" ]; then
            printf '%s\n' "$system_root$candidate"
            return
        fi
    done
    say "Berth is built with the Swift toolchain $needed_major.$needed_minor or later, and there is no \`swift\` here."
    say "Get it from https://www.swift.org/install/linux/ (swiftly installs it in your home folder,"
    say "without root), open a new shell so that \`swift --version\` answers, and run this again."
    return 1
}

check_version() {
    local swift=$1 output version major minor
    if ! output=$("$swift" --version 2>&1); then
        say "$swift does not start:"
        say "$output"
        return 1
    fi
    version=$(sed -n 's/.*Swift version \([0-9][0-9]*\.[0-9][0-9]*\).*/\1/p' <<<"$output" | head -n 1)
    major=${version%%.*} minor=${version##*.}
    if [ -z "$version" ] || [ "$major" -lt $needed_major ] ||
        { [ "$major" -eq $needed_major ] && [ "$minor" -lt $needed_minor ]; }; then
        say "$swift is version ${version:-unknown}; Berth needs $needed_major.$needed_minor or later."
        say "Get it from https://www.swift.org/install/linux/ and run this again."
        return 1
    fi
}

installed() { [[ $(dpkg -s "$1" 2>/dev/null || true) = *"Status: install ok installed"* ]]; }

has() { command -v "$1" >/dev/null 2>&1; }

distribution() {
    # shellcheck disable=SC1091 # the file belongs to the machine
    (. "$system_root/etc/os-release" 2>/dev/null && printf '%s:%s' "${ID:-}" "${VERSION_ID:-}") || true
}

# The package with GCC's start-up objects and libgcc, which every link needs. The compiler itself is not.
gcc_runtime_package() {
    case $(distribution) in
    debian:12 | ubuntu:22.04) echo libgcc-12-dev ;;
    ubuntu:24.04) echo libgcc-13-dev ;;
    *) echo gcc ;;
    esac
}

# Debian packages of the shared libraries that the toolchain's own programs do not find.
toolchain_packages() {
    local folder library
    folder=$(dirname "$(readlink -f "$1")")
    has ldd || return 0
    for program in swift-package swift-frontend swift-driver lld; do
        [ -e "$folder/$program" ] || continue
        ldd "$folder/$program" 2>/dev/null | sed -n 's/^[[:space:]]*\([^ ]*\) => not found.*/\1/p'
    done | sort -u | while read -r library; do
        case $library in
        libcurl.so.4) echo libcurl4 ;;
        libedit.so.2) echo libedit2 ;;
        libncurses.so.6) echo libncurses6 ;;
        libsqlite3.so.0) echo libsqlite3-0 ;;
        libstdc++.so.6) echo libstdc++6 ;;
        libxml2.so.2) echo libxml2 ;;
        libz.so.1) echo zlib1g ;;
        esac
    done
}

missing_to_build() {
    has git || echo git
    installed ca-certificates || echo ca-certificates
    has ld.gold || echo binutils
    installed libc6-dev || echo libc6-dev
    installed zlib1g-dev || echo zlib1g-dev
    installed libsqlite3-dev || echo libsqlite3-dev
    compgen -G "$system_root/usr/lib/gcc/*/*/crtbeginS.o" >/dev/null || gcc_runtime_package
    toolchain_packages "$1"
}

missing_to_test() {
    if ! has python3 || ! python3 -c 'import ensurepip, venv' >/dev/null 2>&1; then
        echo python3-venv
    fi
    has shellcheck || echo shellcheck
    if ! has chromium && ! has chromium-browser && ! has google-chrome; then
        case $(distribution) in
        ubuntu:*) echo chromium-browser ;;
        *) echo chromium ;;
        esac
    fi
}

missing_for_neon() {
    [ "$(uname -m)" != aarch64 ] || return 0
    has qemu-aarch64 || has qemu-aarch64-static || echo qemu-user
    compgen -G "$system_root/usr/lib/gcc-cross/aarch64-linux-gnu/*/libgcc.a" >/dev/null ||
        echo gcc-aarch64-linux-gnu
    [ -e "$system_root/usr/aarch64-linux-gnu/include/stdio.h" ] || echo libc6-dev-arm64-cross
}

install_packages() {
    local sudo=$1
    shift
    $sudo apt-get update -qq >&2
    $sudo env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$@" >&2
}

provide() {
    local answer command="apt-get update && apt-get install -y --no-install-recommends $*"
    if ! has apt-get || ! has dpkg; then
        say "This machine lacks what these packages of Debian hold: $*"
        say "Install their counterparts and run this again."
        return 1
    elif [ "$(id -u)" -eq 0 ]; then
        say "Installing system packages that Berth needs: $*"
        install_packages "" "$@"
    elif [ -t 0 ] && has sudo; then
        say "Berth needs these system packages: $*"
        printf 'Install them now with sudo? [Y/n] ' >&2
        read -r answer || answer=n
        case $answer in
        "" | [Yy] | [Yy][Ee][Ss]) install_packages sudo "$@" ;;
        *)
            say "Not installed. The command is: sudo sh -c '$command'"
            return 1
            ;;
        esac
    else
        say "Berth needs these system packages: $*"
        say "There is no root and no terminal to ask on. Run this once, then try again:"
        say "  sudo sh -c '$command'"
        return 1
    fi
}

main() {
    local purpose=${1:-} swift
    local -a missing
    case $purpose in
    build | test | neon) ;;
    *)
        say "usage: Tools/dependencies.sh build|test|neon"
        exit 64
        ;;
    esac
    swift=$(find_swift) || exit 1
    mapfile -t missing < <(
        missing_to_build "$swift"
        if [ "$purpose" = test ]; then missing_to_test; fi
        if [ "$purpose" = neon ]; then missing_for_neon; fi
    )
    if [ ${#missing[@]} -gt 0 ]; then
        provide "${missing[@]}" || exit 1
    fi
    check_version "$swift" || exit 1
    printf '%s\n' "$swift"
}

main "$@"
