/**
 * One event to many sessions: when the last one has it, and what those cost that do not read.
 *
 *     npm run bench:fanout -- [options]        (see USAGE)
 *
 * Exit status 1: an event or a subscriber was lost. 2: wrong usage. 130: Ctrl-C.
 */
import { writeFileSync } from 'node:fs';
import { BenchCommand } from '../rig/bench-command.ts';
import { Progress } from '../rig/progress.ts';
import { appendResult } from '../rig/results.ts';
import { readFanoutArguments, USAGE } from './fanout-arguments.ts';
import type { FanoutOptions, FanoutResult } from './fanout-result.ts';
import { fanoutText } from './fanout-text.ts';
import { reasonsAgainstFanout } from './recordable-fanout.ts';
import { runFanout } from './run-fanout.ts';

const command: BenchCommand = new BenchCommand('bench:fanout');

async function measure(options: FanoutOptions, signal: AbortSignal): Promise<FanoutResult> {
  const progress = new Progress(process.stderr, 0);
  const gatewayNodeArgs = (process.env.BENCH_GATEWAY_NODE_ARGS ?? '').split(' ').filter(Boolean);
  try {
    return await runFanout(options, {
      ...{ signal, gatewayNodeArgs, progress: text => progress.show(text) },
    });
  } catch (error) {
    progress.end();
    command.failed(error);
  } finally {
    progress.end();
  }
}

function recordUnless(reasons: readonly string[], result: FanoutResult): void {
  if (reasons.length === 0) appendResult('fanout', result);
  else console.log(`Not recorded: ${reasons.join('; ')}.`);
}

const { options, json, record } = command.read(USAGE, readFanoutArguments);
const result = await measure(options, command.interrupt());
if (json !== undefined) writeFileSync(json, `${JSON.stringify(result, null, 2)}\n`);
process.stdout.write(fanoutText(result));
if (result.faults > 0 || Object.keys(result.closed).length > 0) process.exitCode = 1;
if (record) recordUnless(reasonsAgainstFanout(result), result);
