/** What the main thread and a front thread say to each other. */
import type { MessagePort } from 'node:worker_threads';
import type { AnswerSigning } from '../core/answer-signing.ts';
import type { AuthorizationAsk, AuthorizationReply, RevokedToken } from '../core/authorization.ts';
import type { CallTrace } from '../core/call-trace.ts';
import type { Config } from '../core/config.ts';
import type { EventRecord, JournalState, ReplayPage, ReplayRequest } from '../core/events.ts';
import type { ObservedCall, OpenRun } from '../core/observations.ts';
import type { PoolReading } from '../core/pool-reading.ts';
import type { PoolSettings } from '../core/pool-settings.ts';
import type { SnapshotDelta } from '../core/snapshot.ts';
import type { SnapshotPart } from '../core/snapshot-parts.ts';
import type { TokenIssuer } from '../core/token-issuers.ts';

/**
 * What a front thread starts with; cloned, except for the shared buffers inside. Its first snapshot
 * comes in messages, while it starts.
 */
export interface FrontWorkerData<Shared> {
  readonly index: number;
  readonly config: Config;
  readonly shared: Shared;
  /** Undefined where no answer is signed. */
  readonly answerSigning: AnswerSigning | undefined;
  /** When this was made; later events come as messages. */
  readonly journal: JournalState;
}

export type ToFront<Nonces = unknown> =
  /** A few parts at a time, the next one when one is taken: traffic goes on in between. */
  | { readonly kind: 'snapshot'; readonly part: SnapshotPart }
  /** Of the snapshot that was sent before it, whole or as a delta. */
  | { readonly kind: 'snapshot-delta'; readonly delta: SnapshotDelta }
  /** Appended to the journal, in its order; each once, unless it is among those kept back. */
  | { readonly kind: 'events'; readonly events: readonly EventRecord[] }
  /** Events up to `head` were kept back, because this front had too many to deliver already. */
  | { readonly kind: 'events-missed'; readonly head: number }
  | { readonly kind: 'replayed'; readonly ask: number; readonly page: ReplayPage }
  /** To the thread that keeps idempotency keys, or to the one that took its place. */
  | { readonly kind: 'idempotency-store'; readonly port: MessagePort }
  /** All certification runs that are open: whose calls are told. */
  | { readonly kind: 'runs'; readonly open: readonly OpenRun[] }
  /** All of them, whenever a key of one has changed; all fronts make nonces with one secret. */
  | {
      readonly kind: 'issuers';
      readonly issuers: readonly TokenIssuer[];
      readonly nonceSecret: string;
    }
  /** Of the gateway's own authorization server, beside those that were told before. */
  | { readonly kind: 'revoked'; readonly tell: number; readonly tokens: readonly RevokedToken[] }
  /** To `authorization` of the same `ask`. */
  | { readonly kind: 'authorized'; readonly ask: number; readonly reply: AuthorizationReply }
  /** The process that this one replaced has ended: its nonces are here. */
  | { readonly kind: 'nonces'; readonly shared: Nonces }
  /** So many calls of `traces` were taken. */
  | { readonly kind: 'traces-taken'; readonly calls: number }
  /** Again and again while memory is short: what nobody holds any more is collected then. */
  | { readonly kind: 'memory'; readonly isShort: boolean }
  /** What operators have turned; whole each time. */
  | { readonly kind: 'tune'; readonly settings: PoolSettings }
  /** Addresses and networks from which nothing is taken; whole each time. */
  | { readonly kind: 'blocked'; readonly sources: readonly string[] }
  /**
   * Stop listening and have connections leave one after another within `leaveOverMs`, or listen
   * again.
   */
  | {
      readonly kind: 'listen';
      /** Of these orders to one front. */
      readonly number: number;
      readonly isListening: boolean;
      readonly leaveOverMs: number;
    }
  /**
   * Stop listening, finish what is in flight, then end. With `leaveOverMs` connections are asked to
   * leave one after another within this time, and it ends when every one was closed, by its other
   * end or behind an answer. Again where there is less time.
   */
  | {
      readonly kind: 'drain';
      readonly timeoutMs: number;
      readonly leaveOverMs?: number | undefined;
    };

export interface LogMessage {
  readonly kind: 'log';
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface TelemetryMessage<TelemetryShared> {
  readonly kind: 'telemetry';
  readonly shared: TelemetryShared;
  /** The vitals of each worker of its pool. */
  readonly workers: readonly SharedArrayBuffer[];
}

export type FromFront<TelemetryShared> =
  | TelemetryMessage<TelemetryShared>
  /** The vitals of each worker that its pool has now, after `tune`. */
  | { readonly kind: 'workers'; readonly workers: readonly SharedArrayBuffer[] }
  /** Once a second. */
  | { readonly kind: 'pool'; readonly reading: PoolReading }
  /** After the `listen` of that number: whether it takes connections now. */
  | { readonly kind: 'listens'; readonly number: number; readonly isListening: boolean }
  | { readonly kind: 'costs'; readonly costsMicros: Readonly<Record<string, number>> }
  /** Version of the registry that it serves first. */
  | { readonly kind: 'listening'; readonly version: number }
  /** It cannot start, and ends. */
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'part-taken' }
  | { readonly kind: 'swapped'; readonly version: number; readonly isWhole: boolean }
  /** A snapshot, or a delta where not `isWhole`, was not taken over; the one before stays. */
  | {
      readonly kind: 'swap-failed';
      readonly version: number;
      readonly isWhole: boolean;
      readonly reason: string;
    }
  /** Answered with `replayed` of the same `ask`, after every event that came before. */
  | { readonly kind: 'replay'; readonly ask: number; readonly request: ReplayRequest }
  /** So many characters of events, as eventCharacters counts them, have been delivered. */
  | { readonly kind: 'events-delivered'; readonly characters: number }
  | { readonly kind: 'access'; readonly block: ArrayBuffer }
  /** Calls that are over and were sampled. Answered with `traces-taken`. */
  | { readonly kind: 'traces'; readonly calls: readonly CallTrace[] }
  /** A call of a certification run is over. */
  | { readonly kind: 'observed'; readonly call: ObservedCall }
  /** A token names a key that its issuer had not when its keys were read. */
  | { readonly kind: 'token-keys-wanted'; readonly issuer: string }
  /** Answered with `authorized` of the same `ask`; twice of one `ask` for what is revoked. */
  | { readonly kind: 'authorization'; readonly ask: number; readonly request: AuthorizationAsk }
  /** The tokens of that message count no more here. */
  | { readonly kind: 'revoked-heard'; readonly tell: number }
  | { readonly kind: 'drained'; readonly cutExchanges: number }
  | LogMessage;
