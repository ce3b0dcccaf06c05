#!/usr/bin/env bash
# Moleculer into the folder $1, from the npm registry. 0.15 needs Node 22; the harness has to stand beside its node_modules.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cp "$here/package.json" "$here/package-lock.json" "$here/harness.mjs" "$1"
cd "$1"
npm ci --silent --no-audit --no-fund --ignore-scripts
