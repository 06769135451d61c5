/**
 * What the data plane asks of shared state, and the hub of its events. They see these types only;
 * the composition root picks the driver: one thread (memory), the front threads of one host
 * (shared-memory), a file on its disk (sqlite).
 */
import type { JournalState, PublishedEvent, ReplayPage, ReplayRequest } from '../core/events.ts';

export interface NonceStore {
  /**
   * Claims a nonce for an app until expiresAtMs (wall clock, ms). 'seen' = used before, 'full' = no
   * room. 'fresh' is given at most once per app, nonce and expiry, whichever thread asks. A driver
   * may round the expiry up to whole seconds. What has expired already, or expires no later than
   * something that the driver forgot, is 'seen': nothing is known that would make it fresh.
   */
  claim(appId: string, nonce: string, expiresAtMs: number): 'fresh' | 'seen' | 'full';
  /**
   * Signatures whose `created` (ms) is at or before this are refused: nothing is known about nonces
   * before it. 0 where everything is known. May rise while the process runs: read it per signature.
   */
  readonly acceptCreatedAfterMs: number;
}

/** Those of one host, for a driver that asks other hosts as well. */
export interface HostNonceStore extends NonceStore {
  /**
   * Signatures whose `created` (ms) is at or before this are refused from now on, by every thread
   * and after a restart.
   */
  refuseCreatedUntil(createdMs: number): void;
}

export type NonceOutcome = ReturnType<NonceStore['claim']> | 'unavailable';

/** Whose nonce it is. */
export interface NonceClaimant {
  /** Called once, and not while `claim` runs, where it returned `later`. Must not throw. */
  settleNonce(outcome: NonceOutcome): void;
}

/**
 * What the verify room asks. A NonceStore is one; one that asks other hosts may take its time, and
 * does not know (`unavailable`) where they cannot be asked.
 */
export interface NonceClaims {
  claim(
    appId: string,
    nonce: string,
    expiresAtMs: number,
    claimant: NonceClaimant,
  ): NonceOutcome | 'later';
  /** As that of a NonceStore. */
  readonly acceptCreatedAfterMs: number;
}

/** What became of one event that was appended. */
export interface AppendedEvent {
  /** Of the first event with this topic and id. */
  readonly sequence: number;
  /** It was there already, and nothing was appended. */
  readonly duplicate: boolean;
}

/** How much a journal keeps. Beyond either the oldest events go, in steps of about 1/64. */
export interface JournalLimits {
  readonly eventsMax: number;
  /** Of events, as {@link eventBytes} counts them: a file takes somewhat more. */
  readonly bytesMax: number;
}

export interface PageLimits {
  readonly eventsMax: number;
  /** A page holds one event at least, however large. */
  readonly bytesMax: number;
}

/**
 * Events in the order of their publication. Every call is synchronous: what `append` has returned
 * is durable as far as the driver can be, and is what the next `read` sees.
 */
export interface EventJournal extends JournalState {
  /** Events that it holds. */
  readonly eventCount: number;
  /** Bytes of the events that it holds, as {@link eventBytes} counts them. */
  readonly byteCount: number;
  /** Events that it let go of since it was opened. */
  readonly forgottenCount: number;
  /**
   * Appends all of them or nothing. Sequences grow by one from 1. An event whose topic and id are
   * there already, from before or from earlier in this very list, is not appended.
   *
   * @returns what became of each, in the order given
   * @throws EventIdTakenError with the first event whose topic and id are another partner's event,
   *   from before or from earlier in this very list
   * @throws EventJournalError `full` or `failed`; the journal is as before, and a later call may
   *   succeed
   */
  append(events: readonly PublishedEvent[]): readonly AppendedEvent[];
  /**
   * The events of one topic and partner behind a position, as many as the limits allow. `expired`
   * where one of them was let go of, or where the position lies beyond the head.
   *
   * @throws EventJournalError `failed`
   */
  read(request: ReplayRequest, limits: PageLimits): ReplayPage;
  /** Lets go of its resources; any later call throws EventJournalError `closed`. */
  close(): void;
}

/** Why a journal cannot do it; the message is a sentence for the operator. */
export class EventJournalError extends Error {
  readonly code: 'unusable' | 'full' | 'failed' | 'closed';

  constructor(code: EventJournalError['code'], message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'EventJournalError';
    this.code = code;
  }
}

/** A list has an event whose topic and id are those of somebody else's event. */
export class EventIdTakenError extends Error {
  /** Of the event in the list. */
  readonly index: number;

  constructor(index: number) {
    super(`The topic and id of event ${index} are those of somebody else's event.`);
    this.name = 'EventIdTakenError';
    this.index = index;
  }
}

/** What a row costs beside its texts: numbers and entries of two indexes. */
const EVENT_OVERHEAD_BYTES = 64;

/** What an event counts against the limits, in bytes. Everything but its data is ASCII. */
export function eventBytes(event: PublishedEvent): number {
  const { topic, partnerId = '', id, time, data } = event;
  const texts = topic.length + partnerId.length + id.length + time.length;
  return EVENT_OVERHEAD_BYTES + texts + Buffer.byteLength(data);
}
