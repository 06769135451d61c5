import { describe, expect, it } from 'vitest';
import { PENDING } from '../../../src/core/exchange.ts';
import type { CompiledSnapshot, KeyEntry } from '../../../src/core/snapshot.ts';
import { STAGE } from '../../../src/core/stages.ts';
import { HeldRunner, InlineRunner, runCheck } from './inline-runner.ts';
import {
  call,
  freshNonce,
  KEYS,
  keyEntry,
  NOW,
  NOW_MS,
  signature,
  signCall,
  VerifyBench,
} from './signed-call.ts';

const HMAC = KEYS['hmac-sha256'];
const JSON_BODY = Buffer.from('{"amount":"12.50","currency":"EUR"}');

function registered(options?: ConstructorParameters<typeof VerifyBench>[0]): VerifyBench {
  const bench = new VerifyBench(options);
  bench.register('key-1', HMAC);
  return bench;
}

/** What becomes of a GET whose signature has these parameters behind created, keyid and nonce. */
function withParameters(parameters: string, bench = registered()): string {
  return bench.verdict(signCall(call(), { parameters }));
}

const usual = (created = NOW) => `;created=${created};keyid="key-1";nonce="${freshNonce()}"`;

describe('a signature that holds', () => {
  it('says who calls and by which scheme', () => {
    const bench = new VerifyBench();
    const entry = bench.register('key-1', HMAC);
    const exchange = bench.exchange(signCall(call()));
    expect(bench.step(exchange)).toBeUndefined();
    const signatureLabel = 'sig';
    const identity = { entry, scheme: 'rfc9421', viaSession: false, signatureLabel };
    expect(exchange.identity).toEqual(identity);
    expect(exchange.identity?.entry).toBe(entry);
  });

  it.each(Object.values(KEYS))('is accepted under $algorithm, with and without alg', key => {
    const bench = new VerifyBench();
    bench.register('key-1', key);
    expect(bench.verdict(signCall(call({ body: JSON_BODY, method: 'POST' }), { key }))).toBe(
      'accepted',
    );
    const parameters = `${usual()};alg="${key.algorithm}"`;
    expect(bench.verdict(signCall(call(), { key, parameters }))).toBe('accepted');
  });

  it('is accepted under either of two keys while they rotate', () => {
    const bench = new VerifyBench();
    bench.register('old', HMAC, { key: { notAfterMs: NOW_MS + 1 } });
    bench.register('new', KEYS.ed25519, { key: { notBeforeMs: NOW_MS - 1 } });
    expect(bench.verdict(signCall(call(), { keyId: 'old' }))).toBe('accepted');
    expect(bench.verdict(signCall(call(), { keyId: 'new', key: KEYS.ed25519 }))).toBe('accepted');
    bench.wallMs += 2;
    expect(bench.verdict(signCall(call(), { keyId: 'old' }))).toBe('key-inactive');
    expect(bench.verdict(signCall(call(), { keyId: 'new', key: KEYS.ed25519 }))).toBe('accepted');
  });

  it('is checked against the authority in its normal form', () => {
    const written = call({ authority: 'API.Bank.example:443' });
    const components = [
      ['"@method"', 'GET'],
      ['"@target-uri"', 'https://api.bank.example/accounts/v1/accounts'],
    ] as const;
    expect(registered().verdict(signCall(written, { components }))).toBe('accepted');
    expect(registered().verdict(signCall(written))).toBe('signature-invalid');
  });

  it('may be split over several lines of its fields', () => {
    const other = signature(call(), { label: 'other', keyId: 'unknown' });
    const own = signature(call());
    const headers = [
      ['signature-input', other.input],
      ['signature', own.value],
      ['signature-input', own.input],
      ['signature', other.value],
    ].flat();
    expect(registered().verdict(call({ headers }))).toBe('accepted');
  });
});

