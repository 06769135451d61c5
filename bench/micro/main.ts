/**
 * npm run bench:micro -- [--json FILE] [--only NAME] [--rounds N] [--against FILE] [--quick]
 *                           [--no-record]
 *
 * Runs each case of bench/micro/cases in several rounds and prints the median of each figure with
 * the lowest and highest round. `--against` compares with the JSON of an earlier run.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { checkoutCommit, readEnvironment } from '../rig/environment.ts';
import { appendResult } from '../rig/results.ts';
import { caseNames, runRounds } from './run-rounds.ts';
import { type Comparison, compareRounds, compareRuns, PAIRS, summarise } from './summarise.ts';

const DURATION_MS = 1_000;
const QUICK_DURATION_MS = 200;

const { values } = parseArgs({
  options: {
    json: { type: 'string' },
    only: { type: 'string' },
    rounds: { type: 'string' },
    against: { type: 'string' },
    quick: { type: 'boolean', default: false },
    'no-record': { type: 'boolean', default: false },
  },
});
const names = caseNames().filter(name => values.only === undefined || name === values.only);
if (names.length === 0) {
  console.error(`no case named ${values.only}; the cases are: ${caseNames().join(', ')}`);
  process.exit(2);
}
const roundCount = Number(values.rounds ?? (values.quick ? 1 : 5));
if (!Number.isInteger(roundCount) || roundCount < 1) {
  console.error('--rounds needs a whole number of at least 1');
  process.exit(2);
}
const startedAt = new Date().toISOString();
const environment = readEnvironment();
const durationMs = values.quick ? QUICK_DURATION_MS : DURATION_MS;
const rounds = await runRounds(names, roundCount, durationMs, text =>
  process.stderr.write(`${text}\n`),
);
const results = [...rounds.values()].map(summarise);

console.table(
  Object.fromEntries(
    results.map(result => [
      result.name,
      {
        'ops/s': Math.round(result.opsPerSecond),
        'lowest to highest round': wholeRange(result.opsPerSecondMin, result.opsPerSecondMax),
        'CPU µs/op': short(result.cpuMicrosPerOp),
        'lowest to highest': shortRange(result.cpuMicrosPerOpMin, result.cpuMicrosPerOpMax),
        'result hash': result.resultHash,
      },
    ]),
  ),
);
printComparisons(
  'One case beside another, round by round',
  PAIRS.flatMap(([one, other]) => {
    const [a, b] = [rounds.get(one), rounds.get(other)];
    return a === undefined || b === undefined ? [] : compareRounds(a, b);
  }),
);
if (values.against !== undefined) {
  const earlier = JSON.parse(readFileSync(values.against, 'utf8'));
  printComparisons(`This run beside ${values.against}`, compareRuns(results, earlier));
}
if (values.json !== undefined) {
  writeFileSync(values.json, `${JSON.stringify(results, null, 2)}\n`);
}
const complete = !values.quick && values.only === undefined;
if (complete && !values['no-record']) {
  const commit = checkoutCommit();
  const record = { name: 'micro', startedAt, rounds: roundCount, cases: results };
  appendResult('micro', { ...record, environment, commit });
}

function printComparisons(heading: string, comparisons: readonly Comparison[]): void {
  if (comparisons.length === 0) return;
  console.log(`\n${heading}`);
  for (const { name, metric, ratio, beyondNoise } of comparisons) {
    const seen = `${short(ratio.median)} (${shortRange(ratio.min, ratio.max)})`;
    console.log(`  ${name}: ${metric} times ${seen}${beyondNoise ? '' : ', within the noise'}`);
  }
}

function wholeRange(min: number, max: number): string {
  return `${Math.round(min)} to ${Math.round(max)}`;
}

function shortRange(min: number, max: number): string {
  return `${short(min)} to ${short(max)}`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}
