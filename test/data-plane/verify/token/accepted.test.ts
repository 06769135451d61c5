import { beforeAll, describe, expect, it } from 'vitest';
import { PENDING } from '../../../../src/core/exchange.ts';
import { HeldRunner } from '../inline-runner.ts';
import {
  ALGORITHMS,
  appEntry,
  type Claims,
  goodClaims,
  ISSUER,
  issuerOf,
  type Pair,
  pairOf,
  signToken,
  THUMBPRINT,
  TokenBench,
} from './token-bench.ts';

let pairs: Pair[];

beforeAll(async () => {
  pairs = await Promise.all(ALGORITHMS.map(alg => pairOf(alg, `key-${alg}`)));
});

const counts = (bench: TokenBench) =>
  (['tokens_checked', 'tokens_remembered'] as const).map(name => bench.counters.get(name));

describe('a token that counts', () => {
  it.each(ALGORITHMS)('says who calls, what for, and is checked once: %s', async alg => {
    const bench = new TokenBench([issuerOf(pairs)]);
    const token = await signToken(pairs[ALGORITHMS.indexOf(alg)]!, goodClaims());
    for (let turn = 0; turn < 3; turn++) {
      const exchange = bench.exchange(`Bearer ${token}`);
      expect(bench.check(exchange)).toBeUndefined();
      expect(exchange.identity).toMatchObject({
        scheme: 'token',
        scopes: new Set(['accounts:read', 'balances:read']),
        entry: { app: { id: 'app-1' }, key: { id: `key-${alg}` } },
      });
    }
    expect(bench.runner.seen).toHaveLength(1);
    expect(counts(bench)).toEqual([1, 2]);
  });

  it('may name several audiences, have no alg in its key, and times with a fraction', async () => {
    const [{ privateKey, jwk }] = pairs as [Pair];
    const { alg, ...unnamed } = jwk;
    const bench = new TokenBench([issuerOf([{ privateKey, jwk: unnamed }])]);
    const claims: Claims = { ...goodClaims(), aud: ['other', 'https://api.bank.example'] };
    claims.exp = (claims.exp as number) + 0.5;
    const token = await signToken({ privateKey, jwk: { ...jwk, alg: alg! } }, claims);
    expect(bench.verdict(`bearer  ${token}`)).toBe('accepted');
  });

  it('may be of either key where the issuer has two of one kid', async () => {
    const twins = await Promise.all(['ES256', 'EdDSA'].map(alg => pairOf(alg, 'twin')));
    const bench = new TokenBench([issuerOf(twins)]);
    for (const pair of twins) {
      const token = await signToken(pair, goodClaims());
      expect(bench.verdict(`Bearer ${token}`)).toBe('accepted');
      expect(bench.verdict(`Bearer ${token}`)).toBe('accepted');
    }
    expect(counts(bench)).toEqual([2, 2]);
    bench.tokens.takeIssuers([issuerOf(twins.slice(1))], 'a secret');
    const gone = await signToken(twins[0]!, goodClaims());
    expect(bench.verdict(`Bearer ${gone}`)).toBe('token-untrusted');
    expect(bench.wanted).toEqual([]);
  });

  it('ends when it expires, whatever is remembered', async () => {
    const bench = new TokenBench([issuerOf(pairs)]);
    const token = await signToken(pairs[2]!, goodClaims());
    expect(bench.verdict(`Bearer ${token}`)).toBe('accepted');
    bench.wallMs += 605_000;
    expect(bench.verdict(`Bearer ${token}`)).toBe('accepted');
    bench.wallMs += 1;
    expect(bench.verdict(`Bearer ${token}`)).toBe('token-expired');
  });

  it('ends with its app, its partner and its issuer’s key, at once', async () => {
    const bench = new TokenBench([issuerOf(pairs)]);
    const token = await signToken(pairs[2]!, goodClaims());
    const verdict = () => bench.verdict(`Bearer ${token}`);
    expect(verdict()).toBe('accepted');
    bench.apps.set('app-1', appEntry('app-1', { active: false }));
    bench.snapshots.current = bench.snapshot(2);
    expect(verdict()).toBe('app-inactive');
    bench.apps.delete('app-1');
    bench.snapshots.current = bench.snapshot(3);
    expect(verdict()).toBe('token-untrusted');
    bench.apps.set('app-1', appEntry('app-1'));
    bench.snapshots.current = bench.snapshot(4);
    expect(verdict()).toBe('accepted');
    bench.tokens.takeIssuers([issuerOf(pairs.slice(0, 2))], 'a secret');
    expect(verdict()).toBe('token-untrusted');
    expect(bench.wanted).toEqual([ISSUER]);
  });

  it('bound to a certificate counts on that certificate’s connections only', async () => {
    const bench = new TokenBench([issuerOf(pairs, { bearer: false })]);
    const claims = { ...goodClaims(), cnf: { 'x5t#S256': THUMBPRINT } };
    const token = await signToken(pairs[2]!, claims);
    expect(bench.verdict(`Bearer ${token}`)).toBe('token-binding');
    expect(bench.verdict(`Bearer ${token}`, THUMBPRINT)).toBe('accepted');
    expect(bench.verdict(`Bearer ${token}`, 'B'.repeat(43))).toBe('token-binding');
    expect(bench.verdict(`Bearer ${token}`)).toBe('token-binding');
    expect(bench.verdict(`Bearer ${token}`, THUMBPRINT)).toBe('accepted');
  });
});

