/**
 * Sets of signatures made ahead, kept in the benchmarks' folder for later runs while their
 * `created` is within the gateway's window. To use a set again is no cheat: each run has a gateway
 * of its own with an empty nonce state, for which every request is new, and it checks each in full.
 */
import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { benchFolder, benchKey } from '../bench-folder.ts';
import { CREATED_MAX_AGE_MS, PUBLIC_AUTHORITY } from '../gateway-files.ts';
import type { Progress } from '../progress.ts';
import { signAhead } from './sign-ahead.ts';
import { type RequestShape, SIGNATURE_BYTES, type SignedShape } from './signed-request.ts';

export interface SignedSet {
  readonly shape: SignedShape;
  /** Signatures side by side, request 0 first; at least as many as were asked for. */
  readonly file: string;
}

export interface SignedSetOptions {
  /** How long from now the signatures must be good. */
  readonly validForMs: number;
  readonly folder?: string;
  readonly progress?: Progress;
  /** Ends the signing when it aborts; the call rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

const NONCE_PREFIX_BYTES = 9;
const FILE_NAME = /^([0-9a-f]{16})-(\d+)-([A-Za-z0-9_-]{12})\.bin$/;

/** The set of that shape with at least `count` signatures: kept, made longer, or made anew. */
export async function openSignedSet(
  shape: RequestShape,
  count: number,
  options: SignedSetOptions,
): Promise<SignedSet> {
  const folder = join(options.folder ?? benchFolder(), 'signatures');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  removeExpired(folder);
  const id = identityOf(shape);
  const set = findSet(folder, id, shape, options.validForMs) ?? newSet(folder, id, shape);
  const kept = keptSignatures(set.file);
  const have = kept.length / SIGNATURE_BYTES[shape.key];
  if (have < count) {
    const more = await signAhead(set.shape, have, count - have, options);
    writeWhole(set.file, [kept, more]);
  }
  return set;
}

/** The signatures of requests `first` to `first + count - 1`. */
export function readSignatures(set: SignedSet, first: number, count: number): Buffer {
  const bytes = SIGNATURE_BYTES[set.shape.key];
  const signatures = Buffer.allocUnsafeSlow(count * bytes);
  const file = openSync(set.file, 'r');
  try {
    const read = readSync(file, signatures, 0, signatures.length, first * bytes);
    if (read < signatures.length) throw new Error(`${set.file} has too few signatures`);
  } finally {
    closeSync(file);
  }
  return signatures;
}

/** Everything that a signature depends on, but for `created` and the nonce. */
function identityOf(shape: RequestShape): string {
  const { key, method, path, bodyBytes, apps } = shape;
  const { verifyingText } = benchKey(key);
  const facts = [key, verifyingText, PUBLIC_AUTHORITY, method, path, bodyBytes, apps];
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 16);
}

function findSet(
  folder: string,
  id: string,
  shape: RequestShape,
  validForMs: number,
): SignedSet | undefined {
  for (const name of readdirSync(folder)) {
    const [, found, created, noncePrefix] = FILE_NAME.exec(name) ?? [];
    if (found !== id || Number(created) * 1_000 + CREATED_MAX_AGE_MS < Date.now() + validForMs) {
      continue;
    }
    const signed = { ...shape, created: Number(created), noncePrefix: noncePrefix! };
    return { shape: signed, file: join(folder, name) };
  }
  return undefined;
}

function newSet(folder: string, id: string, shape: RequestShape): SignedSet {
  const created = Math.floor(Date.now() / 1_000);
  const noncePrefix = randomBytes(NONCE_PREFIX_BYTES).toString('base64url');
  const file = join(folder, `${id}-${created}-${noncePrefix}.bin`);
  return { shape: { ...shape, created, noncePrefix }, file };
}

function keptSignatures(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}

/** In one step: another run may be reading the shorter file. */
function writeWhole(file: string, parts: readonly Buffer[]): void {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, Buffer.concat(parts), { mode: 0o600 });
  renameSync(draft, file);
}

/** Sets past their window, and drafts that a run left behind when it was killed. */
function removeExpired(folder: string): void {
  for (const name of readdirSync(folder)) {
    const file = join(folder, name);
    const writtenMs = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - writtenMs > CREATED_MAX_AGE_MS) rmSync(file, { force: true });
  }
}
