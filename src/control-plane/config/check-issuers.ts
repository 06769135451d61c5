import type { Config } from '../../core/config.ts';
import { isSafeUrl } from '../tokens/fetch-jwks.ts';

type Report = (option: readonly (string | number)[], message: string) => void;
type Issuer = Config['tokens']['issuers'][number];

/** What a schema cannot say of the issuers of access tokens. */
export function checkIssuers({ tokens, listener }: Config, report: Report): void {
  const seen = new Set<string>();
  const asksForCertificates = (listener.tls?.clientCertificate ?? 'off') !== 'off';
  for (const [place, issuer] of tokens.issuers.entries()) {
    const option = ['tokens', 'issuers', place];
    if (seen.has(issuer.issuer)) report([...option, 'issuer'], 'is listed twice');
    seen.add(issuer.issuer);
    checkSource(issuer, option, report);
    if (!issuer.bearer && !asksForCertificates) {
      const message =
        'must be true where listener.tls asks for no client certificates: ' +
        'nothing else binds a token';
      report([...option, 'bearer'], message);
    }
  }
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
