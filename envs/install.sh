#!/bin/sh
# Make .venv with the pinned packages, or bring it up to date. Needs Python 3.11 or newer.
set -eu
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "install.sh: $python is $("$python" --version 2>&1); 3.11 or newer is needed;" \
         "name one with PYTHON=/path/to/python3 sh envs/install.sh" >&2
    exit 1
}

if [ ! -x .venv/bin/uv ]; then
    "$python" -m venv .venv
    # uv itself at its pinned version, checked against its hashes
    pin=$(mktemp)
    trap 'rm -f "$pin"' EXIT
    awk '/^uv==/ {on = 1} on {print} on && !/\\$/ {exit}' envs/requirements.txt > "$pin"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check \
        --require-hashes --no-deps --requirement "$pin"
fi

# one digest of pins and Python says whether anything is to be done
stamp=.venv/.installed
wanted=$(cat envs/requirements.txt envs/install.sh .venv/pyvenv.cfg | cksum)
if [ "$(cat "$stamp" 2>/dev/null || true)" != "$wanted" ]; then
    rm -f "$stamp"
    .venv/bin/uv pip sync --quiet --require-hashes --python .venv/bin/python \
        --compile-bytecode envs/requirements.txt
    printf '%s\n' "$wanted" > "$stamp"
fi
.venv/bin/python -m compileall -q workflow_scripts
echo "ready: .venv/bin/snakemake --cores all"
