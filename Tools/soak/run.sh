#!/usr/bin/env bash
# Long fuzzing of what reads files, then load on a running server. SOAK_MINUTES (default 5) bounds the
# load, BERTH_FUZZ_ITERATIONS (default 100000) the fuzzing.
set -euo pipefail
cd "$(dirname "$0")/../.."

swift=$(Tools/dependencies.sh build)
readonly logs=.build/soak-logs berth=.build/release/berth
mkdir -p $logs
# shellcheck source=Tools/server.sh
. Tools/server.sh
trap 'stop_server || true' EXIT

export BERTH_FUZZ_ITERATIONS=${BERTH_FUZZ_ITERATIONS:-100000}
"$swift" build -c release --build-tests
"$swift" test -c release --skip-build --filter CheckpointsTests

start_server $berth $logs/server.log
python3 Tools/soak/load.py --url "$BERTH_URL" --pid "$server" --minutes "${SOAK_MINUTES:-5}" "$@"
stop_server
