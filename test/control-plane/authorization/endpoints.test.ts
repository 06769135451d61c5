import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type AuthorizationOptions,
  Revocations,
} from '../../../src/control-plane/authorization/index.ts';
import type { AuthorizationRequest, ClaimedRevocation } from '../../../src/core/authorization.ts';
import {
  certificateOf,
  clientEntry,
  ISSUER,
  keyRecord,
  type Members,
  pairOf,
  ServerBench,
  TYPE,
} from './server-bench.ts';

const own = pairOf('ES256');
const other = pairOf('EdDSA');
const proofKeys = { ES256: pairOf('ES256'), PS256: pairOf('PS256'), EdDSA: pairOf('EdDSA') };
const proofKey = proofKeys.ES256;
const FORM_FIELDS = ['content-type', 'application/x-www-form-urlencoded'];
let bench: ServerBench;

function open(options: Partial<AuthorizationOptions> = {}, revokedMax?: number): ServerBench {
  bench?.close();
  bench = new ServerBench(options, revokedMax);
  const keys = [keyRecord(own, 'key-1', 'app-1')];
  bench.clients.set('app-1', clientEntry('app-1', keys, 'a:read', 'b:write'));
  bench.clients.set('app-2', clientEntry('app-2', [keyRecord(other, 'key-2', 'app-2')], 'a:read'));
  return bench;
}

beforeEach(() => {
  bench = undefined as unknown as ServerBench;
  open();
});
afterEach(() => bench.close());

type Answer = ReturnType<ServerBench['send']>;
const outcome = ({ status, body }: Answer) => [status, body.error];
const issue = (proofs = [bench.proof(proofKey)], form: Members = {}) =>
  bench.token(bench.assertion(own), proofs, form);
const tokenOf = (answer: Answer) => answer.body.access_token as string;
const claimsOf = (token: string): Members =>
  JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString());

function manage(path: string, token: unknown, byOther = false): Answer {
  const assertion = byOther
    ? bench.assertion(other, { iss: 'app-2', sub: 'app-2' }, { kid: 'key-2' })
    : bench.assertion(own);
  const form = { client_assertion_type: TYPE, client_assertion: assertion };
  return bench.send({ ...form, ...(token === undefined ? {} : { token }) }, { path });
}

describe('a token', () => {
  it('has the claims of RFC 9068 and the thumbprint of the proof’s key', () => {
    const answer = issue();
    const { crv, kty, x, y } = proofKey.publicKey.export({ format: 'jwk' });
    const jkt = createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
    expect(claimsOf(tokenOf(answer))).toEqual({
      ...{ iss: ISSUER, aud: ISSUER, sub: 'app-1', client_id: 'app-1', scope: 'a:read b:write' },
      ...{ iat: bench.now, exp: bench.now + 300, jti: expect.stringMatching(/^[\w-]{27}$/) },
      cnf: { jkt },
    });
    expect(answer.body).toMatchObject({ token_type: 'DPoP', expires_in: 300 });
    expect(answer.headers).toEqual(expect.arrayContaining(['cache-control', 'no-store']));
  });

  it.each(['ES256', 'PS256', 'EdDSA'] as const)('is bound by a proof of %s', algorithm => {
    expect(outcome(issue([bench.proof(proofKeys[algorithm])]))).toEqual([200, undefined]);
  });

  it('never has the id of another', () => {
    const ids = Array.from({ length: 20 }, () => claimsOf(tokenOf(issue())).jti);
    expect(new Set(ids).size).toBe(20);
  });

  it('has the scopes that are asked for, each once, and none that is not granted', () => {
    const scoped = (scope: string) => issue([bench.proof(proofKey)], { scope });
    expect(scoped('b:write').body.scope).toBe('b:write');
    expect(scoped('a:read a:read').body.scope).toBe('a:read');
    for (const scope of ['c:read', 'a:read c:read', 'A:read', 'a:read  b:write', ' a:read']) {
      expect(outcome(scoped(scope))).toEqual([400, 'invalid_scope']);
    }
  });

  it('is not given without a subscription', () => {
    bench.clients.set('app-1', clientEntry('app-1', [keyRecord(own, 'key-1', 'app-1')]));
    expect(outcome(issue())).toEqual([400, 'invalid_scope']);
  });

  it('is bound to a key or a certificate, unless bearers are let in', () => {
    expect(outcome(issue([]))).toEqual([400, 'invalid_request']);
    open({ bearer: true });
    const answer = issue([]);
    expect(answer.body.token_type).toBe('Bearer');
    expect(claimsOf(tokenOf(answer))).not.toHaveProperty('cnf');
  });

  it('of an old key is still known after the next one signs', () => {
    const { kid } = bench.ring.current();
    bench.nowMs += 82_800_000;
    bench.ring.look();
    bench.nowMs += 3_500_000;
    const token = tokenOf(issue());
    bench.nowMs += 200_000;
    expect(bench.ring.current().kid).not.toBe(kid);
    expect(bench.server.terms.keys).toHaveLength(2);
    expect(manage('/oauth2/introspect', token).body.active).toBe(true);
    expect(manage('/oauth2/introspect', tokenOf(issue())).body.active).toBe(true);
  });
});

