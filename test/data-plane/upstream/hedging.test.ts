/** Safe calls that a slow target keeps waiting, and go to a second one as well. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PLAIN_RESILIENCE } from '../../../src/core/plain-terms.ts';
import type { HedgingRecord, UpstreamResilience } from '../../../src/core/upstream-record.ts';
import type { TargetClient } from '../../../src/data-plane/upstream/target-client.ts';
import { eventually } from '../../support/eventually.ts';
import { anUpstream } from '../../support/exchanges.ts';
import { type CallShape, ForwardWorld } from './forward-world.ts';
import { answerOf, RawUpstream } from './raw-upstream.ts';
import { seeded } from './target-world.ts';

const HEDGING: HedgingRecord = { afterMs: 30, budgetPercent: 100, budgetMinPerSecond: 10 };
const BUSY = answerOf('busy').replace('200 OK', '503 Busy');

let world: ForwardWorld;
/** The first is asked first, and says nothing where a test does not say otherwise. */
let first: RawUpstream;
let second: RawUpstream;

beforeEach(() => {
  world = new ForwardWorld();
  first = new RawUpstream(() => undefined);
  second = new RawUpstream(({ socket }) => socket.write(answerOf('second')));
});
afterEach(async () => {
  await world.directory.destroy();
  await first.close();
  await second.close();
});

interface Terms {
  readonly hedging?: Partial<HedgingRecord>;
  readonly resilience?: Partial<UpstreamResilience>;
  readonly isAlone?: boolean;
}

async function anUpstreamWith({ hedging, resilience, isAlone = false }: Terms = {}) {
  const target = (port: number) => ({ host: '127.0.0.1', port, weight: 1 });
  const targets = [target(await first.listen())];
  if (!isAlone) targets.push(target(await second.listen()));
  return anUpstream({
    targets,
    resilience: {
      ...PLAIN_RESILIENCE,
      balancing: 'weighted',
      hedging: { ...HEDGING, ...hedging },
      ...resilience,
    },
    responseTimeoutMs: 400,
  });
}

async function call(terms: Terms = {}, shape: CallShape = {}) {
  return world.call(await anUpstreamWith(terms), shape).ended;
}

function answerAfter(ms: number, answer: string): RawUpstream['answer'] {
  return ({ socket }) => void setTimeout(() => socket.write(answer), ms);
}

const asked = () => [first.requests.length, second.requests.length];

function figures() {
  const { counters } = world;
  return {
    hedged: counters.get('upstream_calls_hedged'),
    won: counters.get('upstream_hedges_won'),
    overBudget: counters.get('upstream_hedges_over_budget'),
  };
}

describe('a safe call whose target is slow', () => {
  it('has the answer of a second target, and the first hears that nobody waits', async () => {
    const outcome = await call();
    expect(outcome).toMatchObject({ status: 200, text: 'second', attempts: 2 });
    expect(outcome.host).toBe(`127.0.0.1:${second.port}`);
    expect(outcome.refusal).toBeUndefined();
    expect(figures()).toEqual({ hedged: 1, won: 1, overBudget: 0 });
    await eventually(() => first.sockets.size).toBe(0);
  });

  it('has the answer of the first where that comes sooner all the same', async () => {
    first.answer = answerAfter(60, answerOf('first'));
    second.answer = () => undefined;
    expect(await call()).toMatchObject({ status: 200, text: 'first', attempts: 2 });
    expect(figures()).toEqual({ hedged: 1, won: 0, overBudget: 0 });
    await eventually(() => second.sockets.size).toBe(0);
  });

  it.each([
    ['breaks the connection', ({ socket }) => socket.destroy()],
    ['answers 503', ({ socket }) => socket.write(BUSY)],
  ] as [string, RawUpstream['answer']][])('waits for it where the second %s', async (_, answer) => {
    first.answer = answerAfter(120, answerOf('first'));
    second.answer = answer;
    expect(await call()).toMatchObject({ status: 200, text: 'first' });
  });

  it('has the answer of the second where the first fails meanwhile', async () => {
    first.answer = ({ socket }) => void setTimeout(() => socket.destroy(), 60);
    second.answer = answerAfter(100, answerOf('second'));
    expect(await call()).toMatchObject({ status: 200, text: 'second' });
  });

  it('fails as the last one does, where both do', async () => {
    second.answer = ({ socket }) => socket.destroy();
    const { refusal, attempts } = await call();
    expect([refusal?.name, attempts]).toEqual(['upstream-timeout', 2]);
  });

  it('goes on to a retry where both fail', async () => {
    first.answer = ({ socket, index, connection }) =>
      connection + index === 0 ? undefined : socket.write(answerOf('again'));
    second.answer = ({ socket }) => socket.write(BUSY);
    const retry = { attemptsMax: 2, on: ['timeout'] as const, budgetPercent: 100 };
    const resilience = { retry: { ...retry, budgetMinPerSecond: 10 } };
    const outcome = await call({ resilience }, { method: 'HEAD' });
    expect([outcome.refusal, outcome.attempts, asked()]).toEqual([undefined, 3, [1, 2]]);
  });

  it('leaves nothing in flight', async () => {
    const record = await anUpstreamWith({ resilience: { requestsMax: 2 } });
    for (let i = 0; i < 6; i++) {
      expect((await world.call(record).ended).text).toBe('second');
    }
    expect(world.counters.get('upstream_requests_refused')).toBe(0);
  });

  it('leaves nothing behind where its caller leaves', async () => {
    second.answer = () => undefined;
    const { exchange, ended } = world.call(await anUpstreamWith());
    await eventually(asked).toEqual([1, 1]);
    exchange.aborted = true;
    exchange.source!.cancel();
    await ended;
    expect(exchange.attempts).toBe(2);
    await eventually(() => first.sockets.size + second.sockets.size).toBe(0);
  });
});

