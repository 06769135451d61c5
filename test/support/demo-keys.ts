/** RSA keys for the demonstration's folders in tests: making them takes 0.15 s of CPU a folder. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createPrivateFile, generateKey } from '../../src/client/key-files.ts';
import { ALL_DEMO_PARTNERS } from '../../src/demo/partners.ts';
import { privateFileOf } from '../../src/demo/registry-file.ts';

const RSA_KEYS = ALL_DEMO_PARTNERS.flatMap(({ keys }) => keys).filter(({ algorithm }) =>
  algorithm.startsWith('rsa-'),
);
/** By key id: the same in every folder that this process fills. */
const texts = new Map<string, string>();

/** Before `prepareDemo`, which keeps a key that it finds. */
export function layRsaKeys(dir: string): void {
  mkdirSync(join(dir, 'keys'), { recursive: true, mode: 0o700 });
  for (const key of RSA_KEYS) {
    const text = texts.get(key.id) ?? generateKey(key.algorithm).privateText;
    texts.set(key.id, text);
    createPrivateFile(join(dir, privateFileOf(key)), text);
  }
}
