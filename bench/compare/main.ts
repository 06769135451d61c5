/**
 * The same work through the gateway and through what a user would pick instead, one core each:
 *
 *     npm run bench:compare -- [--rounds 5] [--seconds 5] [--warm-up 6] [--only NAME,...]
 *       [--gateway-dir DIR] [--seed N] [--json FILE] [--no-record]
 *
 * `--gateway-dir` (may be given again) runs another checkout's gateway beside this one's; its cases
 * are named `ours-forward@DIR` and so on. A complete run is appended to bench/results.
 * The exit status is 1 where a program is missing or a case has no round that counts.
 */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { appendResult } from '../rig/results.ts';
import { compare } from './compare.ts';
import type { CompareResult } from './compare-result.ts';
import { resultText } from './print.ts';

/** As much as one core does, or more; where it does more, a window ends when they are used up. */
const SIGNED_PER_SECOND = 16_000;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '5' },
    'warm-up': { type: 'string', default: '6' },
    only: { type: 'string', default: '' },
    'gateway-dir': { type: 'string', multiple: true, default: [] },
    'signed-requests': { type: 'string' },
    seed: { type: 'string', default: '1' },
    json: { type: 'string' },
    'no-record': { type: 'boolean', default: false },
  },
});

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => interrupted.abort(new Error(`ended by ${signal}`)));
}

const seconds = Number(values.seconds);
const warmUpSeconds = Number(values['warm-up']);
const only = values.only.split(',').filter(Boolean);
const gatewayDirectories = values['gateway-dir'].map(directory => resolve(directory));

try {
  const result = await compare({
    rounds: Number(values.rounds),
    seconds,
    warmUpSeconds,
    seed: Number(values.seed),
    only,
    gatewayDirectories,
    signedRequests: Number(
      values['signed-requests'] ?? Math.ceil((seconds + warmUpSeconds) * SIGNED_PER_SECOND),
    ),
    signal: interrupted.signal,
    tell: line => process.stderr.write(`${line}\n`),
  });
  report(result);
} catch (error) {
  process.stderr.write(`bench:compare: ${(error as Error).message}\n`);
  // Everything is ended and removed by now; threads that sign need not be waited for.
  process.exit(error instanceof RangeError ? 2 : 1);
}

function report(result: CompareResult): void {
  console.log(resultText(result));
  if (values.json !== undefined) {
    writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`);
  }
  if (isComplete(result) && !values['no-record']) appendResult('compare', result);
  const empty = result.cases.some(({ rounds }) => rounds.length === 0);
  if (empty || result.missing.length > 0) process.exitCode = 1;
}

/** Whether it may stand in the record: every case, every round, one and the same gateway. */
function isComplete({ cases, missing, gateways }: CompareResult): boolean {
  const whole = cases.every(({ voidRounds }) => voidRounds.length === 0);
  const steady = gateways.every(({ changedMeanwhile }) => !changedMeanwhile);
  return only.length === 0 && gateways.length === 1 && missing.length === 0 && whole && steady;
}
