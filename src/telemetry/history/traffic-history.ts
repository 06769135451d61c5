/**
 * The traffic of the last day: each second of the last five minutes in memory, every ten seconds of
 * the last two hours and every minute of the last day in a store. What is asked for is added up
 * from slices, so that percentiles of a span are those of its exchanges.
 */
import { setImmediate as turn } from 'node:timers/promises';
import type { TrafficFigures } from '../live-frame.ts';
import { decodeSlice, encodeSlice } from './slice-codec.ts';
import { trafficFigures } from './traffic-figures.ts';
import { NOTHING_RECORDED, type TrafficSlice, TrafficSum } from './traffic-slice.ts';

const SECONDS_KEPT = 300;
/** A second begins when its timer fires. */
const SECOND_TOLERANCE_MS = 500;
/** Longest first. */
const TIERS = [
  { tierMs: 60_000, keptMs: 86_400_000 },
  { tierMs: 10_000, keptMs: 7_200_000 },
] as const;
/** In a page of the store: 20 to 100 KB each. */
const PAGE_SLICES = 32;
/** After which whoever adds slices up gives the thread's loop a turn. */
const TURN_AFTER_MS = 8;
/** Of a tier, while the store cannot be written: beyond it the oldest is lost. */
const UNWRITTEN_MAX = 30;

export const HISTORY_KEPT_MS = TIERS[0].keptMs;

/** Whether the seconds in memory do not reach so far. */
function isLong(spanMs: number): boolean {
  return spanMs > SECONDS_KEPT * 1_000;
}

/** How far from where it shall begin a span of the last milliseconds may begin. */
export function edgeMs(spanMs: number): number {
  return isLong(spanMs) ? TIERS[0].tierMs / 2 : SECOND_TOLERANCE_MS;
}

/** As the stores have it. */
interface SliceStore {
  append(tierMs: number, slice: { fromMs: number; toMs: number; bytes: Uint8Array }): void;
  forget(tierMs: number, beforeMs: number): void;
  read(query: {
    tierMs: number;
    fromMs: number;
    toMs: number;
    after?: StorePlace | undefined;
    limit: number;
  }): {
    readonly slices: readonly { readonly bytes: Uint8Array }[];
    readonly next: StorePlace | undefined;
  };
}

interface StorePlace {
  readonly fromMs: number;
  readonly rowId: number;
}

interface Tier {
  readonly tierMs: number;
  readonly keptMs: number;
  /** What is not in the store yet. */
  readonly open: TrafficSum;
  /** What the store did not take, the oldest first: it is tried again with the next one. */
  unwritten: TrafficSlice[];
  /** Where the last slice in the store ends. */
  writtenToMs: number;
}

export interface TrafficHistoryOptions {
  /** Undefined where there is none: then the last minutes are all. */
  readonly store: () => SliceStore | undefined;
  /**
   * How far back {@link TrafficHistory.since} is asked for durations; the whole day where absent.
   * Of a minute they take 15 to 60 KB of memory, counts alone some bytes.
   */
  readonly durationsSinceMs?: number;
  /** The store could not be written or read. */
  readonly reportFailure: (error: unknown) => void;
}

export class TrafficHistory {
  private readonly options: TrafficHistoryOptions;
  private seconds: TrafficSlice[] = [];
  /** The last day, without what alerts do not ask for. */
  private minutes: TrafficSlice[] = [];
  private readonly tiers: readonly Tier[];
  private readonly hasLongDurations: boolean;

  constructor(options: TrafficHistoryOptions) {
    const { durationsSinceMs = HISTORY_KEPT_MS } = options;
    this.options = options;
    this.hasLongDurations = isLong(durationsSinceMs);
    this.tiers = TIERS.map(tier => ({
      ...{ ...tier, open: new TrafficSum(), unwritten: [], writtenToMs: 0 },
    }));
  }

