/** One check as one Piscina task, with the code that the gateway's workers run. */
import { KeyCache } from '../../src/data-plane/workers/key-cache.ts';
import { runCheck } from '../../src/data-plane/workers/run-check.ts';
import type { SignedMessage } from './signed-checks.ts';

const keys = new KeyCache();
const NOTHING = new Uint8Array(0);

export default function verifyOne({ entry, base, signature }: Omit<SignedMessage, 'number'>) {
  const key = keys.get(entry.serial, entry.key.algorithm, entry.key.material);
  if (key === undefined) return 'failed';
  return runCheck(key, Buffer.from(base, 'latin1'), signature, [], NOTHING);
}
