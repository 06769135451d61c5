/**
 * npm run bench:scale -- [--only connections,apps] [--json FILE] [--report DIR] (more: see USAGE)
 *
 * How cost grows with the rate, connections, operations, apps, bodies, fronts and workers: at each
 * point a short run of signed calls through a gateway of its own; a sentence on each curve. Exit
 * status 1: a run could not be made. 2: wrong usage. 130: Ctrl-C.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderCurves } from '../report/render-curves.ts';
import { UsageError } from '../rig/command-line.ts';
import { checkoutCommit, readEnvironment } from '../rig/environment.ts';
import { appendResult } from '../rig/results.ts';
import { runScale } from './run-scale.ts';
import { readScaleArguments, type ScaleArguments, USAGE } from './scale-arguments.ts';
import { scaleCurves } from './scale-curves.ts';
import type { ScaleResult } from './scale-result.ts';

function fail(message: string, status: number): never {
  process.stderr.write(`bench:scale: ${message}\n`);
  process.exit(status);
}

function readArguments(): ScaleArguments {
  const args = process.argv.slice(2);
  if (args.includes('--help')) {
    process.stdout.write(USAGE);
    process.exit(0);
  }
  try {
    return readScaleArguments(args);
  } catch (error) {
    if (error instanceof UsageError) fail(error.message, 2);
    throw error;
  }
}

async function measure(args: ScaleArguments, interrupt: AbortSignal): Promise<ScaleResult> {
  const { rounds, timing } = args;
  const startedAt = new Date().toISOString();
  const environment = readEnvironment();
  const onProgress = (text: string) => process.stderr.write(`${text}\n`);
  try {
    const sections = await runScale({ ...args, signal: interrupt, onProgress });
    const commit = checkoutCommit();
    return { name: 'scale', startedAt, rounds, timing, sections, environment, commit };
  } catch (error) {
    if (interrupt.aborted) fail('interrupted; everything that was started has ended.', 130);
    fail((error as Error).message, 1);
  }
}

const args = readArguments();
const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => interrupt.abort(new Error('interrupted')));
}
const result = await measure(args, interrupt.signal);
const curves = scaleCurves(result.sections);
for (const { heading, sentence } of curves) console.log(`${heading}\n  ${sentence}`);
if (args.json !== undefined) writeFileSync(args.json, `${JSON.stringify(result, null, 2)}\n`);
if (args.report !== undefined) {
  mkdirSync(args.report, { recursive: true });
  const file = join(args.report, 'scale.html');
  writeFileSync(file, renderCurves('How cost grows', curves));
  console.log(file);
}
if (args.record) appendResult('scale', result);
