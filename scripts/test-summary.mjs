// node scripts/test-summary.mjs FILE
//
// Prints `N passed, N failed` from a vitest JSON report. A test file that fails before its tests
// run counts as one failure, and so does a report that is missing or holds no test.
import { readFileSync } from 'node:fs';

/** @param {string} file */
function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    process.stderr.write(`no test report: ${error.message}\n`);
    return undefined;
  }
}

/** @param {any} report */
function count(report) {
  if (report === undefined || report.numTotalTests === 0) return { passed: 0, failed: 1 };
  const brokenFiles = report.testResults.filter(
    file =>
      file.status === 'failed' && file.assertionResults.every(test => test.status !== 'failed'),
  );
  const failed = report.numFailedTests + brokenFiles.length;
  // An error outside every test fails the run without failing a test.
  return { passed: report.numPassedTests, failed: failed === 0 && !report.success ? 1 : failed };
}

const { passed, failed } = count(readReport(process.argv[2] ?? ''));
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
