import { describe, expect, it } from 'vitest';
import { call, KEYS, signCall, VerifyBench } from './signed-call.ts';

function registered(): VerifyBench {
  const bench = new VerifyBench();
  bench.register('key-1', KEYS['hmac-sha256']);
  return bench;
}

describe('signatures that fail', () => {
  const tampered = () => {
    const signed = signCall(call());
    return { ...signed, path: '/accounts/v1/other' };
  };

  it('are charged to their source and key where they cost a check', () => {
    const bench = registered();
    expect(bench.verdict(tampered())).toBe('signature-invalid');
    const accepted = signCall(call());
    expect(bench.verdict(accepted)).toBe('accepted');
    expect(bench.verdict(accepted)).toBe('signature-replayed');
    expect(bench.failures.charged).toEqual(['127.0.0.1 key-1', '127.0.0.1 key-1']);
    expect(bench.verdict(signCall(call(), { keyId: 'nobody' }))).toBe('key-unknown');
    expect(bench.failures.charged).toHaveLength(2);
  });

  it('are refused unchecked once too many have failed, with the time to wait', () => {
    const bench = registered();
    bench.failures.spentMs = 1_500;
    const exchange = bench.exchange(signCall(call()));
    expect(bench.step(exchange)).toMatchObject({
      name: 'signature-failures',
      retryAfterSeconds: 2,
    });
    expect(bench.counters.get('signatures_refused_failures')).toBe(1);
    expect(exchange.identity).toBeUndefined();
  });

  it('prove nothing: a key has verified from where a call of it was accepted', () => {
    const bench = registered();
    expect(bench.verdict(tampered())).toBe('signature-invalid');
    const accepted = signCall(call());
    expect(bench.verdict(accepted)).toBe('accepted');
    expect(bench.verdict(accepted)).toBe('signature-replayed');
    expect(bench.failures.proven).toEqual(['127.0.0.1 key-1']);
  });
});
