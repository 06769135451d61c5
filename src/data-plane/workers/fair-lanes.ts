import type { LaneReading } from '../../core/pool-reading.ts';
import { encodedBytes } from './batch-codec.ts';
import { IdleLanes } from './idle-lanes.ts';
import { bodyBytes, type Job, laneOf } from './job.ts';
import { Lane, LongestLanes } from './longest-lanes.ts';

/**
 * Work that a lane may send per turn. About three RSA checks: small, so that a newcomer waits for
 * little of everybody else's work; a job that costs more is saved up for over several turns.
 */
export const QUANTUM_MICROS = 100;
/**
 * Apps whose empty lanes are kept. At low load a lane would live for one job, and a Map in which
 * lanes come and go all the time keeps the collector busy (core/deadlines.ts).
 */
const IDLE_LANES_MAX = 1_024;

/**
 * When the lanes are searched for abandoned jobs: once every job in them has been matched by an
 * arrival, and at least after so many. An arrival counts once and once more per 4 KiB of its body,
 * so that looking costs every arrival the same and what is held for nobody since the last search
 * stays below 4 KiB per job in the lanes. An arrival at a full queue counts for sixteen.
 */
const SEARCH_AFTER_MIN = 64;
const BODY_BYTES_PER_STEP = 4_096;
const STEPS_WHEN_FULL = 16;

/** How much one batch may hold. A job beyond a bound still goes, alone. */
export interface BatchBounds {
  readonly itemsMax: number;
  readonly costMaxMicros: number;
  /** What costs more than this goes alone as well. */
  readonly aloneAboveMicros: number;
  readonly bytesMax: number;
}

/** Estimates what a job costs, in microseconds. */
export interface CostModel<J extends Job = Job> {
  microsOf(job: J): number;
}

/**
 * The queue in front of the workers: one lane per app, emptied by deficit round robin (Shreedhar
 * and Varghese, SIGCOMM 1995) with estimated microseconds in place of bytes, so that apps share the
 * workers' time whatever their jobs cost and however many they send.
 */
export class FairLanes<J extends Job = Job> {
  /** Checks in all lanes. */
  length = 0;
  /** Abandoned jobs that left the lanes; whoever settles them empties it. */
  readonly dropped: J[] = [];
  /** Jobs that may wait in all lanes together. */
  queueMax: number;
  private readonly costs: CostModel<J>;
  /** Idle ones among them. */
  private readonly lanes = new Map<string, Lane<J>>();
  private readonly byLength = new LongestLanes<J>();
  private readonly idle = new IdleLanes<J>();
  /** The lane whose turn it is, and whether it has its quantum for this turn. */
  private current: Lane<J> | undefined = undefined;
  private granted = false;
  /** Steps towards the next search for abandoned jobs. */
  private steps = 0;

  constructor(queueMax: number, costs: CostModel<J>) {
    this.queueMax = queueMax;
    this.costs = costs;
  }

  get isFull(): boolean {
    return this.length >= this.queueMax;
  }

  get laneCount(): number {
    return this.lanes.size - this.idle.size;
  }

  /**
   * Queues `job` and returns the job that lost its place for it: undefined while there is room,
   * the newest of the longest lane where the queue is full, or `job` itself where its own lane
   * would be the longest with it. Checks that nobody waits for lose their places before any other.
   */
  admit(job: J): J | undefined {
    this.searchInTime(job);
    const appId = laneOf(job);
    let lane = this.lanes.get(appId);
    let loser: J | undefined;
    if (this.length >= this.queueMax) {
      if ((lane?.length ?? 0) + 1 >= this.byLength.length) return job;
      const longest = this.byLength.longest()!;
      loser = longest.pop();
      this.length--;
      this.byLength.moved(longest, longest.length + 1);
    }
    lane ??= this.create(appId);
    if (lane.length === 0) this.open(lane);
    lane.push(job);
    this.length++;
    this.byLength.moved(lane, lane.length - 1);
    return loser;
  }

  /** Moves every abandoned job to `dropped`. */
  dropAbandoned(): void {
    this.steps = 0;
    for (const lane of this.lanes.values()) {
      const before = lane.length;
      if (before === 0) continue;
      lane.removeAbandoned(this.dropped);
      if (lane.length === before) continue;
      this.length -= before - lane.length;
      this.byLength.moved(lane, before);
      if (lane.length === 0) this.close(lane);
    }
  }

