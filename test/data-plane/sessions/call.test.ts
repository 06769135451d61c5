import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { problem } from '../../../src/core/problems.ts';
import type { Call } from '../../../src/data-plane/sessions/call.ts';
import { ANSWER_MAX_BYTES, CallWorld, cancelled, type FailureKind, PENDING } from './call-world.ts';

const DEADLINE_MS = 50;
const TOO_LARGE = 'x'.repeat(ANSWER_MAX_BYTES + 1);
const SAFE_AND_NOT = ['GET', 'POST'] as const;

let world: CallWorld;
const start = (options?: ConstructorParameters<typeof CallWorld>[0]) => {
  world = new CallWorld(options);
  return world;
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  expect(world.bugs).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
  expect([world.inFlight, world.releases]).toEqual([0, world.recorded.length]);
  vi.useRealTimers();
});

describe('a call that is answered', () => {
  it('says what the upstream sent whole, and is recorded', () => {
    start().start();
    world.head(201);
    world.end('{"a":1}');
    expect(world.said).toEqual([{ status: 201, body: '{"a":1}' }]);
    expect(world.record).toEqual({ status: 201, code: undefined, aborted: false });
  });

  it('says what the upstream sent in pieces', () => {
    start().start('POST', DEADLINE_MS);
    world.head();
    for (const piece of ['{"a"', ':', '1}']) world.body(piece);
    expect(world.said).toEqual([]);
    world.end();
    expect(world.said).toEqual([{ status: 200, body: '{"a":1}' }]);
  });

  it('may have no body', () => {
    start().start();
    world.head(204);
    world.end();
    expect(world.said).toEqual([{ status: 204, body: '' }]);
  });

  it('may be exactly as large as an answer may be', () => {
    const whole = 'x'.repeat(ANSWER_MAX_BYTES);
    start().start();
    world.head();
    world.body(whole.slice(1));
    world.end('x');
    expect(world.said).toEqual([{ status: 200, body: whole }]);
  });

  it('keeps no memory of the connection that it came on', () => {
    start().start();
    world.head();
    const shared = Buffer.from('first');
    world.asked!.handler.onBody(shared);
    shared.write('later');
    world.end();
    expect(world.said).toEqual([{ status: 200, body: 'first' }]);
  });

  it('has its times recorded', () => {
    start().start();
    world.head();
    world.end();
    const { stageMs, arrival } = world.recorded[0]!;
    const [respond, total] = stageMs.slice(-2) as unknown as [number, number];
    expect(respond).toBeGreaterThanOrEqual(0);
    expect(respond).toBeLessThan(1_000);
    expect(total).toBeGreaterThan(arrival.arrivedMs);
  });
});

describe('a call that is refused', () => {
  it('before the pipeline', () => {
    start().start('GET', DEADLINE_MS, problem('overloaded', 'No memory.'));
    expect(world.said).toEqual([{ code: 'overloaded' }]);
    expect(world.record).toEqual({ status: 503, code: 'overloaded', aborted: false });
  });

  it('by a step at once', () => {
    start({ route: problem('not-subscribed', 'No.') }).start('GET', DEADLINE_MS);
    expect(world.said).toEqual([{ code: 'not-subscribed' }]);
    expect(world.record).toEqual({ status: 403, code: 'not-subscribed', aborted: false });
  });

  it('by a step that waited', () => {
    const call = start({ verify: PENDING }).start('POST', DEADLINE_MS);
    world.verified(call, problem('signature-invalid', 'No.'));
    expect(world.said).toEqual([{ code: 'signature-invalid' }]);
    expect(world.record).toMatchObject({ status: 401, code: 'signature-invalid' });
  });

  it.each([
    ['unreachable', 502],
    ['timeout', 504],
    ['protocol', 502],
    ['saturated', 503],
  ] as const)('by an upstream that is %s, before and after the head', (kind, status) => {
    const code = `upstream-${kind}`;
    for (const hasBegun of [false, true]) {
      start().start('POST', DEADLINE_MS);
      if (hasBegun) {
        world.head();
        world.body('{"half":');
      }
      world.fail(kind);
      expect(world.said).toEqual([{ code }]);
      expect(world.record).toEqual({ status, code, aborted: false });
    }
  });
});

