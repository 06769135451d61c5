/**
 * Whatever happens in whatever order: every call has one outcome, one that may not be repeated is
 * carried out once at most, and events of a topic come in order, each once, none missing.
 */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Session, SessionError, type Subscription } from '../../../src/client/index.ts';
import {
  FakeNetwork,
  type FakeSocket,
  outcomeOf,
  type SentMessage,
  settled,
} from './fake-network.ts';

const RUNS = 300;
const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const TOPIC = 't';

type Step =
  | { readonly kind: 'call'; readonly method: 'GET' | 'POST'; readonly isSigned: boolean }
  | { readonly kind: 'cancel' | 'publish' | 'read' | 'serve'; readonly count: number }
  | { readonly kind: 'lose'; readonly code: number; readonly overlap: number }
  | { readonly kind: 'goaway' | 'refuse' }
  | { readonly kind: 'wait'; readonly ms: number };

const count = fc.integer({ min: 1, max: 6 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('call' as const),
    method: fc.constantFrom('GET' as const, 'POST' as const),
    isSigned: fc.boolean(),
  }),
  fc.record({
    kind: fc.constantFrom('cancel', 'publish', 'publish', 'read', 'serve', 'serve'),
    count,
  }),
  fc.record({
    kind: fc.constant('lose' as const),
    code: fc.constantFrom(1001, 1006, 1009, 1011, 1013),
    overlap: fc.integer({ min: 0, max: 3 }),
  }),
  fc.record({ kind: fc.constantFrom('goaway' as const, 'refuse' as const) }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 2_000 }) }),
);

/** A gateway with a journal: answers when it is told to, and sends nothing to who reads nothing. */
class Model {
  readonly network = new FakeNetwork();
  readonly received: string[] = [];
  /** So many events behind a cursor come once more. */
  overlap = 0;
  private journal = 0;
  private readonly lines = new Map<FakeSocket, { served: number; cursor: number | undefined }>();
  private readonly ended = new Set<FakeSocket>();

  /** Looks at so many messages of each connection, in their order. */
  serve(messages: number): void {
    for (const socket of this.open()) {
      const line = this.line(socket);
      for (let n = 0; n < messages; n++) {
        const message = socket.sent[line.served];
        if (message === undefined || socket.isPaused) break;
        line.served++;
        this.take(socket, message);
      }
      this.deliver(socket, messages * 4);
    }
  }

  publish(events: number): void {
    this.journal += events;
  }

  end(code: number, overlap: number): void {
    this.overlap = overlap;
    for (const socket of this.open().slice(-1)) {
      this.ended.add(socket);
      socket.end(code);
    }
  }

  /** Everything that there is to say, until there is nothing more. */
  async serveAll(): Promise<void> {
    for (let n = 0; n < 50; n++) {
      this.serve(100);
      await settled();
    }
  }

  get head(): number {
    return this.journal;
  }

  private open(): FakeSocket[] {
    return this.network.sockets.filter(
      socket => socket.isOpen && !socket.isClosing && !this.ended.has(socket),
    );
  }

  private line(socket: FakeSocket) {
    let line = this.lines.get(socket);
    if (line === undefined) {
      line = { served: 0, cursor: undefined };
      this.lines.set(socket, line);
    }
    return line;
  }

  private take(socket: FakeSocket, { id, method, params }: SentMessage): void {
    const line = this.line(socket);
    if (method === 'subscribe') {
      const after = params.after as string;
      line.cursor = Math.max(0, Number(after.slice(2)) - this.overlap);
      socket.result(id!, { topic: TOPIC, cursor: `c.${line.cursor}` });
    } else if (method === 'unsubscribe') {
      line.cursor = undefined;
      socket.result(id!, {});
    } else if (method === 'call') {
      this.received.push(params.path!);
      socket.answer(id!, params.path);
    }
  }

  private deliver(socket: FakeSocket, events: number): void {
    const line = this.line(socket);
    for (let n = 0; n < events; n++) {
      if (line.cursor === undefined || line.cursor >= this.journal || socket.isPaused) return;
      line.cursor++;
      socket.event(TOPIC, line.cursor);
    }
  }
}

