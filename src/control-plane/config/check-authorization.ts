import type { Config } from '../../core/config.ts';
import { isSafeUrl } from '../tokens/fetch-jwks.ts';
import { isPrivateListener } from './check-issuers.ts';

type Report = (option: readonly string[], message: string) => void;

/** What a schema cannot say of the gateway's own authorization server. */
export function checkAuthorization(config: Config, report: Report): void {
  const { authorization, tokens, listener } = config;
  const { issuer, bearer, keyRotationMs, keyPublishAheadMs, tokenLifetimeMs } = authorization;
  if (issuer === undefined) return;
  const option = (name: string) => ['authorization', name];
  if (!isSafeUrl(issuer)) report(option('issuer'), 'must be of https, or of http on loopback');
  if (tokens.issuers.some(each => each.issuer === issuer)) {
    report(option('issuer'), 'is listed in tokens.issuers as well');
  }
  if (bearer && !isPrivateListener(listener)) {
    const message = 'needs TLS: who reads such a token may use it (RFC 6750 section 5.3)';
    report(option('bearer'), message);
  }
  if (keyPublishAheadMs * 2 > keyRotationMs) {
    report(option('keyPublishAheadMs'), 'is more than half of keyRotationMs');
  }
  if (tokenLifetimeMs > tokens.lifetimeMaxMs) {
    report(
      option('tokenLifetimeMs'),
      'is more than tokens.lifetimeMaxMs, which refuses such tokens',
    );
  }
}
