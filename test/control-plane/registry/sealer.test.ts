import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSecretKeyFile, SecretSealer } from '../../../src/control-plane/registry/sealer.ts';
import { aFolder, problemsOf } from '../config/config-fixture.ts';

const SEALER = new URL('../../../src/control-plane/registry/sealer.ts', import.meta.url).href;
const OWNER = 'key/k';
const line = (id: string) => `${id} ${randomBytes(32).toString('base64')}\n`;

function sealerOf(text: string): SecretSealer {
  return SecretSealer.fromFile(join(aFolder({ keys: text }), 'keys'));
}

describe('a sealed secret', () => {
  const sealer = SecretSealer.create();

  it('opens to what was sealed, whatever it was', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1_024 }), secret => {
        const sealed = sealer.seal(secret, OWNER);
        expect(sealed).toMatch(
          /^v1\.[A-Za-z0-9_-]{1,64}\.[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{1,2048}$/,
        );
        expect(Buffer.from(sealer.open(sealed, OWNER)!)).toEqual(Buffer.from(secret));
      }),
    );
  });

  it('is another text each time', () => {
    const secret = randomBytes(32);
    expect(sealer.seal(secret, OWNER)).not.toBe(sealer.seal(secret, OWNER));
  });

  it('does not open when any character of it was changed', () => {
    const sealed = sealer.seal(randomBytes(32), OWNER);
    for (let at = 0; at < sealed.length; at++) {
      const other = sealed[at] === 'A' ? 'B' : 'A';
      const changed = sealed.slice(0, at) + other + sealed.slice(at + 1);
      // The last character of base64url may hold bits that mean nothing.
      const isSame = Buffer.from(changed.split('.')[3] ?? '', 'base64url').equals(
        Buffer.from(sealed.split('.')[3]!, 'base64url'),
      );
      if (at > sealed.lastIndexOf('.') && isSame) continue;
      expect(sealer.open(changed, OWNER)).toBeUndefined();
    }
  });

  it.each(['', 'v1', 'v1.a.b.c', 'v2.k.AAAAAAAAAAAAAAAA.AAAA', `v1.k.${'A'.repeat(16)}.AA`])(
    'is not %j',
    text => {
      expect(sealer.open(text, OWNER)).toBeUndefined();
    },
  );

  it('does not open with another key', () => {
    expect(SecretSealer.create().open(sealer.seal(randomBytes(32), OWNER), OWNER)).toBeUndefined();
  });

  it('does not open in another record', () => {
    const sealed = sealer.seal(randomBytes(32), OWNER);
    for (const other of ['key/other', 'upstream/k', 'key/k.', 'key/'] as const) {
      expect(sealer.open(sealed, other)).toBeUndefined();
    }
  });
});

describe('a key file', () => {
  it('seals with its first key and opens with all of them', () => {
    const [old, fresh] = [line('old'), line('new')];
    const sealedBefore = sealerOf(old).seal(Buffer.from('secret'), OWNER);
    const sealer = sealerOf(`# rotated\n${fresh}\n${old}`);
    expect(Buffer.from(sealer.open(sealedBefore, OWNER)!).toString()).toBe('secret');
    expect(sealer.seal(Buffer.from('secret'), OWNER)).toMatch(/^v1\.new\./);
    const sealedNow = sealer.seal(Buffer.from('secret'), OWNER);
    const sealedElsewhere = SecretSealer.create().seal(Buffer.from('secret'), OWNER);
    expect(
      [sealedBefore, sealedNow, sealedElsewhere, ''].map(text => sealer.isOutdated(text)),
    ).toEqual([true, false, false, false]);
    expect(sealerOf(old).open(sealer.seal(Buffer.from('secret'), OWNER), OWNER)).toBeUndefined();
  });

  it.each([
    ['empty', '', 0],
    ['of another form', 'nothing-of-the-kind\n', 1],
    ['with a key too short', `a ${randomBytes(31).toString('base64')}\n`, 1],
    ['with an id twice', `${line('a')}${line('a')}`, 2],
  ])('%s is refused without being repeated', (_, text, atLine) => {
    const [problem, ...others] = problemsOf(() => sealerOf(text));
    expect(others).toEqual([]);
    expect(problem?.line).toBe(atLine);
    if (text !== '') expect(problem?.message).not.toContain(text.trim().split(' ').at(-1)!);
  });

  it('that is missing is refused', () => {
    expect(problemsOf(() => SecretSealer.fromFile(join(aFolder(), 'none')))).toHaveLength(1);
  });

  it('is made once, for its owner alone', () => {
    const path = join(aFolder(), 'registry.key');
    createSecretKeyFile(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const sealed = SecretSealer.fromFile(path).seal(Buffer.from('secret'), OWNER);
    expect(SecretSealer.fromFile(path).open(sealed, OWNER)).toBeDefined();
    const text = readFileSync(path, 'utf8');
    expect(problemsOf(() => createSecretKeyFile(path))).toHaveLength(1);
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it('is whole or not there, when the process that makes it is killed in between', () => {
    const path = join(aFolder(), 'registry.key');
    for (const moment of ['writeFileSync', 'fsyncSync', 'linkSync']) {
      const { signal } = spawnSync(process.execPath, ['--input-type=module'], {
        input: `
          import fs from 'node:fs';
          import { syncBuiltinESMExports } from 'node:module';
          fs.${moment} = () => process.kill(process.pid, 'SIGKILL');
          syncBuiltinESMExports();
          const { createSecretKeyFile } = await import(${JSON.stringify(SEALER)});
          createSecretKeyFile(${JSON.stringify(path)});
        `,
      });
      expect(signal).toBe('SIGKILL');
      expect(existsSync(path)).toBe(false);
    }
    createSecretKeyFile(path);
    expect(() => SecretSealer.fromFile(path)).not.toThrow();
  });

  it('leaves nothing else behind', () => {
    const folder = aFolder();
    createSecretKeyFile(join(folder, 'registry.key'));
    expect(problemsOf(() => createSecretKeyFile(join(folder, 'registry.key')))).toHaveLength(1);
    expect(readdirSync(folder)).toEqual(['registry.key']);
  });

  it('cannot be made where its folder is none', () => {
    const folder = aFolder();
    writeFileSync(join(folder, 'file'), '');
    for (const path of [join(folder, 'none', 'key'), join(folder, 'file', 'key')]) {
      expect(problemsOf(() => createSecretKeyFile(path))).toHaveLength(1);
    }
  });
});
