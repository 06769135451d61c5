/**
 * npm run bench:idle -- [--connections 1000,12000] [--tls] [--json FILE] (more: see USAGE)
 *
 * Memory per idle connection: at each level opens connections to a gateway process of its own,
 * reads its resident memory before and after, and makes one signed call while all of them are open.
 * Exit status 1: a level could not be measured. 2: wrong usage. 130: Ctrl-C.
 */
import { writeFileSync } from 'node:fs';
import { BenchCommand } from '../rig/bench-command.ts';
import { checkoutCommit, readEnvironment } from '../rig/environment.ts';
import { Progress } from '../rig/progress.ts';
import { appendResult } from '../rig/results.ts';
import { readIdleArguments, USAGE } from './idle-arguments.ts';
import { levelSummary, marginalSummary } from './idle-summary.ts';
import { type IdleLevel, type IdleOptions, measureIdle } from './measure-idle.ts';

const command: BenchCommand = new BenchCommand('bench:idle');

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
    command.failed(error);
  } finally {
    progress.end();
  }
}

const args = command.read(USAGE, readIdleArguments);
const interrupt = command.interrupt();
const startedAt = new Date().toISOString();
const environment = readEnvironment();
const levels: IdleLevel[] = [];
for (const options of args.levels) {
  const level = await measure(options, interrupt);
  levels.push(level);
  process.stdout.write(levelSummary(level));
}
process.stdout.write(marginalSummary(levels));
const single = levels.length === 1 ? levels[0] : {};
const commit = checkoutCommit();
const result = { name: 'idle', startedAt, ...single, levels, environment, commit };
if (args.json !== undefined) writeFileSync(args.json, `${JSON.stringify(result, null, 2)}\n`);
if (args.record) appendResult('idle', result);
