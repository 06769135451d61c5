/** What a connection has written and not been answered, by the ids of its messages. */
import { isRecord, type RpcError } from './codec.ts';
import type { PendingCall } from './pending-call.ts';

/** What was written together is also refused together. */
interface Frame {
  readonly ids: readonly number[];
  readonly isLong: boolean;
  isAnswered: boolean;
}

interface Place {
  /** Undefined where nobody waits for the answer any more. */
  call: PendingCall | undefined;
  readonly frame: Frame | undefined;
  timer: ReturnType<typeof setTimeout> | undefined;
}

export class InFlight {
  private readonly places = new Map<number, Place>();
  private readonly idOf = new Map<PendingCall, number>();
  private readonly graceMs: number;
  private readonly onFree: () => void;
  /** Without a place, and a refusal may be about it: notifications, and calls given up long ago. */
  private hasStray = false;
  private hasLongStray = false;

  /**
   * @param graceMs a place is kept so long for the answer of a call that was given up
   * @param onFree a place has become free without an answer
   */
  constructor(graceMs: number, onFree: () => void) {
    this.graceMs = graceMs;
    this.onFree = onFree;
  }

  get size(): number {
    return this.places.size;
  }

  /**
   * The calls of one frame.
   * @param ids one for each call, undefined for a notification
   * @param isLong whether the gateway may refuse it unread
   */
  add(calls: readonly PendingCall[], ids: readonly (number | undefined)[], isLong: boolean): void {
    const own = ids.filter(id => id !== undefined);
    const frame: Frame = { ids: own, isLong, isAnswered: false };
    if (own.length < calls.length) this.noteStray(isLong);
    calls.forEach((call, i) => {
      const id = ids[i];
      if (id === undefined) return;
      this.places.set(id, { call, frame, timer: undefined });
      this.idOf.set(call, id);
    });
  }

  /** A message of the connection's own, whose answer is nobody's. */
  addOwn(id: number): void {
    this.places.set(id, { call: undefined, frame: undefined, timer: this.freeLater(id) });
  }

  /** Takes the call out that an answer is for; undefined where nobody waits for it. */
  take(id: number): PendingCall | undefined {
    const place = this.places.get(id);
    if (place === undefined) return undefined;
    clearTimeout(place.timer);
    this.places.delete(id);
    if (place.frame !== undefined) place.frame.isAnswered = true;
    if (place.call !== undefined) this.idOf.delete(place.call);
    return place.call;
  }

  /**
   * Takes the calls out that a refusal without an id is for: those of one frame, none for a
   * notification; undefined where it may be about one of several.
   */
  takeRefused(error: RpcError): PendingCall[] | undefined {
    // Unread for want of rate are only long messages; anything else may have been no message.
    const isRate = isRecord(error.data) && error.data.code === 'rate-limited';
    const frames = new Set<Frame>();
    for (const { frame } of this.places.values()) {
      if (frame !== undefined && !frame.isAnswered && (frame.isLong || !isRate)) frames.add(frame);
    }
    const [frame] = frames;
    if (frame === undefined) return [];
    if (frames.size > 1 || (isRate ? this.hasLongStray : this.hasStray)) return undefined;
    return frame.ids.map(id => this.take(id)).filter(call => call !== undefined);
  }

  /** The id under which the call was sent, whose place is kept for the gateway's answer. */
  giveUp(call: PendingCall): number | undefined {
    const id = this.idOf.get(call);
    if (id === undefined) return undefined;
    this.idOf.delete(call);
    const place = this.places.get(id)!;
    place.call = undefined;
    place.timer = this.freeLater(id);
    return id;
  }

  /** All calls: their answers belong to nobody from now on. */
  takeCalls(): PendingCall[] {
    const calls = [...this.idOf.keys()];
    for (const id of this.idOf.values()) this.places.get(id)!.call = undefined;
    this.idOf.clear();
    return calls;
  }

  /** No answer comes any more. */
  end(): void {
    for (const { timer } of this.places.values()) clearTimeout(timer);
  }

  private freeLater(id: number): ReturnType<typeof setTimeout> {
    return setTimeout(() => {
      const frame = this.places.get(id)?.frame;
      if (frame !== undefined && !frame.isAnswered) this.noteStray(frame.isLong);
      this.take(id);
      this.onFree();
    }, this.graceMs);
  }

  private noteStray(isLong: boolean): void {
    this.hasStray = true;
    this.hasLongStray ||= isLong;
  }
}
