/** Days and months of UTC as numbers that go up, and when each of them ends. */
const DAY_MS = 86_400_000;
/** Months are told from days by it; there are days until the year 3405. */
export const FIRST_MONTH = 524_288;
const MONTHS_PER_YEAR = 12;
const EPOCH_YEAR = 1970;

export type QuotaWindow = 'day' | 'month';

export class QuotaWindows {
  private month = 0;
  private monthStartMs = 0;
  private monthEndMs = 0;

  at(window: QuotaWindow, wallMs: number): number {
    return window === 'day' ? Math.floor(wallMs / DAY_MS) : this.monthAt(wallMs);
  }

  /** Whether nobody counts in a window any more. */
  isOver(window: number, wallMs: number): boolean {
    return window < (window >= FIRST_MONTH ? this.monthAt(wallMs) : Math.floor(wallMs / DAY_MS));
  }

  private monthAt(wallMs: number): number {
    if (wallMs < this.monthStartMs || wallMs >= this.monthEndMs) this.findMonth(wallMs);
    return this.month;
  }

  private findMonth(wallMs: number): void {
    const date = new Date(wallMs);
    const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
    this.month = FIRST_MONTH + (year - EPOCH_YEAR) * MONTHS_PER_YEAR + month;
    this.monthStartMs = Date.UTC(year, month, 1);
    this.monthEndMs = Date.UTC(year, month + 1, 1);
  }
}

/** When the window ends, in milliseconds since the epoch. */
export function endOfWindow(window: number): number {
  if (window < FIRST_MONTH) return (window + 1) * DAY_MS;
  const month = window - FIRST_MONTH;
  return Date.UTC(EPOCH_YEAR + Math.floor(month / MONTHS_PER_YEAR), (month % MONTHS_PER_YEAR) + 1);
}
