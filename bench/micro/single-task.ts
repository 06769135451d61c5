/**
 * One check as one Piscina task, with the code that the gateway's workers run. Nothing crosses the
 * thread boundary that need not: keys come once, when the worker starts.
 */
import { workerData } from 'piscina';
import type { SignatureAlgorithm } from '../../src/core/snapshot.ts';
import { KeyCache } from '../../src/data-plane/workers/key-cache.ts';
import { runCheck } from '../../src/data-plane/workers/run-check.ts';

export interface SingleKey {
  readonly algorithm: SignatureAlgorithm;
  readonly material: Uint8Array;
}

export interface SingleTask {
  readonly serial: number;
  readonly base: string;
  readonly signature: Uint8Array;
}

/** By serial. */
const materials: ReadonlyMap<number, SingleKey> = workerData;
const keys = new KeyCache();
const NOTHING = new Uint8Array(0);

export default function verifyOne({ serial, base, signature }: SingleTask) {
  const { algorithm, material } = materials.get(serial)!;
  const key = keys.get(serial, algorithm, material);
  if (key === undefined) return 'failed';
  return runCheck(key, Buffer.from(base, 'latin1'), signature, [], NOTHING);
}
