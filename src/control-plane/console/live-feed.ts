/** Brings each second's frame to everybody who watches; one who reads too slowly misses some. */
import type { LiveFrame } from '../../telemetry/live-frame.ts';

/** Those of the last minute, for whoever begins to watch. */
const FRAMES_KEPT = 60;
const VIEWERS_MAX = 32;
/** A frame has 5 to 20 KB: of a viewer who has so much before it, the next one is left out. */
const BUFFERED_MAX_BYTES = 262_144;
/** Frames left out in a row after which a viewer is taken for gone. */
const MISSED_MAX = 30;
/** Frames after which it is asked again whether a viewer may watch. */
const ASKED_AGAIN_AFTER = 30;
const CLOSE_TRY_AGAIN_LATER = 1_013;
const CLOSE_POLICY = 1_008;
const CLOSE_GOING_AWAY = 1_001;

/** As `ws` has it. */
export interface ViewerSocket {
  readonly bufferedAmount: number;
  send(text: string): void;
  close(code: number, reason: string): void;
  terminate(): void;
  on(event: 'close' | 'error', listener: () => void): unknown;
}

interface Viewer {
  readonly socket: ViewerSocket;
  readonly mayWatch: () => boolean;
  /** Frames since it began. */
  frames: number;
  /** Frames left out in a row. */
  missed: number;
}

export interface FeedFacts {
  readonly version: string;
  readonly startedAtMs: number;
}

export class LiveFeed {
  private readonly facts: FeedFacts;
  private readonly frames: LiveFrame[] = [];
  private readonly viewers = new Set<Viewer>();

  constructor(facts: FeedFacts) {
    this.facts = facts;
  }

  get viewerCount(): number {
    return this.viewers.size;
  }

  /** The last minute, the oldest first. */
  get recent(): readonly LiveFrame[] {
    return this.frames;
  }

  push(frame: LiveFrame): void {
    this.frames.push(frame);
    if (this.frames.length > FRAMES_KEPT) this.frames.shift();
    if (this.viewers.size === 0) return;
    const text = JSON.stringify(frame);
    for (const viewer of this.viewers) this.show(viewer, text);
  }

  /** @param mayWatch asked again and again: whoever may no more is sent away */
  join(socket: ViewerSocket, mayWatch: () => boolean): void {
    // It is closed next.
    socket.on('error', () => undefined);
    if (this.viewers.size >= VIEWERS_MAX) {
      return socket.close(CLOSE_TRY_AGAIN_LATER, `${VIEWERS_MAX} watch already`);
    }
    const viewer = { socket, mayWatch, frames: 0, missed: 0 };
    this.viewers.add(viewer);
    socket.on('close', () => this.viewers.delete(viewer));
    socket.send(JSON.stringify({ kind: 'hello', ...this.facts, frames: this.frames }));
  }

  close(): void {
    for (const { socket } of this.viewers) socket.close(CLOSE_GOING_AWAY, 'the gateway stops');
    this.viewers.clear();
  }

  private show(viewer: Viewer, text: string): void {
    const { socket, mayWatch } = viewer;
    viewer.frames += 1;
    if (viewer.frames % ASKED_AGAIN_AFTER === 0 && !mayWatch()) {
      this.viewers.delete(viewer);
      return socket.close(CLOSE_POLICY, 'the sign-in has ended');
    }
    if (socket.bufferedAmount <= BUFFERED_MAX_BYTES) {
      viewer.missed = 0;
      return socket.send(text);
    }
    viewer.missed += 1;
    if (viewer.missed <= MISSED_MAX) return;
    this.viewers.delete(viewer);
    socket.terminate();
  }
}
