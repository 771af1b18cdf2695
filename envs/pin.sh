#!/bin/sh
# Pin every package, direct or not, with its hashes and without any address.
# --fork-strategy fewest: one version for every Python we support, where one exists.
set -eu
cd "$(dirname "$0")/.."
.venv/bin/uv pip compile --quiet --no-header --universal --fork-strategy fewest \
    --python-version 3.11 --generate-hashes --no-emit-index-url "$@" \
    envs/requirements.in --output-file envs/requirements.txt
