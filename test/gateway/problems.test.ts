/** Every problem of the table, seen through the real socket. */
import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRequestSigner } from '../../src/client/index.ts';
import { PROBLEM_NAMES, type ProblemName } from '../../src/core/problems.ts';
import { createDemoBank, type DemoBank } from '../../src/demo/bank/index.ts';
import { TestGateway } from '../support/gateway.ts';
import { problemCode, RawSocket } from '../support/raw-socket.ts';

const seen = new Set<string>();

interface Sent {
  readonly status: number;
  readonly code: string | undefined;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

let bank: DemoBank;
let gateway: TestGateway;
let mute: Server;
const muteSockets = new Set<Socket>();

beforeAll(async () => {
  bank = await createDemoBank();
  mute = createServer(socket => muteSockets.add(socket));
  await new Promise<void>(done => {
    mute.listen(0, '127.0.0.1', done);
  });
  const mutePort = (mute.address() as { port: number }).port;
  gateway = await TestGateway.start({
    upstreamPort: bank.port,
    config: {
      limits: { bodyMaxBytes: 4_096, bodyTimeoutMs: 300, bodiesBufferedMaxBytes: 65_536 },
    },
    registry: registry => {
      const upstream = (id: string, port: number, extra = {}) =>
        registry.upstreams!.push({ id, url: `http://127.0.0.1:${port}`, ...extra });
      upstream('dead', 1);
      upstream('mute', mutePort, { responseTimeoutMs: 200 });
      upstream('narrow', mutePort, { responseTimeoutMs: 2_000, connectionsMax: 1, queueMax: 0 });
      const api = (id: string, upstreamId: string, scopes: string[] = []) => {
        const operations = [{ id: 'get', method: 'GET', path: '/', scopes }];
        registry.apis!.push({
          id,
          name: id,
          direction: 'outbound',
          basePath: `/${id}`,
          upstream: upstreamId,
          operations,
        });
      };
      api('dead', 'dead');
      api('mute', 'mute');
      api('narrow', 'narrow');
      api('hidden', 'dead');
      api('scoped', 'dead', ['nobody:has']);
      registry.products!.push({
        id: 'faulty',
        name: 'Faulty',
        apis: ['dead', 'mute', 'narrow', 'scoped'],
      });
      const app = (registry.keys as { id: string; app: string }[]).find(
        key => key.id === gatewayKey(),
      )!.app;
      const plan = (registry.plans as { id: string }[])[0]!.id;
      registry.subscriptions!.push({ app, product: 'faulty', plan, scopes: [] });
    },
  });
});

afterAll(async () => {
  for (const socket of muteSockets) socket.destroy();
  mute.close();
  await gateway.dispose();
  await bank.close();
});

/** The demo's default key. */
function gatewayKey(): string {
  return 'nebula-pay-rsa';
}

interface Call {
  readonly method?: string;
  readonly path: string;
  readonly body?: string;
  readonly keyId?: string;
  readonly change?: (headers: Record<string, string>) => void;
}

async function call({ method = 'GET', path, body, keyId, change }: Call): Promise<Sent> {
  const signer = createRequestSigner(gateway.credentials(keyId));
  const targetUri = `${gateway.url}${path}`;
  const bytes = body === undefined ? undefined : Buffer.from(body);
  const contentType = body === undefined ? undefined : 'application/json';
  const headers: Record<string, string> = {
    ...signer.sign({ method, targetUri, body: bytes, contentType }),
    ...(contentType === undefined ? {} : { 'content-type': contentType }),
  };
  change?.(headers);
  const init = { method, headers, ...(bytes === undefined ? {} : { body: bytes }) };
  const answer = await fetch(targetUri, init);
  const text = await answer.text();
  const document = answer.ok ? {} : JSON.parse(text);
  return { status: answer.status, code: document.code, headers: answer.headers, body: document };
}

async function expectProblem(name: ProblemName, request: Call): Promise<Sent> {
  const sent = await call(request);
  expect(sent.code).toBe(name);
  expect(sent.headers.get('content-type')).toBe('application/problem+json');
  expect(sent.body).toMatchObject({ type: `/problems/${name}`, status: sent.status });
  expect(sent.body.requestId).toBe(sent.headers.get('x-request-id'));
  seen.add(name);
  return sent;
}

const ACCOUNTS = '/accounts/v1/accounts';

describe('a signed call', () => {
  it('gets through', async () => {
    expect((await call({ path: ACCOUNTS })).status).toBe(200);
  });
});

describe('problems that the signature causes', () => {
  it('signature-missing', () =>
    expectProblem('signature-missing', {
      path: ACCOUNTS,
      change: headers => {
        delete headers.signature;
        delete headers['signature-input'];
      },
    }));

  it('signature-malformed', () =>
    expectProblem('signature-malformed', {
      path: ACCOUNTS,
      change: headers => {
        headers['signature-input'] = 'sig=(';
      },
    }));

  it('signature-coverage', () =>
    expectProblem('signature-coverage', {
      path: ACCOUNTS,
      change: headers => {
        headers['signature-input'] = headers['signature-input']!.replace('"@method" ', '');
      },
    }));

  it('signature-expired', () =>
    expectProblem('signature-expired', {
      path: ACCOUNTS,
      change: headers => {
        const old = `created=${Math.floor(Date.now() / 1000) - 3_600}`;
        headers['signature-input'] = headers['signature-input']!.replace(/created=\d+/, old);
      },
    }));

  it('signature-algorithm', () =>
    expectProblem('signature-algorithm', {
      path: ACCOUNTS,
      change: headers => {
        const changed = headers['signature-input']!.replace(/alg="[^"]+"/, 'alg="ed25519"');
        headers['signature-input'] = changed;
      },
    }));

  it('signature-invalid', () =>
    expectProblem('signature-invalid', {
      path: ACCOUNTS,
      change: headers => {
        headers['signature-input'] = headers['signature-input']!.replace('nonce="', 'nonce="x');
      },
    }));

  it('signature-replayed', async () => {
    const kept: Record<string, string> = {};
    const first = await call({ path: ACCOUNTS, change: headers => Object.assign(kept, headers) });
    expect(first.status).toBe(200);
    await expectProblem('signature-replayed', {
      path: ACCOUNTS,
      change: headers => Object.assign(headers, kept),
    });
  });

  it('key-unknown', () =>
    expectProblem('key-unknown', {
      path: ACCOUNTS,
      change: headers => {
        const changed = headers['signature-input']!.replace(/keyid="[^"]+"/, 'keyid="nobody"');
        headers['signature-input'] = changed;
      },
    }));

  it('digest-mismatch', async () => {
    const signer = createRequestSigner(gateway.credentials());
    const targetUri = `${gateway.url}/transfers/v1/transfers`;
    const signed = signer.sign({ method: 'POST', targetUri, body: Buffer.from('{"a":1}') });
    const answer = await fetch(targetUri, {
      method: 'POST',
      headers: { ...signed },
      body: '{"a":2}',
    });
    expect(((await answer.json()) as { code: string }).code).toBe('digest-mismatch');
    seen.add('digest-mismatch');
  });
});

describe('problems that the request causes', () => {
  it('malformed-request', () => expectProblem('malformed-request', { path: '/a//b' }));

  it('malformed-request, where Connection would take a covered field off the call', async () => {
    const socket = await RawSocket.open(gateway.port);
    const lines = ['host: a', 'content-type: text/plain', 'connection: close, Content-Type'];
    socket.send(`GET ${ACCOUNTS} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    expect(problemCode(await socket.until())).toBe('malformed-request');
    socket.destroy();
  });

  it('not-found', () => expectProblem('not-found', { path: '/nowhere' }));

  it('method-not-allowed, with what is allowed', async () => {
    const sent = await expectProblem('method-not-allowed', { method: 'DELETE', path: ACCOUNTS });
    expect(sent.headers.get('allow')).toContain('GET');
  });

  it('not-subscribed', () => expectProblem('not-subscribed', { path: '/hidden/' }));

  it('scope-insufficient', async () => {
    const sent = await expectProblem('scope-insufficient', { path: '/scoped/' });
    expect(sent.body.detail).toContain('nobody:has');
  });

  it('body-too-large', () =>
    expectProblem('body-too-large', {
      method: 'POST',
      path: '/transfers/v1/transfers',
      body: 'x'.repeat(4_097),
    }));

  it('request-timeout', async () => {
    const socket = await RawSocket.open(gateway.port);
    socket.send(`POST ${ACCOUNTS} HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\n12345`);
    const answer = await socket.untilClosed();
    expect(answer.status).toBe(408);
    expect(problemCode(answer)).toBe('request-timeout');
    seen.add('request-timeout');
  });
});

describe('problems behind the gateway', () => {
  it('upstream-unreachable', () => expectProblem('upstream-unreachable', { path: '/dead/' }));
  it('upstream-timeout', () => expectProblem('upstream-timeout', { path: '/mute/' }));

  it('upstream-saturated', async () => {
    const first = call({ path: '/narrow/' });
    await expect.poll(() => gateway.metric('xingyun_upstream_connections_open')).toBeGreaterThan(0);
    const sent = await expectProblem('upstream-saturated', { path: '/narrow/' });
    expect(sent.headers.get('retry-after')).toBe('1');
    await first;
  });

  it('upstream-protocol', () =>
    expectProblem('upstream-protocol', { path: '/sandbox/v1/echo?demo-fault=malformed' }));
});

describe('the table', () => {
  /** These need a configuration of their own; the tests named here see them. */
  const elsewhere: Partial<Record<ProblemName, string>> = {
    overloaded: 'limits.test.ts',
    'too-many-connections': 'limits.test.ts',
    'source-blocked': 'tuning.test.ts',
    'verify-saturated': 'limits.test.ts',
    'nonce-store-full': 'limits.test.ts',
    'nonce-store-unavailable': 'faults/degradation/redis-gone.test.ts',
    'key-inactive': 'limits.test.ts',
    'app-inactive': 'limits.test.ts',
    'client-certificate-required': 'tls.test.ts',
    'signature-scheme': 'interop/xingyun-port.test.ts',
    'token-malformed': 'tokens.test.ts',
    'token-untrusted': 'tokens.test.ts',
    'token-invalid': 'tokens.test.ts',
    'token-expired': 'tokens.test.ts',
    'token-binding': 'tokens.test.ts',
    'token-keys-unavailable': 'tokens.test.ts',
    'dpop-proof-invalid': 'tokens.test.ts',
    'dpop-proof-replayed': 'tokens.test.ts',
    'dpop-nonce-required': 'tokens.test.ts',
    'payload-invalid': 'payloads.test.ts',
    'payload-media-type': 'payloads.test.ts',
    'payload-undecryptable': 'encrypted-payloads.test.ts',
    'encryption-key-missing': 'encrypted-payloads.test.ts',
    'not-acceptable': 'payloads.test.ts',
    'answer-invalid': 'payloads.test.ts',
    'answer-overloaded': 'data-plane/transform/answer-converter.test.ts',
    'internal-error': 'internal-error.test.ts',
    'upgrade-required': 'sessions.test.ts',
    'subprotocol-unsupported': 'sessions.test.ts',
    'rate-limited': 'sessions.test.ts',
    'too-many-in-flight': 'sessions.test.ts',
    'too-many-subscriptions': 'sessions.test.ts',
    'call-cancelled': 'sessions.test.ts',
    'deadline-exceeded': 'sessions.test.ts',
    'answer-too-large': 'sessions.test.ts',
    'cursor-expired': 'session-events.test.ts',
    'slow-consumer': 'session-events.test.ts',
    'quota-exceeded': 'policy.test.ts',
    'signature-failures': 'failure-budget.test.ts',
    'circuit-open': 'circuit-breaker.test.ts',
    'idempotency-key-invalid': 'idempotency.test.ts',
    'idempotency-key-reused': 'idempotency.test.ts',
    'idempotency-in-flight': 'idempotency.test.ts',
    'idempotency-outcome-unknown': 'idempotency.test.ts',
    'idempotency-answer-not-kept': 'idempotency.test.ts',
    'idempotency-unavailable': 'faults/degradation/disk-full.test.ts',
  };

  it('has no problem that nobody has seen', () => {
    const unseen = PROBLEM_NAMES.filter(name => !seen.has(name) && elsewhere[name] === undefined);
    expect(unseen).toEqual([]);
  });
});
