import type { Job } from './job.ts';

const RING_START = 8;

/** The waiting jobs of one app, oldest first: a ring that doubles, so both ends are O(1). */
export class Lane<J extends Job = Job> {
  appId = '';
  length = 0;
  /** Microseconds of work that the lane may still send in its turn. */
  deficitMicros = 0;
  /** Estimated work that it has sent since somebody asked. */
  takenMicros = 0;
  /** Neighbours in the round of the lanes. */
  next: Lane<J> = this;
  previous: Lane<J> = this;
  /** Neighbours among the lanes of the same length. */
  peerBefore: Lane<J> | undefined = undefined;
  peerAfter: Lane<J> | undefined = undefined;
  private ring: (J | undefined)[] = new Array(RING_START).fill(undefined);
  private head = 0;

  first(): J {
    return this.ring[this.head]!;
  }

  push(job: J): void {
    if (this.length === this.ring.length) this.grow();
    this.ring[(this.head + this.length) & (this.ring.length - 1)] = job;
    this.length++;
  }

  /** Takes the oldest. */
  shift(): J {
    const job = this.ring[this.head]!;
    this.ring[this.head] = undefined;
    this.head = (this.head + 1) & (this.ring.length - 1);
    this.length--;
    return job;
  }

  /** Takes the newest. */
  pop(): J {
    this.length--;
    const position = (this.head + this.length) & (this.ring.length - 1);
    const job = this.ring[position]!;
    this.ring[position] = undefined;
    return job;
  }

  /** Moves the abandoned ones to `dropped`; the others keep their order. */
  removeAbandoned(dropped: J[]): void {
    const { ring, head } = this;
    const mask = ring.length - 1;
    let kept = 0;
    for (let i = 0; i < this.length; i++) {
      const job = ring[(head + i) & mask]!;
      if (job.abandoned) dropped.push(job);
      else ring[(head + kept++) & mask] = job;
    }
    for (let i = kept; i < this.length; i++) ring[(head + i) & mask] = undefined;
    this.length = kept;
  }

  private grow(): void {
    const old = this.ring;
    this.ring = new Array(old.length * 2).fill(undefined);
    for (let i = 0; i < old.length; i++) this.ring[i] = old[(this.head + i) & (old.length - 1)];
    this.head = 0;
  }
}

/**
 * Lanes grouped by length, so that a full queue under attack finds its victim without a search: a
 * length grows by one at a time, and the longest is found again in as many steps as it lost jobs.
 */
export class LongestLanes<J extends Job = Job> {
  private readonly groups: (Lane<J> | undefined)[] = [];
  private max = 0;

  /** The length of the longest lane; 0 where there is none. */
  get length(): number {
    return this.max;
  }

  /** One of the longest lanes. */
  longest(): Lane<J> | undefined {
    return this.groups[this.max];
  }

  /** Call after `lane.length` changed; `before` is the length it had. */
  moved(lane: Lane<J>, before: number): void {
    if (before > 0) this.leave(lane, before);
    if (lane.length > 0) this.join(lane);
    if (lane.length > this.max) this.max = lane.length;
    while (this.max > 0 && this.groups[this.max] === undefined) this.max--;
  }

  private join(lane: Lane<J>): void {
    const other = this.groups[lane.length];
    lane.peerAfter = other;
    lane.peerBefore = undefined;
    if (other !== undefined) other.peerBefore = lane;
    this.groups[lane.length] = lane;
  }

  private leave(lane: Lane<J>, length: number): void {
    if (lane.peerBefore === undefined) this.groups[length] = lane.peerAfter;
    else lane.peerBefore.peerAfter = lane.peerAfter;
    if (lane.peerAfter !== undefined) lane.peerAfter.peerBefore = lane.peerBefore;
    lane.peerBefore = undefined;
    lane.peerAfter = undefined;
  }
}