class Partner {
  readonly outcomes: Promise<{ path: string; value?: unknown; error?: unknown }>[] = [];
  readonly sequences: number[] = [];
  readonly unrepeatable: string[] = [];
  private readonly session: Session;
  private readonly subscription: Subscription<{ sequence: number }>;
  private readonly controllers: AbortController[] = [];
  private readonly reading: Promise<void>;
  private wanted = 0;
  private wake: (() => void) | undefined;

  constructor(session: Session) {
    this.session = session;
    this.subscription = session.subscribe(TOPIC, { after: 'c.0' });
    this.reading = this.read();
  }

  call(method: 'GET' | 'POST', sign: boolean): void {
    const path = `/${this.outcomes.length}`;
    if (method === 'POST') this.unrepeatable.push(path);
    const controller = new AbortController();
    this.controllers.push(controller);
    const { signal } = controller;
    const call = this.session.request(method, path, undefined, { sign, signal });
    this.outcomes.push(outcomeOf(call).then(outcome => ({ path, ...outcome })));
  }

  cancel(index: number): void {
    this.controllers.at(-index)?.abort(new Error('enough'));
  }

  want(events: number): void {
    this.wanted += events;
    this.wake?.();
  }

  finished(): Promise<void> {
    return this.reading;
  }

  private async read(): Promise<void> {
    for await (const { data } of this.subscription) {
      this.sequences.push(data.sequence);
      while (this.sequences.length >= this.wanted) {
        await new Promise<void>(resolve => {
          this.wake = resolve;
        });
      }
    }
  }
}

async function play(model: Model, partner: Partner, steps: readonly Step[]): Promise<void> {
  const { network } = model;
  for (const next of steps) {
    if (network.plan.length === 0) network.plan.push('open');
    if (next.kind === 'call') partner.call(next.method, next.isSigned);
    else if (next.kind === 'cancel') partner.cancel(next.count);
    else if (next.kind === 'publish') model.publish(next.count * 4);
    else if (next.kind === 'read') partner.want(next.count * 2);
    else if (next.kind === 'lose') model.end(next.code, next.overlap);
    else if (next.kind === 'goaway') network.socket.notify('goaway', { deadlineMs: 1_000 });
    else if (next.kind === 'refuse') network.plan.unshift(new SessionError('connect-failed', 'x'));
    else if (next.kind === 'wait') await vi.advanceTimersByTimeAsync(next.ms);
    else if (next.kind === 'serve') model.serve(next.count);
    await settled();
  }
}

async function property(steps: readonly Step[], isBrowser: boolean): Promise<void> {
  const model = new Model();
  model.network.isBrowser = isBrowser;
  const session = await model.network.session({
    limits: { callsInFlightMax: 3, eventsWaitingMax: 8, eventIdsMax: 16, pauseMaxMs: 500 },
    reconnect: { backoffMs: 10, backoffMaxMs: 100, stableMs: 1 },
  });
  const partner = new Partner(session);
  await play(model, partner, steps);
  model.network.plan.length = 0;
  model.network.plan.push(...Array.from({ length: 20 }, () => 'open' as const));
  partner.want(Number.POSITIVE_INFINITY);
  for (let n = 0; n < 5; n++) {
    await model.serveAll();
    await vi.advanceTimersByTimeAsync(1_000);
  }
  await model.serveAll();
  expect(partner.sequences).toEqual(Array.from({ length: model.head }, (_, n) => n + 1));
  for (const { path, value, error } of await Promise.all(partner.outcomes)) {
    if (value !== undefined) expect(value).toMatchObject({ status: 200, body: path });
    else if (error instanceof SessionError) expect(error.code).toBe('session-lost');
    else expect(error).toMatchObject({ message: 'enough' });
  }
  for (const path of partner.unrepeatable) {
    expect(model.received.filter(received => received === path).length).toBeLessThanOrEqual(1);
  }
  await session.close();
  await partner.finished();
  expect(vi.getTimerCount()).toBe(0);
}

describe('a session', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it(`keeps its promises in any order of things (SEED=${SEED})`, async () => {
    const steps = fc.array(step, { minLength: 20, maxLength: 120, size: 'max' });
    const runs = { numRuns: RUNS, seed: SEED };
    await fc.assert(fc.asyncProperty(steps, fc.boolean(), property), runs);
  });
});
