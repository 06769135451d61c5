/** Calls that fail at one target and are sent again, or are not. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CounterSet } from '../../../src/core/counters.ts';
import { PLAIN_RESILIENCE } from '../../../src/core/plain-terms.ts';
import type { RetryRecord, UpstreamResilience } from '../../../src/core/upstream-record.ts';
import { SendBudgets } from '../../../src/data-plane/upstream/send-budgets.ts';
import type { TargetClient } from '../../../src/data-plane/upstream/target-client.ts';
import { eventually } from '../../support/eventually.ts';
import { anUpstream } from '../../support/exchanges.ts';
import { type CallShape, type ForwardOutcome, ForwardWorld } from './forward-world.ts';
import { answerOf, RawUpstream } from './raw-upstream.ts';

const RETRY: RetryRecord = {
  attemptsMax: 2,
  on: ['unreachable', 'timeout', 'protocol', 'status-502-503-504'],
  budgetPercent: 100,
  budgetMinPerSecond: 10,
};

let bad: RawUpstream;
let good: RawUpstream;
let world: ForwardWorld;
let counters: CounterSet;

beforeEach(() => {
  world = new ForwardWorld();
  counters = world.counters;
  good = new RawUpstream(({ socket }) => socket.write(answerOf('good')));
  bad = new RawUpstream(({ socket }) => socket.destroy());
});
afterEach(async () => {
  await world.directory.destroy();
  await good.close();
  await bad.close();
});

interface CallOptions extends CallShape {
  readonly retry?: Partial<RetryRecord>;
  readonly targets?: 'bad-and-good' | 'bad-alone' | 'gone-and-good';
  readonly resilience?: Partial<UpstreamResilience>;
}

async function call(options: CallOptions = {}): Promise<ForwardOutcome> {
  const { retry = {}, targets = 'bad-and-good', resilience } = options;
  const upstream = await anUpstreamOf(targets, { ...RETRY, ...retry }, resilience);
  return world.call(upstream, options).ended;
}

async function anUpstreamOf(
  kind: NonNullable<CallOptions['targets']>,
  retry: RetryRecord,
  more: Partial<UpstreamResilience> = {},
) {
  const target = (port: number) => ({ host: '127.0.0.1', port, weight: 1 });
  const badPort = kind === 'gone-and-good' ? await closedPort() : await bad.listen();
  const targets = [target(badPort)];
  if (kind !== 'bad-alone') targets.push(target(await good.listen()));
  const resilience = { ...PLAIN_RESILIENCE, balancing: 'weighted' as const, retry, ...more };
  return anUpstream({ targets, resilience, responseTimeoutMs: 100 });
}

async function closedPort(): Promise<number> {
  const server = new RawUpstream(() => undefined);
  const port = await server.listen();
  await server.close();
  return port;
}

const BUSY = answerOf('busy').replace('200 OK', '503 Busy');
const SENT_AGAIN = 'upstream_calls_sent_again';

describe('a safe call that fails at one target', () => {
  it.each([
    ['breaks the connection', () => undefined],
    ['answers nonsense', ({ socket }) => socket.write('what?\r\n\r\n')],
    ['answers 503', ({ socket }) => socket.write(BUSY)],
    ['answers nothing', () => undefined],
  ] as [string, RawUpstream['answer']][])(
    'that %s is answered by another',
    async (what, answer) => {
      bad.answer = request => {
        answer(request);
        if (what === 'breaks the connection') request.socket.destroy();
      };
      const outcome = await call();
      expect(outcome).toMatchObject({
        status: 200,
        text: 'good',
        refusal: undefined,
        attempts: 2,
      });
      expect(outcome.host).toBe(`127.0.0.1:${good.port}`);
      expect([bad.requests.length, good.requests.length]).toEqual([1, 1]);
      expect(counters.get(SENT_AGAIN)).toBe(1);
    },
  );

  it('is not sent again after what is not listed', async () => {
    const outcome = await call({ retry: { on: ['unreachable'] } });
    expect(outcome.refusal?.name).toBe('upstream-protocol');
    expect(good.requests).toEqual([]);
  });

  it('has the first failure where there is nobody else, as often as it may be tried', async () => {
    const outcome = await call({ targets: 'bad-alone', retry: { attemptsMax: 3 } });
    expect(outcome.refusal?.name).toBe('upstream-protocol');
    expect([bad.requests.length, counters.get(SENT_AGAIN)]).toEqual([3, 2]);
  });

  it('has the answer that there was where the budget is spent', async () => {
    bad.answer = ({ socket }) => socket.write(BUSY);
    const outcome = await call({ retry: { budgetPercent: 0, budgetMinPerSecond: 0 } });
    expect(outcome).toMatchObject({ status: 503, text: 'busy', attempts: 1 });
    expect(counters.get('upstream_retries_over_budget')).toBe(1);
  });

  it('does not wait for the rest of a long answer that nobody wants', async () => {
    bad.answer = ({ socket }) =>
      socket.write('HTTP/1.1 503 Busy\r\ncontent-length: 1000000\r\n\r\nand so on');
    expect(await call()).toMatchObject({ status: 200, text: 'good' });
  });

  it('has the place of its own that it had, where there are no more', async () => {
    const record = await anUpstreamOf('bad-and-good', RETRY, { requestsMax: 1 });
    expect(await world.call(record).ended).toMatchObject({ text: 'good', attempts: 2 });
    bad.answer = ({ socket }) => socket.write(BUSY);
    // In turns: one of two goes to the bad one first.
    expect(await world.call(record).ended).toMatchObject({ text: 'good' });
    expect(await world.call(record).ended).toMatchObject({ text: 'good' });
    expect(counters.get(SENT_AGAIN)).toBe(2);
    expect(counters.get('upstream_requests_refused')).toBe(0);
  });

  it('costs no budget where the circuit that it tries lets nothing more through', async () => {
    const breaker = { requestsMin: 1, failuresMaxPercent: 1, windowMs: 10_000, openMs: 40 };
    const resilience = { breaker: { ...breaker, trialsMax: 1 } };
    const record = await anUpstreamOf('bad-alone', RETRY, resilience);
    const opening = world.directory.choose(record) as TargetClient;
    world.directory.settle(record, opening, 'protocol');
    await new Promise(resolve => setTimeout(resolve, 60));
    const { refusal } = await world.call(record).ended;
    expect(refusal?.name).toBe('upstream-protocol');
    expect([bad.requests.length, counters.get(SENT_AGAIN)]).toEqual([1, 0]);
  });

  it('is not sent again once its answer has begun', async () => {
    bad.answer = ({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf');
      setTimeout(() => socket.destroy(), 20);
    };
    expect(await call()).toMatchObject({ status: 200, text: 'half' });
    expect(good.requests).toEqual([]);
  });
});

describe('a call that is not safe', () => {
  const post = { method: 'POST', body: '{"amount":1}' };

  it('is sent again where nobody was reached', async () => {
    expect(await call({ ...post, targets: 'gone-and-good' })).toMatchObject({ text: 'good' });
    expect(good.requests).toMatchObject([{ body: post.body }]);
  });

  it.each([
    ['breaks the connection', ({ socket }) => socket.destroy()],
    ['resets it', ({ socket }) => socket.resetAndDestroy()],
    ['closes its side', ({ socket }) => socket.end()],
    ['answers 503', ({ socket }) => socket.write(BUSY)],
    ['says nothing', () => undefined],
    ['goes on with 100 and no more', ({ socket }) => socket.write('HTTP/1.1 100 Continue\r\n\r\n')],
  ] as [string, RawUpstream['answer']][])(
    'goes to one target that %s, and nowhere else',
    async (_, answer) => {
      bad.answer = answer;
      await call(post);
      expect([bad.requests.length, good.requests.length]).toEqual([1, 0]);
    },
  );
});

describe('whoever leaves', () => {
  it('while the call waits to be sent again leaves nothing behind', async () => {
    const record = await anUpstreamOf('bad-alone', { ...RETRY, attemptsMax: 10 });
    const { exchange, ended } = world.call(record);
    await eventually(() => bad.requests.length).toBeGreaterThan(0);
    exchange.aborted = true;
    exchange.source?.cancel();
    await ended;
    const asked = bad.requests.length;
    await new Promise(resolve => setTimeout(resolve, 60));
    expect(bad.requests.length).toBe(asked);
  });
});

describe('the budget', () => {
  it('is a share of the calls and a few a second, and no more is saved than for a while', () => {
    let nowMs = 0;
    const budgets = new SendBudgets({ wallMs: () => 0, monotonicMs: () => nowMs });
    const terms = { budgetPercent: 10, budgetMinPerSecond: 2 };
    const load = { callsInFlight: 0 };
    const spend = () => {
      const isAllowed = budgets.allows(load, terms);
      if (isAllowed) budgets.spend(load, terms);
      return isAllowed;
    };
    expect([spend(), spend(), spend()]).toEqual([true, true, false]);
    for (let call = 0; call < 10; call++) budgets.earn(load, terms);
    expect([spend(), spend()]).toEqual([true, false]);
    nowMs += 500;
    expect([spend(), spend()]).toEqual([true, false]);
    nowMs += 3_600_000;
    let saved = 0;
    while (spend()) saved++;
    expect(saved).toBe(30);
  });
});