describe('without what a token needs', () => {
  it('any Authorization is the upstream’s where there are no issuers', async () => {
    const token = await signToken(pairs[2]!, goodClaims());
    expect(new TokenBench([]).verdict(`Bearer ${token}`)).toBe('anonymous');
    expect(new TokenBench([issuerOf(pairs)]).verdict('Basic YTpi')).toBe('anonymous');
  });

  it('waits for the keys of an issuer that were not read yet', async () => {
    const bench = new TokenBench([issuerOf(pairs, { keys: undefined })]);
    const token = await signToken(pairs[2]!, goodClaims());
    expect(bench.verdict(`Bearer ${token}`)).toBe('token-keys-unavailable');
    expect(bench.wanted).toEqual([ISSUER]);
  });

  it('a source whose tokens fail too often waits before anything is checked', async () => {
    const bench = new TokenBench([issuerOf(pairs)]);
    const token = await signToken(await pairOf('ES256', 'key-ES256'), goodClaims());
    expect(bench.verdict(`Bearer ${token}`)).toBe('token-invalid');
    expect(bench.charged).toEqual(['127.0.0.1 token of "app-1"']);
    bench.spentMs = 1_500;
    expect(bench.verdict(`Bearer ${token}`)).toBe('signature-failures');
    expect(bench.runner.seen).toHaveLength(1);
  });
});

describe('while a token is checked', () => {
  it('its key may be withdrawn: it is refused, and not remembered', async () => {
    const checks = new HeldRunner();
    const bench = new TokenBench([issuerOf(pairs)], { checks });
    const token = await signToken(pairs[2]!, goodClaims());
    const exchange = bench.exchange(`Bearer ${token}`);
    expect(bench.check(exchange)).toBe(PENDING);
    bench.tokens.takeIssuers([issuerOf(pairs.slice(0, 2))], 'a secret');
    checks.held[0]!.settle('valid');
    expect(exchange.identity).toBeUndefined();
    expect(bench.verdict(`Bearer ${token}`)).toBe('token-untrusted');
    bench.tokens.takeIssuers([issuerOf(pairs)], 'a secret');
    expect(bench.verdict(`Bearer ${token}`)).toBe('pending');
  });

  it('keys may come: it is accepted, and remembered', async () => {
    const checks = new HeldRunner();
    const bench = new TokenBench([issuerOf(pairs.slice(0, 3))], { checks });
    const token = await signToken(pairs[2]!, goodClaims());
    const exchange = bench.exchange(`Bearer ${token}`);
    expect(bench.check(exchange)).toBe(PENDING);
    bench.tokens.takeIssuers([issuerOf(pairs)], 'a secret');
    checks.held[0]!.settle('valid');
    expect(exchange.identity).toMatchObject({ entry: { app: { id: 'app-1' } } });
    expect(bench.proven).toEqual(['127.0.0.1 token of "app-1"']);
    expect(bench.verdict(`Bearer ${token}`)).toBe('accepted');
    expect(checks.held).toHaveLength(1);
  });
});

describe('an issuer', () => {
  it('speaks for the apps that it is named for', async () => {
    const token = await signToken(pairs[2]!, goodClaims());
    const of = (apps: string[]) => new TokenBench([issuerOf(pairs, { apps })]);
    expect(of(['app-1']).verdict(`Bearer ${token}`)).toBe('accepted');
    expect(of(['app-2']).verdict(`Bearer ${token}`)).toBe('token-untrusted');
  });

  it('is asked for a key that it has not once a second at most', async () => {
    const bench = new TokenBench([issuerOf(pairs.slice(0, 1))]);
    const token = await signToken(pairs[2]!, goodClaims());
    for (let i = 0; i < 50; i++) expect(bench.verdict(`Bearer ${token}`)).toBe('token-untrusted');
    expect(bench.wanted).toEqual([ISSUER]);
  });
});
