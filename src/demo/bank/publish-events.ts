/** One publication at the gateway's admin listener (docs/events.md). */
import { readFileSync } from 'node:fs';
import type { BankEvent, SendOutcome } from './event-outbox.ts';

/** Where the bank publishes. */
export interface PublishTarget {
  /** Of the gateway's `POST /v1/events`. */
  readonly url: string;
  /** Read for each publication: it may be made, or replaced, after the bank has started. */
  readonly tokenFile: string;
}

const TIMEOUT_MS = 10_000;
/** The body itself is wrong; anything else may be put right at the gateway. */
const REFUSALS = [400, 413, 422];

/** @param closing aborted when the bank closes, so that nothing holds it up */
export async function publishEvents(
  { url, tokenFile }: PublishTarget,
  events: readonly BankEvent[],
  closing: AbortSignal,
): Promise<SendOutcome> {
  try {
    const token = readFileSync(tokenFile, 'utf8').trim();
    const response = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ events }),
      signal: AbortSignal.any([closing, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    // Read to its end, so that the connection can be used again.
    await response.arrayBuffer();
    if (response.ok) return 'taken';
    return REFUSALS.includes(response.status) ? 'refused' : 'unavailable';
  } catch {
    return 'unavailable';
  }
}
