import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { RequestSigner } from '../../../src/client/request-signer.ts';
import { ROLES } from '../../../src/control-plane/admin/control-context.ts';
import { FAILURES_MAX } from '../../../src/control-plane/admin/rate-limits.ts';
import { defaultConfig } from '../../../src/control-plane/config/index.ts';
import {
  type Operator,
  OperatorDirectory,
} from '../../../src/control-plane/operators/operator-directory.ts';
import { createOperatorCheck } from '../../../src/data-plane/compose-operator-check.ts';
import {
  AdminUnderTest,
  anOperator,
  CONFIG_ADMIN,
  OPERATORS,
  refusalOf,
  tokenOf,
} from './admin-fixture.ts';
import { KEY_PATH, LISTS, PARTNER } from './record-fixture.ts';

const PARTNERS = '/v1/partners';

describe('the registry over the admin API', () => {
  it('is shown to nobody without credentials, on loopback as well', async () => {
    const admin = await AdminUnderTest.start();
    for (const path of [PARTNERS, '/v1/registry/export', '/v1/audit/head', '/v1/approvals']) {
      const answer = await admin.call(path, { as: '' });
      expect(refusalOf(answer), path).toBe('401 unauthorized');
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer /);
    }
  });

  it('is closed where there are no operators at all', async () => {
    const nobody = { operators: () => new OperatorDirectory() };
    const admin = await AdminUnderTest.start({ listener: nobody });
    expect(refusalOf(await admin.call(PARTNERS))).toBe('401 unauthorized');
    expect((await admin.call('/healthz', { as: '' })).status).toBe(200);
  });

  it('opens to an operator until its end, and to new ones at once', async () => {
    let directory = new OperatorDirectory([]);
    const admin = await AdminUnderTest.start({ listener: { operators: () => directory } });
    expect((await admin.call(PARTNERS, { as: 'zoe' })).status).toBe(401);
    const zoe: Operator = { ...anOperator('zoe', 'viewer'), notAfterMs: admin.clock.wallMs() };
    directory = new OperatorDirectory([zoe]);
    expect((await admin.call(PARTNERS, { as: 'zoe' })).status).toBe(200);
    admin.clock.pass(1);
    expect(refusalOf(await admin.call(PARTNERS, { as: 'zoe' }))).toBe('401 unauthorized');
  });

  it('has every role for the holder of the admin token, who is named admin', async () => {
    const token = tokenOf('admin');
    const holder = { operators: () => new OperatorDirectory([], token) };
    const admin = await AdminUnderTest.start({ listener: holder });
    expect((await admin.put(`${PARTNERS}/nebula-pay`, PARTNER, { as: 'admin' })).status).toBe(201);
    const { body } = await admin.call('/v1/audit', { as: 'admin' });
    expect(body.items).toMatchObject([{ actor: 'operator:admin' }]);
  });
});

