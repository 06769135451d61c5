/**
 * npm run bench:idle -- [--connections 1000,12000] [--tls] [--json FILE] (more: see USAGE)
 *
 * Memory per idle connection: at each level opens connections to a gateway process of its own,
 * reads its resident memory before and after, and makes one signed call while all of them are open.
 * Exit status 1: a level could not be measured. 2: wrong usage. 130: Ctrl-C.
 */
import { writeFileSync } from 'node:fs';
import { UsageError } from '../rig/command-line.ts';
import { checkoutCommit, readEnvironment } from '../rig/environment.ts';
import { Progress } from '../rig/progress.ts';
import { appendResult } from '../rig/results.ts';
import { type IdleArguments, readIdleArguments, USAGE } from './idle-arguments.ts';
import { levelSummary, marginalSummary } from './idle-summary.ts';
import { type IdleLevel, type IdleOptions, measureIdle } from './measure-idle.ts';

function fail(message: string, status: number): never {
  process.stderr.write(`bench:idle: ${message}\n`);
  process.exit(status);
}

function readArguments(): IdleArguments {
  const args = process.argv.slice(2);
  if (args.includes('--help')) {
    process.stdout.write(USAGE);
    process.exit(0);
  }
  try {
    return readIdleArguments(args);
  } catch (error) {
    if (error instanceof UsageError) fail(error.message, 2);
    throw error;
  }
}

async function measure(options: IdleOptions, interrupt: AbortSignal): Promise<IdleLevel> {
  const progress = new Progress();
  const what = `${options.transport} connections`;
  try {
    return await measureIdle(options, {
      signal: interrupt,
      onProgress: open => progress.showShare(what, open, options.connections),
    });
  } catch (error) {
    progress.end();
    if (interrupt.aborted) fail('interrupted; everything that was started has ended.', 130);
    fail((error as Error).message, 1);
  } finally {
    progress.end();
  }
}

const args = readArguments();
const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => interrupt.abort(new Error('interrupted')));
}
const startedAt = new Date().toISOString();
const environment = readEnvironment();
const levels: IdleLevel[] = [];
for (const options of args.levels) {
  const level = await measure(options, interrupt.signal);
  levels.push(level);
  process.stdout.write(levelSummary(level));
}
process.stdout.write(marginalSummary(levels));
const single = levels.length === 1 ? levels[0] : {};
const commit = checkoutCommit();
const result = { name: 'idle', startedAt, ...single, levels, environment, commit };
if (args.json !== undefined) writeFileSync(args.json, `${JSON.stringify(result, null, 2)}\n`);
if (args.record) appendResult('idle', result);
