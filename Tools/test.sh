#!/usr/bin/env bash
# Everything that guards a change, in one run: format, shell scripts, a build with warnings as errors,
# kernels for ARM under QEMU, arrows, unit tests, and the API and browser tests against a running server on the embedded model.
#
# One release build serves all of it. A failed step does not stop the steps that do not need it. The
# last line is `N passed, N failed`; the exit status says whether all passed.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

swift=$(Tools/dependencies.sh test) || exit 1
# Without these its step is skipped.
Tools/dependencies.sh neon >/dev/null || true
PATH=$(dirname "$swift"):$PATH
export BERTH_WARNINGS_AS_ERRORS=1
readonly logs=.build/test-logs venv=.build/test-venv berth=.build/release/berth
readonly encoders=Tests/Engine/InferenceTests/Fixtures/Encoders
readonly build_flags=(-c release --explicit-target-dependency-import-check error)
mkdir -p "$logs"

# shellcheck source=Tools/server.sh
. Tools/server.sh
# shellcheck source=Tools/counters.sh
. Tools/counters.sh

passed=0 failed=0 table=''

# step NAME COUNTER COMMAND...: runs it, adds what its log says to the totals and a row to the table.
step() {
    local name=$1 counter=$2 log status started counts p f
    shift 2
    log="$logs/${name// /-}.log"
    printf '\n== %s\n' "$name"
    started=$SECONDS
    "$@" 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    counts=$("count_$counter" <"$log")
    read -r p f <<<"${counts:-0 1}"
    if [ "$counter" = one ] && [ "$status" -ne 0 ]; then p=0 f=1; fi
    if [ "$status" -ne 0 ] && [ "$f" -eq 0 ]; then f=1; fi
    record "$name" "$p" "$f" $((SECONDS - started))
    return "$status"
}

record() {
    passed=$((passed + $2)) failed=$((failed + $3))
    table+=$(printf '%-16s %6d %6d %6d s' "$@")$'\n'
}

finish() {
    stop_server
    printf '\n%-16s %6s %6s %8s\n%s' step passed failed time "$table"
    printf '%d passed, %d failed\n' "$passed" "$failed"
}

trap finish EXIT
trap 'exit 130' INT TERM

lint_swift() {
    "$swift" format lint --strict --recursive --parallel Package.swift Sources Tests \
        Benchmarks/Package.swift Benchmarks/Runner
}

lint_shell() { git ls-files -z -- '*.sh' '.ci/run' | xargs -0 shellcheck -x; }

test_tools() {
    local script status=0
    for script in Tools/tests/*-test.sh; do "$script" || status=1; done
    return "$status"
}

build() { "$swift" build --build-tests "${build_flags[@]}"; }

unit_tests() { "$swift" test --skip-build "${build_flags[@]}" --skip ModelHubTests; }

# Downloads have time-outs, so they do not share a process with tests that compute for seconds on every thread.
download_tests() { "$swift" test --skip-build "${build_flags[@]}" --filter ModelHubTests; }

# The Python packages of the tests, in a folder that git ignores; made anew when the lists change.
python_packages() {
    local stamp
    stamp=$(cat Tests/*/requirements.txt | sha256sum | cut -c1-64)
    if [ "$(cat "$venv/stamp" 2>/dev/null)" != "$stamp" ]; then
        rm -rf "$venv"
        python3 -m venv "$venv" || return
        local list
        for list in Tests/*/requirements.txt; do
            "$venv/bin/pip" install --quiet -r "$list" || return
        done
        printf '%s\n' "$stamp" >"$venv/stamp"
    fi
}

# The server must still be there after the tests, and end with status 0 when it is told to.
drain() {
    local started=$SECONDS
    printf '\n== drain\n'
    if stop_server; then
        record drain 1 0 $((SECONDS - started))
    else
        echo "The server ended early or with an error; its last words:"
        tail -n 20 "$logs/server.log"
        record drain 0 1 $((SECONDS - started))
    fi
}

step "swift format" one lint_swift
step "shellcheck" one lint_shell
step "tools" script test_tools
step "neon" script Tools/neon/compare.sh
if step "build" one build; then
    step "unit" swift unit_tests
    step "downloads" swift download_tests
    if step "python packages" one python_packages &&
        start_server "$berth" "$logs/server.log" --model berth-harbour \
            --model $encoders/encoder.gguf --model $encoders/cross-encoder.gguf; then
        step "api" pytest "$venv/bin/python" -m pytest -q Tests/API
        step "browser" pytest "$venv/bin/python" -m pytest -q Tests/Browser
        drain
    else
        record server 0 1 0
    fi
fi
[ "$failed" -eq 0 ]
