import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { CounterSet } from '../../../src/core/counters.ts';
import type { Arrival } from '../../../src/core/exchange.ts';
import type { ObservedCall } from '../../../src/core/observations.ts';
import { problem } from '../../../src/core/problems.ts';
import type { Environment, KeyEntry } from '../../../src/core/snapshot.ts';
import { STAGE } from '../../../src/core/stages.ts';
import { createRecordStep } from '../../../src/data-plane/record/index.ts';
import { FrontTelemetry } from '../../../src/telemetry/front-telemetry.ts';
import { aKeyEntry, anExchange, EMPTY_SNAPSHOT, identified } from '../../support/exchanges.ts';

const REQUEST_ID = 'cert-0123456789abcdef01234567.rotation.1';

function keyOf(environment: Environment): KeyEntry {
  const entry = aKeyEntry('orbit-app', 'orbit');
  return { ...entry, app: { ...entry.app, environment } };
}

function observing(wallMs = () => 5_000) {
  const posted: ObservedCall[] = [];
  const counters = new CounterSet();
  const record = createRecordStep({
    recorder: new FrontTelemetry(8, 8),
    accessLog: { append: () => undefined },
    runs: { counters, post: call => posted.push(call) },
    clock: { wallMs, monotonicMs: () => 30 },
  });
  return { record, posted, counters };
}

function exchangeOf(overrides: Partial<Arrival> = {}, environment: Environment = 'sandbox') {
  const exchange = identified(anExchange({ requestId: REQUEST_ID, ...overrides }));
  exchange.identity = { ...exchange.identity!, entry: keyOf(environment) };
  exchange.status = 200;
  exchange.stageMs[STAGE.total] = 12;
  return exchange;
}

/** Refused before it was known who calls; it names the only key that there is. */
function refusedOf(environment: Environment, input: string) {
  const keys = new Map([['key-1', keyOf(environment)]]);
  const headers = ['signature-input', input];
  const exchange = anExchange({
    requestId: REQUEST_ID,
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
        totalMs: 12,
        atMs: 5_000,
      },
    ]);
  });

  it('is told of the key that a refused signature names, as not proven', () => {
    const { record, posted } = observing();
    record(refusedOf('sandbox', 'sig=("@method");created=1;nonce="n";keyid="key-1";alg="ed25519"'));
    expect(posted).toMatchObject([
      { appId: 'orbit-app', keyId: 'key-1', proven: false, code: 'signature-replayed' },
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
    const identity = { entry: keyOf('sandbox'), scheme: 'rfc9421', viaSession: false };
    record(exchangeOf({ session: { id: 's', identity } }));
    record(exchangeOf({ requestId: 'order-0123456789' }));
    expect(posted).toEqual([]);
  });

  it('is left out and counted beyond 200 in a second', () => {
    let nowMs = 5_000;
    const { record, posted, counters } = observing(() => nowMs);
    for (let i = 0; i < 230; i += 1) record(exchangeOf());
    expect(posted).toHaveLength(200);
    expect(counters.get('observations_dropped')).toBe(30);
    nowMs += 1_000;
    record(exchangeOf());
    expect(posted).toHaveLength(201);
  });
});
