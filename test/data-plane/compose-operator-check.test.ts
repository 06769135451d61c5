import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { RequestSigner } from '../../src/client/request-signer.ts';
import type { SignableRequest } from '../../src/client/signature-base.ts';
import { defaultConfig } from '../../src/control-plane/config/index.ts';
import type {
  OperatorKey,
  OperatorKeyAlgorithm,
  OperatorKeys,
  RequestHead,
} from '../../src/core/signed-requests.ts';
import {
  createOperatorCheck,
  type OperatorCheckOptions,
} from '../../src/data-plane/compose-operator-check.ts';
import { SettableClock } from '../stores/settable-clock.ts';

const AUTHORITY = '127.0.0.1:9090';
const BODY = new TextEncoder().encode('{"name":"Nebula"}');

const PAIRS: Record<OperatorKeyAlgorithm, { publicKey: KeyObject; privateKey: KeyObject }> = {
  ed25519: generateKeyPairSync('ed25519'),
  'ecdsa-p256-sha256': generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  'ecdsa-p384-sha384': generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  'rsa-pss-sha512': generateKeyPairSync('rsa', { modulusLength: 2_048 }),
  'rsa-v1_5-sha256': generateKeyPairSync('rsa', { modulusLength: 2_048 }),
};

function keysOf(algorithm: OperatorKeyAlgorithm): OperatorKeys {
  const material = PAIRS[algorithm].publicKey.export({ type: 'spki', format: 'der' });
  const key: OperatorKey = { id: 'ann-1', operatorId: 'ann', algorithm, material };
  return new Map([[key.id, key]]);
}

const KEYS = keysOf('ed25519');

function arrange(listener: Partial<OperatorCheckOptions['listener']> = {}) {
  const clock = new SettableClock();
  const check = createOperatorCheck({
    listener: { host: '127.0.0.1', port: 9090, ...listener },
    signatures: defaultConfig().config.signatures,
    clock,
  });
  // What was signed in the second of the start may have been used before it.
  clock.pass(1_000);
  return { clock, check };
}

type Request = Partial<SignableRequest> & { readonly algorithm?: OperatorKeyAlgorithm };

function signed(clock: SettableClock, request: Request = {}, authority = AUTHORITY): RequestHead {
  const { algorithm = 'ed25519', ...rest } = request;
  const { privateKey } = PAIRS[algorithm];
  const signer = new RequestSigner({ keyId: 'ann-1', algorithm, privateKey }, clock);
  const targetUri = `http://${authority}/v1/partners?limit=2`;
  const signable: SignableRequest = { method: 'GET', targetUri, ...rest };
  const fields = { host: authority, ...signer.sign(signable) };
  return {
    ...{
      method: signable.method,
      authority,
      target: signable.targetUri.slice(7 + authority.length),
    },
    headers: Object.entries(fields).flat() as string[],
    hasBody: signable.body !== undefined,
  };
}

/** The code of a refusal, or who was let in. */
function outcome(result: object): string {
  return 'name' in result ? String(result.name) : (result as { operatorId: string }).operatorId;
}