  add(slice: TrafficSlice): void {
    if (slice.fromMs < (this.seconds.at(-1)?.fromMs ?? 0)) this.setBack(slice.fromMs);
    this.seconds.push(slice);
    if (this.seconds.length > SECONDS_KEPT) this.seconds.shift();
    for (const tier of this.tiers) {
      const { open, tierMs } = tier;
      if (!open.isEmpty && periodOf(open.fromMs, tierMs) !== periodOf(slice.fromMs, tierMs)) {
        this.write(tier);
      }
      open.add(slice);
    }
  }

  /** What is not in the store yet. */
  flush(): void {
    for (const tier of this.tiers) if (!tier.open.isEmpty) this.write(tier);
  }

  /**
   * The slices of the last so many milliseconds, at once: seconds where they reach so far, else
   * minutes and the seconds since. The first one begins up to {@link edgeMs} before or after.
   */
  since(spanMs: number): readonly TrafficSlice[] {
    const nowMs = this.seconds.at(-1)?.toMs ?? 0;
    const fromMs = nowMs - spanMs - edgeMs(spanMs);
    const isWithin = ({ fromMs: begin }: TrafficSlice) => begin >= fromMs;
    if (!isLong(spanMs)) return this.seconds.filter(isWithin);
    const writtenToMs = this.minutes.at(-1)?.toMs ?? 0;
    const since = this.seconds.filter(slice => slice.fromMs >= writtenToMs);
    return [...this.minutes.filter(isWithin), ...since];
  }

  /**
   * Takes up what the process before has kept, so that whoever judges a day need not wait for one.
   *
   * @throws Error where the store cannot be read
   */
  async restore(nowMs: number): Promise<void> {
    const { tierMs, keptMs } = TIERS[0];
    const minutes: TrafficSlice[] = [];
    for await (const slice of this.stored(tierMs, nowMs - keptMs, nowMs)) {
      minutes.push(this.asMinute(slice));
    }
    this.minutes = [...minutes, ...this.minutes];
  }

  /**
   * All of a span added up.
   *
   * @param signal aborted where nobody waits for it any more: rejects then
   * @throws Error where the store cannot be read
   */
  async sumOf(fromMs: number, toMs: number, signal?: AbortSignal): Promise<TrafficSum> {
    const sum = new TrafficSum();
    const pause = new Pause(signal);
    for await (const slice of this.slices(fromMs, toMs, signal)) {
      const middle = (slice.fromMs + slice.toMs) / 2;
      if (middle >= fromMs && middle < toMs) sum.add(slice);
      await pause.ifDue();
    }
    return sum;
  }

  /**
   * The span in `steps` rows of equal length. A slice belongs to the row that has its middle.
   *
   * @param signal aborted where nobody waits for them any more: rejects then
   * @throws Error where the store cannot be read
   */
  async rows(
    fromMs: number,
    toMs: number,
    steps: number,
    signal?: AbortSignal,
  ): Promise<TrafficFigures[]> {
    const stepMs = (toMs - fromMs) / steps;
    const rows: TrafficFigures[] = [];
    const sum = new TrafficSum();
    const pause = new Pause(signal);
    const end = () => {
      const rowFromMs = fromMs + rows.length * stepMs;
      rows.push(trafficFigures(sum, rowFromMs, rowFromMs + stepMs));
      sum.clear();
    };
    for await (const slice of this.slices(fromMs, toMs, signal)) {
      const row = Math.floor(((slice.fromMs + slice.toMs) / 2 - fromMs) / stepMs);
      if (row < 0 || row >= steps) continue;
      while (rows.length < row) {
        end();
        await pause.ifDue();
      }
      sum.add(slice);
      await pause.ifDue();
    }
    while (rows.length < steps) {
      end();
      await pause.ifDue();
    }
    return rows;
  }

  /** Length of the slices that a span is made of: shorter rows would be empty in between. */
  finestMs(fromMs: number): number {
    return this.tierFor(fromMs)?.tierMs ?? 1_000;
  }

