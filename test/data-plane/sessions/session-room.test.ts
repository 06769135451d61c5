import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type FakeSocket, NOTICES, type RoomOptions, SessionRoom } from './session-room.ts';

const SLOW_MS = 5_000;

let room: SessionRoom;
const start = (options?: RoomOptions) => {
  room = new SessionRoom(options);
  return room;
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
});
afterEach(() => {
  room.close();
  expect(room.bugs).toEqual([]);
  expect(
    [
      'websocket_sessions_open',
      'websocket_send_buffered_bytes',
      'exchanges_in_flight',
      'body_bytes_buffered',
    ].map(name => room.gauge(name as Parameters<SessionRoom['gauge']>[0])),
  ).toEqual([0, 0, 0, 0]);
  expect(room.figures.sessions).toBe(0);
  vi.useRealTimers();
});

const subscribe = (socket: FakeSocket, more: object = {}) =>
  socket.receive({
    jsonrpc: '2.0',
    id: 's',
    method: 'subscribe',
    params: { topic: NOTICES.id, ...more },
  });

const eventIds = (socket: FakeSocket) =>
  socket.read.filter(({ method }) => method === 'event').map(({ params }) => params.id);

describe('a peer that does not read', () => {
  it('gets no event and no new call, until it reads again', () => {
    start();
    const socket = room.open();
    subscribe(socket);
    room.publish();
    socket.isReading = false;
    for (let i = 0; i < 6; i++) {
      room.call(socket, i);
      room.answer(1_000);
    }
    room.publish();
    room.call(socket, 'more');
    expect(room.upstream).toEqual([]);
    socket.drain();
    expect(socket.read.find(({ id }) => id === 'more').error.data.code).toBe('too-many-in-flight');
    expect(eventIds(socket)).toEqual(['n-1']);
    expect(room.figures).toMatchObject({ events_sent: 1, events_deferred: 1 });
    // It reads its journal from where it stands.
    expect(room.asked).toMatchObject([{ request: { topic: NOTICES.id, after: 1 } }]);
  });

  it('is cut where answers fill more than its buffer and four of them', () => {
    start({ config: { messagesInFlightMax: 64 } });
    const socket = room.open();
    socket.isReading = false;
    for (let i = 0; i < 20; i++) room.call(socket, i);
    while (room.answer(1_000) && socket.ended === undefined);
    expect(socket.ended).toBe('cut');
    expect(room.gauge('websocket_slow_consumers_closed')).toBe(1);
  });

  it('is cut when it has read nothing for its time, and not before', async () => {
    start();
    const [silent, slow] = [room.open(), room.open()];
    for (const socket of [silent, slow]) {
      socket.isReading = false;
      room.call(socket, 1);
      room.answer(100);
    }
    await vi.advanceTimersByTimeAsync(SLOW_MS - 1_000);
    slow.drain();
    slow.isReading = false;
    room.call(slow, 2);
    room.answer(100);
    expect(silent.ended).toBeUndefined();
    await vi.advanceTimersByTimeAsync(2_000);
    expect([silent.ended, slow.ended]).toEqual(['cut', undefined]);
  });

  it('holds no more memory together with others than there is for all', () => {
    const [allMaxBytes, ownShareBytes] = [131_072, 16_384];
    start({
      config: {
        sendBuffersMaxBytes: allMaxBytes,
        sendBufferMaxBytes: 65_536,
        answerMaxBytes: 16_384,
      },
    });
    const sockets = Array.from({ length: 12 }, () => room.open());
    for (const socket of sockets) {
      socket.isReading = false;
      for (let i = 0; i < 4; i++) {
        room.call(socket, i);
        room.answer(15_000);
      }
      // Each has its own share beside what all have together.
      const boundBytes = allMaxBytes + sockets.length * ownShareBytes;
      expect(room.gauge('websocket_send_buffered_bytes')).toBeLessThan(boundBytes);
    }
    expect(sockets.filter(({ ended }) => ended === 'cut').length).toBeGreaterThan(0);
    const last = room.open();
    last.isReading = false;
    room.call(last, 1);
    room.answer(15_000);
    expect(last.ended).toBeUndefined();
  });
});

describe('a batch', () => {
  it('whose answers are too large together has a problem in place of the rest', () => {
    start();
    const socket = room.open();
    const ids = Array.from({ length: 8 }, (_, id) => id);
    socket.receive(ids.map(id => ({ jsonrpc: '2.0', id, method: 'a.b' })));
    while (room.answer(1_024));
    const [answers] = socket.read;
    const codes = answers.map(
      (one: { error?: { data: { code: string } } }) => one.error?.data.code,
    );
    expect(codes).toEqual([...Array(7).fill(undefined), 'answer-too-large']);
    expect(room.gauge('websocket_send_buffered_bytes')).toBe(0);
  });
});

