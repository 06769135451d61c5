import { describe, expect, it } from 'vitest';
import {
  GIVE_UP_MAX_MS,
  judgeRun,
  STEP_NAMES,
  type StepName,
  stepOf,
} from '../../../src/control-plane/certification/steps.ts';
import type { ObservedCall } from '../../../src/core/observations.ts';
import { ObservedCalls, RUN_ID } from './observed-calls.ts';

const judge = (step: StepName, ...calls: readonly ObservedCall[]) =>
  judgeRun(RUN_ID, calls).get(step)!.state;

const calls = () => new ObservedCalls();

describe('a run', () => {
  it('passes every step where the app has everything right, in whatever order it is told', () => {
    const told = calls().wholeRun();
    for (const order of [told, told.toReversed()]) {
      const findings = judgeRun(RUN_ID, order);
      expect([...findings.keys()]).toEqual(STEP_NAMES);
      expect([...findings.values()].map(({ state }) => state)).toEqual(
        STEP_NAMES.map(() => 'passed'),
      );
    }
  });

  it('has nothing decided without calls, and says what is to be seen', () => {
    for (const { state, why, evidence } of judgeRun(RUN_ID, []).values()) {
      expect(state).toBe('open');
      expect(why).not.toBe('');
      expect(evidence).toEqual([]);
    }
  });

  it('leaves out calls of other runs and of no step', () => {
    expect(stepOf(RUN_ID, `${RUN_ID}.rotation.1`)).toBe('rotation');
    expect(stepOf(RUN_ID, `${RUN_ID}.rotation`)).toBe('rotation');
    expect(stepOf(RUN_ID, `${RUN_ID}0.rotation.1`)).toBeUndefined();
    expect(stepOf(RUN_ID, `${RUN_ID}.toString.1`)).toBeUndefined();
    expect(stepOf(RUN_ID, RUN_ID)).toBeUndefined();
    const stray = { ...calls().call('valid-signature'), requestId: 'cert-9.valid-signature.1' };
    expect(judge('valid-signature', stray)).toBe('open');
  });
});

describe('a call counts as answered well', () => {
  it.each([
    ['not proven', { proven: false }],
    ['refused by the gateway', { code: 'not-subscribed', status: 403 }],
    ['refused by the API', { status: 404 }],
    ['redirected', { status: 302 }],
    ['aborted', { aborted: true }],
  ])('not where it is %s', (_what, overrides) => {
    expect(judge('valid-signature', calls().call('valid-signature', overrides))).toBe('open');
  });
});

describe('refused-replay', () => {
  it('needs the refusal of a nonce beside a call that was accepted', () => {
    const seen = calls();
    const good = seen.call('refused-replay');
    const replay = seen.refused('refused-replay', 'signature-replayed');
    expect(judge('refused-replay', good, replay)).toBe('passed');
    expect(judge('refused-replay', replay)).toBe('open');
    expect(judge('refused-replay', good)).toBe('open');
    const invalid = seen.refused('refused-replay', 'signature-invalid');
    expect(judge('refused-replay', good, invalid)).toBe('open');
  });
});

describe.each([
  ['refused-digest', 'digest-mismatch'],
  ['refused-clock', 'signature-expired'],
] as const)('%s', (step, code) => {
  it('needs a good call after the refusal, not before it', () => {
    const seen = calls();
    const before = seen.call(step);
    const refused = seen.refused(step, code);
    expect(judge(step, before, refused)).toBe('open');
    expect(judge(step, refused, seen.call(step))).toBe('passed');
  });
});

describe('rotation', () => {
  it('needs two keys that are both accepted', () => {
    const seen = calls();
    const first = seen.call('rotation');
    const other = { keyId: 'key-b' };
    expect(judge('rotation', first, seen.call('rotation'))).toBe('open');
    expect(judge('rotation', first, seen.call('rotation', { ...other, status: 500 }))).toBe('open');
    expect(judge('rotation', first, seen.call('rotation', other))).toBe('passed');
  });
});

