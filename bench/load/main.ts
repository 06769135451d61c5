/**
 * npm run bench:load -- --connections 12000 --rate 8000 --duration 30 (more: see USAGE)
 *
 * One open-loop run against a gateway process of its own. Exit status 1: the run failed, or the
 * generator and not the gateway was the limit, and nothing is recorded. 2: wrong usage.
 * 130: Ctrl-C.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderReport } from '../report/render-report.ts';
import { BenchCommand } from '../rig/bench-command.ts';
import { Progress } from '../rig/progress.ts';
import { appendResult } from '../rig/results.ts';
import { writeHistogramFiles } from './histogram-files.ts';
import { type LoadArguments, readLoadArguments, USAGE } from './load-arguments.ts';
import type { LoadResult } from './load-result.ts';
import { loadSummary } from './load-summary.ts';
import { refusalOf } from './refusal.ts';
import { type LoadRun, runLoad } from './run-load.ts';

const command: BenchCommand = new BenchCommand('bench:load');

function readEarlier(file: string): LoadResult {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    command.misused(`--compare ${file} cannot be read (${(error as Error).message}).`);
  }
}

function writeReport(folder: string, run: LoadRun, earlier: LoadResult | undefined): void {
  mkdirSync(folder, { recursive: true });
  const results = earlier === undefined ? [run.result] : [earlier, run.result];
  writeFileSync(join(folder, 'report.html'), renderReport(results));
  const { startedAt, warmUpSeconds } = run.result;
  const measuredAt = new Date(Date.parse(startedAt) + warmUpSeconds * 1_000);
  writeHistogramFiles(folder, run.latencyBySecond, measuredAt);
}

async function runWithProgress(args: LoadArguments, interrupt: AbortSignal): Promise<LoadRun> {
  const progress = new Progress(process.stderr, 0);
  try {
    return await runLoad(args.options, {
      signal: interrupt,
      progress: text => progress.show(text),
      gatewayNodeArgs: nodeArgsOf('BENCH_GATEWAY_NODE_ARGS'),
      generatorNodeArgs: nodeArgsOf('BENCH_GENERATOR_NODE_ARGS'),
    });
  } catch (error) {
    progress.end();
    command.failed(error);
  } finally {
    progress.end();
  }
}

/** For profiling. */
function nodeArgsOf(variable: string): string[] {
  return (process.env[variable] ?? '').split(' ').filter(argument => argument !== '');
}

const args = command.read(USAGE, readLoadArguments);
const earlier = args.compare === undefined ? undefined : readEarlier(args.compare);
const interrupt = command.interrupt();
const run = await runWithProgress(args, interrupt);
const { result } = run;
if (args.json !== undefined) writeFileSync(args.json, `${JSON.stringify(result)}\n`);
process.stdout.write(loadSummary(result));
const refusal = refusalOf(result);
if (refusal !== undefined) command.failed(refusal);
if (args.report !== undefined) writeReport(args.report, run, earlier);
if (args.record) appendResult('load', result);