describe('a peer that leaves', () => {
  it('has its calls finished for nobody, and what they hold is given back', () => {
    start();
    const socket = room.open();
    room.call(socket, 1, { params: { body: 'text' } });
    expect(room.gauge('body_bytes_buffered')).toBe(6);
    socket.leave();
    expect([room.gauge('exchanges_in_flight'), room.recorded.length]).toEqual([1, 0]);
    room.answer();
    expect(room.recorded).toMatchObject([{ aborted: true }]);
    expect(socket.read).toEqual([]);
  });

  it('while a subscription is answered for has none afterwards', () => {
    // One answer fills it, and what is to be said then has no room.
    start({ config: { sendBufferMaxBytes: 16, answerMaxBytes: 16 } });
    const socket = room.open();
    room.publish();
    subscribe(socket, { after: '0123abcd.0' });
    room.call(socket, 1);
    socket.isReading = false;
    room.answer();
    socket.receive({ jsonrpc: '2.0', id: 't', method: 'subscribe', params: { topic: NOTICES.id } });
    expect(socket.ended).toBe('cut');
    room.publish();
    expect(room.figures.events_deferred).toBeUndefined();
  });
});

describe('a message', () => {
  it('that is not the kind of its session ends it', () => {
    start();
    const socket = room.open();
    const { listener } = socket as unknown as {
      listener: { onMessage(bytes: ArrayBuffer, isBinary: boolean): void };
    };
    listener.onMessage(new ArrayBuffer(1), true);
    expect(socket.ended).toBe('1003 frame-type');
  });

  it('may be larger than a whole burst of small ones, and others wait for its size', () => {
    start({ config: { messagesPerSecondMax: 10, messagesBurstMax: 4 } });
    const socket = room.open();
    room.call(socket, 1, { params: { body: 'x'.repeat(8_000) } });
    room.answer();
    expect(socket.read).toMatchObject([{ id: 1, result: { status: 200 } }]);
    vi.advanceTimersByTime(300);
    room.call(socket, 2);
    vi.advanceTimersByTime(500);
    room.call(socket, 3);
    room.answer();
    expect(socket.read.slice(1)).toMatchObject([
      { id: 2, error: { data: { code: 'rate-limited' } } },
      { id: 3, result: { status: 200 } },
    ]);
  });

  it('with an id that is awaited is refused, whatever it asks for', () => {
    start();
    const socket = room.open();
    room.call(socket, 'x');
    for (const method of ['a.b', 'cancel', 'subscribe', 'unsubscribe', 'none']) {
      socket.receive({ jsonrpc: '2.0', id: 'x', method });
    }
    expect(socket.read.map(({ error }) => error.code)).toEqual(Array(5).fill(-32_600));
    room.answer();
    expect(socket.read.at(-1)).toMatchObject({ id: 'x', result: { status: 200 } });
  });
});

describe('a subscription', () => {
  const code = ({ error }: { error?: { data: { code: string } } }) => error?.data.code;
  const cursor = (sequence: number, journal = '0123abcd') => `${journal}.${sequence}`;

  it('is answered with a cursor before its first event', () => {
    start();
    const socket = room.open();
    room.publish();
    subscribe(socket);
    room.publish('x');
    expect(socket.read).toMatchObject([
      { id: 's', result: { topic: NOTICES.id, cursor: cursor(1) } },
      { method: 'event', params: { id: 'n-2', cursor: cursor(2), data: 'x' } },
    ]);
  });

  it('with a cursor is answered when the journal has it, and refused when it has not', () => {
    start();
    const [resumed, expired] = [room.open(), room.open()];
    room.publish();
    subscribe(resumed, { after: cursor(0) });
    subscribe(expired, { after: cursor(0) });
    expect([resumed.read, expired.read]).toEqual([[], []]);
    room.sessions.takeReplay(room.asked[0]!.ask, {
      kind: 'events',
      events: [],
      upTo: 1,
      isComplete: true,
    });
    room.sessions.takeReplay(room.asked[1]!.ask, { kind: 'expired' });
    expect(resumed.read).toMatchObject([{ id: 's', result: { cursor: cursor(0) } }]);
    expect(expired.read.map(code)).toEqual(['cursor-expired']);
    expect(expired.ended).toBeUndefined();
  });

  it.each([
    [{ topic: 'nothing' }, 'not-found'],
    [{ topic: 7 }, 'malformed-request'],
    [{ topic: NOTICES.id, after: 'x' }, 'malformed-request'],
    [{ topic: NOTICES.id, after: 1 }, 'malformed-request'],
    [{ topic: NOTICES.id, after: cursor(0, 'ffffffff') }, 'cursor-expired'],
  ])('to %j is refused with %s', (params, expected) => {
    start();
    const socket = room.open();
    subscribe(socket, params);
    expect(socket.read.map(code)).toEqual([expected]);
  });

  it('to the same topic again takes the place of the one before', () => {
    start();
    const socket = room.open();
    room.publish();
    subscribe(socket, { after: cursor(0) });
    socket.receive({ jsonrpc: '2.0', id: 't', method: 'subscribe', params: { topic: NOTICES.id } });
    expect(socket.read.map(({ id }) => id)).toEqual(['s', 't']);
    expect(code(socket.read[0])).toBe('call-cancelled');
    room.publish();
    expect(eventIds(socket)).toEqual(['n-2']);
  });

  it('whose cursor has expired while its peer did not read ends the session', () => {
    start();
    const socket = room.open();
    subscribe(socket);
    socket.isReading = false;
    for (let i = 0; i < 5; i++) {
      room.call(socket, i);
      room.answer(1_000);
    }
    room.publish();
    socket.drain();
    room.sessions.takeReplay(room.asked[0]!.ask, { kind: 'expired' });
    expect(socket.ended).toBe('1013 slow-consumer');
  });
});

