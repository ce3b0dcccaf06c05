#!/usr/bin/env bash
# Ray into the folder $1, from PyPI.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
python3 -m venv "$1/venv"
"$1/venv/bin/pip" install --quiet --no-input --only-binary :all: -r "$here/requirements.txt"