describe('a signature for another site', () => {
  it('is refused whatever key it names, and its Host is not repeated', () => {
    const checks = new InlineRunner();
    const bench = registered({ checks });
    for (const authority of ['sandbox.example', 'api.bank.example:80', 'api.bank.example.', '']) {
      const exchange = bench.exchange(signCall(call({ authority })));
      const result = bench.step(exchange);
      expect(result, authority).toMatchObject({ name: 'malformed-request' });
      expect(JSON.stringify(result)).not.toContain('example');
    }
    expect(checks.seen).toHaveLength(0);
    expect(bench.verdict(signCall(call()))).toBe('accepted');
  });

  it('is refused under every name where the gateway has none', () => {
    expect(registered({ authorities: [] }).verdict(signCall(call()))).toBe('malformed-request');
  });

  it('counts for a call without a signature as well', () => {
    expect(registered().verdict(call({ authority: 'sandbox.example' }))).toBe('malformed-request');
    expect(registered().verdict(call())).toBe('anonymous');
  });
});

describe('the time window', () => {
  it.each([
    [NOW - 60, 0, 'accepted'],
    [NOW - 60, 1, 'signature-expired'],
    [NOW + 5, 0, 'accepted'],
    [NOW + 6, 0, 'signature-expired'],
    [NOW + 6, 1_000, 'accepted'],
  ])('created %i at %i ms past now is %s', (created, laterMs, verdict) => {
    const bench = registered();
    bench.wallMs += laterMs;
    expect(withParameters(usual(created), bench)).toBe(verdict);
  });

  it.each([
    [5_000, 'accepted'],
    [5_001, 'signature-expired'],
  ])('expires now, and %i ms later, within the skew or not, is %s', (laterMs, verdict) => {
    const bench = registered();
    bench.wallMs += laterMs;
    expect(withParameters(`${usual()};expires=${NOW}`, bench)).toBe(verdict);
  });

  it('opens after the last nonce that may have been forgotten', () => {
    const bench = registered();
    bench.nonces.acceptCreatedAfterMs = NOW_MS;
    const early = bench.step(bench.exchange(signCall(call())));
    expect(early).toMatchObject({ name: 'signature-expired', retryAfterSeconds: 1 });
    expect(withParameters(usual(NOW + 1), bench)).toBe('accepted');
    bench.nonces.acceptCreatedAfterMs = NOW_MS + 2_500;
    const result = bench.step(bench.exchange(signCall(call())));
    expect(result).toMatchObject({ retryAfterSeconds: 3 });
    bench.nonces.acceptCreatedAfterMs = NOW_MS - 1_000;
    expect(withParameters(usual(NOW - 1), bench)).toBe('signature-expired');
    const past = bench.step(bench.exchange(signCall(call(), { parameters: usual(NOW - 1) })));
    expect(past).toMatchObject({ name: 'signature-expired', retryAfterSeconds: undefined });
    expect(withParameters(usual(NOW), bench)).toBe('accepted');
  });

  it('is looked at again when a check has waited', () => {
    const checks = new HeldRunner();
    const bench = registered({ checks });
    const exchange = bench.exchange(signCall(call()));
    expect(bench.step(exchange)).toBe(PENDING);
    bench.wallMs += 60_001;
    checks.held[0]!.settle('valid');
    expect(bench.resumed).toMatchObject([{ name: 'signature-expired' }]);
    expect(bench.nonces.claims).toHaveLength(0);
    expect(exchange.identity).toBeUndefined();
  });
});

