import { describe, expect, it } from 'vitest';
import { PENDING } from '../../../src/core/exchange.ts';
import { HeldRunner } from './inline-runner.ts';
import { call, KEYS, NOW_MS, signCall, VerifyBench } from './signed-call.ts';

function registered(options?: ConstructorParameters<typeof VerifyBench>[0]): VerifyBench {
  const bench = new VerifyBench(options);
  bench.register('key-1', KEYS['hmac-sha256']);
  return bench;
}

describe('a nonce that other hosts are asked for', () => {
  it('carries the exchange on once they have answered', () => {
    const bench = registered();
    bench.nonces.asks = true;
    const exchange = bench.exchange(signCall(call()));
    expect(bench.step(exchange)).toBe(PENDING);
    expect(bench.resumed).toEqual([]);
    expect(exchange.identity).toBeUndefined();
    bench.nonces.asked[0]!.settleNonce('fresh');
    expect(bench.resumed).toEqual([undefined]);
    expect(exchange.identity?.scheme).toBe('rfc9421');
  });

  it('does so too where the check was queued', () => {
    const checks = new HeldRunner();
    const bench = registered({ checks });
    bench.nonces.asks = true;
    const exchange = bench.exchange(signCall(call()));
    bench.step(exchange);
    checks.held[0]!.settle('valid');
    expect(bench.resumed).toEqual([]);
    bench.nonces.asked[0]!.settleNonce('fresh');
    expect(bench.resumed).toEqual([undefined]);
  });

  it.each([
    ['seen', 'signature-replayed', 1],
    ['full', 'nonce-store-full', 0],
    ['unavailable', 'nonce-store-unavailable', 0],
  ] as const)('is refused where it is %s with %s', (outcome, name, charged) => {
    const bench = registered();
    bench.nonces.asks = true;
    const exchange = bench.exchange(signCall(call()));
    bench.step(exchange);
    bench.nonces.asked[0]!.settleNonce(outcome);
    expect(bench.resumed).toMatchObject([{ name }]);
    expect(exchange.identity).toBeUndefined();
    expect(bench.failures.charged).toHaveLength(charged);
  });

  it('is not asked for where nonces were lost while the signature was checked', () => {
    const checks = new HeldRunner();
    const bench = registered({ checks });
    bench.step(bench.exchange(signCall(call())));
    bench.nonces.acceptCreatedAfterMs = NOW_MS;
    checks.held[0]!.settle('valid');
    expect(bench.resumed).toMatchObject([{ name: 'signature-expired' }]);
    expect(bench.nonces.claims).toEqual([]);
  });
});
