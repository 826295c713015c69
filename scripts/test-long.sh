#!/usr/bin/env bash
# The long runs: every fuzz target, then packages/gateway/test/long and the integration suites that do more when
# JOTGATE_LONG is set. Takes about two hours, half of that for the soak (SOAK_MINUTES). Ends with one line of counts; a
# fuzz target counts as one test.
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/install-test-tools.sh
[ -d node_modules/vitest ] || npm ci --ignore-scripts
npm run --silent build
runs="${FUZZ_RUNS:-300000}"
fuzz_passed=0
fuzz_failed=0
for target in packages/gateway/test/fuzz/*.fuzz.ts; do
  echo "== $target ($runs runs)"
  if npx tsx "$target" "$runs"; then fuzz_passed=$((fuzz_passed + 1)); else fuzz_failed=$((fuzz_failed + 1)); fi
done
report=$(mktemp)
status=0
JOTGATE_LONG=1 npx vitest run --config vitest.long.config.ts --reporter=default --reporter=json --outputFile.json="$report" "$@" || status=$?
# The other reader of HTTP/1 passes the same suites.
JOTGATE_TEST_HTTP1=node npx vitest run raw-requests slow-callers websocket drain cross-talk header-spoofing event-streams streaming test/regress || status=1
[ "$fuzz_failed" -eq 0 ] || status=1
node -e '
  const [file, fuzzPassed, fuzzFailed] = process.argv.slice(1)
  const report = JSON.parse(require("node:fs").readFileSync(file, "utf8"))
  const failedFiles = report.testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0).length
  const passed = report.numPassedTests + Number(fuzzPassed)
  const failed = report.numFailedTests + failedFiles + Number(fuzzFailed)
  console.log(`${passed} passed, ${failed} failed, ${report.numPendingTests + report.numTodoTests} skipped`)
' "$report" "$fuzz_passed" "$fuzz_failed"
rm -f "$report"
exit "$status"
