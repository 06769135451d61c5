/**
 * Events as they travel from the journal to the fronts, and the cursors by which a session says
 * how far it has read.
 */

/** What a publisher hands in, checked. */
export interface PublishedEvent {
  readonly topic: string;
  /** Whose it is; undefined where the topic is everyone's. */
  readonly partnerId: string | undefined;
  /** The publisher's; the same topic and id twice is the same event. */
  readonly id: string;
  /** RFC 3339, UTC. */
  readonly time: string;
  /** JSON text. */
  readonly data: string;
}

export interface EventRecord extends PublishedEvent {
  /** Position in the journal: grows by one from 1. */
  readonly sequence: number;
}

/**
 * Of an object with its strings, however short its data: 600,000 events of one character that
 * waited for a thread took 180 bytes each.
 */
const EVENT_OVERHEAD_CHARS = 200;

/** What an event counts wherever events under way are bounded, in characters. */
export function eventCharacters({ data }: PublishedEvent): number {
  return EVENT_OVERHEAD_CHARS + data.length;
}

/** Where a journal stands. */
export interface JournalState {
  /** Made with the journal, so that a cursor of another journal is told from one of this. */
  readonly journalId: string;
  /** Of the last event; 0 where there was none. */
  readonly head: number;
}

/** Asks for events of one topic behind a position. */
export interface ReplayRequest {
  readonly topic: string;
  /** Undefined for a topic that is everyone's. */
  readonly partnerId: string | undefined;
  /** Sequence of the last event that the session has. */
  readonly after: number;
}

export type ReplayPage =
  | {
      readonly kind: 'events';
      readonly events: readonly EventRecord[];
      /** All events of the topic up to this sequence are in this page or before it. */
      readonly upTo: number;
      /** `upTo` was the head, so that what follows reaches the front by itself. */
      readonly isComplete: boolean;
    }
  /** The journal has let go of something behind `after`, or never came so far. */
  | { readonly kind: 'expired' };

const CURSOR = /^([0-9a-f]{8})\.(0|[1-9][0-9]{0,14})$/;

export interface Cursor {
  readonly journalId: string;
  readonly sequence: number;
}

export function formatCursor(journalId: string, sequence: number): string {
  return `${journalId}.${sequence}`;
}

/** Undefined where the text is no cursor. */
export function parseCursor(text: string): Cursor | undefined {
  const match = CURSOR.exec(text);
  return match === null ? undefined : { journalId: match[1]!, sequence: Number(match[2]) };
}
