/**
 * A ring of signing keys for one purpose, in a file of the state folder. One key signs at a time.
 * The next one is published before it signs, so that whoever keeps the JWK Set for a while has it
 * by then; one that no longer signs stays published until what it has signed has run out.
 */
import type { JsonWebKey } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { whileLocked } from '../../stores/file-lock.ts';
import { readRingFile, writeRingFile } from './ring-file.ts';
import { makeRingKey, type RingAlgorithm, type RingKey, type SigningKey } from './signing-key.ts';

export type { RingAlgorithm, SigningKey } from './signing-key.ts';

export interface KeyRingOptions {
  readonly stateDir: string;
  /** What it signs, as part of the file's name: lower-case letters and hyphens. */
  readonly purpose: string;
  /** Of keys that are still to be made. */
  readonly algorithm: RingAlgorithm;
  /** How long a key signs. */
  readonly rotationMs: number;
  /** How long a key is published before it signs; at most the half of `rotationMs`. */
  readonly publishAheadMs: number;
  /** How long what a key has signed counts at most, with the clocks of others taken in. */
  readonly keepMs: number;
  readonly clock: Clock;
  /** The JWK Set is another one, or another key signs. */
  readonly onChange: () => void;
  /** A turn could not be written; the keys before stay, and it is tried again. */
  readonly reportFailure: (error: Error) => void;
}

/** RFC 7517 section 5. */
export interface JwkSet {
  readonly keys: readonly JsonWebKey[];
}

/** What is due is late by no more than this; each look costs nothing. */
const LOOK_INTERVAL_MS = 10_000;
/** RSA of 3,072 bits took 70 to 400 ms to make: others wait for it. */
const LOCK_WAIT_MS = 2_000;
const PURPOSE = /^[a-z]+(-[a-z]+)*$/;

export class KeyRing {
  private readonly options: KeyRingOptions;
  private readonly path: string;
  /** In the order in which they sign. */
  private keys: readonly RingKey[];
  private signing: RingKey;
  private timer: NodeJS.Timeout | undefined;

  private constructor(options: KeyRingOptions, path: string, keys: readonly RingKey[]) {
    this.options = options;
    this.path = path;
    this.keys = keys;
    this.signing = this.keyAt(options.clock.wallMs());
  }

  /**
   * Call it while the lock of the state folder is held. Where the folder has no ring of the purpose
   * yet, one is made; one that cannot be read is never replaced.
   *
   * @throws Error that names the file which is broken or cannot be written
   */
  static open(options: KeyRingOptions): KeyRing {
    if (!PURPOSE.test(options.purpose)) throw new RangeError('A purpose is lower-case words.');
    if (options.publishAheadMs * 2 > options.rotationMs) {
      throw new RangeError('A key is published ahead of its use by at most half a rotation.');
    }
    const path = join(options.stateDir, `keys-of-${options.purpose}.json`);
    const keys = readRingFile(path) ?? makeFirst(path, options);
    const ring = new KeyRing(options, path, keys);
    ring.look();
    ring.timer = setInterval(() => ring.look(), LOOK_INTERVAL_MS);
    ring.timer.unref();
    return ring;
  }

  /** The key to sign with now. */
  current(): SigningKey {
    this.moveOn(this.options.clock.wallMs());
    const { kid, algorithm, privateKey } = this.signing;
    return { kid, algorithm, privateKey };
  }

  /** Every key whose signatures count or will count soon. */
  jwks(): JwkSet {
    return { keys: this.keys.map(({ jwk }) => jwk) };
  }

  /** Does what is due: another key signs, the next one is made, one that has run out goes. */
  look(): void {
    const nowMs = this.options.clock.wallMs();
    this.moveOn(nowMs);
    if (this.turned(this.keys, nowMs) === this.keys) return;
    try {
      // A process that this one replaces, or that replaces it, may have turned the ring already,
      // and may be about to: one of them makes the next key.
      this.keys = whileLocked(lockOf(this.path), LOCK_WAIT_MS, () => {
        const kept = readRingFile(this.path) ?? this.keys;
        const keys = this.turned(kept, nowMs);
        if (keys !== kept) writeRingFile(this.path, keys);
        return keys;
      });
    } catch (error) {
      return this.options.reportFailure(error as Error);
    }
    this.signing = this.keyAt(nowMs);
    this.options.onChange();
  }

  /** No key is made or goes any more; the one that signs can go on. */
  close(): void {
    clearInterval(this.timer);
  }

  private moveOn(nowMs: number): void {
    const key = this.keyAt(nowMs);
    if (key === this.signing) return;
    this.signing = key;
    this.options.onChange();
  }

  /** Where the clock was set back before all of them, the first. */
  private keyAt(nowMs: number): RingKey {
    return this.keys.findLast(key => key.activeFromMs <= nowMs) ?? this.keys[0]!;
  }

  /** The same list where nothing is due. */
  private turned(keys: readonly RingKey[], nowMs: number): readonly RingKey[] {
    const { algorithm, rotationMs, publishAheadMs, keepMs } = this.options;
    const kept = keys.filter((_, place) => {
      const next = keys[place + 1];
      return next === undefined || nowMs <= next.activeFromMs + keepMs;
    });
    const last = kept.at(-1)!;
    const endsMs = last.activeFromMs + rotationMs;
    const isNextDue = nowMs >= endsMs - publishAheadMs;
    if (!isNextDue) return kept.length === keys.length ? keys : kept;
    // After a long time without this process the next one is published first all the same.
    return [...kept, makeRingKey(algorithm, Math.max(endsMs, nowMs + publishAheadMs))];
  }
}

function makeFirst(path: string, { algorithm, clock }: KeyRingOptions): readonly RingKey[] {
  const keys = [makeRingKey(algorithm, clock.wallMs())];
  try {
    return whileLocked(lockOf(path), LOCK_WAIT_MS, () => {
      const others = readRingFile(path);
      if (others === undefined) writeRingFile(path, keys);
      return others ?? keys;
    });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Error(`${path}: cannot be written (${code ?? message})`, { cause: error });
  }
}

function lockOf(path: string): string {
  return `${path}.lock`;
}