describe('idempotent-retry', () => {
  const step = 'idempotent-retry';
  const post = { method: 'POST', idempotencyKeyDigest: 'd1' };

  it('needs the same call with the same key', () => {
    const seen = calls();
    const first = seen.call(step, post);
    const other = seen.call(step, { ...post, idempotencyKeyDigest: 'd2' });
    expect(judge(step, first, other)).toBe('open');
    expect(judge(step, first, other, seen.call(step, post))).toBe('passed');
  });

  it('fails where two different calls have one key, whatever else was seen', () => {
    const seen = calls();
    const first = seen.call(step, post);
    const good = seen.call(step, post);
    for (const other of [{ requestDigest: 'r2' }, { method: 'PUT' }]) {
      const changed = seen.call(step, { ...post, ...other });
      expect(judge(step, first, changed)).toBe('failed');
      expect(judge(step, first, good, changed)).toBe('failed');
    }
  });

  const unanswered: [string, Partial<ObservedCall>][] = [
    ['503', { status: 503 }],
    ['503 of the gateway', { status: 503, code: 'upstream-unreachable' }],
    ['429', { status: 429, code: 'rate-limited', operationId: undefined }],
    ['nothing: it was given up', { status: 0, aborted: true }],
  ];

  it.each(unanswered)('takes a call that was answered with %s and then 201', (_what, answer) => {
    const seen = calls();
    const first = seen.call(step, { ...post, ...answer });
    expect(judge(step, first)).toBe('open');
    expect(judge(step, first, seen.call(step, { ...post, ...answer }))).toBe('open');
    const good = seen.call(step, { ...post, status: 201 });
    expect(judge(step, first, good)).toBe('passed');
    expect(judge(step, first, good, seen.call(step, { ...post, status: 201 }))).toBe('passed');
    expect(judge(step, first, good, seen.call(step, { ...post, status: 200 }))).toBe('failed');
    expect(judge(step, first, seen.call(step, { ...post, status: 422 }))).toBe('failed');
  });

  it('takes a retry that begins while the call that was given up goes on', () => {
    const seen = calls();
    const first = seen.call(step, { ...post, status: 0, aborted: true });
    const late = { ...first, atMs: first.atMs + 30_000, totalMs: 30_012 };
    const busy = seen.call(step, { ...post, status: 409 });
    expect(judge(step, late, busy)).toBe('open');
    expect(judge(step, late, busy, seen.call(step, post))).toBe('passed');
  });

  it('does not take a GET, nor a call without a key', () => {
    const seen = calls();
    const get = { idempotencyKeyDigest: 'd1' };
    expect(judge(step, seen.call(step, get), seen.call(step, get))).toBe('open');
    const bare = { method: 'POST' };
    expect(judge(step, seen.call(step, bare), seen.call(step, bare))).toBe('open');
  });

  it('fails where the two are answered differently, or one is refused', () => {
    const seen = calls();
    const first = seen.call(step, { ...post, status: 201 });
    expect(judge(step, first, seen.call(step, post))).toBe('failed');
    expect(judge(step, first, seen.call(step, { ...post, status: 409 }))).toBe('failed');
  });
});

describe('error-handling', () => {
  const step = 'error-handling';

  it('fails where what was refused is sent again', () => {
    const seen = calls();
    const refused = [seen.call(step, { status: 422 }), seen.call(step, { status: 422 })];
    expect(judge(step, ...refused, seen.call(step))).toBe('failed');
  });

  it('takes another call that is refused as well, and leaves out what says “later”', () => {
    const seen = calls();
    const limited = { status: 429, code: 'rate-limited' };
    const told = [
      seen.call(step, limited),
      seen.call(step, limited),
      seen.call(step, { status: 422 }),
      seen.call(step, { status: 422, requestDigest: 'r2' }),
    ];
    expect(judge(step, ...told.slice(0, 2))).toBe('open');
    expect(judge(step, ...told, seen.call(step))).toBe('passed');
  });

  it('needs the good call behind the refused one', () => {
    const seen = calls();
    const before = seen.call(step);
    const refused = seen.call(step, { status: 404 });
    expect(judge(step, before, refused)).toBe('open');
    expect(judge(step, refused, seen.call(step))).toBe('passed');
  });

  it('does not take a refusal of the signature, which is no answer of the API', () => {
    const seen = calls();
    const refused = seen.refused(step, 'signature-invalid');
    expect(judge(step, refused, seen.call(step))).toBe('open');
  });
});

describe('timeout', () => {
  const step = 'timeout';
  const slow = { aborted: true, status: 0, totalMs: 800 };

  it('needs the same operation to succeed after the caller gave up', () => {
    const seen = calls();
    const left = seen.call(step, slow);
    expect(judge(step, left)).toBe('open');
    expect(judge(step, left, seen.call(step, { operationId: 'other' }))).toBe('open');
    expect(judge(step, left, seen.call(step))).toBe('passed');
  });

  it('looks at every call that was given up', () => {
    const seen = calls();
    const left = [
      seen.call(step, { ...slow, operationId: undefined }),
      seen.call(step, { ...slow, totalMs: GIVE_UP_MAX_MS + 1 }),
      seen.call(step, slow),
    ];
    expect(judge(step, ...left)).toBe('open');
    expect(judge(step, ...left, seen.call(step))).toBe('passed');
  });

  it('takes neither a caller that waited for nothing nor a method that is not safe', () => {
    const seen = calls();
    const hasty = seen.call(step, { ...slow, totalMs: 20 });
    expect(judge(step, hasty, seen.call(step))).toBe('open');
    const post = seen.call(step, { ...slow, method: 'POST' });
    expect(judge(step, post, seen.call(step))).toBe('open');
  });

  it('fails where the caller has no deadline to speak of', () => {
    const seen = calls();
    const patient = seen.call(step, { ...slow, totalMs: GIVE_UP_MAX_MS + 1 });
    expect(judge(step, patient, seen.call(step))).toBe('failed');
  });
});
