/**
 * Decides which binary of uWebSockets.js this process loads: the package's own, or on glibc 2.36
 * and 2.37 an adapted copy under `.native/` in the package root, written where it is missing.
 */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ElfFormatError, ElfImage } from './elf-image.ts';
import { COMPATIBLE_SHA256 } from './known-binaries.ts';
import { makeCompatible } from './make-compatible.ts';
import { NativeBinaryError } from './native-binary-error.ts';

/** The oldest glibc that runs the binary as it is, and the oldest that runs the adapted copy. */
const GLIBC_UNCHANGED = '2.38';
const GLIBC_ADAPTED = '2.36';

/** The same depth under src/ and under dist/. */
const PACKAGE_ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

export interface NativeHost {
  readonly platform: string;
  readonly arch: string;
  /** Node's module ABI, `process.versions.modules`. */
  readonly abi: string;
  /** Undefined where the C library is not glibc. */
  readonly glibc: string | undefined;
}

export interface NativeBinary {
  /** What uWebSockets.js asks for. */
  readonly original: string;
  /** What is to be loaded: `original` or the adapted copy. */
  readonly path: string;
  /** Whether this call wrote the copy. */
  readonly written: boolean;
}

function olderThan(version: string, limit: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [limitMajor = 0, limitMinor = 0] = limit.split('.').map(Number);
  return major < limitMajor || (major === limitMajor && minor < limitMinor);
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const errorCode = (error: unknown): string =>
  error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.name) : String(error);

/** 4 ms without the network part, which may wait for name servers. */
export function currentHost(): NativeHost {
  // Missing from the types; see process.report.excludeNetwork in Node's documentation.
  Object.assign(process.report, { excludeNetwork: true });
  const report = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return {
    platform: process.platform,
    arch: process.arch,
    abi: process.versions.modules,
    glibc: report.header.glibcVersionRuntime,
  };
}

function refuse(original: string, hash: string, glibc: string): NativeBinaryError {
  return new NativeBinaryError(
    `${original} (sha256 ${hash}) is not a binary that can be adapted to this host's glibc ` +
      `${glibc}: restore the locked one with \`npm ci\`, or use a host with glibc ` +
      `${GLIBC_UNCHANGED} or newer.`,
  );
}

/** Another build of uWebSockets.js may need nothing that this host lacks. */
function runsUnchanged(image: Uint8Array, glibc: string): boolean {
  try {
    return new ElfImage(image)
      .neededVersions()
      .filter(need => need.version.startsWith('GLIBC_') && !need.weak)
      .every(need => !olderThan(glibc, need.version.slice('GLIBC_'.length)));
  } catch (error) {
    if (error instanceof ElfFormatError) return false;
    throw error;
  }
}

function readOriginal(original: string): Uint8Array {
  try {
    return readFileSync(original);
  } catch (error) {
    throw new NativeBinaryError(
      `The uWebSockets.js binary ${original} cannot be read (${errorCode(error)}): ` +
        'restore it with `npm ci`.',
    );
  }
}

function writeAtomically(path: string, bytes: Uint8Array): void {
  const temporary = `${path}.${randomUUID()}.tmp`;
  mkdirSync(dirname(path), { recursive: true });
  try {
    writeFileSync(temporary, bytes, { flag: 'wx' });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function writeCopy(path: string, bytes: Uint8Array): void {
  try {
    writeAtomically(path, bytes);
  } catch (error) {
    throw new NativeBinaryError(
      `The adapted uWebSockets.js binary cannot be written to ${dirname(path)} ` +
        `(${errorCode(error)}): run \`npm run prepare:native\` in a checkout, or ` +
        '`npm rebuild xingyun-gateway` where the package is installed, as the owner of the folder.',
    );
  }
}

/**
 * Returns the binary that loads on a host with this glibc, and writes the adapted copy to `folder`
 * where it is needed and not there. Both files are hashed each time (26 ms for 7 MB), so that
 * neither a replaced original nor a damaged copy goes unnoticed. Throws NativeBinaryError.
 */
export function adaptBinary(original: string, folder: string, glibc: string): NativeBinary {
  const unchanged = { original, path: original, written: false };
  if (!olderThan(glibc, GLIBC_UNCHANGED)) return unchanged;

  const image = readOriginal(original);
  const hash = sha256(image);
  const compatibleHash = COMPATIBLE_SHA256.get(hash);
  if (compatibleHash === undefined) {
    if (runsUnchanged(image, glibc)) return unchanged;
    throw refuse(original, hash, glibc);
  }
  if (olderThan(glibc, GLIBC_ADAPTED)) {
    throw new NativeBinaryError(
      `uWebSockets.js needs glibc ${GLIBC_ADAPTED} or newer and this host has ${glibc}: ` +
        'use a newer system, for instance Debian 12.',
    );
  }

  const path = join(folder, basename(original));
  if (existsSync(path) && sha256(readFileSync(path)) === compatibleHash) {
    return { original, path, written: false };
  }
  const copy = makeCompatible(image);
  if (sha256(copy) !== compatibleHash) throw new Error(`adapting ${original} gave other bytes`);
  writeCopy(path, copy);
  return { original, path, written: true };
}

/**
 * Finds the binary for `host` and prepares the adapted copy where it is needed.
 * Throws NativeBinaryError with the way out where there is none.
 */
export function prepareNativeBinary(host: NativeHost = currentHost()): NativeBinary {
  const require = createRequire(import.meta.url);
  const folder = dirname(require.resolve('uWebSockets.js'));
  const original = join(folder, `uws_${host.platform}_${host.arch}_${host.abi}.node`);
  if (!existsSync(original)) {
    throw new NativeBinaryError(
      `uWebSockets.js has no binary for ${host.platform} ${host.arch} and Node's module ABI ` +
        `${host.abi}: use Node 24 on Linux or macOS, x64 or arm64.`,
    );
  }
  if (host.platform !== 'linux') return { original, path: original, written: false };
  if (host.glibc === undefined) {
    throw new NativeBinaryError(
      'uWebSockets.js needs glibc and this Linux has another C library: ' +
        'use a system with glibc, for instance Debian 12.',
    );
  }
  return adaptBinary(original, join(PACKAGE_ROOT, '.native'), host.glibc);
}
