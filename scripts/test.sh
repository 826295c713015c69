#!/usr/bin/env bash
# All tests, on a fresh machine: installs what is missing, builds, lints, type-checks, runs. Ends with one line of counts.
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/install-test-tools.sh
[ -d node_modules/vitest ] || npm ci --ignore-scripts
npm run --silent build
npx tsx scripts/check-lockfile.ts
npx biome check .
npx tsc -p tsconfig.test.json
report=$(mktemp)
status=0
npx vitest run --reporter=default --reporter=json --outputFile.json="$report" "$@" || status=$?
node -e '
  const report = JSON.parse(require("node:fs").readFileSync(process.argv[1], "utf8"))
  const failedFiles = report.testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0).length
  const skipped = report.numPendingTests + report.numTodoTests
  console.log(`${report.numPassedTests} passed, ${report.numFailedTests + failedFiles} failed, ${skipped} skipped`)
' "$report"
rm -f "$report"
exit "$status"
