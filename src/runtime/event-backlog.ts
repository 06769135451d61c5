import { type EventRecord, eventCharacters } from '../core/events.ts';
import type { ToFront } from '../data-plane/front-messages.ts';

/**
 * Characters of events that a front may have before it and not delivered: a front that hangs, or is
 * slower than the publishers, reads the rest from the journal later.
 */
const UNDELIVERED_MAX_CHARS = 33_554_432;

/** Events on their way to one front thread; another one that takes its place has another. */
export class EventBacklog {
  private readonly post: (message: ToFront) => void;
  /** Sent and not delivered yet, as eventCharacters counts them. */
  private undeliveredChars = 0;
  /** Sequence of the last event that was kept back; 0 for none. */
  private missedHead = 0;

  constructor(post: (message: ToFront) => void) {
    this.post = post;
  }

  send(events: readonly EventRecord[]): void {
    if (this.undeliveredChars > UNDELIVERED_MAX_CHARS || this.missedHead > 0) {
      this.missedHead = events.at(-1)!.sequence;
      return;
    }
    for (const event of events) this.undeliveredChars += eventCharacters(event);
    this.post({ kind: 'events', events });
  }

  /** A front that has caught up is told what was kept back from it meanwhile. */
  onDelivered(characters: number): void {
    this.undeliveredChars -= characters;
    if (this.missedHead === 0 || this.undeliveredChars > UNDELIVERED_MAX_CHARS / 2) return;
    const head = this.missedHead;
    this.missedHead = 0;
    this.post({ kind: 'events-missed', head });
  }
}
