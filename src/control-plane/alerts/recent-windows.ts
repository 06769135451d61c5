import type { TrafficHistory, TrafficWindow } from './traffic-history.ts';

/** A window counts as fresh for this share of its length: 10 s of an hour, 1 s of six minutes. */
const FRESH_SHARE = 1 / 360;
const FRESH_MAX_MS = 30_000;

interface Kept {
  readonly traffic: TrafficWindow | undefined;
  readonly atMs: number;
}

/**
 * The history as rules ask it: each window once however many rules share it, and long ones, which
 * cost the most to add up and change the least, not every second. As many entries as there are
 * different windows in the rules.
 */
export class RecentWindows implements TrafficHistory {
  private readonly history: TrafficHistory;
  private readonly kept = new Map<number, Kept>();
  private nowMs = 0;

  constructor(history: TrafficHistory) {
    this.history = history;
  }

  at(nowMs: number): void {
    this.nowMs = nowMs;
  }

  last(seconds: number): TrafficWindow | undefined {
    const kept = this.kept.get(seconds);
    if (kept?.traffic !== undefined && this.isFresh(kept, seconds)) return kept.traffic;
    const traffic = this.history.last(seconds);
    this.kept.set(seconds, { traffic, atMs: this.nowMs });
    return traffic;
  }

  private isFresh({ atMs }: Kept, seconds: number): boolean {
    const ageMs = this.nowMs - atMs;
    if (ageMs === 0) return true;
    return ageMs > 0 && ageMs < Math.min(seconds * 1_000 * FRESH_SHARE, FRESH_MAX_MS);
  }
}