  /** In the order of their beginnings. */
  private async *slices(
    fromMs: number,
    toMs: number,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<TrafficSlice> {
    const tier = this.tierFor(fromMs);
    let knownToMs = 0;
    const isWithin = (slice: TrafficSlice) => slice.toMs > fromMs && slice.fromMs < toMs;
    if (tier !== undefined) {
      // Before the first page: what is written meanwhile is among the seconds.
      const { tierMs, writtenToMs, unwritten } = tier;
      const kept = [...unwritten];
      yield* this.stored(tierMs, fromMs, Math.min(toMs, writtenToMs || toMs), signal);
      yield* kept.filter(isWithin);
      knownToMs = kept.at(-1)?.toMs ?? writtenToMs;
    }
    for (const slice of [...this.seconds]) {
      if (slice.fromMs >= knownToMs && isWithin(slice)) yield slice;
    }
  }

  private async *stored(
    tierMs: number,
    fromMs: number,
    toMs: number,
    signal?: AbortSignal,
  ): AsyncGenerator<TrafficSlice> {
    const store = this.options.store();
    if (store === undefined) return;
    let after: StorePlace | undefined;
    do {
      const page = store.read({ tierMs, fromMs, toMs, after, limit: PAGE_SLICES });
      for (const { bytes } of page.slices) {
        const slice = decodeSlice(bytes);
        if (slice !== undefined) yield slice;
      }
      after = page.next;
      await turn();
      signal?.throwIfAborted();
    } while (after !== undefined);
  }

  /** Undefined where the seconds in memory do. */
  private tierFor(fromMs: number): Tier | undefined {
    if (this.options.store() === undefined) return undefined;
    const [first] = this.seconds;
    if (first !== undefined && first.fromMs <= fromMs) return undefined;
    const [minutes, tens] = this.tiers;
    const ageMs = (this.seconds.at(-1)?.toMs ?? Date.now()) - fromMs;
    return ageMs > tens!.keptMs ? minutes : tens;
  }

  /** The clock was set back: what is ahead of it would stand for times that are still to come. */
  private setBack(nowMs: number): void {
    this.flush();
    const isBehind = ({ toMs }: TrafficSlice) => toMs <= nowMs;
    this.seconds = this.seconds.filter(isBehind);
    this.minutes = this.minutes.filter(isBehind);
    for (const tier of this.tiers) {
      tier.unwritten = tier.unwritten.filter(isBehind);
      tier.writtenToMs = Math.min(tier.writtenToMs, nowMs);
    }
  }

  /** What alerts ask for: the stages one by one they do not. */
  private asMinute(slice: TrafficSlice): TrafficSlice {
    const last = slice.stages.length - 1;
    const stages = slice.stages.map((histogram, i) =>
      i === last && this.hasLongDurations ? histogram : NOTHING_RECORDED,
    );
    return { ...slice, stages };
  }

  private keepMinute(slice: TrafficSlice): void {
    this.minutes.push(this.asMinute(slice));
    const fromMs = slice.toMs - HISTORY_KEPT_MS;
    while (this.minutes.length > 0 && this.minutes[0]!.toMs < fromMs) this.minutes.shift();
  }

  private write(tier: Tier): void {
    const { tierMs, keptMs, open, unwritten } = tier;
    const slice = open.toSlice();
    open.clear();
    if (tierMs === TIERS[0].tierMs) this.keepMinute(slice);
    const store = this.options.store();
    if (store === undefined) return;
    unwritten.push(slice);
    try {
      for (const next of [...unwritten]) {
        const { fromMs, toMs } = next;
        store.append(tierMs, { fromMs, toMs, bytes: encodeSlice(next) });
        tier.writtenToMs = toMs;
        unwritten.shift();
      }
      store.forget(tierMs, slice.toMs - keptMs);
    } catch (error) {
      if (unwritten.length > UNWRITTEN_MAX) unwritten.shift();
      this.options.reportFailure(error);
    }
  }
}

function periodOf(ms: number, tierMs: number): number {
  return Math.floor(ms / tierMs);
}

/** Lets others have the thread now and then. */
class Pause {
  private readonly signal: AbortSignal | undefined;
  private startedMs = performance.now();

  constructor(signal: AbortSignal | undefined) {
    this.signal = signal;
  }

  async ifDue(): Promise<void> {
    if (performance.now() - this.startedMs < TURN_AFTER_MS) return;
    await turn();
    this.signal?.throwIfAborted();
    this.startedMs = performance.now();
  }
}
