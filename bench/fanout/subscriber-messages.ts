/** What a process of subscribers and the benchmark tell each other over IPC (structured clones). */
import type { SignedShare } from '../load/generator-messages.ts';

export interface SubscribersSpec {
  readonly host: string;
  readonly port: number;
  readonly sessions: number;
  /** Each session subscribes to all of them. */
  readonly topics: readonly string[];
  /** Of this topic arrivals are told; of the others events are only counted. */
  readonly watchedTopic: string;
  /** One handshake for each session. */
  readonly handshakes: SignedShare;
}

/** Of one event, at all sessions that have it. */
export interface EventArrivals {
  /** The publisher's. */
  readonly id: string;
  /** Nanoseconds of process.hrtime, which processes of a machine share; one for each session. */
  readonly atNanos: Float64Array;
}

export interface SubscriberCounts {
  readonly open: number;
  /** Events of all topics, over all sessions. */
  readonly events: number;
  /** Sessions that were closed, by the code of the close frame, or `reset`. */
  readonly closed: Readonly<Record<string, number>>;
  /** Events that came twice or out of order, and messages that are no events. */
  readonly faults: number;
  /** Of this process, since its start. */
  readonly cpuMicros: number;
}

export type ToSubscribers =
  | { readonly kind: 'open'; readonly spec: SubscribersSpec }
  /** Reads no more, of any session. */
  | { readonly kind: 'pause' }
  | { readonly kind: 'count' };

export type FromSubscribers =
  | { readonly kind: 'progress'; readonly open: number }
  | { readonly kind: 'opened' }
  | { readonly kind: 'paused' }
  | { readonly kind: 'counted'; readonly counts: SubscriberCounts }
  | { readonly kind: 'arrived'; readonly arrivals: EventArrivals }
  | { readonly kind: 'failed'; readonly message: string };
