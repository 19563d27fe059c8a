#!/usr/bin/env bash
# Everything that must be clean before a commit, cheapest first. `make test` sets up what it needs.
set -euo pipefail
cd "$(dirname "$0")/.."

ruff format --check .
ruff check .
mypy
python -m pytest -q "$@"
