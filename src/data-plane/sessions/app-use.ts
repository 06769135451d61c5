/** What each app with open sessions takes of its limits, on this front thread. */
import type { Config } from '../../core/config.ts';
import type { AppMeter, AppMeters } from '../../core/sessions.ts';

const MS_PER_SECOND = 1_000;

/**
 * The rate is GCRA (the generic cell rate algorithm of ITU-T I.371): one instant says how far the
 * app is ahead of its rate, so that a message costs one comparison and no timer.
 */
export class AppUse {
  sessions = 0;
  readonly meter: AppMeter;
  private readonly intervalMs: number;
  private readonly aheadMaxMs: number;
  /** Theoretical arrival time of the next message, monotonic milliseconds. */
  private dueMs = 0;

  constructor(config: Config['webSocket'], meter: AppMeter) {
    this.meter = meter;
    this.intervalMs = MS_PER_SECOND / config.messagesPerSecondMax;
    this.aheadMaxMs = this.intervalMs * (config.messagesBurstMax - 1);
  }

  /** Counts a message; false where it is beyond the rate and so not counted against it. */
  take(nowMs: number): boolean {
    const dueMs = Math.max(this.dueMs, nowMs);
    if (dueMs - nowMs > this.aheadMaxMs) return false;
    this.dueMs = dueMs + this.intervalMs;
    return true;
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
    use.sessions++;
    use.meter.add('sessions', 1);
    return use;
  }

  close(appId: string): void {
    const use = this.byApp.get(appId)!;
    use.sessions--;
    use.meter.add('sessions', -1);
    if (use.sessions === 0) this.byApp.delete(appId);
  }
}
