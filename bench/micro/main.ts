/**
 * npm run bench:micro -- [--json FILE] [--only NAME] [--against FILE] (more: see USAGE)
 *
 * Runs each case of bench/micro/cases in several rounds and prints the median of each figure with
 * the lowest and highest round. Exit status 1: a case gave a wrong result. 2: wrong usage.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { UsageError } from '../rig/command-line.ts';
import { checkoutCommit, readEnvironment } from '../rig/environment.ts';
import { appendResult } from '../rig/results.ts';
import { type MicroArguments, readMicroArguments, USAGE } from './micro-arguments.ts';
import { comparisonLines, resultTable } from './micro-summary.ts';
import { runRounds } from './run-rounds.ts';
import { compareRounds, compareRuns, PAIRS, summarise } from './summarise.ts';

function readArguments(): MicroArguments {
  const args = process.argv.slice(2);
  if (args.includes('--help')) {
    process.stdout.write(USAGE);
    process.exit(0);
  }
  try {
    return readMicroArguments(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`bench:micro: ${error.message}\n`);
    process.exit(2);
  }
}

const { names, rounds, durationMs, json, against, record } = readArguments();
const startedAt = new Date().toISOString();
const environment = readEnvironment();
const measured = await runRounds(names, rounds, durationMs, text =>
  process.stderr.write(`${text}\n`),
);
const cases = [...measured.values()].map(summarise);
console.table(resultTable(cases));
const pairs = PAIRS.flatMap(([one, other]) => {
  const [a, b] = [measured.get(one), measured.get(other)];
  return a === undefined || b === undefined ? [] : compareRounds(a, b);
});
process.stdout.write(comparisonLines('One case beside another, round by round', pairs));
if (against !== undefined) {
  const changes = compareRuns(cases, JSON.parse(readFileSync(against, 'utf8')));
  process.stdout.write(comparisonLines(`This run beside ${against}`, changes));
}
if (json !== undefined) writeFileSync(json, `${JSON.stringify(cases, null, 2)}\n`);
if (record) {
  const commit = checkoutCommit();
  appendResult('micro', { name: 'micro', startedAt, rounds, cases, environment, commit });
}
