#!/usr/bin/env bash
# Tests Tools/counters.sh on the words of the test runners. The last line is `N passed, N failed`.
set -uo pipefail
# shellcheck source=Tools/counters.sh
. "$(dirname "$0")/../counters.sh"
passed=0 failed=0

# check COUNTER EXPECTED LINE...
check() {
    local counter=$1 expected=$2 found
    shift 2
    found=$(printf '%s\n' "$@" | "count_$counter")
    if [ "$found" = "$expected" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED: %s of %s\n  expected "%s", found "%s"\n' "$counter" "$*" "$expected" "$found"
    fi
}

check swift "1 0" '✔ Test run with 1 test in 1 suite passed after 0.005 seconds.'
check swift "120 0" '✔ Test f() passed after 1 seconds.' \
    '✔ Test run with 120 tests in 20 suites passed after 4.2 seconds.'
check swift "8 1" '✘ Test "a b" failed after 0.1 seconds with 1 issue.' \
    '✘ Suite "x" failed after 0.1 seconds with 1 issue.' \
    '✘ Test run with 9 tests in 2 suites failed after 0.005 seconds with 1 issue.'
check swift "7 2" '✘ Test "over many" with 8 test cases failed after 0.1 seconds with 3 issues.' \
    '✘ Test f() failed after 0.1 seconds with 1 issue.' \
    '✘ Test run with 9 tests in 2 suites failed after 0.005 seconds with 4 issues.'
check swift "" '◇ Test "never ended" started.' '✔ Test f() passed after 1 seconds.'

check pytest "12 0" '12 passed in 3.13s'
check pytest "12 1" '1 failed, 12 passed in 75.13s (0:01:15)'
check pytest "12 3" '== 2 failed, 12 passed, 1 skipped, 1 error in 3.1s =='
check pytest "0 2" '2 errors in 0.20s'
check pytest "3 0" '3 passed in 1.0s' 'server ended in 3s'
check pytest "12 0" '12 passed, 1 skipped in 3.1s'
check pytest "12 0" '12 passed, 2 warnings in 3.1s'
check pytest "" 'ERROR: file or directory not found: Tests/API'

check script "32 1" '30 passed, 0 failed' 'words' '2 passed, 1 failed'
check script "" 'no such file'

printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