describe('a call that is given up', () => {
  it('while its signature is checked is over at once', () => {
    const call = start({ verify: PENDING }).start('POST', DEADLINE_MS);
    call.giveUp(cancelled());
    expect(world.said).toEqual([{ code: 'call-cancelled' }]);
    expect(world.record).toEqual({ status: 499, code: 'call-cancelled', aborted: true });
    world.verified(call);
    expect(world.asked).toBeUndefined();
    expect(world.said).toHaveLength(1);
  });

  it('and is safe stops its upstream, before and after the head', () => {
    for (const hasBegun of [false, true]) {
      const call = start().start();
      if (hasBegun) world.head();
      call.giveUp(cancelled());
      expect(world.asked!.cancelled).toBe(true);
      expect(world.said).toEqual([{ code: 'call-cancelled' }]);
      expect(world.record).toEqual({ status: 499, code: 'call-cancelled', aborted: true });
    }
  });

  it('and is not safe is never sent where it has not left yet', () => {
    const call = start({ attempts: 0 }).start('POST');
    call.giveUp(cancelled());
    expect(world.asked!.cancelled).toBe(true);
    expect(world.record).toEqual({ status: 499, code: 'call-cancelled', aborted: true });
  });

  it('after the head of an answer that has effects keeps the status of that', () => {
    const call = start().start('POST');
    world.head(201);
    call.giveUp(cancelled());
    world.end();
    expect(world.said).toEqual([{ code: 'call-cancelled' }]);
    expect(world.record).toEqual({ status: 201, code: 'call-cancelled', aborted: true });
  });

  it('and is not safe is finished with its upstream, whose outcome is recorded', () => {
    const call = start().start('POST');
    call.giveUp(cancelled());
    expect([world.asked!.cancelled, world.record]).toEqual([false, 0]);
    expect(world.said).toEqual([{ code: 'call-cancelled' }]);
    world.head(201);
    world.body('{}');
    world.end();
    expect(world.said).toHaveLength(1);
    expect(world.record).toEqual({ status: 201, code: 'call-cancelled', aborted: true });
  });

  it('and is not safe is recorded as failed where its upstream fails', () => {
    const call = start().start('POST');
    call.giveUp(cancelled());
    world.fail('timeout');
    expect(world.said).toHaveLength(1);
    expect(world.record).toMatchObject({ code: 'upstream-timeout', aborted: true });
  });

  it('twice, or after its answer, is told nothing more', () => {
    const call = start().start('POST');
    call.giveUp(cancelled());
    call.giveUp(cancelled());
    world.head();
    world.end();
    const answered = new CallWorld();
    const other = answered.start();
    answered.head();
    answered.end();
    other.giveUp(cancelled());
    expect([world.said.length, answered.said.length]).toEqual([1, 1]);
    expect(answered.record).toMatchObject({ status: 200, code: undefined });
  });
});

describe('a deadline', () => {
  it.each(SAFE_AND_NOT)('ends a %s that has no answer by then', method => {
    start().start(method, DEADLINE_MS);
    vi.advanceTimersByTime(DEADLINE_MS - 1);
    expect(world.said).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(world.said).toEqual([{ code: 'deadline-exceeded' }]);
    expect(world.asked!.cancelled).toBe(method === 'GET');
    world.head();
    world.end();
    const status = method === 'GET' ? 504 : 200;
    expect(world.record).toEqual({ status, code: 'deadline-exceeded', aborted: true });
  });

  it('ends a call whose answer has begun and does not end', () => {
    start().start('POST', DEADLINE_MS);
    world.head();
    world.body('{');
    vi.advanceTimersByTime(DEADLINE_MS);
    expect(world.said).toEqual([{ code: 'deadline-exceeded' }]);
    world.body('}');
    world.end();
    expect(world.said).toHaveLength(1);
  });

  it('says nothing after the answer', () => {
    start().start('GET', DEADLINE_MS);
    world.head();
    world.end();
    vi.advanceTimersByTime(DEADLINE_MS * 2);
    expect(world.said).toHaveLength(1);
  });
});

