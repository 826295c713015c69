#!/usr/bin/env bash
# The long runs: fuzzing, soak, kill rounds. Each file under packages/gateway/test/long and each fuzz target.
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/install-test-tools.sh
[ -d node_modules/vitest ] || npm ci --ignore-scripts
npm run --silent build
runs="${FUZZ_RUNS:-300000}"
for target in packages/gateway/test/fuzz/*.fuzz.ts; do
  echo "== $target ($runs runs)"
  npx tsx "$target" "$runs"
done
JOTGATE_LONG=1 npx vitest run --config vitest.long.config.ts
