/** What the front threads are started with, and whom they tell what they hear. */
import type { MessagePort } from 'node:worker_threads';
import type { AnswerSigning } from '../core/answer-signing.ts';
import type { AuthorizationAsk, AuthorizationReply, RevokedToken } from '../core/authorization.ts';
import type { CallTrace } from '../core/call-trace.ts';
import type { Config } from '../core/config.ts';
import type { JournalState, ReplayPage, ReplayRequest } from '../core/events.ts';
import type { ObservedCall } from '../core/observations.ts';
import type { PoolReading } from '../core/pool-reading.ts';
import type { RegistrySnapshot } from '../core/snapshot.ts';
import type { LogMessage, TelemetryMessage } from '../data-plane/front-messages.ts';
import type { HostShared } from '../stores/shared-memory/index.ts';
import type { FrontTelemetryShared } from '../telemetry/front-telemetry.ts';

export interface FrontThreadsOptions {
  readonly config: Config;
  readonly shared: HostShared;
  /** Undefined where no answer is signed. */
  readonly answerSigning?: AnswerSigning | undefined;
  /**
   * The registry as it is now: of the version that was published last, or a later one. Asked where
   * a front needs the whole: when it starts, and when changes alone do not do.
   */
  readonly snapshot: () => RegistrySnapshot;
  /** Asked when a front is started; what is appended later is its to hear of. */
  readonly journal: () => JournalState;
  readonly onTelemetry: (front: number, message: TelemetryMessage<FrontTelemetryShared>) => void;
  /** The vitals of each worker that a front has now. */
  readonly onWorkers: (front: number, vitals: readonly SharedArrayBuffer[]) => void;
  readonly onPool: (front: number, reading: PoolReading) => void;
  readonly onGone: (front: number) => void;
  readonly onAccess: (front: number, block: ArrayBuffer) => void;
  /** Calls that were sampled. */
  readonly onTraces?: (calls: readonly CallTrace[]) => void;
  /** A token names a key that its issuer had not. */
  readonly onTokenKeysWanted?: (issuer: string) => void;
  /** A request to the authorization server; without one it is never asked. */
  readonly onAuthorization?: (
    request: AuthorizationAsk,
    answer: (reply: AuthorizationReply) => void,
  ) => void;
  /** All that are revoked, for a front that starts. */
  readonly revoked?: () => readonly RevokedToken[];
  /** A call of a certification run is over. */
  readonly onObserved?: (call: ObservedCall) => void;
  /** A front asks for events behind a position; `answer` reaches it behind all broadcasts. */
  readonly onReplay: (request: ReplayRequest, answer: (page: ReplayPage) => void) => void;
  /** A way of its own to the thread that keeps idempotency keys. */
  readonly idempotencyPort: () => MessagePort;
  readonly onCosts: (costsMicros: Readonly<Record<string, number>>) => void;
  readonly onLog: (front: number, message: LogMessage) => void;
  /** Every front serves this version of the registry, or a later one. */
  readonly onServed: (version: number) => void;
  /** The module that a front thread runs, in place of ours. */
  readonly entry?: URL;
}
