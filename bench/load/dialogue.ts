/** What is spoken on a generator's connection, above TCP: HTTP/1.1, or messages of a session. */
import type { ReadOutcome } from './answer-reader.ts';

/** Beside what can come of an answer: the connection is open from here on. */
export const OPENED = 3;
/** Something came that nobody had asked for. */
export const UNASKED = 4;
/** The server takes its leave or does not let us in; `ending` says how. */
export const ENDED = 5;
export type DialogueOutcome = ReadOutcome | typeof OPENED | typeof UNASKED | typeof ENDED;

export interface Dialogue {
  /** Whether the server closes the connection behind the answer that is complete. */
  readonly closes: boolean;
  /** With ENDED: the kind of error that a request in flight has died of. */
  readonly ending: string;
  /** To be sent at once, whatever is in flight: taken and set to undefined by the connection. */
  reply: Uint8Array | undefined;
  /**
   * Starts anew, on a new connection. Returns what is sent first, latin1, and OPENED follows;
   * undefined where the connection is open as it is.
   */
  begin(): string | undefined;
  /** The next request, as bytes or latin1; its answer is waited for from here on. */
  ask(): string | Uint8Array;
  /** Takes the first `length` bytes, which are good until it returns. */
  read(bytes: Buffer, length: number): DialogueOutcome;
  /** What is wrong with the answer that is complete; undefined for a good one. Asked once. */
  fault(): string | undefined;
}