describe('a role', () => {
  const ALLOWED: Readonly<Record<string, readonly string[]>> = {
    'GET /v1/partners': ['viewer', 'operator', 'partner-manager', 'auditor'],
    'GET /v1/registry/status': ['viewer', 'operator', 'partner-manager', 'auditor'],
    'GET /v1/audit': ['operator', 'auditor'],
    'GET /v1/audit/head': ['operator', 'auditor'],
    'PUT /v1/partners/x': ['operator', 'partner-manager'],
    'PATCH /v1/apps/x': ['operator', 'partner-manager'],
    'DELETE /v1/subscriptions/x': ['operator', 'partner-manager'],
    'POST /v1/keys/x/revoke': ['operator', 'partner-manager'],
    'PUT /v1/upstreams/x': ['operator'],
    'PATCH /v1/apis/x': ['operator'],
    'DELETE /v1/plans/x': ['operator'],
    'PUT /v1/topics/x': ['operator'],
    'PUT /v1/products/x': ['operator'],
    'POST /v1/registry/apply': ['operator'],
    'POST /v1/registry/plan': ['viewer', 'operator', 'partner-manager', 'auditor'],
    'POST /v1/approvals/x/approve': ['operator', 'partner-manager'],
  };

  it.each(Object.keys(ALLOWED))('decides who may %s', async route => {
    const admin = await AdminUnderTest.start();
    const [method, path] = route.split(' ') as [string, string];
    const names = { viewer: 'vera', operator: 'olga', 'partner-manager': 'paul', auditor: 'axel' };
    const may: string[] = [];
    for (const role of ROLES) {
      const body = method === 'GET' || method === 'DELETE' ? {} : { body: {} };
      const { status, body: answer } = await admin.call(path, { method, as: names[role], ...body });
      if (answer.code === 'role-insufficient') expect(status).toBe(403);
      else may.push(role);
    }
    expect(may.sort()).toEqual([...ALLOWED[route]!].sort());
  });

  it('that is wrong is told which are right', async () => {
    const admin = await AdminUnderTest.start();
    const { body } = await admin.call('/v1/audit', { as: 'vera' });
    expect(body.detail).toContain('auditor or operator');
  });
});

describe('wrong tokens', () => {
  it('of one address are not listened to after a while, whatever comes then', async () => {
    const admin = await AdminUnderTest.start();
    const guess = (i: number) =>
      admin.call(PARTNERS, { as: '', headers: { authorization: `Bearer guess-${i}` } });
    for (let i = 0; i < FAILURES_MAX; i++)
      expect(refusalOf(await guess(i))).toBe('401 unauthorized');
    const blocked = await guess(FAILURES_MAX);
    expect(refusalOf(blocked)).toBe('429 too-many-failures');
    expect(Number(blocked.headers.get('retry-after'))).toBeGreaterThan(0);
    // Otherwise a guess that is right would stand out.
    expect(refusalOf(await admin.call(PARTNERS))).toBe('429 too-many-failures');
    expect((await admin.call('/healthz', { as: '' })).status).toBe(200);
  });

  it('that are one and the same count once: a script with an old token', async () => {
    const admin = await AdminUnderTest.start();
    for (let i = 0; i < 2 * FAILURES_MAX; i++) {
      expect((await admin.call(PARTNERS, { as: 'somebody' })).status).toBe(401);
    }
    expect((await admin.call(PARTNERS)).status).toBe(200);
  });

  it('are none where nothing is offered', async () => {
    const admin = await AdminUnderTest.start();
    for (let i = 0; i < 2 * FAILURES_MAX; i++) await admin.call(PARTNERS, { as: '' });
    expect((await admin.call(PARTNERS)).status).toBe(200);
  });
});

describe('the rate', () => {
  it('is each operator’s own, and told with every answer', async () => {
    const config = { ...CONFIG_ADMIN, requestsPerMinuteMax: 3 };
    const admin = await AdminUnderTest.start({ listener: { config } });
    for (const remaining of ['2', '1', '0']) {
      const { status, headers } = await admin.call(PARTNERS);
      expect(status).toBe(200);
      expect(headers.get('ratelimit-limit')).toBe('3');
      expect(headers.get('ratelimit-remaining')).toBe(remaining);
      expect(Number(headers.get('ratelimit-reset'))).toBeGreaterThan(0);
    }
    const limited = await admin.call(PARTNERS);
    expect(refusalOf(limited)).toBe('429 rate-limited');
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await admin.call(PARTNERS, { as: 'vera' })).status).toBe(200);
  });

  it('of an address bounds what comes before anybody is known', async () => {
    const config = { ...CONFIG_ADMIN, requestsPerMinuteMax: 1 };
    const admin = await AdminUnderTest.start({ listener: { config } });
    const statuses: number[] = [];
    for (let i = 0; i < 10; i++) statuses.push((await admin.call(PARTNERS, { as: '' })).status);
    expect(statuses.filter(status => status === 401)).toHaveLength(8);
    expect(statuses.at(-1)).toBe(429);
  });
});

