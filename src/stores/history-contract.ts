/** What was measured of the last day, as bytes of whoever writes it; nothing depends on it. */

export interface HistorySlice {
  /** Milliseconds since the epoch. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly bytes: Uint8Array;
}

export interface HistoryQuery {
  /** Length that its slices have, milliseconds. */
  readonly tierMs: number;
  /** Slices that end after the one and begin before the other. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Behind the last slice of the page before. */
  readonly after?: HistoryPlace | undefined;
  readonly limit: number;
}

export interface HistoryPlace {
  readonly fromMs: number;
  readonly rowId: number;
}

export interface HistoryPage {
  /** In the order of their beginnings. */
  readonly slices: readonly HistorySlice[];
  /** Undefined at the end. */
  readonly next: HistoryPlace | undefined;
}

export interface HistoryStore {
  /** @throws Error where it cannot be written */
  append(tierMs: number, slice: HistorySlice): void;
  /** Forgets slices of the tier that ended before. @throws Error where it cannot be written */
  forget(tierMs: number, beforeMs: number): void;
  /** @throws Error where it cannot be read */
  read(query: HistoryQuery): HistoryPage;
  close(): void;
}
