import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { LiveConnection } from '../../../../src/control-plane/console/page/live/live-connection.ts';
import { frameAt } from '../../../support/console/frames.ts';

class FakeSocket extends EventTarget {
  static opened: FakeSocket[] = [];
  isClosed = false;

  constructor() {
    super();
    FakeSocket.opened.push(this);
  }

  close(): void {
    this.isClosed = true;
  }

  bring(message: object): void {
    this.dispatchEvent(Object.assign(new Event('message'), { data: JSON.stringify(message) }));
  }

  end(code: number): void {
    this.dispatchEvent(Object.assign(new Event('close'), { code }));
  }
}

const START_MS = 1_795_000_000_000;
let page: EventTarget & { visibilityState: string };
let connection: LiveConnection;
let lost: number;

const last = () => FakeSocket.opened.at(-1)!;
const freshness = () => connection.state.value.freshness;
const hello = () => ({
  ...{ kind: 'hello', version: '1', startedAtMs: 1 },
  frames: [frameAt(Date.now(), 1)],
});

beforeEach(() => {
  vi.useFakeTimers({ now: START_MS });
  FakeSocket.opened = [];
  page = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  const window = new EventTarget();
  vi.stubGlobal('WebSocket', FakeSocket);
  vi.stubGlobal('document', page);
  vi.stubGlobal('window', globalThis);
  vi.stubGlobal('addEventListener', window.addEventListener.bind(window));
  vi.stubGlobal('removeEventListener', window.removeEventListener.bind(window));
  lost = 0;
  connection = new LiveConnection('ws://gateway/v1/live', () => lost++);
  connection.start();
});

afterEach(() => {
  connection.stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it('gives up a connection that is open and brings nothing, and opens another', () => {
  last().bring(hello());
  expect(freshness()).toBe('fresh');
  vi.advanceTimersByTime(3_000);
  expect(freshness()).toBe('silent');
  expect(FakeSocket.opened).toHaveLength(1);
  vi.advanceTimersByTime(8_500);
  expect(FakeSocket.opened[0]!.isClosed).toBe(true);
  expect(FakeSocket.opened).toHaveLength(2);
  expect(lost).toBe(1);
  FakeSocket.opened[0]!.bring(hello());
  expect(freshness()).toBe('silent');
  last().bring(hello());
  expect(freshness()).toBe('fresh');
});

it('opens another in the place of a silent one as soon as somebody asks for it', () => {
  last().bring(hello());
  connection.retry();
  expect(FakeSocket.opened).toHaveLength(1);
  vi.advanceTimersByTime(3_000);
  connection.retry();
  expect(FakeSocket.opened).toHaveLength(2);
  expect(FakeSocket.opened[0]!.isClosed).toBe(true);
});

it('does not wait out a pause when the page is looked at again', () => {
  last().bring(hello());
  page.visibilityState = 'hidden';
  for (let attempt = 0; attempt < 8; attempt++) {
    last().end(1_006);
    vi.advanceTimersByTime(10_000);
  }
  last().end(1_006);
  const before = FakeSocket.opened.length;
  page.dispatchEvent(new Event('visibilitychange'));
  expect(FakeSocket.opened).toHaveLength(before);
  page.visibilityState = 'visible';
  page.dispatchEvent(new Event('visibilitychange'));
  expect(FakeSocket.opened).toHaveLength(before + 1);
});

it('says that so many watch already until it is let in', () => {
  last().end(1_013);
  expect(connection.state.value.isCrowded).toBe(true);
  vi.advanceTimersByTime(1_000);
  last().bring(hello());
  expect(connection.state.value.isCrowded).toBe(false);
});
