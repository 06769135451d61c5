/**
 * Seals the secrets of the registry, so that whoever reads its store, an export or a backup has
 * nothing without the key file.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { linkSync } from 'node:fs';
import { writePrivateFile } from '../../core/durable-names.ts';
import { ConfigError, displayName } from '../config/config-error.ts';
import { readOperatorFile, SMALL_FILE_MAX_BYTES } from '../config/operator-file.ts';

/** Below stateDir, where `registry.secretKeyFile` names no other. */
export const SECRET_KEY_FILE = 'registry.key';

const KEY_BYTES = 32;
/** NIST SP 800-38D section 8.2.2: random, and never more than 2^32 under one key. */
const IV_BYTES = 12;
const TAG_BYTES = 16;
const KEYS_MAX = 100;
const CIPHER = 'aes-256-gcm';
const KEY_LINE = /^([A-Za-z0-9_-]{1,64}) +([A-Za-z0-9+/]{43}=)$/;
const SEALED = /^v1\.([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]{16})\.([A-Za-z0-9_-]+)$/;

/** The record that a secret belongs to, `<kind>/<id>`: in another one it does not open. */
export type SealOwner = `${'key' | 'upstream'}/${string}`;

/** AES-256-GCM. What it seals reads `v1.<key id>.<iv>.<ciphertext and tag>`, in base64url. */
export class SecretSealer {
  private readonly keys: ReadonlyMap<string, Buffer>;
  private readonly sealingId: string;

  private constructor(keys: ReadonlyMap<string, Buffer>, sealingId: string) {
    this.keys = keys;
    this.sealingId = sealingId;
  }

  /**
   * Takes a file with lines `<key id> <32 bytes in base64>`: the first seals, all of them open, so
   * that a new key is put before the old one. Empty lines and lines with `#` first are passed over.
   *
   * @throws ConfigError where it cannot be read or is no such file
   */
  static fromFile(path: string): SecretSealer {
    const { bytes, reason } = readOperatorFile(path, SMALL_FILE_MAX_BYTES);
    if (bytes === undefined) throw fileError(path, 0, reason);
    const keys = new Map<string, Buffer>();
    for (const [index, line] of bytes.toString('utf8').split(/\r?\n/).entries()) {
      if (/^\s*(#.*)?$/.test(line)) continue;
      const [, id, key] = KEY_LINE.exec(line.trim()) ?? [];
      if (id === undefined || key === undefined) {
        throw fileError(
          path,
          index + 1,
          'must be a key id and 32 bytes in base64, one space apart',
        );
      }
      if (keys.has(id)) throw fileError(path, index + 1, `has the key id ${id} again`);
      keys.set(id, Buffer.from(key, 'base64'));
    }
    const [first] = keys.keys();
    if (first === undefined) throw fileError(path, 0, 'has no key');
    if (keys.size > KEYS_MAX) throw fileError(path, 0, `has more than ${KEYS_MAX} keys`);
    return new SecretSealer(keys, first);
  }

  /** With a key that nobody else has: what it seals is lost with the process. */
  static create(): SecretSealer {
    const { id, key } = freshKey();
    return new SecretSealer(new Map([[id, key]]), id);
  }

  seal(secret: Uint8Array, owner: SealOwner): string {
    const header = `v1.${this.sealingId}`;
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(CIPHER, this.keys.get(this.sealingId)!, iv);
    cipher.setAAD(boundTo(header, owner));
    const body = Buffer.concat([cipher.update(secret), cipher.final(), cipher.getAuthTag()]);
    return `${header}.${iv.toString('base64url')}.${body.toString('base64url')}`;
  }

  /**
   * The secret; undefined where another key sealed it, or for another record, where it was changed
   * or is no sealed text.
   */
  open(sealed: string, owner: SealOwner): Uint8Array | undefined {
    const [, id = '', iv = '', text = ''] = SEALED.exec(sealed) ?? [];
    const key = this.keys.get(id);
    const body = Buffer.from(text, 'base64url');
    if (key === undefined || body.length < TAG_BYTES) return undefined;
    const decipher = createDecipheriv(CIPHER, key, Buffer.from(iv, 'base64url'), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(boundTo(`v1.${id}`, owner));
    decipher.setAuthTag(body.subarray(-TAG_BYTES));
    try {
      return Buffer.concat([decipher.update(body.subarray(0, -TAG_BYTES)), decipher.final()]);
    } catch {
      // The one thing that final() throws for here: the tag does not fit.
      return undefined;
    }
  }

  /** Whether one of the keys sealed it that only open any more. */
  isOutdated(sealed: string): boolean {
    const id = SEALED.exec(sealed)?.[1];
    return id !== undefined && id !== this.sealingId && this.keys.has(id);
  }
}

/** Neither a key id nor a kind of record has a dot, so that no two pairs give the same bytes. */
function boundTo(header: string, owner: SealOwner): Buffer {
  return Buffer.from(`${header}.${owner}`);
}

/** Whether it reads as what a sealer makes; who sealed it is not looked at. */
export function isSealed(text: string): boolean {
  return SEALED.test(text);
}

/**
 * Writes a key file with one fresh key, for its owner alone. It must not be there yet. Under its
 * name it is whole or not there at all, whenever the process ends: what is half a key file would be
 * refused at each later start.
 *
 * @throws ConfigError where it cannot be written
 */
export function createSecretKeyFile(path: string): void {
  const { id, key } = freshKey();
  try {
    // Unlike a rename, a link fails where the name is taken.
    writePrivateFile(path, `${id} ${key.toString('base64')}\n`, linkSync);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw fileError(path, 0, code === 'EEXIST' ? 'exists already' : `cannot be written (${code})`);
  }
}

function freshKey(): { id: string; key: Buffer } {
  return { id: `k${randomBytes(4).toString('hex')}`, key: randomBytes(KEY_BYTES) };
}

function fileError(file: string, line: number, message: string): ConfigError {
  return new ConfigError([{ file: displayName(file), line, path: '', message }]);
}
