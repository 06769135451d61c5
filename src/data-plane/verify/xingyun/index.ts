/**
 * The header scheme of Chinese open platforms (docs/schemes.md):
 *
 *     Authorization: XINGYUN-<ALG> app_id=...,nonce=...,timestamp=...,serial=...,signature=...
 *
 * over method, path with query, timestamp, nonce and body, each with a line feed behind it.
 */
import type { Config } from '../../../core/config.ts';
import { refuseKey } from '../../../core/key-status.ts';
import { type Problem, problem } from '../../../core/problems.ts';
import type { CompiledSnapshot, KeyEntry } from '../../../core/snapshot.ts';
import type { CarriedFields } from '../carried-fields.ts';
import { combinedField } from '../field-lines.ts';
import {
  Candidate,
  isProblem,
  NO_DIGESTS,
  type SignatureScheme,
  type SignedCall,
} from '../scheme.ts';
import { lastAcceptedMs, refuseTime } from '../time-window.ts';
import { type Credentials, isOurs, readCredentials } from './credentials.ts';

const MS_PER_SECOND = 1_000;

export class XingyunScheme implements SignatureScheme {
  readonly name = 'xingyun';
  private readonly window: Pick<Config['signatures'], 'createdMaxAgeMs' | 'clockSkewMs'>;

  constructor(window: Pick<Config['signatures'], 'createdMaxAgeMs' | 'clockSkewMs'>) {
    this.window = window;
  }

  recognises({ authorization }: CarriedFields): boolean {
    return authorization !== undefined && isOurs(authorization);
  }

  prepare(
    { arrival }: SignedCall,
    keys: CompiledSnapshot['keys'],
    nowMs: number,
    acceptCreatedAfterMs: number,
  ): Candidate | Problem {
    const credentials = readCredentials(combinedField(arrival.headers, 'authorization')!);
    if (isProblem(credentials)) return credentials;
    const entry = keys.get(credentials.serial);
    const refusal = refuseEntry(entry, credentials, nowMs);
    if (refusal !== undefined) return refusal;
    const created = Number(credentials.timestamp);
    const lastMs = lastAcceptedMs(created, undefined, this.window);
    const late = refuseTime(created, lastMs, nowMs, acceptCreatedAfterMs, this.window);
    if (late !== undefined) return late;
    const { timestamp, nonce, signature } = credentials;
    const target = `${arrival.path}${arrival.query}`;
    const base = `${arrival.method}\n${target}\n${timestamp}\n${nonce}\n`;
    const text = { base, bodyForm: 'raw-line', digests: NO_DIGESTS } as const;
    const createdMs = created * MS_PER_SECOND;
    return new Candidate(entry!, text, signature, { nonce, createdMs, expiresAtMs: lastMs });
  }
}

function refuseEntry(
  entry: KeyEntry | undefined,
  { appId, algorithm }: Credentials,
  nowMs: number,
): Problem | undefined {
  if (entry === undefined) {
    return problem('key-unknown', 'No key is registered under this serial.');
  }
  if (entry.app.id !== appId) {
    return problem('key-unknown', 'The key of this serial belongs to another app than app_id.');
  }
  if (entry.key.algorithm !== algorithm) {
    return problem('signature-algorithm', `The key is registered for ${entry.key.algorithm}.`);
  }
  return refuseKey(entry, nowMs);
}
