import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ElfFormatError, ElfImage } from '../../src/data-plane/front/native/elf-image.ts';
import { makeCompatible } from '../../src/data-plane/front/native/make-compatible.ts';
import {
  adaptBinary,
  prepareNativeBinary,
} from '../../src/data-plane/front/native/native-binary.ts';
import { NativeBinaryError } from '../../src/data-plane/front/native/native-binary-error.ts';

const packageFolder = dirname(createRequire(import.meta.url).resolve('uWebSockets.js'));
const binaryPath = (arch: string, abi: string) =>
  join(packageFolder, `uws_linux_${arch}_${abi}.node`);
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const run = promisify(execFile);

const X64 = binaryPath('x64', '137');
const SUPPORTED = ['x64', 'arm64'].flatMap(arch => ['137', '141'].map(abi => ({ arch, abi })));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'xingyun-native-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const copies = () => join(folder, 'copies');

describe('the adapted copy', () => {
  it.each(SUPPORTED)('of linux $arch with ABI $abi needs nothing beyond 2.36', ({ arch, abi }) => {
    const original = binaryPath(arch, abi);
    const before = sha256(readFileSync(original));
    const { path, written } = adaptBinary(original, copies(), '2.36');
    expect(written).toBe(true);
    expect(sha256(readFileSync(original))).toBe(before);

    const image = new ElfImage(readFileSync(path));
    const strong = image.neededVersions().filter(need => !need.weak);
    expect(strong.map(need => need.version)).toContain('GLIBC_2.36');
    expect(strong.map(need => need.version)).not.toContain('GLIBC_2.38');
    const names = image.importedSymbols().map(symbol => symbol.name);
    expect(names).toContain('strtol');
    expect(names.filter(name => name.startsWith('__isoc23_'))).toEqual([]);
  });

  it('differs from the original in the fields that native-notes lists and nowhere else', () => {
    const original = readFileSync(X64);
    const copy = makeCompatible(original);
    const changed: string[] = [];
    for (let i = 0; i < original.length; i++) {
      if (original[i] !== copy[i]) changed.push(`0x${i.toString(16)}`);
    }
    expect(changed).toEqual([
      '0xbb60',
      '0xc040',
      '0xc610',
      '0x7bb9c',
      '0x7bc04',
      '0x7bc80',
      '0x7e96c',
    ]);
    const notes = readFileSync(new URL('../../native-notes/README.md', import.meta.url), 'utf8');
    for (const offset of changed) expect(notes).toContain(`${offset} `);
  });

  it('is left as it is by a second run', () => {
    const first = adaptBinary(X64, copies(), '2.36');
    const { ino, mtimeMs } = statSync(first.path);
    const second = adaptBinary(X64, copies(), '2.37');
    expect(second).toEqual({ ...first, written: false });
    expect(statSync(first.path)).toMatchObject({ ino, mtimeMs });
  });

  it('is written anew when it is damaged', () => {
    const { path } = adaptBinary(X64, copies(), '2.36');
    const good = sha256(readFileSync(path));
    writeFileSync(path, 'cut short');
    expect(adaptBinary(X64, copies(), '2.36').written).toBe(true);
    expect(sha256(readFileSync(path))).toBe(good);
  });

  it('is whole and alone in its folder after several processes wrote it at once', async () => {
    const module = new URL('../../src/data-plane/front/native/native-binary.ts', import.meta.url);
    const code = `import(${JSON.stringify(module.href)}).then(m =>
      m.adaptBinary(${JSON.stringify(X64)}, ${JSON.stringify(copies())}, '2.36'))`;
    await Promise.all([1, 2, 3].map(() => run(process.execPath, ['-e', code])));
    expect(readdirSync(copies())).toEqual(['uws_linux_x64_137.node']);
    expect(adaptBinary(X64, copies(), '2.36').written).toBe(false);
  });

  // Needs Linux: other systems do not load ELF files.
  it.skipIf(process.platform !== 'linux')('loads in a process and in a thread', async () => {
    const { path } = adaptBinary(
      binaryPath(process.arch, process.versions.modules),
      copies(),
      '2.36',
    );
    const code = `const { App } = require(${JSON.stringify(path)}); App(); `;
    const { stdout } = await run(process.execPath, ['-e', `${code} console.log('loaded')`]);
    expect(stdout).toBe('loaded\n');

    const report = `require('node:worker_threads').parentPort.postMessage('loaded')`;
    const worker = new Worker(code + report, { eval: true });
    const message = await new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    expect(message).toBe('loaded');
  });
});

