/**
 * The registry's part of the composition root: which store, whose keys, what the file is for, and
 * what is logged about it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  createSecretKeyFile,
  type LedgerReport,
  RegistryDesk,
  type RegistryFile,
  readRegistryFile,
  SECRET_KEY_FILE,
  SecretSealer,
  throwProblems,
} from './control-plane/registry/index.ts';
import { systemClock } from './core/clock.ts';
import type { Config } from './core/config.ts';
import type { SnapshotDelta } from './core/snapshot.ts';
import { createMemoryRegistryStore } from './stores/memory/registry-store.ts';
import { openPostgresRegistryStore } from './stores/postgres/index.ts';
import type { RegistryStore } from './stores/registry-contract.ts';
import { openSqliteRegistryStore } from './stores/sqlite/index.ts';
import type { ProcessLog } from './telemetry/process-log.ts';

/** In stateDir. */
const REGISTRY_FILE = 'registry.sqlite';
/** Of `registry.store: file`: the log is in memory, and each time the file is read adds to it. */
const AUDIT_CHANGES_MAX = 100_000;
/** What waits for a database that does not answer is given up with the store. */
const DESK_CLOSE_MAX_MS = 10_000;
const START = 'system:start';

export interface RegistryParts {
  readonly config: Config;
  readonly log: ProcessLog;
  readonly publish: (delta: SnapshotDelta) => void;
  readonly served: (revision: number, timeoutMs: number) => Promise<boolean>;
}

/** The desk over its store, opened, filled from the file where the configuration says so. */
export class GatewayRegistry {
  readonly desk: RegistryDesk;
  readonly driver: RegistryStore['driver'];
  private readonly config: Config;
  private readonly store: RegistryStore;

  private constructor(config: Config, store: RegistryStore, desk: RegistryDesk) {
    this.config = config;
    this.store = store;
    this.desk = desk;
    this.driver = store.driver;
  }

  /**
   * Call it while the lock of stateDir is held.
   *
   * @throws ConfigError where a file is not as it should be
   * @throws RegistryStoreError where the store cannot be used
   */
  static async open(parts: RegistryParts): Promise<GatewayRegistry> {
    const { config, log } = parts;
    const store = await openStore(config, log);
    try {
      const desk = await RegistryDesk.open({
        ...{ store, clock: systemClock, publish: parts.publish, served: parts.served },
        sealer: openSealer(config, await isNew(store)),
        report: report => logReport(log, report),
        isReadOnly: config.registry.store === 'file',
      });
      const registry = new GatewayRegistry(config, store, desk);
      await registry.applyAtStart();
      return registry;
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  /**
   * Reads the file again; only where it is the registry.
   *
   * @throws ConfigError where the file is refused; the registry stays as it is
   * @throws Error where the file has no API left
   */
  async reload(): Promise<void> {
    const { registryFile } = this.config;
    const file = readRegistryFile(registryFile);
    this.refuseEmptied(file);
    await this.apply(file, 'The file was read again.');
  }

  async close(): Promise<void> {
    const done = new AbortController();
    const { signal } = done;
    const limit = sleep(DESK_CLOSE_MAX_MS, undefined, { signal }).catch(() => undefined);
    await Promise.race([this.desk.close(), limit]);
    done.abort();
    await this.store.close();
  }

  private async applyAtStart(): Promise<void> {
    const { registryFile, registry } = this.config;
    const isWanted =
      registry.store === 'file' ||
      (existsSync(registryFile) && (registry.fileAtStart === 'apply' || this.desk.revision === 0));
    if (isWanted) await this.apply(readRegistryFile(registryFile), 'Read at the start.');
  }

  /** As a file the registry is what it says, and nothing else. */
  private async apply(file: RegistryFile, reason: string): Promise<void> {
    const result = await this.desk.applyFile({
      ...{ actor: START, reason, lists: file.lists, dryRun: false },
      prune: this.config.registry.store === 'file',
    });
    if ('refusals' in result) throwProblems(result.refusals, file);
  }

  /**
   * A file that an editor has emptied and not written again yet reads as a valid registry of
   * nothing, which would refuse every partner.
   */
  private refuseEmptied({ lists }: RegistryFile): void {
    if ((lists.apis ?? []).length > 0 || this.desk.count('api') === 0) return;
    const file = this.config.registryFile;
    throw new Error(`${file}: has no API left; an emptied registry is taken at a start only.`);
  }
}

/** The file of `registry.store: sqlite`. */
export function registryDatabase({ stateDir }: Pick<Config, 'stateDir'>): string {
  return join(stateDir, REGISTRY_FILE);
}

async function openStore(config: Config, log: ProcessLog): Promise<RegistryStore> {
  const { registry } = config;
  switch (registry.store) {
    case 'file':
      return createMemoryRegistryStore({ auditChangesMax: AUDIT_CHANGES_MAX });
    case 'sqlite':
      return openSqliteRegistryStore(registryDatabase(config));
    case 'postgres':
      return openPostgresRegistryStore({
        url: readFileSync(registry.postgresUrlFile!, 'utf8').trim(),
        onListenerLost: ({ message: reason }) =>
          log.warn({ reason }, 'Changes of other hosts are not told; it is tried again.'),
      });
  }
}

async function isNew(store: RegistryStore): Promise<boolean> {
  return (await store.auditHead()).sequence === 0;
}

/** A key is made for a new registry only: another one would open none of what is sealed. */
function openSealer({ registry, stateDir }: Config, isForNew: boolean): SecretSealer {
  if (registry.secretKeyFile !== undefined) return SecretSealer.fromFile(registry.secretKeyFile);
  if (registry.store === 'file') return SecretSealer.create();
  const file = join(stateDir, SECRET_KEY_FILE);
  if (!existsSync(file) && isForNew) createSecretKeyFile(file);
  return SecretSealer.fromFile(file);
}

function logReport(log: ProcessLog, report: LedgerReport): void {
  switch (report.event) {
    case 'followed':
      return log.info(report, 'Another host has changed the registry.');
    case 'set-back':
      return log.error(report, 'The registry was set back: it is served as it is there now.');
    case 'follow-failed':
      return log.error({ err: report.error }, 'The registry of other hosts cannot be followed.');
    case 'secret-unreadable':
      return log.error(report, 'A secret is sealed with a key that secretKeyFile does not have.');
  }
}
