import { APP_FIGURES, type AppFigure, type AppMeter, type AppMeters } from '../core/sessions.ts';
import { SlotDirectory } from './slot-directory.ts';
import { OTHER, OTHER_SLOT, SlotTable } from './slot-table.ts';

const WIDTH = APP_FIGURES.length;
const INDEX = Object.fromEntries(APP_FIGURES.map((figure, index) => [figure, index])) as Record<
  AppFigure,
  number
>;

/** What is shown of each figure; a gauge ends with its front, a counter does not. */
export const APP_FIGURE_KINDS: Readonly<
  Record<AppFigure, { readonly kind: 'counter' | 'gauge'; readonly help: string }>
> = {
  sessions: { kind: 'gauge', help: 'WebSocket sessions of the app.' },
  messages: { kind: 'counter', help: 'Messages on sessions of the app.' },
  messages_refused: { kind: 'counter', help: 'Messages answered with a problem of ours.' },
  messages_rate_limited: { kind: 'counter', help: 'Messages beyond the rate of the app.' },
  events_sent: { kind: 'counter', help: 'Events sent to sessions of the app.' },
  events_deferred: {
    kind: 'counter',
    help: 'Events left in the journal because a session of the app did not read.',
  },
};

/** Figures in the order of APP_FIGURES. */
export type AppFigureValues = Float64Array;

export function figureOf(values: AppFigureValues, figure: AppFigure): number {
  return values[INDEX[figure]]!;
}

export function noFigures(): AppFigureValues {
  return new Float64Array(WIDTH);
}

class SlotMeter implements AppMeter {
  /** Where the figures of the slot begin. */
  at: number;
  private readonly values: Float64Array;

  constructor(values: Float64Array, slot: number) {
    this.values = values;
    this.at = slot * WIDTH;
  }

  add(figure: AppFigure, amount: number): void {
    this.values[this.at + INDEX[figure]]! += amount;
  }
}

export interface AppFiguresShared {
  readonly values: SharedArrayBuffer;
  readonly directory: SharedArrayBuffer;
}

/**
 * Front: what the sessions of each app do, in shared memory with this one writer. At most `appsMax`
 * apps have figures of their own (appFiguresMax), the others those of `other`. A slot whose app has
 * no session is given to the next app that needs one.
 */
export class AppFigures implements AppMeters {
  readonly shared: AppFiguresShared;
  private readonly values: Float64Array;
  private readonly table: SlotTable;
  private readonly meters: SlotMeter[] = [];

  constructor(appsMax: number) {
    const buffer = new SharedArrayBuffer((appsMax + 1) * WIDTH * Float64Array.BYTES_PER_ELEMENT);
    this.values = new Float64Array(buffer);
    this.table = new SlotTable(appsMax, (from, into) => this.fold(from, into));
    this.shared = { values: buffer, directory: this.table.directory.buffer };
    this.meters[OTHER_SLOT] = new SlotMeter(this.values, OTHER_SLOT);
  }

  meter(appId: string): AppMeter {
    if (this.table.isFull && this.table.known(appId) === undefined) this.releaseIdle();
    this.table.comeBack(appId);
    const slot = this.table.slotOf(appId);
    this.meters[slot] ??= new SlotMeter(this.values, slot);
    return this.meters[slot];
  }

  private releaseIdle(): void {
    for (const appId of this.table.names()) {
      const at = this.table.known(appId)! * WIDTH;
      if (this.values[at + INDEX.sessions] === 0) this.table.leave(appId);
    }
  }

  /** Whoever still holds the meter of the app that had the slot counts for `other` from here on. */
  private fold(from: number, into: number): void {
    const { values, meters } = this;
    for (let i = 0; i < WIDTH; i += 1) values[into * WIDTH + i]! += values[from * WIDTH + i]!;
    values.fill(0, from * WIDTH, (from + 1) * WIDTH);
    meters[from]!.at = into * WIDTH;
    meters[from] = new SlotMeter(values, from);
  }
}

/** How often a reading is begun anew when figures are moved during it; a move takes 1 µs. */
const READINGS_MAX = 16;

/** One front's figures seen from the main thread. */
export class AppFiguresView {
  private readonly values: Float64Array;
  /** Apps with figures of their own, at most. */
  readonly appsMax: number;
  private readonly directory: SlotDirectory;
  private last: ReadonlyMap<string, AppFigureValues> = new Map();

  constructor(shared: AppFiguresShared) {
    this.values = new Float64Array(shared.values);
    const slots = this.values.length / WIDTH;
    this.appsMax = slots - 1;
    this.directory = new SlotDirectory(slots, shared.directory);
  }

  /**
   * The figures of each app, `other` included. While figures are moved to `other` no reading is
   * whole; where that does not end (the front ended in the middle of it) it is the last whole one.
   */
  read(): ReadonlyMap<string, AppFigureValues> {
    for (let reading = 0; reading < READINGS_MAX; reading += 1) {
      const before = this.directory.read(OTHER_SLOT);
      if (before === undefined) continue;
      const figures = this.readOnce();
      if (!this.directory.unchanged(OTHER_SLOT, before.version)) continue;
      this.last = figures;
      break;
    }
    return this.last;
  }

  private readOnce(): Map<string, AppFigureValues> {
    const figures = new Map([[OTHER, this.slot(OTHER_SLOT)]]);
    for (let slot = OTHER_SLOT + 1; slot < this.directory.slots; slot += 1) {
      const owner = this.directory.read(slot);
      if (owner === undefined) continue;
      const values = this.slot(slot);
      if (this.directory.unchanged(slot, owner.version)) figures.set(owner.name, values);
    }
    return figures;
  }

  private slot(slot: number): AppFigureValues {
    return this.values.slice(slot * WIDTH, (slot + 1) * WIDTH);
  }
}

/** Adds counters, and gauges where the front still lives. */
export function addFigures(
  target: AppFigureValues,
  source: AppFigureValues,
  withGauges: boolean,
): void {
  for (const figure of APP_FIGURES) {
    if (!withGauges && APP_FIGURE_KINDS[figure].kind === 'gauge') continue;
    target[INDEX[figure]]! += source[INDEX[figure]]!;
  }
}