describe('the nonce', () => {
  it('is accepted once per app', () => {
    const bench = registered();
    bench.register('key-2', KEYS.ed25519);
    bench.register('foreign', HMAC, { app: { id: 'app-2' } });
    const signed = signCall(call());
    expect(bench.verdict(signed)).toBe('accepted');
    expect(bench.verdict(signed)).toBe('signature-replayed');
    expect(bench.counters.get('nonces_replayed')).toBe(1);
    const { nonce } = bench.nonces.claims[0]!;
    const again = (keyId: string) => `;created=${NOW};keyid="${keyId}";nonce="${nonce}"`;
    const other = { key: KEYS.ed25519, parameters: again('key-2') };
    expect(bench.verdict(signCall(call(), other))).toBe('signature-replayed');
    expect(withParameters(again('foreign'), bench)).toBe('accepted');
  });

  it('is remembered for as long as its signature would be accepted', () => {
    const bench = registered();
    withParameters(usual(NOW - 10), bench);
    withParameters(`${usual(NOW - 10)};expires=${NOW + 20}`, bench);
    withParameters(`${usual(NOW - 10)};expires=${NOW + 999}`, bench);
    expect(bench.nonces.claims.map(({ expiresAtMs }) => expiresAtMs - NOW_MS)).toEqual([
      50_001, 25_001, 50_001,
    ]);
  });

  it('is not spent by a signature that does not hold', () => {
    const bench = registered();
    const signed = signCall(call());
    expect(bench.verdict({ ...signed, method: 'DELETE' })).toBe('signature-invalid');
    expect(bench.nonces.claims).toHaveLength(0);
    expect(bench.verdict(signed)).toBe('accepted');
  });

  it('finds no room', () => {
    const bench = registered();
    bench.nonces.full = true;
    expect(bench.verdict(signCall(call()))).toBe('nonce-store-full');
    expect(bench.counters.get('nonces_store_full')).toBe(1);
  });
});

describe('a check that is queued', () => {
  it('carries the exchange on once it is settled', () => {
    const checks = new HeldRunner();
    const bench = registered({ checks });
    const exchange = bench.exchange(signCall(call()));
    expect(bench.step(exchange)).toBe(PENDING);
    expect(exchange.identity).toBeUndefined();
    const [check] = checks.held;
    check!.waitMs = 3;
    check!.serviceMs = 2;
    check!.settle(runCheck(check!));
    expect(bench.resumed).toEqual([undefined]);
    expect(exchange.identity?.scheme).toBe('rfc9421');
    expect(exchange.stageMs[STAGE.verifyWait]).toBe(3);
    // The clock of the bench moves by an eighth of a millisecond at each reading.
    expect(exchange.stageMs[STAGE.verify]).toBe(2.125);
  });

  it.each([
    ['signature-invalid', 'signature-invalid'],
    ['digest-mismatch', 'digest-mismatch'],
    ['verify-saturated', 'verify-saturated'],
    ['failed', 'internal-error'],
  ] as const)('that ends as %s refuses with %s, inline or not', (outcome, name) => {
    const checks = new HeldRunner();
    const held = registered({ checks });
    held.step(held.exchange(signCall(call())));
    checks.held[0]!.settle(outcome);
    expect(held.resumed).toMatchObject([{ name }]);
    const inline = registered({ checks: { submit: () => outcome } });
    expect(inline.verdict(signCall(call()))).toBe(name);
    expect(inline.resumed).toEqual([]);
  });

  it('is refused without a resume where it is settled while it is submitted', () => {
    const bench = registered({
      checks: { submit: check => void check.settle('verify-saturated') },
    });
    expect(bench.verdict(signCall(call()))).toBe('verify-saturated');
    expect(bench.resumed).toEqual([]);
  });

  it('is carried on when the peer has gone meanwhile', () => {
    const checks = new HeldRunner();
    const bench = registered({ checks });
    const exchange = bench.exchange(signCall(call()));
    bench.step(exchange);
    exchange.aborted = true;
    checks.held[0]!.settle('valid');
    expect(bench.resumed).toEqual([undefined]);
  });

  it('spends no nonce and holds no body once the exchange is over', () => {
    const checks = new HeldRunner();
    const bench = registered({ checks });
    const signed = signCall(call({ method: 'POST', body: JSON_BODY }));
    const exchange = bench.exchange(signed);
    bench.step(exchange);
    const check = checks.held[0]!;
    expect(check.abandoned).toBe(false);
    expect(check.body).toBe(JSON_BODY);
    exchange.completed = true;
    expect(check.abandoned).toBe(true);
    expect(check.body).toHaveLength(0);
    check.settle('valid');
    expect(bench.nonces.claims).toHaveLength(0);
    expect(exchange.identity).toBeUndefined();
    expect(bench.resumed).toHaveLength(1);
    bench.step(bench.exchange(signed));
    checks.held[1]!.settle('valid');
    expect(bench.resumed[1]).toBeUndefined();
  });

  it('answers the caller even where the nonce store throws', () => {
    const checks = new HeldRunner();
    const bench = registered({ checks });
    bench.nonces.claim = () => {
      throw new Error('the store is broken');
    };
    bench.step(bench.exchange(signCall(call())));
    expect(() => checks.held[0]!.settle('valid')).toThrow('the store is broken');
    expect(bench.resumed).toMatchObject([{ name: 'internal-error' }]);
  });

  it('lets two that wait with one nonce through once', () => {
    const checks = new HeldRunner();
    const bench = registered({ checks });
    const signed = signCall(call());
    bench.step(bench.exchange(signed));
    bench.step(bench.exchange(signed));
    for (const check of checks.held) check.settle(runCheck(check));
    expect(bench.resumed).toMatchObject([undefined, { name: 'signature-replayed' }]);
  });
});

