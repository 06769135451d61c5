/**
 * Who has which place in the table of upstreams' health. Of the main thread alone: it gives a place
 * before the fronts hear of the target, and takes it back when the registry has it no more.
 */
import {
  CIRCUIT_BYTES,
  callsOfPlace,
  type HealthShared,
  type PlaceKind,
  placeNumber,
  placeOffset,
  placesMax,
  TARGET_BYTES,
} from './health-layout.ts';

/** Longer than an exchange of an older registry may still count in a place that was taken back. */
const REST_MS = 120_000;

interface Rested {
  readonly place: number;
  readonly sinceMs: number;
}

export class HealthPlaces {
  private readonly shared: HealthShared;
  private readonly kind: PlaceKind;
  private readonly nowMs: () => number;
  private readonly byName = new Map<string, number>();
  private readonly numbers = new Set<number>();
  /** In the order in which they were taken back. */
  private readonly resting: Rested[] = [];
  private unused = 0;

  constructor(shared: HealthShared, kind: PlaceKind, nowMs: () => number) {
    this.shared = shared;
    this.kind = kind;
    this.nowMs = nowMs;
  }

  get size(): number {
    return this.byName.size;
  }

  /** The place of that name, given out now where it had none; -1 where there is none left. */
  give(name: string): number {
    const known = this.byName.get(name);
    if (known !== undefined) return known;
    const number = placeNumber(name);
    const place = this.numbers.has(number) ? -1 : this.takeFree();
    if (place < 0) return -1;
    const offset = placeOffset(this.kind, place);
    const bytes = this.kind === 'target' ? TARGET_BYTES : CIRCUIT_BYTES;
    new Float64Array(this.shared.buffer, offset, bytes / 8).fill(0);
    if (this.kind === 'target') for (const word of callsOfPlace(this.shared, place)) word.fill(0);
    new Float64Array(this.shared.buffer, offset, 1)[0] = number;
    this.byName.set(name, place);
    this.numbers.add(number);
    return place;
  }

  takeBack(name: string): void {
    const place = this.byName.get(name);
    if (place === undefined) return;
    new Float64Array(this.shared.buffer, placeOffset(this.kind, place), 1)[0] = 0;
    this.byName.delete(name);
    this.numbers.delete(placeNumber(name));
    this.resting.push({ place, sinceMs: this.nowMs() });
  }

  private takeFree(): number {
    if (this.unused < placesMax(this.kind)) return this.unused++;
    const [oldest] = this.resting;
    if (oldest === undefined || this.nowMs() - oldest.sinceMs < REST_MS) return -1;
    this.resting.shift();
    return oldest.place;
  }
}
