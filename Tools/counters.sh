# shellcheck shell=bash
# Sourced by Tools/test.sh. The counters: each reads a log on standard input and prints `PASSED FAILED`,
# or nothing if the tests did not come to an end.

# Swift Testing: "Test run with 12 tests in 3 suites passed", and a line a failed test.
count_swift() {
    awk '/Test run with [0-9]+ test/ { for (i = 1; i < NF; i++) if ($i == "with") { total = $(i + 1); break } }
         /^✘ Test / && / failed after / && !/Test run with/ { failed++ }
         END { if (total != "") print total - failed, failed + 0 }'
}

# pytest: "== 2 failed, 12 passed, 1 skipped in 3.1s ==".
count_pytest() {
    awk '/[0-9] (passed|failed|errors?|skipped|warnings?|deselected)( in|,.* in) [0-9.]+s/ { p = f = 0
            for (i = 2; i <= NF; i++) {
                if ($i ~ /^passed/) p = $(i - 1)
                if ($i ~ /^(failed|error)/) f += $(i - 1)
            }
            found = 1 }
         END { if (found) print p + 0, f + 0 }'
}

# Our own scripts: a last line "30 passed, 0 failed".
count_script() { awk '/^[0-9]+ passed, [0-9]+ failed$/ { p += $1; f += $3; found = 1 } END { if (found) print p, f }'; }

# A step that either holds or does not.
count_one() { echo 1 0; }
