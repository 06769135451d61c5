import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decryptPayload, encryptPayload } from '../../src/payload/encryption/index.ts';
import { type KeySettings, loadKeyRing } from '../../src/payload/encryption/key-ring.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const page = readFileSync(join(ROOT, 'docs/data-security.md'), 'utf8');
const BODY = '{"hello":"你好","amount":"12.50"}';

/** The blocks of one language, as they stand. */
function blocks(language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
    match => match[1]!,
  );
}

const [makeKeys] = blocks('sh');
const [makeWithJose, openWithJose] = blocks('js');
const [makeWithOpenssl] = blocks('bash');

const PAYLOAD_KEYS = [
  { kid: 'payload-rsa', algorithm: 'RSA-OAEP-256' },
  { kid: 'payload-p256', algorithm: 'ECDH-ES' },
  { kid: 'payload-sm2', algorithm: 'SM2' },
] as const;

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'data-security-'));
  execFileSync('sh', ['-e'], { cwd: folder, input: makeKeys, stdio: 'pipe' });
});

afterAll(() => rmSync(folder, { recursive: true }));

function ring(suffix: '.pem' | '.public.pem', keys: readonly Omit<KeySettings, 'reference'>[]) {
  const settings = keys.map(key => ({
    ...key,
    reference: `file:${join(folder, `${key.kid}${suffix}`)}`,
  }));
  return loadKeyRing(settings, suffix === '.pem' ? 'private' : 'public');
}

function runJose(code: string, variables: Readonly<Record<string, string>>): string {
  const args = ['--input-type=module', '--eval', code];
  const env = { ...process.env, ...variables };
  return execFileSync(process.execPath, args, { cwd: ROOT, env, encoding: 'utf8' });
}

describe('docs/data-security.md', () => {
  it.each(PAYLOAD_KEYS.slice(0, 2))('makes an envelope for $kid that is opened', async key => {
    const { kid, algorithm } = key;
    const PUBLIC_KEY = join(folder, `${kid}.public.pem`);
    const envelope = runJose(makeWithJose!, { ALG: algorithm, KID: kid, PUBLIC_KEY, BODY });
    const plaintext = await decryptPayload(envelope, await ring('.pem', PAYLOAD_KEYS));
    expect(Buffer.from(plaintext).toString()).toBe(BODY);
  });

  it('makes an envelope for payload-sm2 that is opened', async () => {
    const PUBLIC_KEY = join(folder, 'payload-sm2.public.pem');
    const env = { ...process.env, KID: 'payload-sm2', PUBLIC_KEY, BODY };
    const args = ['-e', '-o', 'pipefail'];
    const options = { cwd: folder, env, input: makeWithOpenssl, encoding: 'utf8' } as const;
    const envelope = execFileSync('bash', args, options);
    const plaintext = await decryptPayload(envelope, await ring('.pem', PAYLOAD_KEYS));
    expect(Buffer.from(plaintext).toString()).toBe(BODY);
  });

  it.each(PAYLOAD_KEYS.slice(0, 2))('opens what is made for $kid', async key => {
    const keys = await ring('.public.pem', [key]);
    const ENVELOPE = await encryptPayload(Buffer.from(BODY), keys);
    const PRIVATE_KEY = join(folder, `${key.kid}.pem`);
    expect(runJose(openWithJose!, { ALG: key.algorithm, PRIVATE_KEY, ENVELOPE })).toBe(BODY);
  });
});
