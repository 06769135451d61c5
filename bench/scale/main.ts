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
import { BenchCommand } from '../rig/bench-command.ts';
import { checkoutCommit, readEnvironment } from '../rig/environment.ts';
import { appendResult } from '../rig/results.ts';
import { runScale } from './run-scale.ts';
import { readScaleArguments, type ScaleArguments, USAGE } from './scale-arguments.ts';
import { scaleCurves } from './scale-curves.ts';
import type { ScaleResult } from './scale-result.ts';

const command: BenchCommand = new BenchCommand('bench:scale');

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
    command.failed(error);
  }
}

const args = command.read(USAGE, readScaleArguments);
const interrupt = command.interrupt();
const result = await measure(args, interrupt);
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
