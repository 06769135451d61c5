import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { CounterSet } from '../../../src/core/counters.ts';
import type { Arrival } from '../../../src/core/exchange.ts';
import {
  type ObservedCall,
  PROVEN_CALLS_MAX,
  REFUSALS_PER_STEP_MAX,
} from '../../../src/core/observations.ts';
import { problem } from '../../../src/core/problems.ts';
import type { Environment, KeyEntry } from '../../../src/core/snapshot.ts';
import { STAGE } from '../../../src/core/stages.ts';
import { createRecordStep, RunObserver } from '../../../src/data-plane/record/index.ts';
import { FrontTelemetry } from '../../../src/telemetry/front-telemetry.ts';
import { aKeyEntry, anExchange, EMPTY_SNAPSHOT, identified } from '../../support/exchanges.ts';

const RUN_ID = 'cert-0123456789abcdef01234567';
const REQUEST_ID = `${RUN_ID}.rotation.1`;
const REPLAY_ID = `${RUN_ID}.refused-replay.1`;

function keyOf(environment: Environment): KeyEntry {
  const entry = aKeyEntry('orbit-app', 'orbit');
  return { ...entry, app: { ...entry.app, environment } };
}

function observing() {
  const posted: ObservedCall[] = [];
  const counters = new CounterSet();
  const clock = { wallMs: () => 5_000, monotonicMs: () => 30 };
  const runs = new RunObserver({ clock, counters, post: call => posted.push(call) });
  runs.watch([{ id: RUN_ID, app: 'orbit-app' }]);
  const record = createRecordStep({
    recorder: new FrontTelemetry(8, 8),
    accessLog: { append: () => undefined },
    runs,
    clock,
  });
  return { record, posted, counters, runs };
}

function exchangeOf(overrides: Partial<Arrival> = {}, environment: Environment = 'sandbox') {
  const exchange = identified(anExchange({ requestId: REQUEST_ID, ...overrides }));
  exchange.identity = { ...exchange.identity!, entry: keyOf(environment) };
  exchange.status = 200;
  exchange.stageMs[STAGE.total] = 12;
  return exchange;
}

/** Refused before it was known who calls; it names the only key that there is. */
function refusedOf(environment: Environment, input: string, requestId = REPLAY_ID) {
  const keys = new Map([['key-1', keyOf(environment)]]);
  const headers = ['signature-input', input];
  const exchange = anExchange({
    requestId,
    headers,
    snapshot: { ...EMPTY_SNAPSHOT, keys },
  });
  exchange.refusal = problem('signature-replayed', 'Seen before.');
  exchange.status = 401;
  return exchange;
}

describe('a call of a certification run', () => {
  it('is told with what the gateway saw of it', () => {
    const { record, posted } = observing();
    const headers = ['idempotency-key', 'order-7'];
    record(exchangeOf({ method: 'POST', headers }));
    const digest = createHash('sha256').update('order-7').digest('base64url').slice(0, 22);
    expect(posted).toEqual([
      {
        requestId: REQUEST_ID,
        appId: 'orbit-app',
        keyId: 'key-1',
        proven: true,
        operationId: 'accounts.list',
        method: 'POST',
        status: 200,
        code: undefined,
        aborted: false,
        idempotencyKeyDigest: digest,
        requestDigest: expect.stringMatching(/^[\w-]{22}$/),
        totalMs: 12,
        atMs: 5_000,
      },
    ]);
  });

  it('is told of the key that a refused signature names, as not proven', () => {
    const { record, posted } = observing();
    record(refusedOf('sandbox', 'sig=("@method");created=1;nonce="n";keyid="key-1";alg="ed25519"'));
    expect(posted).toMatchObject([
      { appId: 'orbit-app', keyId: 'key-1', proven: false, requestDigest: undefined },
    ]);
  });

  it.each([
    ['no key', 'sig=("@method");created=1'],
    ['an unknown key', 'sig=("@method");keyid="other"'],
  ])('is not told where the signature names %s', (_what, input) => {
    const { record, posted } = observing();
    record(refusedOf('sandbox', input));
    expect(posted).toEqual([]);
  });

  it('is told of sandbox apps only, and not on sessions', () => {
    const { record, posted } = observing();
    record(exchangeOf({}, 'production'));
    record(refusedOf('production', 'sig=("@method");keyid="key-1"'));
    const identity = { entry: keyOf('sandbox'), scheme: 'rfc9421' as const, viaSession: false };
    record(exchangeOf({ session: { id: 's', identity } }));
    record(exchangeOf({ requestId: 'order-0123456789' }));
    expect(posted).toEqual([]);
  });

  it('tells what was asked for from anything else, by path, query and body', () => {
    const { record, posted } = observing();
    const send = (overrides: Partial<Arrival>, body: string) => {
      const exchange = exchangeOf({ method: 'POST', ...overrides });
      exchange.body = Buffer.from(body);
      record(exchange);
    };
    send({}, 'order 1');
    send({}, 'order 1');
    send({}, 'order 2');
    send({ query: '?dry-run' }, 'order 1');
    send({ path: '/other' }, 'order 1');
    const [first, again, ...others] = posted.map(({ requestDigest }) => requestDigest);
    expect(again).toBe(first);
    expect(new Set([first, ...others]).size).toBe(4);
  });
});

describe('a call that belongs to no open run', () => {
  it('is left out: another run, one that has ended, the run of another app', () => {
    const { record, posted, runs } = observing();
    record(exchangeOf({ requestId: 'cert-ffffffffffffffffffffffff.rotation.1' }));
    record(exchangeOf({ requestId: `${RUN_ID}0.rotation.1` }));
    runs.watch([]);
    record(exchangeOf());
    runs.watch([{ id: RUN_ID, app: 'other-app' }]);
    record(exchangeOf());
    expect(posted).toEqual([]);
  });
});

describe('calls beyond what a run is judged by', () => {
  const SIGNED = 'sig=("@method");keyid="key-1"';

  it('are left out and counted, also when the runs are told again', () => {
    const { record, posted, counters, runs } = observing();
    for (let i = 0; i < PROVEN_CALLS_MAX + 30; i += 1) record(exchangeOf());
    expect(posted).toHaveLength(PROVEN_CALLS_MAX);
    expect(counters.get('observations_dropped')).toBe(30);
    runs.watch([{ id: RUN_ID, app: 'orbit-app' }]);
    record(exchangeOf());
    expect(posted).toHaveLength(PROVEN_CALLS_MAX);
  });

  it('leave room for proven ones, however many refusals come', () => {
    const { record, posted } = observing();
    for (let i = 0; i < 1_000; i += 1) record(refusedOf('sandbox', SIGNED));
    record(exchangeOf());
    expect(posted.filter(({ proven }) => !proven)).toHaveLength(REFUSALS_PER_STEP_MAX);
    expect(posted.filter(({ proven }) => proven)).toHaveLength(1);
  });

  it('are not those refusals that show nothing, which are not even counted', () => {
    const { record, posted, counters } = observing();
    for (const step of ['rotation', 'refused-digest', 'constructor', 'no-such-step']) {
      record(refusedOf('sandbox', SIGNED, `${RUN_ID}.${step}.1`));
    }
    expect([posted, counters.get('observations_dropped')]).toEqual([[], 0]);
  });
});
