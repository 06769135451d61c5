import { describe, expect, it } from 'vitest';
import { LiveFeed, type ViewerSocket } from '../../../src/control-plane/console/live-feed.ts';
import { FrameComposer } from '../../../src/telemetry/history/frame-composer.ts';
import { SomeTraffic } from '../../telemetry/history/some-traffic.ts';

class Viewer implements ViewerSocket {
  bufferedAmount = 0;
  readonly texts: string[] = [];
  ended: string | undefined;
  private readonly onClose: (() => void)[] = [];

  send(text: string): void {
    this.texts.push(text);
  }
  close(code: number): void {
    this.end(`closed ${code}`);
  }
  terminate(): void {
    this.end('terminated');
  }
  on(event: string, listener: () => void): void {
    if (event === 'close') this.onClose.push(listener);
  }
  end(how: string): void {
    this.ended = how;
    for (const listener of this.onClose) listener();
  }
  get kinds(): string[] {
    return this.texts.map(text => JSON.parse(text).kind);
  }
}

const always = () => true;

function aFeed() {
  const traffic = new SomeTraffic();
  const composer = new FrameComposer({
    ...{ reader: traffic.reader, pools: new Map() },
    restarts: () => [0],
  });
  const feed = new LiveFeed({ version: '1.2.3', startedAtMs: 7 });
  let nowMs = 0;
  const tick = (frames = 1) => {
    for (let i = 0; i < frames; i += 1) {
      traffic.record([1]);
      nowMs += 1_000;
      feed.push(composer.compose(traffic.sampler.sample(nowMs)));
    }
  };
  return { feed, tick };
}

describe('a viewer', () => {
  it('has the last minute first, and then each second', () => {
    const { feed, tick } = aFeed();
    tick(70);
    const viewer = new Viewer();
    feed.join(viewer, always);
    tick(2);
    expect(viewer.kinds).toEqual(['hello', 'frame', 'frame']);
    const hello = JSON.parse(viewer.texts[0]!);
    expect(hello).toMatchObject({ version: '1.2.3', startedAtMs: 7 });
    expect(hello.frames).toHaveLength(60);
    expect(hello.frames.at(-1).traffic).toMatchObject({ toMs: 70_000, exchanges: 1 });
  });

  it('who reads slowly misses frames, and is cut in the end; others are not', () => {
    const { feed, tick } = aFeed();
    const [slow, quick] = [new Viewer(), new Viewer()];
    feed.join(slow, always);
    feed.join(quick, always);
    slow.bufferedAmount = 1_000_000;
    tick(10);
    expect([slow.texts.length, quick.texts.length]).toEqual([1, 11]);
    slow.bufferedAmount = 0;
    tick();
    expect(slow.texts).toHaveLength(2);
    slow.bufferedAmount = 1_000_000;
    tick(31);
    expect([slow.ended, quick.ended]).toEqual(['terminated', undefined]);
    expect(feed.viewerCount).toBe(1);
  });

  it('who may not watch any more is sent away', () => {
    const { feed, tick } = aFeed();
    const viewer = new Viewer();
    let mayWatch = true;
    feed.join(viewer, () => mayWatch);
    tick(30);
    expect(viewer.ended).toBeUndefined();
    mayWatch = false;
    tick(30);
    expect(viewer.ended).toBe('closed 1008');
    expect(feed.viewerCount).toBe(0);
  });

  it('is one of 32 at most, and gone when it has closed', () => {
    const { feed, tick } = aFeed();
    const viewers = Array.from({ length: 33 }, () => new Viewer());
    for (const viewer of viewers) feed.join(viewer, always);
    expect(viewers.filter(({ ended }) => ended !== undefined)).toEqual([viewers[32]]);
    expect(viewers[32]!.ended).toBe('closed 1013');
    viewers[0]!.end('left');
    tick();
    expect(viewers[0]!.texts).toHaveLength(1);
    feed.close();
    expect(viewers[1]!.ended).toBe('closed 1001');
    expect(feed.viewerCount).toBe(0);
  });
});