describe('a signed request of an operator', () => {
  it.each(Object.keys(PAIRS) as OperatorKeyAlgorithm[])('is let in with %s', algorithm => {
    const { check, clock } = arrange();
    const head = signed(clock, { algorithm });
    expect(check.isSigned(head)).toBe(true);
    expect(outcome(check.check(head, keysOf(algorithm)))).toBe('ann');
  });

  it('is known by its fields, good or not', () => {
    const { check, clock } = arrange();
    const head = { ...signed(clock), headers: ['authorization', 'Bearer x'] };
    expect(check.isSigned(head)).toBe(false);
    expect(check.isSigned({ ...head, headers: ['signature-input', 'x'] })).toBe(true);
  });

  it('is none without Signature-Input, and refused all the same', () => {
    const { check, clock } = arrange();
    const head = signed(clock);
    const at = head.headers.indexOf('signature-input');
    for (const headers of [
      head.headers.toSpliced(at, 2),
      [...head.headers.toSpliced(at, 2), 'authorization', 'Bearer x'],
      ['signature', 'keyId="ann-1",headers="(request-target) date",signature="AAAA"'],
      ['signature', ''],
    ]) {
      expect(check.isSigned({ ...head, headers })).toBe(true);
      expect(outcome(check.check({ ...head, headers }, KEYS))).toBe('signature-malformed');
    }
  });

  it('has the body that was signed, and no other', () => {
    const { check, clock } = arrange();
    const result = check.check(signed(clock, { method: 'PUT', body: BODY }), KEYS);
    if ('detail' in result) throw new Error(result.detail);
    expect(result.bodyMatches(BODY)).toBe(true);
    expect(result.bodyMatches(BODY.subarray(1))).toBe(false);
    expect(result.bodyMatches(new Uint8Array())).toBe(false);
  });

  it('is refused where it was signed for another method, path, query or listener', () => {
    const { check, clock } = arrange();
    const head = signed(clock);
    const changed: Partial<RequestHead>[] = [
      { method: 'DELETE' },
      { target: '/v1/apps?limit=2' },
      { target: '/v1/partners?limit=3' },
      { authority: 'localhost:9090' },
    ];
    for (const change of changed) {
      expect(outcome(check.check({ ...head, ...change }, KEYS))).toBe('signature-invalid');
    }
    expect(outcome(check.check(signed(clock, {}, 'bank.example:9090'), KEYS))).toBe(
      'malformed-request',
    );
  });

  it('is refused the second time, by a new process that knows no nonces as well', () => {
    const { check, clock } = arrange();
    const head = signed(clock);
    expect(outcome(check.check(head, KEYS))).toBe('ann');
    expect(outcome(check.check(head, KEYS))).toBe('signature-replayed');
    const again = createOperatorCheck({
      listener: { host: '127.0.0.1', port: 9090 },
      signatures: defaultConfig().config.signatures,
      clock,
    });
    expect(outcome(again.check(head, KEYS))).toBe('signature-expired');
  });

  it('spends no nonce where its signature is not good', () => {
    const { check, clock } = arrange();
    const head = signed(clock);
    expect(outcome(check.check({ ...head, method: 'PUT' }, KEYS))).toBe('signature-invalid');
    expect(outcome(check.check(head, KEYS))).toBe('ann');
  });

  it('is refused outside the window of partners', () => {
    const { check, clock } = arrange();
    const { createdMaxAgeMs, clockSkewMs } = defaultConfig().config.signatures;
    const old = signed(clock);
    clock.pass(createdMaxAgeMs + 1_000);
    expect(outcome(check.check(old, KEYS))).toBe('signature-expired');
    const created = clock.wallMs() / 1_000 + clockSkewMs / 1_000 + 1;
    expect(outcome(check.check(signed(clock, { created }), KEYS))).toBe('signature-expired');
  });

  it('is refused where it leaves the body or the key out', () => {
    const { check, clock } = arrange();
    expect(outcome(check.check({ ...signed(clock), hasBody: true }, KEYS))).toBe(
      'signature-coverage',
    );
    expect(outcome(check.check(signed(clock), new Map()))).toBe('key-unknown');
  });

  it('follows the keys of now', () => {
    const { check, clock } = arrange();
    expect(outcome(check.check(signed(clock), KEYS))).toBe('ann');
    expect(outcome(check.check(signed(clock), keysOf('ecdsa-p256-sha256')))).toBe(
      'signature-algorithm',
    );
  });

  it('reaches a listener behind TLS by its public name', () => {
    const { check, clock } = arrange({
      publicAuthority: 'admin.bank.example',
      publicScheme: 'https',
    });
    const targetUri = 'https://admin.bank.example/v1/audit';
    const head = {
      ...signed(clock, { targetUri }, 'admin.bank.example'),
      target: '/v1/audit',
    };
    expect(outcome(check.check(head, KEYS))).toBe('ann');
  });
});
