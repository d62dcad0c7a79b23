#!/usr/bin/env bash
# `slow.sh full|small`: the tests that take long, then conversions and small objects beside other programs, rounds that
# add up, the operator over many rounds and a large round in shards, the full one also on a node. Goes on after a
# failure, so that one run shows everything. Only a full run writes into the tree.
set -uo pipefail
cd "$(dirname "$0")/.."
export LABELROUND_SIZE=${1:-full}

status=0
.venv/bin/python -m pytest -m slow || status=1
if [ "$LABELROUND_SIZE" = full ]; then
  .venv/bin/python -m benchmarks conversion 10000 || status=1
  .venv/bin/python -m benchmarks conversion 100000 || status=1
  .venv/bin/python -m benchmarks conversion 1000000 --no-peers || status=1
  .venv/bin/python -m benchmarks store || status=1
  .venv/bin/python -m benchmarks merging 1000 || status=1
  .venv/bin/python -m benchmarks operator 10000 || status=1
  .venv/bin/python -m benchmarks shards 200000 || status=1
  .venv/bin/python -m pytest -m e2e tests/e2e/test_large.py || status=1
else
  .venv/bin/python -m benchmarks conversion 2000 --results .cache/benchmarks || status=1
  .venv/bin/python -m benchmarks store 1000 --keys 2000 --runs 1 --results .cache/benchmarks || status=1
  .venv/bin/python -m benchmarks merging 20 --results .cache/benchmarks || status=1
  .venv/bin/python -m benchmarks operator 1000 --short --results .cache/benchmarks || status=1
  .venv/bin/python -m benchmarks shards 5000 --results .cache/benchmarks || status=1
fi
exit $status
