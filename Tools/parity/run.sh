#!/usr/bin/env bash
# Runs a script of this folder with the two reference engines installed, and Berth built.
#
#   Tools/parity/run.sh compare.py|compare_embeddings.py|folders.py [ARGUMENTS]
#   Tools/parity/run.sh tokenizer_cases.py|tokenizer_speed.py|huggingface_cases.py [ARGUMENTS]
#   Tools/parity/run.sh make_fixtures.py|make_encoder_fixtures.py [ARGUMENTS]
#
# BERTH_PARITY_PYTHON names a Python that has the packages already; else they come from PyPI into
# .build/parity-venv, where llama.cpp is compiled, which takes a while the first time.
set -euo pipefail
cd "$(dirname "$0")/../.."
readonly folder=Tools/parity venv=.build/parity-venv

swift=$(Tools/dependencies.sh build)
python=${BERTH_PARITY_PYTHON:-$venv/bin/python}
if [ -z "${BERTH_PARITY_PYTHON:-}" ] && ! cmp -s $folder/requirements.txt $venv/requirements.txt; then
    rm -rf $venv
    python3 -m venv $venv
    $venv/bin/pip install --progress-bar off -r $folder/requirements.txt
    cp $folder/requirements.txt $venv/requirements.txt
fi

script=$1
shift
if [ "$script" = "${script#make_}" ]; then
    "$swift" build -c release --product berth
fi
PYTHONPATH=$folder exec "$python" "$folder/$script" "$@"
