/**
 * The bytes of an event, encoded once for each subprotocol however many sessions get it. One event
 * is on its way at a time; replays of others come in between and take its place.
 */
import { type EventRecord, formatCursor } from '../../core/events.ts';
import type { Codec } from './codec.ts';

export class EventFrames {
  private readonly journalId: string;
  private event: EventRecord | undefined;
  private readonly frames = new Map<Codec, Uint8Array>();

  constructor(journalId: string) {
    this.journalId = journalId;
  }

  encode(codec: Codec, event: EventRecord): Uint8Array {
    if (this.event !== event) {
      this.event = event;
      this.frames.clear();
    }
    let frame = this.frames.get(codec);
    if (frame === undefined) {
      const cursor = formatCursor(this.journalId, event.sequence);
      frame = new Uint8Array(codec.encodeEvent(event, cursor));
      this.frames.set(codec, frame);
    }
    return frame;
  }
}
