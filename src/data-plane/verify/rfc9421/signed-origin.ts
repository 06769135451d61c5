import type { Arrival } from '../../../core/exchange.ts';
import { SignedRequest } from './signature-base.ts';

/** What the partners' URLs begin with, where it differs from what arrives. */
export interface PublicOrigin {
  readonly publicAuthority?: string | undefined;
  readonly publicScheme?: 'http' | 'https' | undefined;
}

/** Sees a request as its signer saw it, before proxies in front changed scheme or Host. */
export class SignedOrigin {
  private readonly scheme: 'http' | 'https' | undefined;
  private readonly authority: string | undefined;

  constructor(listener: PublicOrigin) {
    this.scheme = listener.publicScheme;
    this.authority = listener.publicAuthority;
  }

  request(arrival: Arrival): SignedRequest {
    const scheme = this.scheme ?? arrival.scheme;
    return new SignedRequest(
      arrival.method,
      scheme,
      normaliseAuthority(this.authority ?? arrival.authority, scheme),
      arrival.path,
      arrival.query,
      arrival.headers,
    );
  }
}

/** Lower case, without an empty port or the scheme's own (RFC 9421 section 2.2.3). */
export function normaliseAuthority(authority: string, scheme: 'http' | 'https'): string {
  const lower = authority.toLowerCase();
  const port = scheme === 'https' ? ':443' : ':80';
  if (lower.endsWith(port)) return lower.slice(0, -port.length);
  return lower.endsWith(':') ? lower.slice(0, -1) : lower;
}
