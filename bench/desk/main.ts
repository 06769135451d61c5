/**
 * What a large registry costs the control plane alone: applying, opening, one change, memory. No
 * gateway runs; bench:registry measures one.
 *
 *     npm run bench:desk -- [options]
 *
 * The exit status is 2 for wrong usage.
 */
import { writeFileSync } from 'node:fs';
import { BenchCommand } from '../rig/bench-command.ts';
import { benchKey } from '../rig/bench-folder.ts';
import { oneOf, parseOptions, wholeNumber } from '../rig/command-line.ts';
import { checkoutCommit, readEnvironment } from '../rig/environment.ts';
import { FULL_SCALE, type ScaleRegistryOptions, scaleRegistry } from '../rig/scale-registry.ts';
import { type DeskFigures, measureDesk, STORES } from './measure-desk.ts';

const USAGE = `usage: npm run bench:desk -- [options]

  --store NAME   ${STORES.join(' or ')} (memory)
  --apps N       with two keys and a subscription each (${FULL_SCALE.apps})
  --apis N       (${FULL_SCALE.apis})
  --operations N of all APIs together (${FULL_SCALE.operations})
  --no-keys      apps without keys: what is not the reading of keys
  --changes N    of each kind (50)
  --json FILE    write the result
`;

const command: BenchCommand = new BenchCommand('bench:desk');
const { store, changes, json, options } = command.read(USAGE, readArguments);
try {
  const environment = readEnvironment();
  const figures = await measureDesk(scaleRegistry(options), store, changes);
  print(figures);
  if (json !== undefined) {
    const result = { commit: checkoutCommit(), environment, store, ...figures };
    writeFileSync(json, `${JSON.stringify(result, null, 2)}\n`);
  }
} catch (error) {
  command.failed(error);
}

function readArguments(args: readonly string[]) {
  const values = parseOptions(args, {
    store: { type: 'string', default: 'memory' },
    apps: { type: 'string', default: String(FULL_SCALE.apps) },
    apis: { type: 'string', default: String(FULL_SCALE.apis) },
    operations: { type: 'string', default: String(FULL_SCALE.operations) },
    keys: { type: 'boolean', default: true },
    changes: { type: 'string', default: '50' },
    json: { type: 'string' },
  });
  const apps = wholeNumber('--apps', values.apps, 1, 200_000);
  const apis = wholeNumber('--apis', values.apis, 1, 20_000);
  const options: ScaleRegistryOptions = {
    ...FULL_SCALE,
    apps,
    apis,
    operations: wholeNumber('--operations', values.operations, apis, 100_000),
    subscriptions: apps,
    keys: values.keys ? (['rsa', 'es256'] as const).map(keyOf) : [],
  };
  return {
    store: oneOf('--store', values.store, STORES),
    changes: wholeNumber('--changes', values.changes, 1, 10_000),
    json: values.json,
    options,
  };
}

function keyOf(name: 'rsa' | 'es256') {
  const { algorithm, verifyingText } = benchKey(name);
  return { algorithm, publicKey: verifyingText };
}

function print({ changes, records, heapMb, ...times }: DeskFigures): void {
  console.log(`${records} records, ${heapMb.toFixed(0)} MiB of heap`);
  for (const [name, ms] of Object.entries(times)) console.log(`${name.padEnd(18)}${ms.toFixed(1)}`);
  console.table(
    changes.map(({ change, medianMs, maxMs }) => ({
      change,
      medianMs: Number(medianMs.toFixed(2)),
      maxMs: Number(maxMs.toFixed(2)),
    })),
  );
}
