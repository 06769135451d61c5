/** The keys of a ring in their file, which is for its owner alone and is replaced whole. */
import { readFileSync, renameSync } from 'node:fs';
import { writePrivateFile } from '../../core/durable-names.ts';
import { RING_ALGORITHMS, type RingKey, readPrivateKey, ringKeyOf } from './signing-key.ts';

const FORM = 1;
/** The one that signs, the next, and those whose signatures have not run out. */
export const RING_KEYS_MAX = 64;

interface KeptKey {
  readonly algorithm: RingKey['algorithm'];
  readonly activeFromMs: number;
  /** PKCS #8, PEM. */
  readonly privateKey: string;
}

/**
 * In the order in which they sign; undefined where there is no such file.
 *
 * @throws Error that names the file and never what is in it
 */
export function readRingFile(path: string): readonly RingKey[] | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new Error(`${path}: cannot be read (${code})`, { cause: error });
  }
  const keys = readKeys(text);
  if (typeof keys === 'string') throw new Error(`${path}: ${keys}`);
  return keys;
}

/**
 * Whole under its name, whenever the process ends, and on the disk before any key is used.
 *
 * @throws Error of the file system
 */
export function writeRingFile(path: string, keys: readonly RingKey[]): void {
  const kept = keys.map(({ algorithm, activeFromMs, privateKey }): KeptKey => {
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    return { algorithm, activeFromMs, privateKey: pem };
  });
  writePrivateFile(
    path,
    `${JSON.stringify({ form: FORM, keys: kept }, undefined, 2)}\n`,
    renameSync,
  );
}

/** Or what is wrong with the text, as a verb phrase. */
function readKeys(text: string): RingKey[] | string {
  let kept: unknown;
  try {
    kept = JSON.parse(text);
  } catch {
    // Not the parser's own message: it may quote a key.
    return 'is not JSON';
  }
  const { form, keys } = Object(kept) as { readonly form?: unknown; readonly keys?: unknown };
  if (form !== FORM) return `is no key ring of form ${FORM}`;
  if (!Array.isArray(keys) || keys.length === 0) return 'has no key';
  if (keys.length > RING_KEYS_MAX) return `has more than ${RING_KEYS_MAX} keys`;
  const read: RingKey[] = [];
  for (const each of keys) {
    const key = readKey(Object(each) as Partial<KeptKey>);
    if (typeof key === 'string') return key;
    if (read.some(({ kid }) => kid === key.kid)) return 'has the same key twice';
    read.push(key);
  }
  return read.sort((one, other) => one.activeFromMs - other.activeFromMs);
}

function readKey({ algorithm, activeFromMs, privateKey }: Partial<KeptKey>): RingKey | string {
  const isKnown = algorithm !== undefined && RING_ALGORITHMS.includes(algorithm);
  if (!isKnown) return 'has a key of an algorithm that is not known';
  if (!Number.isSafeInteger(activeFromMs) || activeFromMs! < 0) return 'has a key without its time';
  if (typeof privateKey !== 'string') return 'has a key without its private half';
  try {
    return ringKeyOf(readPrivateKey(privateKey), algorithm, activeFromMs!);
  } catch {
    // Not hidden: the start is refused. What OpenSSL says of it may quote the key.
    return `has a key that cannot be read as one for ${algorithm}`;
  }
}
