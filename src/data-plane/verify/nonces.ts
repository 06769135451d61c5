/** What tells one signature from another, by which it is accepted once. */
import { type Problem, problem } from '../../core/problems.ts';

/** Visible ASCII characters of a nonce: short ones repeat by chance, long ones fill the store. */
const MIN_CHARS = 8;
const MAX_CHARS = 128;
const NONCE = new RegExp(`^[\\x21-\\x7e]{${MIN_CHARS},${MAX_CHARS}}$`);
const OF_SIGNATURE_BYTES = 32;

export function refuseNonceForm(nonce: string): Problem | undefined {
  if (NONCE.test(nonce)) return undefined;
  const range = `${MIN_CHARS} to ${MAX_CHARS}`;
  return problem('signature-malformed', `A nonce has ${range} visible ASCII characters.`);
}

/**
 * For schemes without a nonce: the beginning of the signature, which nobody can change and keep the
 * signature good. Of ECDSA and Ed25519 it is r and R alone: their other half has two forms, or had.
 */
export function nonceOfSignature(signature: Uint8Array): string {
  const { buffer, byteOffset } = signature;
  const length = Math.min(signature.length, OF_SIGNATURE_BYTES);
  return Buffer.from(buffer, byteOffset, length).toString('base64url');
}
