/**
 * Signed requests of operators: the verify room and the workers' key import, put together for the
 * admin listener, so that partners and operators are checked by one implementation. It runs on the
 * main thread, where a check of 0.1 ms hurts nobody.
 */

import { normaliseAuthority } from '../core/authority.ts';
import type { BodyDigest } from '../core/check.ts';
import type { Clock } from '../core/clock.ts';
import type { Config } from '../core/config.ts';
import { EMPTY_BODY } from '../core/exchange.ts';
import { type Problem, problem } from '../core/problems.ts';
import type {
  OperatorKey,
  OperatorKeys,
  RequestHead,
  SignedHead,
  SignedRequestCheck,
} from '../core/signed-requests.ts';
import type { KeyEntry } from '../core/snapshot.ts';
import type { NonceStore } from '../stores/contracts.ts';
import { MemoryNonceStore } from '../stores/memory/nonce-store.ts';
import { carriedFields } from './verify/carried-fields.ts';
import { ownAuthorities } from './verify/own-authorities.ts';
import { Rfc9421Scheme } from './verify/rfc9421/index.ts';
import { type Freshness, isProblem, type SignedCall } from './verify/scheme.ts';
import { digestsMatch, runCheck } from './workers/run-check.ts';
import { importVerifyKey, type VerifyKey } from './workers/verify-key.ts';

export interface OperatorCheckOptions {
  /** Where operators reach the listener, as `ownAuthorities` takes it; the port that is bound. */
  readonly listener: Pick<Config['listener'], 'host' | 'port' | 'publicAuthority' | 'publicScheme'>;
  readonly signatures: Config['signatures'];
  readonly clock: Clock;
}

/** Of all operators; a person or a script makes a few requests a second. */
const NONCES_MAX = 65_536;

/** What stands for the app and the partner of a key, which an operator has not. */
const ACTIVE = { active: true } as const;

/**
 * Nonces are remembered in this process only, so that a signature from before its start is refused:
 * it may have been used then.
 */
export function createOperatorCheck(options: OperatorCheckOptions): SignedRequestCheck {
  return new OperatorCheck(options);
}

class OperatorCheck implements SignedRequestCheck {
  private readonly scheme: Rfc9421Scheme;
  private readonly uriScheme: 'http' | 'https';
  private readonly authorities: ReadonlySet<string>;
  private readonly nonces: NonceStore;
  private readonly clock: Clock;
  private readonly entries = new WeakMap<OperatorKeys, ReadonlyMap<string, KeyEntry>>();
  private readonly imported = new WeakMap<KeyEntry, VerifyKey>();

  constructor({ listener, signatures, clock }: OperatorCheckOptions) {
    this.scheme = new Rfc9421Scheme(signatures);
    this.uriScheme = listener.publicScheme ?? 'http';
    this.authorities = ownAuthorities(listener, listener.port);
    this.nonces = new MemoryNonceStore(NONCES_MAX, clock, clock.wallMs());
    this.clock = clock;
  }

  /**
   * Where a part of a signature is, the request is never let in as one without: a Signature that
   * lost its Signature-Input is refused, whatever token comes with it.
   */
  isSigned(head: RequestHead): boolean {
    const carried = carriedFields(head.headers);
    return this.scheme.recognises(carried) || carried.hasSignature;
  }

  check(head: RequestHead, keys: OperatorKeys): SignedHead | Problem {
    const call = this.asCall(head);
    const { authority, scheme } = call.arrival;
    if (!this.authorities.has(normaliseAuthority(authority, scheme))) {
      return problem('malformed-request', 'The Host field names another authority than this one.');
    }
    const nowMs = this.clock.wallMs();
    const { acceptCreatedAfterMs } = this.nonces;
    const candidate = this.scheme.prepare(call, this.entriesOf(keys), nowMs, acceptCreatedAfterMs);
    if (isProblem(candidate)) return candidate;
    const { entry, text, signature, freshness } = candidate;
    const key = this.verifyKey(entry);
    if (key === undefined) return problem('internal-error', 'The key cannot be used.');
    // The digests wait for the body, which is not read for those who cannot sign.
    const outcome = runCheck(key, Buffer.from(text.base, 'latin1'), signature, [], EMPTY_BODY);
    if (outcome === 'signature-invalid') {
      return problem(outcome, 'The signature does not verify with the registered key.');
    }
    if (outcome !== 'valid') return problem('internal-error', 'The signature cannot be checked.');
    return this.claimNonce(entry, freshness) ?? signedBy(entry, text.digests);
  }

  private claimNonce(entry: KeyEntry, { nonce, expiresAtMs }: Freshness): Problem | undefined {
    const claim = this.nonces.claim(entry.app.id, nonce, expiresAtMs + 1);
    if (claim === 'fresh') return undefined;
    return claim === 'seen'
      ? problem('signature-replayed', 'This operator has used this nonce before.')
      : problem('nonce-store-full', 'No nonce can be remembered at the moment.');
  }

  private asCall({ method, target, authority, headers, hasBody }: RequestHead): SignedCall {
    const queryAt = target.indexOf('?');
    const path = queryAt < 0 ? target : target.slice(0, queryAt);
    const query = queryAt < 0 ? '' : target.slice(queryAt);
    const arrival = { method, scheme: this.uriScheme, authority, path, query, headers };
    return { arrival, body: { length: hasBody ? 1 : 0 } };
  }

  private entriesOf(keys: OperatorKeys): ReadonlyMap<string, KeyEntry> {
    let entries = this.entries.get(keys);
    if (entries === undefined) {
      entries = new Map([...keys.values()].map((key, index) => [key.id, asEntry(key, index)]));
      this.entries.set(keys, entries);
    }
    return entries;
  }

  private verifyKey(entry: KeyEntry): VerifyKey | undefined {
    const known = this.imported.get(entry);
    if (known !== undefined) return known;
    const key = importVerifyKey(entry.key.algorithm, entry.key.material);
    if (key !== undefined) this.imported.set(entry, key);
    return key;
  }
}

/** A key as the verify room knows keys: its app is the operator. */
function asEntry({ id, operatorId, algorithm, material }: OperatorKey, serial: number): KeyEntry {
  return {
    key: {
      ...{ id, algorithm, material, schemes: ['rfc9421'] },
      appId: operatorId,
      notBeforeMs: 0,
      notAfterMs: Number.MAX_SAFE_INTEGER,
      revoked: false,
    },
    app: { ...ACTIVE, id: operatorId, partnerId: operatorId, environment: 'production' },
    partner: {
      ...ACTIVE,
      id: operatorId,
      name: operatorId,
      class: 'data-provider',
      limits: undefined,
    },
    serial,
  };
}

function signedBy({ app }: KeyEntry, digests: readonly BodyDigest[]): SignedHead {
  return { operatorId: app.id, bodyMatches: body => digestsMatch(digests, body) };
}
