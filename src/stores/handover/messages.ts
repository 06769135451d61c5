/**
 * What the fronts of a new gateway process ask the one that it replaces, over a Unix socket: JSON,
 * one message a line.
 */
import type { NonceStore } from '../contracts.ts';

/** The first line, from the process that knows. */
export interface Greeting {
  /** As that of a NonceStore. */
  readonly acceptCreatedAfterMs: number;
}

export interface ClaimsAsked {
  readonly batch: number;
  /** App, nonce, and when it expires (wall clock, ms). */
  readonly claims: readonly (readonly [string, string, number])[];
}

export interface ClaimsAnswered {
  readonly batch: number;
  readonly outcomes: readonly ReturnType<NonceStore['claim']>[];
}

/** The last line: what was not answered before it was not claimed, and nothing will be. */
export interface Farewell {
  readonly isOver: true;
}

export type FromAuthority = Greeting | ClaimsAnswered | Farewell;

/** Takes lines apart that come in pieces. */
export class Lines {
  private rest = '';

  *take(chunk: string): Iterable<string> {
    const lines = (this.rest + chunk).split('\n');
    this.rest = lines.pop()!;
    yield* lines;
  }
}
