/** The command line of bench:registry. */
import { parseOptions, UsageError, wholeNumber } from '../rig/command-line.ts';
import { openFilesMax } from '../rig/process-usage.ts';
import type { RegistryOptions } from './registry-result.ts';

export const USAGE = `usage: npm run bench:registry -- [options]

  --apis N          APIs of the registry (7100)
  --operations N    of all APIs together (30000)
  --partners N      partners (200)
  --apps N          apps, each with two keys and a subscription (40000)
  --fronts N        front threads of the gateway (2)
  --changes N       one after another, without load (100)
  --revocations N   keys that are revoked while they are used (20)
  --rebuilds N      whole snapshots beside traffic (5)
  --rate N          signed calls a second, beside rebuilds and in the windows (2500)
  --connections N   on which they are made (1000)
  --windows N       half of them calm, half with a change a second; a multiple of 2 (8)
  --window N        seconds of each (15)
  --warm-up N       seconds of calls before those that are measured (5)
  --seed N          of the calls' arrivals (1)
  --json FILE       write the result
  --no-record       do not append the result to bench/results/registry.jsonl
`;

export interface RegistryArguments {
  readonly options: RegistryOptions;
  readonly json: string | undefined;
  readonly record: boolean;
}

export const REGISTRY_DEFAULTS: RegistryOptions = {
  ...{ apis: 7_100, operations: 30_000, partners: 200, apps: 40_000, fronts: 2 },
  ...{ changes: 100, revocations: 20, rebuilds: 5, rate: 2_500, connections: 1_000 },
  ...{ windows: 8, windowSeconds: 15, warmUpSeconds: 5, seed: 1 },
};

/** Of the gateway, beside the connections under load. */
const OTHER_FILES = 500;

const OPTIONS = {
  apis: { type: 'string', default: String(REGISTRY_DEFAULTS.apis) },
  operations: { type: 'string', default: String(REGISTRY_DEFAULTS.operations) },
  partners: { type: 'string', default: String(REGISTRY_DEFAULTS.partners) },
  apps: { type: 'string', default: String(REGISTRY_DEFAULTS.apps) },
  fronts: { type: 'string', default: String(REGISTRY_DEFAULTS.fronts) },
  changes: { type: 'string', default: String(REGISTRY_DEFAULTS.changes) },
  revocations: { type: 'string', default: String(REGISTRY_DEFAULTS.revocations) },
  rebuilds: { type: 'string', default: String(REGISTRY_DEFAULTS.rebuilds) },
  rate: { type: 'string', default: String(REGISTRY_DEFAULTS.rate) },
  connections: { type: 'string', default: String(REGISTRY_DEFAULTS.connections) },
  windows: { type: 'string', default: String(REGISTRY_DEFAULTS.windows) },
  window: { type: 'string', default: String(REGISTRY_DEFAULTS.windowSeconds) },
  'warm-up': { type: 'string', default: String(REGISTRY_DEFAULTS.warmUpSeconds) },
  seed: { type: 'string', default: String(REGISTRY_DEFAULTS.seed) },
  json: { type: 'string' },
  record: { type: 'boolean', default: true },
} as const;

/** @throws UsageError */
export function readRegistryArguments(args: readonly string[]): RegistryArguments {
  const values = parseOptions(args, OPTIONS);
  const apis = wholeNumber('--apis', values.apis, 10, 19_000);
  const options: RegistryOptions = {
    apis,
    operations: wholeNumber('--operations', values.operations, apis, 200_000),
    partners: wholeNumber('--partners', values.partners, 1, 9_000),
    apps: wholeNumber('--apps', values.apps, 20, 100_000),
    fronts: wholeNumber('--fronts', values.fronts, 1, 16),
    changes: wholeNumber('--changes', values.changes, 1, 10_000),
    revocations: wholeNumber('--revocations', values.revocations, 1, 100),
    rebuilds: wholeNumber('--rebuilds', values.rebuilds, 1, 100),
    rate: wholeNumber('--rate', values.rate, 1, 100_000),
    connections: wholeNumber('--connections', values.connections, 1, 100_000),
    windows: wholeNumber('--windows', values.windows, 2, 200),
    windowSeconds: wholeNumber('--window', values.window, 1, 600),
    warmUpSeconds: wholeNumber('--warm-up', values['warm-up'], 1, 600),
    seed: wholeNumber('--seed', values.seed, 0, 4_294_967_295),
  };
  refuseUnfit(options);
  return { options, json: values.json, record: values.record };
}

function refuseUnfit({ windows, connections, changes, windowSeconds, apps }: RegistryOptions) {
  if (windows % 2 !== 0) {
    throw new UsageError('--windows takes a multiple of 2: as many calm ones as others.');
  }
  // Each change of some kinds is made of an app of its own.
  const changesMax = apps * 6;
  if (changes + (windows / 2) * windowSeconds > changesMax) {
    throw new UsageError(`So many changes need more apps: --apps ${apps} allow ${changesMax}.`);
  }
  const most = openFilesMax() - OTHER_FILES;
  if (connections > most) {
    throw new UsageError(
      `The gateway may have ${most} connections here by its limit of open files ` +
        '(raise it with ulimit -n).',
    );
  }
}
