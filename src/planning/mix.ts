/** How calls prove who sends them, as a share of all: `rsa=0.7,es256=0.3`. */
import type { SignatureAlgorithm } from '../core/snapshot.ts';

/** What has to be checked of a call; nothing of one that is public, or has a remembered token. */
export const MIX_KINDS = {
  rsa: 'rsa-pss-sha512',
  es256: 'ecdsa-p256-sha256',
  es384: 'ecdsa-p384-sha384',
  ed25519: 'ed25519',
  hmac: 'hmac-sha256',
  sm2: 'sm2-sm3',
  token: undefined,
  none: undefined,
} as const satisfies Record<string, SignatureAlgorithm | undefined>;

export type MixKind = keyof typeof MIX_KINDS;
export type Mix = ReadonlyMap<MixKind, number>;

/** Shares that miss the whole by no more than people round. */
const SUM_TOLERANCE = 0.015;

/** The shares, made to add up to 1; or what is wrong with the text, as a sentence. */
export function readMix(text: string): Mix | string {
  const shares = new Map<MixKind, number>();
  for (const part of text.split(',')) {
    const [name = '', value = '', ...rest] = part.split('=');
    if (!isMixKind(name)) return `${name} is none of ${Object.keys(MIX_KINDS).join(', ')}.`;
    if (shares.has(name)) return `${name} is there twice.`;
    const share = Number(value);
    if (rest.length > 0 || value === '' || !(share >= 0 && share <= 1)) {
      return `The share of ${name} is a number from 0 to 1.`;
    }
    shares.set(name, share);
  }
  const sum = [...shares.values()].reduce((total, share) => total + share, 0);
  if (Math.abs(sum - 1) > SUM_TOLERANCE) return `The shares add up to ${sum}, not to 1.`;
  return new Map([...shares].map(([name, share]) => [name, share / sum]));
}

/** @param algorithm of a signature, or `token` */
export function mixKindOf(algorithm: string): MixKind {
  // RSASSA-PSS and PKCS #1 v1.5 cost the same: both raise the signature to the public exponent.
  if (algorithm.startsWith('rsa-')) return 'rsa';
  if (algorithm === 'token') return algorithm;
  const found = Object.entries(MIX_KINDS).find(([, named]) => named === algorithm);
  return found === undefined ? 'none' : (found[0] as MixKind);
}

function isMixKind(name: string): name is MixKind {
  return Object.hasOwn(MIX_KINDS, name);
}