describe('a key that changes while its call is under way', () => {
  /** Publishes a snapshot with these keys. */
  const publish = (bench: VerifyBench, ...entries: KeyEntry[]) => {
    const keys: CompiledSnapshot['keys'] = new Map(entries.map(entry => [entry.key.id, entry]));
    bench.snapshots.current = { ...bench.snapshots.current, keys };
  };
  const held = () => {
    const checks = new HeldRunner();
    const bench = new VerifyBench({ checks });
    const entry = bench.register('key-1', HMAC);
    const exchange = bench.exchange(signCall(call()));
    const settled = () => {
      checks.held[0]!.settle('valid');
      return bench.resumed[0]?.name ?? 'accepted';
    };
    return { bench, entry, exchange, settled };
  };

  it('is looked up when the body is there, not when the head was', () => {
    const { bench, entry, exchange } = held();
    publish(bench, { ...entry, key: { ...entry.key, revoked: true } });
    expect(bench.step(exchange)).toMatchObject({ name: 'key-inactive' });
    publish(bench);
    expect(bench.step(exchange)).toMatchObject({ name: 'key-unknown' });
  });

  it.each([
    ['key-unknown', () => []],
    ['key-unknown', ({ key }) => [keyEntry(key.id, KEYS.ed25519)]],
    ['key-inactive', entry => [{ ...entry, key: { ...entry.key, revoked: true } }]],
    ['app-inactive', entry => [{ ...entry, app: { ...entry.app, active: false } }]],
    ['accepted', entry => [{ ...entry }]],
  ] satisfies [string, (entry: KeyEntry) => KeyEntry[]][])(
    'is %s after its check',
    (name, next) => {
      const { bench, entry, exchange, settled } = held();
      expect(bench.step(exchange)).toBe(PENDING);
      const entries = next(entry);
      publish(bench, ...entries);
      expect(settled()).toBe(name);
      expect(bench.nonces.claims).toHaveLength(name === 'accepted' ? 1 : 0);
      expect(exchange.identity?.entry).toBe(name === 'accepted' ? entries[0] : undefined);
    },
  );

  it('is inactive where it ran out during the check', () => {
    const checks = new HeldRunner();
    const bench = new VerifyBench({ checks });
    bench.register('key-1', HMAC, { key: { notAfterMs: NOW_MS + 10 } });
    expect(bench.step(bench.exchange(signCall(call())))).toBe(PENDING);
    bench.wallMs += 11;
    checks.held[0]!.settle('valid');
    expect(bench.resumed).toMatchObject([{ name: 'key-inactive' }]);
    expect(bench.nonces.claims).toHaveLength(0);
  });
});

describe('a refusal', () => {
  it('takes its time into account and repeats no secret', () => {
    const bench = registered();
    const signed = signCall(call(), { keyId: 'secret-key-id' });
    const exchange = bench.exchange(signed);
    const result = bench.step(exchange);
    expect(result).toMatchObject({ name: 'key-unknown' });
    expect(exchange.stageMs[STAGE.verify]).toBe(0.125);
    expect(JSON.stringify(result)).not.toContain('secret-key-id');
  });
});
