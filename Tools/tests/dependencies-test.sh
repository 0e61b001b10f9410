#!/usr/bin/env bash
# Tests Tools/dependencies.sh against a made-up machine: a folder of fake programs that is all of PATH.
# The last line is `N passed, N failed`; the exit status says whether all passed.
set -uo pipefail
tools=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

# A fresh machine that has everything, as the user with id 1000.
machine() {
    rm -rf "${work:?}/bin" "$work/root" "$work/log"
    mkdir -p "$work/bin" "$work/root/etc" "$work/root/usr/lib/gcc/x86_64-linux-gnu/12"
    touch "$work/log" "$work/root/usr/lib/gcc/x86_64-linux-gnu/12/crtbeginS.o"
    printf 'ID=debian\nVERSION_ID="12"\n' >"$work/root/etc/os-release"
    local real
    for real in bash cat dirname env grep head readlink sed sh sort; do
        ln -s "$(command -v $real)" "$work/bin/$real"
    done
    fake git true
    fake ld.gold true
    fake shellcheck true
    fake chromium true
    fake python3 true
    fake id 'echo 1000'
    fake swift 'echo "Swift version 6.3.1 (swift-6.3.1-RELEASE)"'
    fake dpkg 'echo "Status: install ok installed"'
    fake apt-get "echo \"apt-get \$*\" >>$work/log"
    fake sudo "echo \"sudo \$*\" >>$work/log"
    fake ldd true
}

fake() { printf '#!/bin/sh\n%s\n' "$2" >"$work/bin/$1" && chmod +x "$work/bin/$1"; }

lacks() { rm "$work/bin/$1"; }

# Runs the script; its status, output and errors land in variables.
run() {
    output=$(env -i PATH="$work/bin" HOME="$work/home" BERTH_SYSTEM_ROOT="$work/root" \
        "$tools/dependencies.sh" "$@" 2>"$work/errors" </dev/null)
    status=$?
    errors=$(cat "$work/errors") log=$(cat "$work/log")
}

# The same on a pseudo-terminal, with an answer typed in. What it prints and reports is one stream.
run_with_terminal() {
    local answer=$1
    shift
    output=$(printf '%s\n' "$answer" | script -qec \
        "env -i PATH='$work/bin' HOME='$work/home' BERTH_SYSTEM_ROOT='$work/root' \
            '$tools/dependencies.sh' $*" /dev/null)
    status=$?
    errors=$output log=$(cat "$work/log")
}

# expect WHAT, then a test as an argument list.
expect() {
    local what=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED: %s\n  status: %s\n  output: %s\n  errors: %s\n  log: %s\n' \
            "$what" "$status" "$output" "$errors" "$log"
    fi
}

contains() { case $1 in *"$2"*) true ;; *) false ;; esac }

machine
run build
expect "a complete machine: status 0" [ "$status" -eq 0 ]
expect "a complete machine: the compiler's path is the output" [ "$output" = "$work/bin/swift" ]
expect "a complete machine: nothing is installed" [ -z "$log" ]

machine
lacks git
rm "$work"/root/usr/lib/gcc/*/*/crtbeginS.o
fake id 'echo 0'
run build
expect "root: status 0" [ "$status" -eq 0 ]
expect "root: says what it installs" contains "$errors" "Installing system packages that Berth needs: git libgcc-12-dev"
expect "root: installs at once" contains "$log" "install -y -qq --no-install-recommends git libgcc-12-dev"
expect "root: no sudo" [ "$(grep -c sudo <<<"$log")" -eq 0 ]

machine
lacks git
run build
expect "no terminal: status 1" [ "$status" -eq 1 ]
expect "no terminal: prints the exact command" \
    contains "$errors" "sudo sh -c 'apt-get update && apt-get install -y --no-install-recommends git'"
expect "no terminal: installs nothing" [ -z "$log" ]

machine
lacks git
run_with_terminal y build
expect "a user who says yes: status 0" [ "$status" -eq 0 ]
expect "a user who says yes: asked one question" [ "$(grep -c '\[Y/n\]' <<<"$output")" -eq 1 ]
expect "a user who says yes: sudo installs" contains "$log" "sudo env DEBIAN_FRONTEND=noninteractive apt-get install"

machine
lacks git
run_with_terminal n build
expect "a user who says no: status 1" [ "$status" -eq 1 ]
expect "a user who says no: the command to run" contains "$errors" "sudo sh -c 'apt-get update"
expect "a user who says no: installs nothing" [ -z "$log" ]

machine
lacks swift
fake id 'echo 0'
run build
expect "no Swift: status 1" [ "$status" -eq 1 ]
expect "no Swift: names the version" contains "$errors" "6.2 or later"
expect "no Swift: says where to get it" contains "$errors" "https://www.swift.org/install/linux/"
expect "no Swift: installs nothing" [ -z "$log" ]

machine
fake swift 'echo "Swift version 6.1.2 (swift-6.1.2-RELEASE)"'
run build
expect "an old Swift: status 1" [ "$status" -eq 1 ]
expect "an old Swift: names both versions" contains "$errors" "is version 6.1; Berth needs 6.2 or later"

machine
fake swift 'echo "Swift version 6.2 (swift-6.2-RELEASE)"'
run build
expect "the oldest Swift that will do" [ "$status" -eq 0 ]

machine
touch "$work/bin/swift-package"
fake ldd 'printf "\tlibcurl.so.4 => not found\n\tlibc.so.6 => /lib/libc.so.6 (0x1)\n"'
fake id 'echo 0'
run build
expect "a library that the toolchain itself lacks" contains "$log" "--no-install-recommends libcurl4"

machine
fake dpkg 'echo "Status: deinstall ok config-files"'
fake id 'echo 0'
run build
expect "a package that was removed counts as missing" contains "$log" "ca-certificates libc6-dev"

machine
fake dpkg 'echo "Status: install ok installed"; printf "%0200000d" 0 || exit 1'
run build
expect "a package with a long description is there all the same" [ -z "$errors" ]

machine
lacks git
lacks apt-get
run build
expect "another distribution: status 1" [ "$status" -eq 1 ]
expect "another distribution: names the packages" contains "$errors" "what these packages of Debian hold: git"

machine
lacks chromium
fake id 'echo 0'
run build
expect "a browser is not needed to build" [ -z "$log" ]
run test
expect "a browser is needed to test" contains "$log" "--no-install-recommends chromium"

machine
fake uname 'echo x86_64'
fake id 'echo 0'
run build
expect "an emulator is not needed to build" [ -z "$log" ]
run neon
expect "to run kernels for ARM: an emulator and a C library" contains "$log" \
    "--no-install-recommends qemu-user gcc-aarch64-linux-gnu libc6-dev-arm64-cross"

machine
fake uname 'echo aarch64'
fake id 'echo 0'
run neon
expect "on ARM nothing is emulated" [ -z "$log" ]

run nonsense
expect "an unknown purpose is a usage error" [ "$status" -eq 64 ]

printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
