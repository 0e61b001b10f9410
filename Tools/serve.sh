#!/usr/bin/env bash
# Builds Berth in release and serves the embedded model (or what the arguments of `berth serve` name).
set -euo pipefail
cd "$(dirname "$0")/.."

swift=$(Tools/dependencies.sh build)
[ -x .build/release/berth ] || echo "Building Berth. The first build takes a few minutes."
"$swift" build -c release --product berth
exec .build/release/berth serve "$@"
