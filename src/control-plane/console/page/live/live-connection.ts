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
/**
 * A connection on which nothing comes for so long is given up: where a laptop slept or a path went
 * away, nobody tells the browser, and it would hold an open socket for many minutes.
 */
const GIVEN_UP_AFTER_MS = 10_000;
const PAUSE_MIN_MS = 500;
const PAUSE_MAX_MS = 8_000;
/** RFC 6455 section 7.4.1 and its registry: so many watch already. */
const CLOSE_TRY_AGAIN_LATER = 1_013;

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
  /** Whether the last connection was refused because so many watch already. */
  readonly isCrowded: boolean;
}

type Message = Hello | LiveFrame | { readonly kind: 'other' };

const NOTHING: LiveState = {
  ...{ freshness: 'connecting', frames: [], lastAtMs: undefined },
  ...{ version: undefined, startedAtMs: undefined, connection: 0 },
  isCrowded: false,
};

export class LiveConnection {
  readonly state = new Cell<LiveState>(NOTHING);
  private readonly url: string;
  private readonly onLost: () => void;
  private socket: WebSocket | undefined;
  private timer: number | undefined;
  private watch: number | undefined;
  private failures = 0;
  /** By the clock of this browser: when the socket was opened, or last brought something. */
  private heardAtMs = 0;
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
    document.addEventListener('visibilitychange', this.onSeen);
    addEventListener('online', this.onSeen);
    this.open();
  }

  stop(): void {
    this.isWanted = false;
    clearInterval(this.watch);
    clearTimeout(this.timer);
    document.removeEventListener('visibilitychange', this.onSeen);
    removeEventListener('online', this.onSeen);
    this.drop();
    this.failures = 0;
    this.state.set(NOTHING);
  }

  /** The gateway's clock, as the last frame tells it; this browser's before the first. */
  nowMs(): number {
    return Date.now() + this.aheadMs;
  }

  /** Not after the pause but now, where nothing comes: also in the place of a silent socket. */
  retry(): void {
    if (!this.isWanted || this.state.value.freshness === 'fresh') return;
    clearTimeout(this.timer);
    this.drop();
    this.open();
  }

  /** A page that is looked at again, or a network that is back, does not wait out a pause. */
  private readonly onSeen = (): void => {
    if (document.visibilityState !== 'visible') return;
    this.judgeAge();
    if (this.state.value.freshness === 'silent') this.retry();
  };

  private open(): void {
    const socket = new WebSocket(this.url);
    this.socket = socket;
    this.heardAtMs = Date.now();
    socket.addEventListener('message', ({ data }) => {
      if (this.socket === socket) this.read(JSON.parse(String(data)) as Message);
    });
    socket.addEventListener('close', ({ code }) => {
      if (this.socket !== socket) return;
      const isCrowded = code === CLOSE_TRY_AGAIN_LATER;
      if (isCrowded !== this.state.value.isCrowded) {
        this.state.set({ ...this.state.value, isCrowded });
      }
      this.reopenLater();
    });
  }

  /** Nothing that it may still say is heard. */
  private drop(): void {
    const { socket } = this;
    this.socket = undefined;
    socket?.close();
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
    this.heardAtMs = Date.now();
    const newest = message.kind === 'frame' ? message : message.frames.at(-1);
    if (newest !== undefined) this.aheadMs = aheadMs(newest);
    const now = { freshness: 'fresh', lastAtMs: Date.now(), isCrowded: false } as const;
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
    if (this.socket !== undefined && Date.now() - this.heardAtMs > GIVEN_UP_AFTER_MS) {
      this.drop();
      this.reopenLater();
      return;
    }
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
