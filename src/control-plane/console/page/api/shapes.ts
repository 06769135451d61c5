/** What the admin listener answers to the console, beside the frames in live-frame.ts. */
import type { Stage } from '../../../../core/stages.ts';
import type { LiveFrame } from '../../../../telemetry/live-frame.ts';

export interface Session {
  readonly operator: string | null;
  readonly roles: readonly string[];
  /** False where figures are for everybody who reaches the listener; actions need an operator. */
  readonly signInNeeded: boolean;
}

export interface Hello {
  readonly kind: 'hello';
  readonly version: string;
  readonly startedAtMs: number;
  readonly frames: readonly LiveFrame[];
}

export const PLACEMENTS = ['auto', 'inline', 'pool'] as const;
export type Placement = (typeof PLACEMENTS)[number];

export interface TuningSettings {
  readonly workersPerFront: number;
  readonly batchMax: number;
  readonly queueMax: number;
  readonly placement: Placement;
  readonly placements: Readonly<Record<string, Placement>>;
  readonly logLevel: string;
}

export interface Bounds {
  readonly min: number;
  readonly max: number;
}

export interface FrontState {
  readonly front: number;
  readonly state: 'listening' | 'drained' | 'starting';
}

export interface Tuning {
  readonly settings: TuningSettings;
  readonly configured: TuningSettings;
  readonly costs: readonly { kind: string; micros: number; placement: string }[];
  readonly fronts: readonly FrontState[];
  readonly limits: Readonly<Record<'workersPerFront' | 'batchMax' | 'queueMax', Bounds>>;
}

export type CircuitOrder = 'open' | 'closed' | 'auto';

export interface UpstreamHealth {
  readonly upstream: string;
  readonly circuit?: { readonly state: 'closed' | 'open' | 'half-open'; openUntil?: string };
  readonly targets: readonly { host: string; port: number; state: 'up' | 'ejected' | 'down' }[];
}

export interface BlockedSource {
  readonly source: string;
  readonly reason: string;
  readonly operator?: string;
  readonly sinceMs?: number;
}

export interface AppRecord {
  readonly id?: string;
  readonly name?: string;
  readonly partner?: string;
  readonly status?: 'active' | 'suspended';
}

export interface RequestAttempt {
  readonly target: string;
  readonly status?: number;
  readonly failure?: string;
  readonly ms: number;
}

/** One exchange; what is absent did not occur, or is not told in a list. */
export interface RequestRecord {
  readonly requestId: string;
  readonly atMs: number;
  readonly method: string;
  readonly path: string;
  /** 0 where no head was sent. */
  readonly status: number;
  readonly totalMs: number;
  readonly app?: string;
  readonly partner?: string;
  readonly operation?: string;
  readonly problem?: string;
  readonly detail?: string;
  readonly peer?: string;
  readonly front?: number;
  readonly stages?: Readonly<Partial<Record<Stage, number>>>;
  readonly decisions?: readonly { readonly name: string; readonly outcome: string }[];
  readonly attempts?: readonly RequestAttempt[];
}

export const TOP_KINDS = ['app', 'operation', 'problem', 'source'] as const;
export type TopKind = (typeof TOP_KINDS)[number];

export interface TopItem {
  readonly name: string;
  readonly exchanges: number;
  readonly refused: number;
  readonly meanMs: number;
  readonly p99Ms: number;
}

export interface Alert {
  readonly name: string;
  readonly severity: string;
  readonly state: 'ok' | 'pending' | 'firing';
  readonly sinceMs: number;
  readonly summary: string;
}
