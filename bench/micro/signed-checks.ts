/** Checks for the verify cases: 600-byte messages of several apps, signed in advance. */
import { createPublicKey } from 'node:crypto';
import { generateKey } from '../../src/client/key-files.ts';
import { MessageKey } from '../../src/client/message-key.ts';
import type { Check, CheckOutcome } from '../../src/core/check.ts';
import { EMPTY_BODY } from '../../src/core/exchange.ts';
import { decodeSecret } from '../../src/core/signing-key.ts';
import type { KeyEntry, SignatureAlgorithm } from '../../src/core/snapshot.ts';

const BASE_BYTES = 600;
const MESSAGES = 16;
const APPS = 16;

export interface SignedMessage {
  /** From 1. */
  readonly number: number;
  readonly entry: KeyEntry;
  readonly base: string;
  readonly signature: Uint8Array;
}

/** Messages of `APPS` apps, each with a lane and a key entry of its own. */
export function signedMessages(algorithm: SignatureAlgorithm): SignedMessage[] {
  const { privateText, publicText } = generateKey(algorithm);
  const key = new MessageKey(algorithm, privateText);
  const material =
    publicText === undefined
      ? decodeSecret(privateText)
      : createPublicKey(publicText).export({ format: 'der', type: 'spki' });
  return Array.from({ length: Math.max(MESSAGES, APPS) }, (_, i) => {
    const base = `message ${i} `.padEnd(BASE_BYTES, 'abcdefghij');
    const entry = keyEntry(i % APPS, algorithm, material);
    return { number: i + 1, entry, base, signature: key.sign(base) };
  });
}

/** The message with one bit of its signature changed. */
export function forged(message: SignedMessage): SignedMessage {
  const signature = Uint8Array.from(message.signature);
  signature[signature.length - 1]! ^= 1;
  return { ...message, signature };
}

function keyEntry(app: number, algorithm: SignatureAlgorithm, material: Uint8Array): KeyEntry {
  const appId = `app-${app}`;
  return {
    serial: app + 1,
    key: {
      id: `key-${app}`,
      appId,
      algorithm,
      material,
      schemes: ['rfc9421'],
      notBeforeMs: 0,
      notAfterMs: Number.MAX_SAFE_INTEGER,
      revoked: false,
    },
    app: { id: appId, partnerId: 'bench', environment: 'production', active: true },
    partner: {
      id: 'bench',
      name: 'Bench',
      class: 'software-vendor',
      active: true,
      limits: undefined,
    },
  };
}

/** One check as the verify room makes it: an object per call. */
export class BenchCheck implements Check {
  readonly entry: KeyEntry;
  readonly base: string;
  readonly signature: Uint8Array;
  readonly bodyForm = 'none';
  readonly digests = [];
  readonly body = EMPTY_BODY;
  readonly abandoned = false;
  readonly prefersInline = false;
  waitMs = 0;
  serviceMs = 0;
  private readonly number: number;
  private readonly onOutcome: (outcome: CheckOutcome, number: number) => void;

  constructor(message: SignedMessage, onOutcome: (outcome: CheckOutcome, number: number) => void) {
    this.number = message.number;
    this.entry = message.entry;
    this.base = message.base;
    this.signature = message.signature;
    this.onOutcome = onOutcome;
  }

  settle(outcome: CheckOutcome): void {
    this.onOutcome(outcome, this.number);
  }
}
