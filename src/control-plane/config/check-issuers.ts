import type { Config } from '../../core/config.ts';
import { isSafeUrl } from '../tokens/fetch-jwks.ts';

type Report = (option: readonly (string | number)[], message: string) => void;
type Issuer = Config['tokens']['issuers'][number];

/** What a schema cannot say of the issuers of access tokens. */
export function checkIssuers({ tokens, listener }: Config, report: Report): void {
  const isPrivate = isPrivateListener(listener);
  const seen = new Set<string>();
  for (const [place, issuer] of tokens.issuers.entries()) {
    const option = ['tokens', 'issuers', place];
    if (seen.has(issuer.issuer)) report([...option, 'issuer'], 'is listed twice');
    seen.add(issuer.issuer);
    checkSource(issuer, option, report);
    if (issuer.bearer && !isPrivate) {
      const message = 'needs TLS: who reads such a token may use it (RFC 6750 section 5.3)';
      report([...option, 'bearer'], message);
    }
  }
}

/** Whether nobody can read on the way what clients send to it. */
export function isPrivateListener({ tls, publicScheme, host }: Config['listener']): boolean {
  return tls !== undefined || publicScheme === 'https' || isLoopback(host);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

function checkSource(
  { jwksFile, jwksUrl }: Issuer,
  option: readonly (string | number)[],
  report: Report,
): void {
  if ((jwksFile === undefined) === (jwksUrl === undefined)) {
    report(option, 'must have either jwksFile or jwksUrl');
  } else if (jwksUrl !== undefined && !isSafeUrl(jwksUrl)) {
    report([...option, 'jwksUrl'], 'must be of https, or of http on loopback');
  }
}
