import type { Clock } from '../../../core/clock.ts';
import type { AppEntry, KeyEntry, KeyRecord } from '../../../core/snapshot.ts';
import type { IssuerKey, TokenIssuer } from '../../../core/token-issuers.ts';
import type { KeySerials } from './serials.ts';

/** A key of an issuer, as the pool takes keys for the apps whose tokens it has signed. */
export class SigningKey {
  readonly issuer: string;
  readonly kid: string;
  readonly algorithm: KeyRecord['algorithm'];
  readonly serial: number;
  private readonly key: KeyRecord;

  constructor(issuer: string, { kid, algorithm, material }: IssuerKey, serial: number) {
    const always = { notBeforeMs: 0, notAfterMs: Number.MAX_SAFE_INTEGER, revoked: false };
    this.issuer = issuer;
    this.kid = kid;
    this.algorithm = algorithm;
    this.key = { id: kid, appId: '', algorithm, schemes: [], material, ...always };
    this.serial = serial;
  }

  entryFor({ app, partner }: AppEntry): KeyEntry {
    return { key: { ...this.key, appId: app.id }, app, partner, serial: this.serial };
  }
}

/**
 * An issuer with its keys. They are told apart by `kid` and algorithm: FAPI 2.0 Security Profile
 * section 5.4.3 has `alg` looked at where a `kid` is there more than once.
 */
export class KnownIssuer {
  readonly terms: TokenIssuer;
  private readonly keys = new Map<string, SigningKey>();

  constructor(terms: TokenIssuer, keys: readonly SigningKey[]) {
    this.terms = terms;
    for (const key of keys) this.keys.set(nameOf(key.kid, key.algorithm), key);
  }

  key(kid: string, algorithm: KeyRecord['algorithm']): SigningKey | undefined {
    return this.keys.get(nameOf(kid, algorithm));
  }

  knowsKid(kid: string): boolean {
    for (const key of this.keys.values()) if (key.kid === kid) return true;
    return false;
  }
}

function nameOf(kid: string, algorithm: KeyRecord['algorithm']): string {
  return `${algorithm} ${kid}`;
}

/** The main thread asks an issuer less often still; nobody is to flood it with messages. */
const WANT_INTERVAL_MS = 1_000;

/** Issuers by their `iss`. */
export class Issuers {
  private known: ReadonlyMap<string, KnownIssuer> = new Map();
  private readonly newSerials: KeySerials;
  private readonly clock: Clock;
  private readonly wantKeys: (issuer: string) => void;
  /** Of keys that are there, so that each is imported once. */
  private serials = new Map<string, number>();
  private readonly wantedMs = new Map<string, number>();

  constructor(newSerials: KeySerials, clock: Clock, wantKeys: (issuer: string) => void) {
    this.newSerials = newSerials;
    this.clock = clock;
    this.wantKeys = wantKeys;
  }

  get areNone(): boolean {
    return this.known.size === 0;
  }

  get(issuer: string): KnownIssuer | undefined {
    return this.known.get(issuer);
  }

  /** Whether the key is one of its issuer's now. */
  has({ issuer, kid, algorithm, serial }: SigningKey): boolean {
    return this.known.get(issuer)?.key(kid, algorithm)?.serial === serial;
  }

  /** A token names a key that is not there: perhaps the issuer has it by now. */
  want({ terms: { issuer } }: KnownIssuer): void {
    const nowMs = this.clock.monotonicMs();
    const sinceMs = nowMs - (this.wantedMs.get(issuer) ?? Number.NEGATIVE_INFINITY);
    if (sinceMs < WANT_INTERVAL_MS) return;
    this.wantedMs.set(issuer, nowMs);
    this.wantKeys(issuer);
  }

  take(issuers: readonly TokenIssuer[]): void {
    const before = this.serials;
    this.serials = new Map();
    const compiled = issuers.map((terms): [string, KnownIssuer] => {
      const keys = (terms.keys ?? []).map(
        key => new SigningKey(terms.issuer, key, this.serialOf(terms.issuer, key, before)),
      );
      return [terms.issuer, new KnownIssuer(terms, keys)];
    });
    this.known = new Map(compiled);
  }

  private serialOf(
    issuer: string,
    { kid, algorithm, material }: IssuerKey,
    before: ReadonlyMap<string, number>,
  ): number {
    const name = JSON.stringify([issuer, kid, algorithm, Buffer.from(material).toString('base64')]);
    const serial = before.get(name) ?? this.newSerials.next();
    this.serials.set(name, serial);
    return serial;
  }
}
