import type { AppEntry, KeyEntry, KeyRecord } from '../../../core/snapshot.ts';
import type { IssuerKey, TokenIssuer } from '../../../core/token-issuers.ts';

/** A key of an issuer, as the pool takes keys for the apps whose tokens it has signed. */
export class SigningKey {
  readonly algorithm: KeyRecord['algorithm'];
  private readonly key: KeyRecord;
  private readonly serial: number;

  constructor({ kid, algorithm, material }: IssuerKey, serial: number) {
    const always = { notBeforeMs: 0, notAfterMs: Number.MAX_SAFE_INTEGER, revoked: false };
    this.algorithm = algorithm;
    this.key = { id: kid, appId: '', algorithm, schemes: [], material, ...always };
    this.serial = serial;
  }

  entryFor({ app, partner }: AppEntry): KeyEntry {
    return { key: { ...this.key, appId: app.id }, app, partner, serial: this.serial };
  }
}

export interface KnownIssuer {
  readonly terms: TokenIssuer;
  readonly keys: ReadonlyMap<string, SigningKey>;
}

/** Issuers by their `iss`. */
export class Issuers {
  private known: ReadonlyMap<string, KnownIssuer> = new Map();
  /** Serials of keys of the registry begin at the other end: the pool keeps keys by them. */
  private lastSerial = Number.MAX_SAFE_INTEGER;
  private readonly serials = new Map<string, number>();

  get areNone(): boolean {
    return this.known.size === 0;
  }

  get(issuer: string): KnownIssuer | undefined {
    return this.known.get(issuer);
  }

  take(issuers: readonly TokenIssuer[]): void {
    const compiled = issuers.map((terms): [string, KnownIssuer] => {
      const keys = (terms.keys ?? []).map((key): [string, SigningKey] => [
        key.kid,
        new SigningKey(key, this.serialOf(terms.issuer, key)),
      ]);
      return [terms.issuer, { terms, keys: new Map(keys) }];
    });
    this.known = new Map(compiled);
  }

  /** The same for the same key, so that it is imported once. */
  private serialOf(issuer: string, { kid, algorithm, material }: IssuerKey): number {
    const name = JSON.stringify([issuer, kid, algorithm, Buffer.from(material).toString('base64')]);
    let serial = this.serials.get(name);
    if (serial === undefined) {
      serial = this.lastSerial--;
      this.serials.set(name, serial);
    }
    return serial;
  }
}
