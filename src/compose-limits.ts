/** The limits of this host: their memory, and the file of what was counted of quotas. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from './core/config.ts';
import type { CounterSet } from './core/counters.ts';
import { readRedisUrl } from './stores/redis/redis-address.ts';
import { createLimitShared, LimitKeeper, type LimitShared } from './stores/shared-memory/index.ts';
import type { ProcessLog } from './telemetry/process-log.ts';

/** In stateDir. */
const QUOTA_FILE = 'quotas.bin';

export interface GatewayLimitsOptions {
  readonly config: Config;
  readonly counters: CounterSet;
  readonly log: ProcessLog;
}

export class GatewayLimits {
  readonly shared: LimitShared;
  private readonly keeper: LimitKeeper;
  private readonly redisUrlFile: string | undefined;
  private readonly log: ProcessLog;

  constructor({ config, counters, log }: GatewayLimitsOptions) {
    this.redisUrlFile = config.redis.urlFile;
    this.log = log;
    const { limitsMax, sketchCells } = config.policy;
    this.shared = createLimitShared(config.fronts.count, limitsMax, sketchCells);
    this.keeper = new LimitKeeper({
      shared: this.shared,
      file: join(config.stateDir, QUOTA_FILE),
      counters,
      onFileState: error => {
        if (error === undefined) log.info('Counts of quotas are written to their file again.');
        else log.error({ err: error }, 'Counts of quotas are in memory only: a write failed.');
      },
    });
  }

  /**
   * Before any front counts. Beside a process that this one replaces, the file is its own until
   * `takeOver`.
   * @throws Error where the quota file or the URL of Redis cannot be used
   */
  start(isBeside: boolean): void {
    if (this.redisUrlFile !== undefined) readRedisUrl(readFileSync(this.redisUrlFile, 'utf8'));
    this.keeper.load(isBeside);
    if (!isBeside) this.keeper.start();
  }

  /** The other process has ended. Where its file cannot be read, this one's own counts go on. */
  takeOver(): void {
    try {
      this.keeper.takeOver();
    } catch (error) {
      this.log.error({ err: error }, 'What the gateway before counted of quotas cannot be read.');
    }
  }

  onFrontGone(front: number): void {
    this.keeper.onFrontGone(front);
  }

  stop(): Promise<void> {
    return this.keeper.stop();
  }
}
