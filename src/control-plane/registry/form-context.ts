/** What the forms of all kinds of record share. */
import type { JsonObject } from '../../stores/registry-contract.ts';
import type { SealOwner, SecretSealer } from './sealer.ts';

export interface FormRefusal {
  /** Into the record (RFC 6901); '' for the whole. */
  readonly pointer: string;
  /** A verb phrase. */
  readonly message: string;
}

export type Refuse = (pointer: string, message: string) => void;

export interface FormContext {
  readonly sealer: SecretSealer;
  /** The record as it is stored now. */
  readonly current: JsonObject | undefined;
}

/**
 * The secret, sealed with the first key. Sealing never gives the same text twice, so one of the
 * texts that are there already stays where it holds the same and the first key sealed it.
 */
export function sealWhereNeeded(
  secret: Uint8Array,
  owner: SealOwner,
  present: readonly (string | undefined)[],
  sealer: SecretSealer,
): string {
  for (const text of present) {
    if (text === undefined || sealer.isOutdated(text)) continue;
    const held = sealer.open(text, owner);
    if (held !== undefined && Buffer.compare(held, secret) === 0) return text;
  }
  return sealer.seal(secret, owner);
}

export const WRONG_SEAL = 'was not sealed for this record with a key of registry.secretKeyFile';
