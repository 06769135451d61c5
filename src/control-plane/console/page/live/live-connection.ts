/**
 * The stream of frames: one WebSocket, opened again with growing pauses. What it knows says how old
 * it is, so that nobody takes the last frame of a lost connection for the present.
 */
import type { LiveFrame } from '../../../../telemetry/live-frame.ts';
import type { Hello } from '../api/shapes.ts';
import { Cell } from '../state/cell.ts';
import { withFrames } from './frame-window.ts';

/** Frames come each second: two that are missing are not a late one any more. */
const SILENCE_MAX_MS = 2_500;
const WATCH_INTERVAL_MS = 500;
const PAUSE_MIN_MS = 500;
const PAUSE_MAX_MS = 8_000;

export type Freshness = 'connecting' | 'fresh' | 'silent';

export interface LiveState {
  readonly freshness: Freshness;
  readonly frames: readonly LiveFrame[];
  /** By the clock of this browser; undefined before the first. */
  readonly lastAtMs: number | undefined;
  readonly version: string | undefined;
  readonly startedAtMs: number | undefined;
  /** Counts connections that said hello. */
  readonly connection: number;
}

type Message = Hello | LiveFrame | { readonly kind: 'other' };

const NOTHING: LiveState = {
  ...{ freshness: 'connecting', frames: [], lastAtMs: undefined },
  ...{ version: undefined, startedAtMs: undefined, connection: 0 },
};

export class LiveConnection {
  readonly state = new Cell<LiveState>(NOTHING);
  private readonly url: string;
  private readonly onLost: () => void;
  private socket: WebSocket | undefined;
  private timer: number | undefined;
  private watch: number | undefined;
  private failures = 0;
  private aheadMs = 0;
  private isWanted = false;

  /** @param onLost told of each connection that ends, also of one that never opened */
  constructor(url: string, onLost: () => void) {
    this.url = url;
    this.onLost = onLost;
  }

  start(): void {
    if (this.isWanted) return;
    this.isWanted = true;
    this.watch = window.setInterval(() => this.judgeAge(), WATCH_INTERVAL_MS);
    this.open();
  }

  stop(): void {
    this.isWanted = false;
    clearInterval(this.watch);
    clearTimeout(this.timer);
    this.socket?.close();
    this.socket = undefined;
    this.state.set(NOTHING);
  }

  /** The gateway's clock, as the last frame tells it; this browser's before the first. */
  nowMs(): number {
    return Date.now() + this.aheadMs;
  }

  /** Not after the pause but now, where the connection is lost. */
  retry(): void {
    if (!this.isWanted || this.socket !== undefined) return;
    clearTimeout(this.timer);
    this.open();
  }

  private open(): void {
    const socket = new WebSocket(this.url);
    this.socket = socket;
    socket.addEventListener('message', ({ data }) => {
      if (this.socket === socket) this.read(JSON.parse(String(data)) as Message);
    });
    socket.addEventListener('close', () => {
      if (this.socket === socket) this.reopenLater();
    });
  }

  private reopenLater(): void {
    this.socket = undefined;
    this.judgeAge();
    this.onLost();
    if (!this.isWanted) return;
    const pauseMs = Math.min(PAUSE_MAX_MS, PAUSE_MIN_MS * 2 ** this.failures);
    this.failures++;
    // Spread, so that the pages on many walls do not come back in one moment.
    this.timer = window.setTimeout(() => this.open(), pauseMs * (0.75 + Math.random() / 2));
  }

  /** A gateway of another version may say more. */
  private read(message: Message): void {
    if (message.kind === 'hello' || message.kind === 'frame') this.take(message);
  }

  private take(message: Hello | LiveFrame): void {
    const before = this.state.value;
    this.failures = 0;
    const newest = message.kind === 'frame' ? message : message.frames.at(-1);
    if (newest !== undefined) this.aheadMs = aheadMs(newest);
    const now = { freshness: 'fresh', lastAtMs: Date.now() } as const;
    if (message.kind === 'frame') {
      this.state.set({ ...before, ...now, frames: withFrames(before.frames, [message]) });
      return;
    }
    const { version, startedAtMs } = message;
    // Of another process: its seconds are not the next ones of those that are kept.
    const kept = before.startedAtMs === startedAtMs ? before.frames : [];
    this.state.set({
      ...{ ...now, version, startedAtMs, connection: before.connection + 1 },
      frames: withFrames(kept, message.frames),
    });
  }

  private judgeAge(): void {
    const { value } = this.state;
    const { lastAtMs, freshness } = value;
    if (freshness === 'silent') return;
    const isOld = lastAtMs !== undefined && Date.now() - lastAtMs > SILENCE_MAX_MS;
    const neverCame = lastAtMs === undefined && this.failures > 0 && this.socket === undefined;
    if (isOld || neverCame) this.state.set({ ...value, freshness: 'silent' });
  }
}

/** Clocks that agree but for the way of the frame are taken as one. */
function aheadMs({ traffic }: LiveFrame): number {
  const difference = traffic.toMs - Date.now();
  return Math.abs(difference) < SILENCE_MAX_MS ? 0 : difference;
}
