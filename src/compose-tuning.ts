/** What operators may turn on this host, brought to the threads that have it. */
import { join } from 'node:path';
import type { GatewayTelemetry } from './compose-telemetry.ts';
import { BlockedSources } from './control-plane/tuning/blocked-sources.ts';
import type { HostControls, TunedSettings } from './control-plane/tuning/host-controls.ts';
import type { Config } from './core/config.ts';
import { poolSettings } from './core/pool-settings.ts';
import type { FrontThreads } from './runtime/front-threads.ts';
import type { UpstreamHealth } from './runtime/upstream-health.ts';
import type { ProcessLog } from './telemetry/process-log.ts';

/** In stateDir. */
const BLOCKED_FILE = 'blocked-sources.json';

export interface TuningParts {
  readonly config: Config;
  readonly log: ProcessLog;
  readonly telemetry: GatewayTelemetry;
  readonly fronts: FrontThreads;
  readonly upstreams: UpstreamHealth;
}

export class GatewayControls implements HostControls {
  readonly configured: TunedSettings;
  settings: TunedSettings;
  readonly blocked: BlockedSources;
  private readonly parts: TuningParts;

  /** Before the fronts listen. @throws ConfigError where the file of sources is not one of ours */
  constructor(parts: TuningParts) {
    const { count: workersPerFront, ...pool } = poolSettings(parts.config.workers);
    this.parts = parts;
    this.configured = { workersPerFront, ...pool, logLevel: parts.config.telemetry.logLevel };
    this.settings = this.configured;
    this.blocked = new BlockedSources(join(parts.config.stateDir, BLOCKED_FILE));
    this.block(this.blocked.all.map(({ source }) => source));
  }

  apply(settings: TunedSettings): void {
    const { workersPerFront: count, logLevel, ...pool } = settings;
    const { fronts, log } = this.parts;
    this.settings = settings;
    fronts.tune({ count, ...pool });
    log.level = logLevel;
  }

  kinds() {
    for (const { kinds } of this.parts.telemetry.pools.values()) return kinds;
    return [];
  }

  fronts() {
    return this.parts.fronts.states();
  }

  setDrained(front: number, isDrained: boolean): void {
    const { fronts, config } = this.parts;
    fronts.setDrained(front, isDrained, config.shutdown.retireSpreadMs);
  }

  circuit(upstream: string) {
    const report = this.parts.upstreams.report(upstream);
    return report && { phase: report.circuit?.state };
  }

  setCircuit(upstream: string, openMs: number): void {
    this.parts.upstreams.setCircuit(upstream, openMs);
  }

  block(sources: readonly string[]): void {
    this.parts.fronts.block(sources);
  }
}
