/**
 * One line of progress on standard error: rewritten in place on a terminal, elsewhere a plain line
 * at most every few seconds. What is over before SHOW_AFTER_MS shows nothing.
 */
const SHOW_AFTER_MS = 2_000;
const PLAIN_INTERVAL_MS = 5_000;
const BAR_CELLS = 30;

interface Terminal {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export class Progress {
  private readonly out: Terminal;
  private readonly startedMs = performance.now();
  private readonly showAfterMs: number;
  private lastMs = Number.NEGATIVE_INFINITY;
  private shown = false;

  constructor(out: Terminal = process.stderr, showAfterMs = SHOW_AFTER_MS) {
    this.out = out;
    this.showAfterMs = showAfterMs;
  }

  show(text: string): void {
    const nowMs = performance.now();
    if (nowMs - this.startedMs < this.showAfterMs) return;
    if (this.out.isTTY === true) {
      this.out.write(`\r\x1b[K${text}`);
      this.shown = true;
    } else if (nowMs - this.lastMs >= PLAIN_INTERVAL_MS) {
      this.out.write(`${text}\n`);
      this.lastMs = nowMs;
    }
  }

  /** `what [####......] 40 %  4000/10000  12 s left`. */
  showShare(what: string, done: number, total: number): void {
    const share = total === 0 ? 1 : done / total;
    const cells = Math.round(share * BAR_CELLS);
    const bar = '#'.repeat(cells).padEnd(BAR_CELLS, '.');
    const elapsedSeconds = (performance.now() - this.startedMs) / 1_000;
    const left =
      done === 0 ? '' : `  ${Math.ceil((elapsedSeconds * (total - done)) / done)} s left`;
    this.show(`${what} [${bar}] ${Math.floor(share * 100)} %  ${done}/${total}${left}`);
  }

  /** Takes the line away. */
  end(): void {
    if (this.shown) this.out.write('\r\x1b[K');
    this.shown = false;
  }
}
