/** Where each kind of work runs: a worker, or the front thread up to an estimated cost. */
import type { KindReading } from '../../core/pool-reading.ts';
import {
  type Placement,
  type PoolSettings,
  usesWorkers,
  WORK_KINDS,
  type WorkKind,
} from '../../core/pool-settings.ts';

/**
 * With `auto`: what takes no longer than its way to a worker and back in a full batch. Hardly a
 * payload is so short; a forwarded one shall cost the front thread 5 µs, both ways together.
 */
const CONVERSION_INLINE_MAX_MICROS = 2;
const NEVER = -1;

interface KindPlace {
  readonly placement: Placement;
  readonly inlineMaxMicros: number;
}

export class PlacementTable {
  private readonly checkInlineMaxMicros: number;
  private places: Readonly<Record<WorkKind, KindPlace>>;
  /** What holds once there is a worker. */
  private awaited: PoolSettings | undefined = undefined;

  constructor(checkInlineMaxMicros: number, settings: PoolSettings) {
    this.checkInlineMaxMicros = checkInlineMaxMicros;
    this.places = this.placesOf(settings);
  }

  /**
   * Without workers what shall go to one runs where it did until {@link workersCame}: calls do not
   * wait while the first of them loads its code.
   */
  apply(settings: PoolSettings, hasWorkers: boolean): void {
    this.awaited = hasWorkers || !usesWorkers(settings) ? undefined : settings;
    if (this.awaited === undefined) this.places = this.placesOf(settings);
  }

  workersCame(): void {
    if (this.awaited !== undefined) this.apply(this.awaited, true);
  }

  isInline(kind: WorkKind, micros: number): boolean {
    return micros <= this.places[kind].inlineMaxMicros;
  }

  /** Whether the front thread may choose for itself. */
  isAuto(kind: WorkKind): boolean {
    return this.places[kind].placement === 'auto';
  }

  /** @param microsOf of one check; undefined for what is not measured */
  read(microsOf: (kind: WorkKind) => number | undefined): readonly Omit<KindReading, 'asked'>[] {
    return WORK_KINDS.map(kind => {
      const micros = microsOf(kind);
      // What has no measure takes longer than `auto` leaves to the front.
      const runs = this.isInline(kind, micros ?? Number.MAX_VALUE) ? 'inline' : 'pool';
      return { kind, micros: micros ?? 0, runs };
    });
  }

  private placesOf({ placement, placements }: PoolSettings): Record<WorkKind, KindPlace> {
    const placeOf = (kind: WorkKind): KindPlace => {
      const chosen = placements[kind] ?? placement;
      return { placement: chosen, inlineMaxMicros: this.inlineMaxMicros(kind, chosen) };
    };
    return Object.fromEntries(WORK_KINDS.map(kind => [kind, placeOf(kind)])) as Record<
      WorkKind,
      KindPlace
    >;
  }

  private inlineMaxMicros(kind: WorkKind, placement: Placement): number {
    if (placement === 'pool') return NEVER;
    if (placement === 'inline') return Number.POSITIVE_INFINITY;
    return kind === 'conversion' ? CONVERSION_INLINE_MAX_MICROS : this.checkInlineMaxMicros;
  }
}
