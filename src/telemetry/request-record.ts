/** What is told of one exchange, and the form in which the access log has it. */
import type { StepName } from '../core/exchange.ts';
import type { ProblemName } from '../core/problems.ts';
import type { Stage } from '../core/stages.ts';
import type { RecentMemory } from './recent-requests.ts';

/** By stage, in milliseconds; without those that did not occur. */
export type StageDurations = Readonly<Partial<Record<Stage, number>>>;

/** What is absent was not found, or was not there. */
export interface RequestRecord {
  /** Chosen by the caller: several exchanges may have the same. */
  readonly requestId: string;
  readonly traceId?: string;
  /** When it was over, in milliseconds since the epoch. */
  readonly endedAtMs: number;
  /** The front thread that had it. */
  readonly front: number;
  readonly method: string;
  /** Without its query; at most 1,024 characters. */
  readonly path: string;
  readonly pathCut?: true;
  /** What the caller got; 0 where no head was sent. */
  readonly status: number;
  /** Why it was refused, or why its answer broke off. */
  readonly problem?: ProblemName;
  /** Of one with a problem, or whose caller left: the step that it had come to. */
  readonly step?: StepName;
  readonly app?: string;
  readonly partner?: string;
  /** The key's id. */
  readonly key?: string;
  /** How it was signed, or `token`. */
  readonly scheme?: string;
  readonly operation?: string;
  readonly plan?: string;
  readonly upstream?: string;
  /** Host and port that answered, or were asked last. */
  readonly target?: string;
  /** Requests sent to the upstream. */
  readonly attempts: number;
  /** The answer is that of an earlier call with the same Idempotency-Key. */
  readonly replayed: boolean;
  /** The caller left before its answer was complete. */
  readonly aborted: boolean;
  /** Address of the peer. */
  readonly source: string;
  /** Id of the WebSocket session on which it came. */
  readonly session?: string;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly stageMs: StageDurations;
}

/** `GET /v1/requests` and `GET /v1/requests/{id}`. */
export interface RequestsAnswer {
  readonly items: readonly RequestRecord[];
  readonly memory: RecentMemory;
}

type Renamed = 'endedAtMs' | 'front' | 'problem' | 'source' | 'replayed';

interface AccessLine extends Omit<RequestRecord, Renamed> {
  readonly level: number;
  readonly time: number;
  readonly msg: string;
  readonly code?: ProblemName;
  readonly peer: string;
  readonly replayed?: true;
}

/** @param line a line of the access log as AccessRecordEncoder writes it */
export function readRequestRecord(line: string, front: number): RequestRecord {
  const parsed = JSON.parse(line) as AccessLine;
  const { level: _level, msg: _msg, time, code, peer, replayed = false, ...rest } = parsed;
  const problem = code === undefined ? {} : { problem: code };
  return { ...rest, endedAtMs: time, front, ...problem, source: peer, replayed };
}
