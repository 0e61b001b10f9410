#!/usr/bin/env bash
# Long fuzzing of what reads files, under AddressSanitizer, then load on a running server. SOAK_MINUTES (default 5)
# bounds the load, BERTH_FUZZ_ITERATIONS (default 100000) the fuzzing.
set -euo pipefail
cd "$(dirname "$0")/../.."

swift=$(Tools/dependencies.sh build)
readonly logs=.build/soak-logs berth=.build/release/berth
mkdir -p $logs
# shellcheck source=Tools/server.sh
. Tools/server.sh
trap 'stop_server || true' EXIT

export BERTH_FUZZ_ITERATIONS=${BERTH_FUZZ_ITERATIONS:-100000}
# Swift's own checks (bounds, overflow, casts) stay on in release mode; the sanitizer watches the pointers, and an
# allocation of more than 64 MiB, which none of these small files is worth, ends the run.
export ASAN_OPTIONS=max_allocation_size_mb=64:quarantine_size_mb=8:detect_leaks=0
"$swift" test -c release --sanitize address --scratch-path .build/soak-address \
    --filter "CheckpointsTests|MutationTests"
"$swift" build -c release --product berth

start_server $berth $logs/server.log
python3 Tools/soak/load.py --url "$BERTH_URL" --pid "$server" --minutes "${SOAK_MINUTES:-5}" "$@"
stop_server
