/** One run: starts, changes, revocations, rebuilds, and changes under load, of one gateway. */
import type { RegistryLists } from '../../src/control-plane/registry/desk-contract.ts';
import { BenchGateway } from '../rig/bench-gateway.ts';
import { checkoutCommit, readEnvironment } from '../rig/environment.ts';
import { HiccupBeside } from '../rig/hiccup-beside.ts';
import { Progress } from '../rig/progress.ts';
import { Upstream } from '../rig/upstream.ts';
import { ADMIN_TOKEN, AdminDoor } from './admin-door.ts';
import { bankRegistry, CALLING_APPS, KEYS } from './bank.ts';
import { ChangeSource } from './change-kinds.ts';
import { measureChangeLoad } from './change-load-phase.ts';
import { callsIn, LoadBeside, signForLoads } from './load-beside.ts';
import { memoryOf } from './memory.ts';
import { measureRebuilds, rebuildSeconds } from './rebuild-phase.ts';
import type { RegistryOptions, RegistryResult, StartFigures } from './registry-result.ts';
import { measureRevocations } from './revocation-phase.ts';
import { measureVisibility } from './visibility-phase.ts';

export interface RegistryExtras {
  readonly signal: AbortSignal;
  readonly gatewayNodeArgs?: readonly string[];
  readonly progress: (text: string) => void;
}

/** Signing, starts and all phases but the loads: signatures must last. */
const OTHER_PHASES_MS = 900_000;
/** The first start reads a file of some 60 MB into the store. */
const READY_MAX_MS = 300_000;
const FURTHER_STARTS = 3;
/** The gateway's defaults, which a small run keeps. */
const NONCES_MIN = 2 ** 20;
const CONNECTIONS_MIN = 19_000;
/** Of revocations: apps behind those that call under load. */
const SPARE_APPS = 1;
/** One operator makes all the changes, as fast as they are answered. */
const ADMIN_REQUESTS_PER_MINUTE = 1_000_000;

/** @throws Error where a process or a connection cannot be had, or a change fails */
export async function runRegistry(
  options: RegistryOptions,
  extras: RegistryExtras,
): Promise<RegistryResult> {
  const { signal, progress } = extras;
  const startedAt = new Date().toISOString();
  const environment = readEnvironment();
  const commit = checkoutCommit();
  const loads = [rebuildSeconds(options), options.windows * options.windowSeconds];
  const loadMs = loads.reduce((sum, seconds) => sum + seconds * 1_000, 0);
  const set = await signForLoads(options, loads, {
    ...{ validForMs: loadMs + OTHER_PHASES_MS, progress: new Progress(), signal },
  });
  await using upstream = await Upstream.start();
  const bank = bankRegistry(options, upstream.port);
  progress('first start, with the registry as a file');
  await using gateway = await startGateway(options, extras, bank, upstream.port, loads);
  const start = await startAgain(gateway, extras);
  const memoryAfterStart = await memoryOf(gateway);
  await using hiccups = await HiccupBeside.open();
  const rig = {
    ...{ gateway, upstream, hiccups, signal, progress },
    door: new AdminDoor(gateway),
    changes: new ChangeSource(bank),
    load: new LoadBeside(options, gateway.port, set),
  };
  const visibility = await measureVisibility(rig, options.changes);
  const revocation = await measureRevocations(rig, options.fronts, options.revocations);
  const rebuild = await measureRebuilds(rig, options);
  const memoryAfterRebuild = await memoryOf(gateway);
  const changeLoad = await measureChangeLoad(rig, options);
  const memoryAtEnd = await memoryOf(gateway);
  return {
    name: 'registry',
    ...{ ...options, startedAt, configuration: gateway.configuration, records: countOf(bank) },
    ...{ start, memoryAfterStart, visibility, revocation, rebuild, memoryAfterRebuild },
    ...{ changeLoad, memoryAtEnd, environment, commit },
  };
}

function startGateway(
  options: RegistryOptions,
  { gatewayNodeArgs = [] }: RegistryExtras,
  bulk: RegistryLists,
  upstreamPort: number,
  loads: readonly number[],
): Promise<BenchGateway> {
  const calls = callsIn(options, loads);
  return BenchGateway.start({
    ...{ upstreamPort, bulk, keys: KEYS, fronts: options.fronts, nodeArgs: gatewayNodeArgs },
    apps: Math.max(CALLING_APPS, options.revocations + SPARE_APPS),
    ...{ adminToken: ADMIN_TOKEN, readyMaxMs: READY_MAX_MS },
    noncesMax: Math.max(NONCES_MIN, 2 ** Math.ceil(Math.log2(calls * 2))),
    config: {
      registry: { store: 'sqlite' },
      admin: { requestsPerMinuteMax: ADMIN_REQUESTS_PER_MINUTE },
      limits: { connectionsMax: Math.max(options.connections, CONNECTIONS_MIN) },
    },
  });
}

async function startAgain(
  gateway: BenchGateway,
  { signal, progress }: RegistryExtras,
): Promise<StartFigures> {
  const firstMs = Math.round(gateway.startMs);
  const furtherMs: number[] = [];
  while (furtherMs.length < FURTHER_STARTS) {
    signal.throwIfAborted();
    progress(`start ${furtherMs.length + 1} of ${FURTHER_STARTS} with the registry in its store`);
    await gateway.restart();
    furtherMs.push(Math.round(gateway.startMs));
  }
  return { firstMs, furtherMs };
}

/** Beside what the benchmark calls. */
function countOf(bank: RegistryLists): number {
  return Object.values(bank).reduce((sum, list) => sum + list.length, 0);
}
