/** Checks signatures by a library that is not ours. */
import { createHash } from 'node:crypto';
import { createVerifier, httpbis } from 'http-message-signatures';
import type { SignatureAlgorithm } from '../../../src/core/snapshot.ts';

export interface VerifyingKey {
  readonly algorithm: SignatureAlgorithm;
  /** PEM, or the secret. */
  readonly verifier: string | Buffer;
}

export interface SignedMessage {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** Whether it covers what docs/signing.md asks for, with a key of the map. */
export async function isSigned(
  { method, url, headers, body }: SignedMessage,
  keys: ReadonlyMap<string, VerifyingKey>,
): Promise<boolean> {
  const requiredFields = ['@method', '@target-uri'];
  if (body !== undefined) {
    const sum = createHash('sha256').update(body).digest('base64');
    if (headers['content-digest'] !== `sha-256=:${sum}:`) return false;
    requiredFields.push('content-digest', 'content-type');
  }
  const keyLookup = async ({ keyid }: { keyid?: unknown }) => {
    const key = keys.get(String(keyid));
    if (key === undefined) return null;
    const verify = createVerifier(key.verifier, key.algorithm);
    return { id: String(keyid), algs: [key.algorithm], verify };
  };
  const requiredParams = ['created', 'nonce', 'keyid'];
  const rules = { keyLookup, requiredFields, requiredParams, maxAge: 60, tolerance: 5 };
  const verified = await httpbis
    .verifyMessage(rules, { method, url, headers: { ...headers } })
    .catch(() => false);
  return verified === true;
}
