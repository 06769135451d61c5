/**
 * What a gateway with the registry of a large bank takes: to start, to follow changes, to forget a
 * key, and what its traffic feels of all that.
 *
 *     npm run bench:registry -- [options]        (see USAGE)
 *
 * Exit status 1: calls failed, or a revoked key was accepted. 2: wrong usage. 130: Ctrl-C.
 */
import { writeFileSync } from 'node:fs';
import { BenchCommand } from '../rig/bench-command.ts';
import { Progress } from '../rig/progress.ts';
import { appendResult } from '../rig/results.ts';
import { faultsOf } from './bars.ts';
import { reasonsAgainstRegistry } from './recordable-registry.ts';
import { readRegistryArguments, USAGE } from './registry-arguments.ts';
import type { RegistryOptions, RegistryResult } from './registry-result.ts';
import { registryText } from './registry-text.ts';
import { runRegistry } from './run-registry.ts';

const command: BenchCommand = new BenchCommand('bench:registry');

async function measure(options: RegistryOptions, signal: AbortSignal): Promise<RegistryResult> {
  const progress = new Progress(process.stderr, 0);
  const gatewayNodeArgs = (process.env.BENCH_GATEWAY_NODE_ARGS ?? '').split(' ').filter(Boolean);
  try {
    return await runRegistry(options, {
      ...{ signal, gatewayNodeArgs, progress: text => progress.show(text) },
    });
  } catch (error) {
    progress.end();
    command.failed(error);
  } finally {
    progress.end();
  }
}

function recordUnless(reasons: readonly string[], result: RegistryResult): void {
  if (reasons.length === 0) appendResult('registry', result);
  else console.log(`Not recorded: ${reasons.join('; ')}.`);
}

const { options, json, record } = command.read(USAGE, readRegistryArguments);
const result = await measure(options, command.interrupt());
if (json !== undefined) writeFileSync(json, `${JSON.stringify(result, null, 2)}\n`);
process.stdout.write(registryText(result));
if (faultsOf(result).length > 0) process.exitCode = 1;
if (record) recordUnless(reasonsAgainstRegistry(result), result);
