/**
 * What benchmarks keep between runs: keys and signatures made ahead, in the system's temporary
 * folder, for their owner's eyes only. The keys open nothing but gateways that a benchmark starts.
 */
import { lstatSync, mkdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPrivateFile, generateKey, publicTextOf } from '../../src/client/key-files.ts';
import type { SignatureAlgorithm } from '../../src/core/snapshot.ts';

/** By the name that stands in key ids. */
export const BENCH_ALGORITHMS = {
  rsa: 'rsa-v1_5-sha256',
  es256: 'ecdsa-p256-sha256',
  hmac: 'hmac-sha256',
  sm2: 'sm2-sm3',
} as const satisfies Record<string, SignatureAlgorithm>;

export type KeyName = keyof typeof BENCH_ALGORITHMS;
export const KEY_NAMES = Object.keys(BENCH_ALGORITHMS) as KeyName[];

export interface BenchKey {
  readonly name: KeyName;
  readonly algorithm: SignatureAlgorithm;
  /** PEM, or the secret in base64. */
  readonly privateText: string;
  /** What the gateway verifies with: PEM, or the secret again. */
  readonly verifyingText: string;
}

/**
 * The folder, made where it is missing.
 * @throws Error where something else has its name: another user could have put it there
 */
export function benchFolder(parent = tmpdir()): string {
  const uid = process.getuid!();
  const folder = join(parent, `xingyun-bench-${uid}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = lstatSync(folder);
  if (!found.isDirectory() || found.uid !== uid || (found.mode & 0o077) !== 0) {
    throw new Error(`${folder} is not a folder of this user alone: remove it.`);
  }
  return folder;
}

/** The key of that name: from the folder, or made and put there. */
export function benchKey(name: KeyName, folder = benchFolder()): BenchKey {
  const algorithm = BENCH_ALGORITHMS[name];
  const file = join(folder, `${name}.key`);
  let privateText = readIfThere(file);
  if (privateText === undefined) {
    createPrivateFile(file, generateKey(algorithm).privateText);
    privateText = readFileSync(file, 'utf8');
  }
  const verifyingText = algorithm === 'hmac-sha256' ? privateText : publicTextOf(privateText);
  return { name, algorithm, privateText, verifyingText };
}

/** The key id of an application: of one length, so that signed requests have one length too. */
export function benchKeyId(name: KeyName, app: number): string {
  return `bench-${name}-${String(app).padStart(6, '0')}`;
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
