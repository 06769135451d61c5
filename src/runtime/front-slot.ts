/** What the main thread keeps of one front. */
import type { Worker } from 'node:worker_threads';
import type { EventBacklog } from './event-backlog.ts';
import type { RegistryFeed } from './registry-feed.ts';

/** Before a front that ended is started again; it grows with each time. */
export const RESTART_PAUSE_MS = 100;

export interface FrontSlot {
  worker: Worker | undefined;
  listening: boolean;
  /** Version of the registry that it serves; 0 before it listens. */
  servedVersion: number;
  pauseMs: number;
  restartTimer: NodeJS.Timeout | undefined;
  /** Undefined while it is not running. */
  feed: RegistryFeed | undefined;
  /** Undefined while it is not running. */
  events: EventBacklog | undefined;
  /** Times that it was started again. */
  restarts: number;
  /** An operator has taken it out of service. */
  isDrained: boolean;
  /** Times that it was told to listen or not to. */
  listenOrders: number;
  /** Told whether the next whole registry was compiled. */
  readonly rebuilds: Set<(isDone: boolean) => void>;
}

export function createSlot(): FrontSlot {
  return {
    worker: undefined,
    listening: false,
    servedVersion: 0,
    pauseMs: RESTART_PAUSE_MS,
    restartTimer: undefined,
    feed: undefined,
    events: undefined,
    restarts: 0,
    isDrained: false,
    listenOrders: 0,
    rebuilds: new Set(),
  };
}
