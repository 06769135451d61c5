import { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/control-plane/config/index.ts';
import { loadOperators } from '../../../src/control-plane/operators/load-operators.ts';
import { OperatorDirectory } from '../../../src/control-plane/operators/operator-directory.ts';

const folder = mkdtempSync(join(tmpdir(), 'xingyun-operators-'));
afterAll(() => rmSync(folder, { recursive: true }));

const NOW_MS = Date.parse('2026-11-26T00:00:00Z');
const TOKEN = 'a-token-of-more-than-22-characters';
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const PEM = publicKey.export({ type: 'spki', format: 'pem' }) as string;
const PRIVATE_PEM = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;

const OPERATOR = { id: 'ann', roles: ['operator'], tokenSha256: sha256(TOKEN) };
const KEY = { id: 'ann-1', algorithm: 'ed25519', publicKey: PEM };

function load(operators: readonly object[], adminToken?: string): OperatorDirectory {
  const file = join(folder, 'operators.yaml');
  writeFileSync(file, JSON.stringify({ operators }, undefined, 1));
  return loadOperators(file, adminToken);
}

/** `<path> <message>` of each problem. */
function problemsOf(operators: readonly object[], adminToken?: string): string[] {
  try {
    load(operators, adminToken);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const { line } of error.problems) expect(line).toBeGreaterThan(0);
    return error.problems.map(({ path, message }) => `${path} ${message}`);
  }
  return [];
}

describe('the operators of a file', () => {
  it('are known by their tokens, whatever the case of the digest', () => {
    const directory = load([{ ...OPERATOR, tokenSha256: sha256(TOKEN).toUpperCase() }]);
    expect(directory.byToken(TOKEN, NOW_MS)).toMatchObject({ id: 'ann', roles: ['operator'] });
    expect(directory.byToken(`${TOKEN}x`, NOW_MS)).toBeUndefined();
    expect(directory.byToken(sha256(TOKEN), NOW_MS)).toBeUndefined();
  });

  it('have the holder of the admin token beside them, with every role', () => {
    const directory = load([OPERATOR], 'the-admin-token-0123456789');
    const admin = directory.byToken('the-admin-token-0123456789', NOW_MS);
    expect(admin?.id).toBe('admin');
    expect(admin?.roles).toEqual(['viewer', 'operator', 'partner-manager', 'auditor']);
    expect(directory.byToken(TOKEN, NOW_MS)?.id).toBe('ann');
  });

  it('are let in until notAfter, and not a millisecond longer', () => {
    const directory = load([{ ...OPERATOR, notAfter: '2026-11-26T00:00:00Z', keys: [KEY] }]);
    expect(directory.byToken(TOKEN, NOW_MS)?.id).toBe('ann');
    expect(directory.byToken(TOKEN, NOW_MS + 1)).toBeUndefined();
    expect(directory.byId('ann', NOW_MS)?.id).toBe('ann');
    expect(directory.byId('ann', NOW_MS + 1)).toBeUndefined();
  });

  it('have their keys as material', () => {
    const { tokenSha256: _, ...withoutToken } = OPERATOR;
    const { keys } = load([{ ...withoutToken, keys: [KEY] }]);
    const material = publicKey.export({ type: 'spki', format: 'der' });
    expect([...keys]).toEqual([
      ['ann-1', { id: 'ann-1', operatorId: 'ann', algorithm: 'ed25519', material }],
    ]);
  });

  it('may be nobody', () => {
    expect(load([]).isEmpty).toBe(true);
    expect(new OperatorDirectory([], 'x').isEmpty).toBe(false);
  });
});

describe('a file of operators is refused', () => {
  it.each([
    ['without roles', { ...OPERATOR, roles: [] }, /^operators\[0\]\.roles must /],
    ['with a role that is none', { ...OPERATOR, roles: ['root'] }, /^operators\[0\]\.roles\[0\] /],
    ['with the token itself', { ...OPERATOR, token: TOKEN }, /^operators\[0\]\.token is unknown/],
    [
      'with a digest that is none',
      { ...OPERATOR, tokenSha256: 'abc' },
      /tokenSha256 must be a SHA/,
    ],
    ['with an id for headers', { ...OPERATOR, id: 'a b' }, /^operators\[0\]\.id must be an id/],
    ['with the id of the admin token', { ...OPERATOR, id: 'admin' }, /^operators\[0\]\.id is the /],
    ['who can prove nothing', { id: 'ann', roles: ['viewer'] }, /^operators\[0\] must have token/],
    ['with a day that is none', { ...OPERATOR, notAfter: '2026-02-30T00:00:00Z' }, /notAfter must/],
    [
      'with a shared secret',
      { ...OPERATOR, keys: [{ ...KEY, algorithm: 'hmac-sha256' }] },
      /keys\[0\]\.algorithm must be one of/,
    ],
    [
      'with a private key',
      { ...OPERATOR, keys: [{ ...KEY, publicKey: PRIVATE_PEM }] },
      /keys\[0\]\.publicKey holds a private key/,
    ],
    [
      'with a key for another algorithm',
      { ...OPERATOR, keys: [{ ...KEY, algorithm: 'ecdsa-p256-sha256' }] },
      /keys\[0\]\.publicKey does not hold an EC key/,
    ],
  ])('%s', (_name, operator, message) => {
    expect(problemsOf([operator])).toEqual([expect.stringMatching(message)]);
  });

  it('where two share an id, a token or a key id', () => {
    const other = { id: 'ben', roles: ['viewer'], tokenSha256: sha256('another') };
    expect(problemsOf([OPERATOR, { ...other, id: 'ann' }])).toEqual([
      'operators[1].id is there twice',
    ]);
    expect(problemsOf([OPERATOR, { ...other, tokenSha256: OPERATOR.tokenSha256 }])).toEqual([
      expect.stringMatching(/^operators\[1\]\.tokenSha256 is that of another/),
    ]);
    expect(problemsOf([OPERATOR], TOKEN)).toEqual([
      expect.stringMatching(/^operators\[0\]\.tokenSha256 is that of another/),
    ]);
    expect(problemsOf([{ ...OPERATOR, keys: [KEY, KEY] }])).toEqual([
      'operators[0].keys[1].id is there twice',
    ]);
  });

  it('where two have the same key under other ids: one person would be two', () => {
    const keys = [{ ...KEY, id: 'ben-1' }];
    expect(
      problemsOf([
        { ...OPERATOR, keys: [KEY] },
        { id: 'ben', roles: ['viewer'], keys },
      ]),
    ).toEqual([expect.stringMatching(/^operators\[1\]\.keys\[0\]\.publicKey .* operator ann/)]);
  });
});
