import { createHash, createPublicKey } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readSigningKey } from '../../src/client/key-files.ts';
import { SIGNATURE_ALGORITHMS } from '../../src/core/snapshot.ts';
import { runCli } from './run-cli.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'keys-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function keys(...arguments_: string[]) {
  return runCli(['keys', ...arguments_], { cwd: dir });
}

describe('keys generate', () => {
  it.each(SIGNATURE_ALGORITHMS)('makes a key for %s that only its owner reads', async algorithm => {
    const { status, stdout } = await keys('generate', '--algorithm', algorithm, '--json');
    expect(status).toBe(0);
    const made = JSON.parse(stdout);
    const file = join(dir, made.privateKeyFile);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readSigningKey(file, algorithm)).toBeDefined();
    expect(made.stanza).toMatchObject({ id: 'partner-key', app: 'your-app', algorithm });
    expect(stdout).not.toContain('PRIVATE');
    expect(stdout).not.toContain(readFileSync(file, 'utf8').trim());
  });

  it('prints a stanza to paste into the registry', async () => {
    const { stdout } = await keys(
      'generate',
      '--algorithm',
      'ed25519',
      '--id',
      'k1',
      '--app',
      'a1',
    );
    const [stanza] = parse(stdout).keys;
    expect(stanza).toMatchObject({ id: 'k1', app: 'a1', algorithm: 'ed25519' });
    expect(stanza.publicKey).toBe(readFileSync(join(dir, 'k1.public.pem'), 'utf8'));
  });

  it.each(['partner-key.private.pem', 'partner-key.public.pem'])(
    'never overwrites %s',
    async name => {
      writeFileSync(join(dir, name), 'mine');
      const { status, stderr } = await keys('generate', '--algorithm', 'ed25519');
      expect(status).toBe(1);
      expect(stderr).toMatch(/^xingyun: .+ exists and is not overwritten\n$/);
      expect(readFileSync(join(dir, name), 'utf8')).toBe('mine');
      const other = name.includes('private') ? 'partner-key.public.pem' : 'partner-key.private.pem';
      expect(existsSync(join(dir, other))).toBe(false);
    },
  );

  it.each([['--algorithm', 'rot13'], ['--id', '../escape'], ['--id', ''], ['--nothing']])(
    'is used wrongly with %s %s',
    async (...arguments_) => {
      expect((await keys('generate', ...arguments_)).status).toBe(2);
    },
  );
});

describe('keys show', () => {
  it.each([
    ['rsa-pss-sha512', 'RSA', 2_048],
    ['ecdsa-p256-sha256', 'EC prime256v1', 256],
    ['ecdsa-p384-sha384', 'EC secp384r1', 384],
    ['ed25519', 'Ed25519', 256],
    ['rsa-pss-sha256', 'RSA', 2_048],
    ['sm2-sm3', 'EC SM2', 256],
  ] as const)(
    'tells %s by its private and its public half alike',
    async (algorithm, type, bits) => {
      await keys('generate', '--algorithm', algorithm, '--id', 'k');
      const [own, shared] = await Promise.all(
        ['private', 'public'].map(async half => {
          const { stdout } = await keys('show', `k.${half}.pem`, '--json');
          return JSON.parse(stdout);
        }),
      );
      expect(own).toMatchObject({ kind: 'private', type, bits });
      expect(shared).toMatchObject({ kind: 'public', type, bits, thumbprint: own.thumbprint });
      expect(own.algorithms).toContain(algorithm);
    },
  );

  it('gives the thumbprint of RFC 7638 section 3.1', async () => {
    const jwk = {
      kty: 'RSA',
      n: [
        '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1',
        'L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4',
        'QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbO',
        'pbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csF',
        'Cur-kEgU8awapJzKnqDKgw',
      ].join(''),
      e: 'AQAB',
    };
    const pem = createPublicKey({ key: jwk, format: 'jwk' }).export({
      type: 'spki',
      format: 'pem',
    });
    writeFileSync(join(dir, 'rfc.pem'), pem);
    const { stdout } = await keys('show', 'rfc.pem', '--json');
    expect(JSON.parse(stdout).thumbprint).toBe('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs');
  });

  it('shows nothing of a secret, nor its hash', async () => {
    await keys('generate', '--algorithm', 'hmac-sha256', '--id', 'k');
    const text = readFileSync(join(dir, 'k.secret'), 'utf8').trim();
    const result = await keys('show', 'k.secret', '--algorithm', 'hmac-sha256');
    expect(result.status).toBe(0);
    expect(result.stdout).toContain('256 bits');
    const secret = Buffer.from(text, 'base64');
    const jwk = JSON.stringify({ k: secret.toString('base64url'), kty: 'oct' });
    for (const bytes of [secret, jwk]) {
      const hash = createHash('sha256').update(bytes).digest('base64url');
      expect(result.stdout).not.toContain(hash);
    }
    expect(result.stdout).not.toContain(text);
  });

  it.each(['absent.pem', 'garbage.pem'])('fails with one sentence on %s', async name => {
    writeFileSync(join(dir, 'garbage.pem'), 'garbage');
    const { status, stderr } = await keys('show', name);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^xingyun: .+\n$/);
  });
});

describe('the command itself', () => {
  it.each([
    [['--help'], 0],
    [['--version'], 0],
    [['help', 'call'], 0],
    [['keys', 'generate', '--help'], 0],
    [[], 2],
    [['keys'], 2],
    [['nonsense'], 2],
    [['keys', 'show'], 2],
  ])('%j ends with %i', async (arguments_, status) => {
    expect((await runCli(arguments_)).status).toBe(status);
  });
});
