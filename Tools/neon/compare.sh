#!/usr/bin/env bash
# Compares the kernels for 64-bit ARM with the scalar ones, bit for bit: builds CKernels and the programs of
# Tests/Infrastructure/NEON with the toolchain's clang and runs them, on another processor under QEMU.
#
#   Tools/neon/compare.sh
#
# Without a cross compiler's libraries or QEMU it says that it was skipped. The last line is `N passed, N failed`.
set -euo pipefail
cd "$(dirname "$0")/../.."

readonly kernels=Sources/Infrastructure/CKernels tests=Tests/Infrastructure/NEON build=.build/neon
clang=${CLANG:-clang}
flags=(-O3 -std=c17 -Wall -Wextra -Werror "-I$kernels/include")

skip() {
    printf 'SKIPPED: kernels for ARM were not compared: %s\n0 passed, 0 failed\n' "$1"
    exit 0
}

if [ "$(uname -m)" = aarch64 ]; then
    run() { "$build/compare"; }
else
    target=(--target=aarch64-linux-gnu)
    flags+=("${target[@]}" -isystem /usr/aarch64-linux-gnu/include)
    qemu=$(command -v qemu-aarch64 || command -v qemu-aarch64-static) || skip "there is no qemu-aarch64"
    [ -e /usr/aarch64-linux-gnu/include/stdio.h ] || skip "there is no C library for aarch64-linux-gnu"
    compgen -G '/usr/lib/gcc-cross/aarch64-linux-gnu/*/libgcc.a' >/dev/null ||
        skip "there is no libgcc for aarch64-linux-gnu"
    # What each processor has, and what must be found out about it.
    run() {
        local status=0
        "$qemu" -cpu max "$build/compare" neon-dotprod neon-i8mm || status=1
        "$qemu" -cpu neoverse-n1 "$build/compare" --only neon-dotprod || status=1
        "$qemu" -cpu cortex-a72 "$build/compare" --only || status=1
        return $status
    }
fi
command -v "$clang" >/dev/null || skip "there is no $clang"

# Compiles what is older than its source or than any header.
compile() {
    local source object headers
    headers=$(find "$kernels" "$tests" -name '*.h' -newer "$build/stamp" 2>/dev/null || echo all)
    find "$kernels" "$tests" -name '*.c' | while read -r source; do
        object=$build/$(tr / _ <<<"${source%.c}").o
        if [ -n "$headers" ] || [ ! -e "$object" ] || [ "$source" -nt "$object" ]; then
            printf '%s\0-o\0%s\0' "$source" "$object"
        fi
    done | xargs -0 -r -n 3 -P "$(nproc)" "$clang" "${flags[@]}" -c
    touch "$build/stamp"
}

mkdir -p "$build"
compile
"$clang" ${target[@]+"${target[@]}"} -fuse-ld=lld -static "$build"/*.o -lm -o "$build/compare"
run