describe('refusals', () => {
  const refuse = (bytes: Uint8Array) => {
    const path = join(folder, 'uws_linux_x64_137.node');
    writeFileSync(path, bytes);
    expect(() => adaptBinary(path, copies(), '2.36')).toThrow(NativeBinaryError);
    expect(existsSync(copies())).toBe(false);
  };

  it('meet a binary with any one bit flipped', () => {
    const original = readFileSync(X64);
    fc.assert(
      fc.property(fc.nat(original.length - 1), fc.nat(7), (offset, bit) => {
        const bytes = Uint8Array.from(original);
        bytes[offset]! ^= 1 << bit;
        // A flip inside the tables may make the file look like a build without needs: it is still
        // unknown and never adapted; at most it is used as it is, and the loader judges it.
        const path = join(folder, 'uws_linux_x64_137.node');
        writeFileSync(path, bytes);
        let used: string | undefined;
        try {
          used = adaptBinary(path, copies(), '2.36').path;
        } catch (error) {
          expect(error).toBeInstanceOf(NativeBinaryError);
        }
        expect(used ?? path).toBe(path);
        expect(existsSync(copies())).toBe(false);
      }),
      { numRuns: 25 },
    );
  });

  it('meet one flipped byte of code', () => {
    const bytes = Uint8Array.from(readFileSync(X64));
    bytes[0x20_0000]! ^= 0xff;
    refuse(bytes);
  });

  it.each([0, 1, 63, 64, 4096, 0x7_e8f0, 6_975_591])('meet a file cut to %i bytes', length => {
    refuse(readFileSync(X64).subarray(0, length));
  });

  it('meet what is not an ELF file', () => {
    refuse(Buffer.from('#!/bin/sh\nexit 0\n'));
    refuse(readFileSync(join(packageFolder, 'uws_darwin_arm64_137.node')));
    refuse(readFileSync(join(packageFolder, 'uws_win32_x64_137.node')));
  });

  it('meet a glibc that lacks more than the three functions', () => {
    expect(() => adaptBinary(X64, copies(), '2.35')).toThrow(/2\.36 or newer/);
    expect(() => adaptBinary(X64, copies(), '2.9')).toThrow(NativeBinaryError);
  });

  it('name the way out where the folder cannot be written', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(() => adaptBinary(X64, join(folder, 'file', 'copies'), '2.36')).toThrow(
      /ENOTDIR.*npm run prepare:native/,
    );
  });

  it('name the way out where the binary is gone', () => {
    expect(() => adaptBinary(join(folder, 'gone.node'), copies(), '2.36')).toThrow(
      /ENOENT.*npm ci/,
    );
  });

  it.each([
    { platform: 'sunos', arch: 'x64', abi: '137', glibc: undefined },
    { platform: 'linux', arch: 'ppc64', abi: '137', glibc: '2.41' },
    { platform: 'linux', arch: 'x64', abi: '999', glibc: '2.41' },
    { platform: 'linux', arch: 'x64', abi: '137', glibc: undefined },
  ])('meet the host $platform $arch $abi with glibc $glibc', host => {
    expect(() => prepareNativeBinary(host)).toThrow(NativeBinaryError);
  });
});

describe('the original is used', () => {
  it('where glibc is new enough, without a copy', () => {
    const expected = { original: X64, path: X64, written: false };
    expect(adaptBinary(X64, copies(), '2.38')).toEqual(expected);
    expect(adaptBinary(X64, copies(), '2.41')).toEqual(expected);
    expect(existsSync(copies())).toBe(false);
  });

  it('where it is another build that needs nothing newer than the host has', () => {
    const other = join(folder, 'other.node');
    copyFileSync(adaptBinary(X64, copies(), '2.36').path, other);
    expect(adaptBinary(other, join(folder, 'none'), '2.36').path).toBe(other);
    expect(() => adaptBinary(other, join(folder, 'none'), '2.35')).toThrow(NativeBinaryError);
  });

  it('on a system without ELF', () => {
    const host = { platform: 'darwin', arch: 'arm64', abi: '137', glibc: undefined };
    const { original, path } = prepareNativeBinary(host);
    expect(path).toBe(original);
  });
});

describe('the ELF reader', () => {
  it('answers any damage with ElfFormatError and nothing else', () => {
    // The tables lie in the first 520 KB; the dynamic section near the end is kept by the slice.
    const original = readFileSync(X64);
    const edits = fc.array(fc.tuple(fc.nat(1023), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(edits, changes => {
        const bytes = Uint8Array.from(original);
        for (const [offset, value] of changes) bytes[offset] = value;
        try {
          makeCompatible(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(ElfFormatError);
        }
      }),
      { numRuns: 60 },
    );
  });
});