describe('an answer that is too large', () => {
  it.each(SAFE_AND_NOT)('in its pieces ends a %s', method => {
    start().start(method, DEADLINE_MS);
    world.head();
    world.body(TOO_LARGE.slice(50));
    world.body(TOO_LARGE.slice(50));
    world.body('more');
    world.end();
    expect(world.said).toEqual([{ code: 'answer-too-large' }]);
    expect(world.record).toMatchObject({ code: 'answer-too-large' });
  });

  it.each(SAFE_AND_NOT)('in one ends a %s', method => {
    start().start(method, DEADLINE_MS);
    world.head();
    world.end(TOO_LARGE);
    expect(world.said).toEqual([{ code: 'answer-too-large' }]);
    expect(world.record).toMatchObject({ code: 'answer-too-large' });
  });

  it('for the memory that is left says that the call may have taken effect', () => {
    start({ hasRoom: false }).start();
    world.head();
    world.body('{}');
    world.end();
    expect(world.said).toEqual([{ code: 'answer-overloaded' }]);
  });
});

describe('a call whose session is gone', () => {
  it('is told nothing; where it is safe it is over, else it is finished', () => {
    for (const method of SAFE_AND_NOT) {
      const call = start().start(method, DEADLINE_MS);
      call.abandon();
      expect(world.record).toEqual(
        method === 'POST' ? 0 : { status: 0, code: undefined, aborted: true },
      );
      world.head();
      world.end();
      expect(world.said).toEqual([]);
      expect(world.record).toMatchObject({ status: method === 'POST' ? 200 : 0, aborted: true });
    }
  });

  it('while its signature is checked is over', () => {
    const call = start({ verify: PENDING }).start('POST', DEADLINE_MS);
    call.abandon();
    world.verified(call);
    expect([world.said, world.asked]).toEqual([[], undefined]);
  });
});

describe('however a call ends', () => {
  const kinds = ['unreachable', 'timeout', 'protocol', 'saturated'] as const;
  const caller = fc.constantFrom('giveUp', 'abandon', 'expire');
  const upstream = fc.oneof(
    fc.record({ does: fc.constant('body'), bytes: fc.integer({ min: 1, max: 60 }) }),
    fc.record({ does: fc.constant('end'), bytes: fc.integer({ min: 0, max: 120 }) }),
    fc.record({ does: fc.constantFrom(...kinds), bytes: fc.constant(0) }),
  );
  const steps = fc.array(fc.oneof(upstream, caller), { maxLength: 8, size: 'max' });

  /** Lets an upstream do what its contract allows; true where that was its last word. */
  function answer(does: string, bytes: number, hasBegun: boolean): boolean {
    if (does === 'body' || does === 'end') {
      if (!hasBegun) world.head();
      if (does === 'body') world.body('x'.repeat(bytes));
      else world.end(bytes === 0 ? undefined : 'x'.repeat(bytes));
      return does === 'end';
    }
    world.fail(does as FailureKind);
    return true;
  }

  function interrupt(call: Call, does: string): void {
    if (does === 'giveUp') call.giveUp(cancelled());
    else if (does === 'abandon') call.abandon();
    else vi.advanceTimersByTime(DEADLINE_MS);
  }

  it('it is answered exactly once, unless nobody is there any more, and recorded once', () => {
    const method = fc.constantFrom('GET', 'POST', 'DELETE', 'HEAD');
    fc.assert(
      fc.property(method, fc.boolean(), fc.boolean(), steps, (method, waits, hasRoom, steps) => {
        const call = start({ hasRoom, verify: waits ? PENDING : undefined }).start(
          method,
          DEADLINE_MS,
        );
        let [hasBegun, isOver, isAbandoned] = [false, false, false];
        if (waits && steps.length % 2 === 0) world.verified(call);
        for (const step of steps) {
          if (typeof step === 'string') {
            isAbandoned ||= step === 'abandon' && world.said.length === 0;
            interrupt(call, step);
          } else if (!isOver && world.asked !== undefined) {
            isOver = answer(step.does, step.bytes, hasBegun);
            hasBegun = true;
          }
        }
        if (waits) world.verified(call);
        if (!isOver) answer('end', 1, hasBegun);
        expect(world.said).toHaveLength(isAbandoned ? 0 : 1);
        expect(world.recorded).toHaveLength(1);
        expect([world.inFlight, world.releases, vi.getTimerCount()]).toEqual([0, 1, 0]);
      }),
      { numRuns: 2_000 },
    );
  });
});
