/**
 * What is to be asked, gathered: all of one turn of the loop goes as one batch, and while an answer
 * is awaited the next batch fills. So one thread has one round trip under way, whatever comes.
 */

/** More are split, so that no run of a script keeps the server from others for long. */
const BATCH_MAX = 256;

export class TurnBatches<T> {
  private readonly isUp: () => boolean;
  private readonly send: (items: readonly T[], waitedMs: number) => void;
  private waiting: T[] = [];
  private waitingSinceMs = 0;
  private readonly underWay = new Set<readonly T[]>();
  private isScheduled = false;

  /**
   * @param send asks for a batch, of which `answered` tells; it may be empty after `poke`. The
   *   first of it has waited that long.
   */
  constructor(isUp: () => boolean, send: (items: readonly T[], waitedMs: number) => void) {
    this.isUp = isUp;
    this.send = send;
  }

  add(item: T): void {
    if (this.waiting.push(item) === 1) this.waitingSinceMs = performance.now();
    this.poke();
  }

  /** At the end of this turn, unless an answer is awaited: then with what has come until then. */
  poke(): void {
    if (this.isScheduled || this.underWay.size > 0 || !this.isUp()) return;
    this.isScheduled = true;
    setImmediate(this.flush);
  }

  /** Once for each batch that was sent. */
  answered(items: readonly T[]): void {
    this.underWay.delete(items);
    if (this.waiting.length > 0) this.poke();
  }

  /** No answer will come: hands back what was sent, and what was not. */
  drop(): { readonly sent: readonly T[]; readonly unsent: readonly T[] } {
    const sent = [...this.underWay].flat();
    const unsent = this.waiting;
    this.underWay.clear();
    this.waiting = [];
    return { sent, unsent };
  }

  private readonly flush = (): void => {
    this.isScheduled = false;
    if (this.underWay.size > 0 || !this.isUp()) return;
    const items = this.waiting;
    this.waiting = [];
    const waitedMs = items.length > 0 ? performance.now() - this.waitingSinceMs : 0;
    for (let from = 0; from === 0 || from < items.length; from += BATCH_MAX) {
      const batch = items.slice(from, from + BATCH_MAX);
      this.underWay.add(batch);
      this.send(batch, waitedMs);
    }
  };
}