describe('a certificate', () => {
  const form = { grant_type: 'client_credentials', client_id: 'app-1' };
  const present = (pair: typeof own, more: Members = {}) =>
    bench.send({ ...form, ...more }, { certificate: certificateOf(pair) });

  it('proves the client whose registered key it has, and binds the token', () => {
    const answer = present(own);
    expect(claimsOf(tokenOf(answer)).cnf).toEqual({ 'x5t#S256': 't'.repeat(43) });
    expect(answer.body.token_type).toBe('Bearer');
  });

  it('of another key, another client or a revoked key is invalid_client', () => {
    expect(outcome(present(other))).toEqual([401, 'invalid_client']);
    expect(outcome(present(own, { client_id: 'app-2' }))).toEqual([401, 'invalid_client']);
    expect(outcome(present(own, { client_id: 'app-9' }))).toEqual([401, 'invalid_client']);
    const key = { ...keyRecord(own, 'key-1', 'app-1'), revoked: true };
    bench.clients.set('app-1', clientEntry('app-1', [key], 'a:read'));
    expect(outcome(present(own))).toEqual([401, 'invalid_client']);
  });

  it('is needed where there is no assertion', () => {
    expect(outcome(bench.send(form))).toEqual([401, 'invalid_client']);
  });

  it('beside an assertion binds the token as well', () => {
    const assertion = { client_assertion_type: TYPE, client_assertion: bench.assertion(own) };
    const answer = present(other, assertion);
    expect(claimsOf(tokenOf(answer)).cnf).toEqual({ 'x5t#S256': 't'.repeat(43) });
  });
});

const PROOFS: [string, () => Members, Members?][] = [
  ['for another method', () => ({ htm: 'GET' })],
  ['for another URI', () => ({ htu: `${ISSUER}/oauth2/revoke` })],
  ['without jti', () => ({ jti: undefined })],
  ['without iat', () => ({ iat: undefined })],
  ['that is too old', () => ({ iat: bench.now - 61 })],
  ['from the future', () => ({ iat: bench.now + 61 })],
  ['of another type', () => ({}), { typ: 'JWT' }],
  ['with alg none', () => ({}), { alg: 'none' }],
  ['with alg HS256', () => ({}), { alg: 'HS256' }],
  ['with alg of another key', () => ({}), { alg: 'EdDSA' }],
  ['with crit', () => ({}), { crit: ['exp'] }],
  ['without jwk', () => ({}), { jwk: undefined }],
  ['with a private jwk', () => ({}), { jwk: proofKey.privateKey.export({ format: 'jwk' }) }],
  [
    'with the jwk of another',
    () => ({}),
    { jwk: pairOf('ES256').publicKey.export({ format: 'jwk' }) },
  ],
];

