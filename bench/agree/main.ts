/**
 * npm run bench:agree -- [--rounds N] [--seconds N] [--warm-up N] [--rate N] [--json FILE]
 *                        [--no-record]
 *
 * Throughput at saturation by wrk and by bench:load, one core for the gateway and one for the load.
 * The exit status is 1 where the two are more than 10 % apart or a run does not count, 2 for wrong
 * usage.
 */
import { writeFileSync } from 'node:fs';
import { parseOptions, UsageError, wholeNumber } from '../rig/command-line.ts';
import { appendResult } from '../rig/results.ts';
import { type AgreeResult, agree } from './agree.ts';

/** How far the two may be apart. */
const APART_MAX = 0.1;
/** What one core carries at most, so that no run is short of signed requests. */
const SIGNED_PER_SECOND = 16_000;

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => interrupted.abort(new Error(`ended by ${signal}`)));
}

try {
  const values = parseOptions(process.argv.slice(2), {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    'warm-up': { type: 'string', default: '6' },
    rate: { type: 'string', default: '14000' },
    json: { type: 'string' },
    record: { type: 'boolean', default: true },
  });
  const seconds = wholeNumber('--seconds', values.seconds, 1, 60);
  const warmUpSeconds = wholeNumber('--warm-up', values['warm-up'], 1, 60);
  const result = await agree({
    rounds: wholeNumber('--rounds', values.rounds, 1, 100),
    seconds,
    warmUpSeconds,
    rate: wholeNumber('--rate', values.rate, 1, 1_000_000),
    signedRequests: (seconds + warmUpSeconds) * SIGNED_PER_SECOND,
    signal: interrupted.signal,
    tell: line => process.stderr.write(`${line}\n`),
  });
  report(result, values.json);
  if (values.record) appendResult('agree', result);
} catch (error) {
  process.stderr.write(`bench:agree: ${(error as Error).message}\n`);
  process.exit(error instanceof UsageError ? 2 : 1);
}

function report(result: AgreeResult, json: string | undefined): void {
  const { ratio, rounds } = result;
  console.table(rounds);
  const [median, least, most] = [ratio.median, ratio.min, ratio.max].map(each => each.toFixed(3));
  console.log(`bench:load / wrk  ${median} (${least} to ${most})`);
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(result, null, 2)}\n`);
  if (Math.abs(ratio.median - 1) > APART_MAX) process.exitCode = 1;
}
