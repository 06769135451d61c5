/** What of this host operators may turn while traffic flows; the composition root implements it. */
import type { KindReading } from '../../core/pool-reading.ts';
import type { Placement, PoolSettings } from '../../core/pool-settings.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Of one host, since its start: a reload or a restart begins with the configuration again. */
export interface TunedSettings {
  readonly workersPerFront: number;
  readonly batchMax: number;
  readonly queueMax: number;
  readonly placement: Placement;
  /** Of kinds that are not where `placement` has them. */
  readonly placements: PoolSettings['placements'];
  readonly logLevel: LogLevel;
}

export interface FrontStanding {
  readonly front: number;
  readonly state: 'listening' | 'drained' | 'starting';
  /** Times that it was started again. */
  readonly restarts: number;
}

export interface HostControls {
  readonly configured: TunedSettings;
  readonly settings: TunedSettings;
  apply(settings: TunedSettings): void;
  /** What each kind of work costs, and where it runs; empty before a front has told. */
  kinds(): readonly KindReading[];
  fronts(): readonly FrontStanding[];
  setDrained(front: number, isDrained: boolean): void;
  /** Undefined where there is no such upstream; `phase` undefined where it has no circuit. */
  circuit(upstream: string): { readonly phase: string | undefined } | undefined;
  /** Opens it for so long; 0 closes it. */
  setCircuit(upstream: string, openMs: number): void;
  /** These and no others. */
  block(sources: readonly string[]): void;
}