describe('a DPoP proof', () => {
  it.each(PROOFS)('%s is refused', (_, claims, header = {}) => {
    const answer = issue([bench.proof(proofKey, claims(), header)]);
    expect(outcome(answer)).toEqual([400, 'invalid_dpop_proof']);
  });

  it('that is none, or one of two, is refused', () => {
    expect(outcome(issue(['none']))).toEqual([400, 'invalid_dpop_proof']);
    const two = [bench.proof(proofKey), bench.proof(proofKey)];
    expect(outcome(issue(two))).toEqual([400, 'invalid_dpop_proof']);
  });

  it('counts once: its jti is claimed', () => {
    const { claims } = issue([bench.proof(proofKey, { jti: 'two' })]);
    expect(claims.map(({ name }) => name)).toContain('dpop two');
    expect(JSON.parse(claims[1]!.seen.body).error).toBe('invalid_dpop_proof');
  });

  it('needs the nonce that it is told, where nonces are on, for one or two windows', () => {
    open({ dpopNonce: true });
    const first = issue();
    expect(outcome(first)).toEqual([400, 'use_dpop_nonce']);
    const nonce = first.headers[first.headers.indexOf('dpop-nonce') + 1];
    expect(outcome(issue([bench.proof(proofKey, { nonce })]))).toEqual([200, undefined]);
    bench.nowMs += 300_000;
    expect(outcome(issue([bench.proof(proofKey, { nonce })]))).toEqual([200, undefined]);
    bench.nowMs += 300_000;
    expect(outcome(issue([bench.proof(proofKey, { nonce })]))).toEqual([400, 'use_dpop_nonce']);
    const stranger = issue([bench.proof(proofKey, { nonce: 'x' })]);
    expect(outcome(stranger)).toEqual([400, 'use_dpop_nonce']);
  });
});

const REQUESTS: [string, Partial<AuthorizationRequest>, number][] = [
  ['GET', { method: 'GET' }, 405],
  ['JSON', { headers: ['content-type', 'application/json'] }, 400],
  ['a body without a type', { headers: [] }, 400],
  ['a coded body', { headers: [...FORM_FIELDS, 'content-encoding', 'gzip'] }, 400],
  ['a body that is no UTF-8', { body: Buffer.from([0x61, 0x3d, 0xff]) }, 400],
  ['a parameter twice', { body: Buffer.from('grant_type=a&grant_type=b') }, 400],
  ['too many parameters', { body: Buffer.from(manyParameters()) }, 400],
];

function manyParameters(): string {
  return Array.from({ length: 40 }, (_, i) => `p${i}=1`).join('&');
}

describe('a request', () => {
  it.each(REQUESTS)('that is %s is invalid_request', (_, changes, status) => {
    for (const path of ['/oauth2/token', '/oauth2/revoke', '/oauth2/introspect']) {
      expect(outcome(bench.send('', { path, ...changes }))).toEqual([status, 'invalid_request']);
    }
  });

  it('for another grant is told so', () => {
    const grant = (type: string) => outcome(issue([bench.proof(proofKey)], { grant_type: type }));
    for (const type of ['authorization_code', 'password', 'refresh_token', 'Client_Credentials']) {
      expect(grant(type)).toEqual([400, 'unsupported_grant_type']);
    }
    expect(grant('')).toEqual([400, 'invalid_request']);
  });

  it('with a secret is refused, with a challenge where it was in the field', () => {
    const basic = bench.send('grant_type=client_credentials', {
      headers: [...FORM_FIELDS, 'authorization', 'Basic YTpi'],
    });
    expect(outcome(basic)).toEqual([401, 'invalid_client']);
    expect(basic.headers.slice(-2)).toEqual(['www-authenticate', 'Basic realm="clients"']);
    const posted = bench.send({ grant_type: 'client_credentials', client_secret: 's' });
    expect(outcome(posted)).toEqual([401, 'invalid_client']);
    expect(posted.headers).not.toContain('www-authenticate');
  });
});

