import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EnvironmentSource } from '../../../../src/payload/encryption/key-sources/env-source.ts';
import { FileSource } from '../../../../src/payload/encryption/key-sources/file-source.ts';
import { KEY_SOURCES, readKeyText } from '../../../../src/payload/encryption/key-sources/index.ts';
import { describeKeySource, keyFaultOf } from './key-source-contract.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'key-sources-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

describeKeySource('file', () => {
  const path = join(folder, 'key.pem');
  const store = (text: string) => {
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  return { scheme: 'file', source: new FileSource(), store, absent: join(folder, 'none.pem') };
});

describeKeySource('env', () => {
  const environment: NodeJS.ProcessEnv = {};
  const store = (text: string) => {
    environment.KEY = text;
    return 'KEY';
  };
  return { scheme: 'env', source: new EnvironmentSource(environment), store, absent: 'NONE' };
});

describe('file', () => {
  const source = new FileSource();
  const keyWithMode = (mode: number) => {
    const path = join(folder, `mode-${mode.toString(8)}.pem`);
    writeFileSync(path, 'key');
    chmodSync(path, mode);
    return path;
  };

  test.each([0o600, 0o400, 0o640, 0o440])('with mode %o may hold a private key', async mode => {
    expect(await source.read(keyWithMode(mode), 'private')).toBe('key');
  });

  test.each([0o644, 0o604, 0o666, 0o660, 0o620, 0o602, 0o601, 0o777])(
    'with mode %o may not hold a private key, but a public one',
    async mode => {
      const path = keyWithMode(mode);
      expect((await keyFaultOf(source.read(path, 'private'))).reference).toBe(`file:${path}`);
      expect(await source.read(path, 'public')).toBe('key');
    },
  );

  test('is judged by what a link leads to', async () => {
    const link = join(folder, 'link.pem');
    symlinkSync(keyWithMode(0o644), link);
    expect((await keyFaultOf(source.read(link, 'private'))).reference).toBe(`file:${link}`);
  });

  test('is no folder, and no pipe, which nobody waits for', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', ['-m', '600', pipe]);
    for (const path of [folder, pipe]) {
      expect((await keyFaultOf(source.read(path, 'public'))).reference).toBe(`file:${path}`);
    }
  });
});

describe('a reference', () => {
  test('is read by its scheme', async () => {
    const path = join(folder, 'by-scheme.pem');
    writeFileSync(path, 'key', { mode: 0o600 });
    expect(await readKeyText(`file:${path}`, 'private', KEY_SOURCES)).toBe('key');
  });

  test.each(['kms:key', 'MIIEvQIBADANBgkq', ':x', ''])(
    'without a known scheme is refused and not repeated: %j',
    async reference => {
      const fault = await keyFaultOf(readKeyText(reference, 'private', KEY_SOURCES));
      expect(fault.message).not.toContain('MII');
    },
  );
});
