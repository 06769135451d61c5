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
  /** Of single kinds of work; the others run where `placement` has them. */
  readonly placements: Readonly<Partial<Record<string, Placement>>>;
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

export type CircuitOrder = 'open' | 'closed';

export interface UpstreamHealth {
  readonly upstream: string;
  readonly circuit?: { readonly state: 'closed' | 'open' | 'half-open'; openUntil?: string };
  readonly targets: readonly { host: string; port: number; state: 'up' | 'ejected' | 'down' }[];
}

export interface BlockedSource {
  readonly source: string;
  readonly reason: string;
  readonly by: string;
  readonly since: string;
}

export interface AppRecord {
  readonly id?: string;
  readonly name?: string;
  readonly partner?: string;
  readonly status?: 'active' | 'suspended';
}

/** One exchange; what is absent was not found, or was not there. */
export interface RequestRecord {
  readonly requestId: string;
  readonly traceId?: string;
  readonly endedAtMs: number;
  readonly front: number;
  readonly method: string;
  readonly path: string;
  /** Where the path was longer than what is kept of it. */
  readonly pathCut?: true;
  /** 0 where no head was sent. */
  readonly status: number;
  readonly problem?: string;
  /** Of one with a problem, or whose caller left: the step that it had come to. */
  readonly step?: string;
  readonly app?: string;
  readonly partner?: string;
  readonly key?: string;
  readonly scheme?: string;
  readonly operation?: string;
  readonly plan?: string;
  readonly upstream?: string;
  readonly target?: string;
  readonly attempts: number;
  readonly replayed: boolean;
  readonly aborted: boolean;
  readonly source: string;
  /** The WebSocket session on which it came. */
  readonly session?: string;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly stageMs: Readonly<Partial<Record<Stage, number>>>;
}

/** Several exchanges may have the id that their callers chose. */
export interface RequestsAnswer {
  readonly items: readonly RequestRecord[];
  readonly memory: RequestMemory;
}

/** How far back the gateway remembers single exchanges. */
interface RequestMemory {
  readonly sinceMs: number;
  /** 0 where none are kept. */
  readonly maxBytes: number;
}

export const TOP_KINDS = ['app', 'operation', 'problem', 'source'] as const;
export type TopKind = (typeof TOP_KINDS)[number];

export const TOP_ORDERS = ['exchanges', 'refused', 'slowest'] as const;
export type TopOrder = (typeof TOP_ORDERS)[number];

export interface TopFigures {
  readonly exchanges: number;
  readonly refused: number;
  readonly meanMs: number;
  readonly p99Ms: number;
}

export interface TopAnswer {
  /** Of the window, what the gateway remembers. */
  readonly coveredSeconds: number;
  /** The first ones of their order. */
  readonly items: readonly (TopFigures & { readonly name: string })[];
  readonly other?: TopFigures;
  readonly unnamed?: TopFigures;
}

export interface Alert {
  readonly name: string;
  readonly severity: string;
  readonly state: 'ok' | 'pending' | 'firing';
  readonly sinceMs: number;
  readonly summary: string;
}

/** A change that waits for a second person. Moments are RFC 3339. */
export interface Approval {
  readonly id: string;
  readonly action: string;
  /** An operator's id. */
  readonly requestedBy: string;
  readonly requestedAt: string;
  readonly expiresAt: string;
  readonly reason: string;
  readonly rules: readonly { readonly rule: string }[];
  /** What would be written, its secrets sealed; null deletes. */
  readonly changes: readonly {
    readonly kind: string;
    readonly id: string;
    readonly body: Readonly<Record<string, unknown>> | null;
  }[];
}