describe('calls to targets that do anything', () => {
  const WAYS: readonly RawUpstream['answer'][] = [
    ({ socket }) => socket.write(answerOf('whole')),
    answerAfter(3, answerOf('whole')),
    answerAfter(12, answerOf('whole')),
    answerAfter(6, BUSY),
    ({ socket }) => socket.write(BUSY),
    ({ socket }) => socket.destroy(),
    ({ socket }) => void setTimeout(() => socket.destroy(), 7),
    ({ socket }) => socket.write('what?\r\n\r\n'),
    () => undefined,
  ];

  it.each([1, 2, 3])('end once, and give back what they hold (seed %i)', async seed => {
    const random = seeded(seed);
    const answer: RawUpstream['answer'] = request =>
      WAYS[Math.floor(random() * WAYS.length)]!(request);
    first.answer = answer;
    second.answer = answer;
    const on = ['unreachable', 'timeout', 'protocol', 'status-502-503-504'] as const;
    const retry = { attemptsMax: 3, on, budgetPercent: 100, budgetMinPerSecond: 1_000 };
    const hedging = { afterMs: 5, budgetMinPerSecond: 1_000 };
    const record = await anUpstreamWith({ hedging, resilience: { retry } });
    const calls = Array.from({ length: 100 }, () => world.call(record));
    for (const { ended } of calls) {
      const { refusal, text, status, attempts } = await ended;
      if (refusal === undefined) expect(['200 whole', '503 busy']).toContain(`${status} ${text}`);
      else expect(refusal.name).toMatch(/^upstream-(timeout|protocol|saturated)$/);
      // A kept connection that is lost has its request repeated once.
      expect(attempts).toBeLessThanOrEqual(8);
    }
    expect(figures().hedged).toBeGreaterThan(10);
    for (const _ of record.targets) {
      const target = world.directory.choose(record) as TargetClient;
      expect(target.callsInFlight).toBe(1);
      world.directory.settle(record, target, 'cancelled');
      expect(target.load.callsInFlight).toBe(0);
    }
  });
});

describe('one request is all that is sent of', () => {
  const once = async (terms?: Terms, shape?: CallShape) => {
    first.answer = answerAfter(80, answerOf('first'));
    expect(await call(terms, shape)).toMatchObject({ text: 'first', attempts: 1 });
    expect(asked()).toEqual([1, 0]);
    return figures();
  };

  it('a call that may have effects', async () => {
    expect(await once({}, { method: 'PUT', body: '{}' })).toMatchObject({ hedged: 0 });
  });

  it('a call that is answered in time', async () => {
    expect(await once({ hedging: { afterMs: 300 } })).toMatchObject({ hedged: 0 });
  });

  it('a call whose answer has begun', async () => {
    first.answer = ({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nfi');
      setTimeout(() => socket.write('rst'), 80);
    };
    expect(await call()).toMatchObject({ text: 'first', attempts: 1 });
    expect(asked()).toEqual([1, 0]);
  });

  it('a call beyond the budget', async () => {
    const hedging = { budgetPercent: 0, budgetMinPerSecond: 0 };
    expect(await once({ hedging })).toEqual({ hedged: 0, won: 0, overBudget: 1 });
  });

  it('a call to an upstream of one target', async () => {
    expect(await once({ isAlone: true })).toMatchObject({ hedged: 0 });
  });

  it('a call to an upstream that has as many as it may', async () => {
    expect(await once({ resilience: { requestsMax: 1 } })).toMatchObject({ hedged: 0 });
  });
});
