/** What the forms of all kinds of record share. */
import type { JsonObject } from '../../stores/registry-contract.ts';
import type { SecretSealer } from './sealer.ts';

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

/** Sealing never gives the same text twice, so the current one stays where it holds the same. */
export function sealAnew(secret: Uint8Array, currentSealed: unknown, sealer: SecretSealer): string {
  if (typeof currentSealed === 'string') {
    const current = sealer.open(currentSealed);
    if (current !== undefined && Buffer.compare(current, secret) === 0) return currentSealed;
  }
  return sealer.seal(secret);
}

export const WRONG_SEAL = 'was not sealed with a key of registry.secretKeyFile';