describe('whatever peers, upstreams and publishers do', () => {
  const who = fc.nat({ max: 3 });
  const step = fc.oneof(
    fc.record({
      does: fc.constantFrom('call', 'batch', 'notify', 'cancel'),
      who,
      n: fc.nat({ max: 5 }),
    }),
    fc.record({
      does: fc.constantFrom('subscribe', 'resume', 'unsubscribe'),
      who,
      n: fc.constant(0),
    }),
    fc.record({ does: fc.constantFrom('stop', 'drain', 'leave'), who, n: fc.constant(0) }),
    fc.record({
      does: fc.constantFrom('answer', 'publish', 'replay', 'expire'),
      who,
      n: fc.nat({ max: 1_100 }),
    }),
    fc.record({ does: fc.constant('wait'), who, n: fc.nat({ max: 2_000 }) }),
  );

  const sendTo: Record<string, (socket: FakeSocket, n: number) => void> = {
    call: (socket, n) => room.call(socket, n, { params: { body: 'x'.repeat(n) } }),
    notify: socket => room.call(socket, undefined),
    batch: (socket, n) => {
      const one = (id: string) => ({ jsonrpc: '2.0', id, method: 'a.b' });
      socket.receive([one(`b${n}`), one(`c${n}`), { jsonrpc: '2.0', method: 'a.b' }]);
    },
    cancel: (socket, n) => {
      socket.receive({ jsonrpc: '2.0', method: 'cancel', params: { id: n } });
    },
    subscribe: socket => subscribe(socket),
    resume: socket => subscribe(socket, { after: `0123abcd.0` }),
    unsubscribe: socket => {
      socket.receive({ jsonrpc: '2.0', method: 'unsubscribe', params: { topic: NOTICES.id } });
    },
    stop: socket => {
      socket.isReading = false;
    },
    drain: socket => socket.drain(),
    leave: socket => socket.leave(),
  };

  const others: Record<string, (n: number) => unknown> = {
    answer: n => room.answer(n + 2),
    publish: n => room.publish('x'.repeat(n)),
    replay: () => {
      const asked = room.asked.shift();
      const upTo = asked?.request.after ?? 0;
      if (asked === undefined) return;
      room.sessions.takeReplay(asked.ask, { kind: 'events', events: [], upTo, isComplete: true });
    },
    expire: () => {
      const asked = room.asked.shift();
      if (asked !== undefined) room.sessions.takeReplay(asked.ask, { kind: 'expired' });
    },
    wait: n => vi.advanceTimersByTimeAsync(n),
  };

  it('nobody who left is spoken to, nothing recorded twice, nothing held in the end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80, size: 'max' }), async steps => {
        start({ config: { sendBuffersMaxBytes: 20_000 } });
        const sockets = Array.from({ length: 4 }, () => room.open());
        for (const { does, who, n } of steps) {
          const socket = sockets[who]!;
          if (does in others) await others[does]!(n);
          else if (socket.ended === undefined) sendTo[does]!(socket, n);
          expect(room.gauge('websocket_send_buffered_bytes')).toBeLessThan(20_000 + 2_048);
        }
        while (room.answer());
        for (const socket of sockets) socket.drain();
        expect(room.gauge('websocket_send_buffered_bytes')).toBe(0);
        room.close();
        expect(room.gauge('websocket_sessions_open')).toBe(0);
        expect(room.gauge('websocket_send_buffered_bytes')).toBe(0);
        expect(room.gauge('exchanges_in_flight')).toBe(0);
        expect(room.gauge('body_bytes_buffered')).toBe(0);
        expect(new Set(room.recorded).size).toBe(room.recorded.length);
      }),
      { numRuns: 150 },
    );
  });
});