describe('a signed request', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const material = publicKey.export({ type: 'spki', format: 'der' });
  const signs: Operator = {
    ...{ id: 'sina', roles: ['operator'], tokenDigest: undefined, notAfterMs: Infinity },
    keys: [{ id: 'sina-1', operatorId: 'sina', algorithm: 'ed25519', material }],
  };

  async function start() {
    const { signatures } = defaultConfig().config;
    const checks: { current?: ReturnType<typeof createOperatorCheck> } = {};
    const admin = await AdminUnderTest.start({
      listener: {
        operators: () => new OperatorDirectory([...OPERATORS, signs]),
        // The port is known when the listener is there.
        signedRequests: {
          isSigned: head => checks.current!.isSigned(head),
          check: (...asked) => checks.current!.check(...asked),
        },
      },
    });
    const { port } = admin.listener;
    const { clock } = admin;
    const listener = { host: '127.0.0.1', port };
    checks.current = createOperatorCheck({ listener, signatures, clock });
    clock.pass(1_000);
    const signer = new RequestSigner({ keyId: 'sina-1', algorithm: 'ed25519', privateKey }, clock);
    const send = (method: string, path: string, body?: string, sent = body) => {
      const encoded = body === undefined ? undefined : new TextEncoder().encode(body);
      const signed = signer.sign({
        ...{ method, targetUri: admin.url + path },
        ...(encoded && { body: encoded, contentType: 'application/json' }),
      });
      return admin.call(path, {
        ...{
          method,
          as: '',
          headers: { ...(method === 'PUT' ? { 'if-none-match': '*' } : {}), ...signed },
        },
        ...(sent === undefined ? {} : { body: sent }),
      });
    };
    return { admin, send };
  }

  it('is its operator’s, with the body that was signed', async () => {
    const { admin, send } = await start();
    const path = `${PARTNERS}/${PARTNER.id}`;
    expect((await send('PUT', path, JSON.stringify(PARTNER))).status).toBe(201);
    const { items } = (await admin.call('/v1/audit')).body;
    expect(items).toMatchObject([{ actor: 'operator:sina', action: 'partner.create' }]);
    expect((await send('GET', path)).body).toMatchObject({ name: PARTNER.name });
  });

  it('is refused with another body, or with none', async () => {
    const { admin, send } = await start();
    const path = `${PARTNERS}/${PARTNER.id}`;
    const body = JSON.stringify(PARTNER);
    const other = JSON.stringify({ ...PARTNER, name: 'Other' });
    expect(refusalOf(await send('PUT', path, body, other))).toBe('400 digest-mismatch');
    await admin.seed(LISTS);
    const bodyless = await send('POST', `${KEY_PATH}/revoke`, '{"reason":"Lost"}', '');
    expect(refusalOf(bodyless)).toBe('400 digest-mismatch');
    expect(admin.desk.get('partner', PARTNER.id)!.body.name).toBe(PARTNER.name);
  });

  it('that is wrong is refused, beside a token that is right as well', async () => {
    const { admin } = await start();
    const signature = 'sig=:AA==:';
    const broken = await admin.call(PARTNERS, {
      headers: { signature, 'signature-input': 'sig=()' },
    });
    expect(broken.status).toBe(401);
    for (const lone of [signature, 'keyId="ann-1",signature="AAAA"', '']) {
      const answer = await admin.call(PARTNERS, { headers: { signature: lone } });
      expect(refusalOf(answer)).toBe('400 signature-malformed');
    }
  });

  it('does not keep an address out where it is wrong', async () => {
    const { admin } = await start();
    for (let i = 0; i < 2 * FAILURES_MAX; i++) {
      const headers = { signature: 'sig=:AA==:', 'signature-input': 'sig=()' };
      expect((await admin.call(PARTNERS, { as: '', headers })).status).toBe(401);
    }
    expect((await admin.call(PARTNERS)).status).toBe(200);
  });
});