  /**
   * Takes the next batch, fair among the apps; empty only where the queue is. Abandoned jobs are
   * dropped on the way and charged to nobody.
   */
  take(bounds: BatchBounds): J[] {
    const batch: J[] = [];
    let costMicros = 0;
    let bytes = 0;
    let passed = 0;
    while (this.length > 0 && batch.length < bounds.itemsMax) {
      const lane = this.current!;
      const job = lane.first();
      if (job.abandoned) {
        this.dropped.push(this.shift(lane));
        passed = 0;
        continue;
      }
      if (!this.granted) {
        lane.deficitMicros += QUANTUM_MICROS;
        this.granted = true;
      }
      const micros = this.costs.microsOf(job);
      if (lane.deficitMicros < micros) {
        this.turn(lane.next);
        if (++passed >= this.laneCount) {
          this.skipTurns();
          passed = 0;
        }
        continue;
      }
      const size = encodedBytes(job);
      costMicros += micros;
      bytes += size;
      const isAlone = micros > bounds.aloneAboveMicros;
      const fits = !isAlone && costMicros <= bounds.costMaxMicros && bytes <= bounds.bytesMax;
      if (!fits && batch.length > 0) break;
      lane.deficitMicros -= micros;
      lane.takenMicros += micros;
      batch.push(this.shift(lane));
      if (isAlone) break;
      passed = 0;
    }
    return batch;
  }

  /** The busiest lanes; what they are found to have taken is forgotten. */
  read(lanesMax: number): readonly LaneReading[] {
    const readings: LaneReading[] = [];
    for (const lane of this.lanes.values()) {
      const { appId: app, length: waiting, takenMicros } = lane;
      if (waiting > 0 || takenMicros > 0) readings.push({ app, waiting, takenMicros });
      lane.takenMicros = 0;
    }
    readings.sort((a, b) => b.waiting - a.waiting || b.takenMicros - a.takenMicros);
    return readings.slice(0, lanesMax);
  }

  private searchInTime(job: Job): void {
    const isFull = this.length >= this.queueMax;
    this.steps += isFull ? STEPS_WHEN_FULL : 1 + Math.floor(bodyBytes(job) / BODY_BYTES_PER_STEP);
    if (this.steps >= this.length && (isFull || this.steps >= SEARCH_AFTER_MIN)) {
      this.dropAbandoned();
    }
  }

  /** Takes the lane's oldest job, and the lane out of the round where it was the last. */
  private shift(lane: Lane<J>): J {
    const job = lane.shift();
    this.length--;
    this.byLength.moved(lane, lane.length + 1);
    if (lane.length === 0) this.close(lane);
    return job;
  }

  private turn(lane: Lane<J>): void {
    this.current = lane;
    this.granted = false;
  }

  /**
   * Nobody could send in a whole round: grants at once the turns after which somebody can. Without
   * it a job of 40 ms (a body of many MB) would cost 400 rounds over the lanes.
   */
  private skipTurns(): void {
    let turns = Number.POSITIVE_INFINITY;
    for (const lane of this.lanes.values()) {
      if (lane.length === 0) continue;
      const missing = this.costs.microsOf(lane.first()) - lane.deficitMicros;
      turns = Math.min(turns, Math.ceil(missing / QUANTUM_MICROS) - 1);
    }
    if (turns <= 0) return;
    for (const lane of this.lanes.values()) {
      if (lane.length > 0) lane.deficitMicros += turns * QUANTUM_MICROS;
    }
  }

  /** An idle lane; where enough of them are kept, in the place of the one that is idle longest. */
  private create(appId: string): Lane<J> {
    let lane: Lane<J> | undefined;
    if (this.idle.size >= IDLE_LANES_MAX) {
      lane = this.idle.takeOldest();
      this.lanes.delete(lane.appId);
    } else {
      lane = new Lane<J>();
    }
    lane.appId = appId;
    lane.takenMicros = 0;
    this.lanes.set(appId, lane);
    this.idle.add(lane);
    return lane;
  }

  /** A lane that is idle comes into the round: its first turn is after all others'. */
  private open(lane: Lane<J>): void {
    this.idle.remove(lane);
    lane.deficitMicros = 0;
    const { current } = this;
    if (current === undefined) {
      lane.next = lane;
      lane.previous = lane;
      this.turn(lane);
    } else {
      lane.next = current;
      lane.previous = current.previous;
      current.previous.next = lane;
      current.previous = lane;
    }
  }

  private close(lane: Lane<J>): void {
    if (lane.next === lane) {
      this.current = undefined;
      this.granted = false;
    } else {
      lane.previous.next = lane.next;
      lane.next.previous = lane.previous;
      if (lane === this.current) this.turn(lane.next);
    }
    this.idle.add(lane);
  }
}
