import { createHash, type KeyObject } from 'node:crypto';
import { createSigner, httpbis } from 'http-message-signatures';
import type { SignatureAlgorithm } from '../../src/core/snapshot.ts';

export interface ForeignCall {
  readonly algorithm: SignatureAlgorithm;
  /** A private key, or the shared secret for hmac-sha256. */
  readonly key: KeyObject | Buffer;
  readonly keyId: string;
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  readonly nonce: string;
  /** Milliseconds since the epoch. */
  readonly createdMs: number;
  readonly fields?: readonly string[];
}

/**
 * Signs a call with the npm package http-message-signatures, which shares no code with this
 * gateway. Returns all headers of the call, names in lower case, Content-Digest included.
 */
export async function signForeign(call: ForeignCall): Promise<Record<string, string>> {
  const headers: Record<string, string> = { ...call.headers };
  const fields = [...(call.fields ?? ['@method', '@target-uri'])];
  if (call.body !== undefined) {
    const digest = createHash('sha512').update(call.body).digest('base64');
    headers['content-digest'] = `sha-512=:${digest}:`;
    fields.push('content-digest');
  }
  const signed = await httpbis.signMessage(
    {
      // The package's own type leaves key objects out; node:crypto underneath takes them.
      key: createSigner(call.key as Buffer, call.algorithm, call.keyId),
      name: 'partner',
      fields,
      params: ['created', 'keyid', 'nonce', 'alg'],
      paramValues: { created: new Date(call.createdMs), nonce: call.nonce },
    },
    { method: call.method, url: call.url, headers },
  );
  const lower: Record<string, string> = {};
  for (const [name, value] of Object.entries(signed.headers)) {
    lower[name.toLowerCase()] = String(value);
  }
  return lower;
}
