/** Keys of one name, from which one goes over to the next: the first encrypts, all decrypt. */
import { KEY_SOURCES, type KeySources, readKeyText } from './key-sources/index.ts';
import { KeyFault, type Secrecy } from './key-sources/key-source.ts';
import type { EncryptionAlgorithm, EncryptionKey } from './payload-cipher.ts';
import { readKey } from './read-key.ts';

/** One in use, one before it, one to come: and as many again. */
const KEYS_MAX = 6;

export interface KeySettings {
  readonly kid: string;
  readonly algorithm: EncryptionAlgorithm;
  /** `file:` and a path, or `env:` and a variable. */
  readonly reference: string;
}

export class KeyRing {
  readonly current: EncryptionKey;
  private readonly byKid: ReadonlyMap<string, EncryptionKey>;

  /** @throws TypeError where there is none, more than KEYS_MAX, or two with one `kid` */
  constructor(keys: readonly EncryptionKey[]) {
    const [current] = keys;
    this.byKid = new Map(keys.map(key => [key.kid, key]));
    if (current === undefined || keys.length > KEYS_MAX || this.byKid.size < keys.length) {
      throw new TypeError(`One to ${KEYS_MAX} keys make a ring, each with a kid of its own.`);
    }
    this.current = current;
  }

  find(kid: string): EncryptionKey | undefined {
    return this.byKid.get(kid);
  }
}

/**
 * Reads the keys anew: a ring that takes the place of another is how keys rotate.
 * @param secrecy `public` for a partner's keys, `private` for the gateway's own
 * @throws KeyFault
 */
export async function loadKeyRing(
  settings: readonly KeySettings[],
  secrecy: Secrecy,
  sources: KeySources = KEY_SOURCES,
): Promise<KeyRing> {
  const keys: EncryptionKey[] = [];
  for (const { kid, algorithm, reference } of settings) {
    const key = readKey(await readKeyText(reference, secrecy, sources), secrecy, algorithm);
    if (typeof key === 'string') throw new KeyFault(reference, key);
    keys.push({ kid, algorithm, key });
  }
  return new KeyRing(keys);
}