describe('revocation', () => {
  it('is told to the fronts before the client, and kept', () => {
    const token = tokenOf(issue());
    const { jti } = claimsOf(token);
    expect(manage('/oauth2/revoke', token)).toMatchObject({ status: 200, body: {} });
    expect(bench.told).toEqual([{ tokenId: jti, expiresAtMs: bench.nowMs + 305_000 }]);
    expect(manage('/oauth2/introspect', token).body).toEqual({ active: false });
    const again = new Revocations(join(bench.dir, 'revoked'), 1_024, bench.clock);
    expect(again.list()).toEqual(bench.told);
    again.close();
  });

  it('is done when the front asks again, which claims the assertion before', () => {
    const token = tokenOf(issue());
    const form = { client_assertion_type: TYPE, client_assertion: bench.assertion(own), token };
    const reply = bench.server.answer(bench.request(form, { path: '/oauth2/revoke' }));
    expect(reply).toMatchObject({
      revoke: { tokenId: claimsOf(token).jti },
      claims: [{ name: expect.stringMatching(/^assertion /) }],
    });
    expect(bench.told).toEqual([]);
    expect(manage('/oauth2/introspect', token).body.active).toBe(true);
    bench.server.answer(reply as ClaimedRevocation);
    expect(manage('/oauth2/introspect', token).body.active).toBe(false);
  });

  it('of what is no token of ours, or has expired, is nothing to do', () => {
    const token = tokenOf(issue());
    bench.nowMs += 305_001;
    for (const text of ['x', `${token}x`, token]) {
      expect(manage('/oauth2/revoke', text).status).toBe(200);
    }
    expect(bench.told).toEqual([]);
  });

  it('counts and is kept as long as fronts take the token after it has expired', () => {
    open({ takenLateMs: 300_000 });
    const token = tokenOf(issue());
    bench.nowMs += 600_000;
    expect(manage('/oauth2/introspect', token).body).toEqual({ active: false });
    expect(manage('/oauth2/revoke', token).status).toBe(200);
    expect(bench.told).toEqual([{ tokenId: claimsOf(token).jti, expiresAtMs: bench.nowMs }]);
  });

  it('of another client’s token is refused', () => {
    const answer = manage('/oauth2/revoke', tokenOf(issue()), true);
    expect(outcome(answer)).toEqual([400, 'unauthorized_client']);
    expect(bench.told).toEqual([]);
  });

  it('needs a token', () => {
    expect(outcome(manage('/oauth2/revoke', undefined))).toEqual([400, 'invalid_request']);
    expect(outcome(manage('/oauth2/introspect', undefined))).toEqual([400, 'invalid_request']);
  });

  it('says so where no more can be kept, until some have expired', () => {
    open({}, 1);
    expect(manage('/oauth2/revoke', tokenOf(issue())).status).toBe(200);
    const token = tokenOf(issue());
    expect(outcome(manage('/oauth2/revoke', token))).toEqual([503, 'temporarily_unavailable']);
    bench.nowMs += 311_000;
    expect(manage('/oauth2/revoke', tokenOf(issue())).status).toBe(200);
  });
});

describe('the file of revoked tokens', () => {
  const file = () => join(bench.dir, 'more');
  const openFile = () => new Revocations(file(), 1_024, bench.clock);

  it('loses a line that was cut off, and nothing before it', () => {
    writeFileSync(file(), `${bench.nowMs + 1} one\n${bench.nowMs + 1} tw`);
    const revocations = openFile();
    expect(revocations.list().map(({ tokenId }) => tokenId)).toEqual(['one']);
    revocations.add({ tokenId: 'three', expiresAtMs: bench.nowMs + 1 });
    revocations.close();
    expect(readFileSync(file(), 'utf8')).toBe(`${bench.nowMs + 1} one\n${bench.nowMs + 1} three\n`);
  });

  it('that is broken is named', () => {
    writeFileSync(file(), 'one\n');
    expect(openFile).toThrow(`${file()}: line 1 names no token`);
  });

  it('shows what another process has added', () => {
    const [one, another] = [openFile(), openFile()];
    another.add({ tokenId: 'two', expiresAtMs: bench.nowMs + 1 });
    expect(one.readAgain().map(({ tokenId }) => tokenId)).toEqual(['two']);
    expect(one.has('two')).toBe(true);
    one.close();
    another.close();
  });
});

describe('the metadata', () => {
  const path = '/.well-known/oauth-authorization-server';

  it('is that of RFC 8414, and may be kept', () => {
    const { body, headers } = bench.send('', { path, method: 'GET' });
    expect(body).toMatchObject({
      issuer: ISSUER,
      token_endpoint: `${ISSUER}/oauth2/token`,
      grant_types_supported: ['client_credentials'],
      token_endpoint_auth_methods_supported: ['private_key_jwt', 'self_signed_tls_client_auth'],
      token_endpoint_auth_signing_alg_values_supported: ['PS256', 'ES256', 'EdDSA'],
      tls_client_certificate_bound_access_tokens: true,
    });
    expect(headers).toEqual(expect.arrayContaining(['cache-control', 'public, max-age=300']));
  });

  it('takes no other method', () => {
    expect(outcome(bench.send('', { path, method: 'POST' }))).toEqual([405, 'invalid_request']);
  });
});
