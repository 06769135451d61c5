import { describe, expect, it } from 'vitest';
import type { Exchange } from '../../../src/core/exchange.ts';
import { STAGE } from '../../../src/core/stages.ts';
import { compileSnapshot, createRouteStep } from '../../../src/data-plane/route/index.ts';
import { aKeyEntry, anExchange, anUpstream } from '../../support/exchanges.ts';
import { anApi, aSnapshot } from './route-fixture.ts';

const compiled = compileSnapshot(
  aSnapshot({
    apis: [
      anApi('accounts', 'GET /accounts/{id} read', 'DELETE /accounts/{id} read write'),
      anApi('cards', 'GET /cards'),
      anApi('rates', 'GET /rates public'),
      { ...anApi('lab', 'GET /lab', 'GET /weather public'), sandboxUpstreamId: 'sandbox' },
    ],
    products: [{ id: 'money', apiIds: ['accounts', 'lab'] }],
    subscriptions: ['app-1', 'app-2'].map(appId => ({
      appId,
      productId: 'money',
      planId: 'standard',
      scopes: ['read'],
    })),
    upstreams: [anUpstream(), anUpstream({ id: 'sandbox' })],
  }),
);

function arrived(method: string, path: string): Exchange {
  const exchange = anExchange({ method, path, snapshot: compiled });
  exchange.identity = { entry: aKeyEntry('app-1'), scheme: 'rfc9421', viaSession: false };
  return exchange;
}

describe('the route step', () => {
  const route = createRouteStep();

  it('assigns the operation and the grant', () => {
    const exchange = arrived('GET', '/accounts/7');
    expect(route(exchange)).toBeUndefined();
    expect(exchange.target?.entry).toBe(compiled.operation('accounts.GET-/accounts/{id}'));
    expect(exchange.target?.grant).toBe(compiled.grant('app-1', 'accounts'));
  });

  it.each([
    ['GET', '/nowhere', 'not-found'],
    ['PUT', '/accounts/7', 'method-not-allowed'],
    ['GET', '/cards', 'not-subscribed'],
    ['DELETE', '/accounts/7', 'scope-insufficient'],
  ])('refuses %s %s with %s', (method, path, name) => {
    const exchange = arrived(method, path);
    expect(route(exchange)).toMatchObject({ name });
    expect(exchange.target).toBeUndefined();
  });

  it('names the missing scope and the allowed methods', () => {
    expect(route(arrived('DELETE', '/accounts/7'))).toMatchObject({
      detail: expect.stringContaining('write'),
    });
    expect(route(arrived('PUT', '/accounts/7'))).toMatchObject({
      headers: ['allow', 'DELETE, GET, HEAD'],
    });
  });

  it('adds its time to the policy stage', () => {
    let nowMs = 10;
    const timed = createRouteStep({ wallMs: () => 0, monotonicMs: () => (nowMs += 0.25) });
    const exchange = arrived('GET', '/accounts/7');
    exchange.stageMs[STAGE.policy] = 1;
    timed(exchange);
    expect(exchange.stageMs[STAGE.policy]).toBe(1.25);
    const refused = arrived('GET', '/nowhere');
    timed(refused);
    expect(refused.stageMs[STAGE.policy]).toBe(0.25);
  });

  it('lets anybody call a public operation, signed or not', () => {
    const anonymous = anExchange({ method: 'GET', path: '/rates', snapshot: compiled });
    for (const exchange of [anonymous, arrived('GET', '/rates')]) {
      expect(route(exchange)).toBeUndefined();
      expect(exchange.target?.entry.operation.id).toBe('rates.GET-/rates');
      expect(exchange.target?.grant).toBeUndefined();
    }
  });

  it('takes no body with a GET from a caller without a signature', () => {
    for (const [exchange, refused] of [
      [anExchange({ method: 'GET', path: '/rates', snapshot: compiled }), true],
      [arrived('GET', '/rates'), false],
    ] as const) {
      exchange.body = Buffer.from('GET /accounts/7 HTTP/1.1');
      const result = route(exchange);
      if (refused) expect(result).toMatchObject({ name: 'malformed-request' });
      else expect(result).toBeUndefined();
    }
  });

  it.each([
    ['GET', '/accounts/7'],
    ['GET', '/nowhere'],
    ['PUT', '/rates'],
  ])(
    'asks a caller without a signature for one before it says anything of %s %s',
    (method, path) => {
      const exchange = anExchange({ method, path, snapshot: compiled });
      expect(route(exchange)).toMatchObject({ name: 'signature-missing' });
      expect(exchange.target).toBeUndefined();
    },
  );
});

describe('a call of a sandbox app', () => {
  const route = createRouteStep();
  const fromSandbox = (path: string) => {
    const exchange = anExchange({ method: 'GET', path, snapshot: compiled });
    const entry = aKeyEntry('app-2');
    const app = { ...entry.app, environment: 'sandbox' } as const;
    exchange.identity = { entry: { ...entry, app }, scheme: 'rfc9421', viaSession: false };
    return exchange;
  };

  it.each(['/lab', '/weather'])('of %s goes to the sandbox of the API', path => {
    const exchange = fromSandbox(path);
    expect(route(exchange)).toBeUndefined();
    expect(exchange.target?.upstream.id).toBe('sandbox');
  });

  it.each([
    ['/accounts/7', 'accounts'],
    ['/rates', 'rates'],
  ])('of %s, which has none, goes nowhere', (path, api) => {
    const exchange = fromSandbox(path);
    const detail = expect.stringContaining(`${api} has no sandbox`);
    expect(route(exchange)).toMatchObject({ name: 'not-subscribed', detail });
    expect(exchange.target).toBeUndefined();
  });

  it('is what no other call is: those of production and of nobody go to the bank', () => {
    const anonymous = anExchange({ method: 'GET', path: '/weather', snapshot: compiled });
    for (const exchange of [anonymous, arrived('GET', '/weather'), arrived('GET', '/lab')]) {
      expect(route(exchange)).toBeUndefined();
      expect(exchange.target?.upstream.id).toBe('bank');
    }
  });
});
