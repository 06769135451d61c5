/** What each app with open sessions takes of its limits, on this front thread. */
import type { Config } from '../../core/config.ts';
import type { AppMeter, AppMeters } from '../../core/sessions.ts';

const MS_PER_SECOND = 1_000;

/** Of a message: more than rounding makes of the time between two of them. */
const ROUNDING = 1e-6;

/**
 * The rate is GCRA (ITU-T I.371), as its continuous-state leaky bucket: a message costs one
 * comparison and no timer. The level counts messages, so that at one instant it is a whole number
 * and exactly `messagesBurstMax` are taken; kept as the time of the next message, which is the same
 * thing on paper, its rounding cost one of 908.
 */
export class AppUse {
  sessions = 0;
  /** What waits for the peers of all its sessions. */
  waitingBytes = 0;
  meter: AppMeter;
  private readonly messagesPerMs: number;
  private readonly levelMax: number;
  private level = 0;
  /** Of refusals: they are messages too, and beyond the same limit nobody listens. */
  private refusedLevel = 0;
  /** Monotonic milliseconds of the level. */
  private atMs = 0;

  constructor(config: Config['webSocket'], meter: AppMeter) {
    this.meter = meter;
    this.messagesPerMs = config.messagesPerSecondMax / MS_PER_SECOND;
    this.levelMax = config.messagesBurstMax - 1 + ROUNDING;
  }

  /**
   * Counts a message; false where it is beyond the rate and so not counted against it. What its own
   * size was charged does not stand in its way, or one larger than a burst would never be taken.
   */
  take(nowMs: number, charged = 0): boolean {
    this.drain(nowMs);
    if (this.level <= this.levelMax + charged) {
      this.level++;
      return true;
    }
    this.refusedLevel++;
    return false;
  }

  /** Whether so much was refused that the app does not heed it. */
  get isDeaf(): boolean {
    return this.refusedLevel > this.levelMax;
  }

  /** Counts what is there already, beyond the limit too; false where nothing was left before. */
  owe(nowMs: number, messages: number): boolean {
    this.drain(nowMs);
    if (this.level > this.levelMax) {
      this.refusedLevel += messages;
      return false;
    }
    this.level += messages;
    return true;
  }

  /** Whether it is as if it had never sent anything. */
  isRested(nowMs: number): boolean {
    this.drain(nowMs);
    return this.level === 0;
  }

  private drain(nowMs: number): void {
    const drained = (nowMs - this.atMs) * this.messagesPerMs;
    this.level = Math.max(0, this.level - drained);
    this.refusedLevel = Math.max(0, this.refusedLevel - drained);
    this.atMs = nowMs;
  }
}

export class AppUses {
  private readonly config: Config['webSocket'];
  private readonly meters: AppMeters;
  private readonly byApp = new Map<string, AppUse>();

  constructor(config: Config['webSocket'], meters: AppMeters) {
    this.config = config;
    this.meters = meters;
  }

  /** Whether the app may open another session. */
  mayOpen(appId: string): boolean {
    return (this.byApp.get(appId)?.sessions ?? 0) < this.config.connectionsPerAppMax;
  }

  open(appId: string): AppUse {
    let use = this.byApp.get(appId);
    if (use === undefined) {
      use = new AppUse(this.config, this.meters.meter(appId));
      this.byApp.set(appId, use);
    }
    // The figures of an app without sessions may have been given away.
    if (use.sessions === 0) use.meter = this.meters.meter(appId);
    use.sessions++;
    use.meter.add('sessions', 1);
    return use;
  }

  close(appId: string): void {
    const use = this.byApp.get(appId)!;
    use.sessions--;
    use.meter.add('sessions', -1);
  }

  /** Lets go of apps without sessions, but not before their rate has recovered. */
  forget(nowMs: number): void {
    for (const [appId, use] of this.byApp) {
      if (use.sessions === 0 && use.isRested(nowMs)) this.byApp.delete(appId);
    }
  }
}
